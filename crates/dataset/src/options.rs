//! What an export takes in, and which further forms it writes.

use dyad_protocol::SceneId;
use serde::{Deserialize, Serialize};

/// Options of an export. They are kept in the dataset, in `data/raw/export.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Only sessions that were registered at this moment or later, milliseconds since 1970.
    pub since_ms: Option<u64>,
    /// Only sessions of this scene.
    pub scene: Option<SceneId>,
    /// Only episodes with the verdict `identical`.
    pub only_identical: bool,
    /// The tables also as Parquet.
    pub parquet: bool,
    /// The events of each participant also as a BIDS dataset.
    pub bids: bool,
}

/// `data/raw/export.json`: by what a dataset was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The dataset's form, [`crate::FORMAT`].
    pub format: u32,
    /// The version of the program.
    pub program: String,
    /// The options.
    pub options: Options,
}

impl Made {
    /// What this program makes with these options.
    #[must_use]
    pub fn now(options: Options) -> Self {
        Self { format: crate::FORMAT, program: crate::PROGRAM.to_owned(), options }
    }
}

/// Where [`Made`] is in a dataset.
pub const MADE: &str = "data/raw/export.json";
