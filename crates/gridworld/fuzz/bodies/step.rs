//! A world takes any inputs; its copies go the same way. The first three bytes choose the game,
//! the others are two for each input.

use super::games::{check_copies, chosen, frames};
use dyad_gridworld::World;

/// Bounds a run, so that a fuzzer gets through many.
const MOST_FRAMES: usize = 200;

/// Runs the body; panics where something is not true.
pub(crate) fn run(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first_chunk() else { return };
    let Some(game) = chosen(*choice) else { return };
    let mut world = World::new(game);
    // Each input is used in each seat, and the session goes on for a while after them.
    for inputs in frames(bytes).take((bytes.len() + 20).min(MOST_FRAMES)) {
        check_copies(&mut world, &inputs);
    }
}
