//! `dyad verify FILE.dlog...`.

use super::read;
use crate::cli::print;
use anyhow::Context as _;
use clap::Args;
use dyad_protocol::{ParticipantId, PublicKey, SessionId};
use dyad_recording::bundle::table_name;
use dyad_recording::forensics::Dump;
use dyad_recording::replay::Derived;
use dyad_recording::verify::{Relation, Report, relate, verify};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Logs to check, alone and against each other.
#[derive(Debug, Args)]
pub struct Verify {
    /// Logs (.dlog), or dumps of a divergence (.json).
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the tables of all participants of these logs' episodes into this folder. One sound log
    /// of an episode is enough for that.
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
}

/// A file and what was found in it.
type Found<'a, T> = Vec<(&'a Path, T)>;

impl Verify {
    /// Exit code 0 if nothing speaks against the logs, 1 if something does.
    ///
    /// # Errors
    /// If a file cannot be read or is none of these, or a table cannot be written.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let (mut logs, mut dumps): (Found<'_, Report>, Found<'_, Dump>) = Default::default();
        for path in &self.files {
            let bytes = read(path)?;
            let unusable = || format!("{} cannot be checked", path.display());
            if path.extension().is_some_and(|extension| extension == "json") {
                dumps.push((path, Dump::decode(&bytes).with_context(unusable)?));
            } else {
                logs.push((path, verify(&bytes).with_context(unusable)?));
            }
        }
        let mut good = check_logs(&logs)?;
        good &= check_keys(&logs)?;
        good &= check_dumps(&dumps)?;
        if let Some(directory) = &self.csv {
            good &= rebuild(&logs, directory)?;
        }
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Says what each log is worth and how they relate; whether nothing speaks against them.
fn check_logs(logs: &Found<'_, Report>) -> anyhow::Result<bool> {
    let mut good = true;
    for (path, report) in logs {
        print(&format!("{}: {report}", path.display()))?;
        good &= report.is_sound();
    }
    for (at, (first, a)) in logs.iter().enumerate() {
        for (second, b) in &logs[at + 1..] {
            let relation = relate(a, b);
            print(&format!("{} and {}: {relation}", first.display(), second.display()))?;
            good &=
                !matches!(relation, Relation::Diverged(_) | Relation::Successive { linked: false });
        }
    }
    Ok(good)
}

/// What the lab writes about a session, as far as it is needed here.
#[derive(Deserialize)]
struct Registered {
    session: SessionId,
    players: Vec<ParticipantId>,
    keys: Vec<PublicKey>,
}

/// Says of each log that lies where a lab keeps it whether its signatures are by the keys that the
/// lab registered: a log's own keys prove nothing. Whether nothing speaks against that.
fn check_keys(logs: &Found<'_, Report>) -> anyhow::Result<bool> {
    let mut good = true;
    for (path, report) in logs {
        let Some((page, registered)) = registered(path, report)? else { continue };
        let session = &report.log.header.session;
        let agree = session.participants == registered.players && session.keys == registered.keys;
        good &= agree;
        let found = if agree { "those that the lab registered" } else { "NOT those of the lab" };
        print(&format!("{}: its keys are {found}, by {}", path.display(), page.display()))?;
    }
    Ok(good)
}

/// The lab's page of a log's session, `session.json` beside the log's folder or in it.
fn registered(log: &Path, report: &Report) -> anyhow::Result<Option<(PathBuf, Registered)>> {
    for folder in log.ancestors().skip(1).take(2) {
        let page = folder.join("session.json");
        let Ok(text) = std::fs::read(&page) else { continue };
        let registered: Registered = serde_json::from_slice(&text)
            .with_context(|| format!("{} is no page of a session", page.display()))?;
        if registered.session == report.log.header.session.id {
            return Ok(Some((page, registered)));
        }
    }
    Ok(None)
}

/// Says what differs within each dump and between them; whether nothing does.
fn check_dumps(dumps: &Found<'_, Dump>) -> anyhow::Result<bool> {
    let mut good = true;
    for (path, dump) in dumps {
        let Dump { session, episode, participant, seat, reason, frames, .. } = dump;
        let of = format!("session {session}, episode {episode}, {participant} (seat {seat})");
        print(&format!("{}: {of}: {reason}; {} frames", path.display(), frames.len()))?;
        match dump.own_difference()? {
            Some(unlike) => {
                good = false;
                print(&format!("  simulated and recorded differ first at {unlike}"))?;
            }
            None => print("  what was simulated is what was recorded")?,
        }
    }
    for (at, (first, a)) in dumps.iter().enumerate() {
        for (second, b) in &dumps[at + 1..] {
            let difference = a.difference(b)?;
            good &= difference.is_none();
            let found = match difference {
                Some(unlike) => format!("differ first at {unlike}"),
                None => format!("the same in the {} frames of both", a.in_common(b)),
            };
            print(&format!("{} and {}: {found}", first.display(), second.display()))?;
        }
    }
    Ok(good)
}

/// Writes the tables of all episodes, each from the longest sound log; whether each has one.
fn rebuild(logs: &Found<'_, Report>, directory: &Path) -> anyhow::Result<bool> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let mut episodes: BTreeMap<_, Found<'_, &Report>> = BTreeMap::new();
    for (path, report) in logs {
        let header = &report.log.header;
        let episode = (&header.session.id, &header.session.scene, header.episode);
        episodes.entry(episode).or_default().push((path, report));
    }
    let mut good = true;
    for ((session, _, episode), logs) in episodes {
        let name = format!("session {session}, episode {episode}");
        let contradiction = logs.iter().enumerate().any(|(at, (_, a))| {
            logs[at + 1..].iter().any(|(_, b)| matches!(relate(a, b), Relation::Diverged(_)))
        });
        let sound = logs.iter().filter(|(_, report)| report.is_sound());
        let source = sound.max_by_key(|(_, report)| report.log.frames.len());
        match source {
            Some((path, report)) if !contradiction => write_tables(report, path, directory)?,
            Some(_) => {
                good = false;
                print(&format!("{name}: no tables, for its logs contradict each other"))?;
            }
            None => {
                good = false;
                print(&format!("{name}: no tables, for none of its logs is sound"))?;
            }
        }
    }
    Ok(good)
}

fn write_tables(report: &Report, source: &Path, directory: &Path) -> anyhow::Result<()> {
    let Ok(Derived { table, rows, .. }) = &report.derived else { return Ok(()) };
    let (header, ending) = (&report.log.header, &report.log.ending);
    let session = &header.session;
    for seat in session.seats_of_people().iter() {
        let participant = &session.participants[seat.index()];
        let path = directory.join(table_name(participant, header.episode));
        write_new(&path, table).with_context(|| format!("cannot write {}", path.display()))?;
        let (path, source) = (path.display(), source.display());
        print(&format!("{path}: {} rows, from {source} ({ending})", rows.len()))?;
    }
    Ok(())
}

/// Writes a file that is not there, or has the same content already.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(bytes),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if std::fs::read(path)? == bytes {
                return Ok(());
            }
            Err(io::Error::new(error.kind(), "there is another table of this name"))
        }
        Err(error) => Err(error),
    }
}
