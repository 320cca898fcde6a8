//! The experiment file: one TOML file that describes a study.
//!
//! [`Experiment::parse`] turns its text into checked types, [`Experiment::load`] does the same
//! with a file and the layout files it names. Every mistake is reported with its line, its field
//! and a hint, all of them at once where the text is TOML at all.
//!
//! What this crate deliberately does not do: it runs nothing and draws nothing at random. Who
//! plays with whom is matchmaking's, the session's seed is the lab's; a [`Scene`] makes
//! gridworld's settings from that seed.
//!
//! Modules, in reading order:
//! - [`mistake`]: what can be wrong with a file, and where;
//! - [`scene`]: a scene, and the settings it makes;
//! - [`network`]: servers that help participants to connect;
//! - `raw.rs`: the file as serde reads it; `check.rs`: from there to the checked types;
//!   `hints.rs`: what is said of mistakes, where it lists what is possible.
//!
//! `assets/experiments/` has complete examples.

mod check;
mod hints;
pub mod mistake;
pub mod network;
mod raw;
pub mod scene;

pub use dyad_gridworld::RULES_VERSION;
pub use mistake::{ExperimentError, Mistake, Mistakes, Warning};
pub use network::Network;
pub use scene::{GameDescription, Scene};

use dyad_gridworld::Game;
use dyad_protocol::StudyId;
use std::io;
use std::path::Path;

/// The largest experiment or layout file that is read, in bytes.
pub const MAX_FILE: u64 = 1024 * 1024;

/// A study, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// The study's id: a folder of the dataset.
    pub study: StudyId,
    /// Its title, for people.
    pub title: String,
    /// Servers that help participants to connect to each other. None by default.
    pub network: Network,
    scenes: Vec<Scene>,
}

impl Experiment {
    /// Parses an experiment file. A scene's `layout` is the name of one that comes with the
    /// task, or the path of a file, for which `read_layout` returns the text.
    ///
    /// # Errors
    /// All the file's [`Mistakes`].
    pub fn parse(
        text: &str,
        read_layout: impl FnMut(&str) -> io::Result<String>,
    ) -> Result<Self, Mistakes> {
        check::experiment(text, read_layout)
    }

    /// Reads and parses an experiment file; layout files are looked for beside it.
    ///
    /// # Errors
    /// [`ExperimentError`]: the file cannot be read, or has mistakes.
    pub fn load(path: &Path) -> Result<Self, ExperimentError> {
        let unreadable = |source| ExperimentError::Unreadable { path: path.to_owned(), source };
        let text = read_small(path).map_err(unreadable)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, |name| read_small(&folder.join(name)))
            .map_err(|mistakes| ExperimentError::Mistakes { path: path.to_owned(), mistakes })
    }

    /// What is odd about the scenes' layouts, though they can be played.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let of_scene = |scene: &Scene| {
            let (id, layout) = (scene.id.clone(), scene.layout.clone());
            let game = Game::new(scene.settings(0));
            let odd = game.map(|game| game.warnings()).unwrap_or_default();
            odd.into_iter().map(move |warning| Warning {
                scene: id.clone(),
                layout: layout.clone(),
                warning,
            })
        };
        self.scenes.iter().flat_map(of_scene).collect()
    }

    /// The scenes, in order.
    #[must_use]
    pub fn scenes(&self) -> &[Scene] {
        &self.scenes
    }

    /// The scene that is played. A checked experiment has exactly one so far.
    #[must_use]
    pub fn scene(&self) -> &Scene {
        self.scenes.first().expect("parsing refuses a file without a scene")
    }
}

/// Reads a text file, unless it is too large to be one of ours.
fn read_small(path: &Path) -> io::Result<String> {
    if std::fs::metadata(path)?.len() > MAX_FILE {
        let message = format!("the file is larger than {MAX_FILE} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    std::fs::read_to_string(path)
}
