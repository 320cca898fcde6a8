//! Start cells: the order in which players take the cells that a layout marks.

use super::LayoutError;
use crate::geometry::Cell;

/// A start cell as it stands in the text.
pub(super) struct Mark {
    pub(super) letter: char,
    pub(super) cell: Cell,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Mark {
    pub(super) const fn is_one(letter: char) -> bool {
        matches!(letter, '+' | '1'..='4')
    }

    const fn wrong(&self, why: &'static str) -> LayoutError {
        LayoutError::Spawn { line: self.line, column: self.column, letter: self.letter, why }
    }
}

/// The start cells in order of players: row by row if they are unnumbered, else by number.
pub(super) fn in_order(mut marks: Vec<Mark>) -> Result<Vec<Cell>, LayoutError> {
    let numbered = marks.iter().any(|mark| mark.letter != '+');
    if numbered {
        if let Some(mark) = marks.iter().find(|mark| mark.letter == '+') {
            return Err(mark.wrong("has no number, others have"));
        }
        marks.sort_by_key(|mark| mark.letter);
        for (mark, number) in marks.iter().zip('1'..) {
            if mark.letter < number {
                return Err(mark.wrong("is there twice"));
            }
            if mark.letter > number {
                return Err(mark.wrong("is there, but the number before it is not"));
            }
        }
    }
    Ok(marks.into_iter().map(|mark| mark.cell).collect())
}
