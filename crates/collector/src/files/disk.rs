//! Files in a folder of this computer. A file is written under another name, flushed, renamed, and
//! then its folder is flushed. Several files are written by several threads, and then their folders are
//! flushed by several: a disk makes one flush of those that it is asked for meanwhile.

use super::medium::{Medium, System};
use super::{Files, NewFile};
use crate::folder::Lock;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// The folder of temporary files.
const INCOMING: &str = "_incoming";

/// Threads that write or flush at the same time.
const WRITERS: usize = 32;

/// A file that is to be written.
struct Job<'a> {
    target: PathBuf,
    temporary: PathBuf,
    /// Missing if something speaks against it.
    bytes: Option<&'a [u8]>,
}

/// What is not on the disk yet.
#[derive(Default)]
struct Changed {
    /// Folders in whose lists there are new names.
    lists: BTreeSet<PathBuf>,
    /// Folders that were made or may have been.
    folders: BTreeSet<PathBuf>,
}

/// About so many folders are remembered as flushed. Each session has some; that one is flushed once more
/// does no harm.
const REMEMBERED: usize = 512;

/// Files in a folder of this computer, of which there is one owner at a time.
pub struct Disk {
    root: PathBuf,
    medium: Arc<dyn Medium>,
    temporary: u64,
    /// Folders that are known to survive a power cut, some of the latest.
    flushed: BTreeSet<PathBuf>,
    /// Held as long as this lives.
    _lock: Lock,
}

impl Disk {
    /// Opens a folder, making it if necessary, and removes what an earlier owner left half
    /// written.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another program has the folder open; otherwise whatever
    /// the storage says.
    pub fn open(root: &Path) -> io::Result<Self> {
        Self::open_on(root, Arc::new(System))
    }

    /// The same through another medium.
    ///
    /// # Errors
    /// As [`Disk::open`].
    pub fn open_on(root: &Path, medium: Arc<dyn Medium>) -> io::Result<Self> {
        let (incoming, is_new) = (root.join(INCOMING), !root.is_dir());
        fs::create_dir_all(&incoming)?;
        let lock = Lock::take(root)?;
        for entry in fs::read_dir(&incoming)? {
            fs::remove_file(entry?.path())?;
        }
        // Above it somebody else has made what there is.
        if let (true, Some(parent)) = (is_new, root.canonicalize()?.parent()) {
            medium.sync_folder(parent)?;
        }
        Ok(Self {
            root: root.to_owned(),
            medium,
            temporary: 0,
            flushed: BTreeSet::new(),
            _lock: lock,
        })
    }

