//! Players without a plan.

use crate::Policy;
use dyad_gridworld::rng::Rng;
use dyad_gridworld::{Action, World};

/// Never does anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Idle;

impl Policy for Idle {
    fn act(&mut self, _world: &World, _player: usize) -> Action {
        Action::Noop
    }
}

/// Does anything: in each frame one of the seven actions with equal odds, also where actions
/// don't count. This is the hardest partner for a network, since no prediction is worth much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random {
    seed: u64,
}

impl Random {
    /// A player whose chance starts from `seed`. Players in different seats differ.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }
}

impl Policy for Random {
    fn act(&mut self, world: &World, player: usize) -> Action {
        let mut rng = dice(self.seed, player, world.frame());
        let number = rng.below(7);
        u8::try_from(number).ok().and_then(Action::from_number).unwrap_or_default()
    }
}

/// The chance of one player at one moment: a function of these three and nothing else, so that
/// a question asked twice, or one left out, changes no later answer.
pub(crate) fn dice(seed: u64, player: usize, moment: u32) -> Rng {
    let player = u64::try_from(player).unwrap_or(u64::MAX);
    Rng::stream(Rng::stream(seed, player).state(), u64::from(moment))
}

#[cfg(test)]
mod tests {
    use super::dice;

    #[test]
    fn seeds_seats_and_moments_all_matter() {
        let draws = [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1)]
            .map(|(seed, player, moment)| dice(seed, player, moment).next_u64());
        for (at, draw) in draws.iter().enumerate() {
            assert!(!draws[..at].contains(draw), "{draws:?}");
        }
        assert_eq!(draws[0], dice(1, 0, 0).next_u64());
    }
}
