//! A store: receiving records so that a receipt is never a false one. Synchronous, one owner.

use crate::files::{Disk, Files};
use crate::index::{Index, IndexError, TokenHash};
use crate::reports::Noted;
use dyad_protocol::records::{MAX_BUNDLE, Receipt, RecordName};
use dyad_protocol::{HexDigest, ParticipantId, PublicKey, SceneId, SessionId, StudyId, Token};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The folder of bundles. No study's folder has this name: ids start with a letter or a digit.
pub const BUNDLES: &str = "_bundles";

/// Different bundles that are kept under one name, besides the first.
const MAX_CONFLICTS: usize = 4;

/// A session and who belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The study.
    pub study: StudyId,
    /// The session.
    pub session: SessionId,
    /// The scene that is played.
    pub scene: SceneId,
    /// Who plays, by seat. All are enrolled.
    pub participants: Vec<ParticipantId>,
    /// What they sign with: their public keys, by seat.
    pub keys: Vec<PublicKey>,
    /// Episodes that are played.
    pub episodes: u16,
    /// Digest of the game, as the tickets name it.
    pub game: HexDigest,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another program has it open.
    #[error("another program uses this folder; stop it first")]
    InUse,
    /// The storage fails.
    #[error("cannot use the folder: {0}")]
    Files(#[from] io::Error),
    /// The index fails.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// Why somebody may not send or ask for a record.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Nobody has this token.
    #[error("the token is unknown to this lab; it may belong to another one")]
    UnknownToken,
    /// The record does not belong to the token's owner.
    #[error("this record does not belong to the participant of the token")]
    NotTheirs,
    /// The index fails.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The bytes are not those that were sent.
    #[error("the bundle's digest is {found}, {declared} was announced: send it again")]
    Digest {
        /// What the sender says.
        declared: HexDigest,
        /// What arrived.
        found: HexDigest,
    },
    /// Larger than a bundle may be.
    #[error("the bundle has {found} bytes, at most {MAX_BUNDLE} are taken")]
    TooLarge {
        /// Its length.
        found: usize,
    },
    /// There is another record under this name.
    #[error("there is another record under this name, with digest {stored}; {fate}")]
    Conflict {
        /// The digest of the record that counts.
        stored: HexDigest,
        /// What became of the new one.
        fate: Fate,
    },
    /// The store fails: nothing was acknowledged.
    #[error("the record is not stored, keep it: {0}")]
    Store(#[from] StoreError),
}

/// What became of a bundle that contradicts the one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is kept beside the other.
    Kept,
    /// There are too many of its kind.
    Dropped,
}

impl std::fmt::Display for Fate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Kept => "this one is kept beside it, tell the experimenter",
            Self::Dropped => "this one is not kept, there are too many of them",
        })
    }
}

/// Records in a folder.
pub struct Store {
    pub(crate) files: Box<dyn Files>,
    pub(crate) index: Index,
    pub(crate) noted: Noted,
}

