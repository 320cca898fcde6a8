//! How each fact changes the state. Nothing else does.

use super::{Illegal, State};
use crate::fact::{Fact, ProposedMember};
use crate::participant::{Departure, ParticipantState, Person, Place, Stage};
use crate::session::{MatchId, Member, Presence, Progress, Session, SessionState};
use crate::time::Timestamp;
use dyad_protocol::{ParticipantId, SceneId};

impl State {
    /// Takes in what happened.
    ///
    /// # Errors
    /// [`Illegal`] for a fact that cannot follow what happened before. The state is to be thrown
    /// away then: a part of the fact may be in it.
    pub fn apply(&mut self, at: Timestamp, fact: &Fact) -> Result<(), Illegal> {
        match fact {
            Fact::Arrived {
                participant,
                scene,
                place,
                rtt_ms,
                wait_until,
                reserved_until,
                company,
            } => {
                let mut person = Person::waiting(scene.clone(), *place, at);
                person.rtt_ms = *rtt_ms;
                person.wait_until = *wait_until;
                person.reserved_until = *reserved_until;
                person.company.clone_from(company);
                self.arrive(participant, person)?;
            }
            Fact::RoundTrip { participant, rtt_ms } => {
                self.edit_person(participant, |person| person.rtt_ms = *rtt_ms)?;
            }
            Fact::Lost { participant, until, wait_until } => {
                self.edit_person(participant, |person| {
                    person.away_until = Some(*until);
                    person.wait_until = *wait_until;
                })?;
            }
            Fact::Back { participant } => {
                self.edit_person(participant, |person| person.away_until = None)?;
            }
            Fact::Opened { participant } => {
                self.edit_person(participant, |person| person.reserved_until = None)?;
            }
            Fact::Departed { participant, cause: _ } => self.go(participant)?,
            Fact::Proposed { id, scene, members, probed, .. } => {
                self.propose(*id, scene, members, *probed)?;
            }
            Fact::ProbeStarted { id, seats, until, .. } => {
                let running = Progress::Running { until: *until, reports: [None; 2] };
                self.probe(*id, *seats, |before| (before == Progress::Pending).then_some(running))?;
            }
            Fact::ProbeReported { id, by, with, rtt_ms } => {
                self.report(*id, by, with, *rtt_ms)?;
            }
            Fact::PairFailed { pair, until, .. } => self.fail(pair, *until),
            Fact::PairForgiven { pair } => self.forgive(pair),
            Fact::Accepted { id, .. } => {
                self.advance(*id, SessionState::Matched, Stage::Matched)?;
            }
            Fact::Rejected { id, why: _ } => {
                let back = self.session_or(*id)?.participants();
                self.end(*id, &back)?;
            }
            Fact::Validating { id, until } => {
                self.advance(*id, SessionState::Validating, Stage::Matched)?;
                self.edit_session(*id, |session| session.validate_until = Some(*until))?;
            }
            Fact::Confirmed { id, by, of } => {
                self.edit_session(*id, |session| session.confirmed.push([*by, *of]))?;
            }
            Fact::Started { id, remembered } => self.start(*id, *remembered)?,
            Fact::SeatLeft { id, participant, cause } => {
                self.leave(*id, participant, *cause)?;
            }
            Fact::Ended { id, back, .. } => self.end(*id, back)?,
        }
        self.next_record += u64::from(fact.is_lasting());
        Ok(())
    }

    fn arrive(&mut self, participant: &ParticipantId, person: Person) -> Result<(), Illegal> {
        let Place(place) = person.place;
        if let Some(here) = self.persons.get(participant) {
            let (from, to) = (here.stage().state(), ParticipantState::Waiting);
            return Err(Illegal::Participant { participant: participant.clone(), from, to });
        }
        if place < self.next_place {
            return Err(Illegal::GivenBefore(place));
        }
        self.next_place = place + 1;
        self.index.insert_person(participant, &person);
        self.persons.insert(participant.clone(), person);
        Ok(())
    }

    /// Somebody is not here any more.
    fn go(&mut self, participant: &ParticipantId) -> Result<(), Illegal> {
        let nobody = || Illegal::NobodyHere(participant.clone());
        let person = self.persons.get(participant).ok_or_else(nobody)?;
        person.check(participant, ParticipantState::Idle)?;
        self.index.remove_person(participant, person);
        self.persons.remove(participant);
        Ok(())
    }

    fn propose(
        &mut self,
        id: MatchId,
        scene: &SceneId,
        members: &[ProposedMember],
        probed: bool,
    ) -> Result<(), Illegal> {
        if id.0 < self.next_match {
            return Err(Illegal::GivenBefore(id.0));
        }
        self.next_match = id.0 + 1;
        for member in members {
            self.put(&member.participant, Stage::Proposed(id))?;
        }
        let member = |member: &ProposedMember| Member {
            participant: member.participant.clone(),
            place: member.place,
            presence: Presence::Here,
        };
        let members = members.iter().map(member).collect();
        self.sessions.insert(id, Session::proposed(scene.clone(), members, probed));
        Ok(())
    }

    fn start(&mut self, id: MatchId, remembered: bool) -> Result<(), Illegal> {
        let members = self.advance(id, SessionState::Playing, Stage::Playing)?;
        self.edit_session(id, |session| session.validate_until = None)?;
        if remembered {
            self.remember(&members);
        }
        Ok(())
    }

    fn leave(
        &mut self,
        id: MatchId,
        participant: &ParticipantId,
        cause: Departure,
    ) -> Result<(), Illegal> {
        let finished = cause == Departure::Finished;
        let presence = if finished { Presence::Finished } else { Presence::Left };
        self.set_presence(id, participant, presence)?;
        self.go(participant)
    }

