//! What this computer signs its statements with: a key pair made when it joins a lab.
//!
//! The private half lies beside a session's records, readable by its owner only, for as long as
//! the session lasts, so that a program that was killed finds it again. The file is locked as
//! long as the program runs: a key that nobody holds belongs to a session that was interrupted.

use super::spool::sync_directory;
use bevy::prelude::Resource;
use dyad_protocol::ParticipantId;
use dyad_recording::KeyPair;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The key pair with which this program joins a lab.
#[derive(Resource, Clone, Debug)]
pub struct Identity(pub KeyPair);

impl Identity {
    /// A new one, from the operating system's randomness.
    ///
    /// # Errors
    /// If the operating system has none.
    pub fn new() -> io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        Ok(Self(KeyPair::from_seed(&seed)))
    }
}

/// A key on the disk, held by this program.
#[derive(Debug)]
pub struct KeptKey {
    path: PathBuf,
    /// Locked as long as this lives.
    _lock: File,
}

impl KeptKey {
    /// Where a participant's key lies in a scene's directory.
    #[must_use]
    pub fn path(directory: &Path, participant: &ParticipantId) -> PathBuf {
        directory.join("local").join(format!("{participant}_key"))
    }

    /// Keeps a key for a session that begins.
    ///
    /// # Errors
    /// If there is one already, or the disk does not allow it.
    pub fn keep(directory: &Path, participant: &ParticipantId, key: &KeyPair) -> io::Result<Self> {
        let path = Self::path(directory, participant);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        file.try_lock()?;
        let digits: String = key.seed().iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(file, "{digits}")?;
        file.sync_all()?;
        sync_directory(path.parent().unwrap_or(directory))?;
        Ok(Self { path, _lock: file })
    }

    /// The key of a session that was interrupted, and when it began. `None` if there is no such
    /// key, or a program that runs holds it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn find(
        directory: &Path,
        participant: &ParticipantId,
    ) -> io::Result<Option<(KeyPair, Self, SystemTime)>> {
        let path = Self::path(directory, participant);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut text = String::new();
        (&mut file).take(128).read_to_string(&mut text)?;
        let seed: dyad_protocol::PublicKey = text.trim().parse().map_err(io::Error::other)?;
        let begun = file.metadata()?.modified()?;
        Ok(Some((KeyPair::from_seed(&seed.0), Self { path, _lock: file }, begun)))
    }

    /// The session is over and everything is signed: nobody needs the key any more.
    ///
    /// # Errors
    /// If the disk does not allow it.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}
