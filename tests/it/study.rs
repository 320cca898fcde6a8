//! Whole studies, as processes: consent, games one after the other, a form, and the right end.

use anyhow::{Context as _, ensure};
use std::time::Duration;
use system_tests::journal::Journal;
use system_tests::namespace::run_test;
use system_tests::session::{Client, Lab};

/// Steps of an episode.
const STEPS: usize = 120;

/// Two games with a form between them. People are probed before they play.
const STUDY: &str = r#"
id = "test"
title = "A test"

[matchmaking]
max_p2p_rtt_ms = 150

[completion.codes]
finished = "FIN"
no_partner = "ALONE"

[waiting_room]
limit_seconds = 40

[screening.frame_rate]
at_least = 20

[[screening.question]]
text = "Are you at a computer with a keyboard?"
options = ["Yes", "No"]
accept = ["Yes"]

[defaults]
layout = "cramped_room"
max_steps = 120
countdown_seconds = 1

[[scene]]
id = "consent"
kind = "consent"
text = "Do you take part?"

[[scene]]
id = "first"

[[scene]]
id = "questions"
kind = "form"

[[scene.question]]
id = "age"
kind = "number"
text = "How old are you?"
min = 18

[[scene]]
id = "second"
episodes = 2
pause_seconds = 1

[[scene]]
id = "debriefing"
kind = "page"
text = "That was all."
"#;

pub(crate) fn start(lab: &Lab, name: &str, seed: u32, more: &[&str]) -> anyhow::Result<Client> {
    let seed = seed.to_string();
    let mut arguments = vec!["--headless", "--policy", "random", "--seed", &seed];
    arguments.extend(more);
    lab.client(name, &arguments)
}

#[test]
fn two_go_through_a_study_with_two_games() {
    run_test("study::two_go_through_a_study_with_two_games", || {
        let directory = tempfile::tempdir()?;
        let directory = directory.path();
        let lab = Lab::start(directory, STUDY)?;
        let mut a = start(&lab, "a", 1, &[])?;
        let mut b = start(&lab, "b", 2, &[])?;
        let within = Duration::from_secs(120);
        for summary in [a.finish(within)?, b.finish(within)?] {
            let study = &summary.json["study"];
            ensure!(study["outcome"] == "finished" && study["code"] == "FIN", "{study}");
            ensure!(summary.text("scene")? == "second", "{}", summary.json);
        }
        let journal = Journal::of(&lab)?;
        let games = journal.games();
        let scenes: Vec<&str> = games.iter().map(|game| game.scene.as_str()).collect();
        ensure!(scenes == ["first", "second"], "{scenes:?}");
        for (game, episodes) in games.iter().zip([1, 2]) {
            for verdict in lab.verdicts("test", &game.session, episodes)? {
                ensure!(verdict["verdict"]["verdict"] == "identical", "{verdict}");
                ensure!(verdict["verdict"]["rows"] == STEPS, "{verdict}");
            }
        }
        // Each pair is probed before each game, and says so on both sides; then all is checked.
        for (what, event, times) in [
            ("match", "probe_started", 2),
            ("match", "probe_reported", 4),
            ("match", "confirmed", 4),
            ("match", "started", 2),
            ("match", "ended", 2),
            ("person", "screened", 2),
            ("person", "went", 10),
        ] {
            let found = journal.count(what, event);
            ensure!(found == times, "{event}: {found} times instead of {times}");
        }
        let ages = journal.lines().filter_map(|line| line["answer"]["answers"]["age"].as_f64());
        ensure!(ages.filter(|age| *age >= 18.0).count() == 2, "both have answered");
        let scored = journal.lines().filter(|line| line["answer"]["scores"].is_array());
        ensure!(scored.count() == 4, "scores and reasons stand in the log");
        Ok(())
    });
}

#[test]
fn thirty_scenes_and_no_form_are_gone_through() {
    run_test("study::thirty_scenes_and_no_form_are_gone_through", || {
        let directory = tempfile::tempdir()?;
        let directory = directory.path();
        let mut study = "id = \"test\"\ntitle = \"A long one\"\n".to_owned();
        for number in 0..29 {
            study.push_str(&format!(
                "[[scene]]\nid = \"page-{number}\"\nkind = \"page\"\ntext = \"Page {number}.\"\n"
            ));
        }
        study.push_str(
            "[[scene]]\nid = \"game\"\nlayout = \"cramped_room\"\nmax_steps = 60\n\
             countdown_seconds = 1\n",
        );
        let lab = Lab::start(directory, &study)?;
        let mut a = start(&lab, "a", 1, &[])?;
        let mut b = start(&lab, "b", 2, &[])?;
        let within = Duration::from_secs(120);
        for summary in [a.finish(within)?, b.finish(within)?] {
            ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
        }
        let went = Journal::of(&lab)?.count("person", "went");
        ensure!(went == 60, "two people go through thirty scenes, not {went}");
        Ok(())
    });
}

#[test]
fn who_is_too_far_away_waits_and_ends_alone() {
    run_test("study::who_is_too_far_away_waits_and_ends_alone", || {
        let directory = tempfile::tempdir()?;
        let directory = directory.path();
        let lab = Lab::start(directory, STUDY)?;
        let far = "delay=120ms";
        let mut a = start(&lab, "a", 1, &["--impair", far])?;
        let mut b = start(&lab, "b", 2, &["--impair", far])?;
        for client in [&mut a, &mut b] {
            client.process.wait(Duration::from_secs(120))?;
            let out = client.process.log();
            ensure!(out.contains("the study is over: NoPartner"), "{out}");
        }
        let journal = Journal::of(&lab)?;
        ensure!(journal.games().is_empty(), "nobody played");
        let rejected = journal.events("match", "rejected").next();
        let why = &rejected.context("the pair was probed and rejected")?["why"];
        ensure!(why["too_slow"]["limit_ms"] == 150, "{why}");
        Ok(())
    });
}

#[test]
fn a_lab_that_is_killed_between_two_games_loses_nobody() {
    run_test("study::a_lab_that_is_killed_between_two_games_loses_nobody", || {
        let directory = tempfile::tempdir()?;
        let directory = directory.path();
        let mut lab = Lab::start(directory, STUDY)?;
        let mut a = start(&lab, "a", 1, &[])?;
        let mut b = start(&lab, "b", 2, &[])?;
        a.wait_for_rows(STEPS / 2, Duration::from_secs(60))?;
        lab.kill_and_start_again()?;
        let within = Duration::from_secs(150);
        for summary in [a.finish(within)?, b.finish(within)?] {
            ensure!(summary.json["study"]["code"] == "FIN", "{}", summary.json);
        }
        let games = Journal::of(&lab)?.games();
        ensure!(games.len() == 2, "{games:?}");
        for (game, episodes) in games.iter().zip([1, 2]) {
            for verdict in lab.verdicts("test", &game.session, episodes)? {
                ensure!(verdict["verdict"]["verdict"] == "identical", "{verdict}");
            }
        }
        Ok(())
    });
}
