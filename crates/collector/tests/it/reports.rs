//! What participants report in play, and what it is worth when records are short or missing.

use crate::store::{enrolled, put, settle};
use crate::support::{Played, Record, key, name, play_until, registration};
use dyad_collector::reports::{MAX_CONNECTION_LOG, Noted};
use dyad_collector::{Notice, Store};
use dyad_protocol::ParticipantId;
use dyad_protocol::records::Verdict;
use dyad_protocol::report::{ConnectionReport, Path, Report, SignedBytes};
use dyad_recording::bundle::unpack;
use dyad_recording::statement::Committed;
use serde_json::{Value, json};

fn report(committed: Option<&Committed>) -> Report {
    let connection = ConnectionReport {
        confirmed: Some(12),
        rtt_us: Some(48_000),
        path: Some(Path::Relayed),
        ..ConnectionReport::default()
    };
    let committed = committed.map(|message| SignedBytes::new(message.encode()).unwrap());
    Report { session: registration().session, connection, committed }
}

/// Has a seat report.
fn note(store: &mut Store, seat: usize, message: &Committed) {
    note_as(store, &registration().players[seat], report(Some(message)));
}

fn note_as(store: &mut Store, participant: &ParticipantId, report: Report) {
    store.note(&[(participant.clone(), report)], 77).unwrap();
}

fn page(folder: &std::path::Path) -> Value {
    let text = std::fs::read_to_string(folder.join("study/s-1/session.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn record<'a>(played: &'a Played, participant: &str, episode: u16) -> &'a Record {
    let name = name(participant, episode);
    played.records.iter().find(|record| record.name == name).unwrap()
}

/// A record whose log has lost the end of its file.
fn cut(record: &Record, lost: usize) -> Record {
    let mut bundle = unpack(&record.bundle).unwrap();
    bundle.log.truncate(bundle.log.len() - lost);
    Record::new(record.name.clone(), bundle.pack().unwrap())
}

fn frames_on_disk(store: &mut Store, folder: &std::path::Path) -> Value {
    settle(store);
    page(folder)["on_disk"].clone()
}

#[test]
fn the_highest_authentic_message_is_kept_and_outlives_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let played = play_until(u32::MAX);
    let [said, partners] = &played.committed[..] else { panic!("two seats") };
    for message in [&said[3], &said[9], &said[9]] {
        note(&mut store, 0, message);
    }
    assert_eq!(store.noted(), Noted { reports: 3, kept: 2, ..Noted::default() });

    let old = said[8].clone();
    let partners = partners[20].clone();
    let forged = Committed { signature: partners.signature, ..said[20].clone() };
    let mut elsewhere = said[20].clone();
    elsewhere = Committed::new(
        "s-2".parse().unwrap(),
        elsewhere.episode,
        elsewhere.seat,
        elsewhere.said,
        &key(elsewhere.seat),
    );
    let mut contradicting = said[9].clone();
    contradicting.said.chain = said[8].said.chain;
    let Committed { session, episode, seat, said: other, .. } = contradicting;
    let contradicting = Committed::new(session, episode, seat, other, &key(seat));
    for (refused, message) in (1..).zip([old, partners, forged, elsewhere, contradicting]) {
        note(&mut store, 0, &message);
        let expected = Noted { reports: 3 + refused, kept: 2, refused, foreign: 0 };
        assert_eq!(store.noted(), expected, "{message:?}");
    }
    let rubbish = SignedBytes::new(b"rubbish".to_vec());
    note_as(&mut store, &registration().players[0], Report { committed: rubbish, ..report(None) });
    assert_eq!(store.noted().refused, 6);

    drop(store);
    let mut store = Store::open(folder.path(), 50).unwrap();
    put(&mut store, record(&played, "p-a", 0)).unwrap();
    let expected = json!([{ "participant": "p-a", "episode": 0, "frame": said[9].said.frame }]);
    assert_eq!(frames_on_disk(&mut store, folder.path()), expected);
}

#[test]
fn reports_about_other_peoples_sessions_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    note_as(&mut store, &"p-c".parse().unwrap(), report(None));
    let unknown = Report { session: "s-9".parse().unwrap(), ..report(None) };
    note_as(&mut store, &registration().players[0], unknown);
    assert_eq!(store.noted(), Noted { foreign: 2, ..Noted::default() });
    assert!(!folder.path().join("study").exists());
}

#[test]
fn every_report_is_a_line_of_a_file_that_ends_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let [a, b] = &registration().players[..] else { panic!("two people") };
    for who in [a, b, a] {
        note_as(&mut store, who, report(None));
    }
    let file = folder.path().join("study/s-1/connections.jsonl");
    let lines: Vec<Value> = std::fs::read_to_string(&file)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    for (field, value) in [
        ("at_ms", json!(77)),
        ("participant", json!("p-b")),
        ("confirmed", json!(12)),
        ("rtt_us", json!(48_000)),
        ("path", json!("relayed")),
        ("focused", json!(false)),
    ] {
        assert_eq!(lines[1][field], value, "{field}");
    }
    let length = usize::try_from(MAX_CONNECTION_LOG).unwrap() - 10;
    std::fs::write(&file, vec![b'\n'; length]).unwrap();
    note_as(&mut store, a, report(None));
    assert_eq!(file.metadata().unwrap().len(), MAX_CONNECTION_LOG - 10);
}

