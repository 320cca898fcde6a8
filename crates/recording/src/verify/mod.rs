//! Whether one log is sound, how two logs relate, and what an episode's records are worth.
//!
//! A sound log has unbroken checksums and an unbroken chain, re-simulates to every digest it
//! stores, and carries statements that its own content confirms. That proves that the record
//! follows from the inputs in it. It doesn't prove who made the inputs: someone who runs all
//! the clients of a session can make up any game.

mod relation;
mod verdict;

pub use relation::{Difference, Relation, relate};
pub use verdict::verdict;

use crate::log::{self, Certificate, Ending, HeaderError, Log};
use crate::replay::{self, Derived, ReplayError};
use crate::statement::{Committed, Field, Statement};
use dyad_gridworld::Digest;
use dyad_protocol::Seat;
use std::fmt;

/// What checking one log gave. Its text is the report for people.
#[derive(Debug)]
pub struct Report {
    /// The log, as far as it could be read.
    pub log: Log,
    /// The table it leads to.
    pub derived: Result<Derived, ReplayError>,
    /// Statements in the certificate that the log contradicts.
    pub contradictions: Vec<Contradiction>,
}

/// Something in a certificate that the log's own content contradicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Who stated it.
    pub seat: Seat,
    /// What it is about.
    pub field: Field,
}

/// Checks one log: header, checksums, order, chain, re-simulation and certificate.
///
/// # Errors
/// [`HeaderError`] where there is no log to check.
pub fn verify(bytes: &[u8]) -> Result<Report, HeaderError> {
    let log = log::read(bytes)?;
    let derived = replay::derive(&log);
    let contradictions = match &derived {
        Ok(derived) => contradictions(&log, derived),
        Err(_) => Vec::new(),
    };
    Ok(Report { log, derived, contradictions })
}

impl Report {
    /// Whether nothing speaks against this log. A log that was cut is sound as far as it goes; one
    /// that goes on with damage is not.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.derived.is_ok()
            && self.contradictions.is_empty()
            && !matches!(self.log.ending, Ending::Damaged { .. })
    }

    /// Rows of the table that the log leads to; none where it cannot be re-simulated.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.derived.as_ref().map_or(0, rows)
    }

    /// Whether the episode's last row is there.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.derived.as_ref().is_ok_and(|derived| derived.finished)
    }
}

fn rows(derived: &Derived) -> u32 {
    u32::try_from(derived.rows.len()).unwrap_or(u32::MAX)
}

fn contradictions(log: &Log, derived: &Derived) -> Vec<Contradiction> {
    match log.certificate() {
        None => Vec::new(),
        Some(Certificate::Complete { statements }) => statements
            .iter()
            .filter_map(|statement| contradiction(log, derived, statement))
            .collect(),
        Some(Certificate::Survivor { own, committed }) => {
            let own = contradiction(log, derived, own);
            own.into_iter().chain(committed.iter().filter_map(|said| unlike(log, said))).collect()
        }
    }
}

fn contradiction(log: &Log, derived: &Derived, statement: &Statement) -> Option<Contradiction> {
    let seat = statement.seat;
    if seat.index() >= log.header.players() {
        return Some(Contradiction { seat, field: Field::Episode });
    }
    let truth = Statement {
        session: log.header.session.id.clone(),
        episode: log.header.episode,
        seat,
        rows: rows(derived),
        last_frame: log.last_frame().unwrap_or(log.header.first_frame),
        chain: log.chain,
        table: Digest::of(&derived.table),
        inputs: log.inputs_digest(seat),
        signature: Vec::new(),
    };
    statement.difference(&truth).map(|field| Contradiction { seat, field })
}

/// A partner's message about the same frame, with another chain. About frames that this log
/// doesn't hold nothing can be said.
fn unlike(log: &Log, said: &Committed) -> Option<Contradiction> {
    let contradiction = |field| Some(Contradiction { seat: said.seat, field });
    if said.session != log.header.session.id {
        return contradiction(Field::Episode);
    }
    if said.episode != log.header.episode {
        return None;
    }
    let here = log.chain_at(said.frame)?;
    if here == said.chain { None } else { contradiction(Field::Chain) }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the statement of seat {} differs from the log in its {}", self.seat, self.field)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = &self.log.header;
        let session = &header.session;
        writeln!(
            f,
            "study {}, session {}, scene {}, episode {}",
            session.study, session.id, session.scene, header.episode
        )?;
        let participants: Vec<_> = session.participants.iter().map(ToString::to_string).collect();
        writeln!(f, "participants  {}", participants.join(", "))?;
        writeln!(f, "written by    {}, rules version {}", session.program, header.rules)?;
        match self.log.last_frame() {
            Some(last) => writeln!(f, "frames        {} to {last}", header.first_frame)?,
            None => writeln!(f, "frames        none")?,
        }
        writeln!(f, "ending        {}", self.log.ending)?;
        match &self.derived {
            Ok(derived) => {
                let finished = if derived.finished { "finished" } else { "not finished" };
                writeln!(f, "re-simulated  {} rows, {finished}", rows(derived))?;
                writeln!(f, "table         {}", Digest::of(&derived.table))?;
            }
            Err(error) => writeln!(f, "re-simulated  no: {error}")?,
        }
        writeln!(f, "chain head    {}", self.log.chain)?;
        for contradiction in &self.contradictions {
            writeln!(f, "certificate   {contradiction}")?;
        }
        f.write_str(if self.is_sound() { "sound" } else { "NOT SOUND" })
    }
}
