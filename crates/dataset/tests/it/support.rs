//! Stores for tests, the example and the benchmark: sessions of scripted players without a
//! network, recorded as clients do, and sent to a collector.

use dyad_collector::store::digest;
use dyad_collector::{Registration, Store};
use dyad_dataset::study::{Answered, Consent, Matched, Person, SceneEnd, Study};
use dyad_gridworld::rng::Rng;
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{
    ConfirmedFrame, FocusRule, Game, Hold, MAX_PLAYERS, Phase, PlayerInput, Settings, World,
};
use dyad_policies::{Policy, by_name, program};
use dyad_protocol::records::RecordName;
use dyad_protocol::{ParticipantId, PublicKey, SceneId, Seat, Seats, Token};
use dyad_recording::local::{Row, put_header};
use dyad_recording::log::SessionInfo;
use dyad_recording::{Bundle, Effect, KeyPair, Recorder};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All episodes were finished on both sides.
    Finished,
    /// The same, with an interruption in it.
    Interrupted,
    /// Both sides stopped at the same frame.
    Stopped,
    /// One side got further than the other.
    Tail,
    /// Only one side has sent its record.
    OneSide,
    /// The computer of one side stopped: its log has no certificate, its table is shorter.
    Crashed,
    /// The two sides recorded different inputs.
    Diverged,
    /// One side's table is not the one of its log.
    Edited,
    /// One side sent something that is no record.
    Garbage,
    /// Somebody was away for too long in the first episode, which ended the session.
    Away,
    /// The same in the countdown of the second episode, of which there is no row.
    AwayBetween,
    /// One person played with a program.
    Alone(Seat),
}

impl Fate {
    /// From which frame on somebody is away, and how long that is put up with.
    fn away(self) -> Option<(u32, u32)> {
        match self {
            Self::Away => Some((20, 15)),
            Self::AwayBetween => Some((42, 9)),
            _ => None,
        }
    }
}

/// A session to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) number: u32,
    pub(crate) task: usize,
    pub(crate) fate: Fate,
    pub(crate) max_steps: u32,
    pub(crate) episodes: u16,
}

/// A mix of sessions of all tasks and all fates of sound records.
pub(crate) fn mixed(sessions: u32) -> Vec<Plan> {
    const FATES: [Fate; 7] = [
        Fate::Finished,
        Fate::Interrupted,
        Fate::Tail,
        Fate::Stopped,
        Fate::OneSide,
        Fate::Crashed,
        Fate::Diverged,
    ];
    let plan = |number: u32| Plan {
        number,
        task: number as usize % 3,
        fate: FATES[number as usize % FATES.len()],
        max_steps: 40,
        episodes: 2,
    };
    (0..sessions).map(plan).collect()
}

/// The session with a program of a person in this seat.
pub(crate) fn alone(number: u32, seat: Seat) -> Plan {
    Plan { number, task: 0, fate: Fate::Alone(seat), max_steps: 40, episodes: 2 }
}

/// Sessions that went well.
pub(crate) fn finished(sessions: u32, max_steps: u32, episodes: u16) -> Vec<Plan> {
    let plan = |number| Plan { number, task: 0, fate: Fate::Finished, max_steps, episodes };
    (0..sessions).map(plan).collect()
}

fn game(plan: &Plan) -> Arc<Game> {
    let task = TaskSettings::all().swap_remove(plan.task);
    let (layout, layout_text) = task.layouts()[0];
    let settings = Settings {
        layout: layout.to_owned(),
        layout_text: layout_text.to_owned(),
        task,
        players: 2,
        steps_per_second: 30,
        max_steps: plan.max_steps,
        episodes: plan.episodes,
        countdown_frames: 5,
        pause_frames: 4,
        seed: u64::from(plan.number) + 1,
        episode_seeds: EpisodeSeeds::Derived,
        focus: FocusRule {
            limit: plan.fate.away().map(|(_, limit)| limit),
            ..FocusRule::default()
        },
    };
    Game::new(settings).expect("a layout that comes with the task")
}

