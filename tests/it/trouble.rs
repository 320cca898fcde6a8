//! What goes wrong in a lab: wrong links, a lab that is not there or dies, a full disk, files that
//! are no records. Each ends in a sentence that says what to do and in the right exit code; no
//! record is lost.

use crate::games::{self, experiment};
use anyhow::{Context as _, ensure};
use std::fs;
use std::process::Output;
use std::time::Duration;
use system_tests::namespace::{ADDRESS, run_test};
use system_tests::session::{Client, Lab, dyad};

/// Checks an exit code, and that the person is told something about each of these.
fn says(output: &Output, code: i32, words: &[&str]) -> anyhow::Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(code), "{:?} instead of {code}:\n{said}", output.status);
    for word in words {
        ensure!(said.contains(word), "{word:?} is missing in:\n{said}");
    }
    ensure!(!said.contains("panicked"), "{said}");
    Ok(())
}

fn idle(lab: &Lab, name: &str) -> anyhow::Result<Client> {
    lab.client(name, &["--headless", "--policy", "random"])
}

#[test]
fn a_wrong_link_says_what_a_right_one_looks_like() {
    let play = ["--headless", "--policy", "idle"];
    for (link, word) in [
        ("https://lab/join", "dyad://"),
        ("dyad://lab:0/join", "port"),
        ("dyad://lab/elsewhere", "experimenter"),
        ("missing.join", "missing.join"),
    ] {
        let arguments: Vec<&str> = ["join", link].into_iter().chain(play).collect();
        let output = dyad(&arguments).expect("the client runs");
        says(&output, 2, &[word]).unwrap_or_else(|error| panic!("{link}: {error}"));
    }
}

#[test]
fn a_file_that_is_no_record_is_named() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let file = directory.path().join("notes.txt");
    fs::write(&file, "not a log\n").expect("a file");
    let file = file.to_str().expect("a path of ours is text");
    for command in ["verify", "replay"] {
        let output = dyad(&[command, file]).expect("the client runs");
        says(&output, 2, &["notes.txt", "log"])
            .unwrap_or_else(|error| panic!("{command}: {error}"));
    }
    let output = dyad(&["verify", "nowhere.dlog"]).expect("the client runs");
    says(&output, 2, &["nowhere.dlog"]).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_lab_that_is_not_there() {
    run_test("trouble::a_lab_that_is_not_there", || {
        let directory = tempfile::tempdir()?;
        let data = directory.path().to_str().context("a path of ours is text")?;
        let link = format!("dyad://{ADDRESS}:9/join");
        let mut arguments = vec!["join", &link, "--headless", "--policy", "idle"];
        arguments.extend(["--data", data, "--patience", "2"]);
        says(&dyad(&arguments)?, 1, &["is the lab running"])
    });
}

#[test]
fn a_lab_that_dies_in_the_middle() {
    run_test("trouble::a_lab_that_dies_in_the_middle", || {
        let directory = tempfile::tempdir()?;
        let mut lab = Lab::start(directory.path(), &experiment(1))?;
        let mut clients = [idle(&lab, "a")?, idle(&lab, "b")?];
        for client in &clients {
            client.wait_for_log(Duration::from_secs(30))?;
        }
        lab.process.kill()?;
        // The game goes on to its end; the records stay here, and the person is told so.
        let mut sessions = Vec::new();
        for client in &mut clients {
            let status = client.process.wait(Duration::from_secs(90))?;
            let log = client.process.log();
            ensure!(status.code() == Some(1), "{status}:\n{log}");
            ensure!(log.contains("saved on this computer"), "{log}");
            let summary: serde_json::Value = serde_json::from_str(&client.process.output()?)?;
            ensure!(summary["completed"] == true, "{summary}");
            sessions.push(summary["session"].as_str().context("a session")?.to_owned());
        }
        // The same lab is back: what was left is sent, and judged.
        let lab = Lab::start_at(directory.path(), &experiment(1), lab.address)?;
        for client in &clients {
            let data = client.data.to_str().context("a path of ours is text")?;
            says(&dyad(&["spool", "send", "--data", data])?, 0, &["received"])?;
            says(&dyad(&["spool", "list", "--data", data])?, 0, &["0 records"])?;
        }
        let verdicts = lab.verdicts("test", &sessions[0], 1)?;
        ensure!(verdicts[0]["verdict"]["verdict"] == "identical", "{verdicts:?}");
        Ok(())
    });
}

/// Play does not need the lab. When it is back it knows its participants, hears their reports, takes
/// their records and judges them, though it has forgotten that they were playing.
#[test]
fn a_lab_that_is_back_before_the_game_is_over() {
    run_test("trouble::a_lab_that_is_back_before_the_game_is_over", || {
        let directory = tempfile::tempdir()?;
        let mut lab = Lab::start(directory.path(), &experiment(2))?;
        let mut clients = [idle(&lab, "a")?, idle(&lab, "b")?];
        for client in &clients {
            client.wait_for_rows(30, Duration::from_secs(30))?;
        }
        lab.process.kill()?;
        let lab = Lab::start_at(directory.path(), &experiment(2), lab.address)?;
        let summaries = games::finish_within(Duration::from_secs(120), &lab, &mut clients, 2)
            .with_context(|| lab.process.log())?;
        for summary in &summaries {
            ensure!(summary.count("interruptions")? == 0, "{}", summary.json);
        }
        // Somebody reported after the restart, and was believed.
        let page = lab.data.join("test").join(summaries[0].text("session")?).join("session.json");
        let page: serde_json::Value = serde_json::from_slice(&fs::read(page)?)?;
        let on_disk = page["on_disk"].as_array().context("what was said")?;
        let late = on_disk.iter().filter(|it| it["episode"] == 1).count();
        ensure!(late > 0, "{page}");
        Ok(())
    });
}

#[test]
fn a_disk_that_is_full() {
    run_test("trouble::a_disk_that_is_full", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        // Room for the beginning of a game, not for the whole.
        let play = ["--headless", "--policy", "random"];
        let mut clients = [lab.client_on_small_disk("a", 4, &play)?, idle(&lab, "b")?];
        let [full, partner] = &mut clients;
        let status = full.process.wait(Duration::from_secs(90))?;
        let log = full.process.log();
        ensure!(status.code() == Some(1), "{status}:\n{log}");
        ensure!(log.contains("make room on the disk") && !log.contains("panicked"), "{log}");
        let status = partner.process.wait(Duration::from_secs(60))?;
        let log = partner.process.log();
        ensure!(status.code() == Some(1) && log.contains("your partner left"), "{status}: {log}");
        Ok(())
    });
}

#[test]
fn a_data_directory_that_cannot_be_made() {
    run_test("trouble::a_data_directory_that_cannot_be_made", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let file = directory.path().join("file");
        fs::write(&file, "in the way")?;
        let data = file.join("data");
        let data = data.to_str().context("a path of ours is text")?;
        let play = ["--headless", "--policy", "idle", "--data", data];
        let arguments: Vec<&str> = ["join", &lab.link].into_iter().chain(play).collect();
        let partner = idle(&lab, "b")?;
        says(&dyad(&arguments)?, 1, &["cannot make the directory"])?;
        drop(partner);
        Ok(())
    });
}
