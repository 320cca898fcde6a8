//! What stays the same for a session of Overcooked-AI.

use super::parameters::{Parameters, RewardScheme};
use crate::geometry::{Cell, Direction};
use crate::layout::{Layout, Tile};
use crate::overcooked::MAX_POTS;
use crate::settings::SettingsError;

/// The most cells that a kitchen can have here. An object takes two bytes in this task, and a
/// world has to stay small.
pub const MAX_CELLS: usize = 128;

/// The kitchen and its parameters.
#[derive(Clone, Debug)]
pub struct Rules {
    layout: Layout,
    players: usize,
    cook_time: u16,
    rewards: RewardScheme,
    pot_cells: Vec<Cell>,
    counter_cells: Vec<Cell>,
}

impl Rules {
    /// Prepares the rules of a layout.
    ///
    /// # Errors
    /// [`SettingsError`]: the cook time is out of range, the layout is too large, or it does
    /// not say where each player starts.
    pub fn new(
        parameters: &Parameters,
        layout: &Layout,
        players: usize,
    ) -> Result<Self, SettingsError> {
        let Parameters { cook_time, rewards } = *parameters;
        if !(1..=1000).contains(&cook_time) {
            return Err(SettingsError::OutOfRange {
                field: "cook_time",
                expected: "1 to 1000",
                found: u64::from(cook_time),
            });
        }
        if layout.spawns().len() < players {
            return Err(SettingsError::NoSpawns { task: "overcooked-ai-2019", players });
        }
        let pot_cells: Vec<Cell> = layout.cells_with(Tile::Pot).collect();
        for (what, found, most) in
            [("cells", layout.tiles().len(), MAX_CELLS), ("pots", pot_cells.len(), MAX_POTS)]
        {
            if found > most {
                return Err(SettingsError::TooMany { what, found, most });
            }
        }
        let counter_cells = layout.cells_with(Tile::Counter).collect();
        let layout = layout.clone();
        Ok(Self { layout, players, cook_time, rewards, pot_cells, counter_cells })
    }

    /// The grid.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
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

    /// The counters' cells, row by row.
    #[must_use]
    pub fn counter_cells(&self) -> &[Cell] {
        &self.counter_cells
    }

    /// Index of the pot in a cell.
    pub(super) fn pot_at(&self, cell: Cell) -> Option<usize> {
        self.pot_cells.iter().position(|&pot| pot == cell)
    }

    pub(super) fn is_floor(&self, cell: Cell) -> bool {
        cell.index() < self.layout.tiles().len() && self.layout.tile(cell) == Tile::Floor
    }

    /// Where a step from a cell leads: the neighbour if it is floor, else nowhere.
    pub(super) fn step_from(&self, cell: Cell, direction: Direction) -> Cell {
        let target = self.layout.neighbour(cell, direction);
        target.filter(|&target| self.is_floor(target)).unwrap_or(cell)
    }
}
