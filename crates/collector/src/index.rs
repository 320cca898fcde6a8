//! The index: who may send what, which records are there, what was found out about them. All of
//! the collector's SQL is here.

pub mod findings;

use crate::store::Registration;
use dyad_protocol::ids::IdError;
use dyad_protocol::records::{Receipt, RecordName, Verdict};
use dyad_protocol::{ParticipantId, PublicKey, Seat, SessionId};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};
use std::path::Path;
use std::str::FromStr;

/// The version of the tables below.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE participants (
        participant TEXT PRIMARY KEY, token BLOB NOT NULL UNIQUE, enrolled_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE sessions (
        session TEXT PRIMARY KEY, study TEXT NOT NULL, scene TEXT NOT NULL, game TEXT NOT NULL,
        episodes INTEGER NOT NULL, registered_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE seats (
        session TEXT NOT NULL REFERENCES sessions, seat INTEGER NOT NULL,
        participant TEXT NOT NULL REFERENCES participants, key TEXT NOT NULL,
        PRIMARY KEY (session, seat)
    ) STRICT;
    CREATE TABLE records (
        session TEXT NOT NULL, scene TEXT NOT NULL, participant TEXT NOT NULL,
        episode INTEGER NOT NULL, digest TEXT NOT NULL, bytes INTEGER NOT NULL,
        received_ms INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (session, scene, participant, episode)
    ) STRICT;
    CREATE INDEX unsettled ON records (settled) WHERE settled = 0;
    CREATE TABLE verdicts (
        session TEXT NOT NULL, scene TEXT NOT NULL, episode INTEGER NOT NULL,
        verdict TEXT NOT NULL, PRIMARY KEY (session, scene, episode)
    ) STRICT;
";

/// The hash of a token.
pub type TokenHash = [u8; 32];

/// What went wrong with the index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The database says no.
    #[error("the index of the store: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The store was made by a later version of this program.
    #[error("the store has format {found}, this program knows {SCHEMA_VERSION}: use a newer one")]
    Newer {
        /// The store's version.
        found: i64,
    },
    /// The store was made by an earlier version of this program.
    #[error(
        "the store has format {found}, this program has {SCHEMA_VERSION}: start a lab on it once, which brings it up to date"
    )]
    Older {
        /// The store's version.
        found: i64,
    },
}

/// How far the work after a receipt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Done.
    Done = 1,
    /// Tried and failed; tried again at the next start.
    Failed = 2,
}

/// The database of a store.
pub struct Index {
    database: Connection,
}

