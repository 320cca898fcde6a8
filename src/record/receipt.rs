//! Receipts of the lab beside the records, and the end of records that have one: their copies on this
//! computer are deleted a number of days later, or when the lab says that they were withdrawn.

use super::identity::KeptKey;
use super::spool::{
    Destination, Record, Spool, SpoolError, note, note_path, records_in, write_json,
};
use bevy::log::{info, warn};
use dyad_protocol::PublicKey;
use dyad_protocol::records::SignedReceipt;
use dyad_recording::bundle::divergence_name;
use dyad_recording::receipt::is_signed_by;
use std::fs;
use std::io;
use std::path::Path;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Why something is no receipt for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is for another record, or for other bytes.
    #[error("the receipt is for another record")]
    Another,
    /// Somebody else signed it, or nobody.
    #[error("the receipt is not signed with the lab's key; is this the right lab?")]
    Unsigned,
}

impl Record {
    /// The key that receipts for this record are signed with, as far as it is known.
    const fn key(&self) -> Option<&PublicKey> {
        self.destination.uploads.key.as_ref()
    }

    /// Whether a receipt is one for this record. With `digest`, also whether it is for a bundle with
    /// that one.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn check_receipt(
        &self,
        receipt: &SignedReceipt,
        digest: Option<&str>,
    ) -> Result<(), ReceiptError> {
        let it = &receipt.receipt;
        if it.name != self.name() || digest.is_some_and(|digest| digest != it.digest.as_str()) {
            return Err(ReceiptError::Another);
        }
        let key = self.key().unwrap_or(&receipt.key);
        if is_signed_by(receipt, key) { Ok(()) } else { Err(ReceiptError::Unsigned) }
    }

    /// The lab's receipt, if a good one lies beside the record.
    #[must_use]
    pub fn receipt(&self) -> Option<SignedReceipt> {
        let receipt = serde_json::from_slice(&fs::read(self.receipt_path()).ok()?).ok()?;
        self.check_receipt(&receipt, None).is_ok().then_some(receipt)
    }

    /// Whether the lab has this record.
    #[must_use]
    pub fn is_received(&self) -> bool {
        self.receipt().is_some()
    }

    /// Keeps the lab's receipt: from now on the record is sent. Where the ticket named no key, the
    /// receipt's one counts for the session from now on.
    ///
    /// # Errors
    /// [`SpoolError`] if it cannot be written; the record is then sent again, which is harmless.
    pub fn keep_receipt(&self, receipt: &SignedReceipt) -> Result<(), SpoolError> {
        if self.key().is_none() {
            let mut destination = self.destination.clone();
            destination.uploads.key = Some(receipt.key);
            note(&self.directory, &destination)?;
        }
        let path = self.receipt_path();
        write_json(&path, receipt).map_err(SpoolError::new("cannot write", &path))
    }

    /// Deletes this computer's copy and its receipt, because the lab says that somebody has taken their
    /// data back; with the last of a session what else there is of it.
    pub(super) fn forget(&self) {
        let (episode, session) = (self.episode, &self.destination.session);
        let deleted = self.delete().and_then(|()| remove(&self.receipt_path()));
        match deleted.and_then(|()| leave_if_empty(&self.directory, &self.destination)) {
            Ok(()) => info!("episode {episode} of {session} was withdrawn and is deleted here"),
            Err(error) => warn!("episode {episode} of {session} was withdrawn, but stays: {error}"),
        }
    }

    /// Deletes this computer's copy; the receipt stays.
    fn delete(&self) -> io::Result<()> {
        let files = [self.path(divergence_name), self.local_path(), self.table_path()];
        // The log last: as long as it is there, the rest is looked for again.
        for path in files.into_iter().chain([self.log_path()]) {
            remove(&path)?;
        }
        Ok(())
    }
}

impl Spool {
    /// Copies of records that the lab has, oldest session first: it may want them deleted. Not those of
    /// sessions that may go on.
    #[must_use]
    pub fn kept(&self) -> Vec<Record> {
        let mut kept = Vec::new();
        for (directory, destination) in self.scenes() {
            if !KeptKey::path(&directory, &destination.participant).exists() {
                kept.extend(records_in(&directory, &destination));
            }
        }
        kept.retain(Record::is_received);
        kept
    }

    /// Deletes copies of records whose receipt is as many days old as their ticket said; and with the
    /// last of a session what else there is of it, the receipts apart. Says how many records that were.
    /// `now_ms` is milliseconds since 1970.
    pub fn delete_old(&self, now_ms: u64) -> usize {
        let mut deleted = 0;
        for (directory, destination) in self.scenes() {
            if KeptKey::path(&directory, &destination.participant).exists() {
                continue;
            }
            let keep_ms = u64::from(destination.uploads.keep_days) * DAY_MS;
            let records = records_in(&directory, &destination);
            let is_old = |record: &&Record| {
                let received = record.receipt().map(|receipt| receipt.receipt.received_ms);
                received.is_some_and(|at| now_ms >= at.saturating_add(keep_ms))
            };
            let old: Vec<&Record> = records.iter().filter(is_old).collect();
            if old.is_empty() {
                continue;
            }
            let done = old.iter().try_for_each(|record| record.delete());
            match done.and_then(|()| leave_if_empty(&directory, &destination)) {
                Ok(()) => deleted += old.len(),
                Err(error) => warn!("old records in {}: {error}", directory.display()),
            }
        }
        if deleted > 0 {
            info!("{deleted} records that the lab has had for long are deleted here");
        }
        deleted
    }
}

/// Deletes what else there is of a session in a scene's directory where no record is left, the receipts
/// apart.
fn leave_if_empty(directory: &Path, destination: &Destination) -> io::Result<()> {
    let may_go_on = KeptKey::path(directory, &destination.participant).exists();
    if may_go_on || !records_in(directory, destination).is_empty() {
        return Ok(());
    }
    let summary = format!("{}_session.json", destination.participant);
    // The note last: without it nobody looks here any more.
    remove(&directory.join("local").join(summary))?;
    remove(&note_path(directory, destination))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
