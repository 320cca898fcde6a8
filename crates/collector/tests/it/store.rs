//! The store itself: receipts, crashes, faults of the disk.

use crate::support::{EPISODES, Record, name, play, registration, token};
use dyad_collector::files::{Disk, Files};
use dyad_collector::store::Fate;
use dyad_collector::{AccessError, Notice, PutError, Store, StoreError};
use dyad_protocol::ParticipantId;
use dyad_protocol::records::Verdict;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) fn enrolled(folder: &Path) -> Store {
    let mut store = Store::open(folder, 1).unwrap();
    for participant in registration().participants {
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
    assert_eq!(page["participants"], serde_json::json!(["p-a", "p-b"]));
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
    for participant in &other.participants {
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
    for participant in &other.participants {
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

/// Files whose writing fails at a chosen call, before or after the deed.
pub(crate) struct Faulty {
    pub(crate) disk: Disk,
    pub(crate) calls: Arc<AtomicU32>,
    pub(crate) fail_at: u32,
    pub(crate) after: bool,
}

impl Faulty {
    fn attempt(&mut self, act: impl FnOnce(&mut Disk) -> io::Result<()>) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let full = || Err(io::Error::from(io::ErrorKind::StorageFull));
        if call != self.fail_at {
            return act(&mut self.disk);
        }
        if self.after { act(&mut self.disk).and_then(|()| full()) } else { full() }
    }
}

impl Files for Faulty {
    fn create(&mut self, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.attempt(|disk| disk.create(key, bytes))
    }
    fn replace(&mut self, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.attempt(|disk| disk.replace(key, bytes))
    }
    fn append(&mut self, key: &str, bytes: &[u8], most: u64) -> io::Result<()> {
        self.attempt(|disk| disk.append(key, bytes, most))
    }
    fn exists(&self, key: &str) -> io::Result<bool> {
        self.disk.exists(key)
    }
    fn read(&self, key: &str) -> io::Result<Vec<u8>> {
        self.disk.read(key)
    }
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }
}

#[test]
fn a_failing_disk_never_gives_a_false_receipt() {
    let records = play();
    for after in [false, true] {
        for fail_at in 0.. {
            let folder = tempfile::tempdir().unwrap();
            drop(enrolled(folder.path()));
            let calls = Arc::new(AtomicU32::new(0));
            let disk = Disk::open(folder.path()).unwrap();
            let faulty = Faulty { disk, calls: Arc::clone(&calls), fail_at, after };
            let index = folder.path().join("index.sqlite");
            let mut store = Store::with(Box::new(faulty), &index, 1).unwrap();
            let acknowledged: Vec<_> =
                records.iter().map(|record| put(&mut store, record).is_ok()).collect();
            settle(&mut store);
            drop(store);
            let mut store = Store::open(folder.path(), 50).unwrap();
            settle(&mut store);
            for (record, acknowledged) in records.iter().zip(acknowledged) {
                let found = store.find(&record.name).unwrap();
                assert!(found.is_some() || !acknowledged, "call {fail_at}: {:?}", record.name);
                put(&mut store, record).unwrap();
            }
            settle(&mut store);
            let page = std::fs::read_to_string(folder.path().join("study/s-1/session.json"));
            let whole = page.unwrap().matches("identical (20 rows)").count();
            assert_eq!(whole, 2, "call {fail_at} of the disk");
            if calls.load(Ordering::Relaxed) <= fail_at {
                assert!(fail_at > 4, "the fault was never injected");
                break;
            }
        }
    }
}
