//! Data that are taken back: gone for good, and refused when they come again.

use crate::http::Server;
use crate::store::{enrolled, put, settle};
use crate::support::{name, play, token};
use dyad_collector::backup::{Saved, backup};
use dyad_collector::fsck::fsck;
use dyad_collector::{AccessError, Snapshot, Store};
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a folder in whose path the session is, or that hold its name.
fn traces(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().contains("s-1") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn games_are_deleted_with_the_partners_records_and_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    let [data, old] = ["data", "old.tar"].map(|it| folder.path().join(it));
    let mut store = enrolled(&data);
    let records = play();
    for record in &records {
        put(&mut store, record).unwrap();
    }
    settle(&mut store);
    assert!(traces(&data).len() > 8, "{:?}", traces(&data));
    assert_eq!(backup(&data, &old, &[]).unwrap(), Saved { sessions: 1, records: 4 });

    let who = "p-a".parse().unwrap();
    let tombstone = store.withdraw(&who, true, 77).unwrap();
    assert_eq!((tombstone.at, tombstone.sessions.len()), (77, 1));
    assert_eq!(store.withdraw(&who, true, 99).unwrap(), tombstone, "twice does no harm");
    for _ in 0..2 {
        assert_eq!(traces(&data), Vec::<PathBuf>::new());
        assert_eq!(Snapshot::read(&data).unwrap().sessions, []);
        for participant in ["p-a", "p-b"] {
            let access = store.authorise(&token(participant), &name(participant, 0));
            assert!(matches!(access, Err(AccessError::Withdrawn)), "{access:?}");
        }
        let others = store.authorise(&token("p-a"), &name("p-b", 0));
        assert!(matches!(others, Err(AccessError::NotTheirs)), "{others:?}");
        drop(store);
        store = Store::open(&data, 5).unwrap();
    }
    drop(store);
    let check = fsck(&data, 6).unwrap();
    assert!(check.is_good() && check.good == 0, "{check:?}");
    assert!(check.notes.iter().any(|note| note.contains("p-a has withdrawn")), "{check:?}");

    // A backup from before does not bring them back beside the tombstone.
    let new = folder.path().join("new.tar");
    assert_eq!(backup(&data, &new, &[]).unwrap(), Saved { sessions: 0, records: 0 });
    let back = folder.path().join("back");
    for archive in [&old, &new] {
        tar::Archive::new(fs::File::open(archive).unwrap()).unpack(&back).unwrap();
    }
    drop(Store::open(&back, 7).unwrap());
    assert_eq!(traces(&back), Vec::<PathBuf>::new());
}

#[test]
fn a_withdrawal_that_was_interrupted_is_finished_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let [data, elsewhere] = ["data", "elsewhere"].map(|it| folder.path().join(it));
    for data in [&data, &elsewhere] {
        let mut store = enrolled(data);
        for record in &play() {
            put(&mut store, record).unwrap();
        }
        settle(&mut store);
        if data == &elsewhere {
            store.withdraw(&"p-b".parse().unwrap(), true, 1).unwrap();
        }
    }
    // As far as the tombstone.
    fs::create_dir(data.join("_withdrawn")).unwrap();
    let tombstone = "_withdrawn/p-b.json";
    fs::copy(elsewhere.join(tombstone), data.join(tombstone)).unwrap();
    let store = Store::open(&data, 2).unwrap();
    assert!(store.is_withdrawn(&"s-1".parse().unwrap()));
    assert_eq!(traces(&data), Vec::<PathBuf>::new());
}

#[test]
fn games_stay_where_the_study_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    put(&mut store, &play()[0]).unwrap();
    let tombstone = store.withdraw(&"p-a".parse().unwrap(), false, 3).unwrap();
    assert!(tombstone.sessions.is_empty());
    assert!(store.find(&play()[0].name).unwrap().is_some());
    assert_eq!(store.tombstones().unwrap(), [tombstone]);
}

#[test]
fn who_still_has_a_record_is_told_to_delete_it() {
    let folder = tempfile::tempdir().unwrap();
    drop(enrolled(folder.path()));
    let mut store = Store::open(folder.path(), 1).unwrap();
    store.withdraw(&"p-a".parse().unwrap(), true, 1).unwrap();
    drop(store);
    let server = Server::start_as_it_is(folder.path());
    let record = &play()[2];
    let token = format!("token-of-{}", record.name.participant);
    let (status, body) = server.put(record, &token);
    assert!(status == 410 && body.contains("delete your copy"), "{status} {body}");
    server.stop();
}
