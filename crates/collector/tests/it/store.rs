//! The store itself: receipts, conflicts, what is repaired.

use crate::support::{EPISODES, Record, name, play, registration, token};
use dyad_collector::store::Fate;
use dyad_collector::{AccessError, Notice, PutError, Store, StoreError, Upload};
use dyad_protocol::ParticipantId;
use dyad_protocol::records::Verdict;
use std::path::Path;

pub(crate) fn enrolled(folder: &Path) -> Store {
    let mut store = Store::open(folder, 1).unwrap();
    for participant in registration().players {
        assert!(store.enrol(&participant, &token(participant.as_str()), 1).unwrap());
    }
    store.register(&registration(), 1).unwrap();
    store
}

pub(crate) fn put(store: &mut Store, record: &Record) -> Result<u64, PutError> {
    store.put(&record.name, &record.digest, &record.bundle, 42).map(|receipt| receipt.received_ms)
}

pub(crate) fn settle(store: &mut Store) -> Vec<Notice> {
    let mut notices = Vec::new();
    while store.settle_next(&mut |notice| notices.push(notice)) {}
    notices
}

#[test]
fn a_receipt_outlives_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let records = play();
    let mut store = enrolled(folder.path());
    assert_eq!(put(&mut store, &records[0]).unwrap(), 42);
    drop(store);
    let mut store = Store::open(folder.path(), 50).unwrap();
    assert_eq!(put(&mut store, &records[0]).unwrap(), 42, "the same receipt again");
    let found = store.find(&records[0].name).unwrap().unwrap();
    assert_eq!(found.digest, records[0].digest);
    assert_eq!(store.find(&records[1].name).unwrap(), None);
    assert!(store.authorise(&token("p-a"), &records[0].name).is_ok());
}

#[test]
fn two_records_under_one_name_are_both_kept() {
    let folder = tempfile::tempdir().unwrap();
    let record = &play()[0];
    let mut store = enrolled(folder.path());
    put(&mut store, record).unwrap();
    for (number, fate) in [(1, Fate::Kept), (1, Fate::Kept), (2, Fate::Kept), (3, Fate::Kept)]
        .into_iter()
        .chain([(4, Fate::Kept), (5, Fate::Dropped)])
    {
        let other = Record::new(record.name.clone(), vec![number; 100]);
        let Err(PutError::Conflict { stored, fate: found }) = put(&mut store, &other) else {
            panic!("record {number} was taken");
        };
        assert_eq!((stored, found), (record.digest.clone(), fate), "record {number}");
    }
    assert_eq!(put(&mut store, record).unwrap(), 42, "the first one counts");
    drop(store);
    let store = Store::open(folder.path(), 50).unwrap();
    assert_eq!(store.find(&record.name).unwrap().unwrap().digest, record.digest);
}

#[test]
fn a_wrong_digest_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let records = play();
    let mut store = enrolled(folder.path());
    let swapped = store.put(&records[0].name, &records[1].digest, &records[0].bundle, 1);
    assert!(matches!(swapped, Err(PutError::Digest { .. })));
    assert_eq!(store.find(&records[0].name).unwrap(), None);
}

#[test]
fn people_have_access_to_what_is_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let stranger: ParticipantId = "p-c".parse().unwrap();
    store.enrol(&stranger, &token("p-c"), 1).unwrap();
    assert!(!store.enrol(&stranger, &token("p-d"), 1).unwrap(), "the pseudonym is taken");
    let other: ParticipantId = "p-d".parse().unwrap();
    assert!(!store.enrol(&other, &token("p-c"), 1).unwrap(), "the token is taken");
    assert!(store.authorise(&token("p-a"), &name("p-a", 0)).is_ok());
    let unknown = store.authorise(&token("p-x"), &name("p-a", 0));
    assert!(matches!(unknown, Err(AccessError::UnknownToken)));
    let mut elsewhere = name("p-a", 0);
    elsewhere.scene = "other".parse().unwrap();
    let mut another = name("p-a", 0);
    another.session = "s-2".parse().unwrap();
    for (who, what) in [
        ("p-a", name("p-b", 0)),
        ("p-c", name("p-c", 0)),
        ("p-a", name("p-a", EPISODES)),
        ("p-a", elsewhere),
        ("p-a", another),
    ] {
        let refused = store.authorise(&token(who), &what);
        assert!(matches!(refused, Err(AccessError::NotTheirs)), "{who}: {what:?}");
    }
    assert!(store.register(&registration(), 2).is_err(), "a session is registered once");
}

