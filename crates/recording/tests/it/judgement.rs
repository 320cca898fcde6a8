//! Verification of one log, relations of two, verdicts on an episode.

use crate::support::{Peer, exchange, game, participants, play, record, resigned};
use dyad_gridworld::rng::Rng;
use dyad_gridworld::{
    Action, ConfirmedFrame, Digest, Game, MAX_PLAYERS, Phase, PlayerInput, World,
};
use dyad_policies::Policy as _;
use dyad_protocol::players::Program;
use dyad_protocol::records::Verdict;
use dyad_protocol::{PublicKey, Seat};
use dyad_recording::bundle::{Bundle, unpack};
use dyad_recording::log::{self, Certificate, Header, HeaderError, SessionInfo, Writer};
use dyad_recording::recorder::{NewError, Recorder};
use dyad_recording::replay::{self, Recovered};
use dyad_recording::statement::Field;
use dyad_recording::verify::{Contradiction, Relation, Report, relate, verdict, verify};
use std::sync::Arc;

const STEPS: u32 = 40;

fn bundles(peers: &[Peer; 2], episode: u16) -> [Bundle; 2] {
    peers.each_ref().map(|peer| peer.bundle(episode))
}

/// Both peers, each ended after so many frames.
fn cut(game: &Arc<Game>, frames: &[ConfirmedFrame], lengths: [usize; 2]) -> [Peer; 2] {
    let mut peers = [Peer::new(0, game), Peer::new(1, game)];
    for (peer, length) in peers.iter_mut().zip(lengths) {
        frames[..length].iter().for_each(|frame| peer.take(frame));
    }
    peers.iter_mut().for_each(Peer::end);
    peers
}

/// The frames of the same session with one input changed, and all digests right.
fn changed(game: &Arc<Game>, frames: &[ConfirmedFrame], at: usize) -> Vec<ConfirmedFrame> {
    let mut world = World::new(Arc::clone(game));
    let mut frames = frames.to_vec();
    let was = frames[at].inputs[1].action();
    let action = if was == Action::Up { Action::Down } else { Action::Up };
    frames[at].inputs[1] = PlayerInput::new(action).with_focus(frames[at].inputs[1].focused());
    for frame in &mut frames {
        world.step(&frame.inputs);
        frame.digest = world.digest();
    }
    frames
}

#[test]
fn a_sound_log_is_reported_in_words() {
    let game = game(STEPS, 1);
    let [a, _] = record(&game, &play(&game, 2));
    let report = verify(&a.logs[&1]).unwrap();
    assert!(report.is_sound());
    let digest = Digest::of(&a.tables[&1]);
    let expected = format!(
        "study study, session s-1, scene cramped, episode 1\n\
         participants  p-ada, p-bob\n\
         written by    dyad 0.1.0-test, rules version 2\n\
         frames        45 to 93\n\
         ending        complete, with every player's statement\n\
         signatures    2 good, by the keys in the log's header\n\
         re-simulated  40 rows, finished\n\
         table         {digest}\n\
         session       ended with this episode, its last\n\
         chain head    {}\n\
         sound",
        report.log.chain
    );
    assert_eq!(report.to_string(), expected);
}

#[test]
fn a_log_that_the_rules_contradict_is_not_sound() {
    let game = game(STEPS, 1);
    let [a, _] = record(&game, &play(&game, 2));
    let mut log = log::read(&a.logs[&0]).unwrap();
    log.frames[20].digest ^= 1;
    // Written anew, so every checksum and the chain are right: only the rules can tell.
    let mut bytes = Vec::new();
    let mut writer = Writer::open(&log.header, &mut bytes).unwrap();
    log.frames.iter().for_each(|frame| writer.frame(frame, &mut bytes));
    let report = verify(&bytes).unwrap();
    assert!(!report.is_sound());
    assert!(report.derived.unwrap_err().to_string().starts_with("frame 20 leads to a world"));
}

