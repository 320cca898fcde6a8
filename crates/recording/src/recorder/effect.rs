//! What a recorder tells its driver.

use crate::statement::{Field, Statement};
use dyad_gridworld::{ConfirmedFrame, Digest, PlayerInput};
use dyad_protocol::Seat;

/// Something to do, or something that went wrong and belongs in the session's marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Create an episode's files. They must not exist: a record is never overwritten.
    Open {
        /// The episode, from 0.
        episode: u16,
    },
    /// Append to an episode's log.
    Log {
        /// The episode.
        episode: u16,
        /// What to append.
        bytes: Vec<u8>,
    },
    /// Append to an episode's table.
    Table {
        /// The episode.
        episode: u16,
        /// What to append.
        bytes: Vec<u8>,
    },
    /// The episode is over: tell the others.
    Statement(Statement),
    /// Flush an episode's files to disk and close them; nothing follows.
    Close {
        /// The episode.
        episode: u16,
        /// Whether all seats made their statement; otherwise this side closed alone.
        complete: bool,
    },
    /// The session simulated something else than its confirmed inputs lead to. Only the first
    /// such frame is reported. The record goes on: it follows from the inputs alone.
    Divergence(Box<Divergence>),
    /// A partner's record is another than this one: the chains differ after a frame that both
    /// have. Reported once for each seat.
    ChainDiffers {
        /// Whose.
        seat: Seat,
        /// The last frame after which they were known to be equal, if there was one.
        agreed: Option<u32>,
        /// The frame after which they differ.
        frame: u32,
    },
    /// Another input was confirmed for this seat than this machine submitted.
    OtherInput {
        /// The frame.
        frame: u32,
        /// What this machine submitted.
        issued: PlayerInput,
        /// What was confirmed, and recorded.
        confirmed: PlayerInput,
    },
    /// A seat's statement says something else than this record. The log gets it all the same;
    /// the collector judges.
    Disagreement {
        /// The episode.
        episode: u16,
        /// Whose statement; this side's own, where another input was confirmed than issued.
        seat: Seat,
        /// The first part that differs.
        field: Field,
    },
}

/// A frame after which the session's world was not the replica's. The driver adds the session's
/// own world to the dump; only netplay has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The frame, with the digest that the session had after it.
    pub frame: ConfirmedFrame,
    /// The replica's canonical encoding before the frame.
    pub before: Vec<u8>,
    /// The replica's canonical encoding after the frame.
    pub after: Vec<u8>,
    /// The digest of that.
    pub found: Digest,
}
