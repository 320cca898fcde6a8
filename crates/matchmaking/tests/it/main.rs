//! Matchmaking seen from outside.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod games;
mod lab;
mod log;
mod model;
mod probes;
mod reference;
mod restart;
mod rooms;
