//! The messages of the reliable channel, in postcard.

use crate::history::Position;
use dyad_gridworld::{Digest, Entry, MAX_PLAYERS, PlayerInput};
use dyad_protocol::{Seat, Seats, SessionId};
use serde::{Deserialize, Serialize};

/// The largest message that is sent or accepted, in bytes.
pub const MAX_MESSAGE: usize = 16 * 1024;

/// The largest statement, in bytes.
pub const MAX_STATEMENT: usize = 1024;

/// One message to one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerMessage {
    /// Who the sender is and what it plays; repeated until the receiver says it has heard it.
    Hello(Hello),
    /// What the sender's record of a finished episode holds: opaque here, repeated until
    /// acknowledged.
    Sealed {
        /// The episode.
        episode: u16,
        /// The recorder's statement.
        statement: Vec<u8>,
    },
    /// A [`Self::Sealed`] has arrived.
    SealedAck {
        /// The episode.
        episode: u16,
    },
    /// What the sender has on disk, a few times a second. Opaque here.
    Committed {
        /// The recorder's statement.
        statement: Vec<u8>,
    },
    /// A sign of life where nothing else is said.
    Alive,
    /// Asks for what the sender lacks after an interruption; repeated until it has come.
    Ask {
        /// The epoch that is to begin.
        epoch: u16,
        /// What the sender has.
        from: Position,
    },
    /// The answer to [`Self::Ask`], or the next part of it.
    Supply {
        /// The epoch that is to begin.
        epoch: u16,
        /// After what.
        from: Position,
        /// What comes next; at most [`MAX_SUPPLY`], and none if it is no longer known.
        entries: Vec<Supplied>,
    },
    /// The sender has every statement, and everybody has acknowledged its own: it needs nobody
    /// any more. Repeated as long as it lingers.
    Settled {
        /// Whether everybody else has said so to the sender.
        everybody: bool,
    },
    /// The sender leaves before the end and says why.
    Left {
        /// Why.
        reason: LeaveReason,
    },
}

/// The most entries of one [`PeerMessage::Supply`].
pub const MAX_SUPPLY: usize = 512;

/// One entry of a history on its way to a peer who lacks it. Frames count on from the message's
/// position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Supplied {
    /// The bits of every player's input, by seat.
    Frame(Vec<u16>),
    /// A resumption.
    Hold {
        /// For how many frames the world was held.
        frames: u32,
        /// The epoch that began.
        epoch: u16,
    },
}

impl Supplied {
    /// An entry of a session of so many players.
    #[must_use]
    pub fn of(entry: &Entry, players: usize) -> Self {
        match entry {
            Entry::Frame(frame) => {
                Self::Frame(frame.inputs[..players].iter().map(|input| input.bits()).collect())
            }
            Entry::Hold(hold) => Self::Hold { frames: hold.frames, epoch: hold.epoch },
        }
    }

    /// The inputs of a frame of so many players. `None` if these are no such inputs.
    #[must_use]
    pub fn inputs(bits: &[u16], players: usize) -> Option<[PlayerInput; MAX_PLAYERS]> {
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        for (input, &bits) in inputs.iter_mut().zip(bits) {
            *input = PlayerInput::from_bits(bits);
            if input.bits() != bits {
                return None;
            }
        }
        (bits.len() == players).then_some(inputs)
    }
}

/// Why somebody leaves a session before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeaveReason {
    /// The person closed the window or pressed the button.
    Quit,
    /// The program cannot go on: the disk is full, the record is in doubt.
    Failure,
    /// Somebody was not reached for too long, and everybody is needed.
    Lost {
        /// Who.
        seats: Seats,
    },
}

/// What a peer says of itself before the first frame of an epoch. All up to the hold must be
/// equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Version of these messages and of the datagrams.
    pub wire: u16,
    /// The program's version. Peers must run the same one, so that their logs are the same bytes.
    pub program: String,
    /// Version of the task rules.
    pub rules: u16,
    /// Digest of the game's settings, seed included.
    pub game: Digest,
    /// The session.
    pub session: SessionId,
    /// Input delay and prediction window.
    pub netcode: (u8, u8),
    /// For how many frames the world is held when a session is resumed.
    pub hold: u32,
    /// Which of the session's rollback sessions is to begin: 0, and one more each time that play
    /// is interrupted. The highest that anybody names is the one.
    pub epoch: u16,
    /// What the sender has confirmed.
    pub position: Position,
    /// Digest of the world there.
    pub state: Digest,
    /// The sender's seat.
    pub seat: Seat,
    /// Seats whose HELLO the sender has heard.
    pub heard: Seats,
    /// Whether the sender has passed the barrier: it repeats nothing, but answers who has not.
    pub ready: bool,
}

/// Version of the reliable channel's messages and of the datagrams.
pub const WIRE_VERSION: u16 = 3;

impl Hello {
    /// What keeps the two from playing together, if anything does.
    #[must_use]
    pub fn mismatch(&self, theirs: &Self) -> Option<Mismatch> {
        let differs = |what, ours: &dyn ToString, theirs: &dyn ToString| {
            let (ours, theirs) = (ours.to_string(), theirs.to_string());
            (ours != theirs).then_some(Mismatch { what, ours, theirs })
        };
        let netcode = |hello: &Self| format!("{}/{}", hello.netcode.0, hello.netcode.1);
        differs("version of the connection protocol", &self.wire, &theirs.wire)
            .or_else(|| differs("program version", &self.program, &theirs.program))
            .or_else(|| differs("version of the rules", &self.rules, &theirs.rules))
            .or_else(|| differs("session", &self.session, &theirs.session))
            .or_else(|| differs("game settings", &self.game, &theirs.game))
            .or_else(|| differs("input delay and window", &netcode(self), &netcode(theirs)))
            .or_else(|| differs("countdown of a resumed game", &self.hold, &theirs.hold))
    }
}

/// What two peers do not have in common.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this computer and the partner's differ in the {what}: {ours} here, {theirs} there")]
pub struct Mismatch {
    /// What differs.
    pub what: &'static str,
    /// Here.
    pub ours: String,
    /// There.
    pub theirs: String,
}