#[test]
fn the_verdict_comes_with_the_last_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let records = play();
    let [a0, a1, b0, b1] = &records[..] else { panic!("two people, two episodes") };
    for record in [a0, a1] {
        put(&mut store, record).unwrap();
    }
    assert_eq!(settle(&mut store), []);
    // The last one comes after a restart.
    put(&mut store, b0).unwrap();
    drop(store);
    let mut store = Store::open(folder.path(), 50).unwrap();
    let judged = |episode| Notice::Judged {
        session: registration(),
        episode,
        verdict: Verdict::Identical { rows: 20 },
    };
    assert_eq!(settle(&mut store), [judged(0)]);
    put(&mut store, b1).unwrap();
    assert_eq!(settle(&mut store), [judged(1)]);
    let session = folder.path().join("study/s-1");
    let read = |name: &str| std::fs::read(session.join("room").join(name)).unwrap();
    assert_eq!(read("p-a_ep1.csv"), read("p-b_ep1.csv"));
    assert_eq!(read("p-a_ep0.dlog"), read("p-b_ep0.dlog"));
    assert_eq!(read("local/p-b_ep1.csv"), b"frame\n");
    let page = std::fs::read_to_string(session.join("session.json")).unwrap();
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page["players"], serde_json::json!(["p-a", "p-b"]));
    assert_eq!(page["keys"], serde_json::json!(registration().keys));
    assert_eq!(page["episodes"][1]["verdict"]["verdict"], "identical");
    assert_eq!(page["episodes"][1]["summary"], "identical (20 rows)");
    assert_eq!(page["episodes"][0]["records"][1]["participant"], "p-b");
}

#[test]
fn records_of_another_game_are_no_records_of_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), 1).unwrap();
    let mut other = registration();
    other.game = "00".repeat(32).parse().unwrap();
    for participant in &other.players {
        store.enrol(participant, &token(participant.as_str()), 1).unwrap();
    }
    store.register(&other, 1).unwrap();
    for record in play().iter().filter(|record| record.name.episode == 0) {
        put(&mut store, record).unwrap();
    }
    let notices = settle(&mut store);
    let [Notice::Judged { verdict: Verdict::Invalid { message }, .. }] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert!(message.contains("other settings"), "{message}");
}

#[test]
fn signatures_by_keys_that_the_lab_does_not_know_are_worth_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), 1).unwrap();
    let mut other = registration();
    // Somebody who made all keys could have made up the whole session.
    other.keys[1] = other.keys[0];
    for participant in &other.players {
        store.enrol(participant, &token(participant.as_str()), 1).unwrap();
    }
    store.register(&other, 1).unwrap();
    for record in play().iter().filter(|record| record.name.episode == 0) {
        put(&mut store, record).unwrap();
    }
    let notices = settle(&mut store);
    let [Notice::Judged { session, verdict: Verdict::Invalid { message }, .. }] = &notices[..]
    else {
        panic!("{notices:?}");
    };
    assert_eq!(*session, other);
    assert!(message.contains("other keys than the lab registered"), "{message}");
}

#[test]
fn rubbish_is_kept_and_found_invalid() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    put(&mut store, &Record::new(name("p-a", 0), b"no tar at all".to_vec())).unwrap();
    put(&mut store, &play()[2]).unwrap();
    let notices = settle(&mut store);
    let invalid =
        |notice: &Notice| matches!(notice, Notice::Judged { verdict: Verdict::Invalid { .. }, .. });
    assert!(matches!(&notices[..], [notice] if invalid(notice)), "{notices:?}");
}

#[test]
fn a_bundle_without_a_row_gets_one() {
    let folder = tempfile::tempdir().unwrap();
    let records = play();
    let mut store = enrolled(folder.path());
    put(&mut store, &records[0]).unwrap();
    drop(store);
    // What a crash between renaming and commit leaves.
    let bundles = folder.path().join("_bundles/s-1/room");
    std::fs::write(bundles.join("p-b_ep0.tar"), &records[2].bundle).unwrap();
    let mut store = Store::open(folder.path(), 77).unwrap();
    let found = store.find(&records[2].name).unwrap().unwrap();
    assert_eq!((found.digest, found.received_ms), (records[2].digest.clone(), 77));
    assert_eq!(settle(&mut store).len(), 1, "and its episode a verdict");
}

