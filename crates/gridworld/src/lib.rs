//! The rules of Dyad's tasks, as values.
//!
//! [`World`] is one cloneable value that holds everything a session can change: the task's
//! state, the episode and step counters, the phase, the score and the state of its random
//! generator. [`World::step`] is the only way it changes in play, so whoever keeps a clone can
//! go back to it, and two computers that step equal worlds with equal inputs stay equal.
//!
//! What this crate deliberately does not do: it reads no clock, no file and no entropy, keeps
//! no floating-point number (only [`observation`] writes some) and iterates no hash map. It knows nothing of networks, rollback,
//! windows or files of records.
//!
//! Modules, in reading order:
//! - [`input`]: what one player does in one frame;
//! - [`geometry`] and [`layout`]: cells, directions, and the text that describes a kitchen;
//! - [`settings`]: everything that is fixed for a session, and [`Game`], its checked form;
//! - [`environment`]: what a task implements, and [`task`], the one list of tasks;
//! - [`focus`]: players whose window has lost the focus;
//! - [`world`]: phases, episodes and the step; [`confirmed`]: what becomes final of it; [`batch`]: many worlds in one step;
//! - [`overcooked`]: the CoGrid Overcooked rules, [`overcooked_ai`] those of Overcooked-AI,
//!   [`goal_finding`] the worked example of `ADDING_AN_ENVIRONMENT.md`;
//! - [`observation`]: what a learning program sees of a world;
//! - [`encoding`], [`reward`], [`rng`], [`numpy`]: canonical bytes, integer rewards, generators.
#![deny(clippy::float_arithmetic)]

pub mod batch;
pub mod confirmed;
pub mod encoding;
pub mod environment;
pub mod focus;
pub mod geometry;
pub mod goal_finding;
pub mod input;
pub mod layout;
pub mod numpy;
pub mod observation;
pub mod overcooked;
pub mod overcooked_ai;
mod presets;
pub mod reward;
pub mod rng;
pub mod seed;
pub mod settings;
pub mod task;
pub mod world;

pub use confirmed::{ConfirmedFrame, Entry, Hold};
pub use encoding::Digest;
pub use focus::{End, FocusRule};
pub use input::{Action, PlayerInput};
pub use reward::Reward;
pub use settings::{Game, Settings};
pub use world::{Outcome, Phase, World};

/// The most players a world can hold.
pub const MAX_PLAYERS: usize = 4;

/// Version of the rules and of their encoding. Two programs with different versions never play
/// together, and a log is re-simulated only by the version that wrote it.
pub const RULES_VERSION: u16 = 2;
