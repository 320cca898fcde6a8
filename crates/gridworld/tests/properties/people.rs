//! Nothing appears or vanishes in Overcooked-AI but by its rules.

use crate::games::{frames, overcooked_ai};
use crate::items::parts;
use dyad_gridworld::layout::Tile;
use dyad_gridworld::overcooked::Item;
use dyad_gridworld::overcooked_ai::{Agent, DELIVERED, Kitchen, Object, Rules};
use dyad_gridworld::task::{TaskRules, TaskState};
use dyad_gridworld::{Action, World};
use proptest::prelude::*;

fn kitchen(world: &World) -> (&Rules, &Kitchen) {
    match (world.game().rules(), world.task()) {
        (TaskRules::OvercookedAi2019(rules), TaskState::OvercookedAi2019(kitchen)) => {
            (rules, kitchen)
        }
        _ => panic!("another task"),
    }
}

/// What soups are made of, in all hands, pots and places: onions, tomatoes, dishes.
fn stock(rules: &Rules, kitchen: &Kitchen) -> [i32; 3] {
    let hands = kitchen.agents(rules).iter().filter_map(|agent| agent.held.map(Object::item));
    let pots = kitchen.pots(rules).iter().flat_map(|pot| pot.contents()).flatten();
    let counters = rules.counter_cells().iter().filter_map(|&cell| kitchen.object(cell));
    let mut stock = [0; 3];
    for item in hands.chain(pots).chain(counters.map(Object::item)) {
        for (sum, part) in stock.iter_mut().zip(parts(item)) {
            *sum += part;
        }
    }
    stock
}

/// What a player took from a stack (1) or delivered (-1): it interacts from where it stands.
fn traded(rules: &Rules, before: &Agent, after: &Agent) -> Option<(Item, i32)> {
    let faced = rules.layout().neighbour(before.cell, before.facing)?;
    let item = |agent: &Agent| agent.held.map(Object::item);
    match (item(before), item(after), rules.layout().tile(faced)) {
        (None, Some(item), Tile::OnionStack | Tile::TomatoStack | Tile::PlateStack) => {
            Some((item, 1))
        }
        (Some(item), None, Tile::Delivery) => Some((item, -1)),
        _ => None,
    }
}

proptest! {
    #[test]
    fn stock_changes_only_at_stacks_and_delivery_zones(
        game in overcooked_ai(1..=4_u8),
        frames in frames(300),
    ) {
        let mut world = World::new(game);
        for frame in &frames {
            let (episode, before) = (world.episode(), kitchen(&world).1.clone());
            let outcome = world.step(frame);
            if world.episode() != episode {
                continue;
            }
            let (rules, after) = kitchen(&world);
            let mut expected = stock(rules, &before);
            let mut delivered = 0;
            let pairs = before.agents(rules).iter().zip(after.agents(rules));
            for (seat, (old, new)) in pairs.enumerate() {
                let Some((item, change)) = traded(rules, old, new) else { continue };
                let events = outcome.map_or(0, |outcome| outcome.task.events[seat]);
                prop_assert_eq!(frame[seat].action(), Action::PickupDrop);
                prop_assert_eq!(change < 0, events & DELIVERED != 0);
                prop_assert!(change > 0 || item.is_soup(), "{:?} delivered", item);
                delivered += u16::from(change < 0);
                for (sum, part) in expected.iter_mut().zip(parts(item)) {
                    *sum += change * part;
                }
            }
            prop_assert_eq!(stock(rules, after), expected);
            prop_assert_eq!(after.deliveries(), before.deliveries() + delivered);
        }
    }
}
