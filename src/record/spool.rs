//! Where records lie on this computer, and which of them the lab does not have yet.
//!
//! ```text
//! DATA/records/{study}/{session}/{scene}/{participant}_ep{n}.dlog      the log of record
//!                                        {participant}_ep{n}.csv       the shared table
//!                                        local/{participant}_ep{n}.csv what only this computer saw
//!                                        local/{participant}_ep{n}.receipt.json   once the lab has it
//!                                        local/{participant}_lab.json  where to send them
//!                                        local/{participant}_session.json  how the session went
//!                                        local/{participant}_key       as long as it goes on
//!                                        local/{participant}_ep{n}_divergence.json  should not be
//! ```

use super::identity::KeptKey;
use dyad_protocol::records::{RecordName, Uploads};
use dyad_protocol::{HexDigest, ParticipantId, SceneId, SessionId, StudyId, Token};
use dyad_recording::bundle::{Bundle, divergence_name, local_name, log_name, table_name};
use dyad_recording::{log, replay};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where the records of one session belong, on this computer and at the lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The study.
    pub study: StudyId,
    /// The session.
    pub session: SessionId,
    /// The scene.
    pub scene: SceneId,
    /// Whose records.
    pub participant: ParticipantId,
    /// The lab's address, `http://host:port`.
    pub lab: String,
    /// The fingerprint of the lab's certificate, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<HexDigest>,
    /// The participant's token.
    pub token: Token,
    /// Where records go, if not to the lab itself, and what becomes of their copies here.
    #[serde(default)]
    pub uploads: Uploads,
}

impl Destination {
    /// The address that records are sent to, `http://host:port`.
    #[must_use]
    pub fn collector(&self) -> &str {
        self.uploads.collector.as_deref().unwrap_or(&self.lab)
    }

    /// The fingerprint of the certificate at that address, if there is one.
    #[must_use]
    pub const fn collector_cert(&self) -> Option<&HexDigest> {
        match self.uploads.collector {
            Some(_) => self.uploads.cert.as_ref(),
            None => self.cert.as_ref(),
        }
    }
}

/// The client's data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spool {
    root: PathBuf,
}

/// A record of one episode that lies on this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it belongs.
    pub destination: Destination,
    /// The episode, from 0.
    pub episode: u16,
    /// The scene's directory that it lies in.
    pub directory: PathBuf,
}

/// What cannot be done with the data directory, and why.
#[derive(Debug, thiserror::Error)]
#[error(
    "{doing} {} ({source}); make room on the disk, allow writing to it, or choose another \
     directory with --data DIR",
    path.display()
)]
pub struct SpoolError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl SpoolError {
    pub(super) fn new(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { doing, path, source }
    }
}

impl Spool {
    /// The data directory at this place.
    #[must_use]
    pub const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The data directory that the platform intends for this program.
    #[must_use]
    pub fn of_this_user() -> Option<Self> {
        let directories = directories::ProjectDirs::from("", "", "dyad")?;
        Some(Self::at(directories.data_dir().to_owned()))
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Finds out whether records can be kept here, before anybody waits for this person.
    ///
    /// # Errors
    /// [`SpoolError`] says what the disk does not allow.
    pub fn check(&self) -> Result<(), SpoolError> {
        let records = self.root.join("records");
        fs::create_dir_all(&records)
            .map_err(SpoolError::new("cannot make the directory", &records))?;
        let probe = records.join(format!(".probe-{}", std::process::id()));
        replace(&probe, b"can this disk keep a record?")
            .and_then(|()| fs::remove_file(&probe))
            .map_err(SpoolError::new("cannot write", &probe))
    }

    /// Makes the directory of a session's scene and notes where its records belong.
    ///
    /// # Errors
    /// [`SpoolError`] if the disk does not allow it: then nothing can be recorded.
    pub fn open(&self, destination: &Destination) -> Result<PathBuf, SpoolError> {
        let Destination { study, session, scene, .. } = destination;
        let directory = self
            .root
            .join("records")
            .join(study.as_str())
            .join(session.as_str())
            .join(scene.as_str());
        let local = directory.join("local");
        make_directory(&local).map_err(SpoolError::new("cannot make the directory", &local))?;
        note(&directory, destination)?;
        Ok(directory)
    }

    /// All records that have no receipt and wait for nothing else, oldest session first: of a
    /// session that was interrupted and may go on, only the episodes that are closed. What cannot be
    /// read is skipped: the files stay where they are.
    #[must_use]
    pub fn unsent(&self) -> Vec<Record> {
        let scenes = self.scenes();
        scenes
            .iter()
            .flat_map(|(directory, destination)| unsent_in(directory, destination))
            .collect()
    }

    /// The directories of all scenes that were played, with where their records belong.
    pub(super) fn scenes(&self) -> Vec<(PathBuf, Destination)> {
        let mut scenes = Vec::new();
        for directory in directories_at(&self.root.join("records"), 3) {
            for path in files_in(&directory.join("local")) {
                let is_note = path.to_str().is_some_and(|path| path.ends_with("_lab.json"));
                let note = is_note.then(|| fs::read(&path).ok()).flatten();
                let destination = note.and_then(|note| serde_json::from_slice(&note).ok());
                scenes.extend(destination.map(|destination| (directory.clone(), destination)));
            }
        }
        scenes
    }
}

/// The records in a scene's directory, by episode.
pub(super) fn records_in(directory: &Path, destination: &Destination) -> Vec<Record> {
    let prefix = format!("{}_ep", destination.participant);
    let episode = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix(&prefix)?.strip_suffix(".dlog")?.parse().ok()
    };
    let mut episodes: Vec<u16> = files_in(directory).into_iter().filter_map(episode).collect();
    episodes.sort_unstable();
    let record = |episode| Record {
        destination: destination.clone(),
        episode,
        directory: directory.to_owned(),
    };
    episodes.into_iter().map(record).collect()
}

