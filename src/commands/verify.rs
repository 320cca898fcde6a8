//! `dyad verify FILE.dlog...`.

use super::read;
use crate::cli::print;
use anyhow::Context as _;
use clap::Args;
use dyad_recording::verify::{Relation, Report, relate, verify};
use std::path::PathBuf;
use std::process::ExitCode;

/// Logs to check, alone and against each other.
#[derive(Debug, Args)]
pub struct Verify {
    /// Logs.
    #[arg(required = true)]
    logs: Vec<PathBuf>,
}

impl Verify {
    /// Exit code 0 if nothing speaks against the logs, 1 if something does.
    ///
    /// # Errors
    /// If a file cannot be read, or is no log.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let mut reports: Vec<(&PathBuf, Report)> = Vec::new();
        for path in &self.logs {
            let report = verify(&read(path)?)
                .with_context(|| format!("{} cannot be checked", path.display()))?;
            print(&format!("{}: {report}", path.display()))?;
            reports.push((path, report));
        }
        let mut good = reports.iter().all(|(_, report)| report.is_sound());
        for (at, (first, a)) in reports.iter().enumerate() {
            for (second, b) in &reports[at + 1..] {
                let relation = relate(a, b);
                print(&format!("{} and {}: {relation}", first.display(), second.display()))?;
                good &= !matches!(
                    relation,
                    Relation::Diverged(_) | Relation::Successive { linked: false }
                );
            }
        }
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
