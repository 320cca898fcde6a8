//! One step of CoGrid's Overcooked, in the original's order: rewards are judged on the state as
//! it is, then pots tick, then agents turn and move, then they interact.

use super::variation::{Exact, Variation};
use super::{Agent, Item, Kitchen, RewardScheme, Rules};
use crate::environment::TaskStep;
use crate::geometry::Cell;
use crate::layout::Tile;
use crate::{Action, MAX_PLAYERS, Reward};

/// Event bit: the delivery reward was earned.
pub const DELIVERED: u8 = 1;
/// Event bit: the onion-in-pot reward was earned.
pub const ONION_IN_POT: u8 = 1 << 1;
/// Event bit: the soup-in-dish reward was earned.
pub const SOUP_IN_DISH: u8 = 1 << 2;

impl Kitchen {
    /// One step with the movement priority given: `order` lists the players, the one who moves
    /// first in front. Replaying a recorded game needs this; play draws the order itself.
    pub fn step_in_order(
        &mut self,
        rules: &Rules,
        actions: &[Action],
        order: &[usize],
    ) -> TaskStep {
        // Nearly all games have two players; where the compiler knows it, it unrolls the loops.
        match (actions, order) {
            (&[a, b], &[first, second]) => {
                self.step_varied::<Exact>(rules, &[a, b], &[first, second])
            }
            _ => self.step_varied::<Exact>(rules, actions, order),
        }
    }

    /// [`Self::step_in_order`] under other rules, for tests of tests.
    #[doc(hidden)]
    #[inline(always)]
    pub fn step_varied<V: Variation>(
        &mut self,
        rules: &Rules,
        actions: &[Action],
        order: &[usize],
    ) -> TaskStep {
        let mut step = self.judge(rules, actions);
        if !V::LATE_TICK {
            self.tick_pots(rules);
        }
        self.turn_and_move::<V>(rules, actions, order);
        self.interact_all::<V>(rules, actions);
        if V::LATE_TICK {
            self.tick_pots(rules);
        }
        if V::LATE_REWARDS {
            step = self.judge(rules, actions);
        }
        step
    }

    /// Rewards. CoGrid judges them on the state before the step and does not look whether the
    /// action then succeeds: two players plating one soup are both rewarded, and a soup taken in
    /// the very step in which it becomes ready earns nothing.
    #[inline(always)]
    pub(super) fn judge(&self, rules: &Rules, actions: &[Action]) -> TaskStep {
        let mut step = TaskStep::default();
        if !any_interacts(actions) {
            return step;
        }
        let scheme = rules.rewards();
        let mut earned = [Reward::ZERO; MAX_PLAYERS];
        for (player, &action) in actions.iter().enumerate() {
            if action != Action::PickupDrop {
                continue;
            }
            let agent = &self.agents[player];
            let Some(held) = agent.held else { continue };
            let faced = rules.faced(agent.cell, agent.facing);
            let (event, reward) = match (rules.tile(faced), held) {
                (Tile::Delivery, Item::OnionSoup | Item::TomatoSoup) => {
                    (DELIVERED, scheme.delivery)
                }
                (Tile::Pot, Item::Onion) if self.takes::<Exact>(rules, faced, Item::Onion) => {
                    (ONION_IN_POT, scheme.onion_in_pot)
                }
                (Tile::Pot, Item::Plate) if self.pots[rules.pot_at(faced)].is_ready() => {
                    (SOUP_IN_DISH, scheme.soup_in_dish)
                }
                _ => continue,
            };
            step.events[player] |= event;
            earned[player] += reward;
        }
        step.score = earned.into_iter().sum();
        step.rewards = share(scheme, &step, earned);
        step
    }

    #[inline(always)]
    pub(super) fn tick_pots(&mut self, rules: &Rules) {
        for pot in &mut self.pots[..rules.pot_cells().len()] {
            pot.timer = pot.timer.saturating_sub(u16::from(pot.is_full()));
            let count: u32 = pot.contents.iter().map(|item| u32::from(item.is_some())).sum();
            let shown = count * (1 + u32::from(pot.timer));
            pot.shown = u16::try_from(shown).unwrap_or(u16::MAX);
        }
    }

    /// A move always turns the agent, also when it stays. Agents are resolved one after the
    /// other in order of priority, each against where the others stand at that moment: those
    /// already resolved on their new cell, the others on their old one. So following directly
    /// behind a partner works only for the second in order, and a head-on swap never.
    ///
    /// For two agents this is CoGrid's rule exactly. For three and four the sequence above is
    /// what counts here. CoGrid's code, which works on all agents at once, differs there in one
    /// case: it also stops an agent whose target is wanted by one of higher priority that is
    /// itself stopped.
    ///
    /// There is no branch here on what players do or what is in their way: keys are as good as
    /// random to a processor, and a branch that it guesses wrong costs as much as all of a move.
    #[inline(always)]
    pub(super) fn turn_and_move<V: Variation>(
        &mut self,
        rules: &Rules,
        actions: &[Action],
        order: &[usize],
    ) {
        let before = self.agents;
        for (turn, &player) in order.iter().enumerate() {
            let player = if V::PRIORITY { player } else { turn };
            let action = actions[player];
            let Agent { cell: from, facing, .. } = self.agents[player];
            // Their own cell for those who don't move; it counts as taken, by themselves.
            let target = rules.leads_to(from, action);
            let leaves = |other: usize| {
                V::FREE_FOLLOWING
                    && before[other].cell == target
                    && actions[other].direction().is_some()
            };
            let mut taken = self.items[target.index()].is_some();
            for (other, agent) in self.agents[..actions.len()].iter().enumerate() {
                taken |= (agent.cell == target) & !leaves(other);
            }
            let agent = &mut self.agents[player];
            agent.facing = action.direction().unwrap_or(facing);
            agent.cell = if taken { from } else { target };
        }
    }

