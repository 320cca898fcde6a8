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
//! - [`hud`]: score, time, episode and keys around the board; [`connection`]: how good it is;
//!   [`overlay`]: figures for developers.
//!
//! [`World`]: dyad_gridworld::World

pub mod board;
pub mod canvas;
pub mod connection;
pub mod cook;
pub mod goal;
pub mod hud;
pub mod kitchen;
pub mod legend;
pub mod motion;
pub mod overlay;
pub mod room;
pub mod sprite;

#[cfg(test)]
pub(crate) mod tests;

use bevy_egui::egui::{Vec2, vec2};

/// A point of a cell in the units of the drawings: (64, 64) is its bottom right corner.
const fn units(x: f32, y: f32) -> Vec2 {
    vec2(x / 64.0, y / 64.0)
}
