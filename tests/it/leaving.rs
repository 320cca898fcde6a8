//! People who leave, at every place where one can, and programs and computers that stop: nobody else
//! is disturbed by it.

use crate::crowd::{is_identical, logs, study};
use crate::study::start;
use anyhow::{Context as _, ensure};
use dyad_protocol::study::{Answer, Outcome};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use system_tests::journal::Journal;
use system_tests::namespace::run_test;
use system_tests::session::{Client, Lab, dyad};
use system_tests::visitor::Visitor;

const SOON: Duration = Duration::from_secs(60);
const WITHIN: Duration = Duration::from_secs(150);

/// Two episodes, and interruptions that may be short only.
const GAME: &str = "episodes = 2\npause_seconds = 1\n\
    [scene.reconnection]\nlimit_seconds = 15\ncountdown_seconds = 1\n";

/// Rows after which both sides have confirmed frames and have said so.
const STARTED: usize = 40;

/// Somebody who has filled in the form before the game.
fn at_the_game(lab: &Lab, number: u8) -> anyhow::Result<Visitor> {
    let mut visitor = Visitor::join(lab, number)?;
    visitor.done(Answer::Form { answers: BTreeMap::from([("age".to_owned(), json!(30))]) })?;
    Ok(visitor)
}

fn arrive(lab: &Lab, clients: &mut Vec<Client>, arrived: usize) -> anyhow::Result<()> {
    let number = u32::try_from(clients.len())?;
    clients.push(start(lab, &format!("c{number}"), number, &[])?);
    Journal::wait(lab, "match", "arrived", arrived, SOON).with_context(|| logs(lab, &*clients))?;
    Ok(())
}

#[test]
fn who_leaves_a_form_a_waiting_room_or_a_game_disturbs_nobody() {
    run_test("leaving::who_leaves_a_form_a_waiting_room_or_a_game_disturbs_nobody", || {
        let directory = tempfile::tempdir()?;
        let mut lab = Lab::start(directory.path(), &study("", GAME))?;
        let mut answering = Visitor::join(&lab, 1)?;
        // Alone in the waiting room, and with somebody who has been found.
        let mut waiting = at_the_game(&lab, 2)?;
        waiting.wait()?;
        ensure!(waiting.withdraw()?.outcome == Outcome::Withdrew, "they have left");
        let mut matched = at_the_game(&lab, 3)?;
        matched.wait()?;
        let mut clients = Vec::new();
        arrive(&lab, &mut clients, 3)?;
        matched.matched()?;
        ensure!(matched.withdraw()?.outcome == Outcome::Withdrew, "they have left");
        for arrived in 4..=8 {
            arrive(&lab, &mut clients, arrived)?;
        }
        // In the first game a program is killed and started again, in the second a computer stands
        // still, in the third somebody leaves for good; and the lab is killed, too.
        for client in &clients {
            client.wait_for_rows(STARTED, SOON).with_context(|| logs(&lab, &clients))?;
        }
        clients[1].process.kill()?;
        clients[2].process.stand_still(true)?;
        clients[5].process.kill()?;
        ensure!(answering.withdraw()?.outcome == Outcome::Withdrew, "they have left");
        lab.kill_and_start_again()?;
        clients[1] = start(&lab, "c1", 1, &[])?;
        let interrupted = clients[3].process.wait_for_words("play is interrupted", SOON);
        clients[2].process.stand_still(false)?;
        interrupted?;

        for number in 0..4 {
            let finished = clients[number].finish(WITHIN);
            let summary = finished.with_context(|| logs(&lab, &clients))?;
            ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
        }
        let left = clients[4].summary(WITHIN)?;
        ensure!(left.json["study"]["outcome"] == "partner_left", "{}", left.json);
        let journal = Journal::of(&lab)?;
        let games = journal.games();
        let people = journal.people();
        let [first, second, third] = [&people[3..5], &people[5..7], &people[7..9]];
        let session = |players: &[String]| {
            let mut of_these = games.iter().filter(|game| game.participants == players);
            let game = of_these.next_back();
            Ok::<_, anyhow::Error>(game.context("a game of these")?.session.clone())
        };
        is_identical(&lab, &session(first)?, 2)?;
        is_identical(&lab, &session(second)?, 2)?;
        // What the one who is gone had recorded is the beginning of what the other has.
        let data = clients[5].data.to_str().context("a path of ours is text")?;
        let sent = dyad(&["spool", "send", "--data", data])?;
        ensure!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
        let verdicts = lab.verdicts("test", &session(third)?, 1)?;
        let verdict = verdicts[0]["verdict"]["verdict"].as_str().unwrap_or_default();
        ensure!(verdict.starts_with("prefix") || verdict == "identical", "{verdicts:?}");

        let outcomes = journal.outcomes();
        let with = |outcome: &str| outcomes.values().filter(|it| *it == outcome).count();
        ensure!(with("withdrew") == 3 && with("partner_left") == 1, "{outcomes:?}");
        journal.audit()?;
        Ok(())
    });
}

/// Programs that are killed while two measure how far they are from each other, and while the
/// connection of two who were put together is checked.
#[test]
fn who_is_killed_before_a_game_begins_costs_the_others_only_time() {
    run_test("leaving::who_is_killed_before_a_game_begins_costs_the_others_only_time", || {
        let directory = tempfile::tempdir()?;
        let rules = "[matchmaking]\nmax_p2p_rtt_ms = 600\n";
        let lab = Lab::start(directory.path(), &study(rules, ""))?;
        // So far apart that it takes some time.
        let come = |number| {
            let (name, far) = (format!("c{number}"), ["--impair", "delay=150ms"]);
            start(&lab, &name, number, &far)
        };
        let mut stays = come(0)?;
        Journal::wait(&lab, "match", "arrived", 1, SOON)?;
        let mut measured = come(1)?;
        let logs_of = |client: &Client| logs(&lab, [client]);
        Journal::wait(&lab, "match", "probe_started", 1, SOON).with_context(|| logs_of(&stays))?;
        measured.process.kill()?;
        let journal = Journal::wait(&lab, "match", "rejected", 1, SOON)?;
        ensure!(journal.count("match", "accepted") == 0, "killed while they measured");

        let mut checked = come(2)?;
        Journal::wait(&lab, "match", "validating", 1, SOON).with_context(|| logs_of(&stays))?;
        checked.process.kill()?;
        let journal = Journal::wait(&lab, "match", "ended", 1, SOON)?;
        ensure!(journal.count("match", "started") == 0, "killed while they were checked");

        let mut last = come(3)?;
        for client in [&mut stays, &mut last] {
            let summary = client.finish(WITHIN).with_context(|| lab.process.log())?;
            ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
        }
        let journal = Journal::of(&lab)?;
        let (people, games) = (journal.people(), journal.games());
        let played = games.last().context("a game")?;
        ensure!(played.participants == [&*people[0], &*people[3]], "{people:?}: {games:?}");
        is_identical(&lab, &played.session, 1)?;
        journal.audit()?;
        Ok(())
    });
}
