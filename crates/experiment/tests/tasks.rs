//! Every task in every layout that comes with it, from an experiment file to a record and back.

use dyad_experiment::Experiment;
use dyad_gridworld::rng::Rng;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{
    Action, ConfirmedFrame, Game, MAX_PLAYERS, Phase, PlayerInput, Settings, World,
};
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::log::{self, SessionInfo};
use dyad_recording::{Effect, KeyPair, Recorder, replay, table};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

const STEPS: usize = 60;
const EPISODES: usize = 2;

/// The game as it comes out of an experiment file and travels in a ticket.
fn game(task: &TaskSettings, layout: &str) -> Arc<Game> {
    let file = format!(
        "id = \"study\"\n[[scene]]\nid = \"scene\"\nlayout = {layout:?}\n\
         task = {{ name = {:?} }}\nmax_steps = {STEPS}\nepisodes = {EPISODES}\ncountdown_seconds = 1\n",
        task.name()
    );
    let no_files = |_: &str| Err(io::Error::other("no layout is a file here"));
    let experiment = Experiment::parse(&file, no_files).unwrap_or_else(|error| panic!("{error}"));
    let ticket = experiment.scene().game(2026).expect("a checked scene makes a game");
    let settings: Settings = serde_json::from_value(ticket.settings).expect("settings as JSON");
    let game = Game::new(settings).expect("the same game");
    assert_eq!(game.digest().to_string(), ticket.digest.as_str());
    game
}

/// A session of random players; the world is taken out of its encoding before every step.
fn play(game: &Arc<Game>) -> Vec<ConfirmedFrame> {
    let mut rng = Rng::new(7);
    let mut world = World::new(Arc::clone(game));
    let mut frames = Vec::new();
    while world.phase() != Phase::Coasting {
        world = World::decode(Arc::clone(game), world.encode().as_bytes()).expect("its own bytes");
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        inputs[..game.players()].fill_with(|| PlayerInput::new(Action::ALL[rng.below(7) as usize]));
        let frame = world.frame();
        world.step(&inputs);
        frames.push(ConfirmedFrame { frame, inputs, digest: world.digest() });
    }
    frames
}

#[derive(Default)]
struct Files {
    log: Vec<u8>,
    table: Vec<u8>,
}

fn session() -> SessionInfo {
    let participants: [ParticipantId; 2] =
        ["p-ada", "p-bob"].map(|id| id.parse().expect("an identifier"));
    SessionInfo {
        program: "dyad test".to_owned(),
        study: "study".parse().expect("an identifier"),
        id: "s-1".parse().expect("an identifier"),
        scene: "scene".parse().expect("an identifier"),
        participants: participants.into(),
        keys: [0, 1].map(|seat| key(seat).public()).into(),
    }
}

fn key(seat: u8) -> KeyPair {
    KeyPair::from_seed(&[seat + 1; 32])
}

/// The files of the first seat, by episode.
fn record(game: &Arc<Game>, frames: &[ConfirmedFrame]) -> BTreeMap<u16, Files> {
    let mut recorder = Recorder::new(session(), Seat(0), game, key(0)).expect("a good session");
    let mut files: BTreeMap<u16, Files> = BTreeMap::new();
    for frame in frames {
        recorder.issued(frame.frame, frame.inputs[0]).expect("not recorded yet");
        recorder.confirmed(frame).expect("in order, with the digest that the replica has");
    }
    recorder.end();
    while let Some(effect) = recorder.poll_effect() {
        match effect {
            Effect::Log { episode, bytes } => files.entry(episode).or_default().log.extend(bytes),
            Effect::Table { episode, bytes } => {
                files.entry(episode).or_default().table.extend(bytes);
            }
            Effect::Open { .. } | Effect::Close { .. } | Effect::Statement(_) => {}
            mark => panic!("the record is marked: {mark:?}"),
        }
    }
    files
}

#[test]
fn every_task_is_played_and_recorded() {
    for task in TaskSettings::all() {
        for (layout, _) in task.layouts() {
            let place = format!("{}, {layout}", task.name());
            let game = game(&task, layout);
            let files = record(&game, &play(&game));
            assert_eq!(files.len(), EPISODES, "{place}");
            for (episode, files) in &files {
                let log = log::read(&files.log).unwrap_or_else(|error| panic!("{place}: {error}"));
                let derived = replay::derive(&log).unwrap_or_else(|e| panic!("{place}: {e}"));
                assert_eq!(derived.table, files.table, "{place}, episode {episode}");
                check_table(&game, &files.table, &place);
            }
        }
    }
}

/// A line of names, and a row of as many cells for each step.
fn check_table(game: &Game, table: &[u8], place: &str) {
    let text = std::str::from_utf8(table).expect("a table is text");
    let mut lines = text.lines();
    let names = table::names(game);
    assert_eq!(lines.next(), Some(names.join(",").as_str()), "{place}");
    let cells: Vec<usize> = lines.map(|row| row.split(',').count()).collect();
    assert_eq!(cells, vec![names.len(); STEPS], "{place}");
    for shared in ["actions.0", "rewards.1", "infos.0.row", "infos.1.direction", "state.score"] {
        assert!(names.iter().any(|name| name == shared), "{place}: no column {shared}");
    }
}
