//! `dyad replay FILE.dlog`.

use super::read;
use crate::cli::{print, say};
use anyhow::Context as _;
use clap::Args;
use dyad_recording::{log, replay};
use std::path::PathBuf;
use std::process::ExitCode;

/// A log to simulate again.
#[derive(Debug, Args)]
pub struct Replay {
    /// The log.
    log: PathBuf,
    /// Write the table that the log gives to this file, or to stdout with `-`.
    #[arg(long)]
    csv: Option<PathBuf>,
}

impl Replay {
    /// Exit code 0 if the log simulates to every digest in it, 1 if it contradicts the rules.
    ///
    /// # Errors
    /// If the file cannot be read, is no log, or the table cannot be written.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let bytes = read(&self.log)?;
        let log = log::read(&bytes)
            .with_context(|| format!("{} cannot be replayed", self.log.display()))?;
        let derived = match replay::derive(&log) {
            Ok(derived) => derived,
            Err(error) => {
                say(&format!("dyad: {}: {error}", self.log.display()));
                return Ok(ExitCode::FAILURE);
            }
        };
        match &self.csv {
            None => print(&format!(
                "{} frames, {} rows, {}",
                log.frames.len(),
                derived.rows.len(),
                if derived.finished { "the episode is finished" } else { "cut short" }
            ))?,
            Some(path) if path.as_os_str() == "-" => {
                print(String::from_utf8_lossy(&derived.table).trim_end())?;
            }
            Some(path) => std::fs::write(path, &derived.table)
                .with_context(|| format!("cannot write {}", path.display()))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
