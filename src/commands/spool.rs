//! `dyad spool list|send`: records that the lab has not received yet.

use crate::cli::{print, say, spool};
use crate::record::upload::{Progress, Uploader};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What to do with unsent records.
#[derive(Debug, Args)]
pub struct SpoolArguments {
    #[command(subcommand)]
    action: Action,
    /// Where records are kept, instead of the platform's data directory.
    #[arg(long, global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List them.
    List,
    /// Try to send them to the labs they belong to.
    Send,
}

impl SpoolArguments {
    /// Exit code 0 if nothing is left unsent (`send`), or always (`list`).
    ///
    /// # Errors
    /// If there is no data directory, or no thread.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let spool = spool(self.data)?;
        if let Action::Send = self.action {
            // Who sends what is left does not wait for a session to go on.
            spool.close_interrupted();
        }
        let records = spool.unsent();
        if let Action::List = self.action {
            for record in &records {
                let name = record.name();
                let lab = &record.destination.lab;
                print(&format!(
                    "{} {} {} episode {} for {lab}",
                    record.destination.study, name.session, name.participant, name.episode
                ))?;
            }
            say(&format!("{} records are not at the lab yet", records.len()));
            return Ok(ExitCode::SUCCESS);
        }
        let uploader = Uploader::start()?;
        let mut open = records.len();
        let mut left = 0;
        records.into_iter().for_each(|record| uploader.send(record));
        while open > 0 {
            for progress in uploader.poll() {
                open -= 1;
                match progress {
                    Progress::Received(name) => say(&format!(
                        "received: {} {} episode {}",
                        name.session, name.participant, name.episode
                    )),
                    Progress::Waiting { name, reason } | Progress::Refused { name, reason } => {
                        left += 1;
                        say(&format!(
                            "not sent: {} {} episode {}: {reason}",
                            name.session, name.participant, name.episode
                        ));
                    }
                }
                if left > 0 && open == 0 {
                    return Ok(ExitCode::FAILURE);
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
