//! Nothing appears or vanishes but by the rules.

use crate::games::{frames, game, kitchen, rules};
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::layout::Tile;
use dyad_gridworld::overcooked::{Item, Kitchen, Rules};
use dyad_gridworld::{Action, Phase, World};
use proptest::prelude::*;

/// What soups are made of, in all hands, pots and places: onions, tomatoes, plates.
fn stock(rules: &Rules, kitchen: &Kitchen) -> [i32; 3] {
    let hands = kitchen.agents(rules).iter().filter_map(|agent| agent.held);
    let pots = kitchen.pots(rules).iter().flat_map(|pot| pot.contents).flatten();
    let places = (0..rules.cells()).filter_map(|index| {
        kitchen.item(rules, Cell(u8::try_from(index).expect("at most 256 cells")))
    });
    let mut stock = [0; 3];
    for item in hands.chain(pots).chain(places) {
        for (sum, part) in stock.iter_mut().zip(parts(item)) {
            *sum += part;
        }
    }
    stock
}

/// Onions, tomatoes and plates in an item.
pub(crate) const fn parts(item: Item) -> [i32; 3] {
    match item {
        Item::Onion => [1, 0, 0],
        Item::Tomato => [0, 1, 0],
        Item::Plate => [0, 0, 1],
        Item::OnionSoup => [3, 0, 1],
        Item::TomatoSoup => [0, 3, 1],
    }
}

/// What a player took from a stack (1) or delivered (-1) in a step, from the states around it.
fn traded(rules: &Rules, before: &Kitchen, after: &Kitchen, seat: usize) -> Option<(Item, i32)> {
    let agent = after.agents(rules)[seat];
    let tile = rules.tile(rules.faced(agent.cell, agent.facing));
    match (before.agents(rules)[seat].held, agent.held, tile) {
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
        game in game(1..=4_u8),
        frames in frames(300),
    ) {
        let mut world = World::new(game);
        for frame in &frames {
            let (playing, before) = (world.phase() == Phase::Playing, kitchen(&world).clone());
            let episode = world.episode();
            world.step(frame);
            if world.episode() != episode {
                continue;
            }
            let (rules, after) = (rules(&world), kitchen(&world));
            let mut expected = stock(rules, &before);
            let mut delivered = 0;
            for (seat, input) in frame.iter().enumerate().take(rules.players()) {
                let trade = traded(rules, &before, after, seat);
                let Some((item, change)) = trade else { continue };
                prop_assert!(playing && input.action() == Action::PickupDrop);
                prop_assert!(change > 0 || item.is_soup(), "{item:?} delivered");
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
