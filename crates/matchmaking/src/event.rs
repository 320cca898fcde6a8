//! What goes in and what comes out.

use crate::participant::{Departure, ParticipantState};
use crate::session::{EndReason, Heard, MatchId, SessionState};
use crate::state::Illegal;
use dyad_protocol::{ParticipantId, SceneId};

/// What happened. People send these in any order and any number; what each does to somebody it
/// does not fit is said with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody asks for a game. Who waits for the same scene already keeps the place, and is
    /// connected again if they were not; who plays gets the ticket again; who is being matched is
    /// not disturbed. Who is in another scene is refused.
    Ready {
        /// Who.
        participant: ParticipantId,
        /// For which scene.
        scene: SceneId,
        /// Their round trip to the lab, if known.
        rtt_ms: Option<u32>,
        /// The others of their group, if they play with these alone. Empty, if with anybody.
        company: Vec<ParticipantId>,
    },
    /// Somebody's round trip to the lab was measured again. Nothing, if they are not here.
    RoundTrip {
        /// Whose.
        participant: ParticipantId,
        /// In milliseconds; `None` if it is not known any more.
        rtt_ms: Option<u32>,
    },
    /// Somebody gives up: the place in the waiting room, or a game that is not over, which is
    /// a dropout. Nothing, if they are not here.
    Left(ParticipantId),
    /// Somebody has played to the end. The same as leaving, before a game.
    Finished(ParticipantId),
    /// Somebody's connection to the lab is gone. Nothing, if it is gone already, or if they are
    /// not here.
    Lost(ParticipantId),
    /// Somebody whose connection was gone is connected again. Nothing, if it was not.
    Back(ParticipantId),
    /// Somebody has measured the round trip to a partner. What was reported before counts, a
    /// second report does not.
    ProbeReport {
        /// Of which group.
        id: MatchId,
        /// Who measured.
        by: ParticipantId,
        /// To whom.
        with: ParticipantId,
        /// The median of five pings on the unreliable channel; `None` if none was answered.
        rtt_ms: Option<u32>,
    },
    /// The lab has written down who belongs to this match.
    Registered(MatchId),
    /// The lab could not write down who belongs to this match.
    NotRegistered(MatchId),
    /// Somebody has checked the connection to a partner, in one direction.
    Validation {
        /// Of which match.
        id: MatchId,
        /// Who heard.
        by: ParticipantId,
        /// Whom.
        of: ParticipantId,
        /// What.
        heard: Heard,
    },
    /// The lab was started again and this state restored: nobody is connected. The first event
    /// after [`crate::Matchmaking::restore`].
    Restarted,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell somebody how the waiting room stands.
    Waiting {
        /// Whom.
        participant: ParticipantId,
        /// How it stands for them.
        status: RoomStatus,
    },
    /// Let two people of a proposed group connect and measure; each says
    /// [`Event::ProbeReport`].
    Probe {
        /// The group.
        id: MatchId,
        /// Who; the first one calls the other.
        pair: [ParticipantId; 2],
        /// How long they have.
        within_ms: u64,
    },
    /// Write down who belongs to this match, then say [`Event::Registered`].
    Register {
        /// Which.
        id: MatchId,
        /// Of which scene.
        scene: SceneId,
        /// Its people, by seat.
        participants: Vec<ParticipantId>,
    },
    /// Give everybody their tickets and let them check their connections; each says
    /// [`Event::Validation`] of each partner. Only in scenes with
    /// [`crate::settings::Validation`].
    Validate {
        /// Which match.
        id: MatchId,
        /// How long they have.
        within_ms: u64,
    },
    /// Let the game begin. In scenes without validation, this is when everybody gets a ticket.
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
    /// Tell somebody that the group or match has come to nothing, and that they wait again, at the
    /// place they had. Ends a probe that is going on. Comes before [`Effect::Ended`].
    WaitingAgain {
        /// Whom.
        participant: ParticipantId,
        /// Which group.
        id: MatchId,
    },
    /// Somebody is not in the waiting room any more without having said so.
    Dismissed {
        /// Who.
        participant: ParticipantId,
        /// Of which scene.
        scene: SceneId,
        /// [`Departure::TimedOut`] or [`Departure::ConnectionLost`].
        cause: Departure,
    },
    /// The match is over; nothing more will be said about it.
    Ended {
        /// Which.
        id: MatchId,
        /// Why.
        reason: EndReason,
        /// Everybody who had a seat.
        participants: Vec<ParticipantId>,
    },
}

/// How a waiting room stands for somebody in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomStatus {
    /// People who wait and are connected, this one included. Who is being matched is not
    /// counted.
    pub waiting: u32,
    /// People that a game needs.
    pub needed: u32,
    /// How long this one's waiting may still last; `None` if it is not limited.
    pub remaining_ms: Option<u64>,
}

/// An event that cannot be. Nothing has changed by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// There is no such scene.
    #[error("there is no waiting room for the scene {0}")]
    NoSuchScene(SceneId),
    /// There is no such match, or it is over.
    #[error("there is no {0}, or it is over")]
    NoSuchMatch(MatchId),
    /// The match is in another state.
    #[error("{id} is {state}, so this cannot be about it")]
    WrongState {
        /// Which.
        id: MatchId,
        /// How far it is.
        state: SessionState,
    },
    /// The two are not being probed, or not in this match.
    #[error("{by} has nothing to say of {of} in {id}")]
    NotThese {
        /// The match.
        id: MatchId,
        /// Who spoke.
        by: ParticipantId,
        /// Of whom.
        of: ParticipantId,
    },
    /// Somebody asks for a scene while in another one.
    #[error("{participant} is {state} in the scene {scene}, so must leave it first")]
    Elsewhere {
        /// Who.
        participant: ParticipantId,
        /// In which scene.
        scene: SceneId,
        /// How far.
        state: ParticipantState,
    },
    /// A transition was refused. No sequence of events leads here.
    #[error(transparent)]
    Illegal(#[from] Illegal),
}
