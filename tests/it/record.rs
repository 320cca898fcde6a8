//! What can be done with a record afterwards, and what is kept when it should not be trusted: the
//! commands that people and reviewers use, on what real clients have written.

use crate::games::{STEPS, experiment};
use anyhow::{Context as _, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use system_tests::namespace::run_test;
use system_tests::process::wait_for;
use system_tests::session::{Client, Lab, Summary, dyad};

const PLAY: [&str; 3] = ["--headless", "--policy", "random"];

fn finish([a, b]: &mut [Client; 2]) -> anyhow::Result<[Summary; 2]> {
    let within = Duration::from_secs(90);
    Ok([a.finish(within)?, b.finish(within)?])
}

/// Runs a command of the client; its exit code and what it printed.
fn ask(arguments: &[&str], paths: &[&Path]) -> anyhow::Result<(Option<i32>, String)> {
    let paths = paths.iter().map(|path| path.to_str().context("a path of ours is text"));
    let paths = paths.collect::<anyhow::Result<Vec<_>>>()?;
    let output = dyad(&[arguments, &paths].concat())?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8(said)?))
}

fn file(summary: &Summary, ending: &str) -> anyhow::Result<PathBuf> {
    Ok(summary.records.join(format!("{}_{ending}", summary.text("participant")?)))
}

#[test]
fn one_log_is_enough_for_everybodys_table() {
    run_test("record::one_log_is_enough_for_everybodys_table", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let mut pair = [lab.client("a", &PLAY)?, lab.client("b", &PLAY)?];
        let [a, b] = finish(&mut pair)?;
        let logs = [file(&a, "ep0.dlog")?, file(&b, "ep0.dlog")?];
        let (code, said) = ask(&["verify"], &[&logs[0], &logs[1]])?;
        ensure!(code == Some(0) && said.contains("the same 270 frames"), "{said}");
        ensure!(said.matches("2 good, by the keys").count() == 2, "{said}");
        let tables = directory.path().join("tables");
        let (code, said) = ask(&["verify", "--csv"], &[&tables, &logs[1]])?;
        ensure!(code == Some(0) && said.contains(&format!("{STEPS} rows, from")), "{said}");
        for summary in [&a, &b] {
            let name = format!("{}_ep0.csv", summary.text("participant")?);
            ensure!(fs::read(tables.join(name))? == summary.file(0, "csv")?, "{said}");
        }
        the_lab_knows_the_keys(&lab, &a)?;
        // A changed byte is found, and nothing is made of the log.
        let mut bytes = fs::read(&logs[0])?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let changed = directory.path().join("changed.dlog");
        fs::write(&changed, bytes)?;
        let none = directory.path().join("none");
        let (code, said) = ask(&["verify", "--csv"], &[&none, &changed])?;
        ensure!(code == Some(1) && said.contains("damaged at byte"), "{said}");
        ensure!(said.contains("none of its logs is sound"), "{said}");
        ensure!(fs::read_dir(none)?.next().is_none(), "{said}");
        ensure!(find(&a.records, "_key").is_none(), "keys go with their sessions");
        Ok(())
    });
}

/// Where the lab keeps a log, its page of the session says by which keys it was signed.
fn the_lab_knows_the_keys(lab: &Lab, summary: &Summary) -> anyhow::Result<()> {
    let session = summary.text("session")?;
    lab.verdicts("test", session, 1)?;
    let folder = lab.data.join("test").join(session);
    let log =
        folder.join("cramped_room").join(format!("{}_ep0.dlog", summary.text("participant")?));
    let (code, said) = ask(&["verify"], &[&log])?;
    ensure!(code == Some(0) && said.contains("those that the lab registered"), "{said}");
    let page = folder.join("session.json");
    let mut text: serde_json::Value = serde_json::from_slice(&fs::read(&page)?)?;
    let keys = text["keys"].as_array_mut().context("keys")?;
    keys.reverse();
    fs::write(&page, text.to_string())?;
    let (code, said) = ask(&["verify"], &[&log])?;
    ensure!(code == Some(1) && said.contains("NOT those of the lab"), "{said}");
    Ok(())
}

