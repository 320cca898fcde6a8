//! Recorders in whole sessions, regular and not.

use crate::support::{self, Peer, exchange, game, key, play, record, resigned};
use dyad_gridworld::{Action, Digest, PlayerInput};
use dyad_protocol::Seat;
use dyad_recording::log::{self, Certificate, Ending};
use dyad_recording::recorder::{NewError, OrderError, Recorder, Refusal};
use dyad_recording::replay;
use dyad_recording::statement::Field;
use dyad_recording::{Effect, Statement};

const STEPS: u32 = 40;

#[test]
fn finished_episodes_are_the_same_files_on_both_sides() {
    let game = game(STEPS, 1);
    let [a, b] = record(&game, &play(&game, 2));
    assert_eq!((&a.logs, &a.tables), (&b.logs, &b.tables));
    assert_eq!((a.marks, b.marks), (vec![], vec![]));
    assert_eq!(a.closed, [(0, true), (1, true)].into());
    assert!(!a.recorder.is_open());
    for (episode, table) in &a.tables {
        let log = log::read(&a.logs[episode]).unwrap();
        assert!(matches!(log.ending, Ending::Closed(Certificate::Complete { .. })));
        let derived = replay::derive(&log).unwrap();
        assert_eq!(derived.table, *table);
        assert_eq!(derived.rows.len(), STEPS as usize);
        assert!(derived.finished);
    }
}

#[test]
fn frames_belong_to_the_log_of_the_episode_they_lead_to() {
    let game = game(STEPS, 1);
    let [a, _] = record(&game, &play(&game, 2));
    let first = log::read(&a.logs[&0]).unwrap();
    let second = log::read(&a.logs[&1]).unwrap();
    let last = 5 + STEPS - 1;
    assert_eq!((first.header.first_frame, first.last_frame()), (0, Some(last)));
    // A pause of 4 frames and a countdown of 5 lie between; coasting frames are in no log.
    assert_eq!(second.header.first_frame, last + 1);
    assert_eq!(second.last_frame(), Some(last + 4 + 5 + STEPS));
    assert_eq!(first.header.previous, Digest([0; 32]));
    assert_eq!(second.header.previous, first.chain);
}

#[test]
fn the_order_in_which_statements_arrive_does_not_matter() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let [regular, _] = record(&game, &frames);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    let (ahead, behind) = frames.split_at(5 + STEPS as usize + 3);
    ahead.iter().for_each(|frame| peers[0].take(frame));
    ahead[..20].iter().for_each(|frame| peers[1].take(frame));
    // Seat 1 hears, twice, of an episode's end that it has not reached; seat 0 is in the next.
    let early = peers[0].outbox.clone();
    peers[1].hear(&early);
    peers[1].hear(&early);
    ahead[20..].iter().for_each(|frame| peers[1].take(frame));
    for peer in &mut peers {
        behind.iter().for_each(|frame| peer.take(frame));
    }
    exchange(&mut peers);
    for peer in peers {
        assert_eq!((&peer.logs, &peer.closed), (&regular.logs, &regular.closed));
        assert_eq!(peer.marks, []);
    }
}

#[test]
fn a_session_cut_at_any_frame_keeps_every_confirmed_row() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let [whole, _] = record(&game, &frames);
    for cut in 0..=frames.len() {
        let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
        for frame in &frames[..cut] {
            peers[0].take(frame);
        }
        let said = peers[1].recorder.committed();
        assert_eq!(said, None);
        peers[0].end();
        peers[0].end();
        let [peer, _] = &peers;
        assert_eq!(peer.logs.len(), peer.closed.len(), "cut {cut}");
        assert_eq!(peer.closed.values().filter(|&&complete| complete).count(), 0);
        for (episode, bytes) in &peer.logs {
            let log = log::read(bytes).unwrap();
            let Some(Certificate::Survivor { own, .. }) = log.certificate() else {
                panic!("cut {cut}: {}", log.ending)
            };
            let derived = replay::derive(&log).unwrap();
            assert_eq!(derived.table, peer.tables[episode]);
            assert_eq!(own.said.rows as usize, derived.rows.len());
            assert!(whole.tables[episode].starts_with(&derived.table), "cut {cut}");
        }
        let rows: usize =
            peer.tables.values().map(|table| table.split(|&b| b == b'\n').count() - 2).sum();
        let expected = frames[..cut].iter().filter(|frame| is_row(frame.frame)).count();
        assert_eq!(rows, expected, "cut {cut}");
    }
}

