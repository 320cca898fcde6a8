//! What panels call the participants: kept apart from everything else, in one file that nothing but
//! this reads or writes, so that it can be encrypted, given away or deleted by itself.

use dyad_protocol::{PanelId, ParticipantId};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// The file in a lab's folder.
pub(crate) const FILE: &str = "identities.jsonl";

/// The list of who is who.
#[derive(Debug)]
pub struct Identities(File);

impl Identities {
    /// Opens the list of a lab's folder, making it if necessary.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(folder.join(FILE)).map(Self)
    }

    /// Notes what a panel calls a participant. It is on the disk when this returns.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn note(&mut self, participant: &ParticipantId, panel: &PanelId) -> io::Result<()> {
        let line = json!({ "participant": participant, "panel": panel });
        self.0.write_all(format!("{line}\n").as_bytes())?;
        self.0.sync_data()
    }
}
