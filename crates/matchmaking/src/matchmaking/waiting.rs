//! Coming into the waiting room, leaving it, and being put into a group.

use super::Matchmaking;
use crate::event::{Effect, HandleError};
use crate::fact::{Fact, GroupReason, ProposedMember};
use crate::matchmaker::{Candidate, Group, Reservation};
use crate::participant::{Departure, Person, Place, Stage};
use crate::session::{EndReason, MatchId, Rejection, SessionState};
use crate::time::Timestamp;
use dyad_protocol::{ParticipantId, SceneId};

impl Matchmaking {
    pub(super) fn ready(
        &mut self,
        participant: ParticipantId,
        scene: SceneId,
        rtt_ms: Option<u32>,
        company: Vec<ParticipantId>,
    ) -> Result<(), HandleError> {
        let rules = self.rules.get(&scene);
        let rules = rules.ok_or_else(|| HandleError::NoSuchScene(scene.clone()))?;
        if let Some(person) = self.state.person(&participant) {
            if person.scene != scene {
                let (scene, state) = (person.scene.clone(), person.stage().state());
                return Err(HandleError::Elsewhere { participant, scene, state });
            }
            return self.ready_again(participant);
        }
        let has_partners = self.state.partners(&participant).next().is_some();
        let reserved_until = match rules.matchmaker.reservation(has_partners) {
            _ if !company.is_empty() => None,
            Reservation::None => None,
            Reservation::Ms(for_ms) => Some(self.now.plus_ms(for_ms)),
            Reservation::Forever => Some(Timestamp::NEVER),
        };
        let wait_until = rules.settings.wait_at_most_ms.map(|most| self.now.plus_ms(most));
        let place = Place(self.state.next_place());
        self.announcer.newcomer(participant.clone());
        self.commit(Fact::Arrived {
            participant,
            scene,
            place,
            rtt_ms,
            wait_until,
            reserved_until,
            company,
        })
    }

    fn ready_again(&mut self, participant: ParticipantId) -> Result<(), HandleError> {
        self.back(participant.clone())?;
        let stage = self.state.person(&participant).map(Person::stage);
        if stage == Some(Stage::Waiting) {
            self.announcer.newcomer(participant);
        } else if let Some(id) = stage.and_then(Stage::session) {
            let state = self.session(id)?.state();
            if matches!(state, SessionState::Validating | SessionState::Playing) {
                self.effects.push_back(Effect::TicketAgain { participant, id });
            }
        }
        Ok(())
    }

