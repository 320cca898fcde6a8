//! Layouts: the text that describes a kitchen, and the grid it becomes.
//!
//! A layout file has a header of `key: value` lines, an empty line, and the grid:
//!
//! ```text
//! source: Overcooked-AI "cramped_room"
//!
//! CCUCC
//! O   O
//! C   C
//! C=C@C
//! ```
//!
//! A text without an empty line is all grid. Space is floor, `+` a spawn (floor afterwards),
//! `#` a wall, `C` a counter, `U` a pot, `O` `T` `=` the endless stacks of onions, tomatoes and
//! plates, `@` the delivery zone. The letters are CoGrid's.
//!
//! A text that breaks these rules is refused with the place of the mistake. A kitchen that can
//! be played but hardly as it was meant, because nobody gets to a pot, has
//! [`warnings`](Layout::warnings).

mod warning;

pub use warning::LayoutWarning;

use crate::MAX_PLAYERS;
use crate::geometry::{Cell, Direction, MAX_CELLS};

/// What a cell is made of. Only floor can be walked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Tile {
    /// Free to walk on.
    Floor,
    /// Solid, holds nothing.
    Wall,
    /// Holds one item.
    Counter,
    /// Cooks soup.
    Pot,
    /// Endless onions.
    OnionStack,
    /// Endless tomatoes.
    TomatoStack,
    /// Endless plates.
    PlateStack,
    /// Takes finished soups.
    Delivery,
}

impl Tile {
    const fn from_char(letter: char) -> Option<Self> {
        Some(match letter {
            ' ' | '+' => Self::Floor,
            '#' => Self::Wall,
            'C' => Self::Counter,
            'U' => Self::Pot,
            'O' => Self::OnionStack,
            'T' => Self::TomatoStack,
            '=' => Self::PlateStack,
            '@' => Self::Delivery,
            _ => return None,
        })
    }

    /// The letter of this tile in a layout file.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Floor => ' ',
            Self::Wall => '#',
            Self::Counter => 'C',
            Self::Pot => 'U',
            Self::OnionStack => 'O',
            Self::TomatoStack => 'T',
            Self::PlateStack => '=',
            Self::Delivery => '@',
        }
    }
}

/// Why a text is not a layout. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// There is no grid.
    #[error("the layout has no grid")]
    Empty,
    /// A character that is not in the legend.
    #[error("line {line}, column {column}: {letter:?} is not in the legend")]
    UnknownTile {
        /// Line in the text.
        line: usize,
        /// Column in the line.
        column: usize,
        /// The character.
        letter: char,
    },
    /// A row of another width than the first.
    #[error("line {line} is {width} cells wide, the rows above it {expected}")]
    NotRectangular {
        /// Line in the text.
        line: usize,
        /// Its width.
        width: usize,
        /// The first row's width.
        expected: usize,
    },
    /// More cells than a grid can have.
    #[error("the grid has {cells} cells, at most {MAX_CELLS} are possible")]
    TooLarge {
        /// How many there are.
        cells: usize,
    },
    /// Not enough room for the players.
    #[error("the layout has room for {room} players, {players} are asked for")]
    NoRoom {
        /// Marked spawns, or free cells where none is marked.
        room: usize,
        /// Players asked for.
        players: usize,
    },
}

/// A grid of tiles and where agents start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Line of the text that the grid starts on, from 1.
    first_line: usize,
    width: u8,
    height: u8,
    tiles: Vec<Tile>,
    spawns: Vec<Cell>,
}

impl Layout {
    /// Parses a layout file.
    ///
    /// # Errors
    /// [`LayoutError`] with the place of the first mistake.
    pub fn parse(text: &str) -> Result<Self, LayoutError> {
        let lines: Vec<&str> = text.lines().collect();
        let header = lines.iter().position(|line| line.is_empty()).map_or(0, |empty| empty + 1);
        let grid = &lines[header..];
        let width = grid.first().map_or(0, |row| row.chars().count());
        let cells = width * grid.len();
        if cells == 0 {
            return Err(LayoutError::Empty);
        }
        let mut tiles = Vec::new();
        let mut spawns = Vec::new();
        for (row, text) in grid.iter().enumerate() {
            let line = header + row + 1;
            let found = text.chars().count();
            if found != width {
                return Err(LayoutError::NotRectangular { line, width: found, expected: width });
            }
            if cells > MAX_CELLS {
                return Err(LayoutError::TooLarge { cells });
            }
            for (column, letter) in text.chars().enumerate() {
                let tile = Tile::from_char(letter).ok_or(LayoutError::UnknownTile {
                    line,
                    column: column + 1,
                    letter,
                })?;
                if letter == '+' {
                    spawns.push(cell_at(tiles.len()));
                }
                tiles.push(tile);
            }
        }
        let side =
            |length: usize| u8::try_from(length).map_err(|_over| LayoutError::TooLarge { cells });
        let (width, height) = (side(width)?, side(grid.len())?);
        Ok(Self { first_line: header + 1, width, height, tiles, spawns })
    }

