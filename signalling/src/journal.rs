//! The lab's journal: everything that it has promised anybody, one JSON object a line. A lab that was
//! killed reads it and goes on. It is also the match log: its lines about matches, games and people
//! tell why anybody met anybody, and how it ended.
//!
//! A line is written and flushed to the disk before anything that follows from it is done. A last
//! line that was cut off while it was written counts as not written.
//!
//! A journal that has grown long is put aside when a lab starts, as `journal-0001.jsonl` and so on, and
//! begun anew with where everything stands. Together, in this order, the files are the match log.

use crate::people::{People, PersonRecord};
use crate::ticket::SessionRecord;
use dyad_collector::folder::{private, replace, sync, whole_lines};
use dyad_experiment::words::Withdrawal;
use dyad_matchmaking::Record;
use dyad_protocol::{HexDigest, StudyId};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The journal's file in a lab's folder.
pub const FILE: &str = "journal.jsonl";

/// Where the next one is made.
const NEW: &str = "journal.new";

/// The length in bytes from which on a journal is put aside.
pub const LONG: u64 = 8 << 20;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Entry {
    /// Where everything stood when the journal was begun anew: the first line, if any.
    Snapshot(Box<Snapshot>),
    /// The lab was started.
    Lab(Opened),
    /// Matchmaking.
    Match(Record),
    /// A game that has been prepared.
    Game(SessionRecord),
    /// Somebody's way through the study.
    Person(PersonRecord),
}

/// All that the lines before it have led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When the last of them was written, in milliseconds since 1970.
    pub at: u64,
    /// The study.
    pub study: StudyId,
    /// Digest of the experiment file and all that it includes.
    pub experiment: HexDigest,
    /// Matchmaking's state, as JSON.
    pub matches: serde_json::Value,
    /// Everybody who has ever come.
    pub people: People,
    /// Games that go on.
    pub games: Vec<SessionRecord>,
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
            Self::Snapshot(snapshot) => snapshot.at,
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
    #[error("line {line} cannot be read")]
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
        let mut file = options().truncate(false).open(folder.join(FILE))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = whole_lines(&bytes);
        let entries = read(whole)?;
        if whole.len() < bytes.len() {
            tracing::warn!(
                bytes = bytes.len() - whole.len(),
                "the journal's last line was cut off"
            );
            file.set_len(whole.len() as u64)?;
        }
        file.seek(SeekFrom::End(0))?;
        file.sync_all()?;
        sync(folder)?;
        Ok((Self(file), entries))
    }

    /// Whether it is to be put aside.
    ///
    /// # Errors
    /// If the system does not tell its length.
    pub fn is_long(&self) -> io::Result<bool> {
        Ok(self.0.metadata()?.len() > LONG)
    }

    /// Puts what there is aside and begins anew with where everything stands. Whenever the lab is killed in
    /// the middle of it, either the old journal or the new one is there, whole.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn begin_anew(self, folder: &Path, snapshot: Snapshot) -> io::Result<Self> {
        let length = self.0.metadata()?.len();
        drop(self);
        let (old, new) = (folder.join(FILE), folder.join(NEW));
        let mut next = Self(options().truncate(true).open(&new)?);
        next.append(&[Entry::Snapshot(Box::new(snapshot))])?;
        // One that is as long was put aside by a lab that was killed right after that.
        let is_it = |path: &PathBuf| fs::metadata(path).is_ok_and(|it| it.len() == length);
        let mut aside = (1..).map(|number| folder.join(aside(number)));
        let aside = aside.find(|path| !path.exists() || is_it(path)).expect("numbers do not end");
        if !aside.exists() {
            // Where a file cannot have two names, there are two files for a moment.
            fs::hard_link(&old, &aside).or_else(|_| fs::copy(&old, &aside).map(drop))?;
            File::open(&aside)?.sync_all()?;
        }
        sync(folder)?;
        fs::rename(&new, &old)?;
        sync(folder)?;
        Ok(next)
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

/// The names of the journals of a folder that were put aside, the oldest first.
#[must_use]
pub fn earlier(folder: &Path) -> Vec<String> {
    (1..).map(aside).take_while(|name| folder.join(name).exists()).collect()
}

