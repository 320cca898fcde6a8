//! The players of a simulated session.

use crate::golden;
use crate::scenario::{Cast, Scenario};
use dyad_gridworld::rng::Rng;
use dyad_gridworld::{Action, MAX_PLAYERS, PlayerInput, World};
use dyad_policies::{Cook, Policy as _};
use dyad_protocol::Seat;
use std::sync::Arc;

/// One input for each seat.
pub type Inputs = [PlayerInput; MAX_PLAYERS];

/// What the players do.
#[derive(Clone, Debug)]
pub enum Script {
    /// [`Cast::Random`], from a seed.
    Random(u64),
    /// [`Cast::Absent`], from a seed.
    Absent(u64),
    /// The inputs by the frame they are given for; afterwards, nothing is done.
    Written(Arc<Vec<Inputs>>),
    /// [`Cast::Live`].
    Live(Cook),
}

/// Frames for which a random player stays in one mood.
const MOOD: u32 = 10;

impl Script {
    /// The script of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        match scenario.cast {
            Cast::Random => Self::Random(scenario.seed),
            Cast::Absent => Self::Absent(scenario.seed),
            Cast::Rehearsed => Self::Written(Arc::new(golden::rehearse(scenario))),
            Cast::Live => Self::Live(Cook::new(scenario.seed)),
        }
    }

    /// Whether inputs are a function of the seat and the frame alone.
    #[must_use]
    pub const fn is_fixed(&self) -> bool {
        !matches!(self, Self::Live(_))
    }

    /// A seat's input that is given when `frame` is about to be simulated; `world` is how the
    /// seat's computer predicts it to be.
    #[must_use]
    pub fn input(&mut self, world: &World, seat: Seat, frame: u32) -> PlayerInput {
        match self {
            Self::Random(seed) => random(*seed, seat, frame),
            Self::Absent(seed) => {
                let input = random(*seed, seat, frame);
                input.with_focus(input.focused() && !is_away(*seed, seat, frame))
            }
            Self::Written(frames) => frames
                .get(usize::try_from(frame).unwrap_or(usize::MAX))
                .map_or_else(PlayerInput::default, |inputs| inputs[seat.index()]),
            Self::Live(cook) => PlayerInput::new(cook.act(world, seat.index())),
        }
    }
}

/// A person at the keys: for a while idle, then pressing single keys, then holding one; at times
/// in another window.
fn random(seed: u64, seat: Seat, frame: u32) -> PlayerInput {
    let person = Rng::stream(seed, 1 + u64::from(seat.0)).state();
    let mut mood = Rng::stream(person, u64::from(frame / MOOD));
    let mut moment = Rng::stream(!person, u64::from(frame));
    let (kind, held_key, focused) = (mood.below(4), mood.below(6), mood.below(12) > 0);
    let input = match kind {
        0 => PlayerInput::default(),
        1 => PlayerInput::new(action(held_key)).with_held(true),
        _ => PlayerInput::new(action(moment.below(7))),
    };
    input.with_focus(focused)
}

/// Frames for which somebody who goes away is away at least.
const STRETCH: u32 = 12;

/// A person who is away for a sixth of the time.
fn is_away(seed: u64, seat: Seat, frame: u32) -> bool {
    let person = Rng::stream(seed, 101 + u64::from(seat.0)).state();
    Rng::stream(person, u64::from(frame / STRETCH)).below(6) == 0
}

fn action(number: u32) -> Action {
    u8::try_from(number).ok().and_then(Action::from_number).unwrap_or_default()
}
