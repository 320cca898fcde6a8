//! Scripted players: who plays where no person does.
//!
//! A [`Policy`] looks at a [`World`] and says what its player does next. It has no other way to
//! learn anything: no clock, no network, no entropy. Its choices are a function of its seed, the
//! seat and the world it sees, so a session of scripted players can be repeated. Asked twice in
//! the same frame of the same world, it answers the same: a client that stalls asks again.
//!
//! Modules, in reading order:
//! - [`simple`]: [`Idle`] and [`Random`];
//! - [`keys`]: [`Keys`], a recorded key sequence;
//! - [`cook`]: [`Cook`], which cooks; also the first AI partner.

pub mod cook;
pub mod keys;
pub mod simple;

pub use cook::Cook;
pub use keys::{Keys, KeysError};
pub use simple::{Idle, Random};

use dyad_gridworld::{Action, World};

/// Somebody who plays.
pub trait Policy {
    /// What the player in seat `player` does in the frame that `world` is about to step.
    fn act(&mut self, world: &World, player: usize) -> Action;

    /// Whether the player's window has the focus in that frame. A program always looks on, unless
    /// it plays somebody who does not.
    fn has_focus(&self, _world: &World) -> bool {
        true
    }
}

impl<P: Policy + ?Sized> Policy for Box<P> {
    fn act(&mut self, world: &World, player: usize) -> Action {
        (**self).act(world, player)
    }

    fn has_focus(&self, world: &World) -> bool {
        (**self).has_focus(world)
    }
}

/// The names that [`by_name`] knows.
pub const NAMES: [&str; 3] = ["idle", "random", "scripted"];

/// The policy with one of the [`NAMES`]; `scripted` is a [`Cook`]. `None` for any other name.
#[must_use]
pub fn by_name(name: &str, seed: u64) -> Option<Box<dyn Policy + Send + Sync>> {
    Some(match name {
        "idle" => Box::new(Idle),
        "random" => Box::new(Random::new(seed)),
        "scripted" => Box::new(Cook::new(seed)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{NAMES, by_name};

    #[test]
    fn every_name_is_known_and_no_other() {
        assert!(NAMES.iter().all(|name| by_name(name, 1).is_some()));
        assert!(by_name("Scripted", 1).is_none());
    }
}
