//! Any text is a layout or is refused with a place inside of it; a layout that a task accepts
//! can be played.

use super::games::{check_copies, frames, settings};
use dyad_gridworld::geometry::MAX_CELLS;
use dyad_gridworld::layout::{Layout, LayoutError};
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Game, World};

/// Runs the body; panics where something is not true.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Layout::parse(text) {
        Ok(layout) => check(&layout, text),
        Err(error) => check_place(&error, text),
    }
}

fn check(layout: &Layout, text: &str) {
    let (rows, columns) = (usize::from(layout.height()), usize::from(layout.width()));
    assert_eq!(layout.tiles().len(), rows * columns);
    assert!(layout.tiles().len() <= MAX_CELLS);
    for task in TaskSettings::all() {
        for players in 1..=4 {
            if let Ok(game) = Game::new(settings(task.clone(), text, players)) {
                drop(game.warnings());
                let mut world = World::new(game);
                frames(text.as_bytes())
                    .take(8)
                    .for_each(|inputs| check_copies(&mut world, &inputs));
            }
        }
    }
}

fn check_place(error: &LayoutError, text: &str) {
    assert!(!error.to_string().is_empty());
    match *error {
        LayoutError::UnknownTile { line, column, letter } => {
            let row = text.lines().nth(line - 1).expect("a line of the text");
            assert_eq!(row.chars().nth(column - 1), Some(letter));
        }
        LayoutError::NotRectangular { line, width, expected, .. } => {
            let row = text.lines().nth(line - 1).expect("a line of the text");
            assert_eq!(row.chars().count(), width);
            assert_ne!(width, expected);
        }
        _ => {}
    }
}
