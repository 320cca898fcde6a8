//! Checking a whole store or dataset from its logs. Nothing is written.

mod dataset;
mod differ;
mod store;

use crate::export::Progress;
use crate::names;
use crate::render::Facts;
use dyad_collector::snapshot::{INDEX, SnapshotError};
use dyad_protocol::records::Verdict;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// What checking gave.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Check {
    /// What was checked: `store` or `dataset`.
    pub what: &'static str,
    /// The episodes, by session.
    pub episodes: Vec<EpisodeLine>,
    /// Frames in all logs; equal logs of one episode are simulated once.
    pub frames: u64,
    /// Files that were compared.
    pub files: usize,
    /// Everything that is not as it should be.
    pub findings: Vec<Finding>,
    /// What should be known, though nothing is wrong with it.
    pub notes: Vec<String>,
}

/// What was found of one episode.
#[derive(Clone, Debug, Serialize)]
pub struct EpisodeLine {
    /// The study.
    pub study: String,
    /// The session.
    pub session: String,
    /// The episode.
    pub episode: u16,
    /// How many records there are.
    pub records: usize,
    /// Rows that all sides have.
    pub rows: u64,
    /// What the records are worth, found out anew.
    pub verdict: String,
}

/// Something that is not as it should be, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, relative to the folder.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// Why nothing can be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Neither a store nor a dataset.
    #[error(
        "{} is neither a folder of records (it has no {INDEX}) nor a dataset (it has no {})",
        .0.display(),
        crate::options::MADE
    )]
    Neither(PathBuf),
    /// An export that was interrupted.
    #[error("{} is an export that was not finished; export anew", .0.display())]
    Unfinished(PathBuf),
    /// A dataset of a later form.
    #[error("the dataset has form {found}, this program knows {}: use a newer one", crate::FORMAT)]
    Newer {
        /// The dataset's.
        found: u64,
    },
    /// A store that cannot be read.
    #[error(transparent)]
    Store(#[from] SnapshotError),
    /// A folder that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Checks a store or a dataset, whichever the folder is.
///
/// # Errors
/// [`VerifyError`] where it is neither, or one that this program cannot check.
pub fn verify(
    folder: &Path,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<Check, VerifyError> {
    if folder.join(INDEX).is_file() {
        return store::check(folder, jobs, progress);
    }
    if folder.join("data/raw").is_dir() {
        return dataset::check(folder, jobs, progress);
    }
    Err(VerifyError::Neither(folder.to_owned()))
}

impl Check {
    /// Whether all is as it was recorded.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.findings.push(Finding { path: path.into(), message: message.into() });
    }

    /// Notes a session's episodes, and finds those whose records cannot be trusted.
    fn take(&mut self, facts: &Facts) {
        let registration = &facts.entry.registration;
        let folder = names::raw(&registration.study, &registration.session);
        let place = if self.what == "dataset" {
            folder
        } else {
            format!("{}/{}", registration.study, registration.session)
        };
        for episode in &facts.episodes {
            self.frames += episode.records.iter().map(|(_, record)| record.frames).sum::<u64>();
            if let Verdict::Invalid { message } = &episode.verdict {
                self.find(&place, format!("episode {}: {message}", episode.number));
            }
            self.episodes.push(EpisodeLine {
                study: registration.study.to_string(),
                session: registration.session.to_string(),
                episode: episode.number,
                records: episode.records.len(),
                rows: episode.common,
                verdict: episode.verdict.to_string(),
            });
        }
    }
}

/// All files below a folder, by their paths with slashes, in order; and what is no file. `None`
/// where a folder cannot be read.
fn walk(root: &Path) -> Result<(Vec<String>, Vec<String>), VerifyError> {
    let (mut files, mut others, mut folders) = (Vec::new(), Vec::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let read = |source| VerifyError::Read { path: path.clone(), source };
        for entry in std::fs::read_dir(&path).map_err(read)? {
            let entry = entry.map_err(read)?;
            let kind = entry.file_type().map_err(read)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let list = match (kind.is_dir(), kind.is_file()) {
                (true, _) => &mut folders,
                (_, true) => &mut files,
                _ => &mut others,
            };
            list.push(path);
        }
    }
    files.sort();
    others.sort();
    Ok((files, others))
}
