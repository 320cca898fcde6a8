//! A store is checked as a whole, and read while a lab is running.

use crate::exports::{export_to, files, findings, folder};
use crate::support::{Fate, Plan, finished, make_store, mixed, play, registration};
use dyad_collector::store::digest;
use dyad_collector::{Store, snapshot::Snapshot};
use dyad_dataset::{Options, parallel, verify};
use dyad_protocol::Token;
use dyad_protocol::records::RecordName;
use std::fs;
use std::path::Path;

#[test]
fn a_good_store_verifies_and_is_left_alone() {
    let folder = folder(&mixed(7));
    let store = folder.path().join("store");
    let before = files(&store);
    let check = verify(&store, parallel::cores(), &|_, _| {}).unwrap();
    assert!(check.is_good(), "{check:?}");
    let missing = "session s-20261120-000000000004, episode 0: no record of p-000009; prefix 40";
    assert_eq!((check.notes.len(), check.notes[0].as_str()), (2, missing), "{check:?}");
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
        if path.starts_with("index.sqlite") || path == "lock" || path == "receipt-key" {
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

/// What a table says of a session's episodes: verdict, rows and whether they were finished.
fn episodes_of(dataset: &Path, session: u32) -> Vec<[String; 3]> {
    let path = dataset.join("data/description-episodes_data.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let rows = reader.records().map(Result::unwrap);
    let rows = rows.filter(|row| row[at("session")] == format!("s-20261120-{session:012x}"));
    rows.map(|row| ["verdict", "rows", "finished"].map(|name| row[at(name)].to_owned())).collect()
}

#[test]
fn sessions_that_end_early_because_somebody_is_away_are_whole() {
    let plan = |number, fate| Plan { number, fate, task: 0, max_steps: 40, episodes: 3 };
    let folder = folder(&[plan(0, Fate::Away), plan(1, Fate::AwayBetween)]);
    let store = folder.path().join("store");
    let check = verify(&store, parallel::cores(), &|_, _| {}).unwrap();
    assert!(check.is_good() && check.notes.is_empty(), "{check:?}");
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let out = folder.path().join("out");
    assert_eq!(findings(&out), [""; 0]);
    let episode = |rows: &str| ["identical", rows, "True"].map(str::to_owned);
    assert_eq!(episodes_of(&out, 0), [episode("30")]);
    assert_eq!(episodes_of(&out, 1), [episode("40"), episode("0")]);
    // All sides have sent all there is, so the books are closed long before anybody is late.
    let mut store = Store::open(&store, 0).unwrap();
    store.close_due(0, u64::MAX, &mut |_| {}).unwrap();
    drop(store);
    let page =
        fs::read_to_string(folder.path().join("store/study/s-20261120-000000000001/session.json"));
    let page: serde_json::Value = serde_json::from_str(&page.unwrap()).unwrap();
    assert_eq!((&page["closed_ms"], &page["episodes"][1]["is_last"]), (&0.into(), &true.into()));
    assert_eq!(findings(&folder.path().join("store")), [""; 0]);
}

#[test]
fn a_session_whose_books_were_closed_without_a_record_verifies() {
    let plan = Plan { number: 0, fate: Fate::OneSide, task: 0, max_steps: 40, episodes: 2 };
    let folder = folder(&[plan]);
    let path = folder.path().join("store");
    let mut store = Store::open(&path, 0).unwrap();
    store.close_due(u64::MAX, 1000, &mut |_| {}).unwrap();
    drop(store);
    let check = verify(&path, parallel::cores(), &|_, _| {}).unwrap();
    assert!(check.is_good() && check.notes.len() == 2, "{check:?}");
    let known = Snapshot::read(&path).unwrap().sessions.remove(0);
    assert_eq!(
        known.verdicts.iter().map(|(_, it)| it.to_string()).collect::<Vec<_>>(),
        ["prefix 40"; 2]
    );
    let database = rusqlite::Connection::open(path.join("index.sqlite")).unwrap();
    let verdict = r#"{"verdict":"prefix","rows":39}"#;
    database.execute("UPDATE verdicts SET verdict = ? WHERE episode = 1", [verdict]).unwrap();
    let found = findings(&path);
    assert!(
        found.iter().any(|it| it.ends_with("it says prefix 39, the records say prefix 40")),
        "{found:?}"
    );
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
        for (_, participant) in registration.people() {
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
            assert!(
                check
                    .notes
                    .iter()
                    .all(|note| note.contains("not unpacked yet") || note.contains("no record of")),
                "{check:?}"
            );
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
