//! Somebody who wants to play, from asking for a game until leaving it.

use crate::session::MatchId;
use crate::state::Illegal;
use crate::time::Timestamp;
use dyad_protocol::{ParticipantId, SceneId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in the order of arrival. Lower ones came earlier; nobody gets the same one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(pub u64);

/// How far somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParticipantState {
    /// Not here: has not asked for a game, or is done with it.
    Idle,
    /// In the waiting room.
    Waiting,
    /// In a proposed group that is being probed, with the place in the waiting room kept.
    Proposed,
    /// In a match that has not started, with the place in the waiting room kept.
    Matched,
    /// In a game.
    Playing,
}

impl ParticipantState {
    /// Whether this may follow. Everything else is refused.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Idle, Self::Waiting)
                | (Self::Waiting, Self::Proposed | Self::Idle)
                | (Self::Proposed, Self::Matched | Self::Waiting)
                | (Self::Matched, Self::Playing | Self::Waiting | Self::Idle)
                | (Self::Playing, Self::Waiting | Self::Idle)
        )
    }
}

impl fmt::Display for ParticipantState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Proposed => "proposed",
            Self::Matched => "matched",
            Self::Playing => "playing",
        })
    }
}

/// A state, and the match it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// [`ParticipantState::Waiting`].
    Waiting,
    /// [`ParticipantState::Proposed`].
    Proposed(MatchId),
    /// [`ParticipantState::Matched`].
    Matched(MatchId),
    /// [`ParticipantState::Playing`].
    Playing(MatchId),
}

impl Stage {
    /// Without the match.
    #[must_use]
    pub const fn state(self) -> ParticipantState {
        match self {
            Self::Waiting => ParticipantState::Waiting,
            Self::Proposed(_) => ParticipantState::Proposed,
            Self::Matched(_) => ParticipantState::Matched,
            Self::Playing(_) => ParticipantState::Playing,
        }
    }

    /// The match that somebody in this state is in.
    #[must_use]
    pub const fn session(self) -> Option<MatchId> {
        match self {
            Self::Waiting => None,
            Self::Proposed(id) | Self::Matched(id) | Self::Playing(id) => Some(id),
        }
    }
}

/// Why somebody left a waiting room or a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// Of their own will, before the end.
    Left,
    /// The game was over.
    Finished,
    /// The waiting time was over.
    TimedOut,
    /// The connection was gone for too long.
    ConnectionLost,
}

/// Somebody who waits or plays. Who is neither is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// For which scene.
    pub scene: SceneId,
    /// Kept until they leave for good.
    pub place: Place,
    /// When they asked for a game.
    pub since: Timestamp,
    /// Round trip to the lab, if known.
    pub rtt_ms: Option<u32>,
    /// When their waiting is over.
    pub wait_until: Option<Timestamp>,
    /// Until when they wait for earlier partners only; `None` if for anybody.
    pub reserved_until: Option<Timestamp>,
    /// Until when somebody whose connection is gone is waited for; `None` while it is there.
    pub away_until: Option<Timestamp>,
    /// The others of their group, where they play with these alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub company: Vec<ParticipantId>,
    stage: Stage,
}

impl Person {
    /// Somebody who has just arrived.
    pub(crate) const fn waiting(scene: SceneId, place: Place, since: Timestamp) -> Self {
        Self {
            scene,
            place,
            since,
            rtt_ms: None,
            wait_until: None,
            reserved_until: None,
            away_until: None,
            company: Vec::new(),
            stage: Stage::Waiting,
        }
    }

    /// How far they are, and in which match.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// The one place where a participant's state changes.
    pub(crate) fn become_(&mut self, who: &ParticipantId, next: Stage) -> Result<(), Illegal> {
        self.check(who, next.state())?;
        self.stage = next;
        Ok(())
    }

    /// Whether this state may follow.
    pub(crate) fn check(&self, who: &ParticipantId, to: ParticipantState) -> Result<(), Illegal> {
        let from = self.stage.state();
        match from.may_become(to) {
            true => Ok(()),
            false => Err(Illegal::Participant { participant: who.clone(), from, to }),
        }
    }

    /// Whether they could be put into a group with those whom they wait for now.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.stage == Stage::Waiting && self.away_until.is_none()
    }

    /// Whether they could be put into a group with anybody now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_available() && self.reserved_until.is_none() && self.company.is_empty()
    }
}
