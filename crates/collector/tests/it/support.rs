//! A session of two people and the records that they make of it.

use dyad_collector::Registration;
use dyad_collector::store::digest;
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Action, ConfirmedFrame, Game, PlayerInput, Settings, World};
use dyad_protocol::records::RecordName;
use dyad_protocol::{HexDigest, Seat, Token};
use dyad_recording::log::SessionInfo;
use dyad_recording::recorder::{Effect, Recorder};
use dyad_recording::statement::Committed;
use dyad_recording::{Bundle, KeyPair};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const EPISODES: u16 = 2;
const STEPS: u32 = 20;

pub(crate) fn game() -> Arc<Game> {
    let layout = dyad_gridworld::layout::classic("cramped_room").unwrap();
    let settings = Settings {
        task: TaskSettings::default(),
        layout: "cramped_room".to_owned(),
        layout_text: layout.to_owned(),
        players: 2,
        steps_per_second: 30,
        max_steps: STEPS,
        episodes: EPISODES,
        countdown_frames: 3,
        pause_frames: 2,
        seed: 7,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    };
    Game::new(settings).unwrap()
}

pub(crate) fn registration() -> Registration {
    Registration {
        study: "study".parse().unwrap(),
        session: "s-1".parse().unwrap(),
        scene: "room".parse().unwrap(),
        players: vec!["p-a".parse().unwrap(), "p-b".parse().unwrap()],
        keys: Seat::all(2).map(|seat| key(seat).public()).collect(),
        episodes: EPISODES,
        game: game().digest().to_string().parse().unwrap(),
    }
}

/// What a seat signs with.
pub(crate) fn key(seat: Seat) -> KeyPair {
    KeyPair::from_seed(&[seat.0 + 1; 32])
}

pub(crate) fn token(participant: &str) -> Token {
    format!("token-of-{participant}").parse().unwrap()
}

pub(crate) fn name(participant: &str, episode: u16) -> RecordName {
    let Registration { session, scene, .. } = registration();
    RecordName { session, scene, participant: participant.parse().unwrap(), episode }
}

pub(crate) struct Record {
    pub(crate) name: RecordName,
    pub(crate) bundle: Vec<u8>,
    pub(crate) digest: HexDigest,
}

impl Record {
    pub(crate) fn new(name: RecordName, bundle: Vec<u8>) -> Self {
        let digest = digest(&bundle);
        Self { name, bundle, digest }
    }
}

#[derive(Default)]
struct Episode {
    log: Vec<u8>,
    table: Vec<u8>,
}

/// Plays the session and returns everybody's records, by participant and episode.
pub(crate) fn play() -> Vec<Record> {
    play_until(u32::MAX).records
}

/// What a session leaves.
pub(crate) struct Played {
    /// Everybody's records, by participant and episode.
    pub(crate) records: Vec<Record>,
    /// What each seat said that it had on disk after each frame, by seat.
    pub(crate) committed: Vec<Vec<Committed>>,
}

/// Plays the session up to a frame, without it: there it is cut short, and everybody closes alone with
/// what the others have last said that they had on disk.
pub(crate) fn play_until(end: u32) -> Played {
    let mut committed = vec![Vec::new(); 2];
    let Registration { study, session, scene, players, keys, .. } = registration();
    let program = "dyad 0.1.0".to_owned();
    let info = SessionInfo { program, study, id: session, scene, participants: players, keys };
    let game = game();
    let mut world = World::new(Arc::clone(&game));
    let mut peers: Vec<_> = Seat::all(2)
        .map(|seat| {
            let recorder = Recorder::new(info.clone(), seat, &game, key(seat));
            (recorder.unwrap(), BTreeMap::new())
        })
        .collect();
    let last = u32::from(EPISODES) * (STEPS + 5) + 10;
    for frame in 0..last.min(end) {
        let act =
            |seat: u32| PlayerInput::new(Action::from_number(((frame + seat) % 7) as u8).unwrap());
        let inputs = [act(0), act(3), PlayerInput::default(), PlayerInput::default()];
        world.step(&inputs[..2]);
        let confirmed = ConfirmedFrame { frame, inputs, digest: world.digest() };
        for (seat, (recorder, _)) in peers.iter_mut().enumerate() {
            recorder.issued(frame, inputs[seat]).unwrap();
            recorder.confirmed(&confirmed).unwrap();
        }
        exchange(&mut peers);
        for (seat, said) in committed.iter_mut().enumerate() {
            said.extend(peers[seat].0.committed());
            // The other one hears every tenth.
            if frame % 10 == 9 {
                peers[1 - seat].0.committed_by(said.last().unwrap().clone()).ok();
            }
        }
    }
    for (recorder, _) in &mut peers {
        recorder.end();
    }
    exchange(&mut peers);
    let records = info.participants.iter().zip(peers);
    let records = records.flat_map(|(participant, (_, episodes))| {
        episodes.into_iter().map(move |(episode, Episode { log, table })| {
            let participant = participant.clone();
            let name = name(participant.as_str(), episode);
            let local = b"frame\n".to_vec();
            let bundle = Bundle { participant, episode, log, table, local, divergence: None };
            Record::new(name, bundle.pack().unwrap())
        })
    });
    Played { records: records.collect(), committed }
}

fn exchange(peers: &mut [(Recorder, BTreeMap<u16, Episode>)]) {
    let mut statements = Vec::new();
    for (recorder, episodes) in peers.iter_mut() {
        while let Some(effect) = recorder.poll_effect() {
            match effect {
                Effect::Log { episode, bytes } => {
                    episodes.entry(episode).or_default().log.extend(bytes);
                }
                Effect::Table { episode, bytes } => {
                    episodes.entry(episode).or_default().table.extend(bytes);
                }
                Effect::Statement(statement) => statements.push(statement),
                _ => {}
            }
        }
    }
    if statements.is_empty() {
        return;
    }
    for statement in statements {
        for (recorder, _) in peers.iter_mut() {
            // A recorder does not want its own statement back; nor does it need it.
            recorder.statement(statement.clone()).ok();
        }
    }
    exchange(peers);
}
