//! The key that receipts are signed with. It is made when a folder is first used, and lies in it.

use crate::folder::replace;
use dyad_protocol::PublicKey;
use dyad_recording::KeyPair;
use std::fs;
use std::io;
use std::path::Path;

/// The file of the key in a store's folder: its seed in hexadecimal digits.
pub const KEY_FILE: &str = "receipt-key";

/// The key of a folder.
///
/// # Errors
/// If it cannot be read or made, or the file holds no key.
pub fn key(folder: &Path) -> io::Result<KeyPair> {
    let path = folder.join(KEY_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let seed = text.trim().parse::<PublicKey>().map_err(|error| {
                let message = format!("{} {error}", path.display());
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?;
            Ok(KeyPair::from_seed(&seed.0))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(folder),
        Err(error) => Err(error),
    }
}

fn make(folder: &Path) -> io::Result<KeyPair> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    let key = KeyPair::from_seed(&seed);
    let digits: String = key.seed().iter().map(|byte| format!("{byte:02x}")).collect();
    replace(folder, KEY_FILE, format!("{digits}\n").as_bytes())?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::{KEY_FILE, key};

    #[test]
    fn a_folder_keeps_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let first = key(folder.path()).unwrap().public();
        assert_eq!(key(folder.path()).unwrap().public(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join(KEY_FILE)).unwrap().permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
        }
        std::fs::write(folder.path().join(KEY_FILE), "no key").unwrap();
        assert!(key(folder.path()).unwrap_err().to_string().contains(KEY_FILE));
        let other = tempfile::tempdir().unwrap();
        assert_ne!(key(other.path()).unwrap().public(), first);
    }
}
