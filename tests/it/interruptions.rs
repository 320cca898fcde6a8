//! Sessions that are interrupted and go on: a computer that stands still, a program that is killed
//! and started again, at several moments; and those that cannot go on. The records stay equal byte
//! for byte, or one is the beginning of the other and the lab says so.

use crate::games::{STEPS, experiment, finish_within};
use anyhow::{Context as _, ensure};
use dyad_recording::log;
use std::time::Duration;
use system_tests::namespace::run_test;
use system_tests::session::{Client, Lab, Summary, dyad};

/// What a client says when play is interrupted, and when it goes on.
const INTERRUPTED: &str = "play is interrupted";
const RESUMED: &str = "play goes on";

/// For how long a computer stands still.
const STANDSTILL: Duration = Duration::from_secs(10);

/// Rows after which both sides have confirmed frames, more than the prediction window: until a side
/// has, the lab takes the game for one that has not begun, and calls it off when somebody leaves.
const STARTED: usize = 40;

const SOON: Duration = Duration::from_secs(30);
const WITHIN: Duration = Duration::from_secs(120);

fn client(lab: &Lab, name: &str, seed: &str) -> anyhow::Result<Client> {
    lab.client(name, &["--headless", "--policy", "random", "--seed", seed])
}

fn pair(lab: &Lab) -> anyhow::Result<[Client; 2]> {
    Ok([client(lab, "a", "1")?, client(lab, "b", "2")?])
}

/// How many resumptions the log of an episode tells of.
fn holds(summary: &Summary, episode: u16) -> anyhow::Result<usize> {
    Ok(log::read(&summary.file(episode, "dlog")?)?.holds.len())
}

/// Kills a client's program and starts it again with the same link and data directory.
fn kill_and_start_again(lab: &Lab, client: &mut Client, name: &str) -> anyhow::Result<()> {
    client.process.kill()?;
    *client = self::client(lab, name, "7")?;
    Ok(())
}

fn logs(lab: &Lab, [a, b]: &[Client; 2]) -> String {
    format!("{}\n{}\n{}", lab.process.log(), a.process.log(), b.process.log())
}

#[test]
fn a_computer_that_stands_still() {
    run_test("interruptions::a_computer_that_stands_still", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let mut pair = pair(&lab)?;
        let [a, b] = &mut pair;
        b.wait_for_rows(60, SOON)?;
        b.process.stand_still(true)?;
        a.process.wait_for_words(INTERRUPTED, SOON)?;
        std::thread::sleep(STANDSTILL);
        b.process.stand_still(false)?;
        a.process.wait_for_words(RESUMED, SOON)?;
        let summaries =
            finish_within(WITHIN, &lab, &mut pair, 1).with_context(|| logs(&lab, &pair))?;
        for summary in &summaries {
            ensure!(summary.count("interruptions")? >= 1, "{}", summary.json);
            ensure!(holds(summary, 0)? >= 1, "the log does not show it");
        }
        Ok(())
    });
}

/// Soon after both have told the lab that they play, in the middle of an episode and near its end.
#[test]
fn a_program_that_is_killed_and_started_again() {
    run_test("interruptions::a_program_that_is_killed_and_started_again", || {
        for rows in [STARTED, 100, STEPS - 10] {
            let directory = tempfile::tempdir()?;
            let lab = Lab::start(directory.path(), &experiment(2))?;
            let mut pair = pair(&lab)?;
            pair[1].wait_for_rows(rows, SOON)?;
            kill_and_start_again(&lab, &mut pair[1], "b")?;
            let story = |pair| format!("killed after {rows} rows\n{}", logs(&lab, pair));
            let summaries =
                finish_within(WITHIN, &lab, &mut pair, 2).with_context(|| story(&pair))?;
            let held: usize = holds(&summaries[0], 0)? + holds(&summaries[0], 1)?;
            ensure!(held == 1, "{held} resumptions in the logs; {}", story(&pair));
        }
        Ok(())
    });
}

/// As soon as its record is opened: the players may not have met yet, and the lab then finds the two
/// a new game, or they have, and the same one goes on.
#[test]
fn a_program_that_is_killed_when_its_game_begins() {
    run_test("interruptions::a_program_that_is_killed_when_its_game_begins", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let mut pair = pair(&lab)?;
        pair[1].wait_for_log(SOON)?;
        kill_and_start_again(&lab, &mut pair[1], "b")?;
        finish_within(WITHIN, &lab, &mut pair, 1).with_context(|| logs(&lab, &pair))?;
        Ok(())
    });
}

#[test]
fn both_programs_are_killed_one_after_the_other() {
    run_test("interruptions::both_programs_are_killed_one_after_the_other", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let mut pair = pair(&lab)?;
        let [a, b] = &mut pair;
        a.wait_for_rows(60, SOON)?;
        kill_and_start_again(&lab, a, "a")?;
        a.wait_for_rows(120, SOON)?;
        kill_and_start_again(&lab, b, "b")?;
        let summaries =
            finish_within(WITHIN, &lab, &mut pair, 1).with_context(|| logs(&lab, &pair))?;
        ensure!(holds(&summaries[0], 0)? == 2, "two resumptions are in the log");
        Ok(())
    });
}

/// Beyond the limit the session ends; who was left keeps what was confirmed, and so does who
/// comes back too late. The lab says how far both go.
#[test]
fn a_partner_who_comes_back_too_late() {
    run_test("interruptions::a_partner_who_comes_back_too_late", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let mut pair = pair(&lab)?;
        let [a, b] = &mut pair;
        a.wait_for_rows(100, SOON)?;
        b.process.kill()?;
        a.process.wait_for_words(INTERRUPTED, SOON)?;
        let survivor = a.summary(WITHIN)?;
        ensure!(survivor.text("ending")?.contains("PartnerLost"), "{}", survivor.json);
        ensure!(survivor.count("received")? == 1, "{}", survivor.json);
        let data = b.data.to_str().context("a path of ours is text")?;
        let sent = dyad(&["spool", "send", "--data", data])?;
        ensure!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
        let verdicts = lab.verdicts("test", survivor.text("session")?, 1)?;
        let verdict = verdicts[0]["verdict"]["verdict"].as_str().unwrap_or_default();
        ensure!(verdict.starts_with("prefix") || verdict == "identical", "{verdicts:?}");
        Ok(())
    });
}