fn key(plan: &Plan, seat: Seat) -> KeyPair {
    let [a, b, c, d] = plan.number.to_le_bytes();
    let mut seed = [seat.0 + 1; 32];
    seed[..4].copy_from_slice(&[a, b, c, d]);
    KeyPair::from_seed(&seed)
}

/// What the lab writes down of a session.
pub(crate) fn registration(plan: &Plan) -> Registration {
    let number = plan.number;
    let id = |text: String| text.parse().expect("an identifier");
    let is_person = |seat| !matches!(plan.fate, Fate::Alone(theirs) if theirs != seat);
    let player = |seat: Seat| match is_person(seat) {
        true => (id(format!("p-{:06x}", 2 * number + u32::from(seat.0))), key(plan, seat).public()),
        false => (id("program-scripted".to_owned()), PublicKey::NOBODY),
    };
    let (players, keys) = Seat::all(2).map(player).unzip();
    Registration {
        study: "study".parse().expect("an identifier"),
        session: format!("s-20261120-{number:012x}").parse().expect("an identifier"),
        scene: ["kitchen_one", "kitchen-two", "goals"][plan.task].parse().expect("an identifier"),
        players,
        keys,
        episodes: plan.episodes,
        game: game(plan).digest().to_string().parse().expect("a digest"),
    }
}

#[derive(Default)]
struct Files {
    log: Vec<u8>,
    table: Vec<u8>,
    frames: Vec<u32>,
}

struct Peer {
    seat: Seat,
    recorder: Recorder,
    episodes: BTreeMap<u16, Files>,
    /// The frame from which on this side records nothing.
    until: u32,
}

impl Peer {
    fn drain(&mut self, said: &mut Vec<dyad_recording::Statement>) {
        while let Some(effect) = self.recorder.poll_effect() {
            match effect {
                Effect::Log { episode, bytes } => {
                    self.episodes.entry(episode).or_default().log.extend(bytes);
                }
                Effect::Table { episode, bytes } => {
                    self.episodes.entry(episode).or_default().table.extend(bytes);
                }
                Effect::Statement(statement) => said.push(statement),
                _ => {}
            }
        }
    }
}

/// Plays a session and gives the records of both sides, by side and episode.
pub(crate) fn play(plan: &Plan) -> Vec<Bundle> {
    let game = game(plan);
    let Registration { study, session, scene, players, keys, .. } = registration(plan);
    let program = "dyad 0.1.0".to_owned();
    let info = SessionInfo { program, study, id: session, scene, participants: players, keys };
    let length = plan.max_steps + 9;
    let stop = length + length / 2;
    let until = match plan.fate {
        Fate::Stopped => [stop, stop],
        Fate::Tail => [stop + 11, stop],
        Fate::Crashed => [stop, stop - 7],
        _ => [u32::MAX; 2],
    };
    let mut peers: Vec<Peer> = info
        .seats_of_people()
        .iter()
        .map(|seat| {
            let recorder = Recorder::new(info.clone(), seat, &game, key(plan, seat));
            let recorder = recorder.expect("a good session");
            Peer { seat, recorder, episodes: BTreeMap::new(), until: until[seat.index()] }
        })
        .collect();
    record(plan, &game, &mut peers);
    let bundles = peers.into_iter().flat_map(|Peer { seat, episodes, .. }| {
        let seat = seat.index();
        let participant = &info.participants[seat];
        episodes
            .into_iter()
            .map(move |(episode, files)| bundle(plan, seat, participant.clone(), episode, files))
    });
    bundles.collect()
}

