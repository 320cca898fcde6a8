//! Sessions for tests, the example and the benchmark: seeded games, and two recorders that watch
//! the same one.

use dyad_gridworld::rng::Rng;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{
    Action, ConfirmedFrame, Entry, FocusRule, Game, Hold, MAX_PLAYERS, Phase, PlayerInput,
    Settings, World,
};
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::bundle::Bundle;
use dyad_recording::log::SessionInfo;
use dyad_recording::statement::{Message, Say};
use dyad_recording::{Effect, KeyPair, Recorder};
use std::collections::BTreeMap;
use std::sync::Arc;

const LAYOUT: &str = include_str!("../../../../assets/layouts/cramped_room.txt");

/// A short game: two episodes of this many steps.
pub(crate) fn game(max_steps: u32, seed: u64) -> Arc<Game> {
    let settings = Settings {
        task: TaskSettings::default(),
        layout: "cramped_room".to_owned(),
        layout_text: LAYOUT.to_owned(),
        players: 2,
        steps_per_second: 30,
        max_steps,
        episodes: 2,
        countdown_frames: 5,
        pause_frames: 4,
        seed,
        episode_seeds: Default::default(),
        focus: Default::default(),
    };
    Game::new(settings).expect("a good layout")
}

/// The same with a rule about players who are away.
pub(crate) fn game_with(focus: FocusRule) -> Arc<Game> {
    let settings = game(40, 1).settings().clone();
    Game::new(Settings { focus, ..settings }).expect("a good rule")
}

pub(crate) fn session() -> SessionInfo {
    SessionInfo {
        program: "dyad 0.1.0-test".to_owned(),
        study: "study".parse().expect("an identifier"),
        id: "s-1".parse().expect("an identifier"),
        scene: "cramped".parse().expect("an identifier"),
        participants: participants().into(),
        keys: [0, 1].map(|seat| key(seat).public()).into(),
    }
}

/// What a seat signs with.
pub(crate) fn key(seat: u8) -> KeyPair {
    KeyPair::from_seed(&[seat + 1; 32])
}

pub(crate) fn participants() -> [ParticipantId; 2] {
    ["p-ada", "p-bob"].map(|id| id.parse().expect("an identifier"))
}

/// A whole session with random inputs, and three frames of coasting.
pub(crate) fn play(game: &Arc<Game>, seed: u64) -> Vec<ConfirmedFrame> {
    let entries = play_held(game, seed, &[]).into_iter();
    entries
        .filter_map(|entry| if let Entry::Frame(frame) = entry { Some(frame) } else { None })
        .collect()
}

/// The same with these holds, in order.
pub(crate) fn play_held(game: &Arc<Game>, seed: u64, holds: &[Hold]) -> Vec<Entry> {
    let mut rng = Rng::new(seed);
    let mut world = World::new(Arc::clone(game));
    let (mut entries, mut coasting) = (Vec::new(), 0);
    while coasting < 3 {
        let next = world.frame();
        for hold in holds.iter().filter(|hold| hold.next == next) {
            world.hold(hold.frames);
            entries.push(Entry::Hold(*hold));
        }
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        inputs[..game.players()].fill_with(|| input(&mut rng));
        let frame = world.frame();
        coasting += u32::from(world.phase() == Phase::Coasting);
        world.step(&inputs);
        entries.push(Entry::Frame(ConfirmedFrame { frame, inputs, digest: world.digest() }));
    }
    entries
}

fn input(rng: &mut Rng) -> PlayerInput {
    // Mostly moves and pickups, so that something happens.
    let choices = [0, 1, 2, 3, 4, 4, 6, 5];
    let number = choices[rng.below(8) as usize];
    let action = Action::from_number(number).expect("one of the seven");
    PlayerInput::new(action).with_focus(rng.below(20) > 0).with_held(rng.below(10) == 0)
}

/// The same message, changed as it may be, with a right signature of this seat's key.
pub(crate) fn resigned<S: Say + Copy>(message: &Message<S>, signer: u8) -> Message<S> {
    let Message { session, episode, seat, said, .. } = message;
    Message::new(session.clone(), *episode, *seat, *said, &key(signer))
}

/// One participant's recorder with the files it asks for.
pub(crate) struct Peer {
    pub(crate) seat: Seat,
    pub(crate) recorder: Recorder,
    pub(crate) logs: BTreeMap<u16, Vec<u8>>,
    pub(crate) tables: BTreeMap<u16, Vec<u8>>,
    /// Episodes that were closed, and whether completely.
    pub(crate) closed: BTreeMap<u16, bool>,
    /// Statements for the partner that were not delivered yet.
    pub(crate) outbox: Vec<dyad_recording::Statement>,
    /// Everything that is neither of these: marks of something wrong.
    pub(crate) marks: Vec<Effect>,
}

impl Peer {
    pub(crate) fn new(seat: u8, game: &Arc<Game>) -> Self {
        Self::of(session(), seat, game)
    }

