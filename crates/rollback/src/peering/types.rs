//! What a peering is told and what it tells: connections, patience, stages, events.

use super::{LeaveReason, Mismatch, Supplied};
use crate::history::Position;
use dyad_protocol::Seat;
use std::time::Duration;

/// One transport connection, as the shell numbers them. A peer that reconnects gets a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection(pub u64);

/// How long what is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until the first barrier is passed.
    pub connect: Duration,
    /// Silence of a peer after which play is interrupted and new connections are made. Three times as
    /// long where the round trip is long: see [`super::Peering::round_trip`].
    pub silence: Duration,
    /// An interruption after which the session is given up.
    pub interruption: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(60),
            silence: Duration::from_secs(2),
            interruption: Duration::from_secs(30),
        }
    }
}

/// Where a session's peering stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for everyone's HELLO of this epoch.
    Greeting,
    /// The epoch runs.
    Playing,
    /// Nothing is missing here any more; somebody else may still need us.
    Lingering {
        /// When it is over at the latest.
        until: Duration,
    },
    /// Nothing more will be said.
    Closed,
}

/// What the shell should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The barrier is passed: the epoch may begin.
    Ready,
    /// The epoch is over before its time: its ggrs session has to stop. The next one waits at the
    /// barrier.
    Interrupted,
    /// Somebody is not reached: all connections should be made anew.
    Reconnect,
    /// Nobody came within the time that was given for it.
    GaveUp,
    /// A peer that cannot be played with. The session ends.
    Refused(Mismatch),
    /// A peer asks for what it lacks.
    Ask {
        /// Who.
        seat: Seat,
        /// What it has.
        from: Position,
    },
    /// A peer gives what we lack.
    Supply {
        /// Who.
        seat: Seat,
        /// After what.
        from: Position,
        /// What comes next; nothing if that is no longer known.
        entries: Vec<Supplied>,
    },
    /// A peer states something; about an episode each once, in a run of its program.
    Stated(Statement),
    /// A peer left before the end.
    Left {
        /// Who.
        seat: Seat,
        /// Why.
        reason: LeaveReason,
    },
    /// Everything is exchanged and answered; the connection may be closed.
    Closed,
}

/// What a peer states of its record: bytes of the recorder's, opaque here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// About a finished episode.
    Sealed {
        /// Whose.
        seat: Seat,
        /// The episode.
        episode: u16,
        /// The recorder's bytes.
        bytes: Vec<u8>,
    },
    /// About what is on disk.
    Committed {
        /// Whose.
        seat: Seat,
        /// The recorder's bytes.
        bytes: Vec<u8>,
    },
}
