//! Recorded games of the original programs, read and replayed. The tests and the example
//! `replay_trace` share this.

pub(crate) mod cogrid;
pub(crate) mod overcooked_ai;

use dyad_gridworld::overcooked::variation as in_cogrid;
use dyad_gridworld::overcooked_ai::variation as in_overcooked_ai;
use flate2::bufread::GzDecoder;
use serde::Deserialize;
use std::fmt::Write as _;
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

/// What differs, one line for each thing.
#[derive(Default)]
pub(crate) struct Difference(String);

impl Difference {
    pub(crate) fn note<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: &str,
        ours: &T,
        recorded: &T,
    ) {
        if ours != recorded {
            let line = format_args!("  {what}: ours {ours:?}, recorded {recorded:?}");
            writeln!(self.0, "{line}").expect("a string takes all text");
        }
    }

    /// An objection if anything was noted, with what belongs before and after it.
    pub(crate) fn found(
        self,
        place: impl FnOnce() -> String,
        boards: impl FnOnce() -> String,
    ) -> Result<(), Objection> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Objection::Differs(format!("{}\n{}{}", place(), self.0, boards())))
    }
}

fn too_early(what: &str) -> Objection {
    Objection::NotARecord(format!("a {what} has to come first"))
}

/// Replays a file under the right rules, up to the first difference.
pub(crate) fn replay(lines: impl BufRead) -> (Matched, Option<Failure>) {
    replay_varied::<in_cogrid::Exact, in_overcooked_ai::Exact>(lines)
}

/// Replays a file under varied rules of CoGrid's Overcooked and of Overcooked-AI.
pub(crate) fn replay_varied<C, A>(lines: impl BufRead) -> (Matched, Option<Failure>)
where
    C: in_cogrid::Variation,
    A: in_overcooked_ai::Variation,
{
    let mut game = Game::default();
    for (line, text) in (1..).zip(lines.lines()) {
        let outcome = match text {
            Ok(text) => game.record::<C, A>(&text).map_err(|objection| objection.at(line)),
            Err(source) => Err(Failure::Unreadable { line, source }),
        };
        if let Err(failure) = outcome {
            return (game.matched, Some(failure));
        }
    }
    (game.matched, None)
}

/// The type of a line.
#[derive(Deserialize)]
struct Kind<'a> {
    k: &'a str,
}

/// A file in the course of being replayed. Its headers say of which program the games are.
#[derive(Default)]
struct Game {
    program: Option<Program>,
    matched: Matched,
}

enum Program {
    Cogrid(Box<cogrid::Replay>),
    OvercookedAi(Box<overcooked_ai::Replay>),
}

impl Game {
    fn record<C, A>(&mut self, line: &str) -> Result<(), Objection>
    where
        C: in_cogrid::Variation,
        A: in_overcooked_ai::Variation,
    {
        let Kind { k } = serde_json::from_str(line).map_err(Objection::not_a_record)?;
        match k {
            "layout" => self.program = Some(Program::Cogrid(Box::default())),
            "trial" => self.program = Some(Program::OvercookedAi(Box::default())),
            "reset" | "step" => {}
            other => return Err(Objection::NotARecord(format!("{other:?} is no known record"))),
        }
        match &mut self.program {
            Some(Program::Cogrid(replay)) => replay.record::<C>(line, &mut self.matched),
            Some(Program::OvercookedAi(replay)) => replay.record::<A>(line, &mut self.matched),
            None => Err(too_early("layout or trial")),
        }
    }
}
