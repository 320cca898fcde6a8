//! What has happened: every change of the state, as one typed value. The same values are the match
//! log, a line each, and what a restart is restored from.

use crate::participant::{Departure, Place};
use crate::session::{EndReason, MatchId, PairFailure, Rejection};
use crate::time::Timestamp;
use dyad_protocol::{ParticipantId, SceneId};
use serde::{Deserialize, Serialize};

/// A fact with its number and time: a line of the match log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// From 0, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

/// A change, with its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Fact {
    /// Somebody came into the waiting room.
    Arrived {
        /// Who.
        participant: ParticipantId,
        /// For which scene.
        scene: SceneId,
        /// In the order of arrival.
        place: Place,
        /// Round trip to the lab, if known.
        rtt_ms: Option<u32>,
        /// When their waiting is over.
        wait_until: Option<Timestamp>,
        /// Until when they wait for earlier partners only.
        reserved_until: Option<Timestamp>,
        /// The others of their group, where they play with these alone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        company: Vec<ParticipantId>,
    },
    /// Somebody's round trip to the lab is another now. Not in the log: what counted stands in
    /// the proposals.
    RoundTrip {
        /// Whose.
        participant: ParticipantId,
        /// In milliseconds, if known.
        rtt_ms: Option<u32>,
    },
    /// Somebody's connection to the lab is gone.
    Lost {
        /// Whose.
        participant: ParticipantId,
        /// How long they are waited for.
        until: Timestamp,
        /// When their waiting is over.
        wait_until: Option<Timestamp>,
    },
    /// Somebody whose connection was gone is connected again.
    Back {
        /// Who.
        participant: ParticipantId,
    },
    /// Somebody who waited for earlier partners takes anybody from now on.
    Opened {
        /// Who.
        participant: ParticipantId,
    },
    /// Somebody left the waiting room.
    Departed {
        /// Who.
        participant: ParticipantId,
        /// Why.
        cause: Departure,
    },
    /// A group is proposed.
    Proposed {
        /// Its number.
        id: MatchId,
        /// For which scene.
        scene: SceneId,
        /// By which rule.
        matchmaker: String,
        /// Why these.
        reason: GroupReason,
        /// Its people, by seat.
        members: Vec<ProposedMember>,
        /// Whether they are probed first.
        probed: bool,
        /// Who waits before the last of them and is not in the group; the first 16.
        passed_over: Vec<PassedOver>,
    },
    /// Two people of a proposed group measure their round trip.
    ProbeStarted {
        /// The group.
        id: MatchId,
        /// Their seats.
        seats: [u8; 2],
        /// Who they are.
        pair: [ParticipantId; 2],
        /// How long they may take.
        until: Timestamp,
    },
    /// One of them has measured.
    ProbeReported {
        /// The group.
        id: MatchId,
        /// Who measured.
        by: ParticipantId,
        /// To whom.
        with: ParticipantId,
        /// The median of the pings, if any was answered.
        rtt_ms: Option<u32>,
    },
    /// Two people are not put together for a while.
    PairFailed {
        /// Who.
        pair: [ParticipantId; 2],
        /// Why.
        why: PairFailure,
        /// Until when; `None` is for ever.
        until: Option<Timestamp>,
    },
    /// They may be put together again.
    PairForgiven {
        /// Who.
        pair: [ParticipantId; 2],
    },
    /// A proposed group is a match: all its seats are assigned.
    Accepted {
        /// Which.
        id: MatchId,
        /// The longest round trip between two of them, if it was measured.
        rtt_ms: Option<u32>,
    },
    /// A proposed group is none; its people are at their places again.
    Rejected {
        /// Which.
        id: MatchId,
        /// Why.
        why: Rejection,
    },
    /// A match is written down, and its connections are checked.
    Validating {
        /// Which.
        id: MatchId,
        /// How long that may take.
        until: Timestamp,
    },
    /// One direction of a connection is good.
    Confirmed {
        /// The match.
        id: MatchId,
        /// The seat that heard.
        by: u8,
        /// The seat that was heard.
        of: u8,
    },
    /// A game begins.
    Started {
        /// Which.
        id: MatchId,
        /// Whether its people are earlier partners from now on.
        remembered: bool,
    },
    /// Somebody left a game that goes on for the others, or is about to end.
    SeatLeft {
        /// Which game.
        id: MatchId,
        /// Who.
        participant: ParticipantId,
        /// Why.
        cause: Departure,
    },
    /// A match is over.
    Ended {
        /// Which.
        id: MatchId,
        /// Why.
        reason: EndReason,
        /// Who of its people waits again, at the old place.
        back: Vec<ParticipantId>,
    },
}

/// Somebody in a proposed group, as the matchmaker saw them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedMember {
    /// Who.
    pub participant: ParticipantId,
    /// The place in the order of arrival.
    pub place: Place,
    /// How long they have waited.
    pub waited_ms: u64,
    /// Round trip to the lab, if known.
    pub rtt_ms: Option<u32>,
}

/// Why a matchmaker chose a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupReason {
    /// The first in order who may play with each other.
    First,
    /// They are earlier partners.
    Reunion,
    /// They wait for each other alone.
    Company,
}

/// Somebody who waited before a member of a group and is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// Who.
    pub participant: ParticipantId,
    /// Why.
    pub because: Objection,
}

/// Why somebody is not in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objection {
    /// Their connection is gone.
    Away,
    /// They wait for earlier partners.
    Reserved,
    /// They and a member have failed together.
    FailedPair,
    /// Their round trip and a member's add up to too much.
    ServerRtt {
        /// To what.
        sum_ms: u32,
        /// What is allowed.
        limit_ms: u32,
    },
    /// They wait for others, and for these alone.
    Company,
    /// The group is of earlier partners, who go first.
    Reunion,
    /// The group is of people who wait for each other alone.
    Closed,
    /// There are too many combinations to try them all.
    Combinations,
}

impl Fact {
    /// Whether this belongs in the log, and is needed for restoring. A round trip is neither:
    /// clients report it again.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        !matches!(self, Self::RoundTrip { .. })
    }
}
