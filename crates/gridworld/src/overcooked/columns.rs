//! What of a kitchen stands in a table.

use super::{DELIVERED, Item, Kitchen, ONION_IN_POT, Rules, SOUP_IN_DISH};
use crate::Reward;
use crate::environment::{TaskStep, Value};
use crate::geometry::Cell;
use std::fmt::Write as _;

/// `infos.{player}.*`: where the player is, what it holds, and what it earned in this step
/// before rewards are shared.
pub(super) const INFO_NAMES: &[&str] = &[
    "row",
    "col",
    "direction",
    "holding",
    "delivery_reward",
    "onion_in_pot_reward",
    "soup_in_dish_reward",
];

pub(super) fn info_values(
    kitchen: &Kitchen,
    rules: &Rules,
    player: usize,
    step: &TaskStep,
    put: &mut dyn FnMut(Value<'_>),
) {
    let agent = &kitchen.agents[player];
    let (row, column) = rules.position(agent.cell);
    put(Value::Int(row.into()));
    put(Value::Int(column.into()));
    put(Value::Int(agent.facing.number().into()));
    put(Value::Text(agent.held.map_or("nothing", Item::name)));
    let scheme = rules.rewards();
    for (event, reward) in [
        (DELIVERED, scheme.delivery),
        (ONION_IN_POT, scheme.onion_in_pot),
        (SOUP_IN_DISH, scheme.soup_in_dish),
    ] {
        let earned = step.events[player] & event != 0;
        put(Value::Reward(if earned { reward } else { Reward::ZERO }));
    }
}

/// `state.*`: soups delivered so far, each pot's contents (`oo.` is two onions) and timer, and
/// the loose items on counters and on the floor as `row:column:letter`, separated by spaces.
pub(super) fn state_names(rules: &Rules) -> Vec<String> {
    let pots = (0..rules.pot_cells().len())
        .flat_map(|pot| [format!("pot{pot}.contents"), format!("pot{pot}.timer")]);
    let mut names = vec!["deliveries".to_owned()];
    names.extend(pots);
    names.extend(["counters".to_owned(), "floor".to_owned()]);
    names
}

pub(super) fn state_values(kitchen: &Kitchen, rules: &Rules, put: &mut dyn FnMut(Value<'_>)) {
    put(Value::Int(kitchen.deliveries.into()));
    for pot in kitchen.pots(rules) {
        let contents: String =
            pot.contents.iter().map(|item| item.map_or('.', Item::letter)).collect();
        put(Value::Text(&contents));
        put(Value::Int(pot.timer.into()));
    }
    let (mut counters, mut floor) = (String::new(), String::new());
    for index in 0..rules.cells() {
        let cell = Cell(u8::try_from(index).unwrap_or(u8::MAX));
        let Some(item) = kitchen.item(rules, cell) else { continue };
        let list = if rules.is_floor(cell) { &mut floor } else { &mut counters };
        let (row, column) = rules.position(cell);
        let gap = if list.is_empty() { "" } else { " " };
        write!(list, "{gap}{row}:{column}:{}", item.letter()).expect("a string takes all text");
    }
    for list in [counters, floor] {
        put(Value::Text(if list.is_empty() { "none" } else { &list }));
    }
}
