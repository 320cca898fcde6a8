//! Sessions that are held, killed and resumed.

use crate::support::{Peer, exchange, game, key, play, play_held, record, record_entries, session};
use dyad_gridworld::{Digest, Entry, Game, Hold, Phase, World};
use dyad_protocol::Seat;
use dyad_recording::log::{self, Damage, Ending, Writer};
use dyad_recording::recorder::{Left, OrderError, Recorder, ResumeError, Resumption};
use dyad_recording::replay;
use dyad_recording::verify::{Relation, relate, verify};
use std::collections::BTreeMap;
use std::sync::Arc;

const STEPS: u32 = 40;

const fn hold(next: u32, frames: u32, epoch: u16) -> Hold {
    Hold { next, frames, epoch }
}

/// Before the session's first frame, in play, in the last step, at the beginning of the pause.
const HOLDS: [Hold; 4] = [hold(0, 7, 1), hold(23, 12, 2), hold(63, 3, 3), hold(67, 4, 9)];

#[test]
fn holds_stand_in_the_log_and_make_no_rows() {
    let game = game(STEPS, 1);
    let entries = play_held(&game, 2, &HOLDS);
    let [a, b] = record_entries(&game, &entries);
    assert_eq!((&a.logs, &a.tables, &a.marks), (&b.logs, &b.tables, &b.marks));
    assert_eq!(a.marks, []);
    let mut found = Vec::new();
    for (episode, bytes) in &a.logs {
        let report = verify(bytes).unwrap();
        assert!(report.is_sound() && report.is_finished(), "{report}");
        assert_eq!(report.rows(), STEPS);
        assert_eq!(report.derived.as_ref().unwrap().table, a.tables[episode]);
        for hold in &report.log.holds {
            assert!(report.to_string().contains(&hold.to_string()));
        }
        found.extend(report.log.holds.iter().copied());
        let logged = replay::entries(&report.log).unwrap();
        let start = entries.iter().position(|entry| *entry == logged[0]).unwrap();
        assert_eq!(logged, entries[start..][..logged.len()]);
    }
    assert_eq!(found, HOLDS);
    // The third hold is before the row that ends episode 0; the fourth before the pause.
    let second = log::read(&a.logs[&1]).unwrap();
    assert_eq!((second.header.first_frame, second.holds[0]), (67, HOLDS[3]));
    let start = second.header.start().unwrap();
    assert_eq!((start.held(), start.phase()), (0, Phase::Between { left: 4 }));
}

#[test]
fn a_hold_is_recorded_with_its_frame_and_not_before() {
    let game = game(STEPS, 1);
    let entries = play_held(&game, 2, &[hold(20, 5, 4)]);
    let [whole, _] = record_entries(&game, &entries);
    let mut peer = Peer::new(0, &game);
    entries[..20].iter().for_each(|entry| peer.take_entry(entry));
    let before = peer.logs[&0].clone();
    // The session is interrupted again and again before the frame is confirmed.
    for (frames, epoch) in [(90, 1), (30, 2), (5, 4)] {
        peer.recorder.hold(hold(20, frames, epoch)).unwrap();
        peer.drain();
        assert_eq!(peer.logs[&0], before);
        assert_eq!(peer.recorder.replica().held(), 0);
    }
    entries[21..].iter().for_each(|entry| peer.take_entry(entry));
    let log = log::read(&peer.logs[&0]).unwrap();
    assert_eq!(
        (log.holds, log.chain),
        (vec![hold(20, 5, 4)], log::read(&whole.logs[&0]).unwrap().chain)
    );
    assert_eq!(peer.marks, []);
}

