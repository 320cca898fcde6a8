//! The manifest: every file's SHA-256, in the form of `sha256sum`.

use super::Part;
use std::collections::BTreeMap;

/// The manifest's path. It names every file but itself and [`VERIFY`].
pub const MANIFEST: &str = "manifest-sha256.txt";

/// The path of the text that names the manifest's own digest.
pub const VERIFY: &str = "verify.txt";

/// The words before the manifest's digest in [`VERIFY`].
pub const DIGEST_OF: &str = "SHA-256 of manifest-sha256.txt: ";

/// The manifest of these files, which are put in order of paths.
pub fn text(parts: &mut [Part]) -> String {
    parts.sort_by(|a, b| a.path.cmp(&b.path));
    parts.iter().map(|part| format!("{}  {}\n", part.sha256, part.path)).collect()
}

/// A manifest's digests by path.
///
/// # Errors
/// The number of the first line, from 1, that is none of a manifest.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, usize> {
    let mut digests = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let (digest, path) = line.split_once("  ").ok_or(number)?;
        let hexadecimal = |it: u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
        if digest.len() != 64 || !digest.bytes().all(hexadecimal) || path.is_empty() {
            return Err(number);
        }
        digests.insert(path.to_owned(), digest.to_owned());
    }
    Ok(digests)
}