fn aside(number: u32) -> String {
    format!("journal-{number:04}.jsonl")
}

/// How a journal is opened: nobody else may read it, as it holds the passwords of signalling rooms.
fn options() -> OpenOptions {
    let mut options = private();
    options.read(true).write(true).create(true);
    options
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

/// All lines that were ever written in a folder, those of journals that were put aside first. A lab
/// may be running: a last line that is being written is left out.
///
/// # Errors
/// [`JournalError`].
pub fn history(folder: &Path) -> Result<Vec<Entry>, JournalError> {
    let current = whole_file(folder, FILE)?;
    let mut texts = earlier(folder)
        .iter()
        .map(|name| whole_file(folder, name))
        .collect::<io::Result<Vec<_>>>()?;
    // A lab was killed right after it had put this one aside.
    texts.pop_if(|last| current.starts_with(last));
    texts.push(current);
    let mut all = Vec::new();
    for text in texts {
        all.extend(read(&text)?);
    }
    all.retain(|entry| !matches!(entry, Entry::Snapshot(_)));
    Ok(all)
}

/// A file without what may still be being written at its end; nothing, if it is not there.
fn whole_file(folder: &Path, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = match fs::read(folder.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    bytes.truncate(whole_lines(&bytes).len());
    Ok(bytes)
}

/// Writes the journals of a folder anew, in which no lab is running: each line as `change` gives it.
///
/// # Errors
/// [`JournalError`]. Each journal is there then, the old one or the new.
pub fn rewrite(folder: &Path, change: impl Fn(Entry) -> Entry) -> Result<(), JournalError> {
    for name in earlier(folder).into_iter().chain([FILE.to_owned()]) {
        let mut text = Vec::new();
        for entry in read(&whole_file(folder, &name)?)? {
            serde_json::to_writer(&mut text, &change(entry)).map_err(io::Error::from)?;
            text.push(b'\n');
        }
        replace(folder, &name, &text)?;
    }
    Ok(())
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
    use super::{Entry, FILE, Journal, JournalError, Opened, Snapshot, earlier, history};
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

    #[test]
    fn a_long_journal_is_put_aside_whole() {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = |at| {
            let (study, experiment) = ("s".parse().unwrap(), "0a".repeat(32).parse().unwrap());
            let (matches, people) = (serde_json::json!({}), crate::people::People::default());
            Snapshot { at, study, experiment, matches, people, games: Vec::new() }
        };
        let mut written = Vec::new();
        for round in 1..=2 {
            let (mut journal, _) = Journal::open(folder.path()).unwrap();
            journal.append(&[opened(round), opened(round)]).unwrap();
            assert!(!journal.is_long().unwrap());
            written.push(std::fs::read(folder.path().join(FILE)).unwrap());
            let mut journal = journal.begin_anew(folder.path(), snapshot(round)).unwrap();
            journal.append(&[opened(9)]).unwrap();
            let (_, entries) = Journal::open(folder.path()).unwrap();
            assert_eq!(entries, [Entry::Snapshot(Box::new(snapshot(round))), opened(9)]);
        }
        let all = [1, 1, 9, 2, 2, 9].map(opened);
        assert_eq!(history(folder.path()).unwrap(), all);
        let aside = earlier(folder.path());
        assert_eq!(aside, ["journal-0001.jsonl", "journal-0002.jsonl"]);
        let kept = aside.iter().map(|name| std::fs::read(folder.path().join(name)).unwrap());
        assert_eq!(kept.collect::<Vec<_>>(), written, "not a line is lost");
        // A lab that was killed after it had put the journal aside does so again.
        let journal = folder.path().join(FILE);
        std::fs::copy(&journal, folder.path().join("journal-0003.jsonl")).unwrap();
        assert_eq!(history(folder.path()).unwrap(), all, "what is in two files for a moment");
        let (again, _) = Journal::open(folder.path()).unwrap();
        again.begin_anew(folder.path(), snapshot(3)).unwrap();
        assert_eq!(earlier(folder.path()).len(), 3, "once");
    }
}
