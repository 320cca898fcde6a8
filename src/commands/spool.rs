//! `dyad spool list|send|export`: records that the lab has not received yet.

use crate::cli::{print, say, spool};
use crate::record::spool::{Record, Spool};
use crate::record::upload::{Asked, Progress, Uploader, now_ms};
use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use dyad_protocol::records::RecordName;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

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
    /// Write them to a file that can be carried to the lab.
    Export {
        /// The file, which must not be there yet.
        file: PathBuf,
    },
}

/// After so many failures a lab counts as away.
const MAX_FAILURES: usize = 2;

impl SpoolArguments {
    /// Exit code 0 if nothing is left unsent (`send`), if everything is in the file (`export`), or
    /// always (`list`).
    ///
    /// # Errors
    /// If there is no data directory, no thread, or the file cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let spool = spool(self.data)?;
        match self.action {
            Action::List => list(&spool),
            Action::Send => send(&spool),
            Action::Export { file } => export(&spool, &file),
        }
    }
}

fn list(spool: &Spool) -> anyhow::Result<ExitCode> {
    let records = spool.unsent();
    for record in &records {
        let name = record.name();
        let (study, lab) = (&record.destination.study, record.destination.collector());
        print(&format!(
            "{study} {} {} episode {} for {lab}",
            name.session, name.participant, name.episode
        ))?;
    }
    say(&format!("{} records are not at the lab yet", records.len()));
    Ok(ExitCode::SUCCESS)
}

fn send(spool: &Spool) -> anyhow::Result<ExitCode> {
    // Who sends what is left does not wait for a session to go on.
    spool.close_interrupted();
    spool.delete_old(now_ms());
    let uploader = Uploader::start()?;
    let hand_over = |records: Vec<Record>| {
        let mut open = BTreeMap::new();
        for record in records {
            open.insert(record.name(), record.destination.collector().to_owned());
            uploader.send(record);
        }
        open
    };
    let (mut open, mut kept) = (hand_over(spool.unsent()), hand_over(spool.kept()));
    let mut failures: BTreeMap<String, usize> = BTreeMap::new();
    let mut is_all = true;
    while !open.is_empty() || !kept.is_empty() {
        for progress in uploader.poll() {
            match progress {
                Progress::Received(name) => {
                    open.remove(&name);
                    say(&format!("received: {}", words(&name)));
                }
                Progress::Refused { name, reason } => {
                    open.remove(&name);
                    is_all = false;
                    say(&format!("not sent: {}: {reason}", words(&name)));
                }
                Progress::Asked { name, answer } => {
                    let lab = kept.remove(&name);
                    match answer {
                        Asked::There => {}
                        Asked::Withdrawn => {
                            say(&format!("deleted, since it was withdrawn: {}", words(&name)));
                        }
                        Asked::Unknown(reason) => {
                            say(&format!("kept: {}: {reason}", words(&name)));
                        }
                        Asked::Away(reason) => {
                            say(&format!(
                                "kept, nobody could be asked: {}: {reason}",
                                words(&name)
                            ));
                            kept.retain(|_, of| Some(&*of) != lab.as_ref());
                        }
                    }
                }
                Progress::Waiting { name, reason } => {
                    let Some(lab) = open.get(&name).cloned() else { continue };
                    let failures = failures.entry(lab.clone()).or_default();
                    *failures += 1;
                    if *failures >= MAX_FAILURES {
                        is_all = false;
                        for (name, _) in open.extract_if(.., |_, of| *of == lab) {
                            say(&format!("not sent: {}: {reason}", words(&name)));
                        }
                    }
                }
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(if is_all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn words(name: &RecordName) -> String {
    format!("{} {} episode {}", name.session, name.participant, name.episode)
}

/// Writes a file with everything that is unsent. It stays unsent: only a receipt of the lab ends that.
fn export(spool: &Spool, file: &Path) -> anyhow::Result<ExitCode> {
    spool.close_interrupted();
    let records = spool.unsent();
    if records.is_empty() {
        say("every record is at the lab: there is nothing to carry there");
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(!file.exists(), "{} is there already; name another file", file.display());
    let written = write(file, &records);
    if written.is_err() {
        // Half a file would be taken for a whole one.
        drop(fs::remove_file(file));
    }
    let failed = written.with_context(|| format!("cannot write {}", file.display()))?;
    let count = records.len() - failed;
    say(&format!("{count} records are in {}; give it to the experimenter", file.display()));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes the file; says how many records could not be read.
fn write(file: &Path, records: &[Record]) -> anyhow::Result<usize> {
    let mut zip = ZipWriter::new(File::create_new(file)?);
    let mut failed = 0;
    for record in records {
        let bundle = match record.bundle() {
            Ok(bundle) => bundle,
            Err(error) => {
                failed += 1;
                say(&format!("left out: {}: {error}", words(&record.name())));
                continue;
            }
        };
        let RecordName { session, scene, participant, episode } = record.name();
        let path = format!("{session}/{scene}/{participant}_ep{episode}.tar");
        zip.start_file(path, SimpleFileOptions::default())?;
        zip.write_all(&bundle)?;
    }
    zip.finish()?.sync_all()?;
    Ok(failed)
}

#[cfg(test)]
mod tests {
    use super::export;
    use crate::record::tests::with_unsent;
    use std::fs::{self, File};
    use std::io::Read as _;

    #[test]
    fn what_is_unsent_can_be_carried_and_stays_unsent() {
        let (directory, spool, record) = with_unsent();
        let file = directory.path().join("records.zip");
        export(&spool, &file).unwrap();
        let mut zip = zip::ZipArchive::new(File::open(&file).unwrap()).unwrap();
        assert_eq!(zip.len(), 1);
        let mut bundle = Vec::new();
        zip.by_name("s-1/scene/p-a_ep0.tar").unwrap().read_to_end(&mut bundle).unwrap();
        assert_eq!(bundle, record.bundle().unwrap());
        assert_eq!(spool.unsent(), [record]);
        // Nothing is overwritten.
        let before = fs::read(&file).unwrap();
        assert!(export(&spool, &file).unwrap_err().to_string().contains("is there already"));
        assert_eq!(fs::read(&file).unwrap(), before);
    }
}
