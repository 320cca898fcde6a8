//! The lab machine: one server on one port, all that an experimenter starts.
//!
//! ```text
//! /                 a page that says what this is
//! /lobby            WebSocket: admission, scenes, waiting rooms, tickets      (lobby)
//! /pictures/{path}  the pictures that texts and questions show                (lab)
//! /signal/{room}    WebSocket: matchbox's signalling, for assigned seats only (rooms, topology)
//! /v1/records/…     HTTP: the collector's routes                              (dyad-collector)
//! ```
//!
//! The way of a participant: the lobby admits them under a pseudonym and shows them scene after
//! scene. At a game they come into a waiting room. When matchmaking has a group, the lab makes its
//! tickets ([`ticket`]), writes down who belongs to the session, opens a signalling room with a
//! password for each seat, and sends the tickets out. From then on the participants talk to each
//! other until they say that the game is over; the lab gets their records and tells them the verdict.
//!
//! Everything that the lab promises anybody is in its [`journal`] first, so a lab that is killed
//! goes on from there.
//!
//! What this crate deliberately does not do: it sees no game. It knows no world, no rollback and
//! no input, and no packet of a game passes through it.
//!
//! Modules, in reading order:
//! - [`lab`]: starting and stopping everything;
//! - [`lobby`]: the lobby's state machine, without IO; `lobby/connection.rs` and
//!   `lobby/owner.rs` are its shell;
//! - [`study`] and [`people`]: what comes next for somebody, and what has happened to them;
//! - [`journal`]: what outlives the lab; [`identities`]: who is who, apart from it;
//! - [`withdraw`]: the end of what is known of somebody; [`published`]: what of the journal is;
//! - [`status`]: how a study stands, by its journal;
//! - [`secrets`]: personal links and other things that follow from one secret;
//! - [`ticket`] and [`mint`]: tickets, and where ids, tokens and seeds come from;
//! - [`relay`]: credentials for TURN servers;
//! - [`rooms`] and `topology.rs`: who may signal to whom;
//! - [`link`]: the join link.

pub mod identities;
pub mod journal;
pub mod lab;
pub mod link;
pub mod lobby;
pub mod mint;
pub mod people;
pub mod published;
pub mod relay;
pub mod rooms;
pub mod secrets;
pub mod status;
pub mod study;
pub mod ticket;
mod topology;
pub mod withdraw;

use dyad_collector::{audit, flood, tls};
pub use lab::{Lab, Options, StartError};
pub use relay::RelaySecret;

/// Files of a lab's folder that are its own, beside those of the records: its journal first.
pub const LAB_FILES: [&str; 7] = [
    journal::FILE,
    identities::FILE,
    identities::KEY_FILE,
    secrets::FILE,
    link::TOKEN_FILE,
    tls::FILE,
    audit::FILE,
];
