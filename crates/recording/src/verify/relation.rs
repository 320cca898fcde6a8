//! How two logs relate.

use super::Report;
use crate::forensics::input_in_words;
use crate::log::{Frame, Header, SessionInfo};
use dyad_gridworld::Hold;
use std::fmt;

/// How one log relates to another. Its text is a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same frames of the same episode.
    Equal {
        /// How many.
        frames: usize,
    },
    /// The same episode; one has all frames of the other, and more.
    Prefix {
        /// The frames that both have.
        common: usize,
        /// The frames that the longer has.
        longest: usize,
    },
    /// The same episode, contradicting each other.
    Diverged(Difference),
    /// Two episodes of one session, one right after the other.
    Successive {
        /// Whether the later log names the head of the earlier one's chain.
        linked: bool,
    },
    /// No records of the same session and episode; what differs in their headers.
    Unrelated(&'static str),
}

/// Where two logs of one episode first differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The frame.
    pub frame: u32,
    /// The first column of the table that differs there; `hold` where the world was not held in
    /// the same way before the frame, `inputs.{i}` where the inputs differ in a frame without a
    /// row or in a way that no column shows, `digest` where only the world does.
    pub column: String,
    /// The first log's value.
    pub a: String,
    /// The other log's value.
    pub b: String,
}

/// Compares two logs.
#[must_use]
pub fn relate(a: &Report, b: &Report) -> Relation {
    let (first, second) = (&a.log.header, &b.log.header);
    if first.session == second.session && first.episode.abs_diff(second.episode) == 1 {
        let (earlier, later) = if first.episode < second.episode { (a, b) } else { (b, a) };
        return Relation::Successive { linked: later.log.header.previous == earlier.log.chain };
    }
    if let Some(field) = unlike(first, second) {
        return Relation::Unrelated(field);
    }
    let (ours, theirs) = (&a.log.frames, &b.log.frames);
    let differs = ours
        .iter()
        .zip(theirs)
        .find(|(ours, theirs)| ours != theirs || holds(a, ours.number).ne(holds(b, theirs.number)));
    if let Some((ours, theirs)) = differs {
        return Relation::Diverged(difference(a, b, ours, theirs));
    }
    let common = ours.len().min(theirs.len());
    let longest = ours.len().max(theirs.len());
    if common == longest {
        Relation::Equal { frames: common }
    } else {
        Relation::Prefix { common, longest }
    }
}

/// The first field in which the headers differ. All peers' headers of one episode are equal.
fn unlike(a: &Header, b: &Header) -> Option<&'static str> {
    let SessionInfo { program, study, id, scene, participants, keys } = &a.session;
    let fields = [
        ("study", *study == b.session.study),
        ("session", *id == b.session.id),
        ("scene", *scene == b.session.scene),
        ("participants", *participants == b.session.participants),
        ("keys", *keys == b.session.keys),
        ("program", *program == b.session.program),
        ("episode", a.episode == b.episode),
        ("rules", a.rules == b.rules),
        ("settings", a.game == b.game && a.settings == b.settings),
        ("first frame", a.first_frame == b.first_frame),
        ("world", a.world == b.world),
        ("previous chain head", a.previous == b.previous),
    ];
    fields.into_iter().find(|(_, equal)| !equal).map(|(field, _)| field)
}

fn difference(a: &Report, b: &Report, ours: &Frame, theirs: &Frame) -> Difference {
    let frame = ours.number;
    let (column, a, b) = in_holds(a, b, frame)
        .or_else(|| in_table(a, b, frame))
        .or_else(|| in_inputs(ours, theirs))
        .unwrap_or_else(|| in_digest(ours, theirs));
    Difference { frame, column, a, b }
}

fn holds(report: &Report, frame: u32) -> impl Iterator<Item = &Hold> {
    report.log.holds_before(frame)
}

fn in_holds(a: &Report, b: &Report, frame: u32) -> Option<(String, String, String)> {
    if holds(a, frame).eq(holds(b, frame)) {
        return None;
    }
    let words = |report| {
        let words: Vec<_> = holds(report, frame).map(ToString::to_string).collect();
        if words.is_empty() { "not held".to_owned() } else { words.join(", ") }
    };
    Some(("hold".to_owned(), words(a), words(b)))
}

fn in_table(a: &Report, b: &Report, frame: u32) -> Option<(String, String, String)> {
    let (a, b) = (a.derived.as_ref().ok()?, b.derived.as_ref().ok()?);
    let cells = |row: &[u8]| -> Option<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row);
        let record = reader.records().next()?.ok()?;
        Some(record.iter().map(str::to_owned).collect())
    };
    let names = cells(a.header())?;
    let values = cells(a.row(frame)?)?.into_iter().zip(cells(b.row(frame)?)?);
    let (name, (a, b)) = names.into_iter().zip(values).find(|(_, (a, b))| a != b)?;
    Some((name, a, b))
}

fn in_inputs(a: &Frame, b: &Frame) -> Option<(String, String, String)> {
    let mut pairs = a.inputs.iter().zip(&b.inputs).enumerate();
    let (seat, (a, b)) = pairs.find(|(_, (a, b))| a != b)?;
    Some((format!("inputs.{seat}"), input_in_words(*a), input_in_words(*b)))
}

fn in_digest(a: &Frame, b: &Frame) -> (String, String, String) {
    ("digest".to_owned(), format!("{:016x}", a.digest), format!("{:016x}", b.digest))
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frame, column, a, b } = self;
        write!(f, "frame {frame}, column {column}: {a:?} and {b:?}")
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal { frames } => write!(f, "the same {frames} frames"),
            Self::Prefix { common, longest } => {
                write!(f, "the same {common} frames, one log goes on to {longest}")
            }
            Self::Diverged(difference) => write!(f, "diverged at {difference}"),
            Self::Successive { linked: true } => {
                f.write_str("successive episodes, the later log continues the earlier")
            }
            Self::Successive { linked: false } => {
                f.write_str("successive episodes, but the later log doesn't continue the earlier")
            }
            Self::Unrelated(field) => write!(f, "no two records of one episode: {field} differs"),
        }
    }
}
