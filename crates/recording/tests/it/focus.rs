//! Sessions in which somebody is away: they end early by their rules, and their records are
//! finished all the same.

use crate::support::{Peer, exchange, game_with, key, record, session};
use dyad_gridworld::{Action, ConfirmedFrame, FocusRule, Game, MAX_PLAYERS, PlayerInput, World};
use dyad_protocol::Seat;
use dyad_protocol::records::Verdict;
use dyad_recording::log::{self, Certificate, Ending};
use dyad_recording::verify::{Relation, relate, verdict, verify};
use dyad_recording::{Recorder, replay};
use std::ops::Range;
use std::sync::Arc;

/// The first episode's rows are played in frames 5 to 45, the second one's in 54 to 94.
const SECOND: u32 = 54;

/// A session in which seat 1 is away in these frames, until three frames after its end.
fn play(game: &Arc<Game>, away: Range<u32>) -> Vec<ConfirmedFrame> {
    let mut world = World::new(Arc::clone(game));
    let (mut frames, mut coasting) = (Vec::new(), 0);
    while coasting < 3 {
        coasting += u32::from(world.end().is_some());
        let frame = world.frame();
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        inputs[0] = PlayerInput::new(Action::ALL[frame as usize % 5]);
        inputs[1] = PlayerInput::default().with_focus(!away.contains(&frame));
        world.step(&inputs);
        frames.push(ConfirmedFrame { frame, inputs, digest: world.digest() });
    }
    frames
}

fn limit(limit: u32) -> FocusRule {
    FocusRule { limit: Some(limit), ..FocusRule::default() }
}

/// Both records are the same, complete and sound, with so many rows; gives seat 0's.
#[track_caller]
fn check(game: &Arc<Game>, frames: &[ConfirmedFrame], rows: &[u32]) -> Peer {
    let [a, b] = record(game, frames);
    assert_eq!((&a.logs, &a.tables), (&b.logs, &b.tables));
    assert_eq!((&a.marks, &b.marks), (&vec![], &vec![]));
    assert_eq!(a.closed, (0..).zip(rows).map(|(episode, _)| (episode, true)).collect());
    let mut previous = None;
    for (episode, &rows) in (0..).zip(rows) {
        let report = verify(&a.logs[&episode]).expect("a log");
        assert!(report.is_sound() && report.is_finished() && report.rows() == rows, "{report}");
        assert!(matches!(report.log.ending, Ending::Closed(Certificate::Complete { .. })));
        let found = verdict(&[a.bundle(episode), b.bundle(episode)]);
        assert_eq!(found, Verdict::Identical { rows });
        if let Some(previous) = previous {
            assert_eq!(relate(&previous, &report), Relation::Successive { linked: true });
        }
        previous = Some(report);
    }
    let (_, last) = a.logs.last_key_value().expect("an episode");
    let words = verify(last).expect("a log").to_string();
    assert!(words.contains("ended because seat 1 was away too long"), "{words}");
    a
}

/// The cells of a column.
fn column(table: &[u8], name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(table);
    let names = reader.headers().expect("a header");
    let at = names.iter().position(|known| known == name).expect("the column");
    reader.records().map(|row| row.expect("a row")[at].to_owned()).collect()
}

fn count(cells: &[String], value: &str) -> usize {
    cells.iter().filter(|cell| *cell == value).count()
}

#[test]
fn an_episode_in_which_somebody_is_away_too_long_is_finished() {
    let game = game_with(limit(10));
    let peer = check(&game, &play(&game, 20..99), &[25]);
    let truncated = column(&peer.tables[&0], "truncateds.__all__");
    assert_eq!((count(&truncated, "True"), truncated[24].as_str()), (1, "True"));
    let focus = column(&peer.tables[&0], "isFocused.1");
    assert_eq!((count(&focus, "False"), focus[14].as_str()), (10, "True"));
    assert_eq!(count(&column(&peer.tables[&0], "isFocused.0"), "False"), 0);
    assert_eq!(count(&column(&peer.tables[&0], "terminateds.__all__"), "True"), 0);
}

#[test]
fn a_player_who_is_away_across_the_boundary_ends_the_next_episode() {
    let game = game_with(limit(30));
    let peer = check(&game, &play(&game, 40..99), &[40, 16]);
    assert_eq!(count(&column(&peer.tables[&0], "isFocused.1"), "False"), 5);
    assert_eq!(count(&column(&peer.tables[&1], "isFocused.1"), "False"), 16);
}

/// In a break, in a countdown, and before the first step of all.
#[test]
fn an_episode_can_be_over_before_it_begins() {
    for (from, limit_frames, rows) in [(40, 7, &[40, 0][..]), (40, 12, &[40, 0]), (2, 3, &[0])] {
        let game = game_with(limit(limit_frames));
        let peer = check(&game, &play(&game, from..99), rows);
        let last = u16::try_from(rows.len() - 1).unwrap();
        assert_eq!(peer.tables[&last].iter().filter(|&&byte| byte == b'\n').count(), 1);
        let log = log::read(&peer.logs[&last]).unwrap();
        assert_eq!(log.last_frame(), Some(from + limit_frames - 1));
    }
}

