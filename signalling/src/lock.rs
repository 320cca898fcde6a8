//! One lab at a time in a folder, also where no store of records is there to see to it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// The file that is locked: the same as a store's.
const FILE: &str = "lock";

/// A folder that is this program's as long as this lives.
#[derive(Debug)]
pub(crate) struct FolderLock(File);

impl FolderLock {
    /// Takes a folder, making it if necessary.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another program has it; otherwise whatever the system says.
    pub(crate) fn take(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let file = File::create(folder.join(FILE))?;
        file.try_lock()?;
        Ok(Self(file))
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // At once, and not only when every copy of the open file is closed. The end of the program gives
        // it back in any case.
        drop(self.0.unlock());
    }
}