fn is_row(frame: u32) -> bool {
    let second = 5 + STEPS + 4 + 5;
    (5..5 + STEPS).contains(&frame) || (second..second + STEPS).contains(&frame)
}

#[test]
fn the_survivor_keeps_what_the_partner_last_said() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    let mut latest = None;
    for frame in &frames[..30] {
        peers.iter_mut().for_each(|peer| peer.take(frame));
        let said = peers[1].recorder.committed().unwrap();
        peers[0].recorder.committed_by(said.clone()).unwrap();
        latest.get_or_insert(said);
    }
    let said = peers[1].recorder.committed().unwrap();
    // An old message that comes late doesn't take the newest one's place.
    assert_eq!(peers[0].recorder.committed_by(latest.unwrap()), Err(Refusal::Old));
    assert_eq!(peers[0].recorder.committed_by(said.clone()), Ok(()), "the same again");
    frames[30..33].iter().for_each(|frame| peers[0].take(frame));
    peers[0].end();
    let log = log::read(&peers[0].logs[&0]).unwrap();
    let Some(Certificate::Survivor { committed, .. }) = log.certificate() else { panic!() };
    assert_eq!(*committed, std::slice::from_ref(&said));
    assert_eq!(log.chain_at(29), Some(said.said.chain));
    assert_ne!(log.chain_at(28), Some(said.said.chain));
}

#[test]
fn gaps_repetitions_and_late_frames_are_refused() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let mut recorder = Recorder::new(support::session(), Seat(0), &game, key(0)).unwrap();
    let gap = |expected, found| Err(OrderError::Gap { expected, found });
    assert_eq!(recorder.confirmed(&frames[1]), gap(0, 1));
    assert_eq!(recorder.confirmed(&frames[0]), Ok(()));
    assert_eq!(recorder.confirmed(&frames[0]), gap(1, 0));
    let late = OrderError::Issued { frame: 0, next: 1 };
    assert_eq!(recorder.issued(0, PlayerInput::default()), Err(late));
    recorder.end();
    assert_eq!(recorder.confirmed(&frames[1]), Err(OrderError::Ended(1)));
}

#[test]
fn sessions_that_do_not_fit_the_game_are_refused() {
    let game = game(STEPS, 1);
    let mut alone = support::session();
    alone.participants.pop();
    let made = Recorder::new(alone, Seat(0), &game, key(0));
    assert!(matches!(made.err(), Some(NewError::Participants { participants: 1, players: 2 })));
    let made = Recorder::new(support::session(), Seat(2), &game, key(0));
    assert!(matches!(made.err(), Some(NewError::Seat(Seat(2)))));
    let made = Recorder::new(support::session(), Seat(1), &game, key(0));
    assert!(matches!(made.err(), Some(NewError::Key(Seat(1)))));
    let mut long = support::session();
    long.program = "x".repeat(300);
    let made = Recorder::new(long, Seat(0), &game, key(0));
    assert!(matches!(made.err(), Some(NewError::Header(_))));
}

