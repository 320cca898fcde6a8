//! Who is put together. A [`Matchmaker`] sees a waiting room and chooses one group at a time;
//! everything else (states, places, probes, effects) is not its business.

mod fifo;
mod latency;
mod reunion;
mod search;

pub use fifo::Fifo;
pub use latency::LatencyFifo;
pub use reunion::GroupReunion;

pub use crate::index::RttLimit;

use crate::fact::{GroupReason, Objection};
use crate::participant::{Person, Place};
use crate::settings::GroupSize;
use crate::state::State;
use dyad_protocol::{ParticipantId, SceneId};
use std::fmt;

/// Somebody who waits, as a matchmaker sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub participant: ParticipantId,
    /// In the order of arrival.
    pub place: Place,
    /// Round trip to the lab, if known.
    pub rtt_ms: Option<u32>,
}

impl Candidate {
    fn new(participant: &ParticipantId, person: &Person) -> Self {
        Self { participant: participant.clone(), place: person.place, rtt_ms: person.rtt_ms }
    }
}

/// A group that a matchmaker has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its people.
    pub members: Vec<Candidate>,
    /// Why these.
    pub reason: GroupReason,
}

/// Whom somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// For anybody.
    None,
    /// For earlier partners only, for so many milliseconds.
    Ms(u64),
    /// For earlier partners only.
    Forever,
}

/// A rule that forms groups. It is asked about one person whenever something has changed for
/// them: they arrived, came back, are nearer than before, or take strangers now. So whoever has
/// waited through such a change without a group still has none in the next, and asking about one
/// person is enough.
pub trait Matchmaker: fmt::Debug + Send + Sync {
    /// Its name in the match log.
    fn name(&self) -> &'static str;

    /// A group of [`WaitingRoom::group_size`] people with `arriving` among them, who is in the
    /// waiting room already; `None` if there is none now. Must give the same answer to the same
    /// question, must be fast with ten thousand people in the room, and may name only people
    /// whom the room has offered.
    fn find_group(&self, arriving: &Candidate, room: &WaitingRoom<'_>) -> Option<Group>;

    /// What speaks against two people in one group; for the log.
    fn objection(&self, _one: &Candidate, _other: &Candidate) -> Option<Objection> {
        None
    }

    /// Whom somebody waits for who has just arrived.
    fn reservation(&self, _has_partners: bool) -> Reservation {
        Reservation::None
    }

    /// Whether it must be known who has played with whom.
    fn remembers_partners(&self) -> bool {
        false
    }
}

/// A waiting room, for looking.
#[derive(Clone, Copy, Debug)]
pub struct WaitingRoom<'a> {
    pub(crate) state: &'a State,
    pub(crate) scene: &'a SceneId,
    pub(crate) group_size: GroupSize,
}

impl WaitingRoom<'_> {
    /// People that a group needs.
    #[must_use]
    pub const fn group_size(&self) -> GroupSize {
        self.group_size
    }

    /// Somebody who waits here, is connected, and takes anybody.
    #[must_use]
    pub fn open(&self, participant: &ParticipantId) -> Option<Candidate> {
        self.find(participant, Person::is_open)
    }

    /// Somebody who waits here and is connected, even if only for earlier partners.
    #[must_use]
    pub fn available(&self, participant: &ParticipantId) -> Option<Candidate> {
        self.find(participant, Person::is_available)
    }

    fn find(&self, participant: &ParticipantId, suits: fn(&Person) -> bool) -> Option<Candidate> {
        let person = self.state.person(participant)?;
        let suits = person.scene == *self.scene && suits(person);
        suits.then(|| Candidate::new(participant, person))
    }

    /// The first open person behind a place whose round trip is within the limit.
    #[must_use]
    pub fn next_open(&self, behind: Option<Place>, limit: RttLimit) -> Option<Candidate> {
        let room = self.state.index().room(self.scene)?;
        self.open(room.next_open(behind, limit)?)
    }

    /// Whether two people may be put together, as far as earlier attempts tell.
    #[must_use]
    pub fn may_meet(&self, one: &Candidate, other: &Candidate) -> bool {
        !self.state.have_failed(&one.participant, &other.participant)
    }

    /// The earlier partners of somebody who wait here, are connected, and do not wait for certain others;
    /// in order of arrival.
    #[must_use]
    pub fn partners(&self, of: &ParticipantId) -> Vec<Candidate> {
        let suits = |person: &Person| person.is_available() && person.company.is_empty();
        let mut here: Vec<_> =
            self.state.partners(of).filter_map(|partner| self.find(partner, suits)).collect();
        here.sort_by_key(|candidate| candidate.place);
        here
    }

    /// Somebody and the others of their group, if all of them are here and wait for each other.
    pub(crate) fn company(&self, arriving: &Candidate, others: &[ParticipantId]) -> Option<Group> {
        let mut members = vec![arriving.clone()];
        for other in others {
            let candidate = self.available(other)?;
            let theirs = &self.state.person(other)?.company;
            let all_meet = members.iter().all(|member| {
                theirs.contains(&member.participant) && self.may_meet(member, &candidate)
            });
            members.push(candidate);
            if !all_meet {
                return None;
            }
        }
        Some(Group { members, reason: GroupReason::Company })
    }
}
