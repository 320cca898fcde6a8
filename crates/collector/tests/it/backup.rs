//! Backups, and what is made of them again.

use crate::store::{enrolled, put, settle};
use crate::support::{Record, name, play, token};
use dyad_collector::Store;
use dyad_collector::backup::{BackupError, Saved, backup};
use dyad_collector::fsck::fsck;
use std::fs::{self, File};

#[test]
fn a_backup_of_a_running_store_is_whole_and_can_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let [data, file, back] = ["data", "backup.tar", "back"].map(|name| folder.path().join(name));
    let mut store = enrolled(&data);
    let records = play();
    for record in &records[..3] {
        put(&mut store, record).unwrap();
    }
    settle(&mut store);
    put(&mut store, &Record::new(name("p-a", 0), b"another".to_vec())).unwrap_err();
    settle(&mut store);
    fs::write(data.join("journal.jsonl"), "of the lab\n").unwrap();
    // The store is open meanwhile, and goes on after it.
    let besides = ["journal.jsonl", "not-there"];
    assert_eq!(backup(&data, &file, &besides).unwrap(), Saved { sessions: 1, records: 3 });
    put(&mut store, &records[3]).unwrap();
    let before = fs::read(data.join("study/s-1/session.json")).unwrap();
    let key = store.key().public();
    drop(store);

    tar::Archive::new(File::open(&file).unwrap()).unpack(&back).unwrap();
    assert_eq!(fs::read(back.join("journal.jsonl")).unwrap(), b"of the lab\n");
    let mut store = Store::open(&back, 99).unwrap();
    assert_eq!(store.key().public(), key, "its receipts stay good");
    assert!(store.authorise(&token("p-b"), &records[2].name).is_ok());
    for record in &records[..3] {
        assert_eq!(store.find(&record.name).unwrap().unwrap().received_ms, 42);
    }
    assert_eq!(store.find(&records[3].name).unwrap(), None, "it came later");
    settle(&mut store);
    assert_eq!(fs::read(back.join("study/s-1/session.json")).unwrap(), before);
    assert_eq!(
        fs::read(back.join("study/s-1/room/p-b_ep0.csv")).unwrap(),
        fs::read(data.join("study/s-1/room/p-b_ep0.csv")).unwrap()
    );
    drop(store);
    let check = fsck(&back, 100).unwrap();
    assert!(check.is_good() && check.good == 3 && check.repaired.is_empty(), "{check:?}");
    assert_eq!(check.notes.len(), 1, "the record that contradicts is there: {check:?}");
}

#[test]
fn there_is_no_backup_of_a_damaged_store_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let [data, file] = ["data", "backup.tar"].map(|name| folder.path().join(name));
    assert!(matches!(backup(&data, &file, &[]), Err(BackupError::NoStore(_))));
    let mut store = enrolled(&data);
    put(&mut store, &play()[0]).unwrap();
    drop(store);
    backup(&data, &file, &[]).unwrap();
    let before = fs::read(&file).unwrap();
    assert!(matches!(backup(&data, &file, &[]), Err(BackupError::AlreadyThere(_))));
    assert_eq!(fs::read(&file).unwrap(), before);
    let bundle = data.join("_bundles/s-1/room/p-a_ep0.tar");
    fs::write(&bundle, b"changed").unwrap();
    let other = folder.path().join("other.tar");
    let refused = backup(&data, &other, &[]).unwrap_err().to_string();
    assert!(refused.contains("p-a_ep0.tar is not as it was received"), "{refused}");
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2, "nothing that was begun is left");
}
