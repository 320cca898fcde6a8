//! The log of record: `{participant}_ep{n}.dlog`.
//!
//! ```text
//! file   = header entry* [certificate]
//! header = magic, format version, length, payload, CRC      what the episode is
//! entry  = kind, length, payload, CRC                       a frame, a hold, or a checkpoint
//! ```
//!
//! FORMAT.md describes every byte. The log holds inputs, not rows, and nothing that only one
//! peer knows, so a finished episode's log is the same file on all peers. It is append only:
//! cut anywhere behind the header it still gives the frames before the cut.
//!
//! [`Writer`] turns frames into bytes, [`read`] turns bytes into a [`Log`]. Neither knows the
//! rules of a task; [`crate::replay`] does.

mod header;
mod read;
mod write;

pub use header::{Header, HeaderError, SessionInfo, StartError};
pub use read::{Damage, Ending, Log, read};
pub use write::{CertificateTooLong, Writer};

use crate::statement::{Committed, Statement};
use dyad_gridworld::{Hold, MAX_PLAYERS, PlayerInput};

/// The first bytes of every log.
pub const MAGIC: [u8; 8] = *b"\x89dyadlog";

/// The version of the format that is written, and the only one that is read.
pub const FORMAT_VERSION: u16 = 1;

/// The longest payload of a header, in bytes.
pub const MAX_HEADER: usize = 64 * 1024;

/// A checkpoint follows each frame whose number plus one is a multiple of this.
pub const CHECKPOINT_EVERY: u32 = 30;

/// The largest first frame of a log. Thirty steps a second reach it after two years.
pub const MAX_FIRST_FRAME: u32 = 1 << 31;

const FRAME: u8 = 1;
const CHECKPOINT: u8 = 2;
const COMPLETE: u8 = 3;
const SURVIVOR: u8 = 4;
const HOLD: u8 = 5;

/// Whether a checkpoint follows this frame.
const fn checkpoint_due(frame: u32) -> bool {
    frame.wrapping_add(1).is_multiple_of(CHECKPOINT_EVERY)
}

/// One confirmed frame, as it stands in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The frame, from 0 at the start of the session.
    pub number: u32,
    /// The inputs by seat; seats without a player hold the zero input.
    pub inputs: [PlayerInput; MAX_PLAYERS],
    /// The first eight bytes of the digest of the world after the frame, little-endian.
    pub digest: u64,
}

impl Frame {
    /// The payload of this frame's entry.
    fn payload(&self, players: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(frame_length(players));
        out.extend_from_slice(&self.number.to_le_bytes());
        for input in &self.inputs[..players] {
            out.extend_from_slice(&input.bits().to_le_bytes());
        }
        out.extend_from_slice(&self.digest.to_le_bytes());
        out
    }
}

/// The payload of a hold's entry.
fn hold_payload(hold: &Hold) -> [u8; HOLD_LENGTH] {
    let mut out = [0; HOLD_LENGTH];
    out[..4].copy_from_slice(&hold.next.to_le_bytes());
    out[4..8].copy_from_slice(&hold.frames.to_le_bytes());
    out[8..].copy_from_slice(&hold.epoch.to_le_bytes());
    out
}

const HOLD_LENGTH: usize = 4 + 4 + 2;

const fn frame_length(players: usize) -> usize {
    4 + 2 * players + 8
}

const CHECKPOINT_LENGTH: usize = 4 + 32;

/// How a writer closes a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// All peers have the whole episode: every seat's statement, in order of seats.
    Complete {
        /// The statements; that they agree is for [`crate::verify`] to check.
        statements: Vec<Statement>,
    },
    /// The episode or the exchange of statements was cut short: what this side confirmed. This
    /// certificate differs between peers.
    Survivor {
        /// This side's statement.
        own: Statement,
        /// The last that others said they had on disk, in order of seats; possibly none.
        committed: Vec<Committed>,
    },
}
