//! The experiment file: one TOML file that describes a study.
//!
//! [`Experiment::parse`] turns its text into checked types, [`Experiment::load`] does the same
//! with a file and the texts, pictures and layouts that it names. Every mistake is reported with
//! its line, its column, its field and a hint, all of them at once. `EXPERIMENTS.md` describes
//! every field for authors, [`schema()`] for their editors.
//!
//! From a checked experiment follow, as pure functions of seeds that the lab draws: the condition
//! of the next person ([`rules::Assignment::choose`]), a person's way through the scenes
//! ([`Experiment::flow`]), where they go on when something ends ([`Flow::next`]), and a match's
//! game ([`Gym::game`]).
//!
//! What this crate deliberately does not do: it runs nothing and draws no seed. Who plays with
//! whom is matchmaking's, what a page looks like is the client's.
//!
//! Modules, in reading order:
//! - [`scene`], [`gym`], [`form`], [`text`], [`keys`]: what somebody goes through;
//! - [`flow`], [`condition`], [`seed`]: in which order, and what is drawn with which seed;
//! - [`rules`], [`network`], [`words`], [`ids`]: what holds for the study as a whole;
//! - `notice.rs`: what consent forms say of the data by themselves;
//! - [`mistake`]: what can be wrong with a file, and where;
//! - `read/`: a reader of tables that collects mistakes; `raw/`: the tables, declared once for the
//!   reader, the schema and the reference page; `check/`: from there to the checked types;
//!   `hints.rs`: what is said of mistakes, where it lists what is possible.
//!
//! `assets/experiments/` has complete examples.

mod check;
pub mod condition;
pub mod flow;
pub mod form;
pub mod gym;
mod hints;
pub mod ids;
pub mod keys;
pub mod mistake;
pub mod network;
mod notice;
mod raw;
mod read;
#[cfg(test)]
mod reference;
pub mod rules;
pub mod scene;
mod schema;
pub mod seed;
pub mod text;
pub mod words;

pub use condition::Condition;
pub use dyad_gridworld::RULES_VERSION;
pub use flow::{Assigned, Flow, Place, SharedBlock, Step};
pub use gym::{GameDescription, Gym};
pub use ids::{BlockId, ConditionId, QuestionId};
pub use mistake::{ExperimentError, Mistake, Mistakes, Warning};
pub use network::Network;
pub use rules::Rules;
pub use scene::{Content, Scene};
pub use schema::schema;
pub use words::Outcome;

use dyad_gridworld::Digest;
use dyad_protocol::{SceneId, StudyId};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The largest experiment, text or layout file that is read, in bytes.
pub const MAX_FILE: u64 = 1024 * 1024;

/// The largest picture that is read, in bytes.
pub const MAX_PICTURE: u64 = 4 * 1024 * 1024;

/// A study, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// The study's id: a folder of the dataset.
    pub study: StudyId,
    /// Its title, for people.
    pub title: String,
    /// How it looks and sounds.
    pub presentation: Presentation,
    /// Servers that help participants to connect to each other. None by default.
    pub network: Network,
    /// Who may take part and who plays with whom.
    pub rules: Rules,
    /// Codes and messages at the end.
    pub completion: rules::Completion,
    /// What becomes of the data.
    pub data: rules::Data,
    /// How people come to conditions.
    pub assignment: rules::Assignment,
    /// The conditions; none in a study without.
    pub conditions: Vec<Condition>,
    /// BLAKE3 over the file and all that it includes: whether two are the same experiment.
    pub digest: Digest,
    /// The pictures that texts and questions show.
    pub pictures: text::Pictures,
    scenes: Vec<Scene>,
    items: Vec<flow::Item>,
    warnings: Vec<Warning>,
}

/// How a study looks and sounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// The language of the program's own words, as BCP 47 writes it; every computer's own if it is not said.
    pub language: Option<String>,
    /// Whether games have sounds.
    pub sounds: bool,
    /// How long a corrected position is eased on screen.
    pub motion_easing: Duration,
}

impl Experiment {
    /// Parses an experiment file. `read` returns the bytes of a text, picture or layout that the
    /// file names by its path.
    ///
    /// # Errors
    /// All the file's [`Mistakes`].
    pub fn parse(
        text: &str,
        read: impl FnMut(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, Mistakes> {
        check::experiment(text, read)
    }

    /// Reads and parses an experiment file; the files that it names are looked for beside it.
    ///
    /// # Errors
    /// [`ExperimentError`]: the file cannot be read, or has mistakes.
    pub fn load(path: &Path) -> Result<Self, ExperimentError> {
        let unreadable = |source| ExperimentError::Unreadable { path: path.to_owned(), source };
        let text = read_small(path, MAX_FILE).map_err(unreadable)?;
        let text = String::from_utf8(text)
            .map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, |name| read_small(&folder.join(name), MAX_PICTURE))
            .map_err(|mistakes| ExperimentError::Mistakes { path: path.to_owned(), mistakes })
    }

    /// What is odd about the experiment, though it can be run.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The scenes, in the order of the file.
    #[must_use]
    pub fn scenes(&self) -> &[Scene] {
        &self.scenes
    }

    /// The scene with this id.
    #[must_use]
    pub fn scene_by_id(&self, id: &SceneId) -> Option<&Scene> {
        self.scenes.iter().find(|scene| scene.id == *id)
    }

    /// The game of a lab that plays one game only: the first without programs, or else the first,
    /// as it is without a condition.
    #[must_use]
    pub fn scene(&self) -> &Gym {
        let gyms = || self.scenes.iter().filter_map(Scene::gym);
        let first = gyms().find(|gym| gym.base.programs.is_none()).or_else(|| gyms().next());
        &first.expect("parsing refuses a file without a game").base
    }
}

/// Reads a file, unless it is too large to be one of ours.
fn read_small(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if std::fs::metadata(path)?.len() > most {
        let message = format!("the file is larger than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    std::fs::read(path)
}
