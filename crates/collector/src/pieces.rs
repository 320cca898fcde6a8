//! Large bundles that come piece by piece. What has arrived lies in a file, so an upload goes on after
//! a restart of either side. Nothing is promised for a piece: what counts is the receipt, which the
//! whole bundle gets like any other.

use crate::names::{partial, partial_folder};
use crate::store::{PutError, Store, StoreError};
use dyad_protocol::HexDigest;
use dyad_protocol::records::{MAX_BUNDLE, MAX_PIECE, RecordName};

/// A piece of a bundle.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Of which record.
    pub name: &'a RecordName,
    /// The digest of the whole bundle.
    pub declared: &'a HexDigest,
    /// The length of the whole bundle.
    pub length: u64,
    /// Where the piece belongs.
    pub offset: u64,
    /// The piece.
    pub bytes: &'a [u8],
}

/// Where an upload stands after a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// So many bytes are here.
    Part(u64),
    /// The whole bundle, which is to be put.
    Whole(Vec<u8>),
}

/// Why a piece was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PieceError {
    /// It belongs elsewhere than where the upload stands.
    #[error("{have} bytes of this bundle are here: go on from there")]
    Elsewhere {
        /// Where it stands.
        have: u64,
    },
    /// It has no bytes, too many, or more than the bundle.
    #[error("a piece has 1 to {MAX_PIECE} bytes and ends with the bundle at the latest")]
    Length,
    /// The whole would not be taken.
    #[error(transparent)]
    Put(#[from] PutError),
}

impl From<StoreError> for PieceError {
    fn from(error: StoreError) -> Self {
        Self::Put(PutError::Store(error))
    }
}

impl From<std::io::Error> for PieceError {
    fn from(error: std::io::Error) -> Self {
        StoreError::Files(error).into()
    }
}

impl Store {
    /// How many bytes of a bundle are here that is not here as a whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn offset(&self, name: &RecordName, declared: &HexDigest) -> Result<u64, StoreError> {
        Ok(self.files.length(&key(name, declared))?.unwrap_or(0))
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// [`PieceError`].
    pub fn add_piece(&mut self, piece: &Piece<'_>) -> Result<Arrived, PieceError> {
        let &Piece { name, declared, length, offset, bytes } = piece;
        if length > MAX_BUNDLE as u64 {
            let found = usize::try_from(length).unwrap_or(usize::MAX);
            return Err(PutError::TooLarge { found }.into());
        }
        let end = offset.saturating_add(bytes.len() as u64);
        // An empty piece at the end asks to go on with a bundle that is all here: the collector was
        // stopped between its last piece and its receipt.
        let is_end = offset == length && length > 0;
        if (bytes.is_empty() && !is_end) || bytes.len() > MAX_PIECE || end > length {
            return Err(PieceError::Length);
        }
        let have = self.offset(name, declared)?;
        if have > length {
            self.discard_pieces(name)?;
            return Err(PieceError::Elsewhere { have: 0 });
        }
        if have != offset {
            return Err(PieceError::Elsewhere { have });
        }
        if offset == 0 {
            // One unfinished upload a record is enough.
            self.discard_pieces(name)?;
        }
        let key = key(name, declared);
        if !bytes.is_empty() {
            self.files.append(&key, bytes, length)?;
        }
        if end < length {
            return Ok(Arrived::Part(end));
        }
        Ok(Arrived::Whole(self.files.read(&key)?))
    }

    /// Forgets what has arrived of a record's bundles in pieces.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn discard_pieces(&mut self, name: &RecordName) -> Result<(), StoreError> {
        let prefix = partial(name);
        for key in self.files.list(&partial_folder(name))? {
            if key.starts_with(&prefix) {
                self.files.remove(&key)?;
            }
        }
        Ok(())
    }
}

fn key(name: &RecordName, declared: &HexDigest) -> String {
    format!("{}{}", partial(name), declared.as_str())
}
