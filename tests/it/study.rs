//! Whole studies, as processes: consent, games one after the other, a form, and the right end.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::fs;
use std::time::Duration;
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

fn start(lab: &Lab, name: &str, seed: u32, more: &[&str]) -> anyhow::Result<Client> {
    let seed = seed.to_string();
    let mut arguments = vec!["--headless", "--policy", "random", "--seed", &seed];
    arguments.extend(more);
    lab.client(name, &arguments)
}

/// The lab's journal, a value a line.
fn journal(lab: &Lab) -> anyhow::Result<Vec<Value>> {
    let text = fs::read_to_string(lab.data.join("journal.jsonl"))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// The sessions that were played, by scene.
fn sessions(journal: &[Value]) -> Vec<(String, String)> {
    let games = journal.iter().filter(|line| line["about"] == "game");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    games.map(|game| (text(&game["scene"]), text(&game["session"]))).collect()
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
        let journal = journal(&lab)?;
        let sessions = sessions(&journal);
        let scenes: Vec<&str> = sessions.iter().map(|(scene, _)| scene.as_str()).collect();
        ensure!(scenes == ["first", "second"], "{scenes:?}");
        for ((_, session), episodes) in sessions.iter().zip([1, 2]) {
            for verdict in lab.verdicts("test", session, episodes)? {
                ensure!(verdict["verdict"]["verdict"] == "identical", "{verdict}");
                ensure!(verdict["verdict"]["rows"] == STEPS, "{verdict}");
            }
        }
        let count = |what: &str, event: &str| {
            journal.iter().filter(|line| line["about"] == what && line["event"] == event).count()
        };
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
            let found = count(what, event);
            ensure!(found == times, "{event}: {found} times instead of {times}");
        }
        let ages = journal.iter().filter_map(|line| line["answer"]["answers"]["age"].as_f64());
        ensure!(ages.filter(|age| *age >= 18.0).count() == 2, "both have answered");
        let scored = journal.iter().filter(|line| line["answer"]["scores"].is_array());
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
        let journal = journal(&lab)?;
        let went =
            journal.iter().filter(|line| line["about"] == "person" && line["event"] == "went");
        ensure!(went.count() == 60, "two people go through thirty scenes");
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
        let journal = journal(&lab)?;
        ensure!(sessions(&journal).is_empty(), "nobody played");
        let rejected = journal.iter().find(|line| line["event"] == "rejected");
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
        lab.process.kill()?;
        let lab = Lab::start_at(directory, STUDY, lab.address)?;
        let within = Duration::from_secs(150);
        for summary in [a.finish(within)?, b.finish(within)?] {
            ensure!(summary.json["study"]["code"] == "FIN", "{}", summary.json);
        }
        let sessions = sessions(&journal(&lab)?);
        ensure!(sessions.len() == 2, "{sessions:?}");
        for ((_, session), episodes) in sessions.iter().zip([1, 2]) {
            for verdict in lab.verdicts("test", session, episodes)? {
                ensure!(verdict["verdict"]["verdict"] == "identical", "{verdict}");
            }
        }
        Ok(())
    });
}

#[test]
fn near_ones_play_and_far_ones_do_not() {
    run_test("study::near_ones_play_and_far_ones_do_not", || {
        let directory = tempfile::tempdir()?;
        let directory = directory.path();
        let lab = Lab::start(directory, STUDY)?;
        let far = ["--impair", "delay=200ms"];
        let mut clients = Vec::new();
        for (seed, is_near) in (0..).zip([true, false, true, false, true, true]) {
            let more: &[&str] = if is_near { &[] } else { &far };
            clients.push((is_near, start(&lab, &format!("c{seed}"), seed, more)?));
        }
        for (is_near, client) in &mut clients {
            client.process.wait(Duration::from_secs(200))?;
            let log = client.process.log();
            let end = if *is_near { "Finished" } else { "NoPartner" };
            ensure!(log.contains(&format!("the study is over: {end}")), "near: {is_near}\n{log}");
        }
        let journal = journal(&lab)?;
        ensure!(sessions(&journal).len() == 4, "two pairs play two games each");
        // Nobody is in two probes at once.
        let mut probed: Vec<(u64, Vec<Value>)> = Vec::new();
        for line in journal.iter().filter(|line| line["about"] == "match") {
            let id = line["id"].as_u64();
            match line["event"].as_str() {
                Some("probe_started") => {
                    let pair = line["pair"].as_array().context("a probe is of two")?.clone();
                    let busy = probed.iter().flat_map(|(_, pair)| pair);
                    ensure!(busy.into_iter().all(|one| !pair.contains(one)), "{line}");
                    probed.push((id.context("a probe has a number")?, pair));
                }
                Some("rejected" | "accepted") => probed.retain(|(of, _)| Some(*of) != id),
                _ => {}
            }
        }
        Ok(())
    });
}
