//! Everything that is fixed for a session: [`Settings`] as they stand in an experiment file, in
//! a match ticket and in a log's header, and [`Game`], the same checked and ready to step.

use crate::encoding::Digest;
use crate::focus::FocusRule;
use crate::layout::{Layout, LayoutError, LayoutWarning, Tile};
use crate::task::{TaskRules, TaskSettings};
use crate::{MAX_PLAYERS, RULES_VERSION};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The settings of a session's game. Equal settings and equal inputs give equal records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The task and its parameters.
    pub task: TaskSettings,
    /// The layout's name, for people.
    pub layout: String,
    /// The layout's text. It travels with the settings, so a kitchen of the lab's own needs no
    /// file on the participants' computers.
    pub layout_text: String,
    /// Number of players, 1 to 4.
    pub players: u8,
    /// Steps a second. The rules do not depend on it; countdowns are made from it.
    pub steps_per_second: u16,
    /// Steps of an episode, after which it is truncated.
    pub max_steps: u32,
    /// Episodes of the session.
    pub episodes: u16,
    /// Frames before each episode in which actions do not count.
    pub countdown_frames: u32,
    /// Frames after each episode but the last, in which its end stays visible; at least 1.
    pub pause_frames: u32,
    /// Seed of the session; every episode derives its own from it.
    pub seed: u64,
    /// How an episode's seed is derived.
    #[serde(default)]
    pub episode_seeds: EpisodeSeeds,
    /// What is done about players whose window has lost the focus.
    #[serde(default)]
    pub focus: FocusRule,
}

/// How episodes get their seeds from the session's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EpisodeSeeds {
    /// Each episode has its own.
    #[default]
    Derived,
    /// All episodes start alike, as on the reference platform.
    Same,
}

/// Why settings describe no game.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The layout's text is not a layout, or too small.
    #[error("layout {layout:?}: {source}")]
    Layout {
        /// The layout's name.
        layout: String,
        /// What is wrong with it.
        source: LayoutError,
    },
    /// A number outside its range.
    #[error("{field} must be {expected}, not {found}")]
    OutOfRange {
        /// The setting.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: u64,
    },
    /// A tile that the task doesn't know.
    #[error(
        "layout {layout:?}: line {line}, column {column}: \
         the task {task} has no {} ({:?})", tile.name(), tile.letter()
    )]
    ForeignTile {
        /// The layout's name.
        layout: String,
        /// The task's name.
        task: &'static str,
        /// The tile.
        tile: Tile,
        /// Line in the layout's text, from 1.
        line: usize,
        /// Column in the line, from 1.
        column: usize,
    },
    /// The layout leaves open where players start, and the task doesn't.
    #[error("the task {task} needs marked start cells ('1', '2', ...) for its {players} players")]
    NoSpawns {
        /// The task's name.
        task: &'static str,
        /// Number of players.
        players: usize,
    },
    /// More of something than the task can hold.
    #[error("the layout has {found} {what}, this task allows at most {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        most: usize,
    },
}

/// A checked game: the settings, the parsed grid and the task's tables. Shared by all worlds of
/// a session, never changed.
#[derive(Debug)]
pub struct Game {
    settings: Settings,
    layout: Layout,
    rules: TaskRules,
    digest: Digest,
}

