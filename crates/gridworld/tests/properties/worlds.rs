//! Stepping, going back, encoding.

use crate::games::{any_task, frames, settings};
use dyad_gridworld::environment::{TaskStep, Value};
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::layout::{CLASSIC, FURTHER};
use dyad_gridworld::overcooked::{Draws, Parameters};
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Game, World};
use proptest::prelude::*;
use std::mem::size_of;
use std::sync::Arc;

/// A player's row, column and direction: the first columns of every task.
fn place(world: &World, seat: usize) -> [u8; 3] {
    assert_eq!(world.game().rules().info_names()[..3], ["row", "col", "direction"]);
    let mut values = Vec::new();
    world.info_values(seat, &TaskStep::default(), &mut |value| {
        if let Value::Int(number) = value {
            values.push(u8::try_from(number).expect("a small number"));
        }
    });
    [values[0], values[1], values[2]]
}

proptest! {
    #[test]
    fn players_stay_apart_on_the_floor(game in any_task(), frames in frames(300)) {
        let mut world = World::new(game);
        for frame in &frames {
            world.step(frame);
            let layout = world.game().layout();
            let mut taken: Vec<Cell> = Vec::new();
            for seat in 0..world.game().players() {
                let [row, column, _] = place(&world, seat);
                let cell = layout.cell(row, column).expect("in the grid");
                prop_assert!(layout.tile(cell).is_walkable());
                prop_assert!(!taken.contains(&cell));
                taken.push(cell);
            }
        }
    }

    /// Each task's columns have a value for every name, in every state.
    #[test]
    fn columns_are_as_many_as_their_names(game in any_task(), frames in frames(100)) {
        let mut world = World::new(game);
        for frame in &frames {
            let step = world.step(frame).map(|outcome| outcome.task).unwrap_or_default();
            let mut count = 0;
            world.state_values(&mut |_| count += 1);
            prop_assert_eq!(count, World::state_names(world.game().rules()).len());
            for seat in 0..world.game().players() {
                let mut count = 0;
                world.info_values(seat, &step, &mut |_| count += 1);
                prop_assert_eq!(count, world.game().rules().info_names().len());
            }
        }
    }

    /// The board shows as many arrows as there are players.
    #[test]
    fn boards_show_every_player(game in any_task(), frames in frames(100)) {
        let mut world = World::new(game);
        for frame in &frames {
            world.step(frame);
            let letters = world.game().layout().cells().map(|cell| {
                world.task().letter(world.game().rules(), cell)
            });
            let arrows = letters.filter(|letter| "^v<>".contains(*letter)).count();
            prop_assert_eq!(arrows, world.game().players());
        }
    }

    #[test]
    fn a_clone_goes_back_whole(
        game in any_task(),
        before in frames(200),
        astray in frames(40),
        after in frames(40),
    ) {
        let mut world = World::new(game);
        for frame in &before {
            world.step(frame);
        }
        let saved = world.clone();
        let mut straight = world.clone();
        for frame in &astray {
            world.step(frame);
        }
        world.clone_from(&saved);
        for frame in &after {
            prop_assert_eq!(world.step(frame), straight.step(frame));
            prop_assert_eq!(world.digest(), straight.digest());
        }
    }

    /// In a hold, whatever is pressed, frames only count; then play goes on where it was.
    #[test]
    fn a_held_world_goes_on_where_it_was(
        game in any_task(),
        before in frames(100),
        held in frames(40),
        after in frames(40),
    ) {
        let mut world = World::new(game);
        for frame in &before {
            world.step(frame);
        }
        let mut straight = world.clone();
        let length = u32::try_from(held.len()).expect("few frames");
        world.hold(length);
        for (done, frame) in (0..length).zip(&held) {
            prop_assert_eq!(world.held(), length - done);
            prop_assert_eq!(world.step(frame), None);
            prop_assert_eq!(world.task(), straight.task());
            let again = World::decode(Arc::clone(world.game()), world.encode().as_bytes());
            prop_assert_eq!(again.as_ref(), Ok(&world));
        }
        for frame in &after {
            prop_assert_eq!(world.step(frame), straight.step(frame));
        }
        prop_assert_eq!(world.frame(), straight.frame() + length);
        prop_assert_eq!(world.task(), straight.task());
    }

    /// With the derived equality of the parts, decoding is a left inverse of encoding: two
    /// different worlds of a game never have the same bytes.
    #[test]
    fn encoding_loses_nothing(game in any_task(), frames in frames(300)) {
        let mut world = World::new(game);
        for frame in &frames {
            world.step(frame);
            let bytes = world.encode();
            let back = World::decode(Arc::clone(world.game()), bytes.as_bytes());
            let back = back.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(back.task(), world.task());
            prop_assert_eq!(
                (back.frame(), back.phase(), back.episode(), back.t(), back.score()),
                (world.frame(), world.phase(), world.episode(), world.t(), world.score())
            );
            let again = back.encode();
            prop_assert_eq!(again.as_bytes(), bytes.as_bytes());
        }
    }

    #[test]
    fn bytes_that_decode_are_their_own_encoding(
        game in any_task(),
        frames in frames(100),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut world = World::new(game);
        for frame in &frames {
            world.step(frame);
        }
        let mut bytes = world.encode().as_bytes().to_vec();
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(mut world) = World::decode(Arc::clone(world.game()), &bytes) {
            let encoded = world.encode();
            prop_assert_eq!(encoded.as_bytes(), &bytes[..]);
            for frame in &frames {
                world.step(frame);
            }
        }
    }
}

#[test]
fn a_world_is_small() {
    assert!(size_of::<World>() <= 512, "{} bytes", size_of::<World>());
    for (name, text) in CLASSIC.into_iter().chain(FURTHER) {
        let mut settings = settings(name, text, 2, 1);
        let generator = Draws::Cogrid032;
        settings.task =
            TaskSettings::CogridOvercooked(Parameters { generator, ..Parameters::default() });
        let encoded = World::new(Game::new(settings).unwrap()).encode();
        assert!(encoded.as_bytes().len() <= 160, "{name}: {}", encoded.as_bytes().len());
    }
}
