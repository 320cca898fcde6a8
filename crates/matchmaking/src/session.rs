//! One match and its people, from the moment all seats are assigned.

use crate::matchmaker::Candidate;
use crate::time::Timestamp;
use dyad_protocol::ParticipantId;
use std::fmt;

/// The number of a match, from 0, counted since the lab started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatchId(pub u64);

impl fmt::Display for MatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "match {}", self.0)
    }
}

/// How far a session is. Before it is the waiting room, after it nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// All seats are assigned; the lab writes down who belongs.
    Matched,
    /// Everyone has a ticket.
    Playing,
}

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Everyone who played has left, or did not come back in time.
    EverybodyLeft,
    /// Somebody left before it started.
    LeftBeforeStart(ParticipantId),
    /// The lab could not write down who belongs to it.
    NotRegistered,
}

/// How long somebody whose connection to the lab is gone still counts as playing, if nothing else is
/// said. The game goes from peer to peer, so losing the lab does not interrupt it.
pub const GRACE_MS: u64 = 120_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Here,
    Lost { until: Timestamp },
    Left,
}

#[derive(Debug)]
struct Member {
    candidate: Candidate,
    presence: Presence,
}

/// A match of people, by seat.
#[derive(Debug)]
pub(crate) struct Session {
    state: SessionState,
    members: Vec<Member>,
}

impl Session {
    pub(crate) fn new(candidates: Vec<Candidate>) -> Self {
        let member = |candidate| Member { candidate, presence: Presence::Here };
        Self { state: SessionState::Matched, members: candidates.into_iter().map(member).collect() }
    }

    pub(crate) const fn state(&self) -> SessionState {
        self.state
    }

    /// `Matched` to `Playing`; false if it plays already.
    pub(crate) fn start(&mut self) -> bool {
        let starts = self.state == SessionState::Matched;
        self.state = SessionState::Playing;
        starts
    }

    /// Everybody, by seat.
    pub(crate) fn participants(&self) -> Vec<ParticipantId> {
        self.members.iter().map(|member| member.candidate.participant.clone()).collect()
    }

    /// Everybody, by seat, with their places in the waiting room.
    pub(crate) fn into_candidates(self) -> impl DoubleEndedIterator<Item = Candidate> {
        self.members.into_iter().map(|member| member.candidate)
    }

    pub(crate) fn lose(&mut self, participant: &ParticipantId, until: Timestamp) {
        self.set(participant, Presence::Lost { until });
    }

    pub(crate) fn find_again(&mut self, participant: &ParticipantId) {
        self.set(participant, Presence::Here);
    }

    pub(crate) fn leave(&mut self, participant: &ParticipantId) {
        self.set(participant, Presence::Left);
    }

    fn set(&mut self, participant: &ParticipantId, presence: Presence) {
        let mut members = self.members.iter_mut();
        if let Some(member) = members.find(|member| &member.candidate.participant == participant) {
            member.presence = presence;
        }
    }

    /// Those whose time to come back is over.
    pub(crate) fn overdue(&self, now: Timestamp) -> Vec<ParticipantId> {
        self.lost()
            .filter(|(until, _)| *until <= now)
            .map(|(_, member)| member.candidate.participant.clone())
            .collect()
    }

    /// When the next one's time to come back is over.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.lost().map(|(until, _)| until).min()
    }

    fn lost(&self) -> impl Iterator<Item = (Timestamp, &Member)> {
        self.members.iter().filter_map(|member| match member.presence {
            Presence::Lost { until } => Some((until, member)),
            Presence::Here | Presence::Left => None,
        })
    }

    pub(crate) fn is_deserted(&self) -> bool {
        self.members.iter().all(|member| member.presence == Presence::Left)
    }
}