#[test]
fn a_header_that_lies_about_its_start_is_not_sound() {
    let game = game(STEPS, 1);
    let [a, _] = record(&game, &play(&game, 2));
    let header = log::read(&a.logs[&0]).unwrap().header;
    let other = World::new(crate::support::game(STEPS, 99));
    type Lie<'a> = &'a dyn Fn(&mut Header);
    let lies: [(Lie<'_>, &str); 5] = [
        (&|h| h.world = other.encode().as_bytes().to_vec(), "no episode starts"),
        (&|h| h.game = Digest([1; 32]), "digest"),
        (&|h| h.rules = 999, "rules version 999"),
        (&|h| h.settings = "{}".to_owned(), "settings"),
        (&|h| (h.session.participants.pop(), h.session.keys.pop(), ()).2, "participant"),
    ];
    for (lie, expected) in lies {
        let mut header = header.clone();
        lie(&mut header);
        let mut bytes = Vec::new();
        Writer::open(&header, &mut bytes).unwrap();
        let report = verify(&bytes).unwrap();
        let error = report.derived.as_ref().unwrap_err().to_string();
        assert!(error.contains(expected), "{error:?} should say {expected:?}");
        assert!(!report.is_sound());
    }
}

#[test]
fn statements_are_checked_against_the_log() {
    let game = game(STEPS, 1);
    let [a, _] = record(&game, &play(&game, 2));
    let log = log::read(&a.logs[&0]).unwrap();
    let Some(Certificate::Complete { statements }) = log.certificate() else { panic!() };
    let rewritten = |certificate: &Certificate| -> Report {
        let mut bytes = Vec::new();
        let mut writer = Writer::open(&log.header, &mut bytes).unwrap();
        log.frames.iter().for_each(|frame| writer.frame(frame, &mut bytes));
        writer.close(certificate, &mut bytes).unwrap();
        verify(&bytes).unwrap()
    };
    assert!(rewritten(&Certificate::Complete { statements: statements.clone() }).is_sound());
    let mut lies = statements.clone();
    lies[1].said.rows += 1;
    lies[1] = resigned(&lies[1], 1);
    let report = rewritten(&Certificate::Complete { statements: lies });
    assert_eq!(report.contradictions, [Contradiction { seat: Seat(1), field: Field::Rows }]);
    assert!(report.to_string().contains("seat 1 differs from the log in its number of rows"));

    let own = statements[0].clone();
    let mut said = a.recorder.committed().unwrap();
    said.seat = Seat(1);
    let forged = Certificate::Survivor { own: own.clone(), committed: vec![said.clone()] };
    let signature = [Contradiction { seat: Seat(1), field: Field::Signature }];
    assert_eq!(rewritten(&forged).contradictions, signature);
    said = resigned(&said, 1);
    let later = Certificate::Survivor { own: own.clone(), committed: vec![said.clone()] };
    assert!(rewritten(&later).is_sound(), "a message about the next episode says nothing here");
    (said.episode, said.said.frame) = (0, 11);
    said = resigned(&said, 1);
    let unlike = rewritten(&Certificate::Survivor { own, committed: vec![said] });
    assert_eq!(unlike.contradictions, [Contradiction { seat: Seat(1), field: Field::Chain }]);
}

#[test]
fn relations_of_logs() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let [a, b] = record(&game, &frames);
    let check = |bytes: &[u8]| verify(bytes).unwrap();
    let relation = |a: &[u8], b: &[u8]| relate(&check(a), &check(b));
    assert_eq!(relation(&a.logs[&0], &b.logs[&0]), Relation::Equal { frames: 45 });
    assert_eq!(relation(&a.logs[&0], &b.logs[&1]), Relation::Successive { linked: true });
    assert_eq!(relation(&a.logs[&1], &b.logs[&0]), Relation::Successive { linked: true });
    let [short, _] = cut(&game, &frames, [20, 0]);
    let prefix = Relation::Prefix { common: 20, longest: 45 };
    assert_eq!(relation(&short.logs[&0], &a.logs[&0]), prefix);
    let other = crate::support::game(STEPS, 77);
    let [other, _] = record(&other, &play(&other, 2));
    assert_eq!(relation(&a.logs[&0], &other.logs[&0]), Relation::Unrelated("settings"));
    assert_eq!(relation(&a.logs[&0], &other.logs[&1]), Relation::Successive { linked: false });
}

