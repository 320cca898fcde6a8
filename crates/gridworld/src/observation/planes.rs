//! A kitchen as a stack of planes over its cells, one byte a cell.
//!
//! | planes | 1 where |
//! |---|---|
//! | 0 | the observing player stands |
//! | 1 | another player stands |
//! | 2..6, 6..10 | the observing player, another one looks right, down, left, up |
//! | 10..15, 15..20 | the observing player, another one holds an onion, tomato, plate, onion soup, tomato soup |
//! | 20..25 | such an item lies |
//! | 25..32 | there is a wall, counter, pot, onion stack, tomato stack, plate stack, delivery zone |
//! | 32..35 | a pot holds one, two, three ingredients |
//! | 35 | a pot holds tomatoes |
//! | 36 | a soup is ready |
//! | 37 | not one-hot: steps until a soup is ready, 255 for all above, 0 where nothing cooks |
//!
//! The planes hold all that can matter for play, for any size of grid and number of players.

use crate::geometry::Cell;
use crate::layout::Tile;
use crate::overcooked::{Agent, Item, Kitchen, Pot, Rules};

/// Number of planes.
pub const PLANES: usize = 38;

const STANDS: [usize; 2] = [0, 1];
const LOOKS: [usize; 2] = [2, 6];
const HOLDS: [usize; 2] = [10, 15];
const LIES: usize = 20;
const TILES: [Tile; 7] = [
    Tile::Wall,
    Tile::Counter,
    Tile::Pot,
    Tile::OnionStack,
    Tile::TomatoStack,
    Tile::PlateStack,
    Tile::Delivery,
];
const FIRST_TILE: usize = 25;
const HOLDS_ONE: usize = 32;
const TOMATOES: usize = 35;
const READY: usize = 36;
const STEPS_LEFT: usize = 37;

/// The tables that writing planes of one kitchen needs.
#[derive(Clone, Debug)]
pub struct GridPlanes {
    rows: usize,
    columns: usize,
    /// The planes without players, items and what pots hold.
    tiles: Vec<u8>,
}

impl GridPlanes {
    /// Prepares the tables for a kitchen.
    #[must_use]
    pub fn new(rules: &Rules) -> Self {
        let (rows, columns) = (rules.height(), rules.width());
        let cells = rows * columns;
        let mut tiles = vec![0; PLANES * cells];
        for index in 0..cells {
            let cell = Cell(u8::try_from(index).expect("a grid has at most 256 cells"));
            if let Some(plane) = TILES.iter().position(|&tile| tile == rules.tile(cell)) {
                tiles[(FIRST_TILE + plane) * cells + index] = 1;
            }
        }
        Self { rows, columns, tiles }
    }

    /// Planes, rows and columns: the order of the bytes, planes outermost.
    #[must_use]
    pub const fn shape(&self) -> [usize; 3] {
        [PLANES, self.rows, self.columns]
    }

    /// Writes what `player` sees.
    ///
    /// # Panics
    /// If `out` is not as long as [`Self::shape`] says, or there is no such player.
    pub fn write(&self, rules: &Rules, kitchen: &Kitchen, player: usize, out: &mut [u8]) {
        out.copy_from_slice(&self.tiles);
        let cells = self.rows * self.columns;
        let mut put = |plane: usize, cell: usize, value: u8| out[plane * cells + cell] = value;
        for (seat, agent) in kitchen.agents(rules).iter().enumerate() {
            put_agent(&mut put, agent, usize::from(seat != player));
        }
        for (index, item) in kitchen.items[..cells].iter().enumerate() {
            // What a delivery cell keeps is no item.
            if let Some(item) = *item
                && self.tiles[(FIRST_TILE + TILES.len() - 1) * cells + index] == 0
            {
                put(LIES + place(item), index, 1);
            }
        }
        for (pot, cell) in kitchen.pots(rules).iter().zip(rules.pot_cells()) {
            put_pot(&mut put, pot, cell.index());
        }
    }
}

fn put_agent(put: &mut impl FnMut(usize, usize, u8), agent: &Agent, other: usize) {
    let cell = agent.cell.index();
    put(STANDS[other], cell, 1);
    put(LOOKS[other] + usize::from(agent.facing.number()), cell, 1);
    if let Some(item) = agent.held {
        put(HOLDS[other] + place(item), cell, 1);
    }
}

fn put_pot(put: &mut impl FnMut(usize, usize, u8), pot: &Pot, cell: usize) {
    if let Some(more_than_one) = pot.count().checked_sub(1) {
        put(HOLDS_ONE + more_than_one, cell, 1);
        put(TOMATOES, cell, u8::from(pot.contents[0] == Some(Item::Tomato)));
    }
    if pot.is_full() {
        put(READY, cell, u8::from(pot.is_ready()));
        put(STEPS_LEFT, cell, u8::try_from(pot.timer).unwrap_or(u8::MAX));
    }
}

/// An item's place in its group of planes.
const fn place(item: Item) -> usize {
    item as usize - 1
}
