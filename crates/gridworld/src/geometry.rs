//! Cells and directions of a grid.

use serde::{Deserialize, Serialize};

/// The most cells a grid can have, so that a cell fits in a byte.
pub const MAX_CELLS: usize = 256;

/// A cell of a grid, numbered row by row from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cell(pub u8);

impl Cell {
    /// The cell as an index into a table over cells.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Where an agent looks. The numbers are CoGrid's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Direction {
    /// One column more.
    #[default]
    Right = 0,
    /// One row more.
    Down = 1,
    /// One column less.
    Left = 2,
    /// One row less.
    Up = 3,
}

impl Direction {
    /// All directions, at the index of their number.
    pub const ALL: [Self; 4] = [Self::Right, Self::Down, Self::Left, Self::Up];

    /// 0 right, 1 down, 2 left, 3 up.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The direction with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// An arrow that points this way.
    #[must_use]
    pub const fn arrow(self) -> char {
        match self {
            Self::Right => '>',
            Self::Down => 'v',
            Self::Left => '<',
            Self::Up => '^',
        }
    }

    /// How a step this way changes (row, column).
    #[must_use]
    pub const fn delta(self) -> (i16, i16) {
        match self {
            Self::Right => (0, 1),
            Self::Down => (1, 0),
            Self::Left => (0, -1),
            Self::Up => (-1, 0),
        }
    }
}
