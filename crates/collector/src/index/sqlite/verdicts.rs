//! Verdicts, what is known besides, and which sessions are over.

use super::super::{IndexError, OnDisk, Verdicts};
use super::{Sqlite, id, key, sql};
use crate::settle::Finding;
use dyad_protocol::records::{RecordName, Verdict};
use dyad_protocol::{ParticipantId, SessionId};
use dyad_recording::statement::Committed;
use rusqlite::types::FromSqlError;
use rusqlite::{OptionalExtension as _, Row, params};

impl Verdicts for Sqlite {
    fn set_verdict(&mut self, name: &RecordName, verdict: &Verdict) -> Result<(), IndexError> {
        let (session, scene, _, episode) = key(name);
        let verdict = serde_json::to_string(verdict).expect("a verdict is plain data");
        self.database.execute(
            "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)",
            params![session, scene, episode, verdict],
        )?;
        Ok(())
    }

    fn verdicts(&self, session: &SessionId) -> Result<Vec<(u16, Verdict)>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT episode, verdict FROM verdicts WHERE session = ? ORDER BY episode",
        )?;
        let verdict = |row: &Row<'_>| {
            let text: String = row.get(1)?;
            let verdict = serde_json::from_str(&text)
                .map_err(|error| FromSqlError::Other(Box::new(error)))?;
            Ok((row.get(0)?, verdict))
        };
        Ok(query.query_map([session.as_str()], verdict)?.collect::<Result<_, _>>()?)
    }

    fn set_finding(&mut self, name: &RecordName, finding: &Finding) -> Result<(), IndexError> {
        let (session, scene, _, episode) = key(name);
        let finding = serde_json::to_string(finding).expect("a finding is plain data");
        self.database.execute(
            "INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?)",
            params![session, scene, episode, finding],
        )?;
        Ok(())
    }

    fn findings(&self, session: &SessionId) -> Result<Vec<(u16, Finding)>, IndexError> {
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

    fn set_committed(
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

    fn committed(&self, session: &SessionId) -> Result<OnDisk, IndexError> {
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

    fn close(&mut self, session: &SessionId, now_ms: u64) -> Result<(), IndexError> {
        self.database.execute(
            "INSERT OR IGNORE INTO closings VALUES (?, ?)",
            params![session.as_str(), sql(now_ms)],
        )?;
        Ok(())
    }

    fn closed(&self, session: &SessionId) -> Result<Option<u64>, IndexError> {
        let mut query =
            self.database.prepare_cached("SELECT closed_ms FROM closings WHERE session = ?")?;
        let closed = query.query_row([session.as_str()], |row| row.get::<_, i64>(0)).optional()?;
        Ok(closed.map(i64::unsigned_abs))
    }

    fn open_sessions(&self) -> Result<Vec<(SessionId, u64)>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT session, MAX(registered_ms,
               COALESCE((SELECT MAX(received_ms) FROM records WHERE session = s.session), 0),
               COALESCE((SELECT MAX(received_ms) FROM committed WHERE session = s.session), 0))
             FROM sessions AS s WHERE session NOT IN (SELECT session FROM closings)
             ORDER BY session",
        )?;
        let session = |row: &Row<'_>| Ok((id(row, 0)?, row.get::<_, i64>(1)?.unsigned_abs()));
        Ok(query.query_map([], session)?.collect::<Result<_, _>>()?)
    }
}
