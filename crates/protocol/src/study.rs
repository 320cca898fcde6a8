//! A person's way through a study: what the lab has shown next, and what the client answers.
//!
//! The lab says [`Scene`]; the client shows it and says [`Answer`] with the same step, once. What a
//! scene holds is JSON of the experiment file's types, which this crate does not know.

use crate::controls::Controls;
use crate::ids::{HexDigest, ParticipantId, SceneId, SessionId, Token};
use crate::lobby::IceServers;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where somebody is, and what to show there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scene {
    /// The place on this person's way: 0 is screening, the scenes follow from 1.
    pub step: u32,
    /// Places before the end.
    pub steps: u32,
    /// The scene's id; `screening` for screening.
    pub scene: SceneId,
    /// What it is, and so what answers it.
    pub kind: SceneKind,
    /// What to show.
    pub content: serde_json::Value,
    /// The person's own seed: the order of answers that are shuffled follows from it.
    pub seed: u64,
    /// The game that is played at this place, if one has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

/// What a scene is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SceneKind {
    /// What must be known before the first scene. Its content is [`Asked`].
    Screening,
    /// The consent form.
    Consent,
    /// A page to read.
    Page,
    /// A form.
    Form,
    /// A game. Its content is [`Upcoming`].
    Game,
}

/// What can be known of a game before anybody is matched for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upcoming {
    /// The keys that will play. Missing if only the ticket can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<Controls>,
}

/// What screening asks for, besides what the client always says of its computer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Whether the frame rate is to be measured.
    pub frame_rate: bool,
    /// Questions for the person.
    pub questions: Vec<ScreeningQuestion>,
}

/// A question of screening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreeningQuestion {
    /// The question.
    pub text: String,
    /// The answers to choose from.
    pub options: Vec<String>,
}

/// What a client says of a scene when it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// To [`SceneKind::Screening`].
    Screening(Computer),
    /// To [`SceneKind::Consent`].
    Consent {
        /// Whether the person agrees.
        agreed: bool,
        /// BLAKE3 of the text's bytes in UTF-8: what they have read.
        text: HexDigest,
        /// When, in milliseconds since 1970 by the client's clock.
        at_ms: u64,
    },
    /// To [`SceneKind::Page`].
    Page,
    /// To [`SceneKind::Form`].
    Form {
        /// By question; a question without an answer is missing. Each is a text, a number or a
        /// list of texts.
        answers: BTreeMap<String, serde_json::Value>,
    },
    /// To [`SceneKind::Game`].
    Game {
        /// Which game.
        session: SessionId,
        /// How it ended for this client.
        end: GameEnd,
        /// The score of each finished episode, in thousandths.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        scores: Vec<i64>,
    },
}

impl Answer {
    /// What it answers.
    #[must_use]
    pub const fn kind(&self) -> SceneKind {
        match self {
            Self::Screening(_) => SceneKind::Screening,
            Self::Consent { .. } => SceneKind::Consent,
            Self::Page => SceneKind::Page,
            Self::Form { .. } => SceneKind::Form,
            Self::Game { .. } => SceneKind::Game,
        }
    }
}

/// What a client says of its computer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computer {
    /// `windows`, `macos`, `linux`, or what it is called otherwise.
    pub system: String,
    /// The program's version, such as `0.1.0`.
    pub version: String,
    /// Logical pixels of the display, across and down. Missing without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<[u32; 2]>,
    /// Frames that are drawn in 1000 seconds. Missing if nothing is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames_in_1000_s: Option<u32>,
    /// Milliseconds since 1970 by its clock, when this is said.
    pub clock_ms: u64,
    /// The answer to each question, as an index into its options.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<u32>,
}

/// How a game ended for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GameEnd {
    /// All of it was played.
    Completed,
    /// This person was away from the game for too long.
    Away,
    /// A partner was.
    PartnerAway,
    /// A partner left.
    PartnerLeft,
    /// The connection to a partner was lost for too long.
    PartnerLost,
    /// A partner was never reached.
    NotConnected,
    /// It was interrupted and could not go on.
    NotResumed,
    /// The programs do not fit together.
    Incompatible,
    /// The lab said that it is over.
    Dismissed,
    /// This computer could not go on, such as with a full disk.
    Failure,
}

/// Two people are to measure how far they are from each other before they are put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The proposed group, a number.
    pub group: u64,
    /// The other one.
    pub with: ParticipantId,
    /// The signalling room for the two.
    pub room: String,
    /// The password for this one's seat of it.
    pub room_token: Token,
    /// Pings to send on the unreliable channel. Their median counts.
    pub pings: u8,
    /// How long they have for connecting and measuring, in milliseconds.
    pub within_ms: u64,
    /// Servers that help to connect.
    #[serde(default)]
    pub ice: IceServers,
}

/// What a client says of itself over a new connection to a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// [`crate::PROTOCOL_VERSION`].
    pub protocol: u16,
    /// Version of the task rules.
    pub rules: u16,
    /// The program's version.
    pub program: String,
    /// Digest of the game.
    pub game: HexDigest,
}

/// One direction of a connection, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The game.
    pub session: SessionId,
    /// Who was heard, or was to be.
    pub of: ParticipantId,
    /// Something came on the reliable channel.
    pub reliable: bool,
    /// Something came on the unreliable channel.
    pub unreliable: bool,
    /// What this client says of itself.
    pub own: Greeting,
    /// What the partner said of itself.
    pub partner: Greeting,
}

/// How the study ended for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All scenes were gone through.
    Finished,
    /// Nobody was there to play with in time.
    NoPartner,
    /// The partner left or was lost.
    PartnerLeft,
    /// The person's own connection was lost for too long.
    LostConnection,
    /// Excluded during a game.
    Excluded,
    /// Not admitted by a rule of screening.
    ScreenedOut,
    /// Left of their own accord, or did not consent.
    Withdrew,
}

/// The end of the study for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed {
    /// How it ended.
    pub outcome: Outcome,
    /// The completion code, if this outcome has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The panel's page to return to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A heading of the author's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What people read, in Markdown; without it the program has its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