    /// Columns.
    #[must_use]
    pub const fn width(&self) -> u8 {
        self.width
    }

    /// Rows.
    #[must_use]
    pub const fn height(&self) -> u8 {
        self.height
    }

    /// All tiles, row by row.
    #[must_use]
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// The tile of a cell of this grid.
    #[must_use]
    pub fn tile(&self, cell: Cell) -> Tile {
        self.tiles[cell.index()]
    }

    /// The cells that are marked as spawns, row by row. Empty: agents start anywhere free.
    #[must_use]
    pub fn spawns(&self) -> &[Cell] {
        &self.spawns
    }

    /// All cells, row by row.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + use<> {
        (0..self.tiles.len()).map(cell_at)
    }

    /// The cells with this tile, row by row.
    pub fn cells_with(&self, tile: Tile) -> impl Iterator<Item = Cell> + '_ {
        self.cells().filter(move |&cell| self.tile(cell) == tile)
    }

    /// Row and column of a cell.
    #[must_use]
    pub const fn position(&self, cell: Cell) -> (u8, u8) {
        (cell.0 / self.width, cell.0 % self.width)
    }

    /// The cell at a row and a column, if they are inside the grid.
    #[must_use]
    pub fn cell(&self, row: u8, column: u8) -> Option<Cell> {
        let inside = row < self.height && column < self.width;
        inside.then(|| cell_at(usize::from(row) * usize::from(self.width) + usize::from(column)))
    }

    /// The neighbour of a cell in a direction, if it is inside the grid.
    #[must_use]
    pub fn neighbour(&self, cell: Cell, direction: Direction) -> Option<Cell> {
        let (row, column) = self.position(cell);
        let (rows, columns) = direction.delta();
        let row = u8::try_from(i16::from(row) + rows).ok()?;
        let column = u8::try_from(i16::from(column) + columns).ok()?;
        self.cell(row, column)
    }

    /// Checks that `players` agents can start here.
    pub(crate) fn check_room(&self, players: usize) -> Result<(), LayoutError> {
        let room = match self.spawns.len() {
            0 => self.cells_with(Tile::Floor).count(),
            marked => marked,
        };
        if players > room || players > MAX_PLAYERS {
            return Err(LayoutError::NoRoom { room: room.min(MAX_PLAYERS), players });
        }
        Ok(())
    }
}

fn cell_at(index: usize) -> Cell {
    Cell(u8::try_from(index).expect("a grid has at most 256 cells"))
}

/// The classic layouts, by name, as the text of their files.
pub const CLASSIC: [(&str, &str); 5] = [
    ("cramped_room", include_str!("../../../../assets/layouts/cramped_room.txt")),
    ("asymmetric_advantages", include_str!("../../../../assets/layouts/asymmetric_advantages.txt")),
    ("coordination_ring", include_str!("../../../../assets/layouts/coordination_ring.txt")),
    ("forced_coordination", include_str!("../../../../assets/layouts/forced_coordination.txt")),
    ("counter_circuit", include_str!("../../../../assets/layouts/counter_circuit.txt")),
];

/// Further layouts by name: the mixed kitchen, and forms of cogrid 0.2.1 that differ from later
/// ones, with the version in the name. They are what an old experiment ran on, oddities
/// included: `forced_coordination@0.2.1` has nowhere to deliver.
pub const FURTHER: [(&str, &str); 4] = [
    ("cramped_mixed_kitchen", include_str!("../../../../assets/layouts/cramped_mixed_kitchen.txt")),
    (
        "asymmetric_advantages@0.2.1",
        include_str!("../../../../assets/layouts/asymmetric_advantages@0.2.1.txt"),
    ),
    (
        "forced_coordination@0.2.1",
        include_str!("../../../../assets/layouts/forced_coordination@0.2.1.txt"),
    ),
    ("mixed_kitchen@0.2.1", include_str!("../../../../assets/layouts/mixed_kitchen@0.2.1.txt")),
];

/// The text of a layout that comes with the program, by name: one of [`CLASSIC`] or
/// [`FURTHER`].
#[must_use]
pub fn classic(name: &str) -> Option<&'static str> {
    let mut all = CLASSIC.iter().chain(&FURTHER);
    all.find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests;
