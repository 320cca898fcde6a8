//! One match and its people: a group from the moment it is proposed until its game is over.

use crate::participant::Place;
use crate::state::Illegal;
use crate::time::Timestamp;
use dyad_protocol::{HexDigest, ParticipantId, SceneId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of a match, from 0, counted over the whole study: proposals that come to nothing
/// have one too.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MatchId(pub u64);

impl fmt::Display for MatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "match {}", self.0)
    }
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// A group is proposed and probed; it holds no seats, its people hold their places.
    Waiting,
    /// All seats are assigned; the lab writes down who belongs.
    Matched,
    /// Everyone has a ticket; the connections are checked.
    Validating,
    /// Everyone plays.
    Playing,
    /// Over.
    Ended,
}

impl SessionState {
    /// Whether this may follow. Everything else is refused.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Waiting, Self::Matched | Self::Ended)
                | (Self::Matched, Self::Validating | Self::Playing | Self::Ended)
                | (Self::Validating, Self::Playing | Self::Ended)
                | (Self::Playing, Self::Ended)
        )
    }
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Matched => "matched",
            Self::Validating => "validating",
            Self::Playing => "playing",
            Self::Ended => "ended",
        })
    }
}

/// Why a proposed group was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The round trip between two of them is too long.
    TooSlow {
        /// What was measured.
        rtt_ms: u32,
        /// What is allowed.
        limit_ms: u32,
    },
    /// Two of them measured nothing, or not in time.
    NoMeasurement,
    /// Somebody left.
    Left(ParticipantId),
    /// Somebody's connection is gone.
    Lost(ParticipantId),
    /// The lab was started again meanwhile.
    LabRestarted,
}

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Everyone has played to the end.
    Finished,
    /// Everyone who played has left, or did not come back in time.
    EverybodyLeft,
    /// Somebody left before it started, or their connection went.
    LeftBeforeStart(ParticipantId),
    /// The lab could not write down who belongs to it.
    NotRegistered,
    /// The connection between two of them is no good.
    NotValidated(PairFailure),
    /// The lab was started again before the game began.
    LabRestarted,
}

/// Why two people are not put together again for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairFailure {
    /// Their probe was rejected.
    Probe,
    /// One heard nothing from the other on one of the channels.
    Silent,
    /// Their programs have different versions.
    Versions,
    /// Their games differ.
    Game,
    /// The check was not over in time.
    Late,
}

/// What a client says of itself over a new connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// The protocol's version.
    pub protocol: u16,
    /// The rules' version.
    pub rules: u16,
    /// The program's version.
    pub program: String,
    /// Digest of the game's settings.
    pub game: HexDigest,
}

/// What somebody heard from a partner: one direction of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Something came on the reliable channel.
    pub reliable: bool,
    /// Something came on the unreliable channel.
    pub unreliable: bool,
    /// What this one says of itself.
    pub own: Greeting,
    /// What the partner said of itself.
    pub partner: Greeting,
}

impl Heard {
    /// What speaks against playing over this connection.
    #[must_use]
    pub fn failure(&self) -> Option<PairFailure> {
        let Self { reliable, unreliable, own, partner } = self;
        if !(*reliable && *unreliable) {
            Some(PairFailure::Silent)
        } else if own.game != partner.game {
            Some(PairFailure::Game)
        } else if own != partner {
            Some(PairFailure::Versions)
        } else {
            None
        }
    }
}

/// Whether a seat's person is still in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// In it, even if the connection to the lab is gone for the moment.
    Here,
    /// Played to the end.
    Finished,
    /// Dropped out.
    Left,
}

/// Somebody's seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Whose.
    pub participant: ParticipantId,
    /// Their place in the waiting room.
    pub place: Place,
    /// Whether they are in it.
    pub presence: Presence,
}

/// A probe of two seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairProbe {
    /// Which.
    pub seats: [u8; 2],
    /// How far it is.
    pub progress: Progress,
}

/// How far a probe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// One of the two is in another probe of the group.
    Pending,
    /// They measure.
    Running {
        /// How long they may.
        until: Timestamp,
        /// What each has measured.
        reports: [Option<u32>; 2],
    },
    /// Measured: the larger of both reports.
    Done {
        /// The round trip.
        rtt_ms: u32,
    },
}

