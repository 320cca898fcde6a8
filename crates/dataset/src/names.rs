//! Names of files, in Psych-DS form: `keyword-value` pairs, joined by `_`.
//!
//! A value is made of letters and digits alone, so identifiers lose their `-` and `_`. Where two
//! would become the same, all identifiers of their kind keep the difference as a capital letter,
//! which no identifier has: `D` for `-`, `U` for `_`.

use crate::session::Entry;
use dyad_protocol::{ParticipantId, SceneId, SessionId, StudyId};
use std::collections::{BTreeMap, BTreeSet};

/// How the identifiers of a dataset stand in names of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    sessions: Words,
    scenes: Words,
    participants: Words,
}

/// The words for the identifiers of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Words(BTreeMap<String, String>);

impl Words {
    fn of<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        let ids: BTreeSet<&str> = ids.collect();
        let short: BTreeSet<String> = ids.iter().map(|id| id.replace(['-', '_'], "")).collect();
        let word = |id: &&str| {
            let word = if short.len() == ids.len() {
                id.replace(['-', '_'], "")
            } else {
                id.replace('-', "D").replace('_', "U")
            };
            ((*id).to_owned(), word)
        };
        Self(ids.iter().map(word).collect())
    }

    /// The word for an identifier, which must be one of the dataset's.
    fn word(&self, id: &str) -> &str {
        self.0.get(id).map_or("unknown", String::as_str)
    }
}

impl Names {
    /// The names of a dataset of these sessions.
    #[must_use]
    pub fn new<'a>(entries: impl Iterator<Item = &'a Entry> + Clone) -> Self {
        let sessions = entries.clone().map(|entry| &entry.registration);
        let participants =
            sessions.clone().flat_map(|session| session.people().map(|(_, who)| who));
        Self {
            sessions: Words::of(sessions.clone().map(|session| session.session.as_str())),
            scenes: Words::of(sessions.map(|session| session.scene.as_str())),
            participants: Words::of(participants.map(ParticipantId::as_str)),
        }
    }

    /// The word for a participant.
    #[must_use]
    pub fn participant(&self, participant: &ParticipantId) -> &str {
        self.participants.word(participant.as_str())
    }

    /// The word for a session.
    #[must_use]
    pub fn session(&self, session: &SessionId) -> &str {
        self.sessions.word(session.as_str())
    }

    /// The word for a scene.
    #[must_use]
    pub fn scene(&self, scene: &SceneId) -> &str {
        self.scenes.word(scene.as_str())
    }

    /// The path of a table of an episode. Tables of one participant's computer name it, and what
    /// they are.
    #[must_use]
    pub fn table(
        &self,
        entry: &Entry,
        episode: u16,
        one_side: Option<(&ParticipantId, &str)>,
    ) -> String {
        let session = self.session(&entry.registration.session);
        let scene = self.scene(&entry.registration.scene);
        let folder = format!("data/session-{session}");
        match one_side {
            None => format!("{folder}/session-{session}_task-{scene}_trial-ep{episode}_data.csv"),
            Some((participant, what)) => {
                let subject = self.participant(participant);
                format!(
                    "{folder}/session-{session}_subject-{subject}_task-{scene}_trial-ep{episode}\
                     _description-{what}_data.csv"
                )
            }
        }
    }
}

/// The path of a table over all sessions.
#[must_use]
pub fn overview(table: &str) -> String {
    format!("data/description-{table}_data.csv")
}

/// The folder of what a session's tables are derived from.
#[must_use]
pub fn raw(study: &StudyId, session: &SessionId) -> String {
    format!("data/raw/{study}/{session}")
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn identifiers_keep_their_differences() {
        let words = Words::of(["p-1", "p_2"].into_iter());
        assert_eq!((words.word("p-1"), words.word("p_2")), ("p1", "p2"));
        let words = Words::of(["p-1", "p_1", "p1"].into_iter());
        let three = ["p-1", "p_1", "p1"].map(|id| words.word(id));
        assert_eq!(three, ["pD1", "pU1", "p1"]);
    }
}
