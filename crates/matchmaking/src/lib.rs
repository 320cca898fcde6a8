//! Who waits, who plays with whom, and how a session lives, without any IO.
//!
//! [`Matchmaking`] is a plain struct. Its owner calls [`Matchmaking::handle`] with each
//! [`Event`] and the time, [`Matchmaking::handle_timeout`] when [`Matchmaking::next_deadline`]
//! has come, and after each of the two drains [`Matchmaking::poll_effect`] and does what the
//! [`Effect`]s say. Both calls are cheap and may come at any time.
//!
//! ```text
//!            Ready            enough people         Registered         everyone left
//!  (nobody) ──────► Waiting ───────────────► Matched ──────────► Playing ──────► Ended
//!                      ▲                        │
//!                      └────────────────────────┘  one left before the start:
//!                                                  the others keep their place
//! ```
//!
//! A game exists only when all of its seats are assigned. So a session is a struct from
//! `Matched` on; while it is `Waiting` it is the waiting room itself, and when it has `Ended`
//! nothing of it stays here but the effect that says so. A session starts only after the lab has
//! written down who belongs to it ([`Event::Registered`]), because records are accepted only
//! from people who are written down.
//!
//! What this crate deliberately does not do: it knows no socket and no clock, draws no random
//! number and writes no file. Matches are numbered; the ids in the data are the lab's.
//!
//! Modules, in reading order: [`time`], [`matchmaker`] (who is put together), [`session`] (one
//! match and its people), [`matchmaking`] (the whole).

pub mod matchmaker;
pub mod matchmaking;
pub mod session;
pub mod time;

pub use matchmaker::{Candidate, Fifo, Matchmaker};
pub use matchmaking::{Effect, Event, HandleError, Matchmaking};
pub use session::{EndReason, MatchId, SessionState};
pub use time::Timestamp;
