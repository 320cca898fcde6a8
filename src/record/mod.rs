//! The record on this computer: written by a thread of its own, kept until the lab has it.
//!
//! - [`spool`]: where records lie, and which of them the lab does not have yet;
//! - [`writer`]: the thread that drives a [`dyad_recording::Recorder`] and its files;
//! - [`upload`]: the thread that brings records to the lab.
//!
//! A record is unsent until its receipt lies beside it. Nothing else keeps track of that, so
//! nothing can get out of step with the files.

pub mod spool;
pub mod upload;
pub mod writer;

#[cfg(test)]
mod tests;
