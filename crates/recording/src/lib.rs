//! The record of an episode: how it is written, read, checked and compared.
//!
//! Per participant and episode there are three files. The log (`.dlog`) holds every player's
//! confirmed inputs and is the record; the table (`.csv`) can always be derived from it and is
//! equal byte for byte on all peers; the local table is what one computer alone saw and is never
//! compared.
//!
//! What this crate deliberately does not do: it opens no file, reads no clock, starts no thread
//! and knows no network. Bytes come in and go out as values. The client's writer thread drives a
//! [`Recorder`]:
//!
//! 1. give it what happens: [`Recorder::issued`] for each local input, [`Recorder::confirmed`]
//!    for each confirmed frame in order, [`Recorder::statement`] and [`Recorder::committed_by`]
//!    for what the partner says, [`Recorder::end`] when the session is over;
//! 2. after each of these, drain [`Recorder::poll_effect`] and do what it says: append bytes to
//!    files, send statements, close files, mark the session.
//!
//! Modules, in reading order:
//! - [`log`]: the format of a log, its writer and its reader; FORMAT.md describes every byte;
//! - [`table`]: the columns of the shared table, [`local`] those of the local one;
//! - [`keys`]: what they sign with, [`statement`]: what peers say to each other about a record;
//! - [`recorder`]: from confirmed frames to files;
//! - [`replay`]: from a log back to the worlds and the table;
//! - [`programs`]: what programs in a game have done, computed once more;
//! - [`verify`]: whether one log is sound, how several relate, and an episode's verdict;
//! - [`compare`]: two tables cell by cell, [`reference_tool`] by the reference platform's rules;
//! - [`forensics`]: what is kept when things that must be equal are not;
//! - [`bundle`]: the container in which a record travels to the collector, [`receipt`]: what it
//!   signs when it has it.

mod bytes;
mod cells;
mod chain;

pub mod bundle;
pub mod compare;
pub mod forensics;
pub mod keys;
pub mod local;
pub mod log;
pub mod programs;
pub mod receipt;
pub mod recorder;
pub mod reference_tool;
pub mod replay;
pub mod statement;
pub mod table;
pub mod verify;

pub use bundle::Bundle;
pub use keys::KeyPair;
pub use recorder::{Effect, Recorder};
pub use statement::{Committed, Statement};
