//! What a lab has gathered from real games, checked from the logs and exported.

use crate::games::{experiment, finish_within};
use anyhow::{Context as _, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use system_tests::namespace::run_test;
use system_tests::session::{Lab, signalling};

const WITHIN: Duration = Duration::from_secs(90);

fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams.map(|stream| String::from_utf8_lossy(stream)).concat()
}

fn verify(folder: &Path) -> anyhow::Result<Output> {
    signalling(&["verify", folder.to_str().context("a path of ours is text")?])
}

/// Every file below a folder.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

#[test]
fn a_labs_store_and_its_dataset_are_as_they_were_recorded() {
    run_test("datasets::a_labs_store_and_its_dataset_are_as_they_were_recorded", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(2))?;
        let client =
            |name, seed| lab.client(name, &["--headless", "--policy", "random", "--seed", seed]);
        let mut pair = [client("a", "1")?, client("b", "2")?];
        finish_within(WITHIN, &lab, &mut pair, 2)?;

        // The lab is still running.
        let store = verify(&lab.data)?;
        ensure!(store.status.code() == Some(0), "{}", said(&store));
        let (first, second) = (directory.path().join("first"), directory.path().join("second"));
        for out in [&first, &second] {
            let out = out.to_str().context("a path of ours is text")?;
            let data = lab.data.to_str().context("a path of ours is text")?;
            let exported = signalling(&["export", data, "--to", out])?;
            ensure!(exported.status.success(), "{}", said(&exported));
        }
        let (one, other) = (files(&first)?, files(&second)?);
        ensure!(one.len() == other.len() && one.len() > 20, "{} files", one.len());
        for (one, other) in one.iter().zip(&other) {
            ensure!(fs::read(one)? == fs::read(other)?, "{} differs", one.display());
        }
        let dataset = verify(&first)?;
        ensure!(dataset.status.code() == Some(0), "{}", said(&dataset));

        // Wherever a byte is changed, the file is named.
        for path in one.iter().step_by(3) {
            let honest = fs::read(path)?;
            let mut forged = honest.clone();
            let middle = forged.len() / 2;
            let Some(byte) = forged.get_mut(middle) else { continue };
            *byte ^= 1;
            fs::write(path, &forged)?;
            let found = verify(&first)?;
            let name = path.file_name().context("a file has a name")?.to_string_lossy();
            ensure!(found.status.code() != Some(0), "{name}: a changed byte was not found");
            ensure!(said(&found).contains(&*name), "{name} is not named: {}", said(&found));
            fs::write(path, &honest)?;
        }
        Ok(())
    });
}
