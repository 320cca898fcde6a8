//! What is odd about a layout that can be played all the same.

use super::{Layout, Tile};
use crate::geometry::{Cell, Direction};

/// Something that an experimenter should know of a layout. Lines and columns count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutWarning {
    /// There is no pot.
    #[error("there is no pot ('U'): nothing can be cooked")]
    NoPot,
    /// There is no delivery zone.
    #[error("there is no delivery zone ('@'): no soup can be delivered")]
    NoDelivery,
    /// A pot or a delivery zone that no player can stand beside.
    #[error("line {line}, column {column}: no player can get to this {} ({:?})", name(*tile), tile.letter())]
    OutOfReach {
        /// What it is.
        tile: Tile,
        /// Line in the text.
        line: usize,
        /// Column in the line.
        column: usize,
    },
}

const fn name(tile: Tile) -> &'static str {
    match tile {
        Tile::Pot => "pot",
        _ => "delivery zone",
    }
}

impl Layout {
    /// What is odd about this kitchen: no pot or no delivery zone, or one that nobody reaches
    /// from any start cell. Where no spawns are marked every floor cell is a start cell.
    #[must_use]
    pub fn warnings(&self) -> Vec<LayoutWarning> {
        let has = |tile| self.tiles.contains(&tile);
        let mut warnings = Vec::new();
        if !has(Tile::Pot) {
            warnings.push(LayoutWarning::NoPot);
        }
        if !has(Tile::Delivery) {
            warnings.push(LayoutWarning::NoDelivery);
        }
        let reached = self.reached();
        let aim = |&cell: &Cell| matches!(self.tile(cell), Tile::Pot | Tile::Delivery);
        let lost = |&cell: &Cell| !self.neighbours(cell).any(|beside| reached[beside.index()]);
        warnings.extend(self.cells().filter(aim).filter(lost).map(|cell| {
            let (row, column) = self.position(cell);
            let line = self.first_line + usize::from(row);
            let column = usize::from(column) + 1;
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
            [] => self.cells_with(Tile::Floor).collect(),
            spawns => spawns.to_vec(),
        };
        while let Some(cell) = open.pop() {
            if !std::mem::replace(&mut reached[cell.index()], true) {
                open.extend(self.neighbours(cell).filter(|&next| self.tile(next) == Tile::Floor));
            }
        }
        reached
    }
}
