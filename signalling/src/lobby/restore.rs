//! Going on after the lab was killed.

use super::{Effect, Game, Lobby};
use crate::journal::{self, Entry, Opened};
use crate::study::Study;
use crate::ticket::tickets;
use dyad_matchmaking::{self as matchmaking, Matchmaking, SessionState, Timestamp};

/// Why a lab cannot go on from its journal.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// It is another study's.
    #[error("the folder belongs to the study {0}; choose another one with --data")]
    OtherStudy(dyad_protocol::StudyId),
    /// Its records of matchmaking cannot be followed.
    #[error(
        "{0}; if the experiment file was changed, put back the one that the study began with, or \
         choose another folder with --data"
    )]
    Matchmaking(#[from] matchmaking::matchmaking::RestoreError),
}

impl Lobby {
    /// The lobby as a journal tells. Say [`super::Event::Restarted`] first.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn restore(study: Study, entries: &[Entry]) -> Result<Self, RestoreError> {
        let records = journal::matches(entries);
        let rooms: Vec<_> = study.rooms().settings().collect();
        let matchmaking = Matchmaking::restore(rooms, None, records)?;
        let mut lobby = Self::with(study, matchmaking);
        let ours = lobby.study.digest();
        let mut changed = false;
        for entry in entries {
            match entry {
                Entry::Lab(Opened { study, .. }) if *study != lobby.study.experiment.study => {
                    return Err(RestoreError::OtherStudy(study.clone()));
                }
                Entry::Lab(Opened { experiment, .. }) => changed = *experiment != ours,
                Entry::Person(record) => lobby.people.apply(record),
                Entry::Game(record) => {
                    let state = lobby.matchmaking.session_state(record.id);
                    let goes_on = state.is_some_and(|state| state != SessionState::Ended);
                    let tickets = tickets(&lobby.study.experiment, record);
                    if let Some(tickets) = tickets.filter(|_| goes_on) {
                        let game = Game { record: record.clone(), tickets, given: true };
                        lobby.games.insert(record.id, game);
                    }
                }
                Entry::Match(_) => {}
            }
        }
        if changed {
            tracing::warn!("the experiment is another one than when the lab ran last");
        }
        Ok(lobby)
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
