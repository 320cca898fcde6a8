//! Studies and computers that are not as usual: thirty scenes and no form, a data directory that cannot
//! be written to.

use anyhow::ensure;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;
use system_tests::namespace::run_test;
use system_tests::session::Lab;

const WITHIN: Duration = Duration::from_secs(60);

/// A short game with a program that does nothing.
const GAME: &str = "[[scene]]\nid = \"kitchen\"\nlayout = \"cramped_room\"\nmax_steps = 30\n\
                    countdown_seconds = 1\npartner = { kind = \"program\", policy = \"idle\" }\n";

#[test]
fn thirty_scenes_without_a_form_come_to_their_end() {
    run_test("bad_input::thirty_scenes_without_a_form_come_to_their_end", || {
        let directory = tempfile::tempdir()?;
        let mut study = "id = \"test\"\n".to_owned();
        for page in 0..29 {
            let text = format!("Page {page}. ").repeat(1 + page * 10);
            write!(study, "[[scene]]\nid = \"page-{page}\"\nkind = \"page\"\ntext = \"{text}\"\n")?;
            if page == 14 {
                study.push_str(GAME);
            }
        }
        let lab = Lab::start(directory.path(), &study)?;
        let mut client = lab.client("a", &["--headless", "--policy", "idle"])?;
        let summary = client.finish(WITHIN)?;
        ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
        let verdict = &lab.verdicts("test", summary.text("session")?, 1)?[0]["verdict"];
        ensure!(verdict["verdict"] == "identical" && verdict["rows"] == 30, "{verdict}");
        Ok(())
    });
}

#[test]
fn a_data_directory_that_cannot_be_is_named() {
    run_test("bad_input::a_data_directory_that_cannot_be_is_named", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &format!("id = \"test\"\n{GAME}"))?;
        // A file stands where the directory is to be.
        fs::write(directory.path().join("a"), "notes")?;
        let mut client = lab.client("a", &["--headless", "--policy", "idle"])?;
        let status = client.process.wait(WITHIN)?;
        let said = client.process.log();
        ensure!(status.code() == Some(1), "{status}: {said}");
        let name = client.data.display().to_string();
        ensure!(said.contains(&name) && !said.contains("panicked"), "{said}");
        ensure!(fs::read_to_string(directory.path().join("a"))? == "notes", "it was overwritten");
        Ok(())
    });
}
