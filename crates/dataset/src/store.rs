//! Sessions from a collector's store. It is only read, and may be in use meanwhile.

use crate::options::Options;
use crate::session::{Entry, Episode, Session, Unsound};
use dyad_collector::examine;
use dyad_collector::names::bundle_key;
use dyad_collector::settle::Finding;
use dyad_collector::snapshot::{SessionEntry, Snapshot};
use dyad_collector::store::digest;
use dyad_protocol::HexDigest;
use dyad_protocol::records::{Receipt, Verdict};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Why a record of a store cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file of a record that has a receipt.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not what was received.
    #[error(
        "{} is not what was received: its digest is {found}, the receipt says {receipt}",
        path.display()
    )]
    Digest {
        /// The file.
        path: PathBuf,
        /// The digest in the receipt.
        receipt: HexDigest,
        /// That of the file.
        found: HexDigest,
    },
}

/// The sessions of a store that an export takes, with their receipts, in the order of a dataset.
#[must_use]
pub fn entries(snapshot: &Snapshot, options: &Options) -> Vec<Entry> {
    let Options { since_ms, scene, only_identical, .. } = options;
    let taken = snapshot.sessions.iter().filter(|session| {
        since_ms.is_none_or(|since| session.registered_ms >= since)
            && scene.as_ref().is_none_or(|scene| session.registration.scene == *scene)
    });
    let mut entries: Vec<Entry> = taken
        .map(|session| Entry {
            registration: session.registration.clone(),
            registered_ms: session.registered_ms,
            receipts: receipts(session, *only_identical),
            findings: findings(session, *only_identical),
        })
        .filter(|entry| !only_identical || !entry.receipts.is_empty())
        .collect();
    let key =
        |entry: &Entry| (entry.registration.study.clone(), entry.registration.session.clone());
    entries.sort_by_key(key);
    entries
}

/// What is known besides, of the episodes that are taken. What says nothing is left out.
fn findings(session: &SessionEntry, only_identical: bool) -> Vec<(u16, Finding)> {
    let taken = receipts(session, only_identical);
    let is_taken = |number: &u16| {
        !only_identical || taken.iter().any(|receipt| receipt.name.episode == *number)
    };
    let says = |finding: &Finding| *finding != Finding::default();
    let findings = session.findings.iter();
    findings.filter(|(number, it)| is_taken(number) && says(it)).cloned().collect()
}

fn receipts(session: &SessionEntry, only_identical: bool) -> Vec<Receipt> {
    let identical = |receipt: &&Receipt| {
        session.verdicts.iter().any(|(episode, verdict)| {
            *episode == receipt.name.episode && matches!(verdict, Verdict::Identical { .. })
        })
    };
    let receipts = session.receipts.iter();
    receipts.filter(|receipt| !only_identical || identical(receipt)).cloned().collect()
}

/// Reads a record's archive.
///
/// # Errors
/// [`LoadError`].
pub fn archive(folder: &Path, receipt: &Receipt) -> Result<Vec<u8>, LoadError> {
    let path = folder.join(bundle_key(&receipt.name));
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(LoadError::Read { path, source }),
    };
    let found = digest(&bytes);
    if found == receipt.digest {
        return Ok(bytes);
    }
    Err(LoadError::Digest { path, receipt: receipt.digest.clone(), found })
}

/// Reads a session's records.
///
/// # Errors
/// [`LoadError`] of the first that cannot be had.
pub fn load(folder: &Path, entry: Entry) -> Result<Session, LoadError> {
    let archives =
        entry.receipts.iter().map(|receipt| Ok((receipt.clone(), archive(folder, receipt)?)));
    let archives = archives.collect::<Result<Vec<_>, LoadError>>()?;
    Ok(assemble(entry, archives))
}

/// A session from the archives of its records.
#[must_use]
pub fn assemble(entry: Entry, archives: Vec<(Receipt, Vec<u8>)>) -> Session {
    let mut episodes: BTreeMap<u16, (Vec<_>, Vec<_>)> = BTreeMap::new();
    for (receipt, archive) in archives {
        let name = receipt.name;
        let (bundles, unsound) = episodes.entry(name.episode).or_default();
        match examine::open(&name, &archive) {
            Ok(bundle) => bundles.push(bundle),
            Err(flaw) => unsound.push(Unsound { participant: name.participant, archive, flaw }),
        }
    }
    let episodes = episodes.into_iter();
    let episodes =
        episodes.map(|(number, (bundles, unsound))| Episode::new(number, bundles, unsound));
    Session { entry, episodes: episodes.collect() }
}
