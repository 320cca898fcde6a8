//! What the client and the lab machine say to each other, and the identifiers they say it with.
//!
//! The lobby speaks JSON over a WebSocket ([`lobby`], [`study`], [`report`]), records travel over HTTP ([`records`]),
//! a [`join`] link says where the lab is. `PROTOCOL.md` beside this crate describes every message
//! with an example. This crate does no IO and knows no task: a ticket's game settings are JSON
//! that the client gives to gridworld, so a client can be told of a task it does not know.
//!
//! Texts of these types come from other people's machines. Every identifier is checked when it
//! is parsed, so code that holds one can put it into a path or a log line.

pub mod controls;
pub mod ids;
pub mod join;
pub mod lobby;
pub mod players;
pub mod records;
pub mod report;
pub mod seats;
pub mod study;

pub use ids::{
    HexDigest, PanelId, ParticipantId, PublicKey, SceneId, SessionId, Signature, StudyId, Token,
};
pub use join::JoinLink;
pub use seats::{Seat, Seats};

/// Version of the messages in this crate. A lab and a client with different versions part at the
/// first message, with a sentence that says which of them is older.
pub const PROTOCOL_VERSION: u16 = 3;
