//! Tables about a study as a whole.

use crate::read::{At, Sub, items, optional, or, required, tables, within};
use crate::words::{DropoutThen, MatchmakerKind, Policy, System, WaitingThen, Withdrawal};

tables! {
    /// Servers that help participants to connect. Without them participants connect directly, in one network.
    Network {
        /// STUN servers, such as `"stun:192.168.1.20:3478"`.
        stun: Vec<At<String>> = items(0, 10);
        /// TURN servers, such as `"turn:turn.example.org:3478"`.
        turn: Vec<At<String>> = items(0, 10);
        /// A text file with the secret that the TURN servers share with the lab; coturn calls it `static-auth-secret`. The path starts at the experiment file's folder.
        turn_secret_file: Option<At<String>> = within(1, 1000);
        /// Whether participants reach each other through the TURN servers only, so that none learns another's address.
        relay_only: At<bool> = or(false);
    }

    /// Who plays with whom. How many people a game needs, its scene says: players without programs.
    Matchmaking {
        /// How people are put together.
        kind: At<MatchmakerKind> = or("fifo");
        /// The most that two people's round trips to the lab may add up to, in milliseconds; equality passes, and an unknown round trip excludes nobody. For `kind = "latency"`.
        max_server_rtt_ms: Option<At<i64>> = within(1, 60_000);
        /// The most that the measured round trip between two people may be, in milliseconds; equality passes, no measurement does not. Any, if left out.
        max_p2p_rtt_ms: Option<At<i64>> = within(1, 60_000);
        /// Whether people whose earlier partners are not there are matched with others, first come first served. For `kind = "reunion"`.
        fallback: Option<At<bool>> = optional();
    }

    /// How long people wait for a partner, and what then.
    WaitingRoom {
        /// Seconds that somebody waits at most.
        limit_seconds: At<f64> = within(1, 86_400).or(300.0);
        /// Whether people see how many wait.
        show_count: At<bool> = or(true);
        /// What follows when the time is over.
        then: At<WaitingThen> = or("end");
        /// The scene that they go on with, for `then = "scene"`: a later one, in no block, that every condition has.
        scene: Option<At<String>> = optional();
        /// The program that takes the partner's place, for `then = "program"`. It is `"scripted"`, if left out.
        policy: Option<At<Policy>> = optional();
        /// Whether people are told that a program takes the place, for `then = "program"`. They are, if left out; otherwise the study needs a debriefing page.
        announced: Option<At<bool>> = optional();
    }

    /// What somebody gets whose partner has gone for good.
    Dropout {
        /// What follows.
        then: At<DropoutThen> = or("end");
        /// The program that takes the partner's place, for `then = "program"`. It is `"scripted"`, if left out.
        policy: Option<At<Policy>> = optional();
        /// Whether people are told that a program takes the place, for `then = "program"`. They are, if left out; otherwise the study needs a debriefing page.
        announced: Option<At<bool>> = optional();
    }

    /// What becomes of the data. Consent forms say it at their end.
    Data {
        /// The public key to which the lab encrypts what identifies people: panels' ids and answers to identifying questions. `dyad-signalling keygen` makes it. That of the lab's folder, if left out.
        identities_key: Option<At<String>> = optional();
        /// Days after the lab's receipt for which copies of records stay on participants' computers.
        keep_days: At<i64> = within(0, 3650).or(30);
        /// What is deleted when somebody withdraws their data afterwards. A game's inputs are in the records of all of its players.
        withdrawal: At<Withdrawal> = or("games");
        /// What consent forms say at their end of all this, in Markdown. Left out, words of the program in the study's language, or in English; `dyad-signalling check` shows them. `""` for nothing, where the forms say it themselves.
        notice: Option<At<String>> = within(0, 10_000);
    }

    /// Who may take part: each table that is there is a rule. Who does not meet one ends as `screened_out`.
    Screening {
        /// The round trip to the lab.
        rtt: Option<Sub<ScreenRtt>> = optional();
        /// The operating system.
        system: Option<Sub<ScreenSystem>> = optional();
        /// The version of the program.
        version: Option<Sub<ScreenVersion>> = optional();
        /// The size of the display.
        display: Option<Sub<ScreenDisplay>> = optional();
        /// How smoothly the computer draws.
        frame_rate: Option<Sub<ScreenFrameRate>> = optional();
        /// Whether the computer's clock agrees with the lab's.
        clock: Option<Sub<ScreenClock>> = optional();
        /// Questions with answers that admit.
        question: Vec<Sub<ScreenQuestion>> = items(0, 20);
    }

    /// The round trip to the lab.
    ScreenRtt {
        /// The most that the median may be, in milliseconds; equality passes.
        max_ms: Option<At<i64>> = within(1, 60_000).required();
        /// How many round trips are measured.
        pings: At<i64> = within(1, 100).or(5);
        /// What people are told who do not pass. The program's own words, if left out.
        message: Option<At<String>> = within(1, 2000);
    }

    /// The operating system.
    ScreenSystem {
        /// Systems that are admitted.
        allow: Vec<At<System>> = items(1, 3).required();
        /// What people are told who do not pass.
        message: Option<At<String>> = within(1, 2000);
    }

    /// The version of the program.
    ScreenVersion {
        /// The oldest version that is admitted, such as `"0.2.0"`.
        at_least: Option<At<String>> = required();
        /// What people are told who do not pass.
        message: Option<At<String>> = within(1, 2000);
    }

    /// The size of the display.
    ScreenDisplay {
        /// Least width in logical pixels.
        min_width: At<i64> = within(1, 20_000).or(1024);
        /// Least height in logical pixels.
        min_height: At<i64> = within(1, 20_000).or(700);
        /// What people are told who do not pass.
        message: Option<At<String>> = within(1, 2000);
    }

    /// How smoothly the computer draws, measured for two seconds.
    ScreenFrameRate {
        /// Least frames a second.
        at_least: At<f64> = within(1, 1000).or(30.0);
        /// What people are told who do not pass.
        message: Option<At<String>> = within(1, 2000);
    }

    /// Whether the computer's clock agrees with the lab's.
    ScreenClock {
        /// The most that the two may differ, in milliseconds.
        max_offset_ms: At<i64> = within(1, 86_400_000).or(60_000);
        /// What people are told who do not pass.
        message: Option<At<String>> = within(1, 2000);
    }

    /// A question with answers that admit.
    ScreenQuestion {
        /// The question.
        text: Option<At<String>> = within(1, 2000).required();
        /// The answers to choose from.
        options: Vec<At<String>> = items(2, 50).required();
        /// The answers that admit: some of the options.
        accept: Vec<At<String>> = items(1, 50).required();
        /// What people are told who do not pass.
        message: Option<At<String>> = within(1, 2000);
    }

    /// What is watched during a game. How long a window may be without the focus, a scene's own table says.
    Monitoring {
        /// The round trip between the players.
        rtt: Option<Sub<WatchRtt>> = optional();
    }

    /// The round trip between the players: it is measured once a second, and a game ends as excluded when too many of the last measurements were too long.
    WatchRtt {
        /// The most that a round trip may be, in milliseconds.
        max_ms: Option<At<i64>> = within(1, 60_000).required();
        /// How many of the last measurements are looked at.
        window: At<i64> = within(1, 600).or(5);
        /// How many of those must be too long; the first is followed by the warning.
        violations: At<i64> = within(1, 600).or(3);
        /// What people read when a round trip was too long. The program's own words, if left out.
        warning: Option<At<String>> = within(1, 2000);
        /// What people read when the game has ended for it.
        message: Option<At<String>> = within(1, 2000);
    }

    /// Codes and messages at the end, by what happened.
    Completion {
        /// The panel's page that people go back to. `{code}` stands for the code, `{panel_id}` for the panel's id of the person.
        url: Option<At<String>> = within(1, 2000);
        /// The code of each outcome.
        codes: Sub<Codes> = optional();
        /// What people read at the end, by outcome, in Markdown. The program's own words, if left out; for finished the completion scene's.
        messages: Sub<Messages> = optional();
    }

    /// Completion codes: 1 to 64 letters, digits, '-' and '_'. An outcome without one shows none.
    Codes {
        /// All scenes were gone through.
        finished: Option<At<String>> = optional();
        /// Nobody was there to play with in time.
        no_partner: Option<At<String>> = optional();
        /// The partner left or was lost.
        partner_left: Option<At<String>> = optional();
        /// The person's own connection was lost for too long.
        lost_connection: Option<At<String>> = optional();
        /// Excluded during a game, for the focus or the connection.
        excluded: Option<At<String>> = optional();
        /// Not admitted by a rule of screening.
        screened_out: Option<At<String>> = optional();
        /// Left of their own accord, or did not consent.
        withdrew: Option<At<String>> = optional();
    }

    /// What people read at the end, in Markdown.
    Messages {
        /// All scenes were gone through, and there is no completion scene.
        finished: Option<At<String>> = within(1, 10_000);
        /// Nobody was there to play with in time.
        no_partner: Option<At<String>> = within(1, 10_000);
        /// The partner left or was lost.
        partner_left: Option<At<String>> = within(1, 10_000);
        /// The person's own connection was lost for too long.
        lost_connection: Option<At<String>> = within(1, 10_000);
        /// Excluded during a game, for the focus or the connection.
        excluded: Option<At<String>> = within(1, 10_000);
        /// Not admitted by a rule of screening that has no message of its own.
        screened_out: Option<At<String>> = within(1, 10_000);
        /// Left of their own accord, or did not consent.
        withdrew: Option<At<String>> = within(1, 10_000);
    }
}
