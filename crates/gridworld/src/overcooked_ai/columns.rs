//! What of a kitchen stands in a table: the same as of CoGrid's, as far as there is the same.

use super::{DELIVERED, INGREDIENT_IN_POT, Kitchen, Object, Rules, SOUP_IN_DISH, USEFUL_DISH};
use crate::Reward;
use crate::environment::{TaskStep, Value};
use crate::overcooked::Item;

/// `infos.{player}.*`: where the player is, what it holds, and what it earned in this step. The
/// delivery reward is that of who delivered; every player gets it.
pub(super) const INFO_NAMES: &[&str] = &[
    "row",
    "col",
    "direction",
    "holding",
    "delivery_reward",
    "ingredient_in_pot_reward",
    "useful_dish_reward",
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
    let (row, column) = rules.layout().position(agent.cell);
    put(Value::Int(row.into()));
    put(Value::Int(column.into()));
    put(Value::Int(agent.facing.number().into()));
    put(Value::Text(agent.held.map_or("nothing", |held| held.item().name())));
    let scheme = rules.rewards();
    for (event, reward) in [
        (DELIVERED, scheme.delivery),
        (INGREDIENT_IN_POT, scheme.ingredient_in_pot),
        (USEFUL_DISH, scheme.useful_dish),
        (SOUP_IN_DISH, scheme.soup_in_dish),
    ] {
        let earned = step.events[player] & event != 0;
        put(Value::Reward(if earned { reward } else { Reward::ZERO }));
    }
}

/// `state.*`: soups delivered so far, each pot's contents (`oo.` is two onions) and the steps
/// that its soup has cooked, and what lies on counters as `row:column:letter`, separated by
/// spaces.
pub(super) fn state_names(rules: &Rules) -> Vec<String> {
    let pots = (0..rules.pot_cells().len())
        .flat_map(|pot| [format!("pot{pot}.contents"), format!("pot{pot}.cooked")]);
    let mut names = vec!["deliveries".to_owned()];
    names.extend(pots);
    names.push("counters".to_owned());
    names
}

pub(super) fn state_values(kitchen: &Kitchen, rules: &Rules, put: &mut dyn FnMut(Value<'_>)) {
    put(Value::Int(kitchen.deliveries.into()));
    for pot in kitchen.pots(rules) {
        let contents = pot.contents().map(|item| item.map_or('.', Item::letter));
        put(Value::Text(&String::from_iter(contents)));
        put(Value::Int(pot.cooked().into()));
    }
    let lying = rules.counter_cells().iter().filter_map(|&cell| {
        let (row, column) = rules.layout().position(cell);
        let letter = kitchen.object(cell).map(Object::item)?.letter();
        Some(format!("{row}:{column}:{letter}"))
    });
    let lying: Vec<String> = lying.collect();
    put(Value::Text(if lying.is_empty() { "none".to_owned() } else { lying.join(" ") }.as_str()));
}
