//! Waiting rooms and sessions, as one state machine: events in, records and effects out.

mod announce;
mod due;
mod playing;
mod probing;
mod restore;
mod waiting;

pub use announce::ANNOUNCE_EVERY_MS;
pub use restore::{RESTART_GRACE_MS, RestoreError};

use crate::event::{Effect, Event, HandleError, RoomStatus};
use crate::fact::{Fact, Record};
use crate::matchmaker::Matchmaker;
use crate::participant::{ParticipantState, Place};
use crate::session::{MatchId, Session, SessionState};
use crate::settings::RoomSettings;
use crate::state::State;
use crate::time::Timestamp;
use announce::Announcer;
use dyad_protocol::{ParticipantId, SceneId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Debug)]
struct Rules {
    settings: RoomSettings,
    matchmaker: Box<dyn Matchmaker>,
}

/// The waiting rooms of a study, and all sessions.
#[derive(Debug)]
pub struct Matchmaking {
    rules: BTreeMap<SceneId, Rules>,
    state: State,
    now: Timestamp,
    /// People for whom something has changed, so that there may be a group for them now. Empty
    /// between two calls.
    unsettled: BTreeSet<(Place, ParticipantId)>,
    announcer: Announcer,
    records: VecDeque<Record>,
    effects: VecDeque<Effect>,
}

impl Matchmaking {
    /// Empty waiting rooms, one for each scene.
    #[must_use]
    pub fn new(rooms: impl IntoIterator<Item = RoomSettings>) -> Self {
        let rules = |settings: RoomSettings| {
            let matchmaker = settings.matchmaker.build();
            (settings.scene.clone(), Rules { settings, matchmaker })
        };
        Self {
            rules: rooms.into_iter().map(rules).collect(),
            state: State::default(),
            now: Timestamp::default(),
            unsettled: BTreeSet::new(),
            announcer: Announcer::default(),
            records: VecDeque::new(),
            effects: VecDeque::new(),
        }
    }

    /// With a rule of one's own for a scene. Nothing changes for a scene that there is not.
    #[must_use]
    pub fn with_matchmaker(mut self, scene: &SceneId, matchmaker: Box<dyn Matchmaker>) -> Self {
        if let Some(rules) = self.rules.get_mut(scene) {
            rules.matchmaker = matchmaker;
        }
        self
    }

    /// Takes in one event. What is due by now is done first, so it does not matter whether
    /// [`Self::handle_timeout`] was called in time. A time before an earlier one counts as that
    /// one. Drain [`Self::poll_record`] and [`Self::poll_effect`] afterwards, in this order, even
    /// after an error.
    ///
    /// # Errors
    /// [`HandleError`] for an event that cannot be; it has changed nothing then.
    pub fn handle(&mut self, now: Timestamp, event: Event) -> Result<(), HandleError> {
        self.now = self.now.max(now);
        if event != Event::Restarted {
            self.do_what_is_due()?;
        }
        let outcome = self.take_in(event);
        self.settle()?;
        self.announce_if_due();
        outcome
    }

    /// Does what is due by now. Harmless if nothing is. Drain [`Self::poll_record`] and
    /// [`Self::poll_effect`] afterwards.
    ///
    /// # Errors
    /// [`HandleError::Illegal`] only, to which no sequence of calls leads.
    pub fn handle_timeout(&mut self, now: Timestamp) -> Result<(), HandleError> {
        self.now = self.now.max(now);
        self.do_what_is_due()?;
        self.settle()?;
        self.announce_if_due();
        Ok(())
    }