    fn report(
        &mut self,
        id: MatchId,
        by: &ParticipantId,
        with: &ParticipantId,
        rtt_ms: Option<u32>,
    ) -> Result<(), Illegal> {
        let session = self.session_or(id)?;
        let seats = session.seat(by).zip(session.seat(with)).ok_or(Illegal::NotInMatch(id))?;
        let pair = [seats.0.min(seats.1), seats.0.max(seats.1)];
        let side = usize::from(seats.0 > seats.1);
        self.probe(id, pair, |progress| match progress {
            Progress::Running { until, mut reports } => {
                reports[side] = rtt_ms;
                Some(match reports {
                    [Some(one), Some(two)] => Progress::Done { rtt_ms: one.max(two) },
                    _ => Progress::Running { until, reports },
                })
            }
            Progress::Pending | Progress::Done { .. } => None,
        })
    }

    /// Changes a pair's probe.
    fn probe(
        &mut self,
        id: MatchId,
        seats: [u8; 2],
        next: impl FnOnce(Progress) -> Option<Progress>,
    ) -> Result<(), Illegal> {
        let session = self.sessions.get_mut(&id).ok_or(Illegal::NoSuchMatch(id))?;
        self.index.remove_session(id, session);
        let probe = session.probes.iter_mut().find(|probe| probe.seats == seats);
        let done = probe.and_then(|probe| Some((next(probe.progress)?, probe)));
        let done = done.map(|(progress, probe)| probe.progress = progress);
        self.index.insert_session(id, session);
        done.ok_or(Illegal::NotInMatch(id))
    }

    /// Takes a session and everybody in it a state further; says who that is.
    fn advance(
        &mut self,
        id: MatchId,
        state: SessionState,
        stage: fn(MatchId) -> Stage,
    ) -> Result<Vec<ParticipantId>, Illegal> {
        let session = self.sessions.get_mut(&id).ok_or(Illegal::NoSuchMatch(id))?;
        session.become_(id, state)?;
        let members = session.participants();
        for participant in &members {
            let nobody = || Illegal::NobodyHere(participant.clone());
            let person = self.persons.get(participant).ok_or_else(nobody)?;
            // A session is checked while its people are matched.
            if person.stage() != stage(id) {
                self.put(participant, stage(id))?;
            }
        }
        Ok(members)
    }

    /// The one place where sessions end.
    fn end(&mut self, id: MatchId, back: &[ParticipantId]) -> Result<(), Illegal> {
        let members: Vec<_> = self.session_or(id)?.present().cloned().collect();
        for participant in &members {
            match back.contains(participant) {
                true => self.put(participant, Stage::Waiting)?,
                false => self.go(participant)?,
            }
        }
        let Some(mut session) = self.sessions.remove(&id) else { return Ok(()) };
        self.index.remove_session(id, &session);
        session.become_(id, SessionState::Ended)
    }

    fn fail(&mut self, pair: &[ParticipantId; 2], until: Option<Timestamp>) {
        self.forgive(pair);
        let [one, two] = pair;
        for (of, with) in [(one, two), (two, one)] {
            self.failed.entry(of.clone()).or_default().insert(with.clone(), until);
        }
        if let Some(until) = until {
            self.index.insert_failed(sorted(pair), until);
        }
    }

    fn forgive(&mut self, pair: &[ParticipantId; 2]) {
        let [one, two] = pair;
        for (of, with) in [(one, two), (two, one)] {
            let Some(failed) = self.failed.get_mut(of) else { continue };
            if let Some(Some(until)) = failed.remove(with) {
                self.index.remove_failed(sorted(pair), until);
            }
            if failed.is_empty() {
                self.failed.remove(of);
            }
        }
    }

    fn remember(&mut self, members: &[ParticipantId]) {
        for one in members {
            let others = members.iter().filter(|other| *other != one).cloned();
            self.partners.entry(one.clone()).or_default().extend(others);
        }
    }

    fn set_presence(
        &mut self,
        id: MatchId,
        participant: &ParticipantId,
        presence: Presence,
    ) -> Result<(), Illegal> {
        let seat = self.session_or(id)?.seat(participant).ok_or(Illegal::NotInMatch(id))?;
        self.edit_session(id, |session| {
            if let Some(member) = session.members.get_mut(usize::from(seat)) {
                member.presence = presence;
            }
        })
    }

    fn session_or(&self, id: MatchId) -> Result<&Session, Illegal> {
        self.sessions.get(&id).ok_or(Illegal::NoSuchMatch(id))
    }

    fn put(&mut self, participant: &ParticipantId, stage: Stage) -> Result<(), Illegal> {
        self.edit_person(participant, |person| person.become_(participant, stage))?
    }

    fn edit_person<T>(
        &mut self,
        participant: &ParticipantId,
        edit: impl FnOnce(&mut Person) -> T,
    ) -> Result<T, Illegal> {
        let person = self.persons.get_mut(participant);
        let person = person.ok_or_else(|| Illegal::NobodyHere(participant.clone()))?;
        self.index.remove_person(participant, person);
        let result = edit(person);
        self.index.insert_person(participant, person);
        Ok(result)
    }

    fn edit_session(
        &mut self,
        id: MatchId,
        edit: impl FnOnce(&mut Session),
    ) -> Result<(), Illegal> {
        let session = self.sessions.get_mut(&id).ok_or(Illegal::NoSuchMatch(id))?;
        self.index.remove_session(id, session);
        edit(session);
        self.index.insert_session(id, session);
        Ok(())
    }
}

fn sorted(pair: &[ParticipantId; 2]) -> [ParticipantId; 2] {
    let mut pair = pair.clone();
    pair.sort();
    pair
}
