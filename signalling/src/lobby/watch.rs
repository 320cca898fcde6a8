//! Round trips: to the lab, and between players while they play.

use super::{ConnectionId, Lobby, ROUND_TRIPS, Stage};
use crate::study::outward;
use dyad_experiment::Outcome;
use dyad_experiment::rules::WatchRtt;
use dyad_matchmaking::{self as matchmaking, Timestamp};
use dyad_protocol::lobby::FromLab;
use dyad_protocol::report::Report;
use dyad_protocol::{ParticipantId, SessionId};
use std::collections::{BTreeMap, VecDeque};

/// Whose last round trips were too long, during one game.
#[derive(Debug, Default)]
pub(super) struct Watch(BTreeMap<ParticipantId, (SessionId, VecDeque<bool>)>);

/// What follows from one more measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Warn,
    End,
}

impl Watch {
    fn measured(
        &mut self,
        participant: &ParticipantId,
        session: &SessionId,
        too_long: bool,
        rule: &WatchRtt,
    ) -> Step {
        let fresh = || (session.clone(), VecDeque::new());
        let (of, last) = self.0.entry(participant.clone()).or_insert_with(fresh);
        if of != session {
            (*of, *last) = fresh();
        }
        last.push_back(too_long);
        if last.len() > usize::try_from(rule.window).unwrap_or(usize::MAX) {
            last.pop_front();
        }
        let violations = last.iter().filter(|long| **long).count();
        match violations {
            _ if !too_long => Step::Nothing,
            many if many >= usize::try_from(rule.violations).unwrap_or(usize::MAX) => Step::End,
            1 => Step::Warn,
            _ => Step::Nothing,
        }
    }

    pub(super) fn forget(&mut self, participant: &ParticipantId) {
        self.0.remove(participant);
    }
}

impl Lobby {
    pub(super) fn watch_report(&mut self, participant: &ParticipantId, report: &Report) {
        let Some(rule) = self.study.experiment.rules.watch_rtt.clone() else { return };
        let theirs = self.person(participant).and_then(|person| person.session.as_ref());
        let (Some(rtt_us), true) = (report.connection.rtt_us, theirs == Some(&report.session))
        else {
            return;
        };
        if self.over.get(participant).is_some_and(|(session, ..)| *session == report.session) {
            return;
        }
        let too_long = u128::from(rtt_us) > rule.most.as_micros();
        match self.watch.measured(participant, &report.session, too_long, &rule) {
            Step::Nothing => {}
            Step::Warn => self.tell(participant, FromLab::Warning { message: rule.warning }),
            Step::End => {
                let (session, outcome) = (report.session.clone(), Outcome::Excluded);
                let message = rule.message;
                let why = (session.clone(), outcome, message.clone());
                self.over.insert(participant.clone(), why);
                let outcome = outward(outcome);
                self.tell(participant, FromLab::Over { session, outcome, message });
            }
        }
    }

    pub(super) fn round_trip(&mut self, now: Timestamp, id: ConnectionId, rtt_ms: u32) {
        let Some(connection) = self.undismissed(id) else { return };
        connection.round_trips.push_back(rtt_ms);
        if connection.round_trips.len() > ROUND_TRIPS {
            connection.round_trips.pop_front();
        }
        let Stage::Admitted(client) = &connection.stage else { return };
        let participant = client.participant.clone();
        let rtt_ms = self.median(id);
        let event = matchmaking::Event::RoundTrip { participant: participant.clone(), rtt_ms };
        self.arrange(now, event);
        self.try_screening(now, id, &participant);
    }

    /// The median round trip of a connection to the lab.
    pub(super) fn median(&self, id: ConnectionId) -> Option<u32> {
        let mut sorted: Vec<u32> = self.connections.get(&id)?.round_trips.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, Watch};
    use dyad_experiment::rules::WatchRtt;
    use std::time::Duration;

    #[test]
    fn the_first_violation_warns_and_n_of_m_end_it() {
        let rule = WatchRtt {
            most: Duration::from_millis(100),
            window: 4,
            violations: 3,
            warning: None,
            message: None,
        };
        let mut watch = Watch::default();
        let (who, session) = ("p-1".parse().unwrap(), "s-1".parse().unwrap());
        let mut steps = |long: &[bool]| {
            let step = |&long: &bool| watch.measured(&who, &session, long, &rule);
            long.iter().map(step).collect::<Vec<_>>()
        };
        use Step::{End, Nothing, Warn};
        assert_eq!(steps(&[false, true, true, false]), [Nothing, Warn, Nothing, Nothing]);
        // Only two of the last four are too long.
        assert_eq!(steps(&[false, true]), [Nothing, Nothing]);
        assert_eq!(steps(&[false, true, true]), [Nothing, Nothing, End]);
        let other = "s-2".parse().unwrap();
        assert_eq!(watch.measured(&who, &other, true, &rule), Warn, "another game begins anew");
    }
}
