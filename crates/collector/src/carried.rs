//! Records that were carried to the lab in a file, as `dyad spool export` writes it: a zip archive with
//! a bundle at `{session}/{scene}/{participant}_ep{n}.tar` for each record.

use crate::names::{BUNDLES, name_of};
use crate::store::{PutError, Store, StoreError, digest};
use dyad_protocol::records::{MAX_BUNDLE, RecordName};
use std::borrow::Cow;
use std::io::{Read, Seek};
use zip::ZipArchive;
use zip::result::ZipError;

/// What became of the records in a file.
#[derive(Debug, Default)]
pub struct Taken {
    /// Those that are on disk now, or were already.
    pub received: Vec<RecordName>,
    /// Entries that were not taken, and why.
    pub refused: Vec<(String, String)>,
}

/// Why a file cannot be taken from.
#[derive(Debug, thiserror::Error)]
pub enum CarriedError {
    /// It is no such file.
    #[error("the file cannot be read as a zip archive: {0}")]
    Zip(#[from] ZipError),
    /// The store fails; what was received before is there.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Receives the records of a file: those of sessions that were registered here. Who brings such a
    /// file needs no token: it is the experimenter.
    ///
    /// # Errors
    /// [`CarriedError`].
    pub fn take_carried(
        &mut self,
        file: impl Read + Seek,
        now_ms: u64,
    ) -> Result<Taken, CarriedError> {
        let mut archive = ZipArchive::new(file)?;
        let mut taken = Taken::default();
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at)?;
            let path = entry.name().map_or_else(|_| format!("entry {at}"), Cow::into_owned);
            let Some(name) = name_of(&format!("{BUNDLES}/{path}")) else {
                taken.refused.push((path, "its name is not that of a record".to_owned()));
                continue;
            };
            let mut bundle = Vec::new();
            // One byte more than is taken, so that too much is noticed.
            let read = (&mut entry).take(MAX_BUNDLE as u64 + 1).read_to_end(&mut bundle);
            let outcome = match read {
                Ok(_) => self.take_one(&name, &bundle, now_ms),
                Err(error) => Ok(Err(error.to_string())),
            };
            match outcome? {
                Ok(()) => taken.received.push(name),
                Err(why) => taken.refused.push((path, why)),
            }
        }
        Ok(taken)
    }

    fn take_one(
        &mut self,
        name: &RecordName,
        bundle: &[u8],
        now_ms: u64,
    ) -> Result<Result<(), String>, StoreError> {
        let session = self.index.session(&name.session)?;
        let is_ours = session.is_some_and(|session| session.has(name));
        if !is_ours {
            return Ok(Err("no such record belongs to a session of this folder".to_owned()));
        }
        match self.put(name, &digest(bundle), bundle, now_ms) {
            Ok(_) => Ok(Ok(())),
            Err(PutError::Store(error)) => Err(error),
            Err(error) => Ok(Err(error.to_string())),
        }
    }
}
