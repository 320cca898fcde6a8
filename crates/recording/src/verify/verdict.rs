//! The verdict on an episode, from the bytes of all its records.

use super::{Relation, Report, relate, rows, verify};
use crate::bundle::Bundle;
use crate::log::{Certificate, Ending, HeaderError};
use crate::replay::Derived;
use dyad_protocol::records::Verdict;
use std::fmt;
use std::sync::Arc;

/// What checking a log gave. Records with the same log share a report.
pub type Checked = Result<Arc<Report>, HeaderError>;

/// Checks logs, in order. Equal ones are simulated once: the same bytes lead to the same game.
#[must_use]
pub fn check_all(logs: &[&[u8]]) -> Vec<Checked> {
    let mut checked: Vec<Checked> = Vec::new();
    for (at, log) in logs.iter().enumerate() {
        let equal = logs[..at].iter().position(|other| other == log);
        checked.push(match equal {
            Some(same) => checked[same].clone(),
            None => verify(log).map(Arc::new),
        });
    }
    checked
}

/// Judges an episode by its records. Nothing that a record says of itself is believed: each log
/// is checked and re-simulated, each table is compared with the one its log leads to.
///
/// An episode counts as finished when it is over by its log, whether or not the exchange of
/// statements came to its end: the last message of such an exchange can always be lost.
#[must_use]
pub fn verdict(bundles: &[Bundle]) -> Verdict {
    let logs: Vec<_> = bundles.iter().map(|bundle| bundle.log.as_slice()).collect();
    judge(bundles, &check_all(&logs))
}

/// Judges an episode as [`verdict`] does, where its logs were checked before. `checked` is by
/// [`check_all`], in the order of the records.
#[must_use]
pub fn judge(bundles: &[Bundle], checked: &[Checked]) -> Verdict {
    weigh_up(bundles, checked).unwrap_or_else(|flaw| Verdict::Invalid { message: flaw.to_string() })
}

/// Why records cannot be trusted.
enum Flaw<'a> {
    NoRecords,
    Record(&'a Bundle, String),
    Pair(&'a Bundle, &'a Bundle, Relation),
}

impl fmt::Display for Flaw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecords => f.write_str("there are no records"),
            Self::Record(bundle, flaw) => write!(f, "record of {}: {flaw}", bundle.participant),
            Self::Pair(a, b, relation) => {
                write!(f, "records of {} and {}: {relation}", a.participant, b.participant)
            }
        }
    }
}

fn weigh_up<'a>(bundles: &'a [Bundle], checked: &'a [Checked]) -> Result<Verdict, Flaw<'a>> {
    let examined = bundles.iter().zip(checked);
    let reports: Vec<_> = examined
        .map(|(bundle, checked)| Ok((bundle, examine(bundle, checked)?)))
        .collect::<Result<_, _>>()?;
    let [(one, first), others @ ..] = reports.as_slice() else { return Err(Flaw::NoRecords) };
    for (at, (bundle, report)) in reports.iter().enumerate() {
        for (other, theirs) in &reports[..at] {
            if bundle.participant == other.participant {
                return Err(Flaw::Record(bundle, "there are two of them".to_owned()));
            }
            if let Relation::Diverged(difference) = relate(theirs, report) {
                let (frame, column) = (difference.frame, difference.column);
                return Ok(Verdict::Diverged { frame, column });
            }
        }
    }
    for (bundle, report) in others {
        let relation = relate(first, report);
        if !matches!(relation, Relation::Equal { .. } | Relation::Prefix { .. }) {
            return Err(Flaw::Pair(one, bundle, relation));
        }
    }
    for (bundle, report) in &reports {
        if let Some(contradiction) = report.contradictions.first() {
            return Err(Flaw::Record(bundle, contradiction.to_string()));
        }
    }
    Ok(weigh(
        first.log.header.session.seats_of_people().len(),
        reports.iter().map(|(_, report)| *report),
    ))
}

/// The verdict on sound records of one episode without contradictions.
fn weigh<'a>(people: usize, reports: impl Iterator<Item = &'a Report> + Clone) -> Verdict {
    let all_rows = reports.clone().map(Report::rows);
    let (fewest, longest) = (all_rows.clone().min(), all_rows.max());
    let (rows, longest) = (fewest.unwrap_or(0), longest.unwrap_or(0));
    if reports.clone().count() < people {
        Verdict::OneSideOnly { rows: longest }
    } else if rows != longest {
        Verdict::PrefixWithTail { rows, longest }
    } else if reports.clone().all(Report::is_finished) {
        Verdict::Identical { rows }
    } else {
        Verdict::Prefix { rows }
    }
}

fn examine<'a>(bundle: &'a Bundle, checked: &'a Checked) -> Result<&'a Report, Flaw<'a>> {
    let flaw = |message: String| Flaw::Record(bundle, message);
    let report = checked.as_ref().map_err(|error| flaw(error.to_string()))?;
    if let Ending::Damaged { .. } = report.log.ending {
        return Err(flaw(format!("its log is {}", report.log.ending)));
    }
    let derived = match &report.derived {
        Ok(derived) => derived,
        Err(error) => return Err(flaw(error.to_string())),
    };
    if let Some(error) = &derived.programs {
        return Err(flaw(error.to_string()));
    }
    if report.log.header.episode != bundle.episode {
        return Err(flaw("its log is of another episode".to_owned()));
    }
    let participants = &report.log.header.session.participants;
    if !participants.contains(&bundle.participant) {
        return Err(flaw("the log names other participants".to_owned()));
    }
    if let Some(Certificate::Survivor { own, .. }) = report.log.certificate()
        && participants.get(own.seat.index()) != Some(&bundle.participant)
    {
        return Err(flaw(format!("its log was closed by seat {}", own.seat)));
    }
    let closed = matches!(report.log.ending, Ending::Closed(_));
    if !follows(derived, &bundle.table, closed) {
        let rows = rows(derived);
        return Err(flaw(format!("its table is not the one of {rows} rows that its log gives")));
    }
    Ok(report)
}

/// Whether a table is the one that a log gives. After a crash the two files may end at different
/// rows, since they are written one after the other: then one has to begin with the other.
fn follows(derived: &Derived, table: &[u8], closed: bool) -> bool {
    if closed {
        return derived.table == table;
    }
    let common = table.len().min(derived.table.len());
    table[..common] == derived.table[..common]
}
