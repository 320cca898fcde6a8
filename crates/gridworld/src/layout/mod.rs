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
//! A text without a header is all grid. The letters are CoGrid's:
//!
//! | letter | is |
//! |---|---|
//! | space | floor |
//! | `+` | floor where a player starts; players take these cells row by row |
//! | `1` to `4` | floor where the player of this number starts, instead of `+` |
//! | `#` | a wall |
//! | `C` | a counter |
//! | `U` | a pot |
//! | `O` `T` `=` | the endless stacks of onions, tomatoes and plates |
//! | `@` | the delivery zone |
//! | `G` | a goal, which players walk onto |
//!
//! Each task has the tiles it knows. A text that breaks these rules is refused with the place of
//! the mistake. A layout that can be played but hardly as it was meant, because nobody gets to a
//! pot, has [`warnings`](Layout::warnings).

mod library;
mod spawns;
mod warning;

pub(crate) use library::KITCHENS;
pub use library::{CLASSIC, FURTHER, NamedLayout, classic};
pub use warning::LayoutWarning;

use crate::MAX_PLAYERS;
use crate::geometry::{Cell, Direction, MAX_CELLS};
use spawns::Mark;

/// What a cell is made of.
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
    /// Free to walk on, and where one wants to get.
    Goal,
}

impl Tile {
    const fn from_char(letter: char) -> Option<Self> {
        Some(match letter {
            ' ' | '+' | '1'..='4' => Self::Floor,
            '#' => Self::Wall,
            'C' => Self::Counter,
            'U' => Self::Pot,
            'O' => Self::OnionStack,
            'T' => Self::TomatoStack,
            '=' => Self::PlateStack,
            '@' => Self::Delivery,
            'G' => Self::Goal,
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
            Self::Goal => 'G',
        }
    }

    /// The word for this tile.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Wall => "wall",
            Self::Counter => "counter",
            Self::Pot => "pot",
            Self::OnionStack => "onion stack",
            Self::TomatoStack => "tomato stack",
            Self::PlateStack => "plate stack",
            Self::Delivery => "delivery zone",
            Self::Goal => "goal",
        }
    }

    /// Whether players can walk on it.
    #[must_use]
    pub const fn is_walkable(self) -> bool {
        matches!(self, Self::Floor | Self::Goal)
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
    #[error(
        "line {line}, column {column}: this row is {width} cells wide, the first one {expected}"
    )]
    NotRectangular {
        /// Line in the text.
        line: usize,
        /// Where the row ends too early or goes on too long.
        column: usize,
        /// Its width.
        width: usize,
        /// The first row's width.
        expected: usize,
    },
    /// A start cell that fits no other.
    #[error("line {line}, column {column}: start cell {letter:?} {why}")]
    Spawn {
        /// Line in the text.
        line: usize,
        /// Column in the line.
        column: usize,
        /// The start cell's letter.
        letter: char,
        /// What is wrong with it.
        why: &'static str,
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
        let mut lines: Vec<&str> = text.lines().collect();
        let header = header(&lines);
        while lines.len() > header && lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        let grid = &lines[header..];
        let width = grid.first().map_or(0, |row| row.chars().count());
        let cells = width * grid.len();
        if cells == 0 {
            return Err(LayoutError::Empty);
        }
        let mut tiles = Vec::new();
        let mut marks = Vec::new();
        for (line, row) in (header + 1..).zip(grid) {
            let found = row.chars().count();
            if found != width {
                let column = found.min(width) + 1;
                return Err(LayoutError::NotRectangular {
                    line,
                    column,
                    width: found,
                    expected: width,
                });
            }
            if cells > MAX_CELLS {
                return Err(LayoutError::TooLarge { cells });
            }
            for (column, letter) in (1..).zip(row.chars()) {
                let unknown = LayoutError::UnknownTile { line, column, letter };
                let tile = Tile::from_char(letter).ok_or(unknown)?;
                if Mark::is_one(letter) {
                    marks.push(Mark { letter, cell: cell_at(tiles.len()), line, column });
                }
                tiles.push(tile);
            }
        }
        let spawns = spawns::in_order(marks)?;
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

    /// The cells that are marked as spawns, in the order in which players take them. Empty:
    /// agents start anywhere free.
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

    /// Line and column of a cell in the layout's text, from 1.
    #[must_use]
    pub fn place(&self, cell: Cell) -> (usize, usize) {
        let (row, column) = self.position(cell);
        (self.first_line + usize::from(row), usize::from(column) + 1)
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

/// How many lines the header takes, with the empty line after it.
fn header(lines: &[&str]) -> usize {
    match lines.iter().position(|line| line.is_empty()) {
        Some(empty) if lines[..empty].iter().all(|line| line.contains(':')) => empty + 1,
        _ => 0,
    }
}

fn cell_at(index: usize) -> Cell {
    Cell(u8::try_from(index).expect("a grid has at most 256 cells"))
}

#[cfg(test)]
mod tests;
