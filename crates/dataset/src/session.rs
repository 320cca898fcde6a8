//! One session: what the lab wrote down of it, its records, and what examining them gives.

use crate::local::{self, Summary};
use dyad_collector::settle::Finding;
use dyad_collector::{Registration, examine};
use dyad_gridworld::Settings;
use dyad_protocol::ParticipantId;
use dyad_protocol::records::{Receipt, Verdict};
use dyad_recording::Bundle;
use dyad_recording::log::{Certificate, Ending, StartError};
use dyad_recording::replay::{Derived, ReplayError};
use dyad_recording::verify::{Checked, Report};
use serde::{Deserialize, Serialize};

/// What the lab wrote down of a session: `session.json` in a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The session and who belongs to it.
    #[serde(flatten)]
    pub registration: Registration,
    /// When it was registered, milliseconds since 1970.
    pub registered_ms: u64,
    /// The receipts of the records that are here, by episode and participant.
    pub receipts: Vec<Receipt>,
    /// What the lab has found of episodes besides their verdicts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<(u16, Finding)>,
}

/// A session with its records.
#[derive(Clone, Debug)]
pub struct Session {
    /// What the lab wrote down.
    pub entry: Entry,
    /// The episodes that somebody has sent, in order.
    pub episodes: Vec<Episode>,
}

/// All records of an episode, with their logs checked and simulated.
#[derive(Clone, Debug)]
pub struct Episode {
    /// The episode, from 0.
    pub number: u16,
    /// The records.
    pub bundles: Vec<Bundle>,
    /// What checking their logs gave, in the same order.
    pub checked: Vec<Checked>,
    /// What their computers saw, in the same order.
    pub local: Vec<Result<Summary, local::Flaw>>,
    /// What came as a record and is none.
    pub unsound: Vec<Unsound>,
    /// Why nothing can be said of the logs, if that is so.
    pub failure: Option<String>,
}

/// Something that came under the name of a record and cannot be unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsound {
    /// From whom.
    pub participant: ParticipantId,
    /// What came.
    pub archive: Vec<u8>,
    /// Why it is no record.
    pub flaw: String,
}

/// An episode, examined.
#[derive(Debug)]
pub struct Examined<'a> {
    /// The episode.
    pub episode: &'a Episode,
    /// The verdict on it.
    pub verdict: Verdict,
    /// How many rows all sides have; they are the first ones of every log's table.
    pub common: usize,
}

/// What is known of one record, for the table of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFacts {
    /// How its log ends, in the codebook's words; empty without a log.
    pub ending: &'static str,
    /// Rows of the table that the log leads to.
    pub rows: u64,
    /// Frames of the log.
    pub frames: u64,
    /// Holds in the log.
    pub interruptions: u64,
    /// The head of the log's chain; empty without a log.
    pub chain: String,
    /// What its computer saw.
    pub local: Option<Result<Summary, local::Flaw>>,
}

impl Episode {
    /// An episode of records that were unpacked, and of others that could not be.
    #[must_use]
    pub fn new(number: u16, bundles: Vec<Bundle>, unsound: Vec<Unsound>) -> Self {
        let logs: Vec<_> = bundles.iter().map(|bundle| bundle.log.as_slice()).collect();
        let (checked, failure) = match examine::check(&logs) {
            Ok(checked) => (checked, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        let local = bundles.iter().map(|bundle| local::summary(&bundle.local)).collect();
        Self { number, bundles, checked, local, unsound, failure }
    }

    /// The report on a bundle's log.
    #[must_use]
    pub fn report(&self, bundle: usize) -> Option<&Report> {
        self.checked.get(bundle)?.as_deref().ok()
    }

    /// The table that a bundle's log leads to.
    #[must_use]
    pub fn derived(&self, bundle: usize) -> Option<&Derived> {
        self.report(bundle)?.derived.as_ref().ok()
    }

    fn reports(&self) -> impl Iterator<Item = &Report> {
        self.checked.iter().filter_map(|checked| checked.as_deref().ok())
    }

    fn verdict(&self, registration: &Registration) -> Verdict {
        let message = match (self.unsound.first(), &self.failure) {
            (Some(Unsound { participant, flaw, .. }), _) => {
                format!("record of {participant}: {flaw}")
            }
            (None, Some(failure)) => failure.clone(),
            (None, None) => return examine::weigh(registration, &self.bundles, &self.checked),
        };
        Verdict::Invalid { message }
    }

    /// How many rows all sides have, by the bytes of the tables that their logs lead to.
    fn common(&self, verdict: &Verdict) -> usize {
        let until = match verdict {
            Verdict::Invalid { .. } | Verdict::OneSideOnly { .. } => return 0,
            Verdict::Diverged { frame, .. } => *frame,
            _ => u32::MAX,
        };
        let tables: Option<Vec<_>> = (0..self.bundles.len()).map(|at| self.derived(at)).collect();
        let Some([first, others @ ..]) = tables.as_deref() else { return 0 };
        let before = first.rows.partition_point(|row| row.frame < until);
        others.iter().fold(before, |rows, other| equal_rows(first, other).min(rows))
    }
}

impl Session {
    /// Judges all episodes.
    #[must_use]
    pub fn examine(&self) -> Vec<Examined<'_>> {
        let examine = |episode: &'_ Episode| {
            let verdict = episode.verdict(&self.entry.registration);
            (episode.common(&verdict), verdict)
        };
        let episodes = self.episodes.iter().map(|episode| (episode, examine(episode)));
        episodes.map(|(episode, (common, verdict))| Examined { episode, verdict, common }).collect()
    }

