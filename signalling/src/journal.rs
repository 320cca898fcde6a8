//! The lab's journal: everything that it has promised anybody, one JSON object a line. A lab that was
//! killed reads it and goes on. It is also the match log: its lines about matches, games and people
//! tell why anybody met anybody, and how it ended.
//!
//! A line is written and flushed to the disk before anything that follows from it is done. A last
//! line that was cut off while it was written counts as not written.

use crate::identities::replace;
use crate::people::PersonRecord;
use crate::ticket::SessionRecord;
use dyad_experiment::words::Withdrawal;
use dyad_matchmaking::Record;
use dyad_protocol::{HexDigest, StudyId};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// The journal's file in a lab's folder.
pub const FILE: &str = "journal.jsonl";

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Entry {
    /// The lab was started.
    Lab(Opened),
    /// Matchmaking.
    Match(Record),
    /// A game that has been prepared.
    Game(SessionRecord),
    /// Somebody's way through the study.
    Person(PersonRecord),
}

/// Which study a lab was started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The study.
    pub study: StudyId,
    /// Digest of the experiment file and all that it includes.
    pub experiment: HexDigest,
    /// What is deleted when somebody withdraws their data. Older versions have not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<Withdrawal>,
}

impl Entry {
    /// When it happened, in milliseconds since 1970.
    #[must_use]
    pub const fn at(&self) -> u64 {
        match self {
            Self::Lab(opened) => opened.at,
            Self::Match(record) => record.at.0,
            Self::Game(game) => game.at,
            Self::Person(person) => person.at,
        }
    }
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The storage fails.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line before the last one is none.
    #[error("line {line}: {source}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// The file, open for more.
#[derive(Debug)]
pub struct Journal(File);

impl Journal {
    /// Opens the journal of a lab's folder, making it if necessary, and reads it. What was cut off at
    /// its end is removed.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(folder: &Path) -> Result<(Self, Vec<Entry>), JournalError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // It holds the passwords of signalling rooms.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(folder.join(FILE))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let entries = read(&bytes[..whole])?;
        if whole < bytes.len() {
            tracing::warn!(bytes = bytes.len() - whole, "the journal's last line was cut off");
            file.set_len(whole as u64)?;
        }
        file.seek(SeekFrom::End(0))?;
        file.sync_all()?;
        if cfg!(unix) {
            File::open(folder)?.sync_all()?;
        }
        Ok((Self(file), entries))
    }

    /// Adds lines. They are on the disk when this returns.
    ///
    /// # Errors
    /// Whatever the operating system says. Nothing may follow from the lines then.
    pub fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut text = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut text, entry)?;
            text.push(b'\n');
        }
        self.0.write_all(&text)?;
        self.0.sync_data()
    }
}

/// The lines of a journal.
///
/// # Errors
/// [`JournalError::Line`] at the first line that is none.
pub fn read(text: &[u8]) -> Result<Vec<Entry>, JournalError> {
    let lines = text.split(|byte| *byte == b'\n').zip(1..).filter(|(text, _)| !text.is_empty());
    let parse = |(text, line)| {
        serde_json::from_slice(text).map_err(|source| JournalError::Line { line, source })
    };
    lines.map(parse).collect()
}

/// Writes a journal anew, of which no lab is running: each line as `change` gives it.
///
/// # Errors
/// [`JournalError`]. The old journal is there then.
pub fn rewrite(folder: &Path, change: impl Fn(Entry) -> Entry) -> Result<(), JournalError> {
    let (_journal, entries) = Journal::open(folder)?;
    let mut text = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut text, &change(entry)).map_err(io::Error::from)?;
        text.push(b'\n');
    }
    Ok(replace(folder, FILE, &String::from_utf8_lossy(&text))?)
}

/// The records of matchmaking among the lines.
#[must_use]
pub fn matches(entries: &[Entry]) -> Vec<Record> {
    let record = |entry: &Entry| match entry {
        Entry::Match(record) => Some(record.clone()),
        _ => None,
    };
    entries.iter().filter_map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::{Entry, FILE, Journal, JournalError, Opened};
    use std::io::Write as _;

    fn opened(at: u64) -> Entry {
        let experiment = "0a".repeat(32).parse().unwrap();
        let withdrawal = Some(dyad_experiment::words::Withdrawal::Games);
        Entry::Lab(Opened { at, study: "s".parse().unwrap(), experiment, withdrawal })
    }

    #[test]
    fn what_was_appended_is_read_again_and_a_cut_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, entries) = Journal::open(folder.path()).unwrap();
        assert_eq!(entries, []);
        journal.append(&[opened(1), opened(2)]).unwrap();
        drop(journal);
        let path = folder.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for cut in 1..20 {
            let mut file = std::fs::File::create(&path).unwrap();
            file.write_all(&whole[..whole.len() - cut]).unwrap();
            let (mut journal, entries) = Journal::open(folder.path()).unwrap();
            assert_eq!(entries, [opened(1)], "{cut} bytes less");
            journal.append(&[opened(3)]).unwrap();
            assert_eq!(Journal::open(folder.path()).unwrap().1, [opened(1), opened(3)]);
        }
    }

    #[test]
    fn a_line_in_the_middle_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        Journal::open(folder.path()).unwrap().0.append(&[opened(1)]).unwrap();
        let path = folder.path().join(FILE);
        let mut text = std::fs::read(&path).unwrap();
        text.extend(b"nonsense\n{}\n");
        std::fs::write(&path, text).unwrap();
        let error = Journal::open(folder.path()).unwrap_err();
        assert!(matches!(error, JournalError::Line { line: 2, .. }), "{error}");
    }
}