impl Store {
    /// Opens a folder as a store, making it if necessary, and repairs what a crash left: half
    /// written files are removed, bundles without a receipt get one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path, now_ms: u64) -> Result<Self, StoreError> {
        let disk = Disk::open(folder).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => StoreError::InUse,
            _ => StoreError::Files(error),
        })?;
        Self::with(Box::new(disk), &folder.join("index.sqlite"), now_ms)
    }

    /// A store of these files, with its index at `index`; otherwise as [`Store::open`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn with(files: Box<dyn Files>, index: &Path, now_ms: u64) -> Result<Self, StoreError> {
        let mut store = Self { files, index: Index::open(index)?, noted: Noted::default() };
        for key in store.files.list(BUNDLES)? {
            if let Some(name) = name_of(&key) {
                store.adopt(&name, now_ms)?;
            }
        }
        Ok(store)
    }

    /// Makes a participant known; false if the pseudonym or the token is taken.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn enrol(
        &mut self,
        participant: &ParticipantId,
        token: &Token,
        now_ms: u64,
    ) -> Result<bool, IndexError> {
        self.index.enrol(participant, &hash(token), now_ms)
    }

    /// Whose token this is; `None` if nobody's.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn recognise(&self, token: &Token) -> Result<Option<ParticipantId>, IndexError> {
        self.index.recognise(&hash(token))
    }

    /// Makes a session known, so that its participants' records are taken, also after a restart.
    ///
    /// # Errors
    /// [`IndexError`], also if the session is known or a participant is not.
    pub fn register(&mut self, session: &Registration, now_ms: u64) -> Result<(), IndexError> {
        self.index.register(session, now_ms)
    }

    /// Whether the owner of this token may send and ask for this record.
    ///
    /// # Errors
    /// [`AccessError`] if not.
    pub fn authorise(&self, token: &Token, name: &RecordName) -> Result<(), AccessError> {
        let owner = self.recognise(token)?.ok_or(AccessError::UnknownToken)?;
        let session = self.index.session(&name.session)?.ok_or(AccessError::NotTheirs)?;
        let theirs = owner == name.participant
            && session.participants.contains(&owner)
            && session.scene == name.scene
            && name.episode < session.episodes;
        if theirs { Ok(()) } else { Err(AccessError::NotTheirs) }
    }

    /// The receipt of a record that is there; `None` if it is not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find(&self, name: &RecordName) -> Result<Option<Receipt>, StoreError> {
        let receipt = self.index.record(name)?;
        let there = self.files.exists(&bundle_key(name))?;
        Ok(receipt.filter(|_| there))
    }

    /// Receives a record. When this returns a receipt, the record is on disk. The same record
    /// again gets the same receipt.
    ///
    /// # Errors
    /// [`PutError`]. The record that counts is always the first one under its name.
    pub fn put(
        &mut self,
        name: &RecordName,
        declared: &HexDigest,
        bundle: &[u8],
        now_ms: u64,
    ) -> Result<Receipt, PutError> {
        if bundle.len() > MAX_BUNDLE {
            return Err(PutError::TooLarge { found: bundle.len() });
        }
        let found = digest(bundle);
        if found != *declared {
            return Err(PutError::Digest { declared: declared.clone(), found });
        }
        match self.adopt(name, now_ms)? {
            Some(receipt) if receipt.digest == found => {
                self.restore_if_missing(name, bundle)?;
                Ok(receipt)
            }
            Some(receipt) => {
                let fate = self.keep_conflict(name, &found, bundle)?;
                Err(PutError::Conflict { stored: receipt.digest, fate })
            }
            None => Ok(self.keep(name, bundle, found, now_ms)?),
        }
    }

    /// The receipt of a record. A bundle that has none gets one: it is left from a crash between
    /// its renaming and the commit.
    fn adopt(&mut self, name: &RecordName, now_ms: u64) -> Result<Option<Receipt>, StoreError> {
        let known = self.index.record(name)?;
        let key = bundle_key(name);
        if known.is_some() || !self.files.exists(&key)? {
            return Ok(known);
        }
        let bundle = self.files.read(&key)?;
        // Written again, because nothing says that the folder was flushed after the renaming.
        self.files.replace(&key, &bundle)?;
        tracing::warn!(record = %name.path(), "a bundle without a receipt got one");
        self.acknowledge(name, &bundle, digest(&bundle), now_ms).map(Some)
    }

    /// Keeps a record under a name that is free. The order of the steps is the promise.
    fn keep(
        &mut self,
        name: &RecordName,
        bundle: &[u8],
        digest: HexDigest,
        now_ms: u64,
    ) -> Result<Receipt, StoreError> {
        self.files.create(&bundle_key(name), bundle)?;
        self.acknowledge(name, bundle, digest, now_ms)
    }

    fn acknowledge(
        &mut self,
        name: &RecordName,
        bundle: &[u8],
        digest: HexDigest,
        received_ms: u64,
    ) -> Result<Receipt, StoreError> {
        let bytes = u64::try_from(bundle.len()).expect("memory is smaller than 2^64 bytes");
        let receipt = Receipt { name: name.clone(), digest, bytes, received_ms };
        self.index.add_record(&receipt)?;
        Ok(receipt)
    }

    fn restore_if_missing(&mut self, name: &RecordName, bundle: &[u8]) -> Result<(), StoreError> {
        let key = bundle_key(name);
        if self.files.exists(&key)? {
            return Ok(());
        }
        tracing::error!(record = %name.path(), "an acknowledged bundle was gone and came again");
        Ok(self.files.create(&key, bundle)?)
    }

    fn keep_conflict(
        &mut self,
        name: &RecordName,
        digest: &HexDigest,
        bundle: &[u8],
    ) -> Result<Fate, StoreError> {
        tracing::error!(record = %name.path(), %digest, "another record under the same name");
        let prefix = format!("{}.conflict-", stem(name));
        let key = format!("{prefix}{}.tar", &digest.as_str()[..16]);
        if self.files.exists(&key)? {
            return Ok(Fate::Kept);
        }
        let others = self.files.list(&folder(name))?;
        if others.iter().filter(|other| other.starts_with(&prefix)).count() >= MAX_CONFLICTS {
            return Ok(Fate::Dropped);
        }
        self.files.create(&key, bundle)?;
        Ok(Fate::Kept)
    }
}

