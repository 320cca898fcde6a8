//! CoGrid's feature vector of the classic Overcooked configuration: 892 numbers.
//!
//! | numbers | content |
//! |---|---|
//! | 0..61 | the observing player's own features |
//! | 61..122 | the other player's |
//! | 122..892 | ten masks of 7 x 11 cells: counter, delivery zone, onion, onion soup, onion stack, plate, plate stack, tomato, tomato soup, tomato stack |
//!
//! A player's own features: direction (4), held item (5: onion, onion soup, plate, tomato,
//! tomato soup), counters next to it (4), pots next to it (16: empty, partial, cooking, ready),
//! two pots (12 each: 1, ready, empty, cooking, partial, onions, tomatoes, timer or -1, rows and
//! columns from it, row, column), rows and columns from the other player, row and column, and
//! where it could step (4). What is "next to" goes right, left, down, up.
//!
//! Source: `envs/overcooked/features.py` and `feature_space/features.py` of cogrid 0.3.2
//! (Apache-2.0); the recorded games hold checksums of its observations.

use super::ObservationError;
use crate::geometry::{Cell, Direction, MAX_CELLS};
use crate::layout::Tile;
use crate::overcooked::{Agent, Item, Kitchen, POT_CAPACITY, Pot, Rules};

/// Length of the vector.
pub const FEATURES: usize = 2 * OWN + MASKS * MASK_CELLS;
/// Rows of a mask.
pub const MASK_ROWS: usize = 7;
/// Columns of a mask.
pub const MASK_COLUMNS: usize = 11;

/// One player's own features.
const OWN: usize = 61;
const MASKS: usize = 10;
const MASK_CELLS: usize = MASK_ROWS * MASK_COLUMNS;
/// Pots that have features of their own.
const POTS: usize = 2;
const POT_FEATURES: usize = 12;

/// Where a player's own features begin.
mod at {
    pub(super) const DIRECTION: usize = 0;
    pub(super) const HELD: usize = 4;
    pub(super) const COUNTERS: usize = 9;
    pub(super) const NEAR_POTS: usize = 13;
    pub(super) const POTS: usize = 29;
    pub(super) const OTHER: usize = 53;
    pub(super) const POSITION: usize = 55;
    pub(super) const STEPS: usize = 57;
}

/// The order of what is "next to" a player; not the order of directions.
const SIDES: [Direction; 4] = [Direction::Right, Direction::Left, Direction::Down, Direction::Up];

/// Whether a delivery cell shows the kind of soup that was first delivered there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residue {
    /// As in cogrid 0.3.x.
    Shown,
    /// As in cogrid 0.2.1, for which the reference platform's partners were trained.
    Hidden,
}

/// The tables that writing feature vectors of one kitchen needs.
#[derive(Clone, Debug)]
pub struct FeatureVector {
    residue: Residue,
    /// The masks of a kitchen without items, first of all tiles.
    tiles: Box<[f32; MASKS * MASK_CELLS]>,
    /// A cell's place in a mask.
    place: [u8; MAX_CELLS],
    /// A cell's neighbours in the order of [`SIDES`]; none beyond the edge.
    neighbours: Box<[[Option<Cell>; 4]; MAX_CELLS]>,
    /// The neighbours that are counters.
    counters: Box<[[f32; 4]; MAX_CELLS]>,
}

impl FeatureVector {
    /// Prepares the tables for a kitchen.
    ///
    /// # Errors
    /// [`ObservationError`] if the grid is larger than the masks or the players are not two.
    pub fn new(rules: &Rules, residue: Residue) -> Result<Self, ObservationError> {
        let (rows, columns) = (rules.height(), rules.width());
        if rows > MASK_ROWS || columns > MASK_COLUMNS {
            return Err(ObservationError::GridTooLarge { rows, columns });
        }
        if rules.players() != 2 {
            return Err(ObservationError::NotTwoPlayers { players: rules.players() });
        }
        let mut vector = Self {
            residue,
            tiles: Box::new([0.0; MASKS * MASK_CELLS]),
            place: [0; MAX_CELLS],
            neighbours: Box::new([[None; 4]; MAX_CELLS]),
            counters: Box::new([[0.0; 4]; MAX_CELLS]),
        };
        for index in 0..rules.cells() {
            vector.prepare(rules, index);
        }
        Ok(vector)
    }

