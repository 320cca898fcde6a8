//! Which record is sent next, and when: without threads or a clock. Labs do not wait for each other,
//! and one that does not answer is asked again with growing pauses.

use super::spool::Record;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Pauses before a lab is asked again; the last one repeats.
const PAUSES: [Duration; 7] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(300),
];

/// Records that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    labs: BTreeMap<String, Lab>,
}

/// The records for one address.
#[derive(Debug, Default)]
struct Lab {
    records: VecDeque<Record>,
    failures: usize,
    /// Not before this moment.
    next: Duration,
}

impl Backlog {
    /// Adds a record behind the others for its lab, if it does not wait already.
    pub(super) fn push(&mut self, record: Record) {
        let lab = self.labs.entry(record.destination.collector().to_owned()).or_default();
        if !lab.records.contains(&record) {
            lab.records.push_back(record);
        }
    }

    /// Takes the record that is to be sent now, if there is one.
    pub(super) fn pop(&mut self, now: Duration) -> Option<Record> {
        let due = self.labs.values_mut().filter(|lab| lab.next <= now && !lab.records.is_empty());
        due.min_by_key(|lab| lab.next)?.records.pop_front()
    }

    /// When the next record is to be sent.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let waiting = self.labs.values().filter(|lab| !lab.records.is_empty());
        waiting.map(|lab| lab.next).min()
    }

    /// A record was not sent; it waits again, behind the others for its lab.
    pub(super) fn failed(&mut self, record: Record, now: Duration) {
        let lab = self.labs.entry(record.destination.collector().to_owned()).or_default();
        lab.next = now + PAUSES[lab.failures.min(PAUSES.len() - 1)];
        lab.failures += 1;
        lab.records.push_back(record);
    }

    /// A lab has answered.
    pub(super) fn answered(&mut self, record: &Record) {
        if let Some(lab) = self.labs.get_mut(record.destination.collector()) {
            lab.failures = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Backlog, PAUSES};
    use crate::record::spool::Record;
    use crate::record::tests::destination;
    use std::time::Duration;

    fn record(lab: &str, episode: u16) -> Record {
        let mut destination = destination();
        destination.lab = lab.to_owned();
        Record { destination, episode, directory: "d".into() }
    }

    #[test]
    fn a_lab_that_is_away_delays_nobody_else() {
        let mut backlog = Backlog::default();
        for record in [record("away", 0), record("away", 1), record("here", 0), record("here", 0)] {
            backlog.push(record);
        }
        let mut now = Duration::ZERO;
        let mut sent = Vec::new();
        let mut tried = Vec::new();
        for _ in 0..12 {
            now = now.max(backlog.next_deadline().unwrap_or(now));
            let Some(record) = backlog.pop(now) else { break };
            if record.destination.lab == "here" {
                backlog.answered(&record);
                sent.push(now);
            } else {
                tried.push((now, record.episode));
                backlog.failed(record, now);
            }
        }
        assert_eq!(sent, [Duration::ZERO], "one record, however often it was given");
        // All of its records in turn, ever more seldom.
        assert!(tried.iter().map(|(_, episode)| episode).eq([0, 1].iter().cycle().take(11)));
        let pauses: Vec<_> = tried.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        assert_eq!(pauses[..7], PAUSES);
        assert_eq!(pauses[9], PAUSES[6]);
    }

    #[test]
    fn who_has_answered_is_asked_at_once_the_next_time() {
        let mut backlog = Backlog::default();
        let now = Duration::from_secs(5);
        backlog.failed(record("lab", 0), now);
        for pause in &PAUSES[..3] {
            assert_eq!(backlog.pop(now), None);
            assert_eq!(backlog.next_deadline(), Some(now + *pause));
            let again = backlog.pop(now + *pause).unwrap();
            backlog.failed(again, now);
        }
        let again = backlog.pop(now + PAUSES[3]).unwrap();
        backlog.answered(&again);
        backlog.failed(again, now);
        assert_eq!(backlog.next_deadline(), Some(now + PAUSES[0]));
    }
}
