//! The end of sessions: what is closed when, with which verdicts, and what late records change.

use crate::store::{enrolled, put, settle};
use crate::support::{Played, Record, name, play, play_until, registration};
use dyad_collector::{Notice, Store};
use dyad_protocol::records::Verdict;
use dyad_protocol::report::{ConnectionReport, Report, SignedBytes};
use serde_json::{Value, json};
use std::path::Path;

const AFTER: u64 = 1000;

fn page(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("study/s-1/session.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Looks for what is to be closed; the verdicts that were told.
fn close(store: &mut Store, now_ms: u64) -> Vec<(u16, String)> {
    let mut told = Vec::new();
    store.close_due(now_ms, AFTER, &mut |notice| told.push(notice)).unwrap();
    verdicts(told)
}

fn verdicts(told: Vec<Notice>) -> Vec<(u16, String)> {
    let verdict = |notice| match notice {
        Notice::Judged { episode, verdict, .. } => (episode, verdict.to_string()),
        other => panic!("{other:?}"),
    };
    told.into_iter().map(verdict).collect()
}

fn records<'a>(played: &'a Played, of: &[(&str, u16)]) -> Vec<&'a Record> {
    let find = |&(who, episode): &(&str, u16)| {
        played.records.iter().find(|record| record.name == name(who, episode)).unwrap()
    };
    of.iter().map(find).collect()
}

#[test]
fn books_are_closed_when_everybody_has_sent_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let records = play();
    for record in &records[..3] {
        put(&mut store, record).unwrap();
    }
    settle(&mut store);
    assert_eq!(close(&mut store, 43), []);
    assert_eq!(page(folder.path())["closed_ms"], Value::Null);
    put(&mut store, &records[3]).unwrap();
    assert_eq!(close(&mut store, 44), [], "not before it is settled");
    assert_eq!(page(folder.path())["closed_ms"], Value::Null);
    settle(&mut store);
    assert_eq!(close(&mut store, 45), [], "the verdicts are told already");
    assert_eq!(page(folder.path())["closed_ms"], 45);
    drop(store);
    let mut store = Store::open(folder.path(), 50).unwrap();
    assert_eq!(close(&mut store, u64::MAX), []);
    assert_eq!(page(folder.path())["closed_ms"], 45, "once");
}

#[test]
fn a_deadline_gives_every_episode_the_verdict_that_its_records_allow() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    // The first episode is whole on one side, the second one is cut off.
    let played = play_until(40);
    for record in records(&played, &[("p-a", 0), ("p-b", 0), ("p-a", 1)]) {
        put(&mut store, record).unwrap();
    }
    assert_eq!(verdicts(settle(&mut store)), [(0, "identical (20 rows)".to_owned())]);
    // All of it came at 42.
    assert_eq!(close(&mut store, 42 + AFTER - 1), []);
    let told = close(&mut store, 42 + AFTER);
    let [(1, verdict)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(verdict, "prefix 12", "the partner has heard of as much as there is");
    let page = page(folder.path());
    assert_eq!(page["closed_ms"], 42 + AFTER);
    assert_eq!(page["episodes"][1]["summary"], verdict.as_str());
    assert_eq!(page["episodes"][1]["missing"], json!(["p-b"]));
    assert_eq!(page["episodes"][1]["so_far"], Value::Null, "{page}");
}

#[test]
fn who_never_sends_anything_has_no_verdict_but_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    // Registered at 1.
    assert_eq!(close(&mut store, AFTER), []);
    assert_eq!(close(&mut store, AFTER + 1), []);
    let page = page(folder.path());
    assert_eq!(page["closed_ms"], AFTER + 1);
    for episode in [0, 1] {
        let episode = &page["episodes"][episode];
        assert_eq!(episode["verdict"], Value::Null);
        assert_eq!(episode["missing"], json!(["p-a", "p-b"]));
        assert_eq!(episode["notes"], json!(["nobody has sent a record of this episode"]));
    }
}

#[test]
fn a_session_of_which_something_is_heard_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let committed = &play_until(20).committed[0][9];
    let report = Report {
        session: registration().session,
        connection: ConnectionReport::default(),
        committed: SignedBytes::new(committed.encode()),
    };
    store.note(&[(registration().players[0].clone(), report)], 700).unwrap();
    assert_eq!(close(&mut store, 700 + AFTER - 1), []);
    assert!(!folder.path().join("study/s-1/session.json").exists(), "nothing is closed");
    close(&mut store, 700 + AFTER);
    assert_eq!(page(folder.path())["closed_ms"], 700 + AFTER);
}

#[test]
fn late_records_revise_the_verdict_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let played = play_until(8);
    put(&mut store, records(&played, &[("p-a", 0)])[0]).unwrap();
    assert_eq!(settle(&mut store), []);
    let one_side = "one side only (5 rows)".to_owned();
    assert_eq!(close(&mut store, 5000), [(0, one_side.clone())]);
    // The record of the other computer, which was off for days.
    put(&mut store, records(&played, &[("p-b", 0)])[0]).unwrap();
    let told = settle(&mut store);
    let [Notice::Judged { verdict: Verdict::Prefix { rows: 5 }, .. }] = &told[..] else {
        panic!("{told:?}");
    };
    let after = page(folder.path());
    let episode = &after["episodes"][0];
    assert_eq!((&episode["summary"], &episode["missing"]), (&json!("prefix 5"), &Value::Null));
    let note = "the record of p-b came after the books were closed; until then the verdict was: ";
    assert_eq!(episode["revisions"], json!([format!("{note}{one_side}")]));
    assert_eq!(after["closed_ms"], 5000);
    // The same record again changes nothing.
    put(&mut store, records(&played, &[("p-b", 0)])[0]).unwrap();
    settle(&mut store);
    assert_eq!(page(folder.path()), after);
}

#[test]
fn the_first_record_of_an_episode_may_be_a_late_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    close(&mut store, 5000);
    put(&mut store, &play()[0]).unwrap();
    assert_eq!(verdicts(settle(&mut store)), [(0, "prefix 20".to_owned())]);
    let page = page(folder.path());
    let said = page["episodes"][0]["revisions"][0].as_str().unwrap();
    assert!(said.ends_with("until then the verdict was: that there is none"), "{said}");
}
