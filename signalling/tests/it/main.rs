//! The lab from outside: real clients over real connections, and the real program.
//!
//! - `lobby`: admission, pairing, leaving, nonsense;
//! - `signal`: signalling rooms;
//! - `records`: uploads, and the verdict in the lobby;
//! - `program`: the binary, its output, its end and its restart;
//! - `support`: a lab and its clients.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod lobby;
mod program;
mod records;
mod signal;
mod support;
