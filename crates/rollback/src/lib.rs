//! What netplay means in Dyad, without Bevy, sockets or a clock.
//!
//! ggrs rolls back and resimulates; this crate decides what is final, what travels, and when a
//! session begins and ends. All of it is plain structs that take time as an argument:
//!
//! - [`config`]: the ggrs session of Dyad, with its prediction rule;
//! - [`journal`]: the commit rule, the one place where a frame becomes a record;
//! - [`wire`] and [`exchange`]: the datagrams of the unreliable channel, addressed by seat, one a
//!   peer and step, vetted before ggrs sees them;
//! - [`peering`]: the reliable channel: the barrier before the first ggrs packet, statements
//!   about finished episodes, the closing handshake.
//!
//! The loop of a shell, once a display frame:
//!
//! 1. hand everything received to [`exchange::Exchange::accept`] and
//!    [`peering::Peering::receive`];
//! 2. once [`peering::Event::Ready`] has come, run the ggrs session; at every `AdvanceFrame` call
//!    [`journal::Journal::record`] last;
//! 3. after the session's requests have all run, and only then, take
//!    [`journal::Journal::commit`];
//! 4. if a step was tried, send what [`exchange::Exchange::flush`] returns, then what
//!    [`peering::Peering::poll_send`] returns.
//!
//! What this crate deliberately does not do: it never asks ggrs to disconnect a player (the
//! two ends would disagree on the last frame), and it writes no file.

pub mod config;
pub mod exchange;
pub mod journal;
pub mod peering;
pub mod wire;

pub use config::{DyadConfig, SessionParameters};
pub use exchange::{Exchange, SeatSocket};
pub use journal::Journal;
pub use peering::Peering;