#[test]
fn a_divergence_is_reported_once_and_the_record_follows_the_inputs() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let [regular, _] = record(&game, &frames);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    for frame in &frames {
        let mut wrong = *frame;
        if frame.frame >= 7 {
            wrong.digest = Digest::of(b"another world");
        }
        peers[0].take(&wrong);
        peers[1].take(frame);
        exchange(&mut peers);
    }
    let [peer, other] = peers;
    assert_eq!(other.marks, []);
    let [Effect::Divergence(divergence)] = peer.marks.as_slice() else { panic!() };
    assert_eq!(divergence.frame.frame, 7);
    assert_eq!(divergence.frame.inputs, frames[7].inputs);
    assert_eq!(Digest::of(&divergence.before), frames[6].digest);
    assert_eq!(Digest::of(&divergence.after), frames[7].digest);
    assert_eq!(divergence.found, frames[7].digest);
    assert_eq!(peer.logs, regular.logs);
}

#[test]
fn another_input_than_was_issued_is_noticed_on_both_sides() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    let issued = PlayerInput::new(Action::Toggle).with_held(true);
    for frame in &frames[..5 + STEPS as usize] {
        peers[1].take(frame);
        let own = if frame.frame == 9 { issued } else { frame.inputs[0] };
        peers[0].recorder.issued(frame.frame, own).unwrap();
        peers[0].recorder.confirmed(frame).unwrap();
        peers[0].drain();
    }
    exchange(&mut peers);
    let disagreement = Effect::Disagreement { episode: 0, seat: Seat(0), field: Field::Inputs };
    let confirmed = frames[9].inputs[0];
    let other = Effect::OtherInput { frame: 9, issued, confirmed };
    assert_eq!(peers[0].marks, [other, disagreement.clone()]);
    assert_eq!(peers[1].marks, [disagreement]);
    assert_eq!(peers[0].closed, [(0, true)].into(), "closed all the same");
    assert_eq!(peers[0].logs, peers[1].logs);
}

#[test]
fn a_frame_without_an_issued_input_holds_the_zero_input() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let zero = frames.iter().position(|frame| frame.inputs[0] == PlayerInput::default()).unwrap();
    let mut peer = Peer::new(0, &game);
    frames[..zero].iter().for_each(|frame| peer.take(frame));
    peer.recorder.confirmed(&frames[zero]).unwrap();
    peer.drain();
    assert_eq!(peer.marks, []);
}

#[test]
fn a_statement_that_differs_is_reported_and_kept() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    for frame in &frames[..5 + STEPS as usize] {
        peers.iter_mut().for_each(|peer| peer.take(frame));
    }
    let mut lie = peers[1].outbox.remove(0);
    lie.said.table = Digest::of(b"another table");
    let lie = resigned(&lie, 1);
    peers[0].hear(std::slice::from_ref(&lie));
    let mark = Effect::Disagreement { episode: 0, seat: Seat(1), field: Field::Table };
    assert_eq!(peers[0].marks, [mark]);
    let log = log::read(&peers[0].logs[&0]).unwrap();
    let Some(Certificate::Complete { statements }) = log.certificate() else { panic!() };
    assert_eq!(statements[1], lie);
}

#[test]
fn statements_that_cannot_be_are_refused() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    for frame in &frames[..5 + STEPS as usize] {
        peers.iter_mut().for_each(|peer| peer.take(frame));
    }
    let good = peers[1].outbox.remove(0);
    let mut refuse = |change: &dyn Fn(&mut Statement), expected| {
        let mut statement = good.clone();
        change(&mut statement);
        assert_eq!(peers[0].recorder.statement(resigned(&statement, 1)), expected);
    };
    refuse(&|s| s.session = "s-2".parse().unwrap(), Err(Refusal::Session));
    refuse(&|s| s.seat = Seat(0), Err(Refusal::Seat(Seat(0))));
    refuse(&|s| s.seat = Seat(2), Err(Refusal::Seat(Seat(2))));
    refuse(&|s| s.episode = 2, Err(Refusal::Future));
    refuse(&|s| s.episode = 1, Ok(()));
    refuse(&|s| (s.episode, s.said.rows) = (1, 7), Err(Refusal::Contradiction));
    refuse(&|_| (), Ok(()));
    refuse(&|_| (), Ok(()));
}
