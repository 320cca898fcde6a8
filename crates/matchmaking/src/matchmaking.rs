//! The waiting room and the sessions, as one state machine: events in, effects out.

use crate::matchmaker::{Candidate, Matchmaker};
use crate::session::{EndReason, GRACE_MS, MatchId, Session, SessionState};
use crate::time::Timestamp;
use dyad_protocol::ParticipantId;
use std::collections::{BTreeMap, VecDeque};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody asks for a game. Harmless if they wait or play already.
    Ready(ParticipantId),
    /// Somebody gives up the place in the waiting room, or is done with the game.
    Left(ParticipantId),
    /// Somebody's connection to the lab is gone.
    Lost(ParticipantId),
    /// Somebody whose connection was gone is connected again.
    Back(ParticipantId),
    /// The lab has written down who belongs to this match: it can start.
    Registered(MatchId),
    /// The lab could not write down who belongs to this match.
    NotRegistered(MatchId),
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell somebody how the waiting room stands.
    Waiting {
        /// Whom.
        participant: ParticipantId,
        /// People who wait.
        waiting: u32,
        /// People that a game needs.
        needed: u32,
    },
    /// Write down who belongs to this match, then say [`Event::Registered`].
    Register {
        /// Which.
        id: MatchId,
        /// Its people, by seat.
        participants: Vec<ParticipantId>,
    },
    /// Give everybody their tickets.
    Start {
        /// Which match.
        id: MatchId,
    },
    /// Give somebody who is in a game the ticket again.
    TicketAgain {
        /// Whom.
        participant: ParticipantId,
        /// Which match.
        id: MatchId,
    },
    /// The match is over; nothing more will be said about it.
    Ended {
        /// Which.
        id: MatchId,
        /// Why.
        reason: EndReason,
        /// Those who were in it until now.
        participants: Vec<ParticipantId>,
    },
}

/// An event that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// There is no such match, or it is over.
    #[error("there is no {0}, or it is over")]
    NoSuchMatch(MatchId),
    /// The match has started already.
    #[error("{0} has started already")]
    Started(MatchId),
}

/// How often everybody in the waiting room is told how it stands, at most. Who arrives is told
/// at once.
pub const ANNOUNCE_EVERY_MS: u64 = 1000;

/// The waiting room and all sessions.
pub struct Matchmaking {
    matchmaker: Box<dyn Matchmaker>,
    grace_ms: u64,
    /// In order of arrival.
    waiting: Vec<Candidate>,
    sessions: BTreeMap<MatchId, Session>,
    /// The session of everybody who is in one.
    playing: BTreeMap<ParticipantId, MatchId>,
    next: u64,
    room_changed: bool,
    announced: Option<Timestamp>,
    effects: VecDeque<Effect>,
}

impl Matchmaking {
    /// An empty waiting room.
    #[must_use]
    pub fn new(matchmaker: Box<dyn Matchmaker>) -> Self {
        Self {
            matchmaker,
            grace_ms: GRACE_MS,
            waiting: Vec::new(),
            sessions: BTreeMap::new(),
            playing: BTreeMap::new(),
            next: 0,
            room_changed: false,
            announced: None,
            effects: VecDeque::new(),
        }
    }

    /// With another time for which somebody whose connection to the lab is gone counts as playing.
    /// It has to be longer than the game itself waits for them.
    #[must_use]
    pub fn with_grace(self, grace_ms: u64) -> Self {
        Self { grace_ms, ..self }
    }

    /// Takes in one event. Drain [`Self::poll_effect`] afterwards.
    ///
    /// # Errors
    /// [`HandleError`] for an event that cannot be; nothing has changed then.
    pub fn handle(&mut self, now: Timestamp, event: Event) -> Result<(), HandleError> {
        match event {
            Event::Ready(participant) => self.ready(now, participant),
            Event::Left(participant) => self.left(&participant),
            Event::Lost(participant) => self.lost(now, &participant),
            Event::Back(participant) => self.back(&participant),
            Event::Registered(id) => self.registered(id)?,
            Event::NotRegistered(id) => self.not_registered(id)?,
        }
        self.form_groups(now);
        self.announce_if_due(now);
        Ok(())
    }