    /// The game's settings, the program that wrote the logs and the version of its rules, by the
    /// first log that is one.
    #[must_use]
    pub fn played(&self) -> Option<(Settings, &str, u16)> {
        let header = &self.episodes.iter().flat_map(Episode::reports).next()?.log.header;
        let settings = serde_json::from_str(&header.settings).ok()?;
        Some((settings, &header.session.program, header.rules))
    }

    /// Whether some participant's log does not continue the one before it, in words. Every log
    /// names the head of the chain of the one before; where that was closed by all, they must fit.
    #[must_use]
    pub fn unlinked(&self) -> Option<String> {
        let pairs = self.episodes.iter().zip(self.episodes.iter().skip(1));
        let mut pairs = pairs.filter(|(a, b)| a.number.checked_add(1) == Some(b.number));
        pairs.find_map(|(earlier, later)| {
            let mut bundles = later.bundles.iter().enumerate();
            let (_, bundle) =
                bundles.find(|(at, bundle)| is_unlinked(earlier, later, *at, bundle))?;
            let whose = &bundle.participant;
            let (episode, before) = (later.number, earlier.number);
            Some(format!(
                "the log of {whose} of episode {episode} does not continue that of episode {before}"
            ))
        })
    }

    /// The version of other rules, if a log was written under others than this program has.
    #[must_use]
    pub fn foreign_rules(&self) -> Option<u16> {
        let mut reports = self.episodes.iter().flat_map(Episode::reports);
        reports.find_map(|report| match report.derived {
            Err(ReplayError::Start(StartError::Rules(version))) => Some(version),
            _ => None,
        })
    }
}

/// Whether a log was made after another than the one that is here.
fn is_unlinked(earlier: &Episode, later: &Episode, at: usize, bundle: &Bundle) -> bool {
    let before = earlier.bundles.iter().position(|it| it.participant == bundle.participant);
    let before = before.and_then(|before| earlier.report(before));
    let (Some(before), Some(after)) = (before, later.report(at)) else { return false };
    let closed = matches!(before.log.ending, Ending::Closed(Certificate::Complete { .. }));
    closed && after.log.header.previous != before.log.chain
}

/// How many rows two tables have in common, from the first on.
fn equal_rows(a: &Derived, b: &Derived) -> usize {
    if a.table == b.table {
        return a.rows.len();
    }
    let same = a.table.iter().zip(&b.table).take_while(|(a, b)| a == b).count();
    // A row is common if it ends within the equal bytes.
    let whole =
        |table: &Derived| (0..table.rows.len()).take_while(|row| end(table, *row) <= same).count();
    whole(a).min(whole(b))
}

/// Where a row ends in its table.
#[must_use]
pub fn end(table: &Derived, row: usize) -> usize {
    table.rows.get(row + 1).map_or(table.table.len(), |next| next.start)
}

impl Episode {
    /// Whether somebody's record has the episode's last row.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.reports().any(Report::is_finished)
    }

    /// The greatest number of rows in a record.
    #[must_use]
    pub fn longest(&self) -> u32 {
        self.reports().map(Report::rows).max().unwrap_or(0)
    }

    /// What is known of a bundle.
    #[must_use]
    pub fn facts(&self, bundle: usize) -> RecordFacts {
        let local = self.local.get(bundle).copied();
        let Some(report) = self.report(bundle) else {
            return RecordFacts { local, ..RecordFacts::default() };
        };
        RecordFacts {
            ending: match report.log.ending {
                Ending::Closed(Certificate::Complete { .. }) => "complete",
                Ending::Closed(Certificate::Survivor { .. }) => "one_side",
                Ending::Cut { .. } => "cut",
                Ending::Damaged { .. } => "damaged",
            },
            rows: report.rows().into(),
            frames: count(report.log.frames.len()),
            interruptions: count(report.log.holds.len()),
            chain: report.log.chain.to_string(),
            local,
        }
    }
}

/// A length as a number of 64 bits.
#[must_use]
pub fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
