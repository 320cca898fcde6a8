//! What is odd about a layout that can be played all the same.

use super::{Layout, Tile};
use crate::geometry::{Cell, Direction};

/// Something that an experimenter should know of a layout. Lines and columns count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutWarning {
    /// There is none of what the task is about.
    #[error("there is no {} ({:?})", tile.name(), tile.letter())]
    Missing {
        /// What is missing.
        tile: Tile,
    },
    /// Something the task is about that no player can stand beside.
    #[error(
        "line {line}, column {column}: no player can get to this {} ({:?})",
        tile.name(),
        tile.letter()
    )]
    OutOfReach {
        /// What it is.
        tile: Tile,
        /// Line in the text.
        line: usize,
        /// Column in the line.
        column: usize,
    },
}

impl Layout {
    /// What is odd about this layout for a task that is about the tiles `aims`: none of a kind,
    /// or one that nobody reaches from any start cell. Where no spawns are marked every cell
    /// that can be walked on is a start cell.
    #[must_use]
    pub fn warnings(&self, aims: &[Tile]) -> Vec<LayoutWarning> {
        let missing = aims.iter().copied().filter(|tile| !self.tiles.contains(tile));
        let mut warnings: Vec<_> = missing.map(|tile| LayoutWarning::Missing { tile }).collect();
        let reached = self.reached();
        let aim = |&cell: &Cell| aims.contains(&self.tile(cell));
        let lost = |&cell: &Cell| !self.neighbours(cell).any(|beside| reached[beside.index()]);
        warnings.extend(self.cells().filter(aim).filter(lost).map(|cell| {
            let (line, column) = self.place(cell);
            LayoutWarning::OutOfReach { tile: self.tile(cell), line, column }
        }));
        warnings
    }

    fn neighbours(&self, cell: Cell) -> impl Iterator<Item = Cell> + '_ {
        Direction::ALL.into_iter().filter_map(move |side| self.neighbour(cell, side))
    }

    /// Which cells some agent can walk to.
    fn reached(&self) -> Vec<bool> {
        let mut reached = vec![false; self.tiles.len()];
        let mut open: Vec<Cell> = match self.spawns.as_slice() {
            [] => self.cells().filter(|&cell| self.tile(cell).is_walkable()).collect(),
            spawns => spawns.to_vec(),
        };
        while let Some(cell) = open.pop() {
            if !std::mem::replace(&mut reached[cell.index()], true) {
                open.extend(self.neighbours(cell).filter(|&next| self.tile(next).is_walkable()));
            }
        }
        reached
    }
}