impl Index {
    /// Opens the database, making it if necessary.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let mut database = Connection::open(path)?;
        database.pragma_update(None, "journal_mode", "WAL")?;
        // A receipt follows a commit, so a commit must be on disk.
        database.pragma_update(None, "synchronous", "FULL")?;
        database.pragma_update(None, "foreign_keys", "ON")?;
        match database.pragma_query_value(None, "user_version", |row| row.get(0))? {
            0 => {
                let transaction = database.transaction()?;
                transaction.execute_batch(SCHEMA)?;
                transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
                transaction.commit()?;
            }
            SCHEMA_VERSION => {}
            found => return Err(IndexError::Newer { found }),
        }
        database.execute_batch(findings::SCHEMA)?;
        let failed = Settled::Failed as i64;
        database.execute("UPDATE records SET settled = 0 WHERE settled = ?", [failed])?;
        Ok(Self { database })
    }

    /// Opens the database of a store to look at it: nothing is made, changed or repaired. A lab may
    /// be using it.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn open_to_read(path: &Path) -> Result<Self, IndexError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(path, flags)?;
        match database.pragma_query_value(None, "user_version", |row| row.get(0))? {
            SCHEMA_VERSION => Ok(Self { database }),
            found if found > SCHEMA_VERSION => Err(IndexError::Newer { found }),
            found => Err(IndexError::Older { found }),
        }
    }

    /// Calls `read` with the index as it is at one moment, whatever is written meanwhile.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn at_one_moment<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        // Rolled back when it is dropped, which undoes nothing.
        let _transaction = self.database.unchecked_transaction()?;
        read(self)
    }

    /// What the database says is broken in its file; `None` if nothing is.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn damage(&self) -> Result<Option<String>, IndexError> {
        let found: String =
            self.database.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        Ok((found != "ok").then_some(found))
    }

    /// All sessions, by id, and when each was registered (milliseconds since 1970).
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn sessions(&self) -> Result<Vec<(SessionId, u64)>, IndexError> {
        let mut query = self
            .database
            .prepare_cached("SELECT session, registered_ms FROM sessions ORDER BY session")?;
        let session = |row: &Row<'_>| Ok((id(row, 0)?, row.get::<_, i64>(1)?.unsigned_abs()));
        Ok(query.query_map([], session)?.collect::<Result<_, _>>()?)
    }

    /// Adds a participant; false if the pseudonym or the token is taken.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn enrol(
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

    /// Whose token this is.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn recognise(&self, token: &TokenHash) -> Result<Option<ParticipantId>, IndexError> {
        let mut query =
            self.database.prepare_cached("SELECT participant FROM participants WHERE token = ?")?;
        Ok(query.query_row([token], |row| id(row, 0)).optional()?)
    }

    /// Adds a session.
    ///
    /// # Errors
    /// [`IndexError`], also if the session is there already.
    pub fn register(&mut self, session: &Registration, now_ms: u64) -> Result<(), IndexError> {
        let Registration { study, session, scene, participants, keys, episodes, game } = session;
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
        let seats = Seat::all(participants.len()).zip(participants).zip(keys);
        for ((seat, participant), key) in seats {
            transaction.execute(
                "INSERT INTO seats VALUES (?, ?, ?, ?)",
                params![session.as_str(), seat.0, participant.as_str(), key.to_string()],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// A session.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn session(&self, session: &SessionId) -> Result<Option<Registration>, IndexError> {
        let mut seats = self
            .database
            .prepare_cached("SELECT participant, key FROM seats WHERE session = ? ORDER BY seat")?;
        let seats = seats.query_map([session.as_str()], |row| Ok((id(row, 0)?, id(row, 1)?)))?;
        let (participants, keys) =
            seats.collect::<Result<Vec<(ParticipantId, PublicKey)>, _>>()?.into_iter().unzip();
        let mut query = self.database.prepare_cached(
            "SELECT study, scene, game, episodes FROM sessions WHERE session = ?",
        )?;
        let registration = query.query_row([session.as_str()], |row| {
            Ok(Registration {
                study: id(row, 0)?,
                session: session.clone(),
                scene: id(row, 1)?,
                participants,
                keys,
                episodes: row.get(3)?,
                game: id(row, 2)?,
            })
        });
        Ok(registration.optional()?)
    }

    /// The receipt of a record.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn record(&self, name: &RecordName) -> Result<Option<Receipt>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT session, scene, participant, episode, digest, bytes, received_ms FROM records
             WHERE session = ? AND scene = ? AND participant = ? AND episode = ?",
        )?;
        Ok(query.query_row(key(name), receipt).optional()?)
    }

    /// All receipts of a session, by episode.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn records(&self, session: &SessionId) -> Result<Vec<Receipt>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT session, scene, participant, episode, digest, bytes, received_ms FROM records
             WHERE session = ? ORDER BY episode, participant",
        )?;
        Ok(query.query_map([session.as_str()], receipt)?.collect::<Result<_, _>>()?)
    }

    /// Adds a receipt.
    ///
    /// # Errors
    /// [`IndexError`], also if there is one for this record.
    pub fn add_record(&mut self, receipt: &Receipt) -> Result<(), IndexError> {
        let RecordName { session, scene, participant, episode } = &receipt.name;
        self.database.execute(
            "INSERT INTO records (session, scene, participant, episode, digest, bytes, received_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![
                session.as_str(),
                scene.as_str(),
                participant.as_str(),
                episode,
                receipt.digest.as_str(),
                sql(receipt.bytes),
                sql(receipt.received_ms)
            ],
        )?;
        Ok(())
    }

    /// A record whose work after the receipt is still to do.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn next_unsettled(&self) -> Result<Option<RecordName>, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT session, scene, participant, episode FROM records WHERE settled = 0 LIMIT 1",
        )?;
        Ok(query.query_row([], name).optional()?)
    }

    /// Whether the work after a record's receipt is still to do.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn is_unsettled(&self, name: &RecordName) -> Result<bool, IndexError> {
        let mut query = self.database.prepare_cached(
            "SELECT 1 FROM records WHERE settled = 0
             AND session = ? AND scene = ? AND participant = ? AND episode = ?",
        )?;
        Ok(query.exists(key(name))?)
    }

    /// Notes how the work after a receipt went.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn set_settled(&mut self, name: &RecordName, how: Settled) -> Result<(), IndexError> {
        let (session, scene, participant, episode) = key(name);
        self.database.execute(
            "UPDATE records SET settled = ?
             WHERE session = ? AND scene = ? AND participant = ? AND episode = ?",
            params![how as i64, session, scene, participant, episode],
        )?;
        Ok(())
    }

    /// Notes the verdict on an episode.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn set_verdict(&mut self, name: &RecordName, verdict: &Verdict) -> Result<(), IndexError> {
        let (session, scene, _, episode) = key(name);
        let verdict = serde_json::to_string(verdict).expect("a verdict is plain data");
        self.database.execute(
            "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)",
            params![session, scene, episode, verdict],
        )?;
        Ok(())
    }

    /// The verdicts on a session's episodes, by episode.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn verdicts(&self, session: &SessionId) -> Result<Vec<(u16, Verdict)>, IndexError> {
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
}

fn key(name: &RecordName) -> (&str, &str, &str, u16) {
    let RecordName { session, scene, participant, episode } = name;
    (session.as_str(), scene.as_str(), participant.as_str(), *episode)
}

fn name(row: &Row<'_>) -> rusqlite::Result<RecordName> {
    Ok(RecordName {
        session: id(row, 0)?,
        scene: id(row, 1)?,
        participant: id(row, 2)?,
        episode: row.get(3)?,
    })
}

fn receipt(row: &Row<'_>) -> rusqlite::Result<Receipt> {
    Ok(Receipt {
        name: name(row)?,
        digest: id(row, 4)?,
        bytes: row.get::<_, i64>(5)?.unsigned_abs(),
        received_ms: row.get::<_, i64>(6)?.unsigned_abs(),
    })
}

/// An identifier from a column; somebody may have edited the database, so it is checked.
fn id<T: FromStr<Err = IdError>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    Ok(text.parse().map_err(|error: IdError| FromSqlError::Other(Box::new(error)))?)
}

/// The database's integers are signed; times and lengths stay far below the limit.
fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