fn unsent_in(directory: &Path, destination: &Destination) -> Vec<Record> {
    let may_go_on = KeptKey::path(directory, &destination.participant).exists();
    let records = records_in(directory, destination).into_iter();
    let records = records.filter(|record| !record.is_received());
    records.filter(|record| !may_go_on || record.is_closed()).collect()
}

impl Record {
    /// The name under which the lab keeps this record.
    #[must_use]
    pub fn name(&self) -> RecordName {
        let Destination { session, scene, participant, .. } = &self.destination;
        RecordName {
            session: session.clone(),
            scene: scene.clone(),
            participant: participant.clone(),
            episode: self.episode,
        }
    }

    pub(super) fn path(&self, name: fn(&ParticipantId, u16) -> String) -> PathBuf {
        self.directory.join(name(&self.destination.participant, self.episode))
    }

    /// The log's file.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.path(log_name)
    }

    /// The shared table's file.
    #[must_use]
    pub fn table_path(&self) -> PathBuf {
        self.path(table_name)
    }

    /// The local table's file.
    #[must_use]
    pub fn local_path(&self) -> PathBuf {
        self.path(local_name)
    }

    /// The receipt's file.
    #[must_use]
    pub fn receipt_path(&self) -> PathBuf {
        self.path(local_name).with_extension("receipt.json")
    }

    /// Whether its log ends with a certificate.
    fn is_closed(&self) -> bool {
        let log = fs::read(self.log_path()).ok().and_then(|bytes| log::read(&bytes).ok());
        log.is_some_and(|log| log.certificate().is_some())
    }

    /// The record as it is sent. If the program or the computer stopped while it was written,
    /// it is made whole first: the log is cut to its sound part, and the table derived from it.
    ///
    /// # Errors
    /// [`SpoolError`] if the files cannot be read, or hold nothing that can be trusted.
    pub fn bundle(&self) -> Result<Vec<u8>, SpoolError> {
        let log_path = self.log_path();
        let mut log = fs::read(&log_path).map_err(SpoolError::new("cannot read", &log_path))?;
        let recovered = replay::recover(&log)
            .map_err(io::Error::other)
            .map_err(SpoolError::new("cannot use the log", &log_path))?;
        let table_path = self.table_path();
        if log.len() != recovered.log_length {
            log.truncate(recovered.log_length);
            replace(&log_path, &log).map_err(SpoolError::new("cannot write", &log_path))?;
        }
        if fs::read(&table_path).ok().as_deref() != Some(&recovered.table) {
            replace(&table_path, &recovered.table)
                .map_err(SpoolError::new("cannot write", &table_path))?;
        }
        let bundle = Bundle {
            participant: self.destination.participant.clone(),
            episode: self.episode,
            log,
            table: recovered.table,
            // Telemetry; a record without it is complete.
            local: fs::read(self.local_path()).unwrap_or_default(),
            divergence: fs::read(self.path(divergence_name)).ok(),
        };
        bundle.pack().map_err(io::Error::other).map_err(SpoolError::new("cannot pack", &log_path))
    }
}

/// Notes in a scene's directory where its records belong.
pub(super) fn note(directory: &Path, destination: &Destination) -> Result<(), SpoolError> {
    let path = note_path(directory, destination);
    write_json(&path, destination).map_err(SpoolError::new("cannot write", &path))
}

/// The file of that note.
pub(super) fn note_path(directory: &Path, destination: &Destination) -> PathBuf {
    directory.join("local").join(format!("{}_lab.json", destination.participant))
}

/// Writes a file so that it is either the old one or the whole new one, and on disk.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    sync_directory(path.parent().unwrap_or(path))
}

/// Makes a directory and those above it, so that they survive a loss of power.
fn make_directory(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
    let Some(parent) = parent else { return fs::create_dir(directory) };
    make_directory(parent)?;
    match fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_directory(parent)
}

/// Makes new names in a directory survive a loss of power, where the system can do that.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Writes a value as JSON, whole or not at all.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    replace(path, &serde_json::to_vec_pretty(value)?)
}

fn directories_at(root: &Path, depth: usize) -> Vec<PathBuf> {
    let mut level = vec![root.to_owned()];
    for _ in 0..depth {
        level = level.iter().flat_map(|path| entries(path)).filter(|path| path.is_dir()).collect();
    }
    level
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    entries(directory).into_iter().filter(|path| path.is_file()).collect()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = found.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