#[test]
fn a_divergence_is_named_by_frame_and_column() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let at = |changed_at: usize| {
        let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
        frames[..45].iter().for_each(|frame| peers[0].take(frame));
        changed(&game, &frames, changed_at)[..45].iter().for_each(|frame| peers[1].take(frame));
        peers.iter_mut().for_each(Peer::end);
        verdict(&bundles(&peers, 0))
    };
    let diverged = |frame, column: &str| Verdict::Diverged { frame, column: column.to_owned() };
    assert_eq!(at(17), diverged(17, "actions.1"));
    assert_eq!(at(2), diverged(2, "inputs.1"), "a countdown frame has no row");
}

#[test]
fn verdicts_on_finished_episodes() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let peers = record(&game, &frames);
    for episode in [0, 1] {
        let records = bundles(&peers, episode);
        assert_eq!(verdict(&records), Verdict::Identical { rows: STEPS });
        assert_eq!(verdict(&records[1..]), Verdict::OneSideOnly { rows: STEPS });
        let sent = records.map(|bundle| unpack(&bundle.pack().unwrap()).unwrap());
        assert_eq!(verdict(&sent), Verdict::Identical { rows: STEPS });
    }
    // Both have the last row, but the statements were never exchanged.
    let peers = cut(&game, &frames, [45, 45]);
    assert_eq!(verdict(&bundles(&peers, 0)), Verdict::Identical { rows: STEPS });
}

#[test]
fn verdicts_on_sessions_cut_short() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let at = |lengths| verdict(&bundles(&cut(&game, &frames, lengths), 0));
    assert_eq!(at([25, 25]), Verdict::Prefix { rows: 20 });
    assert_eq!(at([25, 22]), Verdict::PrefixWithTail { rows: 17, longest: 20 });
    assert_eq!(at([2, 45]), Verdict::PrefixWithTail { rows: 0, longest: 40 });
    assert_eq!(at([2, 3]), Verdict::Prefix { rows: 0 });
}

#[test]
fn a_crash_leaves_a_log_and_a_table_of_different_lengths() {
    let game = game(STEPS, 1);
    let [a, b] = record(&game, &play(&game, 2));
    let whole = a.bundle(0);
    let mut crashed = b.bundle(0);
    crashed.log.truncate(crashed.log.len() * 3 / 4);
    let Verdict::PrefixWithTail { rows, longest } = verdict(&[whole.clone(), crashed.clone()])
    else {
        panic!()
    };
    assert!(0 < rows && rows < longest && longest == STEPS);
    crashed.table.truncate(crashed.table.len() / 3);
    let shorter = verdict(&[whole.clone(), crashed.clone()]);
    assert_eq!(shorter, Verdict::PrefixWithTail { rows, longest });
    *crashed.table.last_mut().unwrap() ^= 1;
    assert!(matches!(verdict(&[whole, crashed]), Verdict::Invalid { .. }));
}

