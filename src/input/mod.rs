//! Where a player's inputs come from: a scripted player, or a person's hands.
//!
//! - [`keyboard`]: the keys of the window; [`keymap`]: which of them play; [`layout`]: what they are
//!   called here;
//! - [`pad`]: what a gamepad does; `gamepad`: what opens it, with the feature of this name;
//! - [`latch`]: between hands and frames.

#[cfg(feature = "gamepad")]
pub mod gamepad;
pub mod keyboard;
pub mod keymap;
pub mod latch;
pub mod layout;
pub mod pad;

use dyad_gridworld::{PlayerInput, World};
use dyad_netplay::{InputSource, Program};
use dyad_policies::{Keys, KeysError, Policy};
use dyad_protocol::Seat;
use std::path::PathBuf;
use std::str::FromStr;
use std::{fs, io};

/// Which scripted player, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyChoice {
    /// One of [`dyad_policies::NAMES`].
    Named(String),
    /// A recorded key sequence in a file.
    Keys(PathBuf),
}

/// Why there is no such player.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// An unknown name.
    #[error("{0:?} is no policy; choose idle, random, scripted or keys:FILE")]
    Unknown(String),
    /// The file of keys cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no key sequence.
    #[error("{}: {source}", path.display())]
    NoKeys {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeysError,
    },
}

impl FromStr for PolicyChoice {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        if let Some(path) = text.strip_prefix("keys:") {
            return Ok(Self::Keys(path.into()));
        }
        if dyad_policies::NAMES.contains(&text) {
            return Ok(Self::Named(text.to_owned()));
        }
        Err(PolicyError::Unknown(text.to_owned()))
    }
}

impl PolicyChoice {
    /// Makes the player.
    ///
    /// # Errors
    /// [`PolicyError`] if its file cannot be read.
    pub fn make(&self, seed: u64) -> Result<Scripted, PolicyError> {
        let policy = match self {
            Self::Named(name) => dyad_policies::by_name(name, seed)
                .ok_or_else(|| PolicyError::Unknown(name.clone()))?,
            Self::Keys(path) => {
                let unreadable = |source| PolicyError::Unreadable { path: path.clone(), source };
                let text = fs::read_to_string(path).map_err(unreadable)?;
                let no_keys = |source| PolicyError::NoKeys { path: path.clone(), source };
                Box::new(Keys::parse(&text).map_err(no_keys)?)
            }
        };
        Ok(Scripted(policy))
    }
}

/// Whoever is at the controls.
pub enum Player {
    /// A program.
    Scripted(Scripted),
    /// A person.
    Person(latch::Person),
}

impl InputSource for Player {
    fn read(&mut self, world: &World, seat: Seat) -> PlayerInput {
        match self {
            Self::Scripted(player) => player.read(world, seat),
            Self::Person(player) => player.read(world, seat),
        }
    }
}

/// A scripted player, at the controls or in a seat of its own.
pub struct Scripted(Box<dyn Policy + Send + Sync>);

impl Scripted {
    /// The program of a seat in the match with this seed.
    ///
    /// # Errors
    /// [`PolicyError::Unknown`] if this version of the program does not know it.
    pub fn program(policy: &str, match_seed: u64, seat: Seat) -> Result<Self, PolicyError> {
        let program = dyad_policies::program(policy, match_seed, seat.index());
        program.map(Self).ok_or_else(|| PolicyError::Unknown(policy.to_owned()))
    }
}

/// Whoever watches nothing but the world can play in any seat, and again in any frame.
impl Program for Scripted {
    fn input(&mut self, world: &World, seat: Seat) -> PlayerInput {
        self.read(world, seat)
    }
}

impl InputSource for Scripted {
    fn read(&mut self, world: &World, seat: Seat) -> PlayerInput {
        self.0.input(world, seat.index())
    }
}