    fn prepare(&mut self, rules: &Rules, index: usize) {
        let cell = Cell(u8::try_from(index).expect("a grid has at most 256 cells"));
        let (row, column) = rules.position(cell);
        let columns = u8::try_from(MASK_COLUMNS).expect("11 fits");
        self.place[index] = row * columns + column;
        if let Some(mask) = mask_of_tile(rules.tile(cell)) {
            self.tiles[mask * MASK_CELLS + usize::from(self.place[index])] = 1.0;
        }
        // An agent at the edge faces its own cell.
        let beside = |side| Some(rules.faced(cell, side)).filter(|&neighbour| neighbour != cell);
        self.neighbours[index] = SIDES.map(beside);
        self.counters[index] = self.neighbours[index].map(|neighbour| {
            one_if(neighbour.is_some_and(|cell| rules.tile(cell) == Tile::Counter))
        });
    }

    /// Writes what `player` sees.
    ///
    /// # Panics
    /// If `player` is not 0 or 1, or `rules` are another kitchen's with a larger grid.
    pub fn write(
        &self,
        rules: &Rules,
        kitchen: &Kitchen,
        player: usize,
        out: &mut [f32; FEATURES],
    ) {
        let (own, rest) = out.split_at_mut(OWN);
        let (other, masks) = rest.split_at_mut(OWN);
        self.own(rules, kitchen, player, own);
        self.own(rules, kitchen, 1 - player, other);
        self.masks(rules, kitchen, masks);
    }

    /// Writes what both players see; faster than writing one after the other.
    pub fn write_both(&self, rules: &Rules, kitchen: &Kitchen, out: &mut [[f32; FEATURES]; 2]) {
        let [first, second] = out;
        self.write(rules, kitchen, 0, first);
        second[..OWN].copy_from_slice(&first[OWN..2 * OWN]);
        second[OWN..2 * OWN].copy_from_slice(&first[..OWN]);
        second[2 * OWN..].copy_from_slice(&first[2 * OWN..]);
    }

    /// [`Self::write_both`] for each of many kitchens, which have to be the same rules'.
    ///
    /// # Panics
    /// If there is not one place in `out` for each kitchen.
    pub fn write_many(
        &self,
        rules: &Rules,
        kitchens: &[Kitchen],
        out: &mut [[[f32; FEATURES]; 2]],
    ) {
        assert_eq!(kitchens.len(), out.len(), "a place for each kitchen's observations");
        for (kitchen, out) in kitchens.iter().zip(out) {
            self.write_both(rules, kitchen, out);
        }
    }

    fn own(&self, rules: &Rules, kitchen: &Kitchen, player: usize, out: &mut [f32]) {
        let out: &mut [f32; OWN] = out.try_into().expect("a player's own features");
        let agents = kitchen.agents(rules);
        let (agent, other) = (&agents[player], &agents[1 - player]);
        let index = agent.cell.index();
        *out = [0.0; OWN];
        out[at::DIRECTION + usize::from(agent.facing.number())] = 1.0;
        if let Some(item) = agent.held {
            out[at::HELD + place_in_hand(item)] = 1.0;
        }
        out[at::COUNTERS..][..4].copy_from_slice(&self.counters[index]);
        for (side, neighbour) in self.neighbours[index].iter().enumerate() {
            let Some(cell) = *neighbour else { continue };
            match rules.tile(cell) {
                Tile::Pot => {
                    let status = Status::of(kitchen.pot_in(rules, cell));
                    out[at::NEAR_POTS + 4 * status.near() + side] = 1.0;
                }
                Tile::Floor if kitchen.item(rules, cell).is_none() => out[at::STEPS + side] = 1.0,
                _ => {}
            }
        }
        let pots = kitchen.pots(rules).iter().zip(rules.pot_cells()).take(POTS);
        for ((pot, &cell), out) in pots.zip(out[at::POTS..].chunks_exact_mut(POT_FEATURES)) {
            write_pot(rules, agent, pot, cell, out);
        }
        let (row, column) = rules.position(agent.cell);
        out[at::OTHER..][..2].copy_from_slice(&apart(rules, agent.cell, other.cell));
        out[at::POSITION..][..2].copy_from_slice(&[f32::from(row), f32::from(column)]);
    }