fn record(plan: &Plan, game: &Arc<Game>, peers: &mut [Peer]) {
    let length = plan.max_steps + 9;
    let mut world = World::new(Arc::clone(game));
    let people: Seats = peers.iter().map(|peer| peer.seat).collect();
    let policy = if plan.task == 0 { "scripted" } else { "random" };
    let mut cooks: Vec<Box<dyn Policy + Send + Sync>> = Seat::all(2)
        .filter_map(|seat| match people.contains(seat) {
            true => by_name(policy, u64::from(plan.number) * 2 + u64::from(seat.0)),
            false => program("scripted", game.settings().seed, seat.index()),
        })
        .collect();
    let mut said = Vec::new();
    while world.phase() != Phase::Coasting && peers.iter().any(|peer| world.frame() < peer.until) {
        let frame = world.frame();
        if plan.fate == Fate::Interrupted && frame == 20 {
            let hold = Hold { next: frame, frames: 6, epoch: 1 };
            world.hold(hold.frames);
            peers.iter_mut().for_each(|peer| peer.recorder.hold(hold).expect("the next frame"));
        }
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        for (seat, cook) in cooks.iter_mut().enumerate() {
            inputs[seat] = PlayerInput::new(cook.act(&world, seat));
        }
        if plan.fate.away().is_some_and(|(from, _)| frame >= from) {
            inputs[1] = inputs[1].with_focus(false);
        }
        world.step(&inputs);
        for peer in peers.iter_mut().filter(|peer| frame < peer.until) {
            let (seat, mut inputs) = (peer.seat.index(), inputs);
            if plan.fate == Fate::Diverged
                && seat == 1
                && frame > length + 20
                && frame.is_multiple_of(5)
            {
                inputs[0] = inputs[0].with_focus(false);
            }
            peer.recorder.issued(frame, inputs[seat]).expect("not recorded yet");
            let confirmed = ConfirmedFrame { frame, inputs, digest: world.digest() };
            peer.recorder.confirmed(&confirmed).expect("in order");
            let episode =
                world.episode() + u16::from(matches!(world.phase(), Phase::Between { .. }));
            peer.drain(&mut said);
            peer.episodes.entry(episode.min(plan.episodes - 1)).or_default().frames.push(frame);
        }
        deliver(peers, &mut said);
    }
    for (seat, peer) in peers.iter_mut().enumerate() {
        if plan.fate != Fate::Crashed || seat == 0 {
            peer.recorder.end();
        }
        peer.drain(&mut said);
    }
}

fn deliver(peers: &mut [Peer], said: &mut Vec<dyad_recording::Statement>) {
    while let Some(statement) = said.pop() {
        for peer in peers.iter_mut() {
            // Nobody wants its own statement, or one of another history, and nobody needs it.
            peer.recorder.statement(statement.clone()).ok();
            peer.drain(said);
        }
        said.retain(|other| *other != statement);
    }
}

fn bundle(
    plan: &Plan,
    seat: usize,
    participant: ParticipantId,
    episode: u16,
    files: Files,
) -> Bundle {
    let Files { log, mut table, frames } = files;
    let mut local = local(plan, seat, &frames);
    if plan.number % 5 == 4 && seat == 1 {
        // As an older client, or one that stopped while it wrote.
        local.truncate(local.len() - 3);
    }
    if plan.fate == Fate::Crashed && seat == 1 && episode > 0 {
        table.truncate(table.len() - 100);
    }
    if plan.fate == Fate::Edited && seat == 0 {
        let at = table.iter().rposition(|byte| *byte == b'1').expect("a digit");
        table[at] = b'2';
    }
    let divergence = (plan.fate == Fate::Diverged).then(|| b"{}\n".to_vec());
    Bundle { participant, episode, log, table, local, divergence }
}

fn local(plan: &Plan, seat: usize, frames: &[u32]) -> Vec<u8> {
    let mut rng = Rng::new(u64::from(plan.number) * 2 + seat as u64);
    let mut table = Vec::new();
    put_header(&mut table);
    for &frame in frames {
        let row = Row {
            frame,
            episode: Some(u16::try_from(frame / (plan.max_steps + 9)).expect("few episodes")),
            t: (frame % 7 > 0).then_some(frame),
            wall_ms: 1_795_000_000_000 + u64::from(frame) * 33,
            monotonic_us: u64::from(frame) * 33_333,
            step_us: 100 + rng.below(50),
            speculated: rng.below(3) == 0,
            rollback_depth: u16::try_from(rng.below(4)).expect("small"),
            rtt_us: (frame > 3).then(|| 20_000 + rng.below(9_000)),
            jitter_us: (frame > 9).then(|| rng.below(9_000)),
            loss_permille: (frame > 9).then_some(30),
            relayed: (frame > 9).then_some(false),
            frames_ahead: i32::try_from(rng.below(5)).expect("small") - 2,
            focused: true,
            ..Row::default()
        };
        row.put(&mut table);
    }
    table
}