#[test]
fn holds_that_cannot_be_are_refused() {
    let game = game(STEPS, 1);
    let mut peer = Peer::new(0, &game);
    play(&game, 2)[..10].iter().for_each(|frame| peer.take(frame));
    let mut refuse = |hold, error| assert_eq!(peer.recorder.hold(hold), Err(error));
    refuse(hold(9, 5, 1), OrderError::Gap { expected: 10, found: 9 });
    refuse(hold(11, 5, 1), OrderError::Gap { expected: 10, found: 11 });
    refuse(hold(10, 5, 0), OrderError::Epoch { last: 0, found: 0 });
    peer.recorder.hold(hold(10, 5, 3)).unwrap();
    peer.recorder.hold(hold(10, 5, 3)).unwrap();
    assert_eq!(peer.recorder.hold(hold(10, 5, 2)), Err(OrderError::Epoch { last: 3, found: 2 }));
    peer.end();
    assert_eq!(peer.recorder.hold(hold(10, 5, 4)), Err(OrderError::Ended(10)));
    let log = log::read(&peer.logs[&0]).unwrap();
    assert_eq!((log.holds.len(), log.frames.len()), (0, 10), "its frame never came");
}

/// A log of twenty frames, written entry by entry.
fn written(game: &Arc<Game>, holds: &[Hold]) -> Vec<u8> {
    let [peer, _] = record(game, &play(game, 2));
    let log = log::read(&peer.logs[&0]).expect("a whole log");
    let mut bytes = Vec::new();
    let mut writer = Writer::open(&log.header, &mut bytes).expect("the same header");
    for frame in &log.frames[..20] {
        for hold in holds.iter().filter(|hold| hold.next == frame.number) {
            writer.hold(hold, &mut bytes);
        }
        writer.frame(frame, &mut bytes);
    }
    bytes
}

#[test]
fn several_holds_may_follow_each_other_if_they_are_in_order() {
    let game = game(STEPS, 1);
    let several = [hold(7, 1, 2), hold(7, 2, 3), hold(7, 0, 9)];
    let log = log::read(&written(&game, &several)).unwrap();
    assert_eq!((log.holds.as_slice(), log.frames.len()), (&several[..], 20));
    assert_eq!(log.chain_at(19), Some(log.chain));
    assert!(log.chain_at(6) != log.chain_at(7));
    // The last of them counts, and that is no hold at all.
    assert!(replay::derive(&log).is_ok());
    let disorder = log::read(&written(&game, &[hold(7, 1, 2), hold(9, 1, 2)])).unwrap();
    assert_eq!(disorder.frames.len(), 9);
    let Ending::Damaged { damage: Damage::Hold(9), .. } = disorder.ending else { panic!() };
}

#[test]
fn a_hold_on_one_side_alone_is_a_difference() {
    let game = game(STEPS, 1);
    let [with, without] =
        [&[hold(7, 0, 1)][..], &[]].map(|it| verify(&written(&game, it)).unwrap());
    assert!(with.is_sound() && without.is_sound(), "a hold of no frames changes no world");
    let Relation::Diverged(difference) = relate(&with, &without) else { panic!() };
    assert_eq!((difference.frame, difference.column.as_str()), (7, "hold"));
    assert_eq!(difference.b, "not held");
    assert!(difference.a.contains("by epoch 1"), "{}", difference.a);
}

/// What a killed peer's recorder is resumed from, with the peer that does it.
fn resume(peer: &Peer, game: &Arc<Game>) -> Result<(Peer, Resumption), ResumeError> {
    let logs: Vec<_> = peer.logs.values().cloned().collect();
    let seat = peer.seat.0;
    let (recorder, resumption) = Recorder::resume(session(), peer.seat, game, key(seat), &logs)?;
    let mut again = Peer::new(seat, game);
    again.recorder = recorder;
    for ((&episode, left), log) in peer.logs.keys().zip(&resumption.episodes).zip(logs) {
        match left {
            Left::Closed => {
                again.closed.insert(episode, true);
                again.logs.insert(episode, log);
                again.tables.insert(episode, peer.tables[&episode].clone());
            }
            Left::Open { log_length, table } => {
                again.logs.insert(episode, log[..*log_length].to_vec());
                again.tables.insert(episode, table.clone());
            }
            Left::Nothing => {}
        }
    }
    again.drain();
    Ok((again, resumption))
}

/// Cuts the last log of a peer, as a kill or a loss of power does.
fn cut(peer: &Peer, length: usize) -> Peer {
    let mut killed = Peer::new(peer.seat.0, peer.recorder.replica().game());
    killed.logs = peer.logs.clone();
    killed.tables = peer.tables.clone();
    if let Some(mut last) = killed.logs.last_entry() {
        last.get_mut().truncate(length);
    }
    killed
}

