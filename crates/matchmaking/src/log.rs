//! The match log: a JSON object a line, one for each [`Record`]. It tells why anybody met
//! anybody ([`audit()`]), and a lab is restored from it ([`crate::Matchmaking::restore`]).

mod audit;

pub use audit::{Audit, AuditError, Meeting, audit};

use crate::fact::Record;

/// A line that is no record.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the match log: {source}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub source: serde_json::Error,
}

/// A record as a line of the log, with the line's end.
///
/// # Panics
/// Never: a record is plain data.
#[must_use]
pub fn line(record: &Record) -> String {
    let mut text = serde_json::to_string(record).expect("a record is plain data");
    text.push('\n');
    text
}

/// The records of a log. A last line without an end was cut off while it was written; it counts
/// as not written.
///
/// # Errors
/// [`ReadError`] at the first line that is no record.
pub fn read(text: &str) -> Result<Vec<Record>, ReadError> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().zip(1..);
    let parse =
        |(text, line)| serde_json::from_str(text).map_err(|source| ReadError { line, source });
    lines.map(parse).collect()
}
