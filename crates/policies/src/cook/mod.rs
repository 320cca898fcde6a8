//! A player who cooks: fetches ingredients, fills pots, plates soups and delivers them, alone or
//! with anybody.
//!
//! Each time it acts, it starts from nothing but the world it sees, in three stages:
//!
//! 1. `kitchen.rs`: the kitchen, whichever task's it is; `scene.rs`: who can get where in it;
//! 2. `goals.rs`: what the hand holds decides what to do next, and where;
//! 3. `paths.rs`: one step or turn towards it, around the others.
//!
//! It remembers nothing. Where two cooks want the same thing or the same cell, chance resolves
//! it: each has a mood that changes now and then, so no two stay in each other's way
//! for long, and a partner who stopped playing is not waited for.

mod goals;
mod kitchen;
mod paths;
mod scene;

use crate::simple::dice;
use crate::{Policy, Random};
use dyad_gridworld::rng::Rng;
use dyad_gridworld::{Action, Phase, World};
use scene::Scene;
use std::num::NonZeroU32;

/// How many times a cook acts in one mood: enough to walk half around the rings of the
/// classic kitchens.
const ACTS_PER_MOOD: u32 = 8;

/// A scripted cook for every kitchen with pots, ingredients, plates and a delivery zone within
/// the players' joint reach, by CoGrid's rules or Overcooked-AI's. In a task without a kitchen it
/// is a [`Random`] player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cook {
    seed: u64,
    pace: NonZeroU32,
}

impl Cook {
    /// The pace of [`Self::new`]: with 30 steps a second about as fast as a practised person,
    /// and slow enough to see what an action led to before the next one when inputs take effect
    /// up to three frames late.
    pub const PACE: NonZeroU32 = NonZeroU32::new(4).expect("four is not zero");

    /// A cook whose chance starts from `seed`. Cooks in different seats differ.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, pace: Self::PACE }
    }

    /// The same cook acting in every `pace`-th frame only. It must be more than the frames by
    /// which inputs are delayed: a cook that does not see its last step yet overshoots.
    #[must_use]
    pub const fn with_pace(self, pace: NonZeroU32) -> Self {
        Self { pace, ..self }
    }
}

impl Policy for Cook {
    fn act(&mut self, world: &World, player: usize) -> Action {
        let frame = world.frame();
        let playing = world.phase() == Phase::Playing && player < world.game().players();
        if !playing || frame % self.pace != 0 {
            return Action::Noop;
        }
        let act = frame / self.pace;
        let mut mood = dice(self.seed, player, act / ACTS_PER_MOOD);
        let mood = Mood {
            trusting: mood.below(4) > 0,
            insisting: mood.below(2) == 0,
            dice: dice(!self.seed, player, act),
        };
        let Some(scene) = Scene::new(world, player, mood.insisting) else {
            return Random::new(self.seed).act(world, player);
        };
        let goal = goals::decide(&scene, &mood);
        paths::pursue(&scene, goal, mood)
    }
}

/// How a cook deals with others at the moment.
struct Mood {
    /// Whether it relies on the others to finish what they carry.
    trusting: bool,
    /// Whether it expects others to make way: it plans as if they weren't there, and stands its
    /// ground where it has the right of way.
    insisting: bool,
    /// The chance of this very moment.
    dice: Rng,
}

impl Mood {
    /// Whether something with odds of one to `n` happens now.
    fn one_in(&mut self, n: u32) -> bool {
        self.dice.below(n) == 0
    }
}