/// A match of people, by seat: in the order of their places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Of which scene.
    pub scene: SceneId,
    state: SessionState,
    /// By seat.
    pub members: Vec<Member>,
    /// All pairs, if the group is probed.
    pub probes: Vec<PairProbe>,
    /// Until when the connections must be checked.
    pub validate_until: Option<Timestamp>,
    /// Seats that heard from seats.
    pub confirmed: Vec<[u8; 2]>,
}

impl Session {
    /// A proposed group.
    pub(crate) fn proposed(scene: SceneId, members: Vec<Member>, probed: bool) -> Self {
        let pending = |seats| PairProbe { seats, progress: Progress::Pending };
        let seats = 0..u8::try_from(members.len()).unwrap_or(u8::MAX);
        let pairs = seats.clone().flat_map(|one| (one + 1..seats.end).map(move |two| [one, two]));
        Self {
            scene,
            state: SessionState::Waiting,
            members,
            probes: pairs.filter(|_| probed).map(pending).collect(),
            validate_until: None,
            confirmed: Vec::new(),
        }
    }

    /// How far it is.
    #[must_use]
    pub const fn state(&self) -> SessionState {
        self.state
    }

    /// The one place where a session's state changes.
    pub(crate) fn become_(&mut self, id: MatchId, to: SessionState) -> Result<(), Illegal> {
        let from = self.state;
        if !from.may_become(to) {
            return Err(Illegal::Session { id, from, to });
        }
        self.state = to;
        Ok(())
    }

    /// Everybody, by seat.
    #[must_use]
    pub fn participants(&self) -> Vec<ParticipantId> {
        self.members.iter().map(|member| member.participant.clone()).collect()
    }

    /// Those who are in it, by seat.
    pub fn present(&self) -> impl Iterator<Item = &ParticipantId> {
        let here = |member: &&Member| member.presence == Presence::Here;
        self.members.iter().filter(here).map(|member| &member.participant)
    }

    /// Somebody's seat.
    #[must_use]
    pub fn seat(&self, participant: &ParticipantId) -> Option<u8> {
        let mut seats = (0..).zip(&self.members);
        seats.find(|(_, member)| member.participant == *participant).map(|(seat, _)| seat)
    }

    /// Who has a seat.
    #[must_use]
    pub fn member(&self, seat: u8) -> Option<&ParticipantId> {
        self.members.get(usize::from(seat)).map(|member| &member.participant)
    }

    /// The two of a pair of seats.
    #[must_use]
    pub fn pair(&self, [one, two]: [u8; 2]) -> Option<[ParticipantId; 2]> {
        Some([self.member(one)?.clone(), self.member(two)?.clone()])
    }

    /// Pairs whose probe can begin: nobody is in two at a time.
    #[must_use]
    pub fn startable(&self) -> Vec<[u8; 2]> {
        let is = |probe: &&PairProbe, running: bool| match probe.progress {
            Progress::Pending => !running,
            Progress::Running { .. } => running,
            Progress::Done { .. } => false,
        };
        let running = self.probes.iter().filter(|probe| is(probe, true));
        let mut busy: Vec<u8> = running.flat_map(|probe| probe.seats).collect();
        let mut startable = Vec::new();
        for probe in self.probes.iter().filter(|probe| is(probe, false)) {
            if !probe.seats.iter().any(|seat| busy.contains(seat)) {
                busy.extend(probe.seats);
                startable.push(probe.seats);
            }
        }
        startable
    }

    /// The longest round trip of the group, once all of its pairs are measured. `None` before,
    /// and if nothing is to be measured.
    #[must_use]
    pub fn measured(&self) -> Option<u32> {
        let measured = self.probes.iter().map(|probe| match probe.progress {
            Progress::Done { rtt_ms } => Some(rtt_ms),
            Progress::Pending | Progress::Running { .. } => None,
        });
        measured.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Who has not heard from whom.
    #[must_use]
    pub fn unconfirmed(&self) -> Vec<[u8; 2]> {
        let seats = 0..u8::try_from(self.members.len()).unwrap_or(u8::MAX);
        let directions = seats.clone().flat_map(|by| seats.clone().map(move |of| [by, of]));
        directions.filter(|way| way[0] != way[1] && !self.confirmed.contains(way)).collect()
    }
}
