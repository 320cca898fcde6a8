//! A copy of a store as one file, at one moment, also while a lab is running on it: bundles never
//! change, and the index is copied in one transaction. It is restored by unpacking it.
//!
//! The file is a tar archive of the store's folder without what can be made again: at the first start
//! the tidy files and verdicts are. Tokens are in it as hashes, and the key that receipts are signed
//! with: keep it like the folder itself.

use crate::index::{IndexError, People as _, Records as _, Sqlite};
use crate::names::{WITHDRAWN, beside, bundle_key, session_key};
use crate::seal::KEY_FILE;
use crate::snapshot::INDEX;
use crate::store::digest;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tar::Builder;

/// What is in a backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Sessions.
    pub sessions: usize,
    /// Records.
    pub records: usize,
}

/// Why there is no backup. What was begun is removed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no index.
    #[error("{} is no folder of records: it has no {INDEX}", .0.display())]
    NoStore(PathBuf),
    /// The file is there.
    #[error("{} is there already; name another file", .0.display())]
    AlreadyThere(PathBuf),
    /// A record that has a receipt is missing, or is not what was received.
    #[error("{0} is not as it was received: see `fsck` of the folder")]
    Damaged(String),
    /// The index cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A file cannot be read or written.
    #[error("cannot make the backup: {0}")]
    Files(#[from] io::Error),
}

/// Writes a backup of the store in a folder, with other files `besides` that lie in it. They are read
/// before the index, so that it knows of whatever they speak of.
///
/// # Errors
/// [`BackupError`].
pub fn backup(folder: &Path, to: &Path, besides: &[&str]) -> Result<Saved, BackupError> {
    let index = folder.join(INDEX);
    if !index.is_file() {
        return Err(BackupError::NoStore(folder.to_owned()));
    }
    if to.exists() {
        return Err(BackupError::AlreadyThere(to.to_owned()));
    }
    let named = |ending: &str| {
        let mut name = to.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let (part, copy) = (named(".part"), named(".index.part"));
    drop(fs::remove_file(&copy));
    let saved = write(folder, &index, &part, &copy, besides).and_then(|saved| {
        fs::rename(&part, to)?;
        if cfg!(unix) {
            let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(saved)
    });
    for leftover in [&part, &copy] {
        // There as a rule is none.
        drop(fs::remove_file(leftover));
    }
    saved
}

fn write(
    folder: &Path,
    index: &Path,
    part: &Path,
    copy: &Path,
    besides: &[&str],
) -> Result<Saved, BackupError> {
    let mut archive = Builder::new(File::create(part)?);
    for key in besides.iter().copied().chain([KEY_FILE]) {
        add(&mut archive, folder, key)?;
    }
    for tombstone in in_folder(&folder.join(WITHDRAWN))? {
        add(&mut archive, folder, &format!("{WITHDRAWN}/{tombstone}"))?;
    }
    // Then the index: what it knows of is on disk already.
    Sqlite::open_to_read(index)?.copy_to(copy)?;
    let known = Sqlite::open_to_read(copy)?;
    archive.append_path_with_name(copy, INDEX)?;
    let mut saved = Saved::default();
    for (session, _) in known.sessions()? {
        let Some(registration) = known.session(&session)? else { continue };
        let reports = format!("{}/{session}/connections.jsonl", registration.study);
        for key in [session_key(&session), reports] {
            add(&mut archive, folder, &key)?;
        }
        saved.sessions += 1;
        for conflict in known.conflicts(&session)? {
            let beside = beside(&conflict.name, "conflict");
            let key = format!("{beside}{}.tar", &conflict.digest.as_str()[..16]);
            add(&mut archive, folder, &key)?;
        }
    }
    for receipt in known.all_records()? {
        let key = bundle_key(&receipt.name);
        let damaged = || BackupError::Damaged(key.clone());
        let bytes = fs::read(folder.join(&key)).map_err(|_unreadable| damaged())?;
        if digest(&bytes) != receipt.digest {
            return Err(damaged());
        }
        put(&mut archive, &key, &bytes)?;
        saved.records += 1;
    }
    archive.into_inner()?.sync_all()?;
    Ok(saved)
}

/// The names of the files in a folder, sorted; none if it is missing.
fn in_folder(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().into_string().ok());
    let names: io::Result<Vec<Option<String>>> = entries.map(name).collect();
    let mut names: Vec<String> = names?.into_iter().flatten().collect();
    names.sort();
    Ok(names)
}

/// Adds a file as it is, if it is there.
fn add(archive: &mut Builder<File>, folder: &Path, key: &str) -> io::Result<()> {
    match fs::read(folder.join(key)) {
        Ok(bytes) => put(archive, key, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn put(archive: &mut Builder<File>, key: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    archive.append_data(&mut header, key, bytes)
}
