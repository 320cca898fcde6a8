//! What netplay means in Dyad, without Bevy, sockets or a clock.
//!
//! ggrs rolls back and resimulates; this crate decides what is final, what travels, and when a
//! session begins and ends. All of it is plain structs that take time as an argument:
//!
//! - [`config`]: the ggrs session of Dyad, with its prediction rule;
//! - [`journal`]: the commit rule, the one place where a frame becomes a record;
//! - [`mirror`], [`wire`] and [`exchange`]: what ggrs says, and the datagrams of the unreliable
//!   channel, addressed by seat, one a peer and step, vetted before ggrs sees them;
//! - [`in_flight`]: how many of them may be under way;
//! - [`peering`]: the reliable channel: the barrier before the first ggrs packet, interruptions,
//!   statements about finished episodes, the closing handshake;
//! - [`quality`]: how good the connection is, by probes;
//! - [`history`]: what is confirmed, for a session to go on from;
//! - [`session`]: all of these together, which is what a shell drives. Its page has the loop.
//!
//! What this crate deliberately does not do: it never asks ggrs to disconnect a player (the
//! two ends would disagree on the last frame), and it writes no file.

mod changes;
pub mod config;
pub mod exchange;
pub mod history;
pub mod in_flight;
pub mod journal;
pub mod mirror;
pub mod peering;
pub mod quality;
pub mod session;
pub mod wire;

pub use config::{DyadConfig, SessionParameters};
pub use exchange::{Exchange, SeatSocket};
pub use history::{History, Position};
pub use journal::Journal;
pub use peering::Peering;
pub use session::Session;

#[cfg(test)]
mod testing;
