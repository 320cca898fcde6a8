//! Commands that need no lab: looking at records.

mod compare;
mod replay;
mod spool;
mod verify;

pub use compare::Compare;
pub use replay::Replay;
pub use spool::SpoolArguments;
pub use verify::Verify;

use anyhow::Context as _;
use std::path::Path;

/// Reads a file that a person named.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
