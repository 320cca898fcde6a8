//! The lab machine: one server on one port, all that an experimenter starts.
//!
//! ```text
//! /                 a page that says what this is
//! /lobby            WebSocket: admission, waiting room, tickets, verdicts     (lobby)
//! /signal/{room}    WebSocket: matchbox's signalling, for assigned seats only (rooms, topology)
//! /v1/records/…     HTTP: the collector's routes                              (dyad-collector)
//! ```
//!
//! The way of a participant: the lobby admits them under a pseudonym and puts them into the
//! waiting room. When matchmaking has a group, the lab makes its tickets ([`ticket`]), writes
//! down who belongs to the session, opens a signalling room with a password for each seat, and
//! sends the tickets out. From then on the participants talk to each other; the lab gets their
//! records and tells them the verdict.
//!
//! What this crate deliberately does not do: it sees no game. It knows no world, no rollback and
//! no input, and no packet of a game passes through it.
//!
//! Modules, in reading order:
//! - [`lab`]: starting and stopping everything;
//! - [`lobby`]: the lobby's state machine, without IO; `lobby/connection.rs` and
//!   `lobby/owner.rs` are its shell;
//! - [`ticket`] and [`mint`]: tickets, and where ids, tokens and seeds come from;
//! - [`relay`]: credentials for TURN servers;
//! - [`rooms`] and `topology.rs`: who may signal to whom;
//! - [`link`]: the join link.

pub mod lab;
pub mod link;
pub mod lobby;
pub mod mint;
pub mod relay;
pub mod rooms;
pub mod ticket;
mod topology;

pub use lab::{Lab, Options, StartError};
pub use relay::RelaySecret;
