//! The index as an SQLite database. All of the collector's SQL is here and in the files beside it.

mod people;
mod records;
mod verdicts;

use super::{FORMAT, Index, IndexError, People, Settled};
use dyad_protocol::ids::IdError;
use dyad_protocol::records::{Receipt, RecordName};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OpenFlags, Row};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

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

/// Made where they are missing, in a store of an earlier version of this program too.
const LATER_TABLES: &str = "
    CREATE TABLE IF NOT EXISTS committed (
        session TEXT NOT NULL, participant TEXT NOT NULL, message BLOB NOT NULL,
        received_ms INTEGER NOT NULL, PRIMARY KEY (session, participant)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS findings (
        session TEXT NOT NULL, scene TEXT NOT NULL, episode INTEGER NOT NULL,
        finding TEXT NOT NULL, PRIMARY KEY (session, scene, episode)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS programs (
        session TEXT NOT NULL REFERENCES sessions, seat INTEGER NOT NULL, name TEXT NOT NULL,
        PRIMARY KEY (session, seat)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS closings (
        session TEXT PRIMARY KEY, closed_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS conflicts (
        session TEXT NOT NULL, scene TEXT NOT NULL, participant TEXT NOT NULL,
        episode INTEGER NOT NULL, digest TEXT NOT NULL, received_ms INTEGER NOT NULL,
        PRIMARY KEY (session, scene, participant, episode, digest)
    ) STRICT;
";

/// What of the database is kept in memory at most, in KiB. A question takes a few pages, which the
/// operating system has too; the library's own 2 MiB would fill up with every game that was ever played.
const CACHE_KIB: i32 = 256;

/// The database of a store.
pub struct Sqlite {
    database: Connection,
}

impl From<rusqlite::Error> for IndexError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Failed(Arc::new(error)),
        }
    }
}

impl Sqlite {
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
        database.pragma_update(None, "cache_size", -CACHE_KIB)?;
        match database.pragma_query_value(None, "user_version", |row| row.get(0))? {
            0 => {
                let transaction = database.transaction()?;
                transaction.execute_batch(SCHEMA)?;
                transaction.pragma_update(None, "user_version", FORMAT)?;
                transaction.commit()?;
            }
            FORMAT => {}
            found => return Err(IndexError::Newer { found }),
        }
        database.execute_batch(LATER_TABLES)?;
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
            FORMAT => Ok(Self { database }),
            found if found > FORMAT => Err(IndexError::Newer { found }),
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

    /// Writes a copy of the database as it is at one moment to a file that is not there. In the copy
    /// all work after receipts is still to do, so that a store made of it does it again.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn copy_to(&self, path: &Path) -> Result<(), IndexError> {
        self.database.execute("VACUUM INTO ?", [path.to_string_lossy()])?;
        let copy = Connection::open(path)?;
        copy.execute("UPDATE records SET settled = 0", [])?;
        Ok(())
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
}

impl Index for Sqlite {
    fn people(&self) -> Result<Box<dyn People + Send>, IndexError> {
        let path = self.database.path().unwrap_or_default();
        Ok(Box::new(Self::open_to_read(Path::new(path))?))
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
