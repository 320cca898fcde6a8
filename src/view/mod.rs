//! Drawing the world: pure functions from a [`World`] to shapes on the screen. They read it and
//! never write it, and keep nothing from one picture to the next, so that what is shown is what
//! is simulated, whatever rollbacks did in between.
//!
//! - [`canvas`]: cells on whole pixels, and drawing within one;
//! - [`board`]: the task's cells, in a view of the task's own or a plain one;
//! - [`kitchen`]: Overcooked's cells; [`cook`]: its avatars and what they carry;
//! - [`hud`]: score, time, episode and keys around the board.
//!
//! [`World`]: dyad_gridworld::World

pub mod board;
pub mod canvas;
pub mod cook;
pub mod hud;
pub mod kitchen;

#[cfg(test)]
pub(crate) mod tests;