    fn masks(&self, rules: &Rules, kitchen: &Kitchen, out: &mut [f32]) {
        out.copy_from_slice(&*self.tiles);
        let mut light = |mask: usize, index: usize| {
            out[mask * MASK_CELLS + usize::from(self.place[index])] = 1.0;
        };
        for (index, item) in kitchen.items[..rules.cells()].iter().enumerate() {
            if let Some(item) = *item {
                light(mask_of_item(item), index);
            }
        }
        for (pot, cell) in kitchen.pots(rules).iter().zip(rules.pot_cells()) {
            if let Some(mask) = mask_of_type(pot.shown) {
                light(mask, cell.index());
            }
        }
        if self.residue == Residue::Hidden {
            self.hide_residue(rules, out);
        }
    }

    fn hide_residue(&self, rules: &Rules, out: &mut [f32]) {
        for cell in rules.delivery_cells() {
            for soup in [Item::OnionSoup, Item::TomatoSoup] {
                let place = usize::from(self.place[cell.index()]);
                out[mask_of_item(soup) * MASK_CELLS + place] = 0.0;
            }
        }
    }
}

fn write_pot(rules: &Rules, agent: &Agent, pot: &Pot, cell: Cell, out: &mut [f32]) {
    let status = Status::of(pot);
    out[0] = 1.0;
    out[1 + status.listed()] = 1.0;
    let count = pot.contents.iter().flatten().count();
    let kind = if pot.contents[0] == Some(Item::Tomato) { 6 } else { 5 };
    out[kind] = COUNTS[count];
    out[7] = if status == Status::Cooking { f32::from(pot.timer) } else { -1.0 };
    let (row, column) = rules.position(cell);
    out[8..10].copy_from_slice(&apart(rules, agent.cell, cell));
    out[10..12].copy_from_slice(&[f32::from(row), f32::from(column)]);
}

const COUNTS: [f32; POT_CAPACITY + 1] = [0.0, 1.0, 2.0, 3.0];

/// Rows and columns of one cell less those of another.
fn apart(rules: &Rules, cell: Cell, from: Cell) -> [f32; 2] {
    let ((row, column), (other_row, other_column)) = (rules.position(cell), rules.position(from));
    let difference = |a: u8, b: u8| f32::from(i16::from(a) - i16::from(b));
    [difference(row, other_row), difference(column, other_column)]
}

/// What can be said of a pot at a glance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Empty,
    Partial,
    Cooking,
    Ready,
}

impl Status {
    const fn of(pot: &Pot) -> Self {
        match (pot.contents, pot.timer) {
            ([None, ..], _) => Self::Empty,
            ([_, _, Some(_)], 0) => Self::Ready,
            ([_, _, Some(_)], _) => Self::Cooking,
            _ => Self::Partial,
        }
    }

    /// Place among the pots next to a player.
    const fn near(self) -> usize {
        self as usize
    }

    /// Place in a pot's own features.
    const fn listed(self) -> usize {
        match self {
            Self::Ready => 0,
            Self::Empty => 1,
            Self::Cooking => 2,
            Self::Partial => 3,
        }
    }
}

const fn place_in_hand(item: Item) -> usize {
    match item {
        Item::Onion => 0,
        Item::OnionSoup => 1,
        Item::Plate => 2,
        Item::Tomato => 3,
        Item::TomatoSoup => 4,
    }
}

const fn mask_of_item(item: Item) -> usize {
    match item {
        Item::Onion => 2,
        Item::OnionSoup => 3,
        Item::Plate => 5,
        Item::Tomato => 7,
        Item::TomatoSoup => 8,
    }
}

const fn mask_of_tile(tile: Tile) -> Option<usize> {
    match tile {
        Tile::Counter => Some(0),
        Tile::Delivery => Some(1),
        Tile::OnionStack => Some(4),
        Tile::PlateStack => Some(6),
        Tile::TomatoStack => Some(9),
        Tile::Floor | Tile::Wall | Tile::Pot | Tile::Goal => None,
    }
}

/// The mask that a pot lights with its number. CoGrid compares the number with its type ids,
/// so a soup lights one after another "tomato stack", "tomato", "plate" and "onion soup" in its
/// last steps on the fire. It means nothing, but partners were trained with it.
const fn mask_of_type(number: u16) -> Option<usize> {
    Some(match number {
        2 => 0,
        7 => 1,
        8 => 2,
        9 => 3,
        11 => 4,
        12 => 5,
        13 => 6,
        15 => 7,
        16 => 8,
        18 => 9,
        _ => return None,
    })
}

const fn one_if(condition: bool) -> f32 {
    if condition { 1.0 } else { 0.0 }
}
