//! Writing a dataset: under another name until it is whole, and never over anything.

use crate::names::Names;
use crate::options::{Made, Options};
use crate::package::{self, Part};
use crate::parallel;
use crate::render::{self, Facts, RenderError, Rendered};
use crate::session::{Entry, Session};
use crate::store::{self, LoadError};
use crate::study::Study;
use dyad_collector::Snapshot;
use dyad_collector::snapshot::SnapshotError;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is told while it goes on: sessions that are done, and all.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// What an export has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Sessions.
    pub sessions: usize,
    /// Episodes with a record.
    pub episodes: usize,
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Why there is no dataset. Nothing was overwritten.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] SnapshotError),
    /// No session is left by the options.
    #[error("there are no sessions to export; the folder has {0} of them altogether")]
    Nothing(usize),
    /// There is something where the dataset is to be.
    #[error("{} exists and is not empty; name another folder", .0.display())]
    Exists(PathBuf),
    /// An earlier export was interrupted, or one is running.
    #[error(
        "{} is an export that was not finished; if none is running, remove it and try again",
        .0.display()
    )]
    Unfinished(PathBuf),
    /// A record of the store is damaged or missing.
    #[error("{0}; `dyad-signalling verify` checks the whole folder")]
    Load(#[from] LoadError),
    /// A session's files cannot be made.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// Something cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What was half written stays, since it cannot be removed.
    #[error("{error}; what was written so far is left in {}", folder.display())]
    Left {
        /// What went wrong first.
        error: Box<Self>,
        /// Where the rest is.
        folder: PathBuf,
    },
}

/// Exports a store, which may be in use meanwhile, into a folder that does not exist or is empty. Of what
/// is known of people, only that they were in the sessions.
///
/// # Errors
/// [`ExportError`].
pub fn export(
    store: &Path,
    out: &Path,
    options: &Options,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<Exported, ExportError> {
    export_study(store, out, options, Study::default(), jobs, progress)
}

/// The same with what the lab knows of the study. Where the options leave sessions out, people who are in
/// none of the others are left out too.
///
/// # Errors
/// [`ExportError`].
pub fn export_study(
    store: &Path,
    out: &Path,
    options: &Options,
    study: Study,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<Exported, ExportError> {
    let snapshot = Snapshot::read(store)?;
    let entries = store::entries(&snapshot, options);
    if entries.is_empty() {
        return Err(ExportError::Nothing(snapshot.sessions.len()));
    }
    if !is_free(out) {
        return Err(ExportError::Exists(out.to_owned()));
    }
    let folder = unfinished(out);
    match fs::create_dir(&folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(ExportError::Unfinished(folder));
        }
        Err(source) => return Err(ExportError::Write { path: folder, source }),
    }
    let Options { since_ms, scene, only_identical, .. } = options;
    let is_selected = since_ms.is_some() || scene.is_some() || *only_identical;
    let study = if is_selected { study.of(&entries) } else { study };
    let exporter = Exporter { store, folder: &folder, options, study: &study, jobs, progress };
    let exported = exporter.run(&entries).and_then(|exported| {
        // Only an empty folder can be removed.
        drop(fs::remove_dir(out));
        let renamed = fs::rename(&folder, out);
        renamed.map_err(|source| ExportError::Write { path: out.to_owned(), source })?;
        Ok(exported)
    });
    exported.map_err(|error| match fs::remove_dir_all(&folder) {
        Ok(()) => error,
        Err(_) => ExportError::Left { error: Box::new(error), folder },
    })
}

/// Whether a dataset can come to be there.
fn is_free(out: &Path) -> bool {
    match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Where a dataset is as long as it is not whole.
#[must_use]
pub fn unfinished(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    out.with_file_name(name)
}

struct Exporter<'a> {
    store: &'a Path,
    folder: &'a Path,
    options: &'a Options,
    study: &'a Study,
    jobs: NonZeroUsize,
    progress: Progress<'a>,
}

impl Exporter<'_> {
    fn run(&self, entries: &[Entry]) -> Result<Exported, ExportError> {
        let names = Names::new(entries.iter());
        let done = AtomicUsize::new(0);
        let sessions = parallel::map(self.jobs, entries, |_, entry| {
            let session = store::load(self.store, entry.clone())?;
            let written = self.session(&session, &names)?;
            (self.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, entries.len());
            Ok::<_, ExportError>(written)
        })?;
        let (facts, parts): (Vec<Facts>, Vec<Vec<Part>>) = sessions.into_iter().unzip();
        let parts = parts.concat();
        let about = package::files(&facts, &parts, self.study, &Made::now(self.options.clone()))?;
        about.iter().try_for_each(|file| self.write(file))?;
        let about_bytes: u64 = about.iter().map(|file| Part::of(file).bytes).sum();
        Ok(Exported {
            sessions: facts.len(),
            episodes: facts.iter().map(|facts| facts.episodes.len()).sum(),
            files: parts.len() + about.len(),
            bytes: parts.iter().map(|part| part.bytes).sum::<u64>() + about_bytes,
        })
    }

    fn session(&self, session: &Session, names: &Names) -> Result<(Facts, Vec<Part>), ExportError> {
        let (files, facts) = render::session(session, names, self.options)?;
        files.iter().try_for_each(|file| self.write(file))?;
        Ok((facts, files.iter().map(Part::of).collect()))
    }

    fn write(&self, file: &Rendered<'_>) -> Result<(), ExportError> {
        let path = self.folder.join(&file.path);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| File::create_new(&path))
            .and_then(|mut out| out.write_all(&file.bytes));
        written.map_err(|source| ExportError::Write { path, source })
    }
}
