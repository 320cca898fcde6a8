//! A game of a study: what is played, by whom, and how.

use crate::ids::ConditionId;
use crate::keys::Keys;
use crate::rules::Program;
use crate::seed;
use dyad_gridworld::rng::Rng;
use dyad_gridworld::settings::{EpisodeSeeds, SettingsError};
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{FocusRule, Game, Settings};
use dyad_protocol::lobby::{Netcode, Reconnection};
use dyad_protocol::{HexDigest, SceneId};
use std::collections::BTreeMap;

/// A gym scene with what conditions change of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GymScene {
    pub(crate) base: Gym,
    pub(crate) in_conditions: BTreeMap<ConditionId, Gym>,
}

impl GymScene {
    /// The game in a condition, or without one.
    #[must_use]
    pub fn in_condition(&self, condition: Option<&ConditionId>) -> &Gym {
        condition.and_then(|id| self.in_conditions.get(id)).unwrap_or(&self.base)
    }

    /// The game in every condition: as the scene has it, and as conditions change it.
    pub fn variants(&self) -> impl Iterator<Item = (Option<&ConditionId>, &Gym)> {
        let changed = self.in_conditions.iter().map(|(id, gym)| (Some(id), gym));
        std::iter::once((None, &self.base)).chain(changed)
    }

    /// Whether several people play it, in any condition: whether somebody may have to wait.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.variants().any(|(_, gym)| gym.people() > 1)
    }
}

/// A game, checked: each of its layouts can be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gym {
    /// The scene's id: a folder of the dataset.
    pub id: SceneId,
    /// The task and its parameters.
    pub task: TaskSettings,
    /// The layouts that a match draws from; at least one.
    pub layouts: Vec<Layout>,
    /// Number of players, programs included, 1 to 4.
    pub players: u8,
    /// Programs among them, if there are any.
    pub programs: Option<Programs>,
    /// Whether it is to learn the game by.
    pub tutorial: bool,
    /// Steps a second.
    pub steps_per_second: u16,
    /// Steps of an episode.
    pub max_steps: u32,
    /// Episodes of a session.
    pub episodes: u16,
    /// Frames before each episode in which actions do not count; a second's worth at least.
    pub countdown_frames: u32,
    /// Frames after each episode but the last.
    pub pause_frames: u32,
    /// How rollback is set up.
    pub netcode: Netcode,
    /// Whether keys act as long as they are held.
    pub held_keys: bool,
    /// The keys of each action.
    pub keys: Keys,
    /// Whether it makes sounds.
    pub sounds: bool,
    /// The seed of every match. Without it the lab draws one for each.
    pub seed: Option<u64>,
    /// How episodes get their seeds from the match's.
    pub episode_seeds: EpisodeSeeds,
    /// What follows when a player's window loses the focus.
    pub focus: Focus,
    /// How long the game waits for lost connections.
    pub reconnection: Reconnection,
}

/// A layout with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Programs in a game. They have the last seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Programs {
    /// How many; fewer than there are players.
    pub seats: u8,
    /// What they play by, and whether people are told.
    pub program: Program,
}

/// What follows when a player's window loses the focus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    /// What the game itself does, counted in frames.
    pub rule: FocusRule,
    /// What the player reads as a warning; `None` stands for the program's own words.
    pub warning: Option<String>,
    /// What the player reads when the game has ended for it.
    pub message: Option<String>,
}

/// A session's game as a ticket carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GameDescription {
    /// Gridworld's `Settings`, as JSON.
    pub settings: serde_json::Value,
    /// Digest of the settings and the rules' version.
    pub digest: HexDigest,
}

impl Gym {
    /// How many people play.
    #[must_use]
    pub fn people(&self) -> u8 {
        self.players - self.programs.map_or(0, |programs| programs.seats)
    }

    /// The layout of the match with this seed: the same for all of its people.
    #[must_use]
    pub fn layout(&self, seed: u64) -> &Layout {
        let among = u32::try_from(self.layouts.len()).unwrap_or(u32::MAX);
        let at = Rng::new(seed::derive(seed, "layout", "")).below(among);
        &self.layouts[at as usize]
    }

    /// The settings of the match with this seed.
    #[must_use]
    pub fn settings(&self, seed: u64) -> Settings {
        self.settings_in(self.layout(seed), seed)
    }

    pub(crate) fn settings_in(&self, layout: &Layout, seed: u64) -> Settings {
        Settings {
            task: self.task.clone(),
            layout: layout.name.clone(),
            layout_text: layout.text.clone(),
            players: self.players,
            steps_per_second: self.steps_per_second,
            max_steps: self.max_steps,
            episodes: self.episodes,
            countdown_frames: self.countdown_frames,
            pause_frames: self.pause_frames,
            seed,
            episode_seeds: self.episode_seeds,
            focus: self.focus.rule,
        }
    }

    /// The game of the match with this seed, as a ticket carries it.
    ///
    /// # Errors
    /// [`SettingsError`] if the settings make no game; never for a scene of a parsed file.
    pub fn game(&self, seed: u64) -> Result<GameDescription, SettingsError> {
        let game = Game::new(self.settings(seed))?;
        let settings = serde_json::to_value(game.settings()).expect("settings are plain data");
        let digest = game.digest().to_string();
        let digest = HexDigest::try_from(digest).expect("a digest prints as 64 hex digits");
        Ok(GameDescription { settings, digest })
    }
}