#[test]
fn a_record_that_was_cut_at_any_byte_is_resumed_and_ends_the_same() {
    let game = game(STEPS, 1);
    let entries = play_held(&game, 2, &HOLDS);
    let [whole, _] = record_entries(&game, &entries);
    // Killed in the second episode, while the first one's certificate is complete.
    let at = entries.len() - 30;
    let [_, killed] = record_entries(&game, &entries[..at]);
    let length = killed.logs[&1].len();
    let mut seen = BTreeMap::new();
    for length in (0..=length).step_by(3).chain([length]) {
        let (mut peer, resumption) = resume(&cut(&killed, length), &game).unwrap();
        let held = resumption.entries.len();
        assert_eq!(resumption.entries, entries[..held], "{length} bytes");
        let frames = resumption.entries.iter().filter(|it| matches!(it, Entry::Frame(_))).count();
        assert_eq!(resumption.next as usize, frames);
        assert_eq!(resumption.world.frame(), resumption.next);
        assert_eq!(resumption.world, *peer.recorder.replica());
        let said = peer.recorder.committed().unwrap().said;
        assert_eq!((said.frame + 1, said.chain), (resumption.next, resumption.chain));
        seen.insert(resumption.next, resumption.epoch);
        // The partner supplies what is missing, then play goes on.
        for entry in &entries[held..at] {
            peer.recorder.supplied(entry).unwrap();
        }
        entries[at..].iter().for_each(|entry| peer.take_entry(entry));
        let mut partner = record_entries(&game, &entries[..at])[0].take_rest(&entries[at..]);
        exchange_with(&mut peer, &mut partner);
        assert_eq!((&peer.logs, &peer.tables), (&whole.logs, &whole.tables), "{length} bytes");
        assert_eq!((peer.marks, peer.closed), (vec![], whole.closed.clone()));
    }
    // Some of these cuts are right before or within the checkpoint after frame 89.
    let expected = (67..=93).map(|next| (next, if next == 67 { 3 } else { 9 }));
    assert_eq!(seen, expected.collect());
}

impl Peer {
    fn take_rest(&self, entries: &[Entry]) -> Self {
        let game = self.recorder.replica().game();
        let (mut again, _) = resume(self, game).expect("its own logs");
        entries.iter().for_each(|entry| again.take_entry(entry));
        again
    }
}

fn exchange_with(a: &mut Peer, b: &mut Peer) {
    let (ours, theirs) = (std::mem::take(&mut a.outbox), std::mem::take(&mut b.outbox));
    a.hear(&theirs);
    b.hear(&ours);
}

#[test]
fn a_record_with_a_flipped_bit_anywhere_is_resumed_from_before_it_or_not_at_all() {
    let game = game(STEPS, 1);
    let entries = play_held(&game, 2, &[hold(12, 3, 1)]);
    let [killed, _] = record_entries(&game, &entries[..33]);
    let log = &killed.logs[&0];
    let (_, head) = log::Header::decode(log).unwrap();
    for at in 0..log.len() {
        let mut damaged = log.clone();
        damaged[at] ^= 1 << (at % 8);
        let resumed = Recorder::resume(session(), Seat(0), &game, key(0), &[damaged.clone()]);
        let (_, resumption) = resumed.unwrap_or_else(|error| panic!("byte {at}: {error}"));
        assert!(entries.starts_with(&resumption.entries), "byte {at}");
        assert!(resumption.entries.len() < 33 || at > log.len() - 43, "byte {at}");
        assert_eq!(resumption.next == 0, at < head + 4 + 23, "byte {at}");
        match replay::recover(&damaged) {
            Err(_) => assert!(at < head + 4, "byte {at}"),
            Ok(recovered) => assert!(recovered.log_length <= at, "byte {at}"),
        }
    }
}

