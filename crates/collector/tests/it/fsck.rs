//! `fsck`: what is repaired, what is named, and with which exit code.

use crate::store::{enrolled, put, settle};
use crate::support::{play, registration};
use dyad_collector::Store;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A store with four records.
fn whole() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    for record in play() {
        put(&mut store, &record).unwrap();
    }
    settle(&mut store);
    folder
}

fn check(folder: &Path) -> (Option<i32>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_dyad-collector"));
    let output = program.arg("fsck").arg(folder).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// What has to be said, and nothing else of its kind.
fn expect(folder: &Path, code: i32, words: &[&str]) {
    let (found, said) = check(folder);
    assert_eq!(found, Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is missing in:\n{said}");
    }
}

const A0: &str = "_bundles/s-1/room/p-a_ep0.tar";
const COMPANIONS: [&str; 3] = ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"];

fn lose_index(folder: &Path) {
    COMPANIONS.iter().for_each(|file| drop(fs::remove_file(folder.join(file))));
}

/// All files, apart from those by which a database is looked at.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.to_string_lossy().contains("index.sqlite-") {
                files.insert(path.to_string_lossy().into_owned(), fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_whole_store_is_good_and_left_alone() {
    let folder = whole();
    let before = files(folder.path());
    expect(folder.path(), 0, &["4 records are as they were received, 0 things are wrong"]);
    assert_eq!(files(folder.path()), before);
}

#[test]
fn what_is_lost_or_changed_is_named_and_left() {
    let folder = whole();
    let bundle = folder.path().join(A0);
    let good = fs::read(&bundle).unwrap();
    fs::write(&bundle, &good[..good.len() - 512]).unwrap();
    expect(
        folder.path(),
        1,
        &[&format!("WRONG: {A0} has {} bytes", good.len() - 512), "3 records"],
    );
    let mut changed = good.clone();
    changed[700] ^= 1;
    fs::write(&bundle, &changed).unwrap();
    expect(folder.path(), 1, &[&format!("WRONG: {A0} is not what was received")]);
    assert_eq!(fs::read(&bundle).unwrap(), changed, "nothing is overwritten");
    fs::remove_file(&bundle).unwrap();
    expect(folder.path(), 1, &[&format!("WRONG: {A0} has a receipt, but is missing")]);
    // The client whose record it is has it still, or somebody has a backup.
    fs::write(&bundle, good).unwrap();
    expect(folder.path(), 0, &["4 records"]);
}

#[test]
fn a_lost_or_damaged_index_is_made_again() {
    let folder = whole();
    lose_index(folder.path());
    expect(
        folder.path(),
        0,
        &["repaired: index.sqlite was missing", "session s-1", A0, "4 records"],
    );
    expect(folder.path(), 0, &["4 records"]);
    let index = folder.path().join("index.sqlite");
    let rubbish = b"this is no database, whatever its name says".repeat(100);
    lose_index(folder.path());
    fs::write(&index, &rubbish).unwrap();
    assert!(Store::open(folder.path(), 1).is_err(), "a lab does not start on it");
    expect(folder.path(), 0, &["repaired: index.sqlite was damaged", "damaged-1", "4 records"]);
    assert_eq!(fs::read(folder.path().join("index.sqlite.damaged-1")).unwrap(), rubbish);
    // Somewhere in the middle.
    drop(Store::open(folder.path(), 1).unwrap());
    let mut bytes = fs::read(&index).unwrap();
    bytes[4096..6000].fill(0xa5);
    lose_index(folder.path());
    fs::write(&index, &bytes).unwrap();
    expect(folder.path(), 0, &["damaged-2", "4 records"]);
}

#[test]
fn a_half_copied_folder_is_named_precisely() {
    let folder = whole();
    fs::remove_dir_all(folder.path().join("_bundles")).unwrap();
    expect(folder.path(), 1, &["0 records are as they were received, 4 things are wrong", A0]);
    let folder = whole();
    fs::remove_dir_all(folder.path().join("_sessions")).unwrap();
    lose_index(folder.path());
    expect(folder.path(), 1, &["nothing is known of session s-1", "copy that file"]);
    let folder = whole();
    // The database without its log of writes, which a copy while a lab runs may lack.
    fs::write(folder.path().join("index.sqlite"), b"").unwrap();
    for companion in &COMPANIONS[1..] {
        fs::remove_file(folder.path().join(companion)).ok();
    }
    expect(folder.path(), 0, &["4 records"]);
}

#[test]
fn what_is_no_store_or_not_ours_is_left_alone() {
    let empty = tempfile::tempdir().unwrap();
    expect(empty.path(), 2, &["no folder of records"]);
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
    let folder = whole();
    let store = Store::open(folder.path(), 1).unwrap();
    expect(folder.path(), 2, &["another program uses this folder"]);
    drop(store);
    let database = rusqlite::Connection::open(folder.path().join("index.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 2).unwrap();
    drop(database);
    let before = files(folder.path());
    expect(folder.path(), 2, &["format 2", "use a newer one"]);
    assert_eq!(files(folder.path()), before);
    assert_eq!(registration().session.as_str(), "s-1");
}
