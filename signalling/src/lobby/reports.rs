//! What clients report while they play: the newest of everybody, for people who watch, and on its
//! way to the store. Of what comes faster than it can be stored only the newest counts.

use dyad_matchmaking::Timestamp;
use dyad_protocol::ParticipantId;
use dyad_protocol::report::Report;
use std::collections::{BTreeMap, BTreeSet};

/// How often reports go to the store, all that are new at once.
pub const STORE_EVERY_MS: u64 = 1000;

/// How long a participant's last report is kept when no other follows.
pub const KEEP_MS: u64 = 600_000;

/// Reports and whom they are from.
pub type Batch = Vec<(ParticipantId, Report)>;

/// A participant's newest report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// What it says.
    pub report: Report,
    /// When it came.
    pub at: Timestamp,
}

/// The newest report of everybody who plays, or played a short while ago.
#[derive(Debug, Default)]
pub struct Reports {
    latest: BTreeMap<ParticipantId, Latest>,
    /// Whose newest one has not gone to the store yet.
    changed: BTreeSet<ParticipantId>,
    /// A batch is on its way; the next one waits for its arrival.
    storing: bool,
    /// When the next batch may go.
    due: Timestamp,
}

impl Reports {
    /// The newest report of a participant.
    #[must_use]
    pub fn of(&self, participant: &ParticipantId) -> Option<&Latest> {
        self.latest.get(participant)
    }

    /// The newest reports of all, by participant.
    pub fn all(&self) -> impl Iterator<Item = (&ParticipantId, &Latest)> {
        self.latest.iter()
    }

    pub(super) fn take(&mut self, now: Timestamp, participant: ParticipantId, report: Report) {
        self.latest.insert(participant.clone(), Latest { report, at: now });
        self.changed.insert(participant);
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        (!self.storing && !self.changed.is_empty()).then_some(self.due)
    }

    /// What is to be stored now, if anything is.
    pub(super) fn poll(&mut self, now: Timestamp) -> Option<Batch> {
        if self.next_deadline().is_none_or(|due| now < due) {
            return None;
        }
        self.storing = true;
        self.due = now.plus_ms(STORE_EVERY_MS);
        let batch = self.last();
        self.latest.retain(|_, latest| now < latest.at.plus_ms(KEEP_MS));
        batch
    }

    /// What is to be stored before the lab stops, if anything is.
    pub(super) fn last(&mut self) -> Option<Batch> {
        let changed = std::mem::take(&mut self.changed);
        let newest = |participant: ParticipantId| {
            let report = self.latest.get(&participant)?.report.clone();
            Some((participant, report))
        };
        let batch: Batch = changed.into_iter().filter_map(newest).collect();
        (!batch.is_empty()).then_some(batch)
    }

    /// The last batch is stored, or cannot be.
    pub(super) const fn stored(&mut self) {
        self.storing = false;
    }
}
