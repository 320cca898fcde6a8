//! What partners say that is not to be believed, and what is kept when things diverge.

use crate::support::{Peer, game, play, record, resigned, session};
use dyad_gridworld::Digest;
use dyad_protocol::Seat;
use dyad_recording::forensics::Dump;
use dyad_recording::log::{self, Certificate};
use dyad_recording::recorder::Refusal;
use dyad_recording::{Committed, Effect, Statement};

const STEPS: u32 = 40;

#[test]
fn what_is_not_signed_by_its_seat_is_refused_and_changes_nothing() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    for frame in &frames[..45] {
        peers.iter_mut().for_each(|peer| peer.take(frame));
    }
    let [ada, bob] = &mut peers;
    let statement = bob.outbox.remove(0);
    let committed = bob.recorder.committed().unwrap();
    let forged = [resigned(&statement, 0), Statement { signature: [0; 64], ..statement.clone() }];
    for forged in forged {
        assert_eq!(ada.recorder.statement(forged), Err(Refusal::Signature(Seat(1))));
    }
    let forged = Committed { signature: statement.signature, ..committed.clone() };
    assert_eq!(ada.recorder.committed_by(forged), Err(Refusal::Signature(Seat(1))));
    let reflected = ada.recorder.committed().unwrap();
    assert_eq!(ada.recorder.committed_by(reflected), Err(Refusal::Seat(Seat(0))));
    let mut elsewhere = committed.clone();
    elsewhere.session = "s-2".parse().unwrap();
    assert_eq!(ada.recorder.committed_by(resigned(&elsewhere, 1)), Err(Refusal::Session));
    ada.recorder.committed_by(committed.clone()).unwrap();
    let mut two_tongued = committed;
    two_tongued.said.chain = Digest([7; 32]);
    let refused = ada.recorder.committed_by(resigned(&two_tongued, 1));
    assert_eq!(refused, Err(Refusal::Contradiction));
    ada.drain();
    assert_eq!((ada.closed.len(), &ada.marks), (0, &vec![]), "no certificate");
    ada.hear(&[statement]);
    assert_eq!(ada.closed, [(0, true)].into());
    let log = log::read(&ada.logs[&0]).unwrap();
    let Some(Certificate::Complete { statements }) = log.certificate() else { panic!() };
    assert!(statements.iter().all(|it| it.is_authentic(&session().keys)));
}

#[test]
fn a_partner_whose_chain_is_another_is_noticed_whoever_is_ahead() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    for frame in &frames[..30] {
        peers.iter_mut().for_each(|peer| peer.take(frame));
    }
    let agreed = peers[1].recorder.committed().unwrap();
    peers[0].recorder.committed_by(agreed).unwrap();
    let differs = Effect::ChainDiffers { seat: Seat(1), agreed: Some(29), frame: 33 };
    let lie = |peer: &Peer| {
        let mut said = peer.recorder.committed().unwrap();
        said.said.chain = Digest([1; 32]);
        resigned(&said, 1)
    };
    frames[30..34].iter().for_each(|frame| peers[1].take(frame));
    let ahead = lie(&peers[1]);
    peers[0].recorder.committed_by(ahead).unwrap();
    peers[0].drain();
    assert_eq!(peers[0].marks, []);
    frames[30..40].iter().for_each(|frame| peers[0].take(frame));
    assert_eq!(peers[0].marks, std::slice::from_ref(&differs));
    frames[34..36].iter().for_each(|frame| peers[1].take(frame));
    let behind = lie(&peers[1]);
    peers[0].recorder.committed_by(behind).unwrap();
    peers[0].drain();
    assert_eq!(peers[0].marks, [differs], "once is enough");
}

#[test]
fn dumps_name_the_first_field_that_differs() {
    let game = game(STEPS, 1);
    let [peer, _] = record(&game, &play(&game, 2));
    let log = log::read(&peer.logs[&0]).unwrap();
    // A session that is wrong from frame 20 on: its world was held there.
    let wrong = |frame: u32| {
        let mut world = log.header.start().unwrap();
        for logged in &log.frames[..=frame as usize] {
            if logged.number == 20 {
                world.hold(1);
            }
            world.step(&logged.inputs);
        }
        Some(world.encode().as_bytes().to_vec())
    };
    let dump = |seat, simulated: &dyn Fn(u32) -> Option<Vec<u8>>| {
        let dump = Dump::new(&log, Seat(seat), "a test".to_owned(), 15..=25, simulated).unwrap();
        assert_eq!(Dump::decode(&dump.encode()).unwrap(), dump);
        dump
    };
    let (bad, good, silent) = (dump(0, &wrong), dump(1, &right(&log)), dump(1, &|_| None));
    assert_eq!((bad.frames.len(), bad.participant.as_str()), (11, "p-ada"));
    let own = bad.own_difference().unwrap().unwrap();
    assert_eq!(own.to_string(), r#"frame 20, t: "15" and "16""#);
    assert_eq!(good.own_difference().unwrap(), None);
    for other in [&good, &silent] {
        assert_eq!(bad.difference(other).unwrap(), Some(own.clone()));
        assert_eq!(bad.in_common(other), 11);
    }
    assert_eq!(good.difference(&silent).unwrap(), None);
    let mut inputs = good.clone();
    inputs.frames[2].inputs[1] ^= 0x0100;
    let unlike = good.difference(&inputs).unwrap().unwrap();
    assert_eq!((unlike.frame, unlike.field.as_str()), (17, "inputs.1"));
    let mut generator = good.clone();
    let at = generator.frames[4].record.0.len();
    let world = generator.frames[4].simulated.as_mut().unwrap();
    assert_eq!(world.0.len(), at);
    world.0[31] ^= 1;
    let unlike = good.difference(&generator).unwrap().unwrap();
    assert_eq!((unlike.frame, unlike.field.as_str()), (19, "byte 31 of the encoding"));
    let mut elsewhere = good.clone();
    elsewhere.session = "s-2".parse().unwrap();
    assert!(good.difference(&elsewhere).is_err());
    assert!(Dump::decode(b"{}").is_err());
}

fn right(log: &log::Log) -> impl Fn(u32) -> Option<Vec<u8>> {
    |frame| {
        let mut world = log.header.start().ok()?;
        log.frames[..=frame as usize].iter().for_each(|logged| {
            world.step(&logged.inputs);
        });
        Some(world.encode().as_bytes().to_vec())
    }
}
