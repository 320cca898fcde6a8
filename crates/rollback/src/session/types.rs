//! What a session is told, and what it tells.

use crate::peering::{LeaveReason, Mismatch, Patience, Statement};
use crate::{DyadConfig, SessionParameters, exchange, journal};
use dyad_gridworld::{Entry, Game, PlayerInput, World};
use dyad_protocol::{Seat, SessionId};
use ggrs::P2PSession;
use std::sync::Arc;

/// What the players of a session have in common, and this player's seat.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The game.
    pub game: Arc<Game>,
    /// Players, seat, speed and rollback.
    pub parameters: SessionParameters,
    /// The session.
    pub session: SessionId,
    /// The program's version; peers must run the same.
    pub program: String,
    /// For how many frames the world is held when play resumes; at least a second's.
    pub hold: u32,
    /// How long what is waited for.
    pub patience: Patience,
}

/// The two channels between any two peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Unordered, never repeated: ggrs's datagrams.
    Unreliable,
    /// In order, repeated until it arrives: everything else.
    Reliable,
}

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No connection to everybody yet.
    Connecting,
    /// Connections are there; the barrier is not passed.
    Greeting,
    /// ggrs measures the round trip before the first frame.
    Synchronizing,
    /// Frames are simulated.
    Playing,
    /// Play was interrupted, or this program was started anew; the others are looked for, or
    /// being caught up with.
    Interrupted,
    /// It is over.
    Ended(Ending),
}

/// What the shell has to do or should know.
pub enum Event {
    /// An epoch begins: run this ggrs session over this world.
    Start {
        /// The epoch's ggrs session. Its frame 0 is the world's next frame.
        session: Box<P2PSession<DyadConfig>>,
        /// The world before it.
        world: Box<World>,
    },
    /// Play is interrupted, or over: drop the ggrs session if there is one.
    Stop,
    /// Make all connections anew.
    Reconnect,
    /// A peer states something of its record.
    Stated(Statement),
}

/// What goes to the record, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// This computer issued an input for its own seat, for this frame. After a hold it may be for
    /// a frame that had one: the earlier one was never confirmed.
    Issued(u32, PlayerInput),
    /// Something became final that was simulated here.
    Final(Entry),
    /// Something became final that was played before an interruption, and that a peer has supplied.
    Supplied(Entry),
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The game came to its end, and everybody has recorded and stated every episode that there
    /// was. Why it ended, the confirmed world says.
    Completed,
    /// A partner left and said so.
    PartnerLeft {
        /// Who.
        seat: Seat,
        /// Why.
        reason: LeaveReason,
    },
    /// A partner was not reached for too long after play was interrupted.
    PartnerLost,
    /// The partners' computers never connected.
    NotConnected,
    /// The partner's program or settings do not fit.
    Refused(Mismatch),
    /// After an interruption the peers could not agree on what had been confirmed.
    NotResumed(NotResumed),
    /// This side left.
    Left(LeaveReason),
}

/// Why an interrupted session cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotResumed {
    /// Two peers have confirmed different things.
    #[error("this computer's record and the partner's contradict each other")]
    Contradiction,
    /// A peer lacks more than the others still know.
    #[error("too much of the record was lost on one side")]
    TooOld,
}

/// Counters of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Commits, rollbacks and their depth.
    pub journal: journal::Totals,
    /// Frames simulated, predictions included; of the current epoch's way.
    pub simulated: u32,
    /// Datagrams and why some were dropped, over all epochs.
    pub exchange: exchange::Counts,
    /// Reliable messages that were dropped as malformed.
    pub malformed: u64,
    /// Steps that were tried.
    pub attempts: u64,
    /// Steps that stalled at the prediction window.
    pub stalls: u64,
    /// Desyncs that ggrs reported.
    pub desyncs: u64,
    /// The frame of the first of them.
    pub desynced_at: Option<u32>,
    /// How often play was interrupted.
    pub interruptions: u32,
    /// Frames that were confirmed elsewhere and simulated here to catch up.
    pub supplied: u64,
}
