//! What experimenters do with a folder: a file that only grows, a JSON object a line, each with the digest
//! of the one before it. Who changes or removes a line in the middle breaks the chain, which `fsck`
//! says. Lines at the end can be removed without a trace; keep a backup elsewhere.
//!
//! ```text
//! {"at":1795183200000,"what":"exported","details":{"to":"..."},"after":"8f4e..."}
//! ```
//!
//! `after` is BLAKE3 over the line before, without its line feed; of the first line over nothing.

use crate::folder::{private, sync, whole_lines};
use crate::store::digest;
use dyad_protocol::HexDigest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// The file in a folder.
pub const FILE: &str = "audit.jsonl";

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, milliseconds since 1970.
    pub at: u64,
    /// What was done.
    pub what: Action,
    /// To what, and by which options. Nothing that identifies a participant but the pseudonym.
    pub details: Value,
    /// The digest of the line before.
    pub after: HexDigest,
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A lab or a collector was started.
    Started,
    /// It was asked to stop, and has stopped.
    Stopped,
    /// A dataset was written.
    Exported,
    /// A copy was written.
    BackedUp,
    /// Somebody's data were deleted.
    Withdrew,
    /// A key for identities was made.
    KeyMade,
    /// Identities were decrypted.
    IdentitiesRead,
    /// Join links were printed.
    LinksPrinted,
}

/// Adds a line. It is on the disk when this returns. Several programs may do so at the same time.
///
/// # Errors
/// Whatever the system says. What was to be noted should not be done then.
pub fn note(folder: &Path, at: u64, what: Action, details: Value) -> io::Result<()> {
    let mut file = private().read(true).append(true).create(true).open(folder.join(FILE))?;
    file.lock()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let whole = whole_lines(&text);
    if whole.len() < text.len() {
        // Cut off while it was written.
        file.set_len(whole.len() as u64)?;
        file.seek(SeekFrom::End(0))?;
    }
    let last = lines(whole).last().unwrap_or_default();
    let entry = Entry { at, what, details, after: digest(last) };
    let line = serde_json::to_string(&entry)? + "\n";
    file.write_all(line.as_bytes())?;
    file.sync_data()?;
    if whole.is_empty() { sync(folder) } else { Ok(()) }
}

/// The number of lines in a folder; or, as a sentence, which line does not follow the one before.
///
/// # Errors
/// If the file cannot be read.
pub fn check(folder: &Path) -> io::Result<Result<usize, String>> {
    let text = match std::fs::read(folder.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(0)),
        Err(error) => return Err(error),
    };
    let (mut last, mut count): (&[u8], _) = (&[], 0);
    for (line, number) in lines(whole_lines(&text)).zip(1..) {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else {
            return Ok(Err(format!("line {number} of {FILE} is not understood")));
        };
        if entry.after != digest(last) {
            return Ok(Err(format!(
                "line {number} of {FILE} does not follow the one before it: a line was changed or \
                 removed there"
            )));
        }
        (last, count) = (line, number);
    }
    Ok(Ok(count))
}

fn lines(whole: &[u8]) -> impl Iterator<Item = &[u8]> {
    whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Action, FILE, check, note};
    use serde_json::json;

    #[test]
    fn a_line_that_was_changed_or_removed_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(check(folder).unwrap(), Ok(0));
        for number in 0..4 {
            note(folder, number, Action::Exported, json!({ "to": number })).unwrap();
        }
        assert_eq!(check(folder).unwrap(), Ok(4));
        let path = folder.join(FILE);
        let good = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = good.split_inclusive('\n').collect();
        let without_second = [lines[0], lines[2], lines[3]].concat();
        let changed = good.replacen("\"to\":1", "\"to\":7", 1);
        let swapped = [lines[0], lines[2], lines[1], lines[3]].concat();
        let without_first = lines[1..].concat();
        for (text, line) in [(without_second, 2), (changed, 3), (swapped, 2), (without_first, 1)] {
            std::fs::write(&path, &text).unwrap();
            let said = check(folder).unwrap().unwrap_err();
            assert!(said.starts_with(&format!("line {line} of")), "{said}");
        }
        // A line that was cut off while it was written is no line, and the next one follows.
        std::fs::write(&path, &good[..good.len() - 5]).unwrap();
        assert_eq!(check(folder).unwrap(), Ok(3));
        note(folder, 9, Action::Stopped, json!({})).unwrap();
        assert_eq!(check(folder).unwrap(), Ok(4));
    }

    #[test]
    fn several_programs_write_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for at in 0..8 {
                let folder = folder.path();
                scope.spawn(move || {
                    for _ in 0..5 {
                        note(folder, at, Action::BackedUp, json!({})).unwrap();
                    }
                });
            }
        });
        assert_eq!(check(folder.path()).unwrap(), Ok(40));
    }
}
