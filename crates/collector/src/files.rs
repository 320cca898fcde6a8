//! Files by key, such that a file that is there is whole and stays there.
//!
//! A key is a relative path with `/` between its parts, made of identifiers. [`Files`] is all
//! that the rest of the collector knows about storage.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The folder of temporary files.
const INCOMING: &str = "_incoming";

/// Durable files. When a method that writes returns, the file survives a power cut.
pub trait Files: Send {
    /// Makes a file; fails with [`io::ErrorKind::AlreadyExists`] if it is there.
    ///
    /// # Errors
    /// Whatever the storage says; then there is either the whole file or none.
    fn create(&mut self, key: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes a file or replaces it.
    ///
    /// # Errors
    /// Whatever the storage says; then there is either the whole new file or what was before.
    fn replace(&mut self, key: &str, bytes: &[u8]) -> io::Result<()>;

    /// Adds to the end of a file, making it if it is missing, unless it would become longer than
    /// `most` bytes. Unlike everything else here this does not wait for the disk: a power cut may
    /// cost the end of the file.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn append(&mut self, key: &str, bytes: &[u8], most: u64) -> io::Result<()>;

    /// Whether the file is there.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn exists(&self, key: &str) -> io::Result<bool>;

    /// The file's content.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn read(&self, key: &str) -> io::Result<Vec<u8>>;

    /// The keys of all files in a folder and the folders in it, sorted; none if it is missing.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
}

/// Files in a folder of this computer, of which there is one owner at a time.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    temporary: u64,
    /// Held as long as this lives.
    _lock: File,
}

impl Disk {
    /// Opens a folder, making it if necessary, and removes what an earlier owner left half
    /// written.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another program has the folder open; otherwise whatever
    /// the storage says.
    pub fn open(root: &Path) -> io::Result<Self> {
        let incoming = root.join(INCOMING);
        fs::create_dir_all(&incoming)?;
        let lock = File::create(root.join("lock"))?;
        lock.try_lock()?;
        for entry in fs::read_dir(&incoming)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(Self { root: root.to_owned(), temporary: 0, _lock: lock })
    }

    /// Writes and flushes a temporary file beside which there is no other of its name.
    fn write_temporary(&mut self, bytes: &[u8]) -> io::Result<PathBuf> {
        self.temporary += 1;
        let path = self.root.join(INCOMING).join(self.temporary.to_string());
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        // A full disk should not stay full because of what did not fit on it.
        written.inspect_err(|_| drop(fs::remove_file(&path)))?;
        Ok(path)
    }

    fn rename(&self, temporary: &Path, key: &str) -> io::Result<()> {
        let target = self.root.join(key);
        let folder = target.parent().unwrap_or(&self.root);
        let renamed = self.make_folder(folder).and_then(|()| fs::rename(temporary, &target));
        renamed.inspect_err(|_| drop(fs::remove_file(temporary)))?;
        sync_folder(folder)
    }

    /// Makes a folder and those above it, each flushed into its parent.
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() || folder == self.root {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(&self.root);
        self.make_folder(parent)?;
        fs::create_dir(folder)?;
        sync_folder(parent)
    }
}

/// Flushes a folder's entries. Windows has no such call, and needs none for a rename.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

impl Files for Disk {
    fn create(&mut self, key: &str, bytes: &[u8]) -> io::Result<()> {
        // Asking first is enough: the lock says that nobody else writes here.
        if self.exists(key)? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{key} exists")));
        }
        self.replace(key, bytes)
    }

    fn replace(&mut self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.write_temporary(bytes)?;
        self.rename(&temporary, key)
    }

    fn append(&mut self, key: &str, bytes: &[u8], most: u64) -> io::Result<()> {
        let path = self.root.join(key);
        self.make_folder(path.parent().unwrap_or(&self.root))?;
        let mut file = File::options().append(true).create(true).open(path)?;
        if file.metadata()?.len() + bytes.len() as u64 <= most {
            file.write_all(bytes)?;
        }
        Ok(())
    }

    fn exists(&self, key: &str) -> io::Result<bool> {
        self.root.join(key).try_exists()
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
        assert_eq!(disk.list("a").unwrap(), ["a/b/c", "a/d"]);
        assert_eq!(
            (disk.read("a/b/c").unwrap(), disk.read("a/d").unwrap()),
            (vec![b'1'], vec![b'4'])
        );
        assert_eq!(disk.list("_incoming").unwrap(), [""; 0]);
        assert_eq!(disk.list("nowhere").unwrap(), [""; 0]);
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
        assert_eq!(Disk::open(folder.path()).unwrap_err().kind(), ErrorKind::WouldBlock);
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