impl Game {
    /// Checks settings and prepares the tables that stepping needs.
    ///
    /// # Errors
    /// [`SettingsError`] names the setting that is wrong.
    pub fn new(settings: Settings) -> Result<Arc<Self>, SettingsError> {
        let in_layout = |source| SettingsError::Layout { layout: settings.layout.clone(), source };
        let range = |field, expected, found: u64, good: bool| {
            if good { Ok(()) } else { Err(SettingsError::OutOfRange { field, expected, found }) }
        };
        let players = usize::from(settings.players);
        range(
            "players",
            "1 to 4",
            u64::from(settings.players),
            (1..=MAX_PLAYERS).contains(&players),
        )?;
        let speed = settings.steps_per_second;
        range("steps_per_second", "1 to 120", u64::from(speed), (1..=120).contains(&speed))?;
        range(
            "max_steps",
            "1 to 1000000",
            u64::from(settings.max_steps),
            (1..=1_000_000).contains(&settings.max_steps),
        )?;
        range(
            "episodes",
            "1 to 1000",
            u64::from(settings.episodes),
            (1..=1000).contains(&settings.episodes),
        )?;
        let pause = u64::from(settings.pause_frames);
        range("pause_frames", "1 to 1000000", pause, (1..=1_000_000).contains(&pause))?;
        let FocusRule { limit, return_frames, warn_frames, pause: _ } = settings.focus;
        let frames = |field, expected, found: u32, least: u32| {
            let good = (least..=FocusRule::MOST_FRAMES).contains(&found);
            range(field, expected, u64::from(found), good)
        };
        frames("focus.limit", "1 to 1000000", limit.unwrap_or(1), 1)?;
        frames("focus.return_frames", "1 to 1000000", return_frames, 1)?;
        frames("focus.warn_frames", "0 to 1000000", warn_frames, 0)?;
        let layout = Layout::parse(&settings.layout_text).map_err(in_layout)?;
        layout.check_room(players).map_err(in_layout)?;
        check_tiles(&settings, &layout)?;
        let rules = TaskRules::new(&settings.task, &layout, players)?;
        let digest = digest(&settings);
        Ok(Arc::new(Self { settings, layout, rules, digest }))
    }

    /// The settings this game was made from.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The grid.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What is odd about the layout for this task, though it can be played.
    #[must_use]
    pub fn warnings(&self) -> Vec<LayoutWarning> {
        self.layout.warnings(self.settings.task.aims())
    }

    /// The task's tables.
    #[must_use]
    pub const fn rules(&self) -> &TaskRules {
        &self.rules
    }

    /// Number of players.
    #[must_use]
    pub fn players(&self) -> usize {
        usize::from(self.settings.players)
    }

    /// Digest of the settings and the rules' version: peers play together only if it is equal.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

fn check_tiles(settings: &Settings, layout: &Layout) -> Result<(), SettingsError> {
    let known = settings.task.tiles();
    let Some(cell) = layout.cells().find(|&cell| !known.contains(&layout.tile(cell))) else {
        return Ok(());
    };
    let (tile, (line, column)) = (layout.tile(cell), layout.place(cell));
    let (layout, task) = (settings.layout.clone(), settings.task.name());
    Err(SettingsError::ForeignTile { layout, task, tile, line, column })
}

/// BLAKE3 over the rules' version and every setting: numbers little-endian in their width,
/// texts with their length (4 bytes) in front, the task's parameters as the task encodes them, the
/// rule about focus last.
fn digest(settings: &Settings) -> Digest {
    let Settings {
        task,
        layout,
        layout_text,
        players,
        steps_per_second,
        max_steps,
        episodes,
        countdown_frames,
        pause_frames,
        seed,
        episode_seeds,
        focus,
    } = settings;
    let mut bytes = Vec::from(*b"dyad game");
    bytes.extend(RULES_VERSION.to_le_bytes());
    task.encode(&mut bytes);
    for text in [layout, layout_text] {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes.push(*players);
    bytes.extend(steps_per_second.to_le_bytes());
    bytes.extend(max_steps.to_le_bytes());
    bytes.extend(episodes.to_le_bytes());
    bytes.extend(countdown_frames.to_le_bytes());
    bytes.extend(pause_frames.to_le_bytes());
    bytes.extend(seed.to_le_bytes());
    bytes.push(match episode_seeds {
        EpisodeSeeds::Derived => 0,
        EpisodeSeeds::Same => 1,
    });
    focus.encode(&mut bytes);
    Digest::of(&bytes)
}
