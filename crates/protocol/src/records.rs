//! Records on their way to the collector, over HTTP.
//!
//! `PUT /v1/records/{session}/{scene}/{participant}/{episode}` carries one bundle: a tar archive
//! with an episode's log, table and local table. The header [`DIGEST_HEADER`] names its BLAKE3
//! digest, `Authorization: Bearer` carries the participant's resume token. The answer is a
//! [`Receipt`], given only when the bundle is on disk; the same bundle again gets the same
//! receipt, another one under the same name 409.

use crate::ids::{HexDigest, ParticipantId, SceneId, SessionId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The header that names the digest of an upload's body.
pub const DIGEST_HEADER: &str = "x-dyad-digest";

/// The largest bundle a collector accepts, in bytes.
pub const MAX_BUNDLE: usize = 64 * 1024 * 1024;

/// Which episode of whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordName {
    /// The session.
    pub session: SessionId,
    /// The scene.
    pub scene: SceneId,
    /// Whose record.
    pub participant: ParticipantId,
    /// The episode, from 0.
    pub episode: u16,
}

impl RecordName {
    /// The path of this record at a collector.
    #[must_use]
    pub fn path(&self) -> String {
        let Self { session, scene, participant, episode } = self;
        format!("/v1/records/{session}/{scene}/{participant}/{episode}")
    }
}

/// What a collector answers when a record is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The record.
    #[serde(flatten)]
    pub name: RecordName,
    /// BLAKE3 digest of the bundle.
    pub digest: HexDigest,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was on disk, milliseconds since 1970 by the collector's clock.
    pub received_ms: u64,
}

/// Why a record was not taken, in the body of an answer that is not 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Why, and what to do, for people.
    pub message: String,
}

/// What comparing all peers' records of one episode gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Finished, and equal byte for byte on all sides; the logs re-simulate to these tables.
    Identical {
        /// Rows of the episode.
        rows: u32,
    },
    /// Cut short, with the same rows on all sides.
    Prefix {
        /// Rows that all sides have.
        rows: u32,
    },
    /// Cut short, with further rows on some sides.
    PrefixWithTail {
        /// Rows that all sides have.
        rows: u32,
        /// Rows of the longest record.
        longest: u32,
    },
    /// The records contradict each other.
    Diverged {
        /// The first frame that differs.
        frame: u32,
        /// The first column that differs there.
        column: String,
    },
    /// Only some participants' records are there.
    OneSideOnly {
        /// Rows of the record that is.
        rows: u32,
    },
    /// A record that cannot be trusted: broken chain, or a table that its log does not give.
    Invalid {
        /// What is wrong, for people.
        message: String,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identical { rows } => write!(f, "identical ({rows} rows)"),
            Self::Prefix { rows } => write!(f, "prefix {rows}"),
            Self::PrefixWithTail { rows, longest } => {
                write!(
                    f,
                    "prefix {rows}, tail of one side ({} rows more)",
                    longest.saturating_sub(*rows)
                )
            }
            Self::Diverged { frame, column } => {
                write!(f, "diverged at frame {frame} column {column}")
            }
            Self::OneSideOnly { rows } => write!(f, "one side only ({rows} rows)"),
            Self::Invalid { message } => write!(f, "invalid: {message}"),
        }
    }
}
