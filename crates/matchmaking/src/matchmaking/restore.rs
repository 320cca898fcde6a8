//! Going on after the lab was killed.

use super::Matchmaking;
use crate::event::HandleError;
use crate::fact::{Fact, Record};
use crate::participant::{ParticipantState, Stage};
use crate::session::{EndReason, Rejection, SessionState};
use crate::settings::RoomSettings;
use crate::state::{Illegal, State};
use dyad_protocol::SceneId;

/// How long everybody has for coming back after the lab was started again, at least: clients dial
/// again with a pause that grows.
pub const RESTART_GRACE_MS: u64 = 60_000;

/// Why a state cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// Records are missing.
    #[error("record {found} follows where {expected} should; the log has a gap")]
    Gap {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A record that cannot follow the ones before.
    #[error("record {seq}: {source}")]
    Record {
        /// Its number.
        seq: u64,
        /// What is wrong with it.
        source: Illegal,
    },
    /// The snapshot contradicts itself.
    #[error("the snapshot: {0}")]
    Snapshot(#[source] Illegal),
    /// Somebody is in a scene that the study does not have any more.
    #[error("people are in the scene {0}, which the study does not have")]
    NoSuchScene(SceneId),
}

impl Matchmaking {
    /// The state as it was: from a snapshot ([`Self::state`], serialised) if there is one, and the
    /// records since. Records that the snapshot contains are skipped. Then say
    /// [`crate::Event::Restarted`].
    ///
    /// # Errors
    /// [`RestoreError`] if these are not the records of one lab, whole and in order.
    pub fn restore(
        rooms: impl IntoIterator<Item = RoomSettings>,
        snapshot: Option<State>,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Self, RestoreError> {
        let mut whole = Self::new(rooms);
        let mut state = snapshot.unwrap_or_default();
        state.reindex().map_err(RestoreError::Snapshot)?;
        for Record { seq, at, fact } in records {
            let expected = state.next_record();
            if seq < expected {
                continue;
            }
            if seq > expected {
                return Err(RestoreError::Gap { expected, found: seq });
            }
            state.apply(at, &fact).map_err(|source| RestoreError::Record { seq, source })?;
            whole.now = whole.now.max(at);
        }
        whole.state = state;
        match whole.homeless_scene() {
            Some(scene) => Err(RestoreError::NoSuchScene(scene)),
            None => Ok(whole),
        }
    }

    /// A scene that somebody is in and that there is not.
    fn homeless_scene(&self) -> Option<SceneId> {
        let people = self.state.persons().map(|(_, person)| &person.scene);
        let mut scenes = people.chain(self.state.sessions().map(|(_, session)| &session.scene));
        scenes.find(|scene| !self.rules.contains_key(*scene)).cloned()
    }

    /// Nobody is connected. What needs the lab to get on is called off, its people wait; those
    /// who play play on; and everybody has time to come back, however long the lab was away.
    pub(super) fn restarted(&mut self) -> Result<(), HandleError> {
        let unfinished: Vec<_> =
            self.state.sessions().map(|(id, session)| (id, session.state())).collect();
        for (id, state) in unfinished {
            match state {
                SessionState::Waiting => self.reject(id, Rejection::LabRestarted, None)?,
                SessionState::Matched | SessionState::Validating => {
                    self.end_before_start(id, EndReason::LabRestarted, None)?;
                }
                SessionState::Playing | SessionState::Ended => {}
            }
        }
        let mut lost = Vec::new();
        for (participant, person) in self.state.persons() {
            let settings = self.settings(&person.scene)?;
            let grace_ms = match person.stage() {
                Stage::Playing(_) => settings.playing_grace_ms,
                _ => settings.waiting_grace_ms,
            };
            let until = self.now.plus_ms(grace_ms.max(RESTART_GRACE_MS));
            let waits = person.stage().state() == ParticipantState::Waiting;
            let wait_until = person.wait_until.map(|it| if waits { it.max(until) } else { it });
            lost.push(Fact::Lost { participant: participant.clone(), until, wait_until });
        }
        lost.into_iter().try_for_each(|fact| self.commit(fact))
    }
}