    /// Of another session than the usual one.
    pub(crate) fn of(session: SessionInfo, seat: u8, game: &Arc<Game>) -> Self {
        let recorder = Recorder::new(session, Seat(seat), game, key(seat));
        Self {
            seat: Seat(seat),
            recorder: recorder.expect("a good session"),
            logs: BTreeMap::new(),
            tables: BTreeMap::new(),
            closed: BTreeMap::new(),
            outbox: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Issues this seat's input and takes the confirmed frame.
    pub(crate) fn take(&mut self, frame: &ConfirmedFrame) {
        let own = frame.inputs[self.seat.index()];
        self.recorder.issued(frame.frame, own).expect("not recorded yet");
        self.recorder.confirmed(frame).expect("in order");
        self.drain();
    }

    pub(crate) fn take_entry(&mut self, entry: &Entry) {
        match entry {
            Entry::Hold(hold) => self.recorder.hold(*hold).expect("before the next frame"),
            Entry::Frame(frame) => self.take(frame),
        }
    }

    pub(crate) fn drain(&mut self) {
        while let Some(effect) = self.recorder.poll_effect() {
            match effect {
                Effect::Open { episode } => {
                    assert!(self.logs.insert(episode, Vec::new()).is_none(), "opened twice");
                    self.tables.insert(episode, Vec::new());
                }
                Effect::Log { episode, bytes } => self.open(episode).0.extend(bytes),
                Effect::Table { episode, bytes } => self.open(episode).1.extend(bytes),
                Effect::Close { episode, complete } => {
                    self.open(episode);
                    self.closed.insert(episode, complete);
                }
                Effect::Statement(statement) => self.outbox.push(statement),
                mark => self.marks.push(mark),
            }
        }
    }

    /// The files of an open episode.
    fn open(&mut self, episode: u16) -> (&mut Vec<u8>, &mut Vec<u8>) {
        assert!(!self.closed.contains_key(&episode), "episode {episode} is closed");
        let log = self.logs.get_mut(&episode).expect("opened");
        (log, self.tables.get_mut(&episode).expect("opened"))
    }

    /// Delivers what the partner said.
    pub(crate) fn hear(&mut self, statements: &[dyad_recording::Statement]) {
        for statement in statements {
            self.recorder.statement(statement.clone()).expect("the partner's");
        }
        self.drain();
    }

    pub(crate) fn end(&mut self) {
        self.recorder.end();
        self.drain();
    }

    pub(crate) fn bundle(&self, episode: u16) -> Bundle {
        Bundle {
            participant: participants()[self.seat.index()].clone(),
            episode,
            log: self.logs[&episode].clone(),
            table: self.tables[&episode].clone(),
            local: b"frame\n".to_vec(),
            divergence: None,
        }
    }
}

/// Both peers after a session that went well.
pub(crate) fn record(game: &Arc<Game>, frames: &[ConfirmedFrame]) -> [Peer; 2] {
    let mut peers = [Peer::new(0, game), Peer::new(1, game)];
    for frame in frames {
        peers.iter_mut().for_each(|peer| peer.take(frame));
        exchange(&mut peers);
    }
    peers
}

/// Both peers after a session that was held and went well all the same.
pub(crate) fn record_entries(game: &Arc<Game>, entries: &[Entry]) -> [Peer; 2] {
    let mut peers = [Peer::new(0, game), Peer::new(1, game)];
    for entry in entries {
        peers.iter_mut().for_each(|peer| peer.take_entry(entry));
        exchange(&mut peers);
    }
    peers
}

/// Delivers all statements.
pub(crate) fn exchange([a, b]: &mut [Peer; 2]) {
    b.hear(&std::mem::take(&mut a.outbox));
    a.hear(&std::mem::take(&mut b.outbox));
}

/// The golden record: an episode's log and table, and a log with holds that one side closed alone.
pub(crate) fn golden() -> [Vec<u8>; 3] {
    let game = game(120, 20_260_101);
    let frames = play(&game, 7);
    let [mut whole, _] = record(&game, &frames);
    let hold = |next, frames, epoch| Hold { next, frames, epoch };
    let entries = play_held(&game, 7, &[hold(0, 3, 1), hold(50, 10, 2)]);
    let mut peers = [Peer::new(0, &game), Peer::new(1, &game)];
    for entry in &entries[..70] {
        peers.iter_mut().for_each(|peer| peer.take_entry(entry));
    }
    let said = peers[1].recorder.committed().expect("frames were recorded");
    let [survivor, _] = &mut peers;
    survivor.recorder.committed_by(said).expect("the partner's");
    survivor.end();
    let file = |files: &mut BTreeMap<u16, Vec<u8>>, episode| {
        files.remove(&episode).expect("the episode was recorded")
    };
    let log = file(&mut whole.logs, 1);
    [log, file(&mut whole.tables, 1), file(&mut survivor.logs, 0)]
}
