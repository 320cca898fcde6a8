//! `dyad compare A.csv B.csv`.

use super::read;
use crate::cli::print;
use clap::Args;
use dyad_recording::compare::{Comparison, compare};
use std::path::PathBuf;
use std::process::ExitCode;

/// Two tables to compare cell by cell.
#[derive(Debug, Args)]
pub struct Compare {
    /// One table.
    a: PathBuf,
    /// The other.
    b: PathBuf,
}

impl Compare {
    /// Exit code 0 if every cell is equal, 1 if not.
    ///
    /// # Errors
    /// If a file cannot be read, or is no table.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let comparison = compare(&read(&self.a)?, &read(&self.b)?)?;
        print(&comparison.to_string())?;
        let identical = matches!(comparison, Comparison::Identical { .. });
        Ok(if identical { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
