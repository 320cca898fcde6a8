//! Files in a folder of this computer. A file is written under another name, flushed, renamed, and
//! then its folder is flushed. Several files are written by several threads: a disk flushes them together.

use super::medium::{Medium, System};
use super::{Files, NewFile};
use crate::folder::Lock;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// The folder of temporary files.
const INCOMING: &str = "_incoming";

/// Threads that write at the same time.
const WRITERS: usize = 16;

/// Folders that are remembered as flushed. Each session has some; that one is flushed once more does no
/// harm.
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
        let temporary: Vec<PathBuf> = files.iter().map(|_| self.next_temporary()).collect();
        let mut results: Vec<io::Result<()>> =
            refused.into_iter().map(|reason| reason.map_or(Ok(()), Err)).collect();
        self.write_temporaries(files, &temporary, &mut results);
        let mut folders = BTreeSet::new();
        for (((key, _), temporary), result) in files.iter().zip(&temporary).zip(&mut results) {
            if result.is_ok() {
                let target = self.root.join(key);
                let folder = target.parent().unwrap_or(&target).to_owned();
                let renamed = self.make_folder(&folder);
                *result = renamed.and_then(|()| self.medium.rename(temporary, &target));
                if result.is_ok() {
                    folders.insert(folder);
                } else {
                    drop(self.medium.remove(temporary));
                }
            }
        }
        for folder in folders {
            let Err(error) = self.medium.sync_folder(&folder) else { continue };
            for ((key, _), result) in files.iter().zip(&mut results) {
                if result.is_ok() && self.root.join(key).parent() == Some(&folder) {
                    *result = Err(io::Error::new(error.kind(), error.to_string()));
                }
            }
        }
        results
    }

    fn next_temporary(&mut self) -> PathBuf {
        self.temporary += 1;
        self.root.join(INCOMING).join(self.temporary.to_string())
    }

    /// Writes and flushes temporary files, those that nothing speaks against.
    fn write_temporaries(
        &self,
        files: &[NewFile<'_>],
        temporary: &[PathBuf],
        results: &mut [io::Result<()>],
    ) {
        let write =
            |files: &[NewFile<'_>], temporary: &[PathBuf], results: &mut [io::Result<()>]| {
                for (((_, bytes), path), result) in files.iter().zip(temporary).zip(results) {
                    if result.is_ok() {
                        *result = self.write_temporary(path, bytes);
                    }
                }
            };
        let share = files.len().div_ceil(WRITERS).max(1);
        let shares =
            files.chunks(share).zip(temporary.chunks(share)).zip(results.chunks_mut(share));
        if files.len() == 1 {
            shares.for_each(|((files, temporary), results)| write(files, temporary, results));
            return;
        }
        thread::scope(|scope| {
            for ((files, temporary), results) in shares {
                scope.spawn(|| write(files, temporary, results));
            }
        });
    }

    fn write_temporary(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let written = self.medium.create(path).and_then(|mut file| {
            file.write(bytes)?;
            file.sync()
        });
        // A full disk should not stay full because of what did not fit on it.
        written.inspect_err(|_| drop(self.medium.remove(path)))
    }

    /// Makes a folder and those above it, each flushed into its parent; also one that is there, since
    /// who made it may have been stopped before that.
    fn make_folder(&mut self, folder: &Path) -> io::Result<()> {
        if folder == self.root || self.flushed.contains(folder) {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(folder);
        self.make_folder(parent)?;
        if !folder.is_dir() {
            self.medium.make_folder(folder)?;
        }
        self.medium.sync_folder(parent)?;
        if self.flushed.len() == REMEMBERED {
            self.flushed.clear();
        }
        self.flushed.insert(folder.to_owned());
        Ok(())
    }

    fn exists(&self, key: &str) -> io::Result<bool> {
        self.root.join(key).try_exists()
    }
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
        let path = self.root.join(key);
        self.make_folder(path.parent().unwrap_or(&path))?;
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