    /// Does what is due by now. Harmless if nothing is. Drain [`Self::poll_effect`] afterwards.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let overdue: Vec<_> =
            self.sessions.values().flat_map(|session| session.overdue(now)).collect();
        for participant in overdue {
            self.left(&participant);
        }
        self.announce_if_due(now);
    }

    /// When [`Self::handle_timeout`] has something to do, if no event comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let announcement = self.room_changed.then(|| self.announcement_due());
        self.sessions.values().filter_map(Session::next_deadline).chain(announcement).min()
    }

    /// The next thing to do, in order; `None` when all is done.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// How many people wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How far a match is; `None` if there is none, or if it is over.
    #[must_use]
    pub fn state(&self, id: MatchId) -> Option<SessionState> {
        self.sessions.get(&id).map(Session::state)
    }

    fn ready(&mut self, now: Timestamp, participant: ParticipantId) {
        if let Some((id, session)) = self.session_of(&participant) {
            if session.state() == SessionState::Playing {
                self.effects.push_back(Effect::TicketAgain { participant, id });
            }
            return;
        }
        if !self.waiting.iter().any(|candidate| candidate.participant == participant) {
            self.waiting.push(Candidate { participant: participant.clone(), since: now });
            self.room_changed = true;
        }
        if self.waiting.len() < usize::from(self.matchmaker.group_size().get()) {
            self.tell(participant);
        }
    }

    fn left(&mut self, participant: &ParticipantId) {
        self.leave_room(participant);
        let Some((id, session)) = self.session_of(participant) else { return };
        match session.state() {
            SessionState::Matched => self.abandon(id, participant),
            SessionState::Playing => {
                session.leave(participant);
                self.playing.remove(participant);
                self.end_if_deserted(id);
            }
        }
    }

    fn lost(&mut self, now: Timestamp, participant: &ParticipantId) {
        let until = now.plus_ms(self.grace_ms);
        match self.session_of(participant) {
            Some((_, session)) if session.state() == SessionState::Playing => {
                session.lose(participant, until);
            }
            // A place in the waiting room is for people who can be reached.
            Some(_) | None => self.left(participant),
        }
    }

    fn back(&mut self, participant: &ParticipantId) {
        if let Some((_, session)) = self.session_of(participant) {
            session.find_again(participant);
        }
    }

    fn registered(&mut self, id: MatchId) -> Result<(), HandleError> {
        let session = self.sessions.get_mut(&id).ok_or(HandleError::NoSuchMatch(id))?;
        if !session.start() {
            return Err(HandleError::Started(id));
        }
        self.effects.push_back(Effect::Start { id });
        Ok(())
    }

    fn not_registered(&mut self, id: MatchId) -> Result<(), HandleError> {
        match self.state(id) {
            None => return Err(HandleError::NoSuchMatch(id)),
            Some(SessionState::Playing) => return Err(HandleError::Started(id)),
            Some(SessionState::Matched) => {}
        }
        self.end(id, EndReason::NotRegistered);
        Ok(())
    }

    /// Ends a match that has not started; everybody but `leaver` is back at their place.
    fn abandon(&mut self, id: MatchId, leaver: &ParticipantId) {
        let Some(session) = self.end(id, EndReason::LeftBeforeStart(leaver.clone())) else {
            return;
        };
        // Backwards, so that people who came in the same millisecond keep their order.
        for candidate in session.into_candidates().rev() {
            if &candidate.participant != leaver {
                let place = self.waiting.partition_point(|other| other.since < candidate.since);
                self.waiting.insert(place, candidate);
            }
        }
        self.room_changed = true;
    }

    fn end_if_deserted(&mut self, id: MatchId) {
        if self.sessions.get(&id).is_some_and(Session::is_deserted) {
            self.end(id, EndReason::EverybodyLeft);
        }
    }

    /// The one place where sessions end.
    fn end(&mut self, id: MatchId, reason: EndReason) -> Option<Session> {
        let session = self.sessions.remove(&id)?;
        let participants = session.participants();
        self.playing.retain(|_, playing| *playing != id);
        self.effects.push_back(Effect::Ended { id, reason, participants });
        Some(session)
    }

    fn leave_room(&mut self, participant: &ParticipantId) {
        let before = self.waiting.len();
        self.waiting.retain(|candidate| &candidate.participant != participant);
        self.room_changed |= self.waiting.len() != before;
    }

    fn session_of(&mut self, participant: &ParticipantId) -> Option<(MatchId, &mut Session)> {
        let id = *self.playing.get(participant)?;
        self.sessions.get_mut(&id).map(|session| (id, session))
    }

    /// The one place where sessions begin.
    fn form_groups(&mut self, now: Timestamp) {
        while let Some(group) = self.matchmaker.propose(now, &self.waiting) {
            let members: Vec<Candidate> =
                group.iter().map(|&index| self.waiting[index].clone()).collect();
            self.waiting.retain(|candidate| !members.contains(candidate));
            let session = Session::new(members);
            let participants = session.participants();
            let id = MatchId(self.next);
            self.next += 1;
            self.playing.extend(participants.iter().map(|participant| (participant.clone(), id)));
            self.sessions.insert(id, session);
            self.room_changed = true;
            self.effects.push_back(Effect::Register { id, participants });
        }
    }

    fn announcement_due(&self) -> Timestamp {
        self.announced.map_or(Timestamp(0), |last| last.plus_ms(ANNOUNCE_EVERY_MS))
    }

    fn announce_if_due(&mut self, now: Timestamp) {
        if self.room_changed && self.announcement_due() <= now {
            self.room_changed = false;
            self.announced = Some(now);
            let everybody: Vec<_> =
                self.waiting.iter().map(|candidate| candidate.participant.clone()).collect();
            everybody.into_iter().for_each(|participant| self.tell(participant));
        }
    }

    fn tell(&mut self, participant: ParticipantId) {
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        let needed = u32::from(self.matchmaker.group_size().get());
        self.effects.push_back(Effect::Waiting { participant, waiting, needed });
    }
}
