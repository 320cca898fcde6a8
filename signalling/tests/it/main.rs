//! The lab from outside: real clients over real connections, and the real program.
//!
//! - `lobby`: admission, pairing, leaving, nonsense;
//! - `study`: whole studies, restarts, links and limits;
//! - `signal`: signalling rooms;
//! - `records`: uploads, and the verdict in the lobby;
//! - `elsewhere`: the same with a collector on another machine;
//! - `secured`: TLS;
//! - `people`: identities, withdrawal and the audit log;
//! - `program`: the binary, its output, its end and its restart;
//! - `dataset`: the commands that export and verify;
//! - `support`: a lab and its clients.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dataset;
mod elsewhere;
mod lobby;
mod people;
mod program;
mod records;
mod secured;
mod signal;
mod study;
mod support;

#[expect(dead_code, reason = "shared with the dataset's tests, which use all of it")]
#[path = "../../../crates/dataset/tests/it/support.rs"]
mod stores;