    /// Writes files, for each of which there may be a reason not to.
    fn write_all(
        &mut self,
        files: &[NewFile<'_>],
        refused: Vec<Option<io::Error>>,
    ) -> Vec<io::Result<()>> {
        let jobs: Vec<Job<'_>> = files
            .iter()
            .zip(&refused)
            .map(|((key, bytes), refused)| Job {
                target: self.root.join(key),
                temporary: self.next_temporary(),
                bytes: refused.is_none().then_some(*bytes),
            })
            .collect();
        let written = each(&jobs, |job| self.write_temporary(job));
        let mut results: Vec<io::Result<()>> =
            refused.into_iter().zip(written).map(|(no, done)| no.map_or(done, Err)).collect();
        let mut changed = Changed::default();
        for (job, result) in jobs.iter().zip(&mut results).filter(|(_, result)| result.is_ok()) {
            *result = self.put_in_place(job, &mut changed);
        }
        let failed = self.sync_folders(changed);
        for (job, result) in jobs.iter().zip(&mut results).filter(|(_, result)| result.is_ok()) {
            if let Some(error) = job.target.ancestors().find_map(|folder| failed.get(folder)) {
                *result = Err(io::Error::new(error.kind(), error.to_string()));
            }
        }
        results
    }

    fn next_temporary(&mut self) -> PathBuf {
        self.temporary += 1;
        self.root.join(INCOMING).join(self.temporary.to_string())
    }

    /// Writes and flushes a temporary file, if nothing speaks against it.
    fn write_temporary(&self, job: &Job<'_>) -> io::Result<()> {
        let Some(bytes) = job.bytes else { return Ok(()) };
        let written = self.medium.create(&job.temporary).and_then(|mut file| {
            file.write(bytes)?;
            file.sync()
        });
        // A full disk should not stay full because of what did not fit on it.
        written.inspect_err(|_| drop(self.medium.remove(&job.temporary)))
    }

    /// Gives a temporary file its name.
    fn put_in_place(&self, job: &Job<'_>, changed: &mut Changed) -> io::Result<()> {
        let folder = job.target.parent().unwrap_or(&job.target);
        let made = self.make_folder(folder, changed);
        made.and_then(|()| self.medium.rename(&job.temporary, &job.target))
            .inspect(|()| {
                changed.lists.insert(folder.to_owned());
            })
            .inspect_err(|_| drop(self.medium.remove(&job.temporary)))
    }

    /// Makes a folder and those above it, whose parents are to be flushed then; also of one that is there,
    /// since who made it may have been stopped before that.
    fn make_folder(&self, folder: &Path, changed: &mut Changed) -> io::Result<()> {
        let is_known = self.flushed.contains(folder) || changed.folders.contains(folder);
        if folder == self.root || is_known {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(folder);
        self.make_folder(parent, changed)?;
        if !folder.is_dir() {
            self.medium.make_folder(folder)?;
        }
        changed.lists.insert(parent.to_owned());
        changed.folders.insert(folder.to_owned());
        Ok(())
    }

    /// Flushes what has changed; which folders could not be flushed.
    fn sync_folders(&mut self, changed: Changed) -> BTreeMap<PathBuf, io::Error> {
        let lists: Vec<PathBuf> = changed.lists.into_iter().collect();
        let synced = each(&lists, |folder| self.medium.sync_folder(folder));
        let failed: BTreeMap<PathBuf, io::Error> =
            lists.into_iter().zip(synced).filter_map(|(at, it)| Some((at, it.err()?))).collect();
        // A folder survives a power cut if all those above it do.
        let survives = |folder: &PathBuf| !folder.ancestors().any(|at| failed.contains_key(at));
        if self.flushed.len() >= REMEMBERED {
            self.flushed.clear();
        }
        self.flushed.extend(changed.folders.into_iter().filter(survives));
        failed
    }

    fn exists(&self, key: &str) -> io::Result<bool> {
        self.root.join(key).try_exists()
    }
}

/// Does something with each of them, by several threads if there are several.
fn each<T: Sync, R: Send>(items: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() < 2 {
        return items.iter().map(act).collect();
    }
    let act = &act;
    thread::scope(|scope| {
        let shares = items.chunks(items.len().div_ceil(WRITERS));
        let shares: Vec<_> = shares
            .map(|share| scope.spawn(move || share.iter().map(act).collect::<Vec<R>>()))
            .collect();
        let done = shares.into_iter().map(|share| share.join());
        done.flat_map(|done| done.expect("a thread that does not panic")).collect()
    })
}

impl Files for Disk {
    fn create_all(&mut self, files: &[NewFile<'_>]) -> Vec<io::Result<()>> {
        let mut keys = BTreeSet::new();
        // Asking first is enough: the lock says that nobody else writes here.
        let refused = files.iter().map(|(key, _)| match self.exists(key) {
            Ok(false) if keys.insert(key) => None,
            Ok(_) => Some(io::Error::new(io::ErrorKind::AlreadyExists, format!("{key} exists"))),
            Err(error) => Some(error),
        });
        let refused = refused.collect();
        self.write_all(files, refused)
    }

    fn replace_all(&mut self, files: &[NewFile<'_>]) -> Vec<io::Result<()>> {
        self.write_all(files, files.iter().map(|_| None).collect())
    }

    fn append(&mut self, key: &str, bytes: &[u8], most: u64) -> io::Result<()> {
        let (path, mut changed) = (self.root.join(key), Changed::default());
        self.make_folder(path.parent().unwrap_or(&path), &mut changed)?;
        if let Some((_, error)) = self.sync_folders(changed).pop_first() {
            return Err(error);
        }
        if self.length(key)?.unwrap_or(0) + bytes.len() as u64 <= most {
            self.medium.append(&path, bytes)?;
        }
        Ok(())
    }

    fn remove(&mut self, key: &str) -> io::Result<()> {
        self.medium.remove(&self.root.join(key))
    }

    fn length(&self, key: &str) -> io::Result<Option<u64>> {
        match fs::metadata(self.root.join(key)) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read(&self, key: &str) -> io::Result<Vec<u8>> {
        fs::read(self.root.join(key))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(self.root.join(&folder)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let key = format!("{folder}/{}", entry.file_name().to_string_lossy());
                let list = if entry.file_type()?.is_dir() { &mut folders } else { &mut keys };
                list.push(key);
            }
        }
        keys.sort();
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::{Disk, Files as _};
    use std::io::ErrorKind;

    #[test]
    fn files_are_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::open(folder.path()).unwrap();
        disk.create("a/b/c", b"1").unwrap();
        assert_eq!(disk.create("a/b/c", b"2").unwrap_err().kind(), ErrorKind::AlreadyExists);
        disk.replace("a/d", b"3").unwrap();
        disk.replace("a/d", b"4").unwrap();
        assert_eq!((disk.length("a/d").unwrap(), disk.length("x/y").unwrap()), (Some(1), None));
        assert_eq!(disk.list("a").unwrap(), ["a/b/c", "a/d"]);
        assert_eq!(
            (disk.read("a/b/c").unwrap(), disk.read("a/d").unwrap()),
            (vec![b'1'], vec![b'4'])
        );
        assert_eq!(disk.list("_incoming").unwrap(), [""; 0]);
        assert_eq!(disk.list("nowhere").unwrap(), [""; 0]);
    }

    #[test]
    fn of_several_files_each_has_its_own_result() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::open(folder.path()).unwrap();
        disk.create("a/1", b"old").unwrap();
        disk.create("b", b"a file, not a folder").unwrap();
        let keys = (0..40).map(|number| format!("a/{number}"));
        let keys = keys.chain(["b/1", "c/d/e", "c/d/e"].map(str::to_owned));
        let files: Vec<_> = keys.map(|key| (key, &b"new"[..])).collect();
        let results = disk.create_all(&files);
        let failed: Vec<usize> = (0..files.len()).filter(|&at| results[at].is_err()).collect();
        assert_eq!(failed, [1, 40, 42]);
        assert_eq!(disk.read("a/1").unwrap(), b"old");
        assert!([0, 2, 39, 41].iter().all(|&at| disk.read(&files[at].0).unwrap() == b"new"));
        assert_eq!(disk.list("_incoming").unwrap(), [""; 0]);
    }

    #[test]
    fn files_grow_up_to_their_limit() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::open(folder.path()).unwrap();
        for (bytes, expected) in [("ab\n", "ab\n"), ("cdef\n", "ab\n"), ("c\n", "ab\nc\n")] {
            disk.append("a/log", bytes.as_bytes(), 5).unwrap();
            assert_eq!(disk.read("a/log").unwrap(), expected.as_bytes());
        }
    }

    #[test]
    fn a_folder_has_one_owner_who_tidies_up() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        std::fs::write(folder.path().join("_incoming/7"), b"half").unwrap();
        assert_eq!(Disk::open(folder.path()).err().unwrap().kind(), ErrorKind::WouldBlock);
        drop(disk);
        let disk = Disk::open(folder.path()).unwrap();
        assert_eq!(disk.list("_incoming").unwrap(), [""; 0]);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::open(folder.path()).unwrap();
        disk.create("a", b"a file, not a folder").unwrap();
        assert!(disk.create("a/b", b"x").is_err());
        assert_eq!(disk.list("_incoming").unwrap(), [""; 0]);
    }
}
