//! What stays the same for a session of Overcooked, as tables over the grid's cells that make a
//! step a few loads.

use super::Item;
use super::parameters::{Draws, Parameters, RewardScheme};
use crate::geometry::{Cell, Direction, MAX_CELLS};
use crate::layout::{Layout, Tile};
use crate::settings::SettingsError;
use crate::{Action, MAX_PLAYERS};

/// The most pots a kitchen can have.
pub const MAX_POTS: usize = 8;

const ACTIONS: usize = Action::ALL.len();

/// The tables of a kitchen.
#[derive(Clone, Debug)]
pub struct Rules {
    players: usize,
    cook_time: u16,
    rewards: RewardScheme,
    draws: Draws,
    spawns: Vec<Cell>,
    free_cells: Vec<Cell>,
    pot_cells: Vec<Cell>,
    delivery_cells: Vec<Cell>,
    width: u8,
    cells: usize,
    tiles: [Tile; MAX_CELLS],
    faced: [[Cell; 4]; MAX_CELLS],
    pot_at: [u8; MAX_CELLS],
    leads_to: [[Cell; ACTIONS]; MAX_CELLS],
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
        let mut leads_to = [[Cell(0); ACTIONS]; MAX_CELLS];
        for cell in layout.cells() {
            tiles[cell.index()] = layout.tile(cell);
            for direction in Direction::ALL {
                // CoGrid clips a look over the edge to the agent's own cell.
                faced[cell.index()][usize::from(direction.number())] =
                    layout.neighbour(cell, direction).unwrap_or(cell);
            }
            leads_to[cell.index()] = Action::ALL.map(|action| leads_to_in(layout, cell, action));
        }
        for (pot, cell) in (0..).zip(&pot_cells) {
            pot_at[cell.index()] = pot;
        }
        Ok(Self {
            players: players.min(MAX_PLAYERS),
            cook_time: parameters.cook_time,
            rewards: parameters.rewards,
            draws: parameters.generator,
            spawns: layout.spawns().to_vec(),
            free_cells: layout.cells_with(Tile::Floor).collect(),
            pot_cells,
            delivery_cells: layout.cells_with(Tile::Delivery).collect(),
            width: layout.width(),
            cells: layout.tiles().len(),
            tiles,
            faced,
            pot_at,
            leads_to,
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

    /// Where random draws come from.
    #[must_use]
    pub const fn draws(&self) -> Draws {
        self.draws
    }

    /// Columns of the grid.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width as usize
    }

    /// Rows of the grid.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.cells / self.width as usize
    }

    /// The pots' cells, row by row.
    #[must_use]
    pub fn pot_cells(&self) -> &[Cell] {
        &self.pot_cells
    }

    /// The delivery zone's cells, row by row.
    pub(crate) fn delivery_cells(&self) -> &[Cell] {
        &self.delivery_cells
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

    /// Where an action leads from `cell` if nobody and nothing is in the way: to the faced cell
    /// if that is floor; otherwise, and if the action is no move, nowhere.
    #[must_use]
    pub const fn leads_to(&self, cell: Cell, action: Action) -> Cell {
        self.leads_to[cell.0 as usize][action as usize]
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

    /// Whether an item, or none, can lie in a cell: anything on floor and counters, and a
    /// delivered soup's trace in a delivery cell.
    pub(crate) fn can_lie(&self, item: Option<Item>, cell: usize) -> bool {
        match self.tiles[cell] {
            Tile::Floor | Tile::Counter => true,
            Tile::Delivery => item.is_none_or(Item::is_soup),
            _ => item.is_none(),
        }
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

fn leads_to_in(layout: &Layout, cell: Cell, action: Action) -> Cell {
    action
        .direction()
        .and_then(|direction| layout.neighbour(cell, direction))
        .filter(|&target| layout.tile(target) == Tile::Floor)
        .unwrap_or(cell)
}
