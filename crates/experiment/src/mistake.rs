//! What can be wrong with an experiment file, said such that its author can put it right.

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
    /// The field, as it stands in the file; empty where the mistake is not in a field.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, field, problem, hint } = self;
        write!(f, "line {line}: ")?;
        if !field.is_empty() {
            write!(f, "{field}: ")?;
        }
        write!(f, "{problem}\n  hint: {hint}")
    }
}

/// All mistakes of one file, in the order of its lines; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Something odd about a scene that can be played all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scene {scene}: layout {layout:?}: {warning}")]
pub struct Warning {
    /// The scene.
    pub scene: SceneId,
    /// The layout's name.
    pub layout: String,
    /// What is odd about it; lines and columns are the layout's.
    pub warning: LayoutWarning,
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
    #[error("{} is not right:\n{mistakes}", path.display())]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        mistakes: Mistakes,
    },
}
