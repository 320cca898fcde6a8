//! What can be wrong with an experiment file, said such that its author can put it right.

use crate::words::Outcome;
use dyad_gridworld::layout::LayoutWarning;
use dyad_protocol::SceneId;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// One mistake in an experiment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The field, as it stands in the file; empty where the mistake is not in a field.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, field, problem, hint } = self;
        write!(f, "{line}:{column}: ")?;
        if !field.is_empty() {
            write!(f, "{field}: ")?;
        }
        write!(f, "{problem}\n  hint: {hint}")
    }
}

/// All mistakes of one file, in the order of its lines; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// Writes each mistake on lines of its own, with this in front.
    fn write(&self, f: &mut fmt::Formatter<'_>, prefix: &str) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let newline = if index > 0 { "\n" } else { "" };
            write!(f, "{newline}{prefix}{mistake}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

impl std::error::Error for Mistakes {}

/// Something odd about an experiment that can be run all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Something odd about a layout.
    #[error("scene {scene}: layout {layout:?}: {warning}")]
    Layout {
        /// The scene.
        scene: SceneId,
        /// The layout's name.
        layout: String,
        /// What is odd about it; lines and columns are the layout's.
        warning: LayoutWarning,
    },
    /// Several layouts, of which the fixed seed always draws the same.
    #[error("scene {scene}: with its fixed seed every match is in the same of its layouts")]
    FixedLayout {
        /// The scene.
        scene: SceneId,
    },
    /// Outcomes without a completion code, where others have one.
    #[error("there is no completion code for {}", names(outcomes))]
    NoCode {
        /// The outcomes.
        outcomes: Vec<Outcome>,
    },
    /// The program has no words in the study's language for what consent forms say of the data.
    #[error(
        "the end of the consent form, on withdrawal, is in English and not in {language:?}: write it \
         as `notice` in [data]"
    )]
    Notice {
        /// The study's language.
        language: String,
    },
}

fn names(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(|outcome| outcome.as_str()).collect::<Vec<_>>().join(", ")
}

/// Why a file is no experiment.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has mistakes.
    #[error("{}", InFile { path, mistakes })]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        mistakes: Mistakes,
    },
}

/// Mistakes with the file before each line, as compilers write them and editors find them.
struct InFile<'a> {
    path: &'a PathBuf,
    mistakes: &'a Mistakes,
}

impl fmt::Display for InFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mistakes.write(f, &format!("{}:", self.path.display()))
    }
}
