//! Kitchens: pots, stacks, the place for soups, what lies about, and the cooks. The two games of
//! Overcooked look the same; each is read into one [`KitchenView`].

use super::board::{Look, TaskView};
use super::canvas::{Canvas, Spot};
use super::cook::{self, Cook};
use super::room;
use super::sprite::{Sprite, atlas};
use super::units;
use crate::theme::kitchen as colour;
use bevy_egui::egui::Vec2;
use dyad_gridworld::World;
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::layout::{Layout, Tile};
use dyad_gridworld::overcooked::{self, Item, POT_CAPACITY};
use dyad_gridworld::overcooked_ai;
use dyad_gridworld::task::{TaskRules, TaskState};

/// What is seen of a pot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pot {
    /// What is in it.
    pub contents: [Option<Item>; POT_CAPACITY],
    /// How far the soup is, from 0 to 1, once it cooks.
    pub done: Option<f32>,
}

impl Pot {
    /// Whether its soup is done.
    fn is_finished(&self) -> bool {
        self.done.is_some_and(|done| done >= 1.0)
    }
}

/// A kitchen to draw.
#[derive(Clone, Debug)]
pub struct KitchenView<'a> {
    layout: &'a Layout,
    cooks: Vec<(Cell, Cook)>,
    items: Vec<(Cell, Item)>,
    pots: Vec<(Cell, Pot)>,
}

impl<'a> KitchenView<'a> {
    /// A world's kitchen, if it is one.
    #[must_use]
    pub fn of(world: &'a World) -> Option<Self> {
        let layout = world.game().layout();
        match (world.task(), world.game().rules()) {
            (TaskState::CogridOvercooked(kitchen), TaskRules::CogridOvercooked(rules)) => {
                Some(Self::cogrid(layout, kitchen, rules))
            }
            (TaskState::OvercookedAi2019(kitchen), TaskRules::OvercookedAi2019(rules)) => {
                Some(Self::overcooked_ai(layout, kitchen, rules))
            }
            _ => None,
        }
    }

    /// The pots in which a soup is done.
    pub fn finished(&self) -> impl Iterator<Item = Cell> + '_ {
        let done = self.pots.iter().filter(|(_, pot)| pot.is_finished());
        done.map(|(cell, _)| *cell)
    }

    /// A kitchen of `CoGrid`'s Overcooked.
    #[must_use]
    pub fn cogrid(
        layout: &'a Layout,
        kitchen: &overcooked::Kitchen,
        rules: &overcooked::Rules,
    ) -> Self {
        let cook = |agent: &overcooked::Agent| {
            (agent.cell, Cook { facing: agent.facing, held: agent.held })
        };
        let pot = |pot: &overcooked::Pot| {
            let done = 1.0 - part(pot.timer, rules.cook_time());
            Pot { contents: pot.contents, done: pot.is_full().then_some(done) }
        };
        Self {
            layout,
            cooks: kitchen.agents(rules).iter().map(cook).collect(),
            items: items(layout, |cell| kitchen.item(rules, cell)),
            pots: rules
                .pot_cells()
                .iter()
                .copied()
                .zip(kitchen.pots(rules).iter().map(pot))
                .collect(),
        }
    }

    /// A kitchen of Overcooked-AI.
    #[must_use]
    pub fn overcooked_ai(
        layout: &'a Layout,
        kitchen: &overcooked_ai::Kitchen,
        rules: &overcooked_ai::Rules,
    ) -> Self {
        let item = overcooked_ai::Object::item;
        let cook = |agent: &overcooked_ai::Agent| {
            (agent.cell, Cook { facing: agent.facing, held: agent.held.map(item) })
        };
        let pot = |pot: &overcooked_ai::Pot| {
            let done = part(pot.cooked(), rules.cook_time()).min(1.0);
            Pot { contents: pot.contents(), done: pot.is_full().then_some(done) }
        };
        Self {
            layout,
            cooks: kitchen.agents(rules).iter().map(cook).collect(),
            items: items(layout, |cell| kitchen.object(cell).map(item)),
            pots: rules
                .pot_cells()
                .iter()
                .copied()
                .zip(kitchen.pots(rules).iter().map(pot))
                .collect(),
        }
    }
}

fn items(layout: &Layout, item: impl Fn(Cell) -> Option<Item>) -> Vec<(Cell, Item)> {
    layout.cells().filter_map(|cell| Some((cell, item(cell)?))).collect()
}

