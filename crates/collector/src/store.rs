//! A store: receiving records so that a receipt is never a false one. Synchronous, one owner.

use crate::access::{Access, AccessError, hash};
use crate::files::{Disk, Files};
use crate::index::{Conflict, Index, IndexError, Sqlite};
use crate::names::{beside, bundle_key, folder};
use crate::reports::Noted;
use crate::seal;
use crate::snapshot::INDEX;
use dyad_protocol::records::{MAX_BUNDLE, Receipt, RecordName};
use dyad_protocol::{
    HexDigest, ParticipantId, PublicKey, SceneId, Seat, Seats, SessionId, StudyId, Token,
};
use dyad_recording::KeyPair;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

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
    /// Who plays, by seat, as records have it: people, who are all enrolled, and the names of programs.
    pub players: Vec<ParticipantId>,
    /// What they sign with: the public keys of people, by seat; [`PublicKey::NOBODY`] for programs.
    pub keys: Vec<PublicKey>,
    /// Episodes that are played.
    pub episodes: u16,
    /// Digest of the game, as the tickets name it.
    pub game: HexDigest,
}

impl Registration {
    /// Whether there can be such a session: one of its players at least is a person, and each has a key
    /// or none.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let (players, keys) = (self.players.len(), self.keys.len());
        players == keys && players <= Seats::MOST && self.people().next().is_some()
    }

    /// Whether a record is one of this session's.
    #[must_use]
    pub fn has(&self, name: &RecordName) -> bool {
        self.session == name.session
            && self.scene == name.scene
            && self.has_person(&name.participant)
            && name.episode < self.episodes
    }

    /// The people, in the order of their seats. Each sends a record.
    pub fn people(&self) -> impl Iterator<Item = (Seat, &ParticipantId)> {
        self.by_seat(|key| key != PublicKey::NOBODY)
    }

    /// The names of the programs, in the order of their seats.
    pub fn programs(&self) -> impl Iterator<Item = (Seat, &ParticipantId)> {
        self.by_seat(|key| key == PublicKey::NOBODY)
    }

    fn by_seat(
        &self,
        with: impl Fn(PublicKey) -> bool,
    ) -> impl Iterator<Item = (Seat, &ParticipantId)> {
        let seats = Seat::all(self.players.len()).zip(&self.players);
        seats.zip(&self.keys).filter(move |(_, key)| with(**key)).map(|(seat, _)| seat)
    }

    /// Whether somebody is one of the people.
    #[must_use]
    pub fn has_person(&self, participant: &ParticipantId) -> bool {
        self.seat(participant).is_some()
    }

    /// The seat of one of the people.
    #[must_use]
    pub fn seat(&self, participant: &ParticipantId) -> Option<Seat> {
        self.people().find(|(_, who)| *who == participant).map(|(seat, _)| seat)
    }

    /// The name of one participant's record of an episode.
    #[must_use]
    pub fn record(&self, participant: &ParticipantId, episode: u16) -> RecordName {
        let (session, scene) = (self.session.clone(), self.scene.clone());
        RecordName { session, scene, participant: participant.clone(), episode }
    }
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
    /// The receipts' key cannot be read or made.
    #[error("the key for receipts: {0}")]
    Key(io::Error),
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

/// Something that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// What it is.
    pub name: &'a RecordName,
    /// The digest that its sender says it has.
    pub declared: &'a HexDigest,
    /// Its bytes.
    pub bundle: &'a [u8],
}

impl<'a> Upload<'a> {
    /// Something that was sent.
    #[must_use]
    pub const fn of(name: &'a RecordName, declared: &'a HexDigest, bundle: &'a [u8]) -> Self {
        Self { name, declared, bundle }
    }
}

/// Records in a folder.
pub struct Store {
    // Before the index, which closes its file as the last one that has it open.
    pub(crate) access: Access,
    pub(crate) files: Box<dyn Files>,
    pub(crate) index: Box<dyn Index>,
    pub(crate) noted: Noted,
    key: KeyPair,
}

