//! The games that a fuzzer's bytes choose from.

use dyad_gridworld::overcooked::{Draws, Parameters};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Game, PlayerInput, Settings, World};
use std::sync::Arc;

/// Short episodes, so that all phases of a session are reached.
pub(super) fn settings(task: TaskSettings, layout: &str, players: u8) -> Settings {
    Settings {
        task,
        layout: "fuzzed".to_owned(),
        layout_text: layout.to_owned(),
        players,
        steps_per_second: 30,
        max_steps: 60,
        episodes: 3,
        countdown_frames: 2,
        pause_frames: 1,
        seed: 1,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    }
}

/// Every task, and CoGrid's Overcooked once more with the original's draws and quick soups.
fn tasks() -> Vec<TaskSettings> {
    let parameters =
        Parameters { cook_time: 2, generator: Draws::Cogrid032, ..Parameters::default() };
    let mut tasks = TaskSettings::all();
    tasks.push(TaskSettings::CogridOvercooked(parameters));
    tasks
}

/// A task, one of its layouts and a number of players, if they fit together.
pub(super) fn chosen([task, layout, players]: [u8; 3]) -> Option<Arc<Game>> {
    let tasks = tasks();
    let task = tasks[usize::from(task) % tasks.len()].clone();
    let layouts = task.layouts();
    let (_, text) = layouts[usize::from(layout) % layouts.len()];
    Game::new(settings(task, text, players % 4 + 1)).ok()
}

/// Inputs of a frame from two bytes a player; the bytes are used again and again.
pub(super) fn frames(bytes: &[u8]) -> impl Iterator<Item = [PlayerInput; 4]> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let inputs = pairs.iter().map(|&pair| PlayerInput::from_bits(u16::from_le_bytes(pair)));
    let mut inputs = inputs.cycle();
    std::iter::repeat_with(move || [(); 4].map(|()| inputs.next().unwrap_or_default()))
}

/// A world equals its clone, its encoding's decoding, and steps as they do.
pub(super) fn check_copies(world: &mut World, inputs: &[PlayerInput]) {
    let encoded = world.encode();
    let decoded = World::decode(Arc::clone(world.game()), encoded.as_bytes());
    let mut decoded = decoded.expect("a world's own encoding");
    let mut cloned = world.clone();
    let outcome = world.step(inputs);
    for copy in [&mut decoded, &mut cloned] {
        assert_eq!(copy.step(inputs), outcome);
        assert_eq!(copy.encode().as_bytes(), world.encode().as_bytes());
    }
}
