//! A store as it is at one moment, for programs that only read it: export and verification. A lab
//! may be running on it, since bundles never change and the index is read in one transaction.

use crate::index::{IndexError, OnDisk, People as _, Records as _, Sqlite, Verdicts as _};
use crate::settle::Finding;
use crate::store::Registration;
use dyad_protocol::records::{Receipt, RecordName, Verdict};
use std::path::{Path, PathBuf};

/// The index's file in a store's folder.
pub const INDEX: &str = "index.sqlite";

/// Everything that the index says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The sessions, by id.
    pub sessions: Vec<SessionEntry>,
}

/// What the index says of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEntry {
    /// The session and who belongs to it.
    pub registration: Registration,
    /// When it was registered, milliseconds since 1970.
    pub registered_ms: u64,
    /// The receipts, by episode and participant.
    pub receipts: Vec<Receipt>,
    /// The verdicts so far, by episode.
    pub verdicts: Vec<(u16, Verdict)>,
    /// What is known besides, by episode.
    pub findings: Vec<(u16, Finding)>,
    /// What participants last said that they had on disk.
    pub said: OnDisk,
    /// Records whose tidy files and verdict are still to be made.
    pub unsettled: Vec<RecordName>,
}

/// Why a folder cannot be read as a store.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// There is no index.
    #[error("{} is no folder of records: it has no {INDEX}", .0.display())]
    NoStore(PathBuf),
    /// The index cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl Snapshot {
    /// Reads the index of a store.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn read(folder: &Path) -> Result<Self, SnapshotError> {
        let path = folder.join(INDEX);
        if !path.is_file() {
            return Err(SnapshotError::NoStore(folder.to_owned()));
        }
        let index = Sqlite::open_to_read(&path)?;
        Ok(index.at_one_moment(|index| {
            let sessions = index.sessions()?.into_iter();
            let entries = sessions.filter_map(|(session, registered_ms)| {
                let registration = index.session(&session).transpose()?;
                Some(registration.and_then(|found| entry(index, found, registered_ms)))
            });
            Ok(Self { sessions: entries.collect::<Result<_, _>>()? })
        })?)
    }
}

fn entry(
    index: &Sqlite,
    registration: Registration,
    registered_ms: u64,
) -> Result<SessionEntry, IndexError> {
    let receipts = index.records(&registration.session)?;
    let verdicts = index.verdicts(&registration.session)?;
    let findings = index.findings(&registration.session)?;
    let said = index.committed(&registration.session)?;
    let mut unsettled = Vec::new();
    for receipt in &receipts {
        if index.is_unsettled(&receipt.name)? {
            unsettled.push(receipt.name.clone());
        }
    }
    Ok(SessionEntry { registration, registered_ms, receipts, verdicts, findings, said, unsettled })
}
