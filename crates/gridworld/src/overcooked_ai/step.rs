//! One step of Overcooked-AI, in the original's order: players interact from where they stand,
//! then they turn and move, then soups cook. No game can tell the order of the first two: who
//! interacts does not move, and others are in nobody's reach.

use super::variation::{Exact, Variation};
use super::{Kitchen, MAX_COOKED, Object, Rules};
use crate::environment::TaskStep;
use crate::geometry::Cell;
use crate::layout::Tile;
use crate::overcooked::Item;
use crate::{Action, MAX_PLAYERS, Reward};

/// Event bit: a soup was delivered.
pub const DELIVERED: u8 = 1;
/// Event bit: an ingredient went into a pot.
pub const INGREDIENT_IN_POT: u8 = 1 << 1;
/// Event bit: a dish that is needed was taken.
pub const USEFUL_DISH: u8 = 1 << 2;
/// Event bit: a soup was plated.
pub const SOUP_IN_DISH: u8 = 1 << 3;

impl Kitchen {
    /// One step.
    pub(super) fn step_exactly(&mut self, rules: &Rules, actions: &[Action]) -> TaskStep {
        self.step_varied::<Exact>(rules, actions)
    }

    /// One step under other rules, for tests of tests.
    #[doc(hidden)]
    pub fn step_varied<V: Variation>(&mut self, rules: &Rules, actions: &[Action]) -> TaskStep {
        if V::EARLY_TICK {
            self.cook::<V>(rules);
        }
        let events = self.interact_all::<V>(rules, actions);
        self.turn_and_move::<V>(rules, actions);
        if !V::EARLY_TICK {
            self.cook::<V>(rules);
        }
        reward(rules, events)
    }

    /// Players interact in order of seats, so the second sees what the first did.
    fn interact_all<V: Variation>(
        &mut self,
        rules: &Rules,
        actions: &[Action],
    ) -> [u8; MAX_PLAYERS] {
        let begun = self.pots(rules).iter().filter(|pot| pot.count > 0).count();
        let mut events = [0; MAX_PLAYERS];
        for turn in 0..actions.len() {
            let player = if V::REVERSED_INTERACTIONS { actions.len() - 1 - turn } else { turn };
            if actions[player] == Action::PickupDrop {
                events[player] = self.interact::<V>(rules, player, begun);
            }
        }
        events
    }

    /// Picks up, puts down, or hands over to the faced cell. Returns the event that this was.
    /// `begun` is the number of pots that held something before the step.
    fn interact<V: Variation>(&mut self, rules: &Rules, player: usize, begun: usize) -> u8 {
        let agent = self.agents[player];
        let Some(faced) = rules.layout().neighbour(agent.cell, agent.facing) else { return 0 };
        let item = agent.held.map(Object::item);
        let (held, event) = match (rules.layout().tile(faced), item) {
            (tile, _) if tile == Tile::Counter || V::FLOOR_DROP && tile == Tile::Floor => {
                let there = &mut self.objects[faced.index()];
                if agent.held.is_some() && there.is_some() {
                    return 0;
                }
                (std::mem::replace(there, agent.held), 0)
            }
            (Tile::OnionStack, None) => (Some(Object::new(Item::Onion)), 0),
            (Tile::TomatoStack, None) => (Some(Object::new(Item::Tomato)), 0),
            (Tile::PlateStack, None) => {
                let event = if self.is_dish_needed(rules, begun) { USEFUL_DISH } else { 0 };
                (Some(Object::new(Item::Plate)), event)
            }
            (Tile::Pot, Some(Item::Plate)) => match self.plate_soup::<V>(rules, faced) {
                Some(soup) => (Some(soup), SOUP_IN_DISH),
                None => return 0,
            },
            (Tile::Pot, Some(ingredient)) if self.fill_pot(rules, faced, ingredient) => {
                (None, INGREDIENT_IN_POT)
            }
            (Tile::Delivery, Some(Item::OnionSoup | Item::TomatoSoup)) => {
                self.deliveries = self.deliveries.saturating_add(1);
                (None, DELIVERED)
            }
            _ => return 0,
        };
        self.agents[player].held = held;
        event
    }

