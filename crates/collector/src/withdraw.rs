//! Withdrawal: games of somebody who takes their data back are deleted, with the partners' records of
//! them, since a game's inputs are in the records of all of its players.
//!
//! First a tombstone is written, then everything else goes; a start finishes what was interrupted. The
//! tombstone stays: by it, records of such games that come later are refused, and their senders told to
//! delete them. A backup that was made before still has the games; after restoring one, withdraw again.

use crate::names::{BUNDLES, PARTIAL, WITHDRAWN, session_key, tombstone_key};
use crate::store::{Registration, Store, StoreError};
use dyad_protocol::{ParticipantId, SessionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;

/// What is left of somebody's games.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Whose data were taken back.
    pub participant: ParticipantId,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// The sessions that were deleted; none where the study keeps games under pseudonyms.
    pub sessions: BTreeSet<Buried>,
}

/// A session that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Buried {
    /// The session.
    pub session: SessionId,
    /// The folder in which its files were.
    pub folder: String,
}

impl Buried {
    fn of(session: &Registration) -> Self {
        let folder = format!("{}/{}", session.study, session.session);
        Self { session: session.session.clone(), folder }
    }
}

impl Store {
    /// Takes somebody's data back. With `games`, all games that they took part in are deleted; otherwise
    /// only that they have withdrawn is noted. What was withdrawn stays withdrawn.
    ///
    /// # Errors
    /// [`StoreError`]. The next start goes on where this one stopped.
    pub fn withdraw(
        &mut self,
        participant: &ParticipantId,
        games: bool,
        now_ms: u64,
    ) -> Result<Tombstone, StoreError> {
        let key = tombstone_key(participant);
        let (mut at, mut sessions) = (now_ms, BTreeSet::new());
        if self.files.length(&key)?.is_some() {
            Tombstone { at, sessions, .. } = read(&self.files.read(&key)?)?;
        }
        if games {
            for (session, _) in self.index.sessions()? {
                let found = self.index.session(&session)?;
                let theirs = found.filter(|it| it.has_person(participant));
                sessions.extend(theirs.as_ref().map(Buried::of));
            }
        }
        let tombstone = Tombstone { participant: participant.clone(), at, sessions };
        let mut text = serde_json::to_vec_pretty(&tombstone).map_err(io::Error::from)?;
        text.push(b'\n');
        self.files.replace(&key, &text)?;
        self.bury(&tombstone)?;
        Ok(tombstone)
    }

    /// Whether a session was deleted.
    #[must_use]
    pub fn is_withdrawn(&self, session: &SessionId) -> bool {
        self.access.is_withdrawn(session)
    }

    /// All tombstones, by participant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tombstones(&self) -> Result<Vec<Tombstone>, StoreError> {
        let keys = self.files.list(WITHDRAWN)?;
        keys.iter().map(|key| Ok(read(&self.files.read(key)?)?)).collect()
    }

    /// Finishes withdrawals that were interrupted, or that a restored file brought back to life.
    pub(crate) fn finish_withdrawals(&mut self) -> Result<(), StoreError> {
        for tombstone in self.tombstones()? {
            self.bury(&tombstone)?;
        }
        Ok(())
    }

    fn bury(&mut self, tombstone: &Tombstone) -> Result<(), StoreError> {
        for Buried { session, folder } in &tombstone.sessions {
            self.access.withdraw(session);
            self.index.forget(session)?;
            let folders = [format!("{BUNDLES}/{session}"), format!("{PARTIAL}/{session}")];
            for folder in folders.iter().chain([folder]) {
                for key in self.files.list(folder)? {
                    self.files.remove(&key)?;
                }
            }
            let key = session_key(session);
            if self.files.length(&key)?.is_some() {
                self.files.remove(&key)?;
            }
        }
        Ok(())
    }
}

fn read(bytes: &[u8]) -> io::Result<Tombstone> {
    Ok(serde_json::from_slice(bytes)?)
}
