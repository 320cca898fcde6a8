//! How a study stands, by its journal: who is where, what is played, how it ended for whom.
//!
//! The journal has what the lab has promised, so this is as true of a lab that was killed as of one
//! that runs. It does not have who is looking at a page right now: somebody who closed the window on
//! one is [`Doing::OnTheWay`] until they come back.

use crate::journal::{self, Entry, JournalError};
use crate::people::{PersonFact, PersonRecord};
use crate::ticket::SessionRecord;
use dyad_experiment::{ConditionId, Outcome, Place};
use dyad_matchmaking::state::Illegal;
use dyad_matchmaking::{MatchId, ParticipantState, SessionState, State};
use dyad_protocol::{ParticipantId, SceneId, SessionId, StudyId};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// How a study stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Which study; `None` where no lab was ever started.
    pub study: Option<StudyId>,
    /// When something last happened, in milliseconds since 1970.
    pub at_ms: u64,
    /// Everybody, in the order in which they came.
    pub people: Vec<PersonStatus>,
    /// Games that are being checked or played, the oldest first.
    pub games: Vec<GameStatus>,
    /// For how many people each scene is over, in the order in which that first happened.
    pub scenes: Vec<(SceneId, usize)>,
}

/// How far somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonStatus {
    /// Who.
    pub participant: ParticipantId,
    /// Their condition, if there is one.
    pub condition: Option<ConditionId>,
    /// When they came, in milliseconds since 1970.
    pub came_ms: u64,
    /// The scene that they have gone through last.
    pub after: Option<SceneId>,
    /// What they are doing.
    pub now: Doing,
    /// Since when, in milliseconds since 1970.
    pub since_ms: u64,
}

/// What somebody is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Doing {
    /// On a page or a form, or gone without a word.
    OnTheWay,
    /// In a waiting room, or in a group that is being checked.
    Waiting {
        /// For which scene.
        scene: SceneId,
        /// Whether the lab has heard of them lately.
        connected: bool,
    },
    /// In a game.
    Playing {
        /// Which.
        session: SessionId,
        /// Whether the lab has heard of them lately. A game goes on without the lab.
        connected: bool,
    },
    /// At the end of the study.
    Done {
        /// How it ended.
        outcome: Outcome,
    },
}

/// A game that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GameStatus {
    /// Which.
    pub session: SessionId,
    /// The scene.
    pub scene: SceneId,
    /// Whether it is played; its connections are being checked if not.
    pub playing: bool,
    /// Since when there is such a group, in milliseconds since 1970.
    pub since_ms: u64,
    /// Who plays, by seat: people, and the names of programs.
    pub players: Vec<ParticipantId>,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It contradicts itself.
    #[error("the journal cannot be followed: {0}")]
    Illegal(#[from] Illegal),
}

/// How the study in a lab's folder stands. A lab may be running on it.
///
/// # Errors
/// [`StatusError`].
pub fn status(folder: &Path) -> Result<Status, StatusError> {
    Ok(of(&journal::history(folder)?)?)
}

/// The same by these lines, which begin with the first that was ever written.
///
/// # Errors
/// [`Illegal`] if one cannot follow those before it.
pub fn of(entries: &[Entry]) -> Result<Status, Illegal> {
    let mut so_far = SoFar::default();
    for entry in entries {
        so_far.status.at_ms = entry.at();
        match entry {
            Entry::Lab(opened) => so_far.status.study = Some(opened.study.clone()),
            Entry::Person(record) => so_far.person(record),
            Entry::Match(record) => so_far.matches.apply(record.at, &record.fact)?,
            Entry::Game(record) => {
                so_far.games.insert(record.id, record.clone());
            }
            Entry::Snapshot(_) => {}
        }
    }
    Ok(so_far.conclude())
}

#[derive(Default)]
struct SoFar {
    status: Status,
    matches: State,
    games: BTreeMap<MatchId, SessionRecord>,
    /// Where each person is in the list.
    index: BTreeMap<ParticipantId, usize>,
}

impl SoFar {
    fn person(&mut self, PersonRecord { at, participant, fact }: &PersonRecord) {
        if let PersonFact::Enrolled { condition, .. } = fact {
            self.index.insert(participant.clone(), self.status.people.len());
            self.status.people.push(PersonStatus {
                participant: participant.clone(),
                condition: condition.clone(),
                came_ms: *at,
                after: None,
                now: Doing::OnTheWay,
                since_ms: *at,
            });
        }
        let place = self.index.get(participant);
        let Some(person) = place.and_then(|&place| self.status.people.get_mut(place)) else {
            return;
        };
        match fact {
            PersonFact::Screened { place, .. } => person.went(*at, *place),
            PersonFact::Went { scene, place, .. } => {
                person.after = Some(scene.clone());
                person.went(*at, *place);
                let scenes = &mut self.status.scenes;
                match scenes.iter_mut().find(|(known, _)| known == scene) {
                    Some((_, times)) => *times += 1,
                    None => scenes.push((scene.clone(), 1)),
                }
            }
            PersonFact::Grouped { condition, .. } => person.condition = Some(condition.clone()),
            PersonFact::Ungrouped { .. } => person.condition = None,
            PersonFact::Enrolled { .. }
            | PersonFact::Seated { .. }
            | PersonFact::Unseated { .. }
            | PersonFact::Joined { .. }
            | PersonFact::Alone(_) => {}
        }
    }

    /// Adds what matchmaking knows: who waits and who plays.
    fn conclude(mut self) -> Status {
        for person in &mut self.status.people {
            let Some(known) = self.matches.person(&person.participant) else { continue };
            let connected = known.away_until.is_none();
            let game = known.stage().session().and_then(|id| self.games.get(&id));
            let playing = known.stage().state() == ParticipantState::Playing;
            person.since_ms = known.since.0;
            person.now = match game.filter(|_| playing) {
                Some(game) => Doing::Playing { session: game.session.clone(), connected },
                None => Doing::Waiting { scene: known.scene.clone(), connected },
            };
        }
        for (id, session) in self.matches.sessions() {
            let Some(game) = self.games.get(&id) else { continue };
            self.status.games.push(GameStatus {
                session: game.session.clone(),
                scene: game.scene.clone(),
                playing: session.state() == SessionState::Playing,
                since_ms: game.at,
                players: game.players.names().unwrap_or_default(),
            });
        }
        self.status
    }
}

impl PersonStatus {
    fn went(&mut self, at: u64, place: Place) {
        self.since_ms = at;
        self.now = match place {
            Place { done: true, outcome, .. } => Doing::Done { outcome },
            Place { done: false, .. } => Doing::OnTheWay,
        };
    }
}
