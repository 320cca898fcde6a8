//! Participants, their tokens, their sessions.

use super::super::{IndexError, People, TokenHash};
use super::{Sqlite, id, sql};
use crate::store::Registration;
use dyad_protocol::{ParticipantId, PublicKey, Seat, SessionId};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, Row, params};

impl People for Sqlite {
    fn enrol(
        &mut self,
        participant: &ParticipantId,
        token: &TokenHash,
        now_ms: u64,
    ) -> Result<bool, IndexError> {
        let added = self.database.execute(
            "INSERT OR IGNORE INTO participants VALUES (?, ?, ?)",
            params![participant.as_str(), token, sql(now_ms)],
        )?;
        Ok(added == 1)
    }

    fn recognise(&self, token: &TokenHash) -> Result<Option<ParticipantId>, IndexError> {
        let mut query =
            self.database.prepare_cached("SELECT participant FROM participants WHERE token = ?")?;
        Ok(query.query_row([token], |row| id(row, 0)).optional()?)
    }

    fn token(&self, participant: &ParticipantId) -> Result<Option<TokenHash>, IndexError> {
        let mut query =
            self.database.prepare_cached("SELECT token FROM participants WHERE participant = ?")?;
        Ok(query.query_row([participant.as_str()], |row| row.get(0)).optional()?)
    }

    fn register(&mut self, session: &Registration, now_ms: u64) -> Result<(), IndexError> {
        let Registration { study, session, scene, players, keys, episodes, game } = session;
        let transaction = self.database.transaction()?;
        transaction.execute(
            "INSERT INTO sessions (session, study, scene, game, episodes, registered_ms)
             VALUES (?, ?, ?, ?, ?, ?)",
            params![
                session.as_str(),
                study.as_str(),
                scene.as_str(),
                game.as_str(),
                episodes,
                sql(now_ms)
            ],
        )?;
        for ((seat, who), key) in Seat::all(players.len()).zip(players).zip(keys) {
            if *key == PublicKey::NOBODY {
                transaction.execute(
                    "INSERT INTO programs VALUES (?, ?, ?)",
                    params![session.as_str(), seat.0, who.as_str()],
                )?;
            } else {
                transaction.execute(
                    "INSERT INTO seats VALUES (?, ?, ?, ?)",
                    params![session.as_str(), seat.0, who.as_str(), key.to_string()],
                )?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn session(&self, session: &SessionId) -> Result<Option<Registration>, IndexError> {
        let mut seats = self.database.prepare_cached(
            "SELECT seat, participant, key FROM seats WHERE session = ?1
             UNION ALL SELECT seat, name, NULL FROM programs WHERE session = ?1 ORDER BY seat",
        )?;
        let seats = seats.query_map([session.as_str()], |row| {
            let is_program = row.get_ref(2)? == ValueRef::Null;
            Ok((id(row, 1)?, if is_program { PublicKey::NOBODY } else { id(row, 2)? }))
        })?;
        let (players, keys) =
            seats.collect::<Result<Vec<(ParticipantId, PublicKey)>, _>>()?.into_iter().unzip();
        let mut query = self.database.prepare_cached(
            "SELECT study, scene, game, episodes FROM sessions WHERE session = ?",
        )?;
        let registration = query.query_row([session.as_str()], |row| {
            Ok(Registration {
                study: id(row, 0)?,
                session: session.clone(),
                scene: id(row, 1)?,
                players,
                keys,
                episodes: row.get(3)?,
                game: id(row, 2)?,
            })
        });
        Ok(registration.optional()?)
    }

    fn forget(&mut self, session: &SessionId) -> Result<(), IndexError> {
        // What is deleted is overwritten in the file too.
        self.database.pragma_update(None, "secure_delete", "ON")?;
        let transaction = self.database.transaction()?;
        for table in [
            "records",
            "verdicts",
            "committed",
            "findings",
            "closings",
            "conflicts",
            "seats",
            "programs",
            "sessions",
        ] {
            let statement = format!("DELETE FROM {table} WHERE session = ?");
            transaction.execute(&statement, [session.as_str()])?;
        }
        Ok(transaction.commit()?)
    }

    fn sessions(&self) -> Result<Vec<(SessionId, u64)>, IndexError> {
        let mut query = self
            .database
            .prepare_cached("SELECT session, registered_ms FROM sessions ORDER BY session")?;
        let session = |row: &Row<'_>| Ok((id(row, 0)?, row.get::<_, i64>(1)?.unsigned_abs()));
        Ok(query.query_map([], session)?.collect::<Result<_, _>>()?)
    }
}
