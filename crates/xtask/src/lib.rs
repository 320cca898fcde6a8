//! What `cargo xtask` does: everything that people and the build server run on this repository.
//!
//! The binary reads arguments and prints; this library looks and decides. Modules, in reading
//! order:
//! - [`workspace`]: the packages, as `cargo metadata` tells them;
//! - [`layers`]: who may know whom, and whether it is so;
//! - [`tidy`]: what the compiler does not check of files and manifests;
//! - [`demo`]: the whole system on this machine;
//! - [`figures`]: what a client costs, measured;
//! - [`network_bench`]: what a bad network does to a game, measured;
//! - [`resume_bench`]: how soon an interrupted game goes on, measured;
//! - [`window_figures`]: how quick the window is and what it costs, measured; [`release`]: what these have
//!   in common;
//! - [`package`]: what a participant downloads, with its licences;
//! - [`sim`]: sessions in virtual time;
//! - [`sprites`]: the pictures of the board, from drawings to an atlas;
//! - [`steps`]: running commands one after the other, and the summary.

pub mod demo;
pub mod figures;
pub mod layers;
pub mod network_bench;
pub mod package;
pub mod release;
pub mod resume_bench;
pub mod sim;
pub mod sprites;
pub mod steps;
pub mod tidy;
pub mod window_figures;
pub mod workspace;

/// Says something to the person at the terminal.
#[expect(clippy::print_stderr, reason = "what is for people goes to stderr, here and nowhere else")]
pub fn say(text: &str) {
    eprintln!("{text}");
}
