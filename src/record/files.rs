//! An open episode's files.

use super::spool::{replace, sync_directory};
use dyad_protocol::ParticipantId;
use dyad_recording::bundle::{local_name, log_name, table_name};
use dyad_recording::local;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

pub(super) struct Files {
    pub(super) log: File,
    pub(super) table: File,
    local: File,
    pub(super) local_buffer: Vec<u8>,
    /// Whether the log has bytes that may not be on disk.
    pub(super) dirty: bool,
}

impl Files {
    /// Makes an episode's files; fails if one is there, for a record is never overwritten.
    pub(super) fn create(
        directory: &Path,
        participant: &ParticipantId,
        episode: u16,
    ) -> io::Result<Self> {
        let new = |name: String| {
            OpenOptions::new().append(true).create_new(true).open(directory.join(name))
        };
        let mut local_buffer = Vec::new();
        local::put_header(&mut local_buffer);
        let files = Self {
            log: new(log_name(participant, episode))?,
            table: new(table_name(participant, episode))?,
            local: new(local_name(participant, episode))?,
            local_buffer,
            dirty: true,
        };
        sync_directory(directory)?;
        Ok(files)
    }

    /// Opens the files that a killed program left: the log cut to its sound part, the table as it
    /// has to be by that, the local table without a last line that is not whole.
    pub(super) fn reopen(
        directory: &Path,
        participant: &ParticipantId,
        episode: u16,
        log_length: usize,
        table: &[u8],
    ) -> io::Result<Self> {
        let at = |name: String| directory.join(name);
        let log = at(log_name(participant, episode));
        OpenOptions::new()
            .write(true)
            .open(&log)?
            .set_len(u64::try_from(log_length).expect("a file's length that was in memory fits"))?;
        let table_path = at(table_name(participant, episode));
        replace(&table_path, table)?;
        let local = at(local_name(participant, episode));
        let mut local_buffer = Vec::new();
        let seen = fs::read(&local).unwrap_or_default();
        match seen.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => replace(&local, &seen[..=end])?,
            None => {
                replace(&local, b"")?;
                local::put_header(&mut local_buffer);
            }
        }
        let append = |path: &Path| OpenOptions::new().append(true).open(path);
        Ok(Self {
            log: append(&log)?,
            table: append(&table_path)?,
            local: append(&local)?,
            local_buffer,
            dirty: true,
        })
    }

    /// Removes an episode's files, in which there is nothing.
    pub(super) fn remove(
        directory: &Path,
        participant: &ParticipantId,
        episode: u16,
    ) -> io::Result<()> {
        for name in [log_name, table_name, local_name] {
            match fs::remove_file(directory.join(name(participant, episode))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        sync_directory(directory)
    }

    /// Brings the log to the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.dirty) {
            self.log.sync_data()?;
        }
        self.local.write_all(&self.local_buffer)?;
        self.local_buffer.clear();
        Ok(())
    }

    /// Brings everything to the disk, for good.
    pub(super) fn close(mut self) -> io::Result<()> {
        self.local.write_all(&self.local_buffer)?;
        self.log.sync_all()?;
        self.table.sync_all()?;
        self.local.sync_all()
    }
}