#[test]
fn a_desync_is_found_kept_and_explained() {
    run_test("record::a_desync_is_found_kept_and_explained", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let wrong = [&PLAY[..], &["--developer-force-desync", "100"]].concat();
        let mut pair = [lab.client("a", &wrong)?, lab.client("b", &PLAY)?];
        let [a, b] = finish(&mut pair)?;
        ensure!(a.count("desyncs")? > 0 && b.count("desyncs")? > 0, "{} {}", a.json, b.json);
        let marks = a.json["marks"].to_string();
        ensure!(marks.contains("diverged from its record at frame 100"), "{marks}");
        ensure!(b.json["marks"] == serde_json::json!([]), "{}", b.json);
        // The record follows from the inputs, and those were right.
        ensure!(a.file(0, "csv")? == b.file(0, "csv")?, "the tables differ");
        let session = a.text("session")?;
        let verdicts = lab.verdicts("test", session, 1)?;
        ensure!(verdicts[0]["verdict"]["verdict"] == "identical", "{verdicts:?}");

        let name = |summary: &Summary| -> anyhow::Result<PathBuf> {
            Ok(format!("local/{}_ep0_divergence.json", summary.text("participant")?).into())
        };
        let dumps = [a.records.join(name(&a)?), b.records.join(name(&b)?)];
        let (code, said) = ask(&["verify"], &[&dumps[0]])?;
        ensure!(code == Some(1), "{said}");
        ensure!(said.contains("simulated and recorded differ first at frame 100, t:"), "{said}");
        let (code, said) = ask(&["verify"], &[&dumps[1]])?;
        ensure!(code == Some(0) && said.contains("is what was recorded"), "{said}");
        let (code, said) = ask(&["verify"], &[&dumps[0], &dumps[1]])?;
        ensure!(code == Some(1) && said.contains("differ first at frame 100, t:"), "{said}");
        // They travel with the records.
        let scene = lab.data.join("test").join(session).join("cramped_room");
        for (summary, dump) in [&a, &b].into_iter().zip(&dumps) {
            ensure!(fs::read(scene.join(name(summary)?))? == fs::read(dump)?, "another dump");
        }
        Ok(())
    });
}

#[test]
fn what_a_killed_program_leaves_is_closed_and_sent_by_the_next() {
    run_test("record::what_a_killed_program_leaves_is_closed_and_sent_by_the_next", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let mut pair = [lab.client("a", &PLAY)?, lab.client("b", &PLAY)?];
        let mut logs = Vec::new();
        for client in &pair {
            logs.push(wait_for("rows on disk", Duration::from_secs(60), || {
                let log = find(&client.data, ".dlog");
                Ok(log.filter(|log| fs::metadata(log).is_ok_and(|it| it.len() > 4000)))
            })?);
        }
        for client in &mut pair {
            client.process.kill()?;
        }
        let (code, said) = ask(&["verify"], &[&logs[0], &logs[1]])?;
        ensure!(code == Some(0) && said.contains("cut at byte"), "{said}");
        for (client, log) in pair.iter().zip(&logs) {
            let (code, said) = ask(&["spool", "list", "--data"], &[&client.data])?;
            ensure!(code == Some(0) && said.contains("0 records"), "it may go on: {said}");
            let (code, said) = ask(&["spool", "send", "--data"], &[&client.data])?;
            ensure!(code == Some(0) && said.contains("received"), "{said}");
            let (code, said) = ask(&["verify"], &[log])?;
            ensure!(code == Some(0) && said.contains("closed by one side alone"), "{said}");
            ensure!(said.contains("1 good, by the keys"), "{said}");
            let note = find(&client.data, "_session.json").context("a note")?;
            ensure!(fs::read_to_string(note)?.contains("the computer stopped"));
            ensure!(find(&client.data, "_key").is_none(), "the key is not needed any more");
        }
        let session = logs[0].ancestors().nth(2).and_then(Path::file_name);
        let session = session.and_then(|name| name.to_str()).context("a session's directory")?;
        let verdicts = lab.verdicts("test", session, 1)?;
        let verdict = verdicts[0]["verdict"]["verdict"].as_str().unwrap_or_default();
        ensure!(matches!(verdict, "prefix" | "prefix_with_tail"), "{verdicts:?}");
        Ok(())
    });
}

/// A file somewhere below a directory, by the end of its name.
fn find(directory: &Path, ending: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path());
    entries.into_iter().find_map(|path| {
        if path.is_dir() {
            return find(&path, ending);
        }
        path.to_str().is_some_and(|name| name.ends_with(ending)).then_some(path)
    })
}
