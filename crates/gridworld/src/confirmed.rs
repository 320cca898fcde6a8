//! What becomes final in a session, in the order in which it does. Netplay tells it and the record
//! keeps it; the two need not know each other.

use crate::{Digest, MAX_PLAYERS, PlayerInput};
use std::fmt;

/// A frame whose inputs are final: every player's input for it is known and has been simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfirmedFrame {
    /// The frame, from 0 at the start of the session.
    pub frame: u32,
    /// The inputs by seat; seats without a player hold the zero input.
    pub inputs: [PlayerInput; MAX_PLAYERS],
    /// Digest of the world after these inputs.
    pub digest: Digest,
}

/// A countdown that a session added to its world when it was resumed after an interruption.
///
/// It belongs to the frame that it stands before: as long as that frame is not confirmed, nobody
/// can know whether all peers were held there, so it is in no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The frame that is the first to be held.
    pub next: u32,
    /// For how many frames the world is held.
    pub frames: u32,
    /// The epoch that begins here: which of the session's rollback sessions, from 1; more than in
    /// any hold before.
    pub epoch: u16,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { next, frames, epoch } = self;
        write!(f, "for {frames} frames from frame {next} on, by epoch {epoch}")
    }
}

/// Something that changed the world, in the order in which it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The world was held; always before a frame.
    Hold(Hold),
    /// A frame was confirmed.
    Frame(ConfirmedFrame),
}