#[test]
fn a_session_with_nothing_on_disk_is_resumed_from_its_beginning() {
    let game = game(STEPS, 1);
    let (recorder, resumption) = Recorder::resume(session(), Seat(0), &game, key(0), &[]).unwrap();
    assert_eq!((resumption.next, resumption.chain), (0, Digest([0; 32])));
    assert_eq!((resumption.entries, resumption.episodes), (vec![], vec![]));
    assert_eq!(*recorder.replica(), World::new(game));
}

#[test]
fn a_finished_episode_without_a_certificate_gets_one_after_a_restart() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let [whole, _] = record(&game, &frames);
    // Killed when the last row was in: in the pause, and while lingering at the very end.
    for end in [45, 48, frames.len()] {
        let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
        for frame in &frames[..end] {
            peers.iter_mut().for_each(|peer| peer.take(frame));
            // Statements on the last episode are lost.
            if end == frames.len() && frame.frame == 50 {
                exchange(&mut peers);
            }
        }
        let [mut partner, killed] = peers;
        let (mut peer, resumption) = resume(&killed, &game).unwrap();
        let logged = u32::try_from(end).unwrap().min(5 + STEPS + 4 + 5 + STEPS);
        assert_eq!(resumption.next, logged, "frames after the last row are in no log");
        assert_eq!(peer.outbox, killed.recorder.stated());
        // What the partner said before the kill is lost as well: it says it again.
        partner.outbox = partner.recorder.stated().to_vec();
        exchange_with(&mut peer, &mut partner);
        let episode = u16::from(end == frames.len());
        assert_eq!(peer.closed.get(&episode), Some(&true), "{end} frames");
        assert_eq!(peer.logs[&episode], whole.logs[&episode]);
        assert_eq!(peer.tables[&episode], whole.tables[&episode]);
    }
}

#[test]
fn a_statement_that_was_lost_with_its_program_is_made_again() {
    let game = game(STEPS, 1);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    for frame in &play(&game, 2)[..48] {
        peers.iter_mut().for_each(|peer| peer.take(frame));
    }
    // One side has heard the other, and is killed before it is heard itself.
    let [mut partner, mut killed] = peers;
    killed.hear(&std::mem::take(&mut partner.outbox));
    assert_eq!((killed.closed.len(), partner.closed.len()), (1, 0));
    let (mut peer, _) = resume(&killed, &game).unwrap();
    exchange_with(&mut peer, &mut partner);
    assert_eq!(partner.closed, [(0, true)].into());
    assert_eq!(partner.logs[&0], peer.logs[&0]);
}

#[test]
fn logs_that_are_not_the_sessions_are_not_resumed() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    for frame in &frames[..60] {
        peers.iter_mut().for_each(|peer| peer.take(frame));
        exchange(&mut peers);
    }
    let logs: Vec<_> = peers[0].logs.values().cloned().collect();
    let attempt = |logs: &[Vec<u8>]| {
        Recorder::resume(session(), Seat(0), &game, key(0), logs).map(|(_, resumption)| resumption)
    };
    assert!(attempt(&logs).is_ok());
    let [first, second] = logs.as_slice() else { panic!() };
    let differs = |logs: &[Vec<u8>]| matches!(attempt(logs), Err(ResumeError::Differs { .. }));
    assert!(differs(std::slice::from_ref(second)));
    assert!(differs(&[first.clone(), first.clone()]));
    assert!(differs(&[first[..first.len() * 2 / 3].to_vec(), second.clone()]), "a gap");
    let [other, _] =
        record(&crate::support::game(STEPS, 9), &play(&crate::support::game(STEPS, 9), 2));
    assert!(differs(&[other.logs[&0].clone()]));
    let garbage = attempt(&[vec![0; 500], second.clone()]);
    assert!(matches!(garbage, Err(ResumeError::Header { episode: 0, .. })));
    // Zeros where the last log's header was to be are what a loss of power leaves.
    let resumption = attempt(&[first.clone(), vec![0; 500]]).unwrap();
    assert_eq!((resumption.next, &resumption.episodes[1]), (45, &Left::Nothing));
    let [ended, _] = &mut peers;
    ended.end();
    let logs: Vec<_> = ended.logs.values().cloned().collect();
    assert!(matches!(attempt(&logs), Err(ResumeError::Ended { episode: 1 })));
}