/// Makes a store of these sessions, settled as a lab leaves it.
pub(crate) fn make_store(folder: &Path, plans: &[Plan]) {
    receive(folder, plans);
    let mut store = Store::open(folder, 0).expect("a folder of our own");
    while store.settle_next(&mut |_| {}) {}
}

/// Makes a store of these sessions, without what follows the receipts.
pub(crate) fn receive(folder: &Path, plans: &[Plan]) {
    let mut store = Store::open(folder, 0).expect("a folder of our own");
    for plan in plans {
        let registration = registration(plan);
        // A day and an hour after the other, so that a selection by time selects.
        let now = 1_795_000_000_000 + u64::from(plan.number) * 90_000_000;
        for (_, participant) in registration.people() {
            let token: Token = format!("token-of-{participant}").parse().expect("a token");
            assert!(store.enrol(participant, &token, now).expect("a store"));
        }
        store.register(&registration, now).expect("a new session");
        for (at, bundle) in play(plan).into_iter().enumerate() {
            if plan.fate == Fate::OneSide && bundle.participant == registration.players[1] {
                continue;
            }
            let name = RecordName {
                session: registration.session.clone(),
                scene: registration.scene.clone(),
                participant: bundle.participant.clone(),
                episode: bundle.episode,
            };
            let mut bytes = bundle.pack().expect("a small record");
            if plan.fate == Fate::Garbage && at == 0 {
                bytes = b"this is no archive".to_vec();
            }
            let received = now + 1000 + at as u64;
            store.put(&name, &digest(&bytes), &bytes, received).expect("room");
        }
    }
}

/// What a lab might know of the people of the first sessions, and of one who was screened out.
pub(crate) fn study() -> Study {
    let who =
        |number: u32| format!("p-{number:06x}").parse::<ParticipantId>().expect("an identifier");
    let scene = |id: &str| id.parse::<SceneId>().expect("an identifier");
    let person = |number, outcome: &str, failed: Option<&str>| Person {
        study: "study".parse().expect("an identifier"),
        participant: who(number),
        enrolled_ms: 1_795_183_200_000 + u64::from(number),
        condition: Some("quick".to_owned()),
        outcome: outcome.to_owned(),
        screened_out_by: failed.map(str::to_owned),
    };
    let answered = |question: &str, choice, value: &str| Answered {
        participant: who(0),
        at: 1_795_183_260_000,
        scene: scene("questions"),
        repetition: 0,
        question: question.to_owned(),
        choice,
        value: value.to_owned(),
    };
    Study {
        people: vec![
            person(0, "finished", None),
            person(1, "partner_left", None),
            person(0xffff, "screened_out", Some("rtt")),
        ],
        scenes: [0, 1, 0]
            .into_iter()
            .zip(0..)
            .map(|(number, at)| SceneEnd {
                participant: who(number),
                at: 1_795_183_230_000 + at,
                scene: scene("consent"),
                repetition: 0,
                session: None,
                outcome: "finished".to_owned(),
            })
            .collect(),
        consents: vec![Consent {
            participant: who(0),
            at: 1_795_183_230_000,
            scene: scene("consent"),
            agreed: true,
            text: "0a".repeat(32).parse().expect("a digest"),
        }],
        answers: vec![
            answered("age", 0, "31"),
            answered("work", 0, "=2+5, \"formula\"\nin lines"),
            answered("work", 1, "fetching onions"),
        ],
        matches: vec![Matched {
            seq: 0,
            at: 1_795_183_240_000,
            event: "proposed".to_owned(),
            participants: vec![who(0), who(1)],
            details: "id=0 reason=first".to_owned(),
        }],
    }
}
