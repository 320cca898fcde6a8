//! The lobby: JSON text messages over a WebSocket at `/lobby`, one value a message, told apart
//! by `type`.
//!
//! A client opens with [`FromClient::Hello`] and gets [`FromLab::Welcome`] or
//! [`FromLab::Refused`]. Then the lab shows it scene after scene with [`FromLab::Scene`], each
//! answered with [`FromClient::Done`], until [`FromLab::Completed`]. At a game it says
//! [`FromClient::Ready`], hears [`FromLab::Waiting`] whenever the waiting room changes, and
//! [`FromLab::Matched`] when it has a partner. Unknown fields are ignored on both sides; an
//! unknown `type` is an error that is counted and answered with nothing.

use crate::controls::Controls;
use crate::ids::{
    HexDigest, PanelId, ParticipantId, Password, PublicKey, SceneId, SessionId, StudyId, Token,
};
use crate::players::Players;
use crate::records::{Uploads, Verdict};
use crate::study::{Answer, Checked, Completed, Outcome, Probe, Scene};
use crate::{Seat, report::Report};
use serde::{Deserialize, Serialize};

/// The longest message a lab accepts, in bytes: a form with long answers fits.
pub const MAX_FROM_CLIENT: usize = 256 * 1024;

/// The longest message a client accepts, in bytes: a scene with the longest text that an experiment
/// may have fits.
pub const MAX_FROM_LAB: usize = 4 * 1024 * 1024;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromClient {
    /// The first message.
    Hello(Hello),
    /// Asks to be matched for the game at this place.
    Ready {
        /// [`Scene::step`].
        step: u32,
    },
    /// Gives up the place in the waiting room.
    Leave,
    /// A scene is over.
    Done {
        /// [`Scene::step`].
        step: u32,
        /// How.
        answer: Answer,
    },
    /// Leaves the study.
    Withdraw,
    /// How far a partner is, after [`FromLab::Probe`].
    Probed {
        /// [`Probe::group`].
        group: u64,
        /// [`Probe::with`].
        with: ParticipantId,
        /// Median round trip of the pings in milliseconds; missing if none was answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rtt_ms: Option<u32>,
    },
    /// A connection to a partner is checked, after [`FromLab::Matched`] with `check_within_ms`.
    Checked(Box<Checked>),
    /// Asks for a [`FromLab::Pong`], to measure the round trip.
    Ping {
        /// Comes back unchanged.
        nonce: u32,
    },
    /// How the game goes, every two seconds while one is played.
    Report(Box<Report>),
}

/// Who a client is and what it speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`crate::PROTOCOL_VERSION`] of the client.
    pub protocol: u16,
    /// The program's version, for people.
    pub program: String,
    /// Version of the task rules that the client plays by.
    pub rules: u16,
    /// What the client will sign its statements with. Who comes back brings the same key.
    pub key: PublicKey,
    /// The token of the join link, if the link had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// The token of an earlier [`FromLab::Welcome`], for somebody who comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Token>,
    /// The id that the panel knows this person by, from the join link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel: Option<PanelId>,
}

/// How the program speaks and draws in a study, where that is not the program's own matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentation {
    /// The language of the program's own words, as BCP 47 writes it; missing, the computer's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Milliseconds over which the picture eases what a rollback put right; 0 shows it at once. Missing,
    /// as the program does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motion_easing_ms: Option<u16>,
}

