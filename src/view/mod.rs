//! Drawing the world: functions from a [`World`] to shapes on the screen. They read it and never
//! write it. All that is kept from one picture to the next is where avatars were shown, in
//! [`motion`], so that they glide; each is in its true cell after a step, or a tenth of a second
//! where a rollback put it right.
//!
//! - [`canvas`]: cells on whole pixels, and drawing within one;
//! - [`sprite`]: our own pictures, from the atlas in `assets/sprites`;
//! - [`board`]: the task's cells, in a view of the task's own or a plain one;
//! - [`room`]: floor, counters and walls; [`kitchen`]: Overcooked's cells; [`goal`]: `GoalFinding`'s;
//!   [`cook`]: players and what they carry;
//! - [`motion`]: where avatars are shown on their way;
//! - [`legend`]: how a task is played, in pictures;
//! - [`hud`]: score, time, episode and keys around the board, the keys as [`keycaps`]; [`connection`]: how good it is;
//!   [`overlay`]: figures for developers.
//!
//! [`World`]: dyad_gridworld::World

pub mod board;
pub mod canvas;
pub mod connection;
pub mod cook;
pub mod goal;
pub mod hud;
pub mod keycaps;
pub mod kitchen;
pub mod legend;
pub mod motion;
pub mod overlay;
pub mod room;
pub mod sprite;

#[cfg(test)]
pub(crate) mod tests;

use crate::theme;
use bevy_egui::egui::{Align2, Color32, FontId, Painter, Pos2, Vec2, pos2, vec2};

/// A point of a cell in the units of the drawings: (64, 64) is its bottom right corner.
const fn units(x: f32, y: f32) -> Vec2 {
    vec2(x / 64.0, y / 64.0)
}

/// Writes a line from a point to the right. Returns its right end.
fn write(painter: &Painter, left: Pos2, text: &str, font: FontId, tone: Color32) -> Pos2 {
    let written = painter.text(left, Align2::LEFT_CENTER, text, font, tone);
    pos2(written.right(), left.y)
}

fn width(painter: &Painter, text: &str, font: FontId) -> f32 {
    painter.layout_no_wrap(text.to_owned(), font, theme::INK).size().x
}
