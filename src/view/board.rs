//! The board: which view draws which task.

use super::canvas::Canvas;
use super::kitchen::KitchenView;
use crate::theme;
use bevy_egui::egui::{Painter, Rect, vec2};
use dyad_gridworld::task::{TaskRules, TaskState};
use dyad_gridworld::{Game, World};
use dyad_protocol::Seat;

/// How a task looks.
pub trait TaskView {
    /// Draws the task's state. `me` is the seat of the person who looks.
    fn paint(&self, canvas: &Canvas<'_>, game: &Game, me: Seat);
}

/// Draws a world's board in the middle of an area. Returns where it is.
pub fn paint(painter: &Painter, area: Rect, world: &World, me: Seat) -> Rect {
    let game = world.game();
    let layout = game.layout();
    let canvas = Canvas::fit(painter, area, layout.height(), layout.width());
    match (world.task(), game.rules()) {
        (TaskState::CogridOvercooked(kitchen), TaskRules::CogridOvercooked(rules)) => {
            KitchenView { kitchen, rules }.paint(&canvas, game, me);
        }
        _ => paint_letters(&canvas, world),
    }
    canvas.bounds()
}

/// What a task without a picture of its own looks like: a letter in each cell.
fn paint_letters(canvas: &Canvas<'_>, world: &World) {
    let layout = world.game().layout();
    for cell in layout.cells() {
        let (row, column) = layout.position(cell);
        let spot = canvas.cell(row, column);
        let letter = world.task().letter(world.game().rules(), cell).to_string();
        spot.block(vec2(0.5, 0.5), vec2(0.96, 0.96), 0.06, theme::CARD);
        spot.text(vec2(0.5, 0.5), &letter, theme::bold(spot.length(0.5)), theme::INK);
    }
}