#[test]
fn a_bundle_that_vanished_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let record = &play()[0];
    let mut store = enrolled(folder.path());
    put(&mut store, record).unwrap();
    std::fs::remove_file(folder.path().join("_bundles/s-1/room/p-a_ep0.tar")).unwrap();
    assert_eq!(store.find(&record.name).unwrap(), None);
    assert_eq!(put(&mut store, record).unwrap(), 42);
    assert!(store.find(&record.name).unwrap().is_some());
}

#[test]
fn a_store_has_one_owner_and_a_known_format() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), 1).unwrap();
    assert!(matches!(Store::open(folder.path(), 1), Err(StoreError::InUse)));
    drop(store);
    let database = rusqlite::Connection::open(folder.path().join("index.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let Err(StoreError::Index(error)) = Store::open(folder.path(), 1) else { panic!("opened") };
    assert!(error.to_string().contains("format 99"), "{error}");
}

#[test]
fn what_comes_together_is_answered_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let records = play();
    put(&mut store, &records[3]).unwrap();
    let other = Record::new(records[0].name.clone(), b"another".to_vec());
    let broken = Record {
        digest: records[1].digest.clone(),
        ..Record::new(records[2].name.clone(), vec![1])
    };
    let sent = [&records[0], &records[1], &records[0], &other, &broken, &records[3]];
    let uploads = sent.map(|it| Upload::of(&it.name, &it.digest, &it.bundle));
    let answers = store.put_all(&uploads, 50);
    let received: Vec<Option<u64>> =
        answers.iter().map(|it| it.as_ref().ok().map(|it| it.received_ms)).collect();
    assert_eq!(received, [Some(50), Some(50), Some(50), None, None, Some(42)]);
    let Err(PutError::Conflict { stored, fate: Fate::Kept }) = &answers[3] else { panic!() };
    assert_eq!(*stored, records[0].digest);
    assert!(matches!(answers[4], Err(PutError::Digest { .. })));
    assert_eq!(store.find(&broken.name).unwrap(), None);
}

#[test]
fn a_conflict_stands_in_the_sessions_page() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    for record in play() {
        put(&mut store, &record).unwrap();
    }
    settle(&mut store);
    let other = Record::new(name("p-b", 1), b"another".to_vec());
    put(&mut store, &other).unwrap_err();
    settle(&mut store);
    let page = std::fs::read(folder.path().join("study/s-1/session.json")).unwrap();
    let page: serde_json::Value = serde_json::from_slice(&page).unwrap();
    assert_eq!(page["episodes"][1]["records"][1]["conflicts"], serde_json::json!([other.digest]));
    assert_eq!(page["episodes"][1]["records"][0]["conflicts"], serde_json::Value::Null);
    assert_eq!(page["episodes"][1]["verdict"]["verdict"], "identical");
}

#[test]
fn a_bundle_that_was_cut_off_is_asked_for_again_and_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let record = &play()[0];
    let mut store = enrolled(folder.path());
    put(&mut store, record).unwrap();
    let path = folder.path().join("_bundles/s-1/room/p-a_ep0.tar");
    std::fs::write(&path, &record.bundle[..100]).unwrap();
    assert_eq!(store.find(&record.name).unwrap(), None);
    assert_eq!(put(&mut store, record).unwrap(), 42);
    assert_eq!(std::fs::read(&path).unwrap(), record.bundle);
    let aside = std::fs::read_dir(path.parent().unwrap()).unwrap().flatten();
    let aside = aside.filter(|it| it.file_name().to_string_lossy().contains(".damaged-"));
    assert_eq!(aside.count(), 1);
}

#[test]
fn an_index_that_is_lost_is_made_again_from_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let records = play();
    let mut store = enrolled(folder.path());
    put(&mut store, &records[0]).unwrap();
    put(&mut store, &records[2]).unwrap();
    let key = store.key().public();
    drop(store);
    for file in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        std::fs::remove_file(folder.path().join(file)).ok();
    }
    let mut store = Store::open(folder.path(), 60).unwrap();
    assert_eq!(store.key().public(), key);
    assert!(store.authorise(&token("p-b"), &name("p-b", 1)).is_ok());
    let found = store.find(&records[2].name).unwrap().unwrap();
    assert_eq!((&found.digest, found.received_ms), (&records[2].digest, 60));
    let notices = settle(&mut store);
    assert!(matches!(&notices[..], [Notice::Judged { episode: 0, .. }]), "{notices:?}");
}