/// BLAKE3 of some bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> HexDigest {
    let text = blake3::hash(bytes).to_hex().to_string();
    HexDigest::try_from(text).expect("BLAKE3 prints as 64 lowercase hexadecimal digits")
}

/// The store knows tokens by their hash alone, so that who can read it cannot use them.
fn hash(token: &Token) -> TokenHash {
    *blake3::hash(token.reveal().as_bytes()).as_bytes()
}

fn folder(name: &RecordName) -> String {
    format!("{BUNDLES}/{}/{}", name.session, name.scene)
}

fn stem(name: &RecordName) -> String {
    format!("{}/{}_ep{}", folder(name), name.participant, name.episode)
}

/// Where a bundle is in a store's folder.
#[must_use]
pub fn bundle_key(name: &RecordName) -> String {
    format!("{}.tar", stem(name))
}

/// The inverse of [`bundle_key`]; `None` for a file that is no bundle, such as a conflicting one.
fn name_of(key: &str) -> Option<RecordName> {
    let mut parts = key.strip_prefix(BUNDLES)?.strip_prefix('/')?.split('/');
    let (session, scene) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (participant, episode) = parts.next()?.strip_suffix(".tar")?.rsplit_once("_ep")?;
    let (participant, episode) = (participant.parse().ok()?, episode.parse().ok()?);
    let name = RecordName { session, scene, participant, episode };
    // The way back tells: "ep007" is a number but no name of ours.
    (bundle_key(&name) == key).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{bundle_key, name_of};

    #[test]
    fn a_key_and_its_name_lead_to_each_other() {
        let key = "_bundles/s-1/room/p_ep7_ep12.tar";
        let name = name_of(key).unwrap();
        assert_eq!((name.participant.as_str(), name.episode), ("p_ep7", 12));
        assert_eq!(bundle_key(&name), key);
        for other in [
            "_bundles/s-1/room/p_ep1.conflict-0123456789abcdef.tar",
            "_bundles/s-1/room/p_ep007.tar",
            "_bundles/s-1/p_ep7.tar",
            "_bundles/s-1/room/p_ep7.tar.old",
            "_bundles/s-1/room/deep/p_ep7.tar",
            "elsewhere/s-1/room/p_ep7.tar",
        ] {
            assert_eq!(name_of(other), None, "{other}");
        }
    }
}
