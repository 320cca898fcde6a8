//! Records on their way to the collector, over HTTP.
//!
//! `PUT /v1/records/{session}/{scene}/{participant}/{episode}` carries one bundle: a tar archive
//! with an episode's log, table and local table. The header [`DIGEST_HEADER`] names its BLAKE3
//! digest, `Authorization: Bearer` carries the participant's resume token. The answer is a
//! [`SignedReceipt`], given only when the bundle is on disk; the same bundle again gets the same
//! receipt, another one under the same name 409.
//!
//! `PATCH` on the same address brings a large bundle piece by piece: [`OFFSET_HEADER`] says where a
//! piece belongs, [`LENGTH_HEADER`] how long the bundle is, the digest header which one it is. `HEAD`
//! asks what is there. Bodies may be compressed, as `Content-Encoding` [`ENCODING`].

use crate::ids::{HexDigest, ParticipantId, PublicKey, SceneId, SessionId, Signature};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The header that names the digest of an upload's body.
pub const DIGEST_HEADER: &str = "x-dyad-digest";

/// The header that says where a piece of a bundle belongs, or how much of one is there, in bytes.
pub const OFFSET_HEADER: &str = "x-dyad-offset";

/// The header that says how long the bundle is that a piece belongs to, in bytes.
pub const LENGTH_HEADER: &str = "x-dyad-length";

/// The one content coding that a collector takes.
pub const ENCODING: &str = "zstd";

/// The largest bundle a collector accepts, in bytes.
pub const MAX_BUNDLE: usize = 64 * 1024 * 1024;

/// The largest piece of a bundle, in bytes before compression. What a bad line can cost.
pub const MAX_PIECE: usize = 256 * 1024;

/// The largest window of a compressed body, in bytes: what a collector keeps to decompress it.
pub const MAX_WINDOW: u64 = 8 * 1024 * 1024;

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

/// A receipt with the collector's signature over it: proof for who holds it that the collector has
/// said so. What is signed is described in PROTOCOL.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedReceipt {
    /// The receipt.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// The key that the collector signs receipts with.
    pub key: PublicKey,
    /// Its signature.
    pub signature: Signature,
}

/// Where a session's records go, and what becomes of the copies on participants' computers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploads {
    /// The collector's address, `http://host:port`; the lab's own if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
    /// The fingerprint of that collector's certificate, if it is reached over TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<HexDigest>,
    /// The key that signs its receipts. Where it is missing, that of the first receipt counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PublicKey>,
    /// Days after a record's receipt after which its copy is deleted.
    #[serde(default = "keep_days")]
    pub keep_days: u16,
}

/// Days that copies are kept on participants' computers if nothing else is said.
pub const KEEP_DAYS: u16 = 30;

const fn keep_days() -> u16 {
    KEEP_DAYS
}

impl Default for Uploads {
    fn default() -> Self {
        Self { collector: None, cert: None, key: None, keep_days: KEEP_DAYS }
    }
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
