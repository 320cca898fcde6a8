//! What the lab hears while a game goes on, and what it knows of a side that never sends a record.

use crate::games::{STEPS, experiment, experiment_with};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use system_tests::namespace::run_test;
use system_tests::process::wait_for;
use system_tests::session::{Client, Lab, dyad};

const SOON: Duration = Duration::from_secs(60);

/// Clients whose connection is a little worse than perfect.
fn client(lab: &Lab, name: &str) -> anyhow::Result<Client> {
    let play = ["--headless", "--policy", "random", "--impair", "delay=40ms,jitter=5ms"];
    lab.client(name, &play)
}

/// The one session that the lab knows of.
fn session(lab: &Lab) -> anyhow::Result<Option<PathBuf>> {
    let Ok(sessions) = fs::read_dir(lab.data.join("test")) else { return Ok(None) };
    Ok(sessions.map(|entry| entry.map(|entry| entry.path())).next().transpose()?)
}

/// The reports that are in the lab's folder.
fn reports(session: &Path) -> anyhow::Result<Vec<Value>> {
    let text = fs::read_to_string(session.join("connections.jsonl")).unwrap_or_default();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Waits for a report of each of two people of which this is true; returns them.
fn wait_for_reports(
    lab: &Lab,
    what: &str,
    is_it: impl Fn(&Value) -> bool,
) -> anyhow::Result<[Value; 2]> {
    wait_for(what, SOON, || {
        let Some(session) = session(lab)? else { return Ok(None) };
        let found: Vec<Value> = reports(&session)?.into_iter().filter(|it| is_it(it)).collect();
        let Some(first) = found.first() else { return Ok(None) };
        let other = found.iter().find(|it| it["participant"] != first["participant"]);
        Ok(other.map(|other| [first.clone(), other.clone()]))
    })
}

fn number(report: &Value, field: &str) -> anyhow::Result<i64> {
    report[field].as_i64().with_context(|| format!("no {field} in {report}"))
}

#[test]
fn the_lab_knows_how_a_game_goes() {
    run_test("reports::the_lab_knows_how_a_game_goes", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let mut pair = [client(&lab, "a")?, client(&lab, "b")?];
        let knows = |report: &Value| {
            let known = ["rtt_us", "jitter_us", "loss_permille", "on_disk", "path"];
            known.iter().all(|field| !report[*field].is_null())
        };
        let known = wait_for_reports(&lab, "reports that know everything", knows)?;
        for client in &pair {
            ensure!(client.rows() < STEPS, "the reports came after the game");
        }
        for report in &known {
            ensure!((80_000..500_000).contains(&number(report, "rtt_us")?), "{report}");
            ensure!((0..300_000).contains(&number(report, "jitter_us")?), "{report}");
            ensure!((0..=200).contains(&number(report, "loss_permille")?), "{report}");
            ensure!(number(report, "frames_ahead")?.abs() < 30, "{report}");
            let (on_disk, confirmed) = (number(report, "on_disk")?, number(report, "confirmed")?);
            ensure!(on_disk <= confirmed && confirmed < on_disk + 60, "{report}");
            ensure!(number(report, "deepest_rollback")? <= 16, "{report}");
            ensure!(report["path"] == "direct" && report["focused"] == true, "{report}");
        }
        let summaries = pair.each_mut().map(|client| client.finish(SOON));
        for summary in summaries {
            let summary = summary?;
            ensure!(summary.json["relayed"] == false, "{}", summary.json);
            for field in ["rtt_ms", "jitter_ms", "loss", "frames_ahead", "stalled_s"] {
                ensure!(summary.json[field].is_number(), "{field}: {}", summary.json);
            }
            // What was reported last is how it ended.
            let session = session(&lab)?.context("the lab has a session")?;
            let me = summary.text("participant")?;
            let reports = reports(&session)?;
            let last = reports.iter().rev().find(|report| report["participant"] == me);
            let last = last.context("a report")?;
            ensure!(number(last, "rollbacks")? > 0, "{last}");
            ensure!(number(last, "confirmed")? >= STEPS.try_into()?, "{last}");
            let local = format!("local/{me}_ep0.csv");
            let table = fs::read_to_string(summary.records.join(local))?;
            let header = table.lines().next().unwrap_or_default();
            for column in ["rtt_us", "jitter_us", "loss_permille", "relayed", "frames_ahead"] {
                ensure!(header.split(',').any(|name| name == column), "{column}: {header}");
            }
        }
        Ok(())
    });
}