    /// When [`Self::handle_timeout`] has something to do, if no event comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let due = self.state.index().first_deadline().map(|(at, _)| *at);
        due.into_iter().chain(self.announcer.due()).min()
    }

    /// The next line for the log, in order; `None` when there is none. Persist all of them before
    /// the effects are done: what nobody has written down has not happened.
    #[must_use]
    pub fn poll_record(&mut self) -> Option<Record> {
        self.records.pop_front()
    }

    /// The next thing to do, in order; `None` when all is done.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Everything there is to know.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// How far a match is; `None` if there is none, or if it is over.
    #[must_use]
    pub fn session_state(&self, id: MatchId) -> Option<SessionState> {
        self.state.session(id).map(Session::state)
    }

    /// How the waiting room stands for somebody; `None` if they are not in one.
    #[must_use]
    pub fn status(&self, participant: &ParticipantId) -> Option<RoomStatus> {
        let person = self.state.person(participant)?;
        let settings = &self.rules.get(&person.scene)?.settings;
        let in_room = person.stage().state() == ParticipantState::Waiting;
        in_room.then(|| RoomStatus {
            waiting: u32::try_from(self.state.available(&person.scene)).unwrap_or(u32::MAX),
            needed: u32::from(settings.group_size.get()),
            remaining_ms: person.wait_until.map(|until| self.now.ms_until(until)),
        })
    }

    fn take_in(&mut self, event: Event) -> Result<(), HandleError> {
        match event {
            Event::Ready { participant, scene, rtt_ms, company } => {
                self.ready(participant, scene, rtt_ms, company)
            }
            Event::RoundTrip { participant, rtt_ms } => self.round_trip(participant, rtt_ms),
            Event::Left(participant) => self.left(&participant, false),
            Event::Finished(participant) => self.left(&participant, true),
            Event::Lost(participant) => self.lost(&participant),
            Event::Back(participant) => self.back(participant),
            Event::ProbeReport { id, by, with, rtt_ms } => {
                self.probe_report(id, &by, &with, rtt_ms)
            }
            Event::Registered(id) => self.registered(id),
            Event::NotRegistered(id) => self.not_registered(id),
            Event::Validation { id, by, of, heard } => self.validation(id, &by, &of, &heard),
            Event::Restarted => self.restarted(),
        }
    }

    fn settings(&self, scene: &SceneId) -> Result<&RoomSettings, HandleError> {
        let rules = self.rules.get(scene);
        let rules = rules.ok_or_else(|| HandleError::NoSuchScene(scene.clone()))?;
        Ok(&rules.settings)
    }

    /// A session that is not over.
    fn session(&self, id: MatchId) -> Result<&Session, HandleError> {
        self.state.session(id).ok_or(HandleError::NoSuchMatch(id))
    }

    /// A session in this state.
    fn session_in(&self, id: MatchId, state: SessionState) -> Result<&Session, HandleError> {
        let session = self.session(id)?;
        match session.state() == state {
            true => Ok(session),
            false => Err(HandleError::WrongState { id, state: session.state() }),
        }
    }

    /// The one place where anything changes.
    fn commit(&mut self, fact: Fact) -> Result<(), HandleError> {
        let seq = self.state.next_record();
        let before = self.note(&fact);
        self.state.apply(self.now, &fact)?;
        before.into_iter().for_each(|participant| self.unsettle(&participant));
        if fact.is_lasting() {
            self.records.push_back(Record { seq, at: self.now, fact });
        }
        Ok(())
    }

    /// For whom there may be a group once this has happened; and whose waiting room changes.
    fn note(&mut self, fact: &Fact) -> Vec<ParticipantId> {
        let one = |participant: &ParticipantId| vec![participant.clone()];
        let (changed, unsettled) = match fact {
            Fact::Arrived { participant, .. } | Fact::Back { participant } => {
                (one(participant), one(participant))
            }
            Fact::Lost { participant, .. } | Fact::Departed { participant, .. } => {
                (one(participant), Vec::new())
            }
            Fact::Opened { participant } => (Vec::new(), one(participant)),
            Fact::RoundTrip { participant, rtt_ms } => {
                let before = self.state.person(participant).map(|person| person.rtt_ms);
                // Who is farther away than before has no more to choose from.
                let nearer = match (before.flatten(), rtt_ms) {
                    (Some(before), Some(now)) => *now < before,
                    (Some(_), None) => true,
                    (None, _) => false,
                };
                (Vec::new(), if nearer { one(participant) } else { Vec::new() })
            }
            Fact::PairForgiven { pair } => (Vec::new(), pair.to_vec()),
            Fact::Proposed { members, .. } => {
                (members.iter().map(|member| member.participant.clone()).collect(), Vec::new())
            }
            Fact::Rejected { id, .. } | Fact::Ended { id, .. } => {
                let members = self.state.session(*id).map(Session::participants);
                let members = members.unwrap_or_default();
                (members.clone(), members)
            }
            _ => (Vec::new(), Vec::new()),
        };
        for participant in changed {
            let scene = match (fact, self.state.person(&participant)) {
                (Fact::Arrived { scene, .. }, _) => scene.clone(),
                (_, Some(person)) => person.scene.clone(),
                (_, None) => continue,
            };
            self.announcer.changed(scene);
        }
        unsettled
    }

    fn unsettle(&mut self, participant: &ParticipantId) {
        if let Some(person) = self.state.person(participant)
            && person.is_available()
        {
            self.unsettled.insert((person.place, participant.clone()));
        }
    }
}
