//! What a match log says, checked by a reader of its own that shares nothing with the state:
//! nobody is in two probes or two games at once, nobody is matched who was not measured, and
//! nobody is passed over without a reason.

use crate::fact::{Fact, GroupReason, PassedOver, ProposedMember, Record};
use crate::participant::Place;
use crate::session::{EndReason, MatchId, Rejection};
use crate::time::Timestamp;
use dyad_protocol::{ParticipantId, SceneId};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a log tells of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Of which scene.
    pub scene: SceneId,
    /// When and why these were proposed.
    pub proposed: (Timestamp, GroupReason),
    /// Who, by seat, with what the matchmaker knew of them.
    pub members: Vec<ProposedMember>,
    /// Who waited before them, and why they are not in the group.
    pub passed_over: Vec<PassedOver>,
    /// What each measured to whom.
    pub measured: BTreeMap<(ParticipantId, ParticipantId), Option<u32>>,
    /// When they were accepted.
    pub accepted: Option<Timestamp>,
    /// Why they were not.
    pub rejected: Option<Rejection>,
    /// When their game began.
    pub started: Option<Timestamp>,
    /// When and why it ended.
    pub ended: Option<(Timestamp, EndReason)>,
    probed: bool,
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// Somebody is in two probes at once.
    #[error("record {seq}: {participant} is in two probes at once")]
    TwoProbes {
        /// The record.
        seq: u64,
        /// Who.
        participant: ParticipantId,
    },
    /// Somebody is in two groups or games at once.
    #[error("record {seq}: {participant} is in {first} and {second} at once")]
    TwoGames {
        /// The record.
        seq: u64,
        /// Who.
        participant: ParticipantId,
        /// One.
        first: MatchId,
        /// The other.
        second: MatchId,
    },
    /// Two people were accepted who have not both measured.
    #[error("record {seq}: {id} was accepted without being measured")]
    NotMeasured {
        /// The record.
        seq: u64,
        /// The match.
        id: MatchId,
    },
    /// Somebody who waited was passed over without a word.
    #[error("record {seq}: {participant} was passed over without a reason")]
    PassedOver {
        /// The record.
        seq: u64,
        /// Who.
        participant: ParticipantId,
    },
    /// A record about somebody or something that is not there.
    #[error("record {seq} is about something that is not there")]
    Unknown {
        /// The record.
        seq: u64,
    },
}

/// What a log tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// All groups that were proposed.
    pub meetings: BTreeMap<MatchId, Meeting>,
    waiting: BTreeMap<SceneId, BTreeMap<Place, ParticipantId>>,
    places: BTreeMap<ParticipantId, (SceneId, Place)>,
    in_group: BTreeMap<ParticipantId, MatchId>,
    in_probe: BTreeMap<ParticipantId, (MatchId, ParticipantId)>,
}

/// People who are named as passed over; of more, the log names the first ones.
const NAMED: usize = 16;

/// Reads a log from its beginning.
///
/// # Errors
/// [`AuditError`] at the first record that cannot be right.
pub fn audit<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Audit, AuditError> {
    let mut audit = Audit::default();
    for record in records {
        audit.follow(record)?;
    }
    Ok(audit)
}

impl Audit {
    fn follow(&mut self, record: &Record) -> Result<(), AuditError> {
        let Record { seq, at, fact } = record;
        let unknown = AuditError::Unknown { seq: *seq };
        match fact {
            Fact::Arrived { participant, scene, place, .. } => {
                self.places.insert(participant.clone(), (scene.clone(), *place));
                self.wait(participant);
            }
            Fact::Departed { participant, .. } => {
                let (scene, place) = self.places.remove(participant).ok_or(unknown)?;
                self.waiting.entry(scene).or_default().remove(&place);
            }
            Fact::Proposed { .. } => self.proposed(record)?,
            Fact::ProbeStarted { id, pair, .. } => self.probe(*seq, *id, pair)?,
            Fact::ProbeReported { id, by, with, rtt_ms } => {
                let meeting = self.meetings.get_mut(id).ok_or(unknown)?;
                meeting.measured.insert((by.clone(), with.clone()), *rtt_ms);
                if meeting.measured.contains_key(&(with.clone(), by.clone())) {
                    self.in_probe.remove(by);
                    self.in_probe.remove(with);
                }
            }
            Fact::Accepted { id, .. } => {
                let meeting = self.meetings.get_mut(id).ok_or(unknown)?;
                meeting.accepted = Some(*at);
                if meeting.probed && !meeting.is_measured() {
                    return Err(AuditError::NotMeasured { seq: *seq, id: *id });
                }
            }
            Fact::Rejected { id, why } => {
                let meeting = self.meetings.get_mut(id).ok_or(unknown)?;
                meeting.rejected = Some(why.clone());
                let back = meeting.people();
                self.leave(*id, &back);
            }
            Fact::Started { id, .. } => {
                self.meetings.get_mut(id).ok_or(unknown)?.started = Some(*at);
            }
            Fact::SeatLeft { id, participant, .. } => {
                let there = self.in_group.remove(participant) == Some(*id);
                self.places.remove(participant).filter(|_| there).ok_or(unknown)?;
            }
            Fact::Ended { id, reason, back, .. } => {
                let meeting = self.meetings.get_mut(id).ok_or(unknown)?;
                meeting.ended = Some((*at, reason.clone()));
                self.leave(*id, back);
            }
            Fact::RoundTrip { .. }
            | Fact::Lost { .. }
            | Fact::Back { .. }
            | Fact::Opened { .. }
            | Fact::PairFailed { .. }
            | Fact::PairForgiven { .. }
            | Fact::Validating { .. }
            | Fact::Confirmed { .. } => {}
        }
        Ok(())
    }