/// What a lab says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromLab {
    /// The client is admitted.
    Welcome {
        /// The pseudonym under which everything of this person is kept.
        participant: ParticipantId,
        /// Which study this is.
        study: StudyId,
        /// The study's title, for people.
        title: String,
        /// How the program speaks and draws in this study.
        #[serde(default)]
        presentation: Presentation,
        /// Proves later that a client is this participant: for coming back, and for uploads.
        resume: Token,
    },
    /// The client is not admitted, or no longer; the connection ends.
    Refused {
        /// Why, for programs.
        code: Refusal,
        /// Why, and what to do, for people.
        message: String,
    },
    /// What to show now.
    Scene(Box<Scene>),
    /// How the waiting room stands.
    Waiting {
        /// People who wait, this one included; missing if the study does not show it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waiting: Option<u32>,
        /// People that a game needs.
        needed: u32,
        /// How much longer this person waits at most, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remaining_ms: Option<u64>,
    },
    /// Somebody may be a partner: measure how far they are.
    Probe(Box<Probe>),
    /// A game: all of its seats are assigned.
    Matched {
        /// Everything needed to play it.
        ticket: Box<Ticket>,
        /// If the connections are to be checked: how long that may take, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check_within_ms: Option<u64>,
    },
    /// A probe or a game has come to nothing; this person waits again, at the old place.
    WaitingAgain {
        /// The game, if there was a ticket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
    },
    /// Something that the person should know while they play.
    Warning {
        /// For people; missing where the program has its own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The lab ends a game for this person.
    Over {
        /// The game.
        session: SessionId,
        /// Why.
        outcome: Outcome,
        /// For people; missing where the program has its own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The study is over for this person.
    Completed(Box<Completed>),
    /// The answer to a ping.
    Pong {
        /// The ping's.
        nonce: u32,
    },
    /// What the lab found out about an episode whose records it has.
    Verdict {
        /// The session.
        session: SessionId,
        /// The scene.
        scene: SceneId,
        /// The episode, from 0.
        episode: u16,
        /// What was found.
        verdict: Verdict,
    },
}

/// Why a lab does not admit a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The two speak different versions.
    Version,
    /// The token is unknown or missing.
    Token,
    /// The message was not understood.
    Malformed,
    /// The same participant is connected already.
    Duplicate,
    /// The lab takes nobody at the moment.
    Closed,
}

/// A game for one participant: who plays, by which settings, and how to reach the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The study.
    pub study: StudyId,
    /// The session.
    pub session: SessionId,
    /// The scene.
    pub scene: SceneId,
    /// This participant's seat.
    pub seat: Seat,
    /// All players.
    pub players: Players,
    /// The game's settings: gridworld's `Settings` as JSON.
    pub settings: serde_json::Value,
    /// Digest of the settings and the rules' version, as gridworld computes it.
    pub game: HexDigest,
    /// How rollback is set up.
    pub netcode: Netcode,
    /// How long an interrupted game is waited for, and how it goes on.
    #[serde(default)]
    pub reconnection: Reconnection,
    /// Whether keys act as long as they are held.
    #[serde(default)]
    pub held_keys: bool,
    /// The keys that play.
    #[serde(default, skip_serializing_if = "Controls::is_usual")]
    pub controls: Controls,
    /// Whether the game makes sounds.
    #[serde(default)]
    pub sounds: bool,
    /// The signalling room, a path segment under `/signal/`.
    pub room: String,
    /// The password for this seat of the room, as the query parameter `token`.
    pub room_token: Token,
    /// Servers that help to connect through firewalls. None by default.
    #[serde(default)]
    pub ice: IceServers,
    /// Where the session's records go.
    #[serde(default)]
    pub uploads: Uploads,
}

/// How rollback is set up. Equal for all players of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Netcode {
    /// Frames between a key press and its effect, at least 1.
    pub input_delay: u8,
    /// Frames that may be simulated ahead of the last confirmed one.
    pub prediction_window: u8,
}

impl Default for Netcode {
    fn default() -> Self {
        Self { input_delay: 2, prediction_window: 16 }
    }
}

/// How long players are waited for. Equal for all players of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconnection {
    /// Seconds that the players' computers may take to connect at first.
    pub connect_seconds: u16,
    /// Seconds that an interruption may last before the session is given up.
    pub limit_seconds: u16,
    /// Seconds of the countdown before an interrupted game goes on, at least 1.
    pub countdown_seconds: u16,
}

impl Default for Reconnection {
    fn default() -> Self {
        Self { connect_seconds: 60, limit_seconds: 30, countdown_seconds: 3 }
    }
}

/// STUN and TURN servers, which share one pair of credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServers {
    /// Addresses such as `stun:host:3478` or `turn:host:3478?transport=udp`.
    #[serde(default)]
    pub urls: Vec<String>,
    /// User name for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Password for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Password>,
    /// Whether participants must reach each other through a TURN server only, and may not tell
    /// each other any other address.
    #[serde(default)]
    pub relay_only: bool,
}
