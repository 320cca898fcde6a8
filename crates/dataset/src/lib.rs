//! From a collector's store to a dataset that can be published, and back: whether a dataset or a
//! store is what its logs lead to.
//!
//! ```text
//! store ──▶ Session ──render──▶ files of a session ──┐
//!             ▲                                      ├──▶ package: tables over all sessions,
//!             │ the same, from data/raw              │    descriptions, manifest, verify.txt
//! dataset ────┘                                      ┘
//! ```
//!
//! A dataset is a function of what it holds under `data/raw`: logs, receipts, what the lab knows
//! of people, and the options of its export. [`export()`] writes what that function gives; [`verify()`] computes it once more from
//! the dataset's own logs, simulating every one of them, and compares all bytes. DATASET.md
//! describes the folder.
//!
//! What this crate deliberately does not do: it changes no store, reads no clock, and knows
//! nothing of people that the store does not know. A dataset of the same store has the same bytes
//! on every day and machine.
//!
//! Modules, in reading order:
//! - [`mod@column`] and [`codebook`]: what columns mean, the one source of it; [`table`]: tables;
//! - [`session`]: one session's records, and what examining them gives; [`store`] and [`folder`]
//!   load it from a store and from a dataset;
//! - [`study`]: what the lab knows of people;
//! - [`names`]: files' names; [`render`]: a session's files; [`package`]: the files about all;
//! - [`mod@export`] and [`mod@verify`]: the shells; [`parallel`]: their threads.

pub mod codebook;
pub mod column;
pub mod export;
pub mod folder;
pub mod local;
pub mod names;
pub mod options;
pub mod package;
pub mod parallel;
pub mod parquet;
pub mod render;
pub mod session;
pub mod store;
pub mod study;
pub mod table;
pub mod verify;

pub use export::{ExportError, Exported, export, export_study};
pub use options::Options;
pub use verify::{Check, Finding, VerifyError, verify};

/// The version of a dataset's form. It changes when files move or change their meaning.
pub const FORMAT: u32 = 1;

/// The version of this program: descriptions of a dataset are compared only by the program that
/// wrote them, since their words may change.
pub const PROGRAM: &str = env!("CARGO_PKG_VERSION");
