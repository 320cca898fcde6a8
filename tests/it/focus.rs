//! People whose window loses the focus: the columns are the same on both sides, a game waits for
//! them where it is told to, and who is away for too long ends the session for both in the same
//! frame.

use crate::games::{STEPS, experiment, finish_within};
use anyhow::{Context as _, ensure};
use std::fs;
use std::path::Path;
use std::time::Duration;
use system_tests::namespace::run_test;
use system_tests::session::{Client, Lab, Summary, dyad};

const WITHIN: Duration = Duration::from_secs(90);

/// Frames until an input that is asked for takes effect.
const DELAY: usize = 2;
/// The first frame of play: a second of countdown lies before it.
const FIRST: usize = 30;
/// The first frame of play in the second episode, after a break and another countdown.
const SECOND: usize = FIRST + STEPS + 60;

/// An experiment with this rule.
fn with_rule(episodes: usize, rule: &str) -> String {
    format!("{}\n[scene.focus]\n{rule}\n", experiment(episodes))
}

/// A player whose window has not the focus from one frame until another, and who walks about.
fn somebody(lab: &Lab, directory: &Path, away: (usize, Option<usize>)) -> anyhow::Result<Client> {
    let mut script = vec![(3, "left"), (40, "up"), (60, "right"), (80, "space"), (away.0, "blur")];
    script.extend(away.1.map(|back| (back, "focus")));
    script.extend(away.1.map(|back| (back + 5, "down")));
    let lines: String = script.iter().map(|(frame, key)| format!("{frame},{key}\n")).collect();
    let file = directory.join("keys.csv");
    fs::write(&file, format!("frame,key\n{lines}"))?;
    let policy = format!("keys:{}", file.display());
    lab.client("b", &["--headless", "--policy", &policy, "--impair", "delay=60ms,loss=5%"])
}

/// A game of somebody active with somebody who is away for a while.
fn pair(lab: &Lab, away: (usize, Option<usize>)) -> anyhow::Result<[Client; 2]> {
    let directory = lab.data.parent().context("the lab's data lies in a folder")?;
    let arguments = ["--headless", "--policy", "random", "--seed", "5", "--impair", "delay=60ms"];
    Ok([lab.client("a", &arguments)?, somebody(lab, directory, away)?])
}

fn logs(lab: &Lab, [a, b]: &[Client; 2]) -> String {
    format!("{}\n{}\n{}", lab.process.log(), a.process.log(), b.process.log())
}

/// In how many rows of an episode a seat had the focus, and in how many it had not.
fn focus(table: &[u8], seat: u64) -> anyhow::Result<(usize, usize)> {
    let text = std::str::from_utf8(table)?;
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let name = format!("isFocused.{seat}");
    let at = lines.next().context("a header")?.iter().position(|column| *column == name);
    let at = at.with_context(|| format!("no column {name}"))?;
    let cells: Vec<&str> = lines.map(|cells| cells[at]).collect();
    let unfocused = cells.iter().filter(|cell| **cell == "False").count();
    Ok((cells.len() - unfocused, unfocused))
}

/// Plays a game that comes to its regular end; gives the summary of who was away for a while.
fn plays(rule: Option<&str>, episodes: usize, away: (usize, usize)) -> anyhow::Result<Summary> {
    let directory = tempfile::tempdir()?;
    let experiment = rule.map_or_else(|| experiment(episodes), |rule| with_rule(episodes, rule));
    let lab = Lab::start(directory.path(), &experiment)?;
    let mut pair = pair(&lab, (away.0, Some(away.1)))?;
    let finished = finish_within(WITHIN, &lab, &mut pair, episodes);
    let [a, b] = finished.with_context(|| logs(&lab, &pair))?;
    for summary in [&a, &b] {
        ensure!(summary.text("reason")? == "completed", "{}", summary.json);
        ensure!(summary.json["completed"] == true, "{}", summary.json);
    }
    for episode in 0..u16::try_from(episodes)? {
        let seat = a.count("seat")?;
        let (there, _) = focus(&a.file(episode, "csv")?, seat)?;
        ensure!(there == STEPS, "the active one was always there");
    }
    check_absence(&b, episodes, away, rule)?;
    Ok(b)
}

/// The rows in which somebody was away are those that the script says.
fn check_absence(
    summary: &Summary,
    episodes: usize,
    (from, until): (usize, usize),
    rule: Option<&str>,
) -> anyhow::Result<()> {
    let seat = summary.count("seat")?;
    let away = from + DELAY..until + DELAY;
    for (episode, first) in (0..u16::try_from(episodes)?).zip([FIRST, SECOND]) {
        let (_, unfocused) = focus(&summary.file(episode, "csv")?, seat)?;
        let rows = (first..first + STEPS).filter(|frame| away.contains(frame)).count();
        let waits = rule.is_some_and(|rule| rule.contains("pause = true"));
        let expected = if waits { rows.min(1) } else { rows };
        ensure!(unfocused == expected, "{unfocused} rows instead of {expected} in {episode}");
    }
    Ok(())
}

