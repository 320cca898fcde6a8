//! Many people at one lab: everybody who can be matched is, rightly, once at a time, and in order.

use crate::study::start;
use anyhow::{Context as _, ensure};
use std::collections::BTreeSet;
use std::time::Duration;
use system_tests::journal::Journal;
use system_tests::namespace::run_test;
use system_tests::session::{Client, Lab};

/// Steps of an episode.
pub(crate) const STEPS: usize = 90;

const SOON: Duration = Duration::from_secs(60);
const WITHIN: Duration = Duration::from_secs(150);

/// A study with questions before a short game and after it. `rules` are tables before the scenes,
/// `game` is further lines of the game.
pub(crate) fn study(rules: &str, game: &str) -> String {
    let form = |id| {
        format!(
            "[[scene]]\nid = \"{id}\"\nkind = \"form\"\n[[scene.question]]\nid = \"age\"\nkind = \
             \"number\"\ntext = \"How old are you?\"\nmin = 18\n"
        )
    };
    format!(
        "id = \"test\"\n{rules}\n{}[[scene]]\nid = \"kitchen\"\nlayout = \"cramped_room\"\nmax_steps = \
         {STEPS}\ncountdown_seconds = 1\n{game}\n{}",
        form("before"),
        form("after")
    )
}

/// Everything that was said, for whoever has to find out why a test failed.
pub(crate) fn logs<'a>(lab: &Lab, clients: impl IntoIterator<Item = &'a Client>) -> String {
    let logs = clients.into_iter().map(|client| client.process.log());
    logs.fold(lab.process.log(), |all, log| format!("{all}\n---\n{log}"))
}

/// Waits until the lab has found the records of a game equal, in all its episodes.
pub(crate) fn is_identical(lab: &Lab, session: &str, episodes: usize) -> anyhow::Result<()> {
    for verdict in lab.verdicts("test", session, episodes)? {
        ensure!(verdict["verdict"]["verdict"] == "identical", "{session}: {verdict}");
        ensure!(verdict["verdict"]["rows"] == STEPS, "{session}: {verdict}");
    }
    Ok(())
}

#[test]
fn twelve_at_once_make_six_games() {
    run_test("crowd::twelve_at_once_make_six_games", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &study("", ""))?;
        let clients = (0..12).map(|number| start(&lab, &format!("c{number}"), number, &[]));
        let mut clients = clients.collect::<anyhow::Result<Vec<_>>>()?;
        for number in 0..clients.len() {
            let finished = clients[number].finish(WITHIN);
            let summary = finished.with_context(|| logs(&lab, &clients))?;
            ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
        }
        let journal = Journal::of(&lab)?;
        let games = journal.games();
        ensure!(games.len() == 6, "{games:?}");
        let players: BTreeSet<_> = games.iter().flat_map(|game| &game.participants).collect();
        ensure!(players.len() == 12, "everybody plays once: {games:?}");
        for game in &games {
            is_identical(&lab, &game.session, 1)?;
        }
        let met = journal.audit()?.meetings;
        ensure!(met.values().all(|meeting| meeting.started.is_some()), "{met:?}");
        Ok(())
    });
}

#[test]
fn every_near_one_plays_and_no_far_one_does() {
    run_test("crowd::every_near_one_plays_and_no_far_one_does", || {
        let directory = tempfile::tempdir()?;
        let rules = "[matchmaking]\nmax_p2p_rtt_ms = 300\n[waiting_room]\nlimit_seconds = 45\n";
        let lab = Lab::start(directory.path(), &study(rules, ""))?;
        let mut clients = Vec::new();
        for number in 0..12 {
            let is_near = number % 2 == 0;
            let more: &[&str] = if is_near { &[] } else { &["--impair", "delay=400ms"] };
            clients.push((is_near, start(&lab, &format!("c{number}"), number, more)?));
        }
        for (is_near, client) in &mut clients {
            client.process.wait(WITHIN)?;
            let log = client.process.log();
            let end = if *is_near { "Finished" } else { "NoPartner" };
            ensure!(log.contains(&format!("the study is over: {end}")), "near: {is_near}\n{log}");
        }
        let journal = Journal::of(&lab)?;
        let games = journal.games();
        ensure!(games.len() == 3, "{games:?}");
        for game in &games {
            is_identical(&lab, &game.session, 1)?;
        }
        // Nobody is in two probes or in two games at once, and nobody plays who was not measured.
        let audit = journal.audit()?;
        let measured = audit.meetings.values().flat_map(|meeting| meeting.measured.values());
        let slow = measured.flatten().filter(|&&rtt_ms| rtt_ms > 300).count();
        ensure!(slow >= 3, "only {slow} of the far ones' round trips were measured");
        Ok(())
    });
}

#[test]
fn those_who_come_one_after_the_other_play_in_that_order() {
    run_test("crowd::those_who_come_one_after_the_other_play_in_that_order", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &study("", ""))?;
        let mut clients = Vec::new();
        for number in 0..6 {
            clients.push(start(&lab, &format!("c{number}"), number, &[])?);
            let arrived = clients.len();
            Journal::wait(&lab, "match", "arrived", arrived, SOON)
                .with_context(|| logs(&lab, &clients))?;
        }
        for number in 0..clients.len() {
            clients[number].finish(WITHIN).with_context(|| logs(&lab, &clients))?;
        }
        let journal = Journal::of(&lab)?;
        let people = journal.people();
        let pairs: Vec<&[String]> = people.chunks(2).collect();
        let games = journal.games();
        let played: Vec<&[String]> = games.iter().map(|game| &game.participants[..]).collect();
        ensure!(played == pairs, "{played:?} of {people:?}");
        journal.audit()?;
        Ok(())
    });
}