impl Store {
    /// Opens a folder as a store, making it if necessary, and repairs what a crash left: half
    /// written files are removed, bundles without a receipt get one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path, now_ms: u64) -> Result<Self, StoreError> {
        let mut store = Self::over(Self::lock(folder)?, folder)?;
        store.put_in_order(now_ms)?;
        Ok(store)
    }

    /// Opens a folder for this program alone.
    pub(crate) fn lock(folder: &Path) -> Result<Disk, StoreError> {
        Disk::open(folder).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => StoreError::InUse,
            _ => StoreError::Files(error),
        })
    }

    /// A store in a folder, in which nothing is repaired.
    pub(crate) fn over(disk: Disk, folder: &Path) -> Result<Self, StoreError> {
        // A store that cannot be understood is left as it is, so this comes before anything is made.
        let index = Sqlite::open(&folder.join(INDEX))?;
        let key = seal::key(folder).map_err(StoreError::Key)?;
        Ok(Self::of(Box::new(disk), Box::new(index), key)?)
    }

    /// A store of these files with this index, whose receipts are signed with this key; otherwise as
    /// [`Store::open`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn with(
        files: Box<dyn Files>,
        index: Box<dyn Index>,
        key: KeyPair,
        now_ms: u64,
    ) -> Result<Self, StoreError> {
        let mut store = Self::of(files, index, key)?;
        store.put_in_order(now_ms)?;
        Ok(store)
    }

    fn of(files: Box<dyn Files>, index: Box<dyn Index>, key: KeyPair) -> Result<Self, IndexError> {
        let access = Access::new(index.people()?);
        Ok(Self { access, files, index, noted: Noted::default(), key })
    }

    fn put_in_order(&mut self, now_ms: u64) -> Result<(), StoreError> {
        let recovered = self.recover(now_ms)?;
        for session in &recovered.sessions {
            tracing::warn!(%session, "the index knows again of a session");
        }
        for record in &recovered.records {
            tracing::warn!(record = %record.path(), "a bundle without a receipt got one");
        }
        Ok(())
    }

    /// What receipts are signed with.
    #[must_use]
    pub const fn key(&self) -> &KeyPair {
        &self.key
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
    /// [`StoreError`], also if the session is known or a participant is not.
    pub fn register(&mut self, session: &Registration, now_ms: u64) -> Result<(), StoreError> {
        self.index.register(session, now_ms)?;
        self.keep_registration(session, now_ms)
    }

    /// Who may send and ask for what, which is answered without the store.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Whether the owner of this token may send and ask for this record.
    ///
    /// # Errors
    /// [`AccessError`] if not.
    pub fn authorise(&self, token: &Token, name: &RecordName) -> Result<(), AccessError> {
        self.access.authorise(token, name)
    }

    /// The receipt of a record that is there; `None` if it is not, or not as it was received.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find(&self, name: &RecordName) -> Result<Option<Receipt>, StoreError> {
        let receipt = self.index.record(name)?;
        let there = self.files.length(&bundle_key(name))?;
        Ok(receipt.filter(|receipt| there == Some(receipt.bytes)))
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
        self.put_all(&[Upload { name, declared, bundle }], now_ms)
            .pop()
            .expect("one answer for each upload")
    }

    /// Receives records, which share the waiting for the disk; an answer for each, in their order, as
    /// by [`Store::put`].
    pub fn put_all(
        &mut self,
        uploads: &[Upload<'_>],
        now_ms: u64,
    ) -> Vec<Result<Receipt, PutError>> {
        let mut answers: Vec<Option<Result<Receipt, PutError>>> = Vec::new();
        let mut new: BTreeMap<&RecordName, usize> = BTreeMap::new();
        for (at, upload) in uploads.iter().enumerate() {
            // Of two with one name, the later one is answered when the first one is on disk.
            let waits = new.contains_key(upload.name);
            let known = if waits { Ok(None) } else { self.look_up(upload, now_ms) };
            answers.push(match known {
                Ok(None) => {
                    new.entry(upload.name).or_insert(at);
                    None
                }
                Ok(Some(receipt)) => Some(Ok(receipt)),
                Err(error) => Some(Err(error)),
            });
        }
        let fresh: Vec<usize> = new.into_values().collect();
        let kept = self.keep_all(&fresh.iter().map(|&at| uploads[at]).collect::<Vec<_>>(), now_ms);
        for (at, kept) in fresh.into_iter().zip(kept) {
            answers[at] = Some(kept.map_err(PutError::Store));
        }
        let answer = |(answer, upload): (Option<_>, &Upload<'_>)| {
            answer.unwrap_or_else(|| self.put(upload.name, upload.declared, upload.bundle, now_ms))
        };
        answers.into_iter().zip(uploads).map(answer).collect()
    }

    /// The receipt of something that is there already; none if its name is free.
    fn look_up(&mut self, upload: &Upload<'_>, now_ms: u64) -> Result<Option<Receipt>, PutError> {
        let Upload { name, declared, bundle } = *upload;
        if bundle.len() > MAX_BUNDLE {
            return Err(PutError::TooLarge { found: bundle.len() });
        }
        let found = digest(bundle);
        if found != *declared {
            return Err(PutError::Digest { declared: declared.clone(), found });
        }
        let Some(receipt) = self.adopt(name, now_ms)? else { return Ok(None) };
        if receipt.digest == found {
            self.restore_if_missing(&receipt, bundle)?;
            return Ok(Some(receipt));
        }
        let fate = self.keep_conflict(name, &found, bundle, now_ms)?;
        Err(PutError::Conflict { stored: receipt.digest, fate })
    }

    /// The receipt of a record. A bundle that has none gets one: it is left from a crash between
    /// its renaming and the commit.
    pub(crate) fn adopt(
        &mut self,
        name: &RecordName,
        now_ms: u64,
    ) -> Result<Option<Receipt>, StoreError> {
        let known = self.index.record(name)?;
        let key = bundle_key(name);
        if known.is_some() || self.files.length(&key)?.is_none() {
            return Ok(known);
        }
        let bundle = self.files.read(&key)?;
        // Written again, because nothing says that the folder was flushed after the renaming.
        self.files.replace(&key, &bundle)?;
        let receipt = receipt(name, &bundle, digest(&bundle), now_ms);
        self.index.add_records(std::slice::from_ref(&receipt))?;
        Ok(Some(receipt))
    }

    /// Keeps records under names that are free. The order of the steps is the promise: files, folders,
    /// index, receipts.
    fn keep_all(
        &mut self,
        uploads: &[Upload<'_>],
        now_ms: u64,
    ) -> Vec<Result<Receipt, StoreError>> {
        let files: Vec<_> =
            uploads.iter().map(|upload| (bundle_key(upload.name), upload.bundle)).collect();
        let made = self.files.create_all(&files).into_iter().zip(uploads);
        let mut kept: Vec<Result<Receipt, StoreError>> = made
            .map(|(made, Upload { name, declared, bundle })| {
                made?;
                Ok(receipt(name, bundle, (*declared).clone(), now_ms))
            })
            .collect();
        let receipts: Vec<Receipt> = kept.iter().flatten().cloned().collect();
        if receipts.is_empty() {
            return kept;
        }
        if let Err(error) = self.index.add_records(&receipts) {
            for kept in kept.iter_mut().filter(|kept| kept.is_ok()) {
                *kept = Err(StoreError::Index(error.clone()));
            }
        }
        kept
    }

    /// Puts back what was received, if it is gone or was cut off by somebody.
    fn restore_if_missing(&mut self, receipt: &Receipt, bundle: &[u8]) -> Result<(), StoreError> {
        let (key, record) = (bundle_key(&receipt.name), receipt.name.path());
        match self.files.length(&key)? {
            Some(length) if length == receipt.bytes => return Ok(()),
            Some(_) => {
                tracing::error!(record, "an acknowledged bundle was damaged and came again");
                let damaged = self.files.read(&key)?;
                let aside = beside(&receipt.name, "damaged");
                let aside = format!("{aside}{}.tar", &digest(&damaged).as_str()[..16]);
                self.files.replace(&aside, &damaged)?;
            }
            None => tracing::error!(record, "an acknowledged bundle was gone and came again"),
        }
        Ok(self.files.replace(&key, bundle)?)
    }

    fn keep_conflict(
        &mut self,
        name: &RecordName,
        digest: &HexDigest,
        bundle: &[u8],
        received_ms: u64,
    ) -> Result<Fate, StoreError> {
        tracing::error!(record = %name.path(), %digest, "another record under the same name");
        let prefix = beside(name, "conflict");
        let key = format!("{prefix}{}.tar", &digest.as_str()[..16]);
        if self.files.length(&key)?.is_none() {
            let others = self.files.list(&folder(name))?;
            if others.iter().filter(|other| other.starts_with(&prefix)).count() >= MAX_CONFLICTS {
                return Ok(Fate::Dropped);
            }
            self.files.create(&key, bundle)?;
        }
        let (name, digest) = (name.clone(), digest.clone());
        self.note_conflict(&Conflict { name, digest, received_ms })?;
        Ok(Fate::Kept)
    }
}

fn receipt(name: &RecordName, bundle: &[u8], digest: HexDigest, received_ms: u64) -> Receipt {
    let bytes = u64::try_from(bundle.len()).expect("memory is smaller than 2^64 bytes");
    Receipt { name: name.clone(), digest, bytes, received_ms }
}

/// BLAKE3 of some bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> HexDigest {
    let text = blake3::hash(bytes).to_hex().to_string();
    HexDigest::try_from(text).expect("BLAKE3 prints as 64 lowercase hexadecimal digits")
}