    fn proposed(&mut self, Record { seq, at, fact }: &Record) -> Result<(), AuditError> {
        let Fact::Proposed { id, scene, reason, members, probed, passed_over, .. } = fact else {
            return Ok(());
        };
        let seq = *seq;
        let room = self.waiting.entry(scene.clone()).or_default();
        for ProposedMember { participant, place, .. } in members {
            if let Some(first) = self.in_group.insert(participant.clone(), *id) {
                let (participant, second) = (participant.clone(), *id);
                return Err(AuditError::TwoGames { seq, participant, first, second });
            }
            room.remove(place).ok_or(AuditError::Unknown { seq })?;
        }
        let named: BTreeSet<_> = passed_over.iter().map(|passed| &passed.participant).collect();
        let last = members.iter().map(|member| member.place).max();
        let earlier = room.iter().filter(|(place, _)| Some(**place) < last).take(NAMED);
        for (_, participant) in earlier {
            if !named.contains(participant) {
                return Err(AuditError::PassedOver { seq, participant: participant.clone() });
            }
        }
        let meeting = Meeting {
            scene: scene.clone(),
            proposed: (*at, *reason),
            members: members.clone(),
            passed_over: passed_over.clone(),
            measured: BTreeMap::new(),
            accepted: None,
            rejected: None,
            started: None,
            ended: None,
            probed: *probed,
        };
        self.meetings.insert(*id, meeting);
        Ok(())
    }

    fn probe(
        &mut self,
        seq: u64,
        id: MatchId,
        pair: &[ParticipantId; 2],
    ) -> Result<(), AuditError> {
        let [one, two] = pair;
        for (who, with) in [(one, two), (two, one)] {
            if self.in_group.get(who) != Some(&id) {
                return Err(AuditError::Unknown { seq });
            }
            if self.in_probe.insert(who.clone(), (id, with.clone())).is_some() {
                return Err(AuditError::TwoProbes { seq, participant: who.clone() });
            }
        }
        Ok(())
    }

    /// A group is no more; some of it waits again.
    fn leave(&mut self, id: MatchId, back: &[ParticipantId]) {
        self.in_probe.retain(|_, (probed, _)| *probed != id);
        let members = self.meetings.get(&id).map(Meeting::people).unwrap_or_default();
        for participant in members {
            if self.in_group.get(&participant) == Some(&id) {
                self.in_group.remove(&participant);
                match back.contains(&participant) {
                    true => self.wait(&participant),
                    false => drop(self.places.remove(&participant)),
                }
            }
        }
    }

    fn wait(&mut self, participant: &ParticipantId) {
        if let Some((scene, place)) = self.places.get(participant) {
            let room = self.waiting.entry(scene.clone()).or_default();
            room.insert(*place, participant.clone());
        }
    }
}

impl Meeting {
    fn people(&self) -> Vec<ParticipantId> {
        self.members.iter().map(|member| member.participant.clone()).collect()
    }

    /// Whether every two of them have measured, in both directions.
    fn is_measured(&self) -> bool {
        let people = self.people();
        people.iter().all(|by| {
            let with = |with: &ParticipantId| {
                let report = self.measured.get(&(by.clone(), with.clone()));
                by == with || matches!(report, Some(Some(_)))
            };
            people.iter().all(with)
        })
    }
}
