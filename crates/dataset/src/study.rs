//! What a lab knows of a study beside its games: who took part and how it went for them, what they
//! consented to and answered, and why who was matched with whom. Whoever exports says it; it is kept in
//! the dataset as `data/raw/study.json`, and the tables about people follow from that.
//!
//! All of it is under pseudonyms. What identifies people is not among it: the lab keeps that apart.

use crate::session::Entry;
use dyad_protocol::{HexDigest, ParticipantId, SceneId, SessionId, StudyId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where it is in a dataset.
pub const STUDY: &str = "data/raw/study.json";

/// What a lab knows. Everything is in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Everybody who has come.
    pub people: Vec<Person>,
    /// Scenes that are over for somebody.
    pub scenes: Vec<SceneEnd>,
    /// Answers to consent forms.
    pub consents: Vec<Consent>,
    /// Answers to questions, one for each value.
    pub answers: Vec<Answered>,
    /// What matchmaking has done.
    pub matches: Vec<Matched>,
}

/// Somebody who has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The study.
    pub study: StudyId,
    /// Who.
    pub participant: ParticipantId,
    /// When, milliseconds since 1970.
    pub enrolled_ms: u64,
    /// The condition, if there is one.
    pub condition: Option<String>,
    /// How the study ended for them; `incomplete` if it has not.
    pub outcome: String,
    /// The rule of screening that they did not meet.
    pub screened_out_by: Option<String>,
}

/// A scene that is over for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SceneEnd {
    /// Whose.
    pub participant: ParticipantId,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// Which.
    pub scene: SceneId,
    /// How often it was on their way before.
    pub repetition: u32,
    /// The game, if it was one.
    pub session: Option<SessionId>,
    /// How it ended.
    pub outcome: String,
}

/// Somebody's answer to a consent form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Whose.
    pub participant: ParticipantId,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// Which form.
    pub scene: SceneId,
    /// Whether they agreed.
    pub agreed: bool,
    /// BLAKE3 of the text that they have read.
    pub text: HexDigest,
}

/// A value that somebody has answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Who.
    pub participant: ParticipantId,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// In which form.
    pub scene: SceneId,
    /// How often it was on their way before.
    pub repetition: u32,
    /// To which question.
    pub question: String,
    /// Which of the values, from 0: there are several where several answers may be chosen.
    pub choice: u32,
    /// The value.
    pub value: String,
}

/// Something that matchmaking has done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    /// Its number in the match log.
    pub seq: u64,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// What.
    pub event: String,
    /// Whom it is about.
    pub participants: Vec<ParticipantId>,
    /// Everything else that is known of it, as `name=value` pairs.
    pub details: String,
}

impl Study {
    /// The part of it that is about people who were in one of these sessions.
    #[must_use]
    pub fn of(mut self, entries: &[Entry]) -> Self {
        let people: BTreeSet<&ParticipantId> = entries
            .iter()
            .flat_map(|entry| entry.registration.people())
            .map(|(_, who)| who)
            .collect();
        let is_in = |participant: &ParticipantId| people.contains(participant);
        self.people.retain(|it| is_in(&it.participant));
        self.scenes.retain(|it| is_in(&it.participant));
        self.consents.retain(|it| is_in(&it.participant));
        self.answers.retain(|it| is_in(&it.participant));
        self.matches.retain(|it| it.participants.iter().all(is_in));
        self
    }
}