/// One computer is gone for good. The survivor's record comes, and what the other has signed says how
/// much of it both have; which turns out to be true when it comes back after all.
#[test]
fn a_side_that_never_sends_its_record() {
    run_test("reports::a_side_that_never_sends_its_record", || {
        let directory = tempfile::tempdir()?;
        let limit = "[scene.reconnection]\nlimit_seconds = 6\ncountdown_seconds = 1\n";
        let text = format!("{}{limit}", experiment_with("", 1));
        let lab = Lab::start(directory.path(), &text)?;
        let mut pair = [client(&lab, "a")?, client(&lab, "b")?];
        let is_under_way = |report: &Value| report["on_disk"].as_i64() > Some(90);
        let said = wait_for_reports(&lab, "reports from the middle", is_under_way)?;
        let [a, b] = &mut pair;
        b.process.kill()?;
        let survivor = a.summary(SOON)?;
        ensure!(survivor.text("ending")?.contains("PartnerLost"), "{}", survivor.json);
        ensure!(survivor.count("received")? == 1, "{}", survivor.json);
        // Six seconds, and not the thirty that are usual.
        let waited = survivor.json["interrupted_s"].as_f64().context("a time")?;
        ensure!((5.0..15.0).contains(&waited), "{}", survivor.json);

        let me = survivor.text("participant")?;
        let missing = said.iter().find(|it| it["participant"] != me).context("the other")?;
        let page = session(&lab)?.context("a session")?.join("session.json");
        let read = || -> anyhow::Result<Value> {
            Ok(serde_json::from_slice(&fs::read(&page).unwrap_or(b"null".to_vec()))?)
        };
        let page = wait_for("a verdict so far", SOON, || {
            let page = read()?;
            Ok((!page["episodes"][0]["so_far"].is_null()).then_some(page))
        })?;
        let episode = &page["episodes"][0];
        ensure!(episode["verdict"].is_null(), "{page}");
        ensure!(episode["missing"] == serde_json::json!([missing["participant"]]), "{page}");
        let verdict = episode["so_far"]["verdict"].as_str().unwrap_or_default();
        ensure!(matches!(verdict, "prefix" | "prefix_with_tail"), "{page}");
        let bound = number(&episode["so_far"], "rows")?;
        // Three frames in four of the 30 of the countdown are before what was reported.
        ensure!(bound >= number(missing, "on_disk")? - 30, "{page}");
        let kept = fs::read(survivor.records.join(format!("{me}_ep0.csv")))?;
        let rows = kept.iter().filter(|&&byte| byte == b'\n').count() - 1;
        ensure!(bound <= i64::try_from(rows)?, "{page}");
        let on_disk = page["on_disk"].as_array().context("what was said")?;
        let promised = on_disk.iter().find(|it| it["participant"] == missing["participant"]);
        let promised = number(promised.context("what the other said")?, "frame")?;
        ensure!(promised >= number(missing, "on_disk")?, "{page}");

        let data = b.data.to_str().context("a path of ours is text")?;
        let sent = dyad(&["spool", "send", "--data", data])?;
        ensure!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
        let verdicts = lab.verdicts("test", survivor.text("session")?, 1)?;
        ensure!(number(&verdicts[0]["verdict"], "rows")? >= bound, "{verdicts:?} {bound}");
        ensure!(verdicts[0]["so_far"].is_null() && verdicts[0]["notes"].is_null(), "{verdicts:?}");
        Ok(())
    });
}
