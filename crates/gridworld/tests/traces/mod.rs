//! Recorded games of the original programs, read and replayed. The tests and the example
//! `replay_trace` share this.

pub(crate) mod cogrid;

use dyad_gridworld::overcooked::variation::{Exact, Variation};
use flate2::bufread::GzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// How far a file replayed without a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Matched {
    /// Episodes begun.
    pub(crate) episodes: u32,
    /// Steps.
    pub(crate) steps: u32,
    /// Soups delivered in them.
    pub(crate) soups: u32,
    /// Observations compared by their checksum.
    pub(crate) observations: u32,
}

/// Why a replay ended before the file did.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The file can't be read.
    #[error("line {line}: {source}")]
    Unreadable {
        /// Line of the file, from 1.
        line: usize,
        /// What went wrong.
        source: io::Error,
    },
    /// A line is no record of a known format.
    #[error("line {line}: no record of a game: {why}")]
    NotARecord {
        /// Line of the file, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The recorded game went on differently.
    #[error("line {line}: {difference}")]
    Differs {
        /// Line of the file, from 1.
        line: usize,
        /// What differs, and both states as boards.
        difference: String,
    },
}

/// Why one record could not be replayed.
pub(crate) enum Objection {
    /// It says nothing that could be replayed.
    NotARecord(String),
    /// It says something else than the rules do.
    Differs(String),
}

impl Objection {
    pub(crate) fn not_a_record(why: impl ToString) -> Self {
        Self::NotARecord(why.to_string())
    }

    fn at(self, line: usize) -> Failure {
        match self {
            Self::NotARecord(why) => Failure::NotARecord { line, why },
            Self::Differs(difference) => Failure::Differs { line, difference },
        }
    }
}

/// The lines of a file, gzipped or not.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    let mut file = BufReader::new(File::open(path)?);
    if file.fill_buf()?.starts_with(&GZIP) {
        Ok(Box::new(BufReader::new(GzDecoder::new(file))))
    } else {
        Ok(Box::new(file))
    }
}

/// Replays a file under the right rules, up to the first difference.
pub(crate) fn replay(lines: impl BufRead) -> (Matched, Option<Failure>) {
    replay_varied::<Exact>(lines)
}

/// Replays a file under varied rules.
pub(crate) fn replay_varied<V: Variation>(lines: impl BufRead) -> (Matched, Option<Failure>) {
    let mut replay = cogrid::Replay::default();
    for (line, text) in (1..).zip(lines.lines()) {
        let outcome = match text {
            Ok(text) => replay.record::<V>(&text).map_err(|objection| objection.at(line)),
            Err(source) => Err(Failure::Unreadable { line, source }),
        };
        if let Err(failure) = outcome {
            return (replay.matched(), Some(failure));
        }
    }
    (replay.matched(), None)
}
