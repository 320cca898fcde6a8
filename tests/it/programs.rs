//! Programs as partners: one record is the whole record, in every row of which stands who was a program.

use crate::crowd::{STEPS, is_identical, logs};
use crate::study::start;
use anyhow::{Context as _, ensure};
use dyad_recording::log;
use std::path::Path;
use std::time::Duration;
use system_tests::journal::Journal;
use system_tests::namespace::run_test;
use system_tests::session::{Lab, Summary, signalling};

const SOON: Duration = Duration::from_secs(60);
const WITHIN: Duration = Duration::from_secs(120);

/// A game for two, of which a part may be played with a program. `rules` are tables before the scene, `more`
/// is further lines of it.
fn study(rules: &str, more: &str) -> String {
    format!(
        "id = \"test\"\n{rules}\n[[scene]]\nid = \"kitchen\"\nlayout = \"cramped_room\"\nmax_steps = \
         {STEPS}\ncountdown_seconds = 1\npause_seconds = 1\n{more}\n"
    )
}

/// In every row of an episode's table, who has a seat.
fn in_seat(seat: u8, summary: &Summary, episode: u16) -> anyhow::Result<Vec<String>> {
    let table = String::from_utf8(summary.file(episode, "csv")?)?;
    let mut rows = table.lines().map(|row| row.split(','));
    let mut names = rows.next().context("a header")?;
    let column = format!("player_subjects.{seat}");
    let at = names.position(|name| name == column).context("a column")?;
    let cell = |mut row: std::str::Split<'_, char>| row.nth(at).map(str::to_owned);
    rows.map(|row| cell(row).context("a cell")).collect()
}

fn is_all(cells: &[String], name: &str) -> anyhow::Result<()> {
    ensure!(cells.len() == STEPS && cells.iter().all(|cell| cell == name), "{cells:?}");
    Ok(())
}

#[test]
fn a_person_plays_with_a_program_from_the_start() {
    run_test("programs::a_person_plays_with_a_program_from_the_start", || {
        let directory = tempfile::tempdir()?;
        let partner = "partner = { kind = \"program\", policy = \"scripted\" }\nepisodes = 2\n";
        let lab = Lab::start(directory.path(), &study("", partner))?;
        let mut client = start(&lab, "a", 1, &[])?;
        // Killed and started again, it goes on with the program where it was.
        client.wait_for_rows(STEPS / 2, SOON)?;
        client.process.kill()?;
        client = start(&lab, "a", 1, &[])?;
        let summary = client.finish(WITHIN).with_context(|| logs(&lab, [&client]))?;
        ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
        ensure!(log::read(&summary.file(0, "dlog")?)?.holds.len() == 1, "it was interrupted once");
        ensure!(Journal::of(&lab)?.games().len() == 1, "it is the same game");
        ensure!(client.process.log().contains("a program plays in seat 1"), "it is announced");
        is_identical(&lab, summary.text("session")?, 2)?;
        for episode in [0, 1] {
            is_all(&in_seat(1, &summary, episode)?, "program-scripted")?;
        }
        verifies(&lab, directory.path())
    });
}

/// A reviewer finds nothing wrong with what the lab has, nor with a dataset of it.
fn verifies(lab: &Lab, directory: &Path) -> anyhow::Result<()> {
    let dataset = directory.join("dataset");
    let [data, dataset] = [&lab.data, &dataset].map(|path| path.to_str());
    let (data, dataset) = data.zip(dataset).context("paths of ours are text")?;
    for command in [&["verify", data][..], &["export", data, "--to", dataset], &["verify", dataset]]
    {
        let done = signalling(command)?;
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "{command:?}: {said}");
    }
    Ok(())
}

/// Both computers compute what the program does, and roll it back.
#[test]
fn two_people_play_with_a_program() {
    run_test("programs::two_people_play_with_a_program", || {
        let directory = tempfile::tempdir()?;
        let partner =
            "players = 3\npartner = { kind = \"program\", policy = \"random\", seats = 1 }\n";
        let lab = Lab::start(directory.path(), &study("", partner))?;
        let far: &[&str] = &["--impair", "delay=80ms,jitter=20ms"];
        let mut clients = [start(&lab, "a", 1, far)?, start(&lab, "b", 2, far)?];
        let mut rollbacks = 0;
        for at in 0..clients.len() {
            let finished = clients[at].finish(WITHIN);
            let summary = finished.with_context(|| logs(&lab, &clients))?;
            rollbacks += summary.count("rollbacks")?;
            is_identical(&lab, summary.text("session")?, 1)?;
            ensure!(summary.json["desyncs"] == 0, "{}", summary.json);
        }
        ensure!(rollbacks > 10, "only {rollbacks} rollbacks: the test did not test anything");
        Ok(())
    });
}

#[test]
fn a_program_plays_with_whom_nobody_comes_to_play() {
    run_test("programs::a_program_plays_with_whom_nobody_comes_to_play", || {
        let directory = tempfile::tempdir()?;
        let rules = "[waiting_room]\nlimit_seconds = 2\nthen = \"program\"\npolicy = \"random\"\n";
        let lab = Lab::start(directory.path(), &study(rules, ""))?;
        let mut client = start(&lab, "a", 1, &[])?;
        let summary = client.finish(WITHIN).with_context(|| logs(&lab, [&client]))?;
        ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
        is_identical(&lab, summary.text("session")?, 1)?;
        is_all(&in_seat(1, &summary, 0)?, "program-random")?;
        let journal = Journal::of(&lab)?;
        ensure!(journal.count("person", "alone") == 1, "the log says why");
        journal.audit()?;
        Ok(())
    });
}

/// Who stays keeps the seat, and with it place, colour and role: the program has that of who has gone.
#[test]
fn a_program_plays_with_whose_partner_has_gone() {
    run_test("programs::a_program_plays_with_whose_partner_has_gone", || {
        let directory = tempfile::tempdir()?;
        let rules = "[dropout]\nthen = \"program\"\n";
        let limit =
            "episodes = 2\n[scene.reconnection]\nlimit_seconds = 5\ncountdown_seconds = 1\n";
        let lab = Lab::start(directory.path(), &study(rules, limit))?;
        let gone = start(&lab, "a", 1, &[])?;
        // Who waits first has the first seat.
        Journal::wait(&lab, "match", "arrived", 1, SOON)?;
        let mut clients = [gone, start(&lab, "b", 2, &[])?];
        let [gone, stays] = &mut clients;
        stays.wait_for_rows(STEPS / 2, SOON)?;
        gone.process.kill()?;
        let finished = stays.finish(WITHIN);
        let summary = finished.with_context(|| logs(&lab, &clients))?;
        ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
        let games = Journal::of(&lab)?.games();
        let [first, second] = &games[..] else { anyhow::bail!("{games:?}") };
        ensure!(first.participants.len() == 2 && second.participants.len() == 1, "{games:?}");
        ensure!(summary.text("session")? == second.session, "{}", summary.json);
        ensure!(summary.json["seat"] == 1, "{}", summary.json);
        is_identical(&lab, &second.session, 2)?;
        for episode in [0, 1] {
            is_all(&in_seat(0, &summary, episode)?, "program-scripted")?;
            is_all(&in_seat(1, &summary, episode)?, &first.participants[1])?;
        }
        verifies(&lab, directory.path())
    });
}
