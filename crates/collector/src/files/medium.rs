//! What a [`Disk`](super::Disk) asks of the operating system, call by call, so that tests can have
//! each of them fail.

use crate::folder;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// A file that is being written.
pub trait Sink: Send {
    /// Writes all of it, somewhere between here and the disk.
    ///
    /// # Errors
    /// Whatever the system says; any part of it may have been written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits until what was written is on the disk.
    ///
    /// # Errors
    /// Whatever the system says; then nothing is known of what was written.
    fn sync(&mut self) -> io::Result<()>;
}

/// Calls that change something on a disk. Of several threads at once.
pub trait Medium: Send + Sync {
    /// Makes an empty file, or empties one.
    ///
    /// # Errors
    /// Whatever the system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Sink>>;

    /// Gives a file another name, replacing what has it.
    ///
    /// # Errors
    /// Whatever the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Waits until the names in a folder are on the disk.
    ///
    /// # Errors
    /// Whatever the system says.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Makes a folder whose parent is there.
    ///
    /// # Errors
    /// Whatever the system says.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;

    /// Adds to the end of a file, making it if it is missing.
    ///
    /// # Errors
    /// Whatever the system says; any part of it may have been written.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// Whatever the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The operating system's own files.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Sink for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Medium for System {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(File::create(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        folder::sync(folder)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir(folder)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        File::options().append(true).create(true).open(path)?.write_all(bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}
