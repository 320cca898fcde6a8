//! Files by key, such that a file that is there is whole and stays there.
//!
//! A key is a relative path with `/` between its parts, made of identifiers. [`Files`] is all that the
//! rest of the collector knows about storage; [`Disk`] is files in a folder of this computer, and
//! [`Medium`] what it asks of the operating system.

mod disk;
mod medium;

pub use disk::Disk;
pub use medium::{Medium, Sink, System};

use std::io;

/// A file to be made: its key and its content.
pub type NewFile<'a> = (String, &'a [u8]);

/// Durable files. When a method that writes returns, what it wrote survives a power cut, unless it
/// says otherwise.
pub trait Files: Send {
    /// Makes files, which share the waiting for the disk. A result for each, in their order; for one
    /// that is there already [`io::ErrorKind::AlreadyExists`].
    ///
    /// After an error there is either the whole file or none, and a file that is there may yet
    /// vanish with a power cut.
    fn create_all(&mut self, files: &[NewFile<'_>]) -> Vec<io::Result<()>>;

    /// The same; what is there is replaced.
    fn replace_all(&mut self, files: &[NewFile<'_>]) -> Vec<io::Result<()>>;

    /// Adds to the end of a file, making it if it is missing, unless it would become longer than
    /// `most` bytes. This does not wait for the disk: a power cut may cost the end of the file, or
    /// leave rubbish in its place.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn append(&mut self, key: &str, bytes: &[u8], most: u64) -> io::Result<()>;

    /// Removes a file. A power cut may bring it back.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn remove(&mut self, key: &str) -> io::Result<()>;

    /// How many bytes a file has; none if it is missing.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn length(&self, key: &str) -> io::Result<Option<u64>>;

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

    /// [`Files::create_all`] of one file.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn create(&mut self, key: &str, bytes: &[u8]) -> io::Result<()> {
        one(self.create_all(&[(key.to_owned(), bytes)]))
    }

    /// [`Files::replace_all`] of one file.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn replace(&mut self, key: &str, bytes: &[u8]) -> io::Result<()> {
        one(self.replace_all(&[(key.to_owned(), bytes)]))
    }
}

fn one(results: Vec<io::Result<()>>) -> io::Result<()> {
    results.into_iter().collect()
}
