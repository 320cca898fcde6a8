//! One step of many kitchens.
//!
//! The phases are those of a single step, in the same order for each kitchen, but every phase
//! goes through up to 64 kitchens before the next one begins. Who picks up or puts down in a
//! step is nothing that a processor could guess, and a wrong guess costs it as much as moving
//! two agents. So the kitchens where somebody does are found first, without a branch, and only
//! they are judged and interact. All others have nothing but moves and pots, which are free of
//! such branches anyway.

use super::step::any_interacts;
use super::variation::Exact;
use super::{Kitchen, Rules};
use crate::Action;
use crate::environment::TaskStep;
use crate::rng::Rng;

/// As many as there are bits in [`Busy`].
const BLOCK: usize = 64;

/// [`crate::environment::Environment::step_many`], with the number of players known to the
/// compiler.
pub(super) fn step_many<const PLAYERS: usize>(
    rules: &Rules,
    kitchens: &mut [Kitchen],
    actions: &[Action],
    rngs: &mut [Rng],
    steps: &mut [TaskStep],
) {
    let (actions, _) = actions.as_chunks::<PLAYERS>();
    let blocks = kitchens
        .chunks_mut(BLOCK)
        .zip(actions.chunks(BLOCK))
        .zip(rngs.chunks_mut(BLOCK))
        .zip(steps.chunks_mut(BLOCK));
    for (((kitchens, actions), rngs), steps) in blocks {
        step_block(rules, kitchens, actions, rngs, steps);
    }
}

fn step_block<const PLAYERS: usize>(
    rules: &Rules,
    kitchens: &mut [Kitchen],
    actions: &[[Action; PLAYERS]],
    rngs: &mut [Rng],
    steps: &mut [TaskStep],
) {
    let busy = Busy::among(actions);
    steps.fill(TaskStep::default());
    for index in busy {
        steps[index] = kitchens[index].judge(rules, &actions[index]);
    }
    for ((kitchen, actions), rng) in kitchens.iter_mut().zip(actions).zip(rngs) {
        let order = kitchen.draw_order(rules, rng);
        kitchen.tick_pots(rules);
        kitchen.turn_and_move::<Exact>(rules, actions, &order[..PLAYERS]);
    }
    for index in busy {
        kitchens[index].interact_all::<Exact>(rules, &actions[index]);
    }
}

/// The kitchens of a block in which somebody picks up or puts down, as bits.
#[derive(Clone, Copy)]
struct Busy(u64);

impl Busy {
    fn among<const PLAYERS: usize>(actions: &[[Action; PLAYERS]]) -> Self {
        let bits = actions.iter().enumerate();
        Self(
            bits.fold(0, |busy, (index, actions)| {
                busy | u64::from(any_interacts(actions)) << index
            }),
        )
    }
}

impl Iterator for Busy {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let index = self.0.trailing_zeros();
        self.0 &= self.0.checked_sub(1)?;
        Some(index as usize)
    }
}

#[cfg(test)]
mod tests {
    use crate::environment::{Environment as _, TaskStep};
    use crate::geometry::Direction;
    use crate::layout::{CLASSIC, Layout};
    use crate::overcooked::{Item, Kitchen, POT_CAPACITY, Parameters, Rules};
    use crate::rng::Rng;
    use crate::{Action, MAX_PLAYERS};

    fn held(rng: &mut Rng) -> Option<Item> {
        Item::ALL.get(rng.below(6) as usize).copied()
    }

    /// A kitchen in which everything is about to happen, which random play hardly ever gets to:
    /// hands and pots are full and soups nearly done.
    fn busy_kitchen(rules: &Rules, rng: &mut Rng) -> Kitchen {
        let mut kitchen = Kitchen::start(rules, 1, rng);
        for agent in &mut kitchen.agents {
            agent.facing = Direction::ALL[rng.below(4) as usize];
            agent.held = held(rng);
        }
        for pot in &mut kitchen.pots[..rules.pot_cells().len()] {
            let kind = [Item::Onion, Item::Tomato][rng.below(2) as usize];
            let count = rng.below(4) as usize;
            pot.contents = [None; POT_CAPACITY];
            pot.contents[..count].fill(Some(kind));
            pot.timer = u16::try_from(rng.below(3)).expect("below 3");
        }
        for cell in 0..rules.cells() {
            let item = held(rng).filter(|_| rng.below(3) == 0);
            if rules.can_lie(item, cell) {
                kitchen.items[cell] = item;
            }
        }
        kitchen
    }

    fn check(rules: &Rules, worlds: usize, rng: &mut Rng) {
        let mut kitchens: Vec<_> = (0..worlds).map(|_| busy_kitchen(rules, rng)).collect();
        let mut alone = kitchens.clone();
        // Half of what they do is picking up or putting down.
        let mut action = || Action::ALL[rng.below(7) as usize];
        let pick =
            |action: Action| if action.direction().is_some() { action } else { Action::PickupDrop };
        let actions: Vec<_> = (0..worlds * rules.players()).map(|_| pick(action())).collect();
        let mut rngs: Vec<_> = (0..worlds).map(|_| Rng::new(rng.next_u64())).collect();
        let mut rngs_alone = rngs.clone();
        let mut steps = vec![TaskStep::default(); worlds];
        Kitchen::step_many(rules, &mut kitchens, &actions, &mut rngs, &mut steps);
        for (world, actions) in actions.chunks(rules.players()).enumerate() {
            let step = alone[world].step(rules, actions, &mut rngs_alone[world]);
            assert_eq!(steps[world], step, "world {world} of {worlds}");
            assert_eq!(kitchens[world], alone[world], "world {world} of {worlds}");
        }
        assert_eq!(rngs, rngs_alone);
    }

    #[test]
    fn many_kitchens_step_as_each_does_alone() {
        let mut rng = Rng::new(11);
        for (_, text) in CLASSIC {
            let layout = Layout::parse(text).unwrap();
            for players in (1..=MAX_PLAYERS).filter(|&players| layout.check_room(players).is_ok()) {
                let rules = Rules::new(&Parameters::default(), &layout, players).unwrap();
                for worlds in [0, 1, 63, 64, 65, 300] {
                    check(&rules, worlds, &mut rng);
                }
            }
        }
    }
}