#[test]
fn records_that_cannot_be_trusted_are_invalid_with_a_reason() {
    let game = game(STEPS, 1);
    let peers = record(&game, &play(&game, 2));
    let good = bundles(&peers, 0);
    let invalid = |change: &dyn Fn(&mut Bundle), expected: &str| {
        let [a, mut b] = good.clone();
        change(&mut b);
        match verdict(&[a, b]) {
            Verdict::Invalid { message } => {
                assert!(message.contains(expected), "{message:?} should say {expected:?}");
            }
            other => panic!("{other} instead of: {expected}"),
        }
    };
    let ended = cut(&game, &play(&game, 2), [45, 45]);
    invalid(&|b| b.log.clone_from(&ended[0].logs[&0]), "closed by seat 0");
    invalid(&|b| b.table.push(b'\n'), "its table is not the one");
    invalid(&|b| b.table.truncate(500), "its table is not the one");
    invalid(&|b| b.log[1500] ^= 4, "damaged at byte");
    invalid(&|b| b.log.truncate(100), "cut inside its header");
    invalid(&|b| b.episode = 1, "another episode");
    invalid(&|b| b.participant = "p-eve".parse().unwrap(), "other participants");
    invalid(&|b| b.participant = participants()[0].clone(), "there are two");
    assert!(matches!(verdict(&[]), Verdict::Invalid { .. }));
    let mixed = [peers[0].bundle(0), peers[1].bundle(1)];
    assert!(matches!(verdict(&mixed), Verdict::Invalid { message } if message.contains("success")));
}

#[test]
fn a_certificate_that_somebody_else_signed_makes_the_record_invalid() {
    let game = game(STEPS, 1);
    let peers = record(&game, &play(&game, 2));
    let mut records = bundles(&peers, 0);
    let log = log::read(&records[0].log).unwrap();
    let Some(Certificate::Complete { statements }) = log.certificate() else { panic!() };
    // Ada says in Bob's name what Bob has really said, but has not his key.
    let statements = vec![statements[0].clone(), resigned(&statements[1], 0)];
    records[0].log.clear();
    let mut writer = Writer::open(&log.header, &mut records[0].log).unwrap();
    log.frames.iter().for_each(|frame| writer.frame(frame, &mut records[0].log));
    writer.close(&Certificate::Complete { statements }, &mut records[0].log).unwrap();
    let Verdict::Invalid { message } = verdict(&records) else { panic!() };
    assert_eq!(message, "record of p-ada: seat 1 has not signed what it is said to");
    let report = verify(&records[0].log).unwrap();
    assert!(report.to_string().contains("signatures    1 good"), "{report}");
}

#[test]
fn a_machine_that_issued_other_inputs_makes_the_record_invalid() {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    for frame in &frames[..45] {
        peers[1].take(frame);
        // Seat 0 never says what it issued, so its statement is about zero inputs.
        peers[0].recorder.confirmed(frame).unwrap();
        peers[0].drain();
    }
    exchange(&mut peers);
    let Verdict::Invalid { message } = verdict(&bundles(&peers, 0)) else { panic!() };
    assert!(message.contains("seat 0 differs from the log in its inputs"), "{message}");
}

#[test]
fn a_recovered_record_is_a_good_one() {
    let game = game(STEPS, 1);
    let [a, b] = record(&game, &play(&game, 2));
    let (whole, mut crashed) = (a.bundle(0), b.bundle(0));
    for length in (900..crashed.log.len()).step_by(7) {
        crashed.log.clone_from(&whole.log);
        crashed.log.truncate(length);
        crashed.log.extend([0; 300]);
        let Recovered { log_length, table } = replay::recover(&crashed.log).unwrap();
        crashed.log.truncate(log_length);
        crashed.table = table;
        let rows = verify(&crashed.log).unwrap().rows();
        let expected = match rows {
            STEPS => Verdict::Identical { rows },
            _ => Verdict::PrefixWithTail { rows, longest: STEPS },
        };
        assert_eq!(verdict(&[whole.clone(), crashed.clone()]), expected, "{length} bytes");
    }
}

/// A person plays at random with the program that cooks in this seat; in one frame it is said to have
/// done something else.
fn play_with_program(game: &Arc<Game>, seat: u8, wrong: Option<u32>) -> Vec<ConfirmedFrame> {
    let (seat, seed) = (usize::from(seat), game.settings().seed);
    let mut program = dyad_policies::program("scripted", seed, seat).expect("a name");
    let (mut rng, mut world) = (Rng::new(3), World::new(Arc::clone(game)));
    let mut frames = Vec::new();
    while world.phase() != Phase::Coasting {
        let (frame, own) = (world.frame(), u8::try_from(rng.below(7)).expect("small"));
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        inputs[1 - seat] = PlayerInput::new(Action::from_number(own).expect("one of seven"));
        inputs[seat] = program.input(&world, seat);
        if wrong == Some(frame) {
            let up = inputs[seat].action() == Action::Up;
            inputs[seat] = PlayerInput::new(if up { Action::Down } else { Action::Up });
        }
        world.step(&inputs);
        frames.push(ConfirmedFrame { frame, inputs, digest: world.digest() });
    }
    frames
}

