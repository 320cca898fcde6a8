//! The record on this computer: written by a thread of its own, kept until the lab has it.
//!
//! - [`spool`]: where records lie, and which of them the lab does not have yet;
//! - [`identity`]: what this computer signs with;
//! - [`writer`]: what is asked of the thread that drives a [`dyad_recording::Recorder`] and its
//!   files, which is `scribe`;
//! - [`resume`]: sessions that an earlier run of the program was killed in;
//! - [`forensics`]: what is kept where something diverged;
//! - [`upload`]: the thread that brings records to the lab; `backlog` says which is next, `delivery`
//!   how one is sent; [`receipt`]: what the lab answers, and when copies are deleted.
//!
//! A record is unsent until its receipt lies beside it. Nothing else keeps track of that, so
//! nothing can get out of step with the files. In the same way a session is interrupted if its key
//! lies there and no program holds it.

mod backlog;
mod delivery;
mod files;
pub mod forensics;
pub mod identity;
pub mod receipt;
pub mod resume;
mod scribe;
pub mod spool;
pub mod upload;
pub mod writer;

#[cfg(test)]
pub(crate) mod tests;
