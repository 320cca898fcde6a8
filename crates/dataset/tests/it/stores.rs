//! A store is checked as a whole, and read while a lab is running.

use crate::exports::{export_to, files, findings, folder};
use crate::support::{finished, make_store, mixed, play, registration};
use dyad_collector::store::digest;
use dyad_collector::{Store, snapshot::Snapshot};
use dyad_dataset::{Options, parallel, verify};
use dyad_protocol::Token;
use dyad_protocol::records::RecordName;
use std::fs;

#[test]
fn a_good_store_verifies_and_is_left_alone() {
    let folder = folder(&mixed(7));
    let store = folder.path().join("store");
    let before = files(&store);
    let check = verify(&store, parallel::cores(), &|_, _| {}).unwrap();
    assert!(check.is_good() && check.notes.is_empty(), "{check:?}");
    assert_eq!((check.what, check.episodes.len()), ("store", 14));
    assert_eq!(check.episodes[0].verdict, "identical (40 rows)");
    assert!(check.frames > 900, "{}", check.frames);
    let mut after = files(&store);
    // Reading a database that is kept with a log of writes leaves its empty companions.
    after.retain(|path, bytes| {
        !path.starts_with("index.sqlite-") || before.get(path) == Some(bytes)
    });
    let mut before = before;
    before.retain(|path, _| !path.starts_with("index.sqlite-"));
    after.retain(|path, _| !path.starts_with("index.sqlite-"));
    assert_eq!(after, before);
}

#[test]
fn a_flipped_byte_in_any_record_is_found_and_named() {
    let folder = folder(&mixed(3));
    let store = folder.path().join("store");
    for (path, bytes) in files(&store) {
        if path.starts_with("index.sqlite") || path == "lock" {
            continue;
        }
        for at in [0, bytes.len() / 3, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 2;
            fs::write(store.join(&path), changed).unwrap();
            let found = findings(&store);
            let named = found.iter().any(|it| it.starts_with(&format!("{path}: ")));
            assert!(named, "byte {at} of {path}: {found:?}");
        }
        fs::write(store.join(&path), &bytes).unwrap();
    }
    assert_eq!(findings(&store), [""; 0]);
}

#[test]
fn a_changed_index_is_found() {
    let folder = folder(&finished(1, 20, 1));
    let store = folder.path().join("store");
    let database = rusqlite::Connection::open(store.join("index.sqlite")).unwrap();
    let verdict = r#"{"verdict":"prefix","rows":3}"#;
    database.execute("UPDATE verdicts SET verdict = ?", [verdict]).unwrap();
    let found = findings(&store);
    let says = "it says prefix 3, the records say identical (20 rows)";
    assert!(
        found.iter().any(|it| it.starts_with("index.sqlite: ") && it.ends_with(says)),
        "{found:?}"
    );
    database.pragma_update(None, "user_version", 99).unwrap();
    let refused = verify(&store, parallel::cores(), &|_, _| {}).unwrap_err().to_string();
    assert!(refused.contains("the store has format 99"), "{refused}");
    let refused = export_to(folder.path(), "out", &Options::default()).unwrap_err().to_string();
    assert!(refused.contains("use a newer one"), "{refused}");
}

#[test]
fn a_running_lab_is_exported_as_it_was_at_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let plans = finished(6, 30, 1);
    make_store(&path, &plans[..2]);
    // The lab has the store open, and goes on receiving while exports run.
    let mut store = Store::open(&path, 0).unwrap();
    for (at, plan) in plans.iter().enumerate().skip(2) {
        let registration = registration(plan);
        for participant in &registration.participants {
            let token: Token = format!("t-{participant}").parse().unwrap();
            assert!(store.enrol(participant, &token, 0).unwrap());
        }
        store.register(&registration, 0).unwrap();
        for (count, bundle) in play(plan).into_iter().enumerate() {
            let name = RecordName {
                session: registration.session.clone(),
                scene: registration.scene.clone(),
                participant: bundle.participant.clone(),
                episode: bundle.episode,
            };
            let bytes = bundle.pack().unwrap();
            store.put(&name, &digest(&bytes), &bytes, 5).unwrap();
            let out = format!("out{at}-{count}");
            export_to(folder.path(), &out, &Options::default()).unwrap();
            assert_eq!(findings(&folder.path().join(&out)), [""; 0]);
            let check = verify(&path, parallel::cores(), &|_, _| {}).unwrap();
            assert!(check.is_good(), "{check:?}");
            assert!(check.notes.iter().all(|note| note.contains("not unpacked yet")), "{check:?}");
        }
    }
    let snapshot = Snapshot::read(&path).unwrap();
    assert_eq!(snapshot.sessions.len(), 6);
}

#[test]
fn a_store_that_was_closed_well_is_read() {
    let folder = folder(&finished(1, 20, 1));
    let store = folder.path().join("store");
    for companion in ["index.sqlite-wal", "index.sqlite-shm"] {
        drop(fs::remove_file(store.join(companion)));
    }
    assert_eq!(findings(&store), [""; 0]);
}
