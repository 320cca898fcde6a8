//! Any bytes are a world's own encoding or are refused; what is accepted can be played on. The
//! first three bytes choose the game.

use super::games::{check_copies, chosen, frames};
use dyad_gridworld::World;
use std::sync::Arc;

/// Runs the body; panics where something is not true.
pub(crate) fn run(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first_chunk() else { return };
    let Some(game) = chosen(*choice) else { return };
    match World::decode(Arc::clone(&game), bytes) {
        Ok(mut world) => {
            assert_eq!(world.encode().as_bytes(), bytes, "one encoding for each world");
            frames(bytes).take(70).for_each(|inputs| check_copies(&mut world, &inputs));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
