//! Stepping, going back, encoding.

use crate::games::{frames, game, kitchen, rules, settings};
use dyad_gridworld::layout::{CLASSIC, FURTHER};
use dyad_gridworld::overcooked::{Draws, Parameters};
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Game, World};
use proptest::prelude::*;
use std::mem::size_of;
use std::sync::Arc;

proptest! {
    #[test]
    fn agents_stay_apart_on_the_floor(game in game(1..=4_u8), frames in frames(300)) {
        let mut world = World::new(game);
        for frame in &frames {
            world.step(frame);
            let (rules, kitchen) = (rules(&world), kitchen(&world));
            let agents = kitchen.agents(rules);
            for (seat, agent) in agents.iter().enumerate() {
                prop_assert_eq!(rules.tile(agent.cell).letter(), ' ');
                prop_assert!(agents[..seat].iter().all(|other| other.cell != agent.cell));
            }
        }
    }

    #[test]
    fn a_clone_goes_back_whole(
        game in game(1..=4_u8),
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

    /// With the derived equality of the parts, decoding is a left inverse of encoding: two
    /// different worlds of a game never have the same bytes.
    #[test]
    fn encoding_loses_nothing(game in game(1..=4_u8), frames in frames(300)) {
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
        game in game(1..=4_u8),
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
