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

use dyad_gridworld::{Action, PlayerInput, World, seed};

/// Somebody who plays.
pub trait Policy {
    /// What the player in seat `player` does in the frame that `world` is about to step.
    fn act(&mut self, world: &World, player: usize) -> Action;

    /// Whether the player's window has the focus in that frame. A program always looks on, unless
    /// it plays somebody who does not.
    fn has_focus(&self, _world: &World) -> bool {
        true
    }

    /// Both, as frames have them.
    fn input(&mut self, world: &World, player: usize) -> PlayerInput {
        PlayerInput::new(self.act(world, player)).with_focus(self.has_focus(world))
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

/// The program that plays by one of the [`NAMES`] in a seat of the match with this seed, beside people.
/// `None` for any other name.
///
/// What it does stands in logs, which are checked by asking it again: a policy that is changed takes
/// another name, or a new version of the rules.
#[must_use]
pub fn program(
    name: &str,
    match_seed: u64,
    player: usize,
) -> Option<Box<dyn Policy + Send + Sync>> {
    by_name(name, seed::derive(match_seed, "program", &player.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{NAMES, Policy as _, by_name, program};
    use dyad_gridworld::task::TaskSettings;
    use dyad_gridworld::{Digest, Game, Settings, World};

    const LAYOUT: &str = include_str!("../../../assets/layouts/cramped_room.txt");

    /// Two programs play together; a digest of all that they do.
    fn game_of(name: &str) -> String {
        let settings = Settings {
            task: TaskSettings::default(),
            layout: "cramped_room".to_owned(),
            layout_text: LAYOUT.to_owned(),
            players: 2,
            steps_per_second: 30,
            max_steps: 900,
            episodes: 1,
            countdown_frames: 30,
            pause_frames: 1,
            seed: 7,
            episode_seeds: Default::default(),
            focus: Default::default(),
        };
        let mut world = World::new(Game::new(settings).expect("a good layout"));
        let mut programs = [0, 1].map(|seat| program(name, 7, seat).expect("a known name"));
        let mut done = Vec::new();
        for _ in 0..930 {
            let inputs = [0, 1].map(|seat| programs[seat].input(&world, seat));
            done.extend(inputs.map(|input| input.action().number()));
            world.step(&inputs);
        }
        Digest::of(&done).to_string()
    }

    #[test]
    fn what_programs_do_is_what_they_did() {
        // Logs are checked by this: see `program`.
        let digests = NAMES.map(|name| game_of(name)[..16].to_owned());
        assert_eq!(digests, ["a2a19131f6d58714", "0ad6973d827fd974", "ec597113f7383b92"]);
    }

    #[test]
    fn every_name_is_known_and_no_other() {
        assert!(NAMES.iter().all(|name| by_name(name, 1).is_some()));
        assert!(by_name("Scripted", 1).is_none());
    }
}