#[test]
fn the_last_row_of_an_episode_may_be_the_last_of_all() {
    let game = game_with(limit(5));
    check(&game, &play(&game, 40..99), &[40]);
}

/// While a game waits there are no rows; one that ends then has no last row.
#[test]
fn a_game_that_waits_makes_no_rows() {
    let game = game_with(FocusRule { pause: true, return_frames: 4, ..limit(30) });
    let frames = play(&game, 20..36);
    let [a, b] = record(&game, &frames);
    assert_eq!((&a.logs, &a.tables), (&b.logs, &b.tables));
    assert_eq!(a.closed, [(0, true), (1, true)].into());
    for episode in [0, 1] {
        assert_eq!(
            verdict(&[a.bundle(episode), b.bundle(episode)]),
            Verdict::Identical { rows: 40 }
        );
    }
    let focus = column(&a.tables[&0], "isFocused.1");
    let steps = column(&a.tables[&0], "t");
    assert_eq!(count(&focus, "False"), 1);
    assert_eq!((focus[15].as_str(), steps[16].as_str()), ("False", "16"));

    let peer = check(&game, &play(&game, 20..99), &[16]);
    assert_eq!(count(&column(&peer.tables[&0], "truncateds.__all__"), "True"), 0);
}

/// A frame after the end of the session is in no log, and a log that has one is not believed.
#[test]
fn nothing_follows_the_end() {
    let game = game_with(FocusRule { pause: true, ..limit(10) });
    let frames = play(&game, 20..99);
    let [a, _] = record(&game, &frames);
    let log = log::read(&a.logs[&0]).unwrap();
    assert_eq!(log.last_frame(), Some(29));
    let mut bytes = Vec::new();
    let mut longer = log::Writer::open(&log.header, &mut bytes).unwrap();
    for frame in &frames[..=30] {
        let (number, inputs) = (frame.frame, frame.inputs);
        let entry = log::Frame { number, inputs, digest: frame.digest.short() };
        longer.frame(&entry, &mut bytes);
    }
    let error = verify(&bytes).unwrap().derived.unwrap_err().to_string();
    assert!(error.contains("frame 30 comes after the episode's last"), "{error}");
}

/// The end of an episode and of the session can be a frame apart: a partner who is that far ahead
/// speaks of both before this side has come to the first.
#[test]
fn two_statements_can_be_early() {
    let game = game_with(limit(7));
    let frames = play(&game, 40..99);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    frames.iter().for_each(|frame| peers[0].take(frame));
    frames[..40].iter().for_each(|frame| peers[1].take(frame));
    let early = std::mem::take(&mut peers[0].outbox);
    assert_eq!(early.len(), 2);
    peers[1].hear(&early);
    peers[1].hear(&early);
    frames[40..].iter().for_each(|frame| peers[1].take(frame));
    exchange(&mut peers);
    for peer in &peers {
        assert_eq!(peer.closed, [(0, true), (1, true)].into());
        assert_eq!(peer.marks, []);
    }
    assert_eq!(peers[0].logs, peers[1].logs);
}

/// A program that is killed at any moment around the end goes on to the same end.
#[test]
fn a_killed_recorder_finds_the_end_again() {
    let game = game_with(limit(30));
    let frames = play(&game, 40..99);
    let [whole, _] = record(&game, &frames);
    for killed in (SECOND - 12) as usize..frames.len() {
        let mut before = Peer::new(0, &game);
        frames[..killed].iter().for_each(|frame| before.take(frame));
        let logs: Vec<Vec<u8>> = before.logs.values().cloned().collect();
        let resumed = Recorder::resume(session(), Seat(0), &game, key(0), &logs);
        let (mut recorder, resumption) = resumed.unwrap();
        // What follows the last log is confirmed again: nothing of it was on disk.
        let next = resumption.next as usize;
        for frame in &frames[next..] {
            recorder.issued(frame.frame, frame.inputs[0]).unwrap();
            recorder.confirmed(frame).unwrap();
        }
        assert_eq!(recorder.stated().len(), 2, "killed at {killed}");
        let rows: Vec<u32> = recorder.stated().iter().map(|stated| stated.said.rows).collect();
        assert_eq!(rows, [40, 16], "killed at {killed}");
        let chain = log::read(&whole.logs[&1]).unwrap().chain;
        assert_eq!(recorder.stated()[1].said.chain, chain, "killed at {killed}");
    }
    let log = log::read(&whole.logs[&1]).unwrap();
    assert_eq!(replay::derive(&log).unwrap().table, whole.tables[&1]);
}