#[test]
fn what_a_program_has_not_done_is_found() {
    let game = game(STEPS, 1);
    for (seat, wrong) in [(1, 7), (1, 20), (0, 20)] {
        let mut person = Peer::of(session_with_program("scripted", seat), 1 - seat, &game);
        for frame in &play_with_program(&game, seat, Some(wrong)) {
            person.take(frame);
        }
        let report = verify(&person.bundle(0).log).unwrap();
        assert!(report.derived.is_ok(), "the rules lead where the log says");
        assert!(!report.is_sound());
        let said =
            format!("program-scripted in seat {seat} does something else in frame {wrong} than");
        assert!(report.to_string().contains(&said), "{report}");
        let verdict = verdict(&[person.bundle(0)]);
        assert!(matches!(&verdict, Verdict::Invalid { message } if message.contains(&said)));
        let next = verify(&person.bundle(1).log).unwrap();
        assert!(next.is_sound(), "each log is for itself");
    }
    let mut person = Peer::of(session_with_program("chess", 1), 0, &game);
    play_with_program(&game, 1, None).iter().for_each(|frame| person.take(frame));
    let report = verify(&person.bundle(0).log).unwrap();
    assert!(!report.is_sound() && report.to_string().contains("program-chess is unknown here"));
}

/// A session for two in which a program has this seat.
fn session_with_program(policy: &str, seat: u8) -> SessionInfo {
    let mut session = crate::support::session();
    let seat = usize::from(seat);
    session.participants[seat] = Program::name_of(policy).parse().expect("a name");
    session.keys[seat] = PublicKey::NOBODY;
    session
}

/// A person plays with a program, in either seat: one log is the whole record, and nobody signs for the
/// program.
#[test]
fn a_record_of_a_person_and_a_program_is_complete() {
    let game = game(STEPS, 1);
    for (seat, names) in [(0, ",program-scripted,p-bob,"), (1, ",p-ada,program-scripted,")] {
        let session = session_with_program("scripted", seat);
        let mut person = Peer::of(session.clone(), 1 - seat, &game);
        for frame in &play_with_program(&game, seat, None) {
            person.take(frame);
        }
        assert_eq!(person.closed.get(&1), Some(&true), "no statement is missing");
        let verdict = verdict(&[person.bundle(1)]);
        assert_eq!(verdict, Verdict::Identical { rows: STEPS });
        assert!(verify(&person.bundle(1).log).unwrap().is_sound());
        let table = String::from_utf8(person.tables.remove(&1).unwrap()).unwrap();
        assert!(table.lines().skip(1).all(|row| row.contains(names)), "{table}");

        // A program has no key that it could have signed with.
        let made = Recorder::new(session, Seat(seat), &game, crate::support::key(1));
        assert!(matches!(made.err(), Some(NewError::Key(at)) if at == Seat(seat)));
    }
}

#[test]
fn programs_alone_have_no_record() {
    let game = game(STEPS, 1);
    let mut session = session_with_program("scripted", 0);
    let mut person = Peer::of(session.clone(), 1, &game);
    play_with_program(&game, 0, None).iter().for_each(|frame| person.take(frame));
    session.keys[1] = PublicKey::NOBODY;
    let header = log::read(&person.bundle(0).log).unwrap().header;
    assert!(header.encode().is_ok());
    assert_eq!(Header { session, ..header }.encode(), Err(HeaderError::Field("keys")));
}
