//! What stays the same for a session of Overcooked: parameters, and tables over the grid's
//! cells that make a step a few loads.

use crate::geometry::{Cell, Direction, MAX_CELLS};
use crate::layout::{Layout, Tile};
use crate::settings::SettingsError;
use crate::{MAX_PLAYERS, Reward};
use serde::{Deserialize, Serialize};

/// The most pots a kitchen can have.
pub const MAX_POTS: usize = 8;

/// What an experimenter can set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Steps from the third ingredient until the soup can be plated; CoGrid's is 30.
    pub cook_time: u16,
    /// What is rewarded.
    pub rewards: RewardScheme,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { cook_time: 30, rewards: RewardScheme::default() }
    }
}

impl Parameters {
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        let RewardScheme { delivery, onion_in_pot, soup_in_dish, common } = self.rewards;
        bytes.extend(self.cook_time.to_le_bytes());
        for reward in [delivery, onion_in_pot, soup_in_dish] {
            bytes.extend(reward.0.to_le_bytes());
        }
        bytes.push(u8::from(common));
    }
}

/// What each deed is worth, in thousandths of a point, and who gets it.
///
/// The default is cogrid 0.3.x's: 20 for a delivery, 3 for an onion in a pot, 5 for plating, all
/// shared. The reference platform's experiments use 1 for a delivery, shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RewardScheme {
    /// For a soup brought to the delivery zone.
    pub delivery: Reward,
    /// For an onion put into a pot.
    pub onion_in_pot: Reward,
    /// For plating a finished soup.
    pub soup_in_dish: Reward,
    /// Whether every player gets what any of them earns.
    pub common: bool,
}

impl Default for RewardScheme {
    fn default() -> Self {
        Self {
            delivery: Reward::points(20),
            onion_in_pot: Reward::points(3),
            soup_in_dish: Reward::points(5),
            common: true,
        }
    }
}

/// The tables of a kitchen.
#[derive(Clone, Debug)]
pub struct Rules {
    players: usize,
    cook_time: u16,
    rewards: RewardScheme,
    spawns: Vec<Cell>,
    free_cells: Vec<Cell>,
    pot_cells: Vec<Cell>,
    width: u8,
    cells: usize,
    tiles: [Tile; MAX_CELLS],
    faced: [[Cell; 4]; MAX_CELLS],
    pot_at: [u8; MAX_CELLS],
}

impl Rules {
    /// Prepares the tables of a layout.
    ///
    /// # Errors
    /// [`SettingsError`] if the cook time is 0 or the layout has more pots than fit.
    pub fn new(
        parameters: &Parameters,
        layout: &Layout,
        players: usize,
    ) -> Result<Self, SettingsError> {
        if !(1..=1000).contains(&parameters.cook_time) {
            return Err(SettingsError::OutOfRange {
                field: "cook_time",
                expected: "1 to 1000",
                found: u64::from(parameters.cook_time),
            });
        }
        let pot_cells: Vec<Cell> = layout.cells_with(Tile::Pot).collect();
        if pot_cells.len() > MAX_POTS {
            let found = pot_cells.len();
            return Err(SettingsError::TooMany { what: "pots", found, most: MAX_POTS });
        }
        let mut tiles = [Tile::Wall; MAX_CELLS];
        let mut faced = [[Cell(0); 4]; MAX_CELLS];
        let mut pot_at = [0; MAX_CELLS];
        for cell in layout.cells() {
            tiles[cell.index()] = layout.tile(cell);
            for direction in Direction::ALL {
                // CoGrid clips a look over the edge to the agent's own cell.
                faced[cell.index()][usize::from(direction.number())] =
                    layout.neighbour(cell, direction).unwrap_or(cell);
            }
        }
        for (pot, cell) in (0..).zip(&pot_cells) {
            pot_at[cell.index()] = pot;
        }
        Ok(Self {
            players: players.min(MAX_PLAYERS),
            cook_time: parameters.cook_time,
            rewards: parameters.rewards,
            spawns: layout.spawns().to_vec(),
            free_cells: layout.cells_with(Tile::Floor).collect(),
            pot_cells,
            width: layout.width(),
            cells: layout.tiles().len(),
            tiles,
            faced,
            pot_at,
        })
    }

    /// Number of players.
    #[must_use]
    pub const fn players(&self) -> usize {
        self.players
    }

    /// Steps a soup cooks.
    #[must_use]
    pub const fn cook_time(&self) -> u16 {
        self.cook_time
    }

    /// What is rewarded.
    #[must_use]
    pub const fn rewards(&self) -> &RewardScheme {
        &self.rewards
    }

    /// The pots' cells, row by row.
    #[must_use]
    pub fn pot_cells(&self) -> &[Cell] {
        &self.pot_cells
    }

    /// The tile of a cell.
    #[must_use]
    pub const fn tile(&self, cell: Cell) -> Tile {
        self.tiles[cell.0 as usize]
    }

    /// The cell that an agent on `cell` faces; its own at the edge of the grid.
    #[must_use]
    pub const fn faced(&self, cell: Cell, direction: Direction) -> Cell {
        self.faced[cell.0 as usize][direction as usize]
    }

    /// Row and column of a cell.
    #[must_use]
    pub const fn position(&self, cell: Cell) -> (u8, u8) {
        (cell.0 / self.width, cell.0 % self.width)
    }

    /// Number of cells of the grid.
    #[must_use]
    pub const fn cells(&self) -> usize {
        self.cells
    }

    pub(crate) fn is_floor(&self, cell: Cell) -> bool {
        cell.index() < self.cells && self.tile(cell) == Tile::Floor
    }

    pub(crate) fn spawns(&self) -> &[Cell] {
        &self.spawns
    }

    pub(crate) fn free_cells(&self) -> &[Cell] {
        &self.free_cells
    }

    /// Index of the pot in a pot's cell.
    pub(crate) const fn pot_at(&self, cell: Cell) -> usize {
        self.pot_at[cell.0 as usize] as usize
    }
}
