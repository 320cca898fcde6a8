//! A scene: a game that is played a number of episodes by a number of people.

use dyad_gridworld::settings::{EpisodeSeeds, SettingsError};
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{FocusRule, Game, Settings};
use dyad_protocol::lobby::Netcode;
use dyad_protocol::{HexDigest, SceneId};

/// A gym scene, checked: its settings make a game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// The scene's id: a folder of the dataset.
    pub id: SceneId,
    /// The task and its parameters.
    pub task: TaskSettings,
    /// The layout's name.
    pub layout: String,
    /// The layout's text.
    pub layout_text: String,
    /// Number of players, 1 to 4.
    pub players: u8,
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
    /// The seed of every session. Without it the lab draws one for each.
    pub seed: Option<u64>,
    /// How episodes get their seeds from the session's.
    pub episode_seeds: EpisodeSeeds,
    /// What is done about people whose window has lost the focus.
    pub focus: FocusRule,
}

/// A session's game as a ticket carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GameDescription {
    /// Gridworld's `Settings`, as JSON.
    pub settings: serde_json::Value,
    /// Digest of the settings and the rules' version.
    pub digest: HexDigest,
}

impl Scene {
    /// The settings of a session with this seed.
    #[must_use]
    pub fn settings(&self, seed: u64) -> Settings {
        Settings {
            task: self.task.clone(),
            layout: self.layout.clone(),
            layout_text: self.layout_text.clone(),
            players: self.players,
            steps_per_second: self.steps_per_second,
            max_steps: self.max_steps,
            episodes: self.episodes,
            countdown_frames: self.countdown_frames,
            pause_frames: self.pause_frames,
            seed,
            episode_seeds: self.episode_seeds,
            focus: self.focus,
        }
    }

    /// The game of a session with this seed, as a ticket carries it.
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