fn part(steps: u16, of: u16) -> f32 {
    f32::from(steps) / f32::from(of.max(1))
}

impl TaskView for KitchenView<'_> {
    fn avatars(&self) -> Vec<Cell> {
        self.cooks.iter().map(|&(cell, _)| cell).collect()
    }

    fn paint(&self, canvas: &Canvas<'_>, look: &Look<'_>) {
        let spot = |cell: Cell| {
            let (row, column) = self.layout.position(cell);
            canvas.cell(row, column)
        };
        room::paint(canvas, self.layout);
        for cell in self.layout.cells() {
            if let Some(sprite) = station(self.layout.tile(cell)) {
                spot(cell).sprite(sprite);
            }
        }
        for &(cell, item) in &self.items {
            let on_floor = self.layout.tile(cell).is_walkable();
            spot(cell).sprite_at(sprite(item), ON_COUNTER[usize::from(on_floor)], 0.95);
        }
        for (cell, pot) in &self.pots {
            paint_pot(&spot(*cell), pot);
        }
        for (seat, place) in look.nearest_last() {
            cook::paint(&canvas.at(place), seat, self.cooks[seat.index()].1, seat == look.me);
        }
    }
}

/// Where an item lies: on what is solid, whose front takes the lower part of a cell, and on the
/// floor.
const ON_COUNTER: [Vec2; 2] = [units(32.0, 25.0), units(32.0, 38.0)];

/// What stands on a counter.
const fn station(tile: Tile) -> Option<Sprite> {
    match tile {
        Tile::Pot => Some(atlas::STOVE),
        Tile::OnionStack => Some(atlas::STACK_ONION),
        Tile::TomatoStack => Some(atlas::STACK_TOMATO),
        Tile::PlateStack => Some(atlas::STACK_PLATE),
        Tile::Delivery => Some(atlas::DELIVERY),
        Tile::Floor | Tile::Wall | Tile::Counter | Tile::Goal => None,
    }
}

/// An item's picture.
#[must_use]
pub const fn sprite(item: Item) -> Sprite {
    match item {
        Item::Onion => atlas::ONION,
        Item::Tomato => atlas::TOMATO,
        Item::Plate => atlas::PLATE,
        Item::OnionSoup => atlas::PLATE_ONION_SOUP,
        Item::TomatoSoup => atlas::PLATE_TOMATO_SOUP,
    }
}

/// The middle of a pot's opening, and the radii of its rim.
const OPENING: Vec2 = units(32.0, 22.0);
const RIM: Vec2 = units(20.0, 13.6);
/// Where ingredients float, first things first.
const INGREDIENTS: [Vec2; POT_CAPACITY] = [units(24.0, 25.5), units(40.0, 25.5), units(32.0, 17.0)];

/// Draws a pot with what is in it and how far it is.
pub fn paint_pot(spot: &Spot<'_>, pot: &Pot) {
    spot.sprite(atlas::POT);
    let Some(first) = pot.contents[0] else { return };
    let ready = pot.is_finished();
    let tomato = first == Item::Tomato;
    if ready {
        spot.arc(OPENING, RIM, 1.0, 4.0 / 64.0, colour::READY);
        spot.sprite(if tomato { atlas::SOUP_TOMATO } else { atlas::SOUP_ONION });
        spot.sprite(atlas::STEAM);
        spot.sprite(atlas::READY);
        return;
    }
    spot.sprite(atlas::BROTH);
    // What floats further back is drawn first.
    for (at, content) in INGREDIENTS.into_iter().zip(pot.contents).rev() {
        match content {
            Some(item) => spot.sprite_at(piece(item), at + PIECE_LIFT, 1.0),
            None => spot.ring(at, 2.6 / 64.0, 1.3 / 64.0, colour::STEEL.gamma_multiply(0.6)),
        }
    }
    if let Some(done) = pot.done {
        spot.arc(OPENING, RIM, 1.0, 4.0 / 64.0, colour::HOLLOW);
        spot.arc(OPENING, RIM, done, 4.0 / 64.0, colour::COOKING);
    }
}

/// From where an ingredient's picture has its middle to the middle of a cell.
const PIECE_LIFT: Vec2 = units(0.0, 10.0);

const fn piece(ingredient: Item) -> Sprite {
    match ingredient {
        Item::Tomato => atlas::PIECE_TOMATO,
        _ => atlas::PIECE_ONION,
    }
}
