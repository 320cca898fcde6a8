//! What follows from a lab's one secret: personal join links, the way back of people whom a panel
//! knows, and the study's seed. Nothing of it needs to be kept but the secret.
//!
//! ```text
//! secret ─┬─ personal token    NUMBER "-" 32 digits of mac("link", NUMBER)
//!         ├─ who somebody is   mac("personal", NUMBER) or mac("panel", ID): the keyed hash
//!         ├─ resume token      mac("resume", WHO): the same each time that they come
//!         └─ study's seed      mac("seed", "")
//! ```
//!
//! `mac(purpose, name)` is BLAKE3 keyed with the secret over the purpose, a zero byte and the name.

use dyad_collector::folder::replace;
use dyad_protocol::{HexDigest, PanelId, Token};
use std::io;
use std::path::Path;

/// The secret's file in a lab's folder.
pub(crate) const FILE: &str = "secret";

/// Hexadecimal digits of a personal token's proof: 128 bits.
const PROOF: usize = 32;

/// A lab's secret. Its debug form is redacted.
#[derive(Clone)]
pub struct Secrets([u8; 32]);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// These.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// Those of a lab's folder. They are made when first asked for and stay the same over
    /// restarts, so that links that were sent out stay good.
    ///
    /// # Errors
    /// The file cannot be read or made, or holds no secret.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let digest = text.trim().parse::<blake3::Hash>();
                digest.map(|it| Self(*it.as_bytes())).map_err(|_not_hex| {
                    let message = format!(
                        "{} holds no secret; put back the file that the study began with",
                        path.display()
                    );
                    io::Error::new(io::ErrorKind::InvalidData, message)
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(folder),
            Err(error) => Err(error),
        }
    }

    fn make(folder: &Path) -> io::Result<Self> {
        let random = || *uuid::Uuid::new_v4().as_bytes();
        // Each half has six bits that are always the same; the hash spreads the others.
        let secret = blake3::hash(&[random(), random(), random()].concat());
        replace(folder, FILE, format!("{secret}\n").as_bytes())?;
        Ok(Self(*secret.as_bytes()))
    }

    fn mac(&self, purpose: &str, name: &str) -> blake3::Hash {
        let text = [purpose.as_bytes(), &[0], name.as_bytes()].concat();
        blake3::keyed_hash(&self.0, &text)
    }

    /// The token of the personal link with this number.
    #[must_use]
    pub fn personal(&self, number: u64) -> Token {
        let proof = self.mac("link", &number.to_string()).to_hex();
        well_formed(&format!("{number}-{}", &proof[..PROOF]))
    }

    /// Who it is that brings a personal token; `None` if it is none of this lab's.
    #[must_use]
    pub fn invited(&self, token: &Token) -> Option<Who> {
        let (number, _) = token.reveal().split_once('-')?;
        let number = number.parse().ok()?;
        self.personal(number).matches(token).then(|| self.who("personal", &number.to_string()))
    }

    /// Who it is that a panel calls so.
    #[must_use]
    pub fn on_panel(&self, panel: &PanelId) -> Who {
        self.who("panel", panel.reveal())
    }

    fn who(&self, kind: &str, name: &str) -> Who {
        Who(self.mac(kind, name).to_hex().as_str().parse().expect("a digest prints as hex digits"))
    }

    /// The resume token of somebody who is known from outside.
    #[must_use]
    pub fn resume(&self, Who(digest): &Who) -> Token {
        well_formed(self.mac("resume", digest.as_str()).to_hex().as_str())
    }

    /// The study's seed, of 53 bits.
    #[must_use]
    pub fn seed(&self) -> u64 {
        let digest = self.mac("seed", "");
        let first = digest.as_bytes().first_chunk().expect("a digest has 32 bytes");
        u64::from_le_bytes(*first) >> 11
    }
}

/// Somebody who is known from outside, by a keyed hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who(HexDigest);

fn well_formed(text: &str) -> Token {
    text.parse().expect("digits and dashes are allowed in a token")
}

#[cfg(test)]
mod tests {
    use super::{Secrets, Token};
    use crate::mint;
    use dyad_protocol::JoinLink;

    #[test]
    fn personal_links_are_good_at_their_lab_only() {
        let (lab, other) = (Secrets::new([1; 32]), Secrets::new([2; 32]));
        let token = lab.personal(7);
        let link =
            |token: &Token| JoinLink { token: Some(token.clone()), .."lab".parse().unwrap() };
        assert!(link(&token).is_personal() && !link(&mint::token()).is_personal());
        let who = lab.invited(&token).expect("it is its own");
        assert_eq!(lab.invited(&token), Some(who.clone()), "always the same person");
        assert_ne!(lab.invited(&lab.personal(8)), Some(who.clone()));
        assert_eq!(other.invited(&token), None);
        let forged = token.reveal().replacen("7-", "8-", 1);
        assert_eq!(lab.invited(&forged.parse().unwrap()), None);
        for nonsense in ["7", "-", "x-1", "7-", &format!("07-{}", &token.reveal()[2..])] {
            assert_eq!(lab.invited(&nonsense.parse().unwrap()), None, "{nonsense}");
        }
        assert_ne!(lab.resume(&who).reveal(), other.resume(&who).reveal());
    }

    #[test]
    fn a_panels_id_is_not_in_what_it_becomes() {
        let lab = Secrets::new([1; 32]);
        let panel = "5f1deadbeef".parse().unwrap();
        let who = lab.on_panel(&panel);
        assert_eq!(lab.on_panel(&panel), who);
        assert!(!format!("{who:?} {}", lab.resume(&who).reveal()).contains("5f1deadbeef"));
    }

    #[test]
    fn a_folder_keeps_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        let first = Secrets::of(folder.path()).unwrap();
        assert_eq!(Secrets::of(folder.path()).unwrap().seed(), first.seed());
        assert!(first.seed() < 1 << 53);
        std::fs::write(folder.path().join("secret"), "no").unwrap();
        assert!(Secrets::of(folder.path()).unwrap_err().to_string().contains("holds no secret"));
    }
}
