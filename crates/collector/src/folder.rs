//! Small files that lie in a lab's or a collector's folder beside the records: readable by their owner
//! only, replaced whole or not at all, and one program at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// The file that is locked in a folder.
const LOCK: &str = "lock";

/// How a file is opened that nobody else may read. It says neither how it is used nor whether it is made.
#[must_use]
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a private file whole or not at all. It is on the disk when this returns.
///
/// # Errors
/// Whatever the system says. The old file is there then.
pub fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!("{name}.new"));
    let mut file = private().write(true).create(true).truncate(true).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(name))?;
    sync(folder)
}

/// Brings a folder's list of files to the disk. Windows has no such call, and needs none for a rename.
///
/// # Errors
/// Whatever the system says.
pub fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// What of a file of lines was written whole: a last line without its end was cut off, or is just
/// being written.
#[must_use]
pub fn whole_lines(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)]
}

/// A folder that is this program's as long as this lives. It is given back at once: closing the file alone
/// would leave it to a program that another thread is just starting, which holds a copy of every
/// open file for a moment.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes a folder, making it if necessary.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another program has it; otherwise whatever the system says.
    pub fn take(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let file = File::create(folder.join(LOCK))?;
        file.try_lock()?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The end of the program gives it back in any case.
        drop(self.0.unlock());
    }
}
