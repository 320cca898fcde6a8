//! A recorded game, looked at again: in a window, or as pictures.
//!
//! - [`film`]: the world after every frame of a log, and what is worth finding in it;
//! - [`playback`]: which frame is shown, and how that changes;
//! - [`viewer`]: the window; [`export`]: PNG and GIF.

pub mod export;
pub mod film;
pub mod playback;
pub mod viewer;

pub use film::Film;
