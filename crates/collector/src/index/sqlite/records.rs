//! Receipts, and what is still to be done for them.

use super::super::{Conflict, IndexError, Records, Settled};
use super::{Sqlite, id, key, name, receipt, sql};
use dyad_protocol::SessionId;
use dyad_protocol::records::{Receipt, RecordName};
use rusqlite::{OptionalExtension as _, Row, params};

impl Records for Sqlite {
    fn record(&self, name: &RecordName) -> Result<Option<Receipt>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT session, scene, participant, episode, digest, bytes, received_ms FROM records
             WHERE session = ? AND scene = ? AND participant = ? AND episode = ?",
        )?;
        Ok(query.query_row(key(name), receipt).optional()?)
    }

    fn records(&self, session: &SessionId) -> Result<Vec<Receipt>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT session, scene, participant, episode, digest, bytes, received_ms FROM records
             WHERE session = ? ORDER BY episode, participant",
        )?;
        Ok(query.query_map([session.as_str()], receipt)?.collect::<Result<_, _>>()?)
    }

    fn all_records(&self) -> Result<Vec<Receipt>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT session, scene, participant, episode, digest, bytes, received_ms FROM records
             ORDER BY session, episode, participant",
        )?;
        Ok(query.query_map([], receipt)?.collect::<Result<_, _>>()?)
    }

    fn add_records(&mut self, receipts: &[Receipt]) -> Result<(), IndexError> {
        let transaction = self.database.transaction()?;
        for receipt in receipts {
            let (session, scene, participant, episode) = key(&receipt.name);
            let mut insert = transaction.prepare_cached(
                "INSERT INTO records
                 (session, scene, participant, episode, digest, bytes, received_ms)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?;
            insert.execute(params![
                session,
                scene,
                participant,
                episode,
                receipt.digest.as_str(),
                sql(receipt.bytes),
                sql(receipt.received_ms)
            ])?;
        }
        Ok(transaction.commit()?)
    }

    fn next_unsettled(&self) -> Result<Option<RecordName>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT session, scene, participant, episode FROM records WHERE settled = 0 LIMIT 1",
        )?;
        Ok(query.query_row([], name).optional()?)
    }

    fn is_unsettled(&self, name: &RecordName) -> Result<bool, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT 1 FROM records WHERE settled = 0
             AND session = ? AND scene = ? AND participant = ? AND episode = ?",
        )?;
        Ok(query.exists(key(name))?)
    }

    fn set_settled(&mut self, name: &RecordName, how: Settled) -> Result<(), IndexError> {
        let (session, scene, participant, episode) = key(name);
        self.database.execute(
            "UPDATE records SET settled = ?
             WHERE session = ? AND scene = ? AND participant = ? AND episode = ?",
            params![how as i64, session, scene, participant, episode],
        )?;
        Ok(())
    }

    fn add_conflict(&mut self, conflict: &Conflict) -> Result<(), IndexError> {
        let (session, scene, participant, episode) = key(&conflict.name);
        let (digest, received_ms) = (conflict.digest.as_str(), sql(conflict.received_ms));
        self.database.execute(
            "INSERT OR IGNORE INTO conflicts VALUES (?, ?, ?, ?, ?, ?)",
            params![session, scene, participant, episode, digest, received_ms],
        )?;
        Ok(())
    }

    fn conflicts(&self, session: &SessionId) -> Result<Vec<Conflict>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT session, scene, participant, episode, digest, received_ms FROM conflicts
             WHERE session = ? ORDER BY episode, participant, received_ms, digest",
        )?;
        let conflict = |row: &Row<'_>| {
            let received_ms = row.get::<_, i64>(5)?.unsigned_abs();
            Ok(Conflict { name: name(row)?, digest: id(row, 4)?, received_ms })
        };
        Ok(query.query_map([session.as_str()], conflict)?.collect::<Result<_, _>>()?)
    }
}