#[test]
fn lost_in_the_middle_of_an_episode() {
    run_test("focus::lost_in_the_middle_of_an_episode", || plays(None, 1, (100, 200)).map(drop));
}

#[test]
fn lost_across_the_boundary_of_two_episodes() {
    run_test("focus::lost_across_the_boundary_of_two_episodes", || {
        plays(None, 2, (250, 380)).map(drop)
    });
}

#[test]
fn a_game_that_waits() {
    run_test("focus::a_game_that_waits", || {
        let rule = "pause = true\nlimit_seconds = 20\ncountdown_seconds = 1";
        let summary = plays(Some(rule), 1, (100, 200))?;
        // The frames in which it waited are in the record, without rows.
        let frames = usize::try_from(summary.count("frames")?)?;
        ensure!(frames >= FIRST + STEPS + 100 + 30 - 1, "{frames} frames");
        Ok(())
    });
}

/// Plays a game that ends because one of the two does not come back: with so many rows in each
/// episode that there was.
fn ends(rule: &str, from: usize, rows: &[usize]) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let lab = Lab::start(directory.path(), &with_rule(3, rule))?;
    let mut pair = pair(&lab, (from, None))?;
    let [a, b] = &mut pair;
    let (stayed, left) = (a.summary(WITHIN)?, b.summary(WITHIN)?);
    let told = logs(&lab, &pair);
    let away = left.count("seat")?;
    for summary in [&stayed, &left] {
        let about = || format!("{}\n{told}", summary.json);
        ensure!(summary.text("reason")? == "focus", "{}", about());
        ensure!(summary.json["away_too_long"] == serde_json::json!([away]), "{}", about());
        ensure!(summary.json["completed"] == false, "{}", about());
        ensure!(summary.count("closed")? == rows.len() as u64, "{}", about());
        ensure!(summary.count("received")? == rows.len() as u64, "{}", about());
        ensure!(summary.json["marks"] == serde_json::json!([]), "{}", about());
        for zero in ["desyncs", "messages_refused", "statements_refused", "interruptions"] {
            ensure!(summary.count(zero)? == 0, "{zero}: {}", about());
        }
    }
    let [a, b] = &pair;
    ensure!(a.process.log().contains("your partner was away for too long"), "{told}");
    ensure!(b.process.log().contains("you were away from the game for too long"), "{told}");
    let verdicts = lab.verdicts("test", left.text("session")?, rows.len())?;
    for ((episode, &rows), verdict) in (0..).zip(rows).zip(&verdicts) {
        for ending in ["csv", "dlog"] {
            let equal = stayed.file(episode, ending)? == left.file(episode, ending)?;
            ensure!(equal, "the {ending} of episode {episode} differ");
        }
        let (there, unfocused) = focus(&left.file(episode, "csv")?, away)?;
        ensure!(there + unfocused == rows, "{there} and {unfocused} rows instead of {rows}");
        ensure!(verdict["verdict"]["verdict"] == "identical", "{verdict}");
        ensure!(verdict["verdict"]["rows"] == rows, "{verdict}");
    }
    verifies(&[stayed, left], u16::try_from(rows.len() - 1)?)
}

/// `dyad verify` accepts the logs of the last episode, and says why there is no further one.
fn verifies(summaries: &[Summary; 2], episode: u16) -> anyhow::Result<()> {
    let mut arguments = vec!["verify".to_owned()];
    for summary in summaries {
        let name = format!("{}_ep{episode}.dlog", summary.text("participant")?);
        arguments.push(summary.records.join(name).to_string_lossy().into_owned());
    }
    let output = dyad(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success() && said.contains("was away too long"), "{output:?}");
    Ok(())
}

#[test]
fn lost_for_too_long_ends_the_session_for_both() {
    run_test("focus::lost_for_too_long_ends_the_session_for_both", || {
        ends("limit_seconds = 3", 100, &[100 + DELAY + 90 - FIRST])
    });
}

#[test]
fn lost_for_too_long_across_the_boundary() {
    run_test("focus::lost_for_too_long_across_the_boundary", || {
        ends("limit_seconds = 3", 250, &[STEPS, 250 + DELAY + 90 - SECOND])
    });
}

/// Between two episodes: the second is over before it begins, and its record says so.
#[test]
fn lost_for_too_long_in_a_break() {
    run_test("focus::lost_for_too_long_in_a_break", || ends("limit_seconds = 1", 258, &[STEPS, 0]));
}

#[test]
fn a_game_that_waits_does_not_wait_for_ever() {
    run_test("focus::a_game_that_waits_does_not_wait_for_ever", || {
        ends("limit_seconds = 3\npause = true", 100, &[100 + DELAY + 1 - FIRST])
    });
}
