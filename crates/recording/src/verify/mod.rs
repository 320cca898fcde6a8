//! Whether one log is sound, how two logs relate, and what an episode's records are worth.
//!
//! A sound log has unbroken checksums and an unbroken chain, re-simulates to every digest it
//! stores, has programs do what their policies do, and carries statements that its own content confirms
//! and that are signed with the keys in its header. CERTIFICATE.md says what that proves, and what not.

mod relation;
mod verdict;

pub use relation::{Difference, Relation, relate};
pub use verdict::{Checked, check_all, judge, verdict};

use crate::log::{self, Certificate, Ending, HeaderError, Log};
use crate::replay::{self, Derived, ReplayError};
use crate::statement::{Committed, Field, Finished, Statement};
use dyad_gridworld::{Digest, End};
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
    pub fn is_sound(&self) -> bool {
        self.derived.as_ref().is_ok_and(|derived| derived.programs.is_none())
            && self.contradictions.is_empty()
            && !matches!(self.log.ending, Ending::Damaged { .. })
    }

    /// Rows of the table that the log leads to; none where it cannot be re-simulated.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.derived.as_ref().map_or(0, rows)
    }

    /// Whether the episode is over by its log.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.derived.as_ref().is_ok_and(|derived| derived.finished)
    }

    /// Whether the session is over with this episode by its log.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.derived.as_ref().is_ok_and(|derived| derived.end.is_some())
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
    let contradiction = |field| Some(Contradiction { seat, field });
    if !statement.is_authentic(&log.header.session.keys) {
        return contradiction(Field::Signature);
    }
    if statement.session != log.header.session.id || statement.episode != log.header.episode {
        return contradiction(Field::Episode);
    }
    let truth = Finished {
        rows: rows(derived),
        last_frame: log.last_frame().unwrap_or(log.header.first_frame),
        chain: log.chain,
        table: Digest::of(&derived.table),
        inputs: log.inputs_digest(seat),
    };
    statement.said.difference(&truth).map(|field| Contradiction { seat, field })
}

/// A partner's message about the same frame, with another chain. About frames that this log
/// doesn't hold nothing can be said.
fn unlike(log: &Log, message: &Committed) -> Option<Contradiction> {
    let contradiction = |field| Some(Contradiction { seat: message.seat, field });
    if !message.is_authentic(&log.header.session.keys) {
        return contradiction(Field::Signature);
    }
    if message.session != log.header.session.id {
        return contradiction(Field::Episode);
    }
    if message.episode != log.header.episode {
        return None;
    }
    let here = log.chain_at(message.said.frame)?;
    if here == message.said.chain { None } else { contradiction(Field::Chain) }
}

/// How a session ended, as a clause for people.
fn end_in_words(end: End) -> String {
    match end {
        End::Completed => "ended with this episode, its last".to_owned(),
        End::AwayTooLong { who } => {
            let seats = who.iter().enumerate().filter(|&(_, &away)| away);
            let seats: Vec<_> = seats.map(|(seat, _)| format!("seat {seat}")).collect();
            format!("ended because {} was away too long", seats.join(" and "))
        }
    }
}

/// How many messages a certificate holds.
fn messages(certificate: &Certificate) -> usize {
    match certificate {
        Certificate::Complete { statements } => statements.len(),
        Certificate::Survivor { committed, .. } => 1 + committed.len(),
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Field::Signature => write!(f, "seat {} has not signed what it is said to", self.seat),
            field => {
                write!(f, "the statement of seat {} differs from the log in its {field}", self.seat)
            }
        }
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
        for hold in &self.log.holds {
            writeln!(f, "held          {hold}")?;
        }
        writeln!(f, "ending        {}", self.log.ending)?;
        if let Some(certificate) = self.log.certificate() {
            let wrong = self.contradictions.iter().filter(|it| it.field == Field::Signature);
            let good = messages(certificate).saturating_sub(wrong.count());
            writeln!(f, "signatures    {good} good, by the keys in the log's header")?;
        }
        match &self.derived {
            Ok(derived) => {
                let finished = if derived.finished { "finished" } else { "not finished" };
                writeln!(f, "re-simulated  {} rows, {finished}", rows(derived))?;
                writeln!(f, "table         {}", Digest::of(&derived.table))?;
                match &derived.programs {
                    Some(error) => writeln!(f, "programs      {error}")?,
                    None if session.seats_of_people().len() < session.participants.len() => {
                        writeln!(f, "programs      have done what their policies do")?;
                    }
                    None => {}
                }
                if let Some(end) = derived.end {
                    writeln!(f, "session       {}", end_in_words(end))?;
                }
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
