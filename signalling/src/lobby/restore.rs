//! Going on after the lab was killed.

use super::{Effect, Game, Lobby};
use crate::journal::{self, Entry, Opened, Snapshot};
use crate::study::Study;
use crate::ticket::{SessionRecord, tickets};
use dyad_matchmaking::{self as matchmaking, Matchmaking, SessionState, Timestamp};
use dyad_protocol::StudyId;
use std::collections::BTreeSet;

/// Why a lab cannot go on from its journal.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// It is another study's.
    #[error("the folder belongs to the study {0}; choose another one with --data")]
    OtherStudy(StudyId),
    /// Its records of matchmaking cannot be followed.
    #[error(
        "{0}; if the experiment file was changed, put back the one that the study began with, or \
         choose another folder with --data"
    )]
    Matchmaking(#[from] matchmaking::matchmaking::RestoreError),
    /// The state with which it begins is none.
    #[error("the journal's first line: {0}")]
    Snapshot(#[from] serde_json::Error),
}

impl Lobby {
    /// The lobby as a journal tells. Say [`super::Event::Restarted`] first.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn restore(study: Study, entries: &[Entry]) -> Result<Self, RestoreError> {
        let records = journal::matches(entries);
        let rooms: Vec<_> = study.rooms().settings().collect();
        let before = match entries.first() {
            Some(Entry::Snapshot(snapshot)) => serde_json::from_value(snapshot.matches.clone())?,
            _ => None,
        };
        let matchmaking = Matchmaking::restore(rooms, before, records)?;
        let mut lobby = Self::with(study, matchmaking);
        let ours = lobby.study.digest();
        let mut changed = false;
        for entry in entries {
            match entry {
                Entry::Lab(Opened { study, experiment, .. }) => {
                    lobby.is_ours(study)?;
                    changed = *experiment != ours;
                }
                Entry::Snapshot(snapshot) => {
                    let Snapshot { study, experiment, people, games, .. } = &**snapshot;
                    lobby.is_ours(study)?;
                    changed = *experiment != ours;
                    lobby.people = people.clone();
                    games.iter().for_each(|record| lobby.take_up(record));
                }
                Entry::Person(record) => lobby.people.apply(record),
                Entry::Game(record) => lobby.take_up(record),
                Entry::Match(_) => {}
            }
        }
        if changed {
            tracing::warn!("the experiment is another one than when the lab ran last");
        }
        Ok(lobby)
    }

    fn is_ours(&self, study: &StudyId) -> Result<(), RestoreError> {
        let ours = *study == self.study.experiment.study;
        if ours { Ok(()) } else { Err(RestoreError::OtherStudy(study.clone())) }
    }

    /// Goes on with a game, if it does.
    fn take_up(&mut self, record: &SessionRecord) {
        let state = self.matchmaking.session_state(record.id);
        let goes_on = state.is_some_and(|state| state != SessionState::Ended);
        let tickets = tickets(&self.study.experiment, record).filter(|_| goes_on);
        if let Some(tickets) = tickets {
            let game = Game { record: record.clone(), tickets, given: true, gone: BTreeSet::new() };
            self.games.insert(record.id, game);
        }
    }

    /// Where everything stands, for a journal that is begun anew. `at` is when the last line of the one
    /// before was written, in milliseconds since 1970.
    ///
    /// # Panics
    /// Never: a state is plain data.
    #[must_use]
    pub fn snapshot(&self, at: u64) -> Snapshot {
        let matches = serde_json::to_value(self.matchmaking.state());
        Snapshot {
            at,
            study: self.study.experiment.study.clone(),
            experiment: self.study.digest(),
            matches: matches.expect("a state is plain data"),
            people: self.people.clone(),
            games: self.games.values().map(|game| game.record.clone()).collect(),
        }
    }

    pub(super) fn restarted(&mut self, now: Timestamp) {
        let opened = Opened {
            at: now.0,
            study: self.study.experiment.study.clone(),
            experiment: self.study.digest(),
            withdrawal: Some(self.study.experiment.data.withdrawal),
        };
        self.effects.push_back(Effect::Persist(Entry::Lab(opened)));
        for game in self.games.values() {
            let (room, passwords) = (game.record.room.clone(), game.record.room_tokens.clone());
            self.effects.push_back(Effect::OpenRoom(room, passwords));
        }
        self.arrange(now, matchmaking::Event::Restarted);
    }
}
