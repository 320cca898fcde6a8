//! What a recorder refuses.

use crate::log::HeaderError;
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
    /// An input for a frame that is already recorded, or for one far in the future.
    #[error("an input was issued for frame {frame}; frame {next} is the next to be recorded")]
    Issued {
        /// The input's frame.
        frame: u32,
        /// The next frame of the record.
        next: u32,
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
    /// It is about an episode that has not begun here.
    #[error("the message is about an episode that has not begun")]
    Future,
    /// The same seat said something else about the same episode before.
    #[error("the message contradicts an earlier one of the same seat")]
    Contradiction,
}
