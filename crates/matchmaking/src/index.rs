//! What is derived from the state for finding things quickly: who waits in which order, and what
//! is due when. It is never persisted; [`crate::state::State`] keeps it with every change.

use crate::participant::{ParticipantState, Person, Place};
use crate::session::{MatchId, Progress, Session};
use crate::time::Timestamp;
use dyad_protocol::{ParticipantId, SceneId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Something that happens when nothing else does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deadline {
    /// Somebody has waited long enough.
    Wait(ParticipantId),
    /// Somebody's connection has been gone long enough.
    Grace(ParticipantId),
    /// Somebody has waited for earlier partners long enough.
    Open(ParticipantId),
    /// Two people have measured long enough.
    Probe(MatchId, [u8; 2]),
    /// A group's connections have been checked long enough.
    Validation(MatchId),
    /// Two people may be put together again.
    Forgive([ParticipantId; 2]),
}

/// Which round trips to the lab are sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RttLimit {
    /// Any.
    Any,
    /// Unknown ones, and those up to this.
    UpTo(u32),
    /// Unknown ones only.
    Unknown,
}

/// The people of a waiting room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room {
    /// All.
    order: BTreeMap<Place, ParticipantId>,
    /// Those whose connection is gone.
    away: BTreeSet<Place>,
    /// Those who can be put together with anybody now.
    open: BTreeSet<Place>,
    /// The same, by their round trip to the lab.
    by_rtt: BTreeMap<Option<u32>, BTreeSet<Place>>,
}

impl Room {
    /// All who wait, in order.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (Place, &ParticipantId)> {
        self.order.iter().map(|(place, participant)| (*place, participant))
    }

    /// How many can be put together now, with somebody at least.
    pub(crate) fn available(&self) -> usize {
        self.order.len() - self.away.len()
    }

    /// The first open one behind a place. It looks into as many sets as there are different
    /// round trips below the limit, however many people wait.
    pub(crate) fn next_open(
        &self,
        behind: Option<Place>,
        limit: RttLimit,
    ) -> Option<&ParticipantId> {
        let from = behind.map_or(Bound::Unbounded, Bound::Excluded);
        let first =
            |places: &BTreeSet<Place>| places.range((from, Bound::Unbounded)).next().copied();
        let most = match limit {
            RttLimit::Any => return self.order.get(&first(&self.open)?),
            RttLimit::UpTo(most) => Some(most),
            RttLimit::Unknown => None,
        };
        let place = self.by_rtt.range(..=most).filter_map(|(_, places)| first(places)).min()?;
        self.order.get(&place)
    }

    fn insert(&mut self, participant: &ParticipantId, person: &Person) {
        self.order.insert(person.place, participant.clone());
        if person.away_until.is_some() {
            self.away.insert(person.place);
        } else if person.is_open() {
            self.open.insert(person.place);
            self.by_rtt.entry(person.rtt_ms).or_default().insert(person.place);
        }
    }

    fn remove(&mut self, person: &Person) {
        self.order.remove(&person.place);
        self.away.remove(&person.place);
        self.open.remove(&person.place);
        if let Some(places) = self.by_rtt.get_mut(&person.rtt_ms) {
            places.remove(&person.place);
            if places.is_empty() {
                self.by_rtt.remove(&person.rtt_ms);
            }
        }
    }
}

/// Waiting rooms and deadlines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    rooms: BTreeMap<SceneId, Room>,
    deadlines: BTreeSet<(Timestamp, Deadline)>,
}

impl Index {
    pub(crate) fn room(&self, scene: &SceneId) -> Option<&Room> {
        self.rooms.get(scene)
    }

    pub(crate) fn first_deadline(&self) -> Option<&(Timestamp, Deadline)> {
        self.deadlines.first()
    }

    /// Takes out a deadline that was dealt with.
    pub(crate) fn dealt_with(&mut self, deadline: &(Timestamp, Deadline)) {
        self.deadlines.remove(deadline);
    }

    pub(crate) fn insert_person(&mut self, participant: &ParticipantId, person: &Person) {
        if person.stage().state() == ParticipantState::Waiting {
            self.rooms.entry(person.scene.clone()).or_default().insert(participant, person);
        }
        self.deadlines.extend(of_person(participant, person));
    }

    pub(crate) fn remove_person(&mut self, participant: &ParticipantId, person: &Person) {
        if let Some(room) = self.rooms.get_mut(&person.scene) {
            room.remove(person);
            if room.order.is_empty() {
                self.rooms.remove(&person.scene);
            }
        }
        for deadline in of_person(participant, person) {
            self.deadlines.remove(&deadline);
        }
    }

    pub(crate) fn insert_session(&mut self, id: MatchId, session: &Session) {
        self.deadlines.extend(of_session(id, session));
    }

    pub(crate) fn remove_session(&mut self, id: MatchId, session: &Session) {
        for deadline in of_session(id, session) {
            self.deadlines.remove(&deadline);
        }
    }

    pub(crate) fn insert_failed(&mut self, pair: [ParticipantId; 2], until: Timestamp) {
        self.deadlines.insert((until, Deadline::Forgive(pair)));
    }

    pub(crate) fn remove_failed(&mut self, pair: [ParticipantId; 2], until: Timestamp) {
        self.deadlines.remove(&(until, Deadline::Forgive(pair)));
    }
}

/// Who is in a proposal is not sent away; who has a connection need not come back.
fn of_person(participant: &ParticipantId, person: &Person) -> Vec<(Timestamp, Deadline)> {
    let waits = person.stage().state() == ParticipantState::Waiting;
    let (wait, open) = match waits {
        true => (person.wait_until, person.reserved_until),
        false => (None, None),
    };
    let due = |until: Option<Timestamp>, deadline: fn(ParticipantId) -> Deadline| {
        let until = until.filter(|until| *until < Timestamp::NEVER)?;
        Some((until, deadline(participant.clone())))
    };
    let all = [
        due(wait, Deadline::Wait),
        due(open, Deadline::Open),
        due(person.away_until, Deadline::Grace),
    ];
    all.into_iter().flatten().collect()
}

fn of_session(id: MatchId, session: &Session) -> Vec<(Timestamp, Deadline)> {
    let probes = session.probes.iter().filter_map(|probe| match probe.progress {
        Progress::Running { until, .. } => Some((until, Deadline::Probe(id, probe.seats))),
        Progress::Pending | Progress::Done { .. } => None,
    });
    let validation = session.validate_until.map(|until| (until, Deadline::Validation(id)));
    probes.chain(validation).collect()
}