    /// Players interact in order of seats, so the second sees what the first did.
    #[inline(always)]
    pub(super) fn interact_all<V: Variation>(&mut self, rules: &Rules, actions: &[Action]) {
        for turn in 0..actions.len() {
            let player = if V::REVERSED_INTERACTIONS { actions.len() - 1 - turn } else { turn };
            if actions[player] == Action::PickupDrop {
                self.interact::<V>(rules, player);
            }
        }
    }

    fn stands_on(&self, rules: &Rules, cell: Cell) -> bool {
        self.agents[..rules.players()].iter().any(|agent| agent.cell == cell)
    }

    /// Whether the pot in `cell` takes one more of `ingredient`.
    fn takes<V: Variation>(&self, rules: &Rules, cell: Cell, ingredient: Item) -> bool {
        let pot = &self.pots[rules.pot_at(cell)];
        let kind = pot.contents[0];
        !pot.is_full() && (V::MIXED_POTS || kind.is_none_or(|kind| kind == ingredient))
    }

    /// Picks up, puts down, or hands over to the faced cell.
    fn interact<V: Variation>(&mut self, rules: &Rules, player: usize) {
        let agent = self.agents[player];
        let faced = rules.faced(agent.cell, agent.facing);
        // At the open edge of a grid an agent faces its own cell, which is no obstacle.
        if faced != agent.cell && self.stands_on(rules, faced) {
            return;
        }
        let held = match (rules.tile(faced), agent.held) {
            (Tile::Floor, Some(held)) if !V::FLOOR_DROP => Some(held),
            (Tile::Floor | Tile::Counter, held) => {
                let there = &mut self.items[faced.index()];
                if held.is_some() && there.is_some() {
                    return;
                }
                std::mem::replace(there, held)
            }
            (Tile::OnionStack, None) => Some(Item::Onion),
            (Tile::TomatoStack, None) => Some(Item::Tomato),
            (Tile::PlateStack, None) => Some(Item::Plate),
            (Tile::Pot, Some(Item::Plate)) => self.plate_soup(rules, faced),
            (Tile::Pot, Some(item)) if item.is_ingredient() => {
                self.fill_pot::<V>(rules, faced, item)
            }
            (Tile::Delivery, Some(item)) if item.is_soup() => {
                // CoGrid 0.3.x leaves the first delivered kind behind in the cell's state.
                self.items[faced.index()].get_or_insert(item);
                self.deliveries = self.deliveries.saturating_add(1);
                None
            }
            (_, held) => held,
        };
        self.agents[player].held = held;
    }

    /// What the hand holds after a plate was held to a pot.
    fn plate_soup(&mut self, rules: &Rules, cell: Cell) -> Option<Item> {
        let pot = &mut self.pots[rules.pot_at(cell)];
        if !pot.is_ready() {
            return Some(Item::Plate);
        }
        let soup = match pot.contents[0] {
            Some(Item::Tomato) => Item::TomatoSoup,
            _ => Item::OnionSoup,
        };
        pot.contents = [None; super::POT_CAPACITY];
        pot.timer = rules.cook_time();
        Some(soup)
    }

    /// What the hand holds after an ingredient was held to a pot. The third one starts the
    /// cooking: the timer is full after this step and first ticks in the next.
    fn fill_pot<V: Variation>(&mut self, rules: &Rules, cell: Cell, item: Item) -> Option<Item> {
        if !self.takes::<V>(rules, cell, item) {
            return Some(item);
        }
        let pot = &mut self.pots[rules.pot_at(cell)];
        if let Some(slot) = pot.contents.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(item);
        }
        if pot.is_full() {
            pot.timer = rules.cook_time();
        }
        None
    }
}

/// Whether anyone picks up or puts down; without a branch for each player.
#[inline(always)]
pub(super) fn any_interacts(actions: &[Action]) -> bool {
    actions.iter().fold(false, |any, &action| any | (action == Action::PickupDrop))
}

/// Who gets what of that which each player earned by the step's events.
fn share(
    scheme: &RewardScheme,
    step: &TaskStep,
    earned: [Reward; MAX_PLAYERS],
) -> [Reward; MAX_PLAYERS] {
    if !scheme.common {
        return earned;
    }
    if !scheme.own_shaping {
        return [step.score; MAX_PLAYERS];
    }
    let mut own = earned;
    let mut common = Reward::ZERO;
    for (own, events) in own.iter_mut().zip(step.events) {
        if events & DELIVERED != 0 {
            common += std::mem::take(own);
        }
    }
    own.map(|own| own + common)
}
