//! What a study says about a scene's waiting room, as data.

use crate::matchmaker::{Fifo, GroupReunion, LatencyFifo, Matchmaker};
use crate::session::Rejection;
use dyad_protocol::SceneId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long somebody whose connection to the lab is gone still counts as playing, by default. The
/// game goes from peer to peer, so losing the lab does not interrupt it.
pub const GRACE_MS: u64 = 120_000;

/// How long somebody whose connection is gone keeps the place in the waiting room, by default.
pub const WAITING_GRACE_MS: u64 = 10_000;

/// People that a game needs: 1 to 4. With 1 there is nobody to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct GroupSize(u8);

/// A number of people that no game has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a group has 1 to 4 people, not {0}")]
pub struct GroupSizeError(pub u8);

impl GroupSize {
    /// For a game alone.
    pub const ONE: Self = Self(1);
    /// For pairs.
    pub const TWO: Self = Self(2);
    /// The largest group.
    pub const MOST: Self = Self(4);

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The number, for counting.
    #[must_use]
    pub fn people(self) -> usize {
        usize::from(self.0)
    }
}

impl TryFrom<u8> for GroupSize {
    type Error = GroupSizeError;
    fn try_from(number: u8) -> Result<Self, GroupSizeError> {
        match (1..=Self::MOST.0).contains(&number) {
            true => Ok(Self(number)),
            false => Err(GroupSizeError(number)),
        }
    }
}

impl From<GroupSize> for u8 {
    fn from(size: GroupSize) -> Self {
        size.0
    }
}

impl fmt::Display for GroupSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A scene's waiting room and what follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomSettings {
    /// The scene.
    pub scene: SceneId,
    /// People that its game needs.
    pub group_size: GroupSize,
    /// Who is put together.
    #[serde(default)]
    pub matchmaker: MatchmakerSettings,
    /// How long somebody waits at most; `None` is for ever. Who is in a proposal is not sent
    /// away, but the time goes on.
    #[serde(default)]
    pub wait_at_most_ms: Option<u64>,
    /// How long the place is kept for somebody whose connection is gone. 0: leaving and losing
    /// the connection are the same.
    #[serde(default = "waiting_grace_ms")]
    pub waiting_grace_ms: u64,
    /// The same for somebody who plays.
    #[serde(default = "playing_grace_ms")]
    pub playing_grace_ms: u64,
    /// Whether people measure their round trip to each other first. `None`: a group that is
    /// proposed is accepted.
    #[serde(default)]
    pub probing: Option<Probing>,
    /// Whether a connection is checked before it is played on. `None`: a group that is written
    /// down plays.
    #[serde(default)]
    pub validation: Option<Validation>,
    /// After which time two people whose connection failed may be proposed again. `None`: not in
    /// this study.
    #[serde(default)]
    pub failed_pairs_expire_ms: Option<u64>,
}

const fn waiting_grace_ms() -> u64 {
    WAITING_GRACE_MS
}

const fn playing_grace_ms() -> u64 {
    GRACE_MS
}

impl RoomSettings {
    /// First come, first served, without measuring or checking anything.
    #[must_use]
    pub const fn new(scene: SceneId, group_size: GroupSize) -> Self {
        Self {
            scene,
            group_size,
            matchmaker: MatchmakerSettings::Fifo,
            wait_at_most_ms: None,
            waiting_grace_ms: WAITING_GRACE_MS,
            playing_grace_ms: GRACE_MS,
            probing: None,
            validation: None,
            failed_pairs_expire_ms: None,
        }
    }

    /// Whether a proposed group is probed before it is accepted.
    #[must_use]
    pub fn needs_probe(&self) -> bool {
        self.probing.is_some() && self.group_size > GroupSize::ONE
    }

    /// What speaks against two people whose probe came to this. Equality with the limit passes; no
    /// measurement means no; without a limit everything passes.
    #[must_use]
    pub fn rejection(&self, measured_ms: Option<u32>) -> Option<Rejection> {
        let limit_ms = self.probing?.max_p2p_rtt_ms;
        match measured_ms {
            None => Some(Rejection::NoMeasurement),
            Some(rtt_ms) if rtt_ms > limit_ms => Some(Rejection::TooSlow { rtt_ms, limit_ms }),
            Some(_) => None,
        }
    }
}

/// Which rule puts people together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MatchmakerSettings {
    /// [`Fifo`].
    #[default]
    Fifo,
    /// [`LatencyFifo`].
    LatencyFifo {
        /// The most that two people's round trips to the lab may add up to.
        max_server_rtt_ms: u32,
    },
    /// [`GroupReunion`].
    GroupReunion {
        /// After which time somebody whose earlier partners don't come takes strangers; 0 is at
        /// once, `None` never.
        #[serde(default)]
        fallback_after_ms: Option<u64>,
        /// A limit for strangers, as that of [`LatencyFifo`].
        #[serde(default)]
        max_server_rtt_ms: Option<u32>,
    },
}

impl MatchmakerSettings {
    /// The matchmaker.
    #[must_use]
    pub fn build(&self) -> Box<dyn Matchmaker> {
        let among_strangers = |limit: Option<u32>| -> Box<dyn Matchmaker> {
            match limit {
                Some(max_server_rtt_ms) => Box::new(LatencyFifo { max_server_rtt_ms }),
                None => Box::new(Fifo),
            }
        };
        match *self {
            Self::Fifo => among_strangers(None),
            Self::LatencyFifo { max_server_rtt_ms } => among_strangers(Some(max_server_rtt_ms)),
            Self::GroupReunion { fallback_after_ms, max_server_rtt_ms } => Box::new(GroupReunion {
                fallback_after_ms,
                among_strangers: among_strangers(max_server_rtt_ms),
            }),
        }
    }
}

/// Measuring the round trip between people before they are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probing {
    /// The most that it may take.
    pub max_p2p_rtt_ms: u32,
    /// How long two people have for connecting and measuring.
    #[serde(default = "within_ms")]
    pub within_ms: u64,
}

/// Checking the connection of an accepted group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// How long a group has for it.
    #[serde(default = "within_ms")]
    pub within_ms: u64,
}

/// Signalling under 200 ms of delay takes 5 s; the reference platform found less than 15 s too
/// little for both steps.
const fn within_ms() -> u64 {
    15_000
}