    /// The soup that a dish takes out of a pot, if it is ready.
    fn plate_soup<V: Variation>(&mut self, rules: &Rules, cell: Cell) -> Option<Object> {
        let pot = &mut self.pots[rules.pot_at(cell)?];
        let late = V::LATE_READY && pot.cooked == rules.cook_time();
        if !pot.is_ready(rules) || late {
            return None;
        }
        let pot = std::mem::take(pot);
        let soup = match pot.ingredient {
            Some(Item::Tomato) => Item::TomatoSoup,
            _ => Item::OnionSoup,
        };
        Some(Object::cooked_for(soup, pot.cooked))
    }

    /// Whether a pot took an ingredient: it starts a soup, or joins its own kind.
    fn fill_pot(&mut self, rules: &Rules, cell: Cell, item: Item) -> bool {
        let Some(pot) = rules.pot_at(cell).map(|at| &mut self.pots[at]) else { return false };
        let joins = pot.ingredient.is_none_or(|kind| kind == item);
        let takes = item.is_ingredient() && !pot.is_full() && joins;
        if takes {
            pot.ingredient = Some(item);
            pot.count += 1;
        }
        takes
    }

    /// The original's idea of a useful dish. It knows two players only, and looks at pots as
    /// they were before the step, at hands and counters as they are.
    fn is_dish_needed(&self, rules: &Rules, begun: usize) -> bool {
        let is_dish = |object: &Object| object.item() == Item::Plate;
        let agents = self.agents(rules);
        let carried = agents.iter().filter(|agent| agent.held.as_ref().is_some_and(is_dish));
        let lying = self.objects.iter().flatten().any(is_dish);
        rules.players() == 2 && !lying && carried.count() < begun
    }

    /// A move always turns, also when it leads nowhere. If any two players would end on the same
    /// cell or change places, nobody moves: with two players that is both of them, and the
    /// original does the same with more.
    fn turn_and_move<V: Variation>(&mut self, rules: &Rules, actions: &[Action]) {
        let before = self.agents.map(|agent| agent.cell);
        let mut after = before;
        for (player, action) in actions.iter().enumerate() {
            if let Some(direction) = action.direction() {
                self.agents[player].facing = direction;
                after[player] = rules.step_from(before[player], direction);
            }
        }
        let players = rules.players();
        let meet = |a: usize, b: usize| {
            let follows = !V::FOLLOWING && (after[a] == before[b] || after[b] == before[a]);
            let swap = after[a] == before[b] && after[b] == before[a];
            after[a] == after[b] || swap && !V::SWAPPING || follows
        };
        let collision = (1..players).any(|b| (0..b).any(|a| meet(a, b)));
        if !collision {
            for (agent, cell) in self.agents.iter_mut().zip(after) {
                agent.cell = cell;
            }
        } else if V::FIRST_GETS_IT && !before[1..players].contains(&after[0]) {
            self.agents[0].cell = after[0];
        }
    }

    /// Full pots cook one step. Nothing burns, and the count goes on when the soup is ready.
    fn cook<V: Variation>(&mut self, rules: &Rules) {
        let most = if V::CAPPED { rules.cook_time() } else { MAX_COOKED };
        for pot in &mut self.pots[..rules.pot_cells().len()] {
            if pot.is_full() && pot.cooked < most {
                pot.cooked += 1;
            }
        }
    }
}

/// Deliveries are paid to everybody, the rest to who did it.
fn reward(rules: &Rules, events: [u8; MAX_PLAYERS]) -> TaskStep {
    let scheme = rules.rewards();
    let sum = |events: u8, deeds: &[(u8, Reward)]| -> Reward {
        deeds.iter().filter(|(event, _)| events & event != 0).map(|&(_, reward)| reward).sum()
    };
    let shaping = [
        (INGREDIENT_IN_POT, scheme.ingredient_in_pot),
        (USEFUL_DISH, scheme.useful_dish),
        (SOUP_IN_DISH, scheme.soup_in_dish),
    ];
    let delivered: Reward =
        events.iter().map(|&events| sum(events, &[(DELIVERED, scheme.delivery)])).sum();
    let own = events.map(|events| sum(events, &shaping));
    let mut rewards = [Reward::ZERO; MAX_PLAYERS];
    for (reward, own) in rewards[..rules.players()].iter_mut().zip(own) {
        *reward = own + delivered;
    }
    let score = own.into_iter().sum::<Reward>() + delivered;
    TaskStep { rewards, events, score, ..TaskStep::default() }
}
