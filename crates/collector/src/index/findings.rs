//! What participants said that they had on disk, and what is known of episodes besides verdicts.

use super::{Index, IndexError, id, sql};
use crate::settle::Finding;
use dyad_protocol::records::RecordName;
use dyad_protocol::{ParticipantId, SessionId};
use dyad_recording::statement::Committed;
use rusqlite::types::FromSqlError;
use rusqlite::{Row, params};

/// Made where they are missing, in a store of an earlier version of this program too.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS committed (
        session TEXT NOT NULL, participant TEXT NOT NULL, message BLOB NOT NULL,
        received_ms INTEGER NOT NULL, PRIMARY KEY (session, participant)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS findings (
        session TEXT NOT NULL, scene TEXT NOT NULL, episode INTEGER NOT NULL,
        finding TEXT NOT NULL, PRIMARY KEY (session, scene, episode)
    ) STRICT;
";

/// What participants of a session last said that they had on disk.
pub type OnDisk = Vec<(ParticipantId, Committed)>;

impl Index {
    /// Keeps messages about what is on disk, each instead of the one that its sender sent before:
    /// all of them or none.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn set_committed(
        &mut self,
        messages: &[(ParticipantId, Committed)],
        now_ms: u64,
    ) -> Result<(), IndexError> {
        let transaction = self.database.transaction()?;
        for (participant, message) in messages {
            transaction.execute(
                "INSERT OR REPLACE INTO committed VALUES (?, ?, ?, ?)",
                params![
                    message.session.as_str(),
                    participant.as_str(),
                    message.encode(),
                    sql(now_ms)
                ],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// What a session's participants last said that they had on disk; of some perhaps nothing.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn committed(&self, session: &SessionId) -> Result<OnDisk, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT participant, message FROM committed WHERE session = ? ORDER BY participant",
        )?;
        let message = |row: &Row<'_>| {
            let bytes: Vec<u8> = row.get(1)?;
            let message =
                Committed::decode(&bytes).map_err(|error| FromSqlError::Other(Box::new(error)))?;
            Ok((id(row, 0)?, message))
        };
        Ok(query.query_map([session.as_str()], message)?.collect::<Result<_, _>>()?)
    }

    /// Notes what is known of an episode besides its verdict.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn set_finding(&mut self, name: &RecordName, finding: &Finding) -> Result<(), IndexError> {
        let (session, scene, _, episode) = super::key(name);
        let finding = serde_json::to_string(finding).expect("a finding is plain data");
        self.database.execute(
            "INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?)",
            params![session, scene, episode, finding],
        )?;
        Ok(())
    }

    /// What is known of a session's episodes besides their verdicts, by episode.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn findings(&self, session: &SessionId) -> Result<Vec<(u16, Finding)>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT episode, finding FROM findings WHERE session = ? ORDER BY episode",
        )?;
        let finding = |row: &Row<'_>| {
            let text: String = row.get(1)?;
            let finding = serde_json::from_str(&text)
                .map_err(|error| FromSqlError::Other(Box::new(error)))?;
            Ok((row.get(0)?, finding))
        };
        Ok(query.query_map([session.as_str()], finding)?.collect::<Result<_, _>>()?)
    }
}