#[test]
fn a_record_that_is_shorter_than_its_side_said_is_remarked_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let played = play_until(15);
    for seat in [0, 1] {
        note(&mut store, seat, played.committed[seat].last().unwrap());
    }
    put(&mut store, record(&played, "p-a", 0)).unwrap();
    // The certificate is gone, and a few frames with it.
    put(&mut store, &cut(record(&played, "p-b", 0), 500)).unwrap();
    let notices = settle(&mut store);
    let [Notice::Judged { verdict: Verdict::PrefixWithTail { rows, longest: 12 }, .. }] =
        notices[..]
    else {
        panic!("{notices:?}");
    };
    assert!(rows < 12);
    let page = page(folder.path());
    let notes = page["episodes"][0]["notes"].as_array().unwrap();
    let [note] = &notes[..] else { panic!("{page}") };
    let note = note.as_str().unwrap();
    assert!(note.starts_with("the record of p-b ends with frame"), "{note}");
    assert!(note.contains("frame 14 was on that computer's disk"), "{note}");
    assert_eq!(page["episodes"][0]["missing"], Value::Null, "{page}");
}

#[test]
fn records_as_long_as_their_sides_said_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let played = play_until(u32::MAX);
    for seat in [0, 1] {
        note(&mut store, seat, played.committed[seat].last().unwrap());
    }
    for record in &played.records {
        put(&mut store, record).unwrap();
    }
    assert_eq!(settle(&mut store).len(), 2);
    let page = page(folder.path());
    for episode in [0, 1] {
        assert_eq!(page["episodes"][episode]["verdict"]["verdict"], "identical");
        assert_eq!(page["episodes"][episode]["notes"], Value::Null, "{page}");
    }
}

#[test]
fn a_record_that_its_side_signed_otherwise_is_invalid() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let played = play_until(u32::MAX);
    let Committed { session, episode, seat, mut said, .. } = played.committed[1][12].clone();
    said.chain = played.committed[1][11].said.chain;
    note(&mut store, 1, &Committed::new(session, episode, seat, said, &key(seat)));
    for who in ["p-a", "p-b"] {
        put(&mut store, record(&played, who, 0)).unwrap();
    }
    let notices = settle(&mut store);
    let [Notice::Judged { verdict: Verdict::Invalid { message }, .. }] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert!(message.contains("record of p-b") && message.contains("at frame 12"), "{message}");
}

/// The verdict so far, the notes and who is missing, of the first episode.
fn so_far(store: &mut Store, folder: &std::path::Path) -> (Value, String, Value) {
    assert_eq!(settle(store), [], "it is not the last word");
    let page = page(folder);
    let episode = &page["episodes"][0];
    assert_eq!(episode["verdict"], Value::Null);
    (episode["so_far"].clone(), episode["notes"].to_string(), episode["missing"].clone())
}

#[test]
fn of_a_side_that_sends_nothing_the_last_signed_message_bounds_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    // The countdown takes 3 frames, so frame 14 is row 11.
    let played = play_until(18);
    note(&mut store, 1, &played.committed[1][14]);
    put(&mut store, record(&played, "p-a", 0)).unwrap();
    let (verdict, notes, missing) = so_far(&mut store, folder.path());
    assert_eq!(verdict, json!({ "verdict": "prefix_with_tail", "rows": 12, "longest": 15 }));
    assert!(notes.contains("p-b has sent no record") && notes.contains("frame 14"), "{notes}");
    assert_eq!(missing, json!(["p-b"]));
    // It comes after all.
    put(&mut store, record(&played, "p-b", 0)).unwrap();
    let notices = settle(&mut store);
    let [Notice::Judged { verdict, .. }] = &notices[..] else { panic!("{notices:?}") };
    assert_eq!(*verdict, Verdict::Prefix { rows: 15 });
    assert_eq!(page(folder.path())["episodes"][0]["so_far"], Value::Null);
}

#[test]
fn what_it_said_to_its_partner_counts_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    // Its partner heard of frame 9 last, and so did nobody else.
    let played = play_until(18);
    put(&mut store, record(&played, "p-a", 0)).unwrap();
    let (verdict, notes, _) = so_far(&mut store, folder.path());
    assert_eq!(verdict, json!({ "verdict": "prefix_with_tail", "rows": 7, "longest": 15 }));
    assert!(notes.contains("has not said that it had any of it"), "{notes}");
}

#[test]
fn a_complete_certificate_bounds_the_whole_episode() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    put(&mut store, record(&play_until(u32::MAX), "p-a", 0)).unwrap();
    let (verdict, ..) = so_far(&mut store, folder.path());
    assert_eq!(verdict, json!({ "verdict": "prefix", "rows": 20 }));
}

#[test]
fn of_a_side_that_never_said_anything_nothing_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    put(&mut store, record(&play_until(8), "p-a", 0)).unwrap();
    let (verdict, ..) = so_far(&mut store, folder.path());
    assert_eq!(verdict, json!({ "verdict": "one_side_only", "rows": 5 }));
    assert_eq!(page(folder.path())["episodes"][0]["summary"], "so far one side only (5 rows)");
}

#[test]
fn a_side_that_signed_something_else_than_the_record_that_came_is_no_bound() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = enrolled(folder.path());
    let played = play_until(18);
    let Committed { session, episode, seat, mut said, .. } = played.committed[1][12].clone();
    said.chain = played.committed[1][11].said.chain;
    note(&mut store, 1, &Committed::new(session, episode, seat, said, &key(seat)));
    put(&mut store, record(&played, "p-a", 0)).unwrap();
    let (verdict, ..) = so_far(&mut store, folder.path());
    assert_eq!(verdict["verdict"], "invalid");
    assert!(verdict["message"].as_str().unwrap().contains("p-b signed"), "{verdict}");
}
