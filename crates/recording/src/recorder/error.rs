//! What a recorder refuses.

use crate::log::HeaderError;
use crate::replay::ReplayError;
use dyad_protocol::Seat;

/// Why a recorder cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The number of participants is not that of the game's players.
    #[error("{participants} participants for a game of {players}")]
    Participants {
        /// How many participants there are.
        participants: usize,
        /// How many the game takes.
        players: usize,
    },
    /// The recorder's own seat is not one of the game.
    #[error("there is no seat {0} in this game")]
    Seat(Seat),
    /// The session's key for this seat is not the one that this machine signs with.
    #[error("this computer has not the key with which seat {0} joined the session")]
    Key(Seat),
    /// A value doesn't fit in a log's header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The settings have no JSON.
    #[error("the game's settings cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// A call that must not happen: the session cannot be recorded any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// A confirmed frame is missing, or came twice.
    #[error("frame {found} was confirmed where frame {expected} was expected")]
    Gap {
        /// The next frame of the record.
        expected: u32,
        /// The one that came.
        found: u32,
    },
    /// A frame after the end.
    #[error("frame {0} was confirmed after the end of the record")]
    Ended(u32),
    /// A hold of a connection that is not newer than that of the hold before it.
    #[error("connection {found} begins with a hold, after connection {last} did")]
    Epoch {
        /// The newest so far.
        last: u16,
        /// The hold's.
        found: u16,
    },
    /// An input for a frame that is already recorded, or for one far in the future.
    #[error("an input was issued for frame {frame}; frame {next} is the next to be recorded")]
    Issued {
        /// The input's frame.
        frame: u32,
        /// The next frame of the record.
        next: u32,
    },
}

/// Why a session cannot be resumed from the logs that are left of it.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There can be no recorder for such a session.
    #[error(transparent)]
    New(#[from] NewError),
    /// A log that is followed by another has no sound header.
    #[error("the log of episode {episode}: {source}")]
    Header {
        /// The episode.
        episode: u16,
        /// What is wrong.
        source: HeaderError,
    },
    /// A log contradicts the rules.
    #[error("the log of episode {episode}: {source}")]
    Replay {
        /// The episode.
        episode: u16,
        /// What is wrong.
        source: ReplayError,
    },
    /// A log is of another session or game, or doesn't continue the one before it.
    #[error("the log of episode {episode} is not one of this session, or not the next one")]
    Differs {
        /// The episode.
        episode: u16,
    },
    /// The session was ended: a log was closed by this side alone.
    #[error("the session was ended in episode {episode}")]
    Ended {
        /// The episode.
        episode: u16,
    },
}

/// Why something a partner said was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is about another session.
    #[error("the message is about another session")]
    Session,
    /// It claims this machine's own seat, or one that the game has not.
    #[error("the message claims seat {0}, which is no partner's")]
    Seat(Seat),
    /// The seat has not signed it.
    #[error("the message is not signed by seat {0}")]
    Signature(Seat),
    /// A newer message of its kind came before.
    #[error("the message is older than one that came before it")]
    Old,
    /// It is about an episode that has not begun here.
    #[error("the message is about an episode that has not begun")]
    Future,
    /// The same seat said something else about the same episode before.
    #[error("the message contradicts an earlier one of the same seat")]
    Contradiction,
}
