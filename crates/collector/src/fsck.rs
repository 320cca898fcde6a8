//! `fsck`: whether a folder holds what its receipts say, and its repair as far as the files allow. No
//! file of a record is changed or removed.

use crate::audit;
use crate::index::{IndexError, Sqlite};
use crate::names::{BUNDLES, bundle_key, name_of};
use crate::snapshot::INDEX;
use crate::store::{Store, StoreError, digest};
use dyad_protocol::records::{Receipt, RecordName};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What there is to say of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Records whose files are as they were received.
    pub good: usize,
    /// What was put in order.
    pub repaired: Vec<String>,
    /// What is missing or not as it was received, and cannot be made again.
    pub wrong: Vec<String>,
    /// What is remarkable, and no loss.
    pub notes: Vec<String>,
}

/// Why a folder cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum FsckError {
    /// There is nothing of a store in it.
    #[error("{} is no folder of records: it has neither {INDEX} nor {BUNDLES}", .0.display())]
    NoStore(PathBuf),
    /// It cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A broken index cannot be put aside.
    #[error("the damaged index cannot be put aside: {0}")]
    Aside(io::Error),
}

impl FsckError {
    /// Whether this is about what was asked for rather than about what was found.
    #[must_use]
    pub const fn is_wrong_use(&self) -> bool {
        matches!(
            self,
            Self::NoStore(_)
                | Self::Store(StoreError::InUse | StoreError::Index(IndexError::Newer { .. }))
        )
    }
}

impl Check {
    /// Whether everything is there as it was received.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }
}

/// Checks the store in a folder, and repairs what can be repaired. No lab may be using it.
///
/// # Errors
/// [`FsckError`].
pub fn fsck(folder: &Path, now_ms: u64) -> Result<Check, FsckError> {
    let path = folder.join(INDEX);
    if !path.is_file() && !folder.join(BUNDLES).is_dir() {
        return Err(FsckError::NoStore(folder.to_owned()));
    }
    if path.is_file() {
        // Before anything is made: what a newer version has made is left as it is.
        damage(&path)?;
    }
    let disk = Store::lock(folder)?;
    let mut check = Check::default();
    if !path.is_file() {
        check.repaired.push(format!("{INDEX} was missing; it was made from the files"));
    } else if let Some(damage) = damage(&path)? {
        let aside = put_aside(folder).map_err(FsckError::Aside)?;
        check.repaired.push(format!(
            "{INDEX} was damaged ({damage}) and is now {aside}; a new one was made from the files"
        ));
    }
    let mut store = Store::over(disk, folder)?;
    let recovered = store.recover(now_ms)?;
    let words = |session| format!("the index lacked session {session} and has it from its file");
    check.repaired.extend(recovered.sessions.iter().map(words));
    let words = |name: &RecordName| format!("{} had no receipt and got one", bundle_key(name));
    check.repaired.extend(recovered.records.iter().map(words));
    store.look_through(&mut check)?;
    if let Err(broken) = audit::check(folder).map_err(StoreError::Files)? {
        check.wrong.push(broken);
    }
    for tombstone in store.tombstones()? {
        let (who, games) = (&tombstone.participant, tombstone.sessions.len());
        check.notes.push(format!("{who} has withdrawn; {games} games were deleted"));
    }
    Ok(check)
}

/// What is broken in the index's file. A folder that another program uses is left alone.
fn damage(path: &Path) -> Result<Option<String>, StoreError> {
    match Sqlite::open_to_read(path).and_then(|index| index.damage()) {
        Ok(damage) => Ok(damage),
        Err(IndexError::Damaged(damage)) => Ok(Some(damage)),
        // Such as an empty file: it gets its tables.
        Err(IndexError::Older { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Renames the index and its companions; says how it is called now.
fn put_aside(folder: &Path) -> io::Result<String> {
    let aside = |number: u32| format!("{INDEX}.damaged-{number}");
    let is_free = |number: &u32| !folder.join(aside(*number)).exists();
    let number = (1..).find(is_free).expect("there are fewer files than numbers");
    for companion in ["", "-wal", "-shm"] {
        let from = folder.join(format!("{INDEX}{companion}"));
        if from.exists() {
            fs::rename(from, folder.join(format!("{}{companion}", aside(number))))?;
        }
    }
    Ok(aside(number))
}

/// Says what was found; gives the exit code.
///
/// # Errors
/// If it cannot be said.
pub fn report(found: Result<Check, FsckError>, out: &mut dyn Write) -> io::Result<u8> {
    let check = match found {
        Ok(check) => check,
        Err(error) => {
            writeln!(out, "{error}")?;
            return Ok(if error.is_wrong_use() { 2 } else { 1 });
        }
    };
    let kinds = [("repaired", &check.repaired), ("WRONG", &check.wrong), ("note", &check.notes)];
    for (kind, lines) in kinds {
        for line in lines {
            writeln!(out, "{kind}: {line}")?;
        }
    }
    let (good, wrong) = (check.good, check.wrong.len());
    writeln!(out, "{good} records are as they were received, {wrong} things are wrong")?;
    Ok(u8::from(!check.is_good()))
}

impl Store {
    /// Compares the receipts with the files.
    fn look_through(&mut self, check: &mut Check) -> Result<(), StoreError> {
        let mut known = BTreeSet::new();
        let mut unknown = BTreeSet::new();
        for receipt in self.index.all_records()? {
            known.insert(bundle_key(&receipt.name));
            if self.index.session(&receipt.name.session)?.is_none() {
                unknown.insert(receipt.name.session.clone());
            }
            match self.flaw(&receipt)? {
                Some(flaw) => check.wrong.push(flaw),
                None => check.good += 1,
            }
        }
        let lost = |session| {
            format!(
                "nothing is known of session {session}: its records are here, but not \
                 _sessions/{session}.json; copy that file from where the folder came from"
            )
        };
        check.wrong.extend(unknown.into_iter().map(lost));
        for key in self.files.list(BUNDLES)? {
            if known.contains(&key) {
                continue;
            }
            check.notes.push(match name_of(&key) {
                None if key.contains(".conflict-") => {
                    format!("{key} was sent under the name of another record that came first")
                }
                None if key.contains(".damaged-") => {
                    format!("{key} is what became of a record that was received again")
                }
                _ => format!("{key} is no record"),
            });
        }
        Ok(())
    }

    /// Why a record is not there as it was received.
    fn flaw(&self, receipt: &Receipt) -> Result<Option<String>, StoreError> {
        let key = bundle_key(&receipt.name);
        let bytes = match self.files.read(&key) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Some(format!("{key} has a receipt, but is missing")));
            }
            Err(error) => return Err(error.into()),
        };
        let (length, expected) = (bytes.len() as u64, receipt.bytes);
        Ok(if length != expected {
            Some(format!("{key} has {length} bytes, {expected} were received"))
        } else if digest(&bytes) != receipt.digest {
            Some(format!("{key} is not what was received: its digest is another"))
        } else {
            None
        })
    }
}