    pub(super) fn round_trip(
        &mut self,
        participant: ParticipantId,
        rtt_ms: Option<u32>,
    ) -> Result<(), HandleError> {
        match self.state.person(&participant) {
            Some(person) if person.rtt_ms != rtt_ms => {
                self.commit(Fact::RoundTrip { participant, rtt_ms })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn left(
        &mut self,
        participant: &ParticipantId,
        finished: bool,
    ) -> Result<(), HandleError> {
        let Some(person) = self.state.person(participant) else { return Ok(()) };
        match person.stage() {
            Stage::Playing(id) => {
                let cause = if finished { Departure::Finished } else { Departure::Left };
                return self.leave_game(id, participant, cause);
            }
            Stage::Waiting => {}
            Stage::Proposed(_) | Stage::Matched(_) => {
                self.break_up(participant, Rejection::Left)?;
            }
        }
        self.depart(participant, Departure::Left)
    }

    pub(super) fn lost(&mut self, participant: &ParticipantId) -> Result<(), HandleError> {
        let Some(person) = self.state.person(participant) else { return Ok(()) };
        let settings = self.settings(&person.scene)?;
        let grace_ms = match person.stage() {
            Stage::Playing(_) => settings.playing_grace_ms,
            _ => settings.waiting_grace_ms,
        };
        if person.away_until.is_some() {
            return Ok(());
        }
        let playing = matches!(person.stage(), Stage::Playing(_));
        let wait_until = person.wait_until;
        self.break_up(participant, Rejection::Lost)?;
        if grace_ms == 0 && !playing {
            return self.depart(participant, Departure::ConnectionLost);
        }
        let participant = participant.clone();
        self.commit(Fact::Lost { participant, until: self.now.plus_ms(grace_ms), wait_until })
    }

    pub(super) fn back(&mut self, participant: ParticipantId) -> Result<(), HandleError> {
        match self.state.person(&participant) {
            Some(person) if person.away_until.is_some() => self.commit(Fact::Back { participant }),
            _ => Ok(()),
        }
    }

    /// Somebody leaves the waiting room; this touches nobody else.
    pub(super) fn depart(
        &mut self,
        participant: &ParticipantId,
        cause: Departure,
    ) -> Result<(), HandleError> {
        self.commit(Fact::Departed { participant: participant.clone(), cause })
    }

    /// Ends what somebody is in who cannot go on with it before it has started. All of them are
    /// at their places then.
    fn break_up(
        &mut self,
        because_of: &ParticipantId,
        why: fn(ParticipantId) -> Rejection,
    ) -> Result<(), HandleError> {
        match self.state.person(because_of).map(Person::stage) {
            Some(Stage::Proposed(id)) => self.reject(id, why(because_of.clone()), Some(because_of)),
            Some(Stage::Matched(id)) => {
                let reason = EndReason::LeftBeforeStart(because_of.clone());
                self.end_before_start(id, reason, Some(because_of))
            }
            Some(Stage::Waiting | Stage::Playing(_)) | None => Ok(()),
        }
    }

    /// Asks about everybody for whom something has changed, in order of arrival.
    pub(super) fn settle(&mut self) -> Result<(), HandleError> {
        while let Some((_, participant)) = self.unsettled.pop_first() {
            let Some((scene, group)) = self.group_for(&participant) else { continue };
            self.propose(scene, group)?;
        }
        Ok(())
    }

    fn group_for(&self, participant: &ParticipantId) -> Option<(SceneId, Group)> {
        let person = self.state.person(participant)?;
        let rules = self.rules.get(&person.scene)?;
        let room = self.state.waiting_room(&person.scene, rules.settings.group_size);
        let arriving = room.available(participant)?;
        let mut group = match person.company.is_empty() {
            true => rules.matchmaker.find_group(&arriving, &room)?,
            false => room.company(&arriving, &person.company)?,
        };
        group.members.sort_by_key(|member| member.place);
        // A rule of somebody else's may be wrong; a group that cannot be is none.
        let people = |group: &[Candidate]| {
            let differ = group.windows(2).all(|two| two[0].place < two[1].place);
            differ && group.iter().all(|one| room.available(&one.participant).as_ref() == Some(one))
        };
        let right = group.members.len() == rules.settings.group_size.people()
            && group.members.contains(&arriving)
            && people(&group.members);
        right.then(|| (person.scene.clone(), group))
    }

    fn propose(&mut self, scene: SceneId, group: Group) -> Result<(), HandleError> {
        let rules = self.rules.get(&scene);
        let rules = rules.ok_or_else(|| HandleError::NoSuchScene(scene.clone()))?;
        let room = self.state.waiting_room(&scene, rules.settings.group_size);
        let passed_over = room.passed_over(&group, rules.matchmaker.as_ref());
        let waited_ms = |candidate: &Candidate| {
            let person = self.state.person(&candidate.participant);
            person.map_or(0, |person| person.since.ms_until(self.now))
        };
        let member = |candidate: Candidate| ProposedMember {
            waited_ms: waited_ms(&candidate),
            participant: candidate.participant,
            place: candidate.place,
            rtt_ms: candidate.rtt_ms,
        };
        let id: MatchId = self.state.next_match();
        // Who go on together were measured when they met.
        let probed = rules.settings.needs_probe() && group.reason != GroupReason::Company;
        let matchmaker = rules.matchmaker.name().to_owned();
        let reason = group.reason;
        let members = group.members.into_iter().map(member).collect();
        self.commit(Fact::Proposed {
            id,
            scene,
            matchmaker,
            reason,
            members,
            probed,
            passed_over,
        })?;
        if probed { self.start_probes(id) } else { self.accept(id) }
    }
}
