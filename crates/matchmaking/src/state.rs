//! Who waits, who plays with whom, and what has been learnt about them: all that a lab must know
//! again after it was killed. It changes by facts only, in [`State::apply`].

mod apply;

use crate::index::{Deadline, Index, Room};
use crate::matchmaker::WaitingRoom;
use crate::participant::{ParticipantState, Person};
use crate::session::{MatchId, Session, SessionState};
use crate::settings::GroupSize;
use crate::time::Timestamp;
use dyad_protocol::{ParticipantId, SceneId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A fact that cannot follow what has happened before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// A participant cannot go from this state to that.
    #[error("{participant} is {from} and cannot become {to}")]
    Participant {
        /// Who.
        participant: ParticipantId,
        /// The state they are in.
        from: ParticipantState,
        /// The state that was asked for.
        to: ParticipantState,
    },
    /// A session cannot go from this state to that.
    #[error("{id} is {from} and cannot become {to}")]
    Session {
        /// Which.
        id: MatchId,
        /// The state it is in.
        from: SessionState,
        /// The state that was asked for.
        to: SessionState,
    },
    /// Nobody of this name waits or plays.
    #[error("{0} neither waits nor plays")]
    NobodyHere(ParticipantId),
    /// There is no such match, or it is over.
    #[error("there is no {0}, or it is over")]
    NoSuchMatch(MatchId),
    /// The group has no such seat, or nobody of that name, or no such probe.
    #[error("{0} has no such seat, person or probe")]
    NotInMatch(MatchId),
    /// A place or a number was used before.
    #[error("place {0} or a match's number was given before")]
    GivenBefore(u64),
}

/// Two-sided relations between people.
type Relations<T> = BTreeMap<ParticipantId, T>;

/// The whole state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    persons: BTreeMap<ParticipantId, Person>,
    sessions: BTreeMap<MatchId, Session>,
    /// People who failed together, both ways, and until when that counts.
    failed: Relations<BTreeMap<ParticipantId, Option<Timestamp>>>,
    /// People who have played together, both ways.
    partners: Relations<BTreeSet<ParticipantId>>,
    next_place: u64,
    next_match: u64,
    next_record: u64,
    #[serde(skip)]
    index: Index,
}

impl State {
    /// Somebody who waits or plays.
    #[must_use]
    pub fn person(&self, participant: &ParticipantId) -> Option<&Person> {
        self.persons.get(participant)
    }

    /// Everybody who waits or plays.
    pub fn persons(&self) -> impl Iterator<Item = (&ParticipantId, &Person)> {
        self.persons.iter()
    }

    /// How far somebody is.
    #[must_use]
    pub fn participant_state(&self, participant: &ParticipantId) -> ParticipantState {
        let person = self.persons.get(participant);
        person.map_or(ParticipantState::Idle, |person| person.stage().state())
    }

    /// A match that is not over.
    #[must_use]
    pub fn session(&self, id: MatchId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// All matches that are not over.
    pub fn sessions(&self) -> impl Iterator<Item = (MatchId, &Session)> {
        self.sessions.iter().map(|(id, session)| (*id, session))
    }

    /// Whether two people have failed together, and that still counts.
    #[must_use]
    pub fn have_failed(&self, one: &ParticipantId, other: &ParticipantId) -> bool {
        self.failed.get(one).is_some_and(|with| with.contains_key(other))
    }

    /// With whom somebody has played.
    pub fn partners(&self, of: &ParticipantId) -> impl Iterator<Item = &ParticipantId> {
        self.partners.get(of).into_iter().flatten()
    }

    /// People in a scene's waiting room who can be put together with somebody now.
    #[must_use]
    pub fn available(&self, scene: &SceneId) -> usize {
        self.index.room(scene).map_or(0, Room::available)
    }

    /// A scene's waiting room, as a matchmaker sees it.
    #[must_use]
    pub const fn waiting_room<'a>(
        &'a self,
        scene: &'a SceneId,
        group_size: GroupSize,
    ) -> WaitingRoom<'a> {
        WaitingRoom { state: self, scene, group_size }
    }

    /// The number of the next record.
    #[must_use]
    pub const fn next_record(&self) -> u64 {
        self.next_record
    }

    pub(crate) const fn next_place(&self) -> u64 {
        self.next_place
    }

    pub(crate) const fn next_match(&self) -> MatchId {
        MatchId(self.next_match)
    }

    pub(crate) const fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn dealt_with(&mut self, deadline: &(Timestamp, Deadline)) {
        self.index.dealt_with(deadline);
    }

    /// Derives the index again, after the state was read from somewhere.
    ///
    /// # Errors
    /// [`Illegal`] if people and matches contradict each other.
    pub(crate) fn reindex(&mut self) -> Result<(), Illegal> {
        self.index = Index::default();
        for (id, session) in &self.sessions {
            self.index.insert_session(*id, session);
        }
        for (participant, person) in &self.persons {
            if let Some(id) = person.stage().session() {
                let session = self.sessions.get(&id).ok_or(Illegal::NoSuchMatch(id))?;
                session.seat(participant).ok_or(Illegal::NotInMatch(id))?;
            }
            if person.place.0 >= self.next_place {
                return Err(Illegal::GivenBefore(person.place.0));
            }
            self.index.insert_person(participant, person);
        }
        if let Some((id, _)) = self.sessions.last_key_value()
            && id.0 >= self.next_match
        {
            return Err(Illegal::GivenBefore(id.0));
        }
        for (one, with) in &self.failed {
            for (other, until) in with.iter().filter(|(other, _)| one < *other) {
                if let Some(until) = until {
                    self.index.insert_failed([one.clone(), other.clone()], *until);
                }
            }
        }
        Ok(())
    }
}
