//! What peers say to each other about a record: a [`Statement`] on a finished episode, and
//! [`Committed`] on what is safely on disk while one is played.
//!
//! Both are signed [`Message`]s with one shape; they differ in what they [`Say`]. They travel as
//! opaque bytes over the reliable channel and stand in a log's certificate. CERTIFICATE.md says
//! what they prove.

use crate::bytes::{Cursor, put_short};
use crate::keys::{KeyPair, Signature, is_signed};
use dyad_gridworld::Digest;
use dyad_protocol::{PublicKey, Seat, SessionId};
use std::fmt;

/// The longest encoding of either, in bytes.
pub const MAX_ENCODED: usize = 256;

/// What one peer says about an episode's record on its own disk.
pub type Statement = Message<Finished>;

/// What one peer says it has on disk and would still have after a loss of power.
pub type Committed = Message<OnDisk>;

/// Something that one seat says about an episode of a session, with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<S> {
    /// The session.
    pub session: SessionId,
    /// The episode, from 0.
    pub episode: u16,
    /// Who says it.
    pub seat: Seat,
    /// What is said.
    pub said: S,
    /// Signature over [`Self::signed`].
    pub signature: Signature,
}

/// The record of an episode of which no frame follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Rows of the table.
    pub rows: u32,
    /// The last frame in the log; the first one's number if it holds none.
    pub last_frame: u32,
    /// Head of the log's chain.
    pub chain: Digest,
    /// BLAKE3 of the table's bytes.
    pub table: Digest,
    /// Digest of this seat's own inputs over the log's frames, as its machine issued them.
    pub inputs: Digest,
}

/// How much of an episode is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// The last frame on disk.
    pub frame: u32,
    /// The chain's value after that frame.
    pub chain: Digest,
}

/// What a message can say: how it is told from others, and the fields between seat and signature.
pub trait Say: Sized {
    /// The first bytes of the message: its kind, and the version of its form.
    const KIND: [u8; 2];

    /// Appends the fields.
    fn put(&self, out: &mut Vec<u8>);

    /// Takes the fields from the beginning of these bytes; gives them with what remains.
    fn take(bytes: &[u8]) -> Option<(Self, &[u8])>;
}

impl Say for Finished {
    const KIND: [u8; 2] = [b'S', 1];

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.rows.to_le_bytes());
        out.extend_from_slice(&self.last_frame.to_le_bytes());
        for digest in [self.chain, self.table, self.inputs] {
            out.extend_from_slice(&digest.0);
        }
    }

    fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut bytes = Cursor(bytes);
        let finished = Self {
            rows: bytes.u32()?,
            last_frame: bytes.u32()?,
            chain: bytes.digest()?,
            table: bytes.digest()?,
            inputs: bytes.digest()?,
        };
        Some((finished, bytes.0))
    }
}

impl Say for OnDisk {
    const KIND: [u8; 2] = [b'C', 1];

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.frame.to_le_bytes());
        out.extend_from_slice(&self.chain.0);
    }

    fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut bytes = Cursor(bytes);
        let on_disk = Self { frame: bytes.u32()?, chain: bytes.digest()? };
        Some((on_disk, bytes.0))
    }
}

/// Why bytes are no message of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Another kind of message, or a later version of it.
    #[error("the message is of another kind or version; both sides must run the same program")]
    Kind,
    /// Too short, too long, or a field holds what it cannot hold.
    #[error("the message is malformed")]
    Malformed,
}

impl<S: Say> Message<S> {
    /// Says something in the name of a seat.
    #[must_use]
    pub fn new(session: SessionId, episode: u16, seat: Seat, said: S, key: &KeyPair) -> Self {
        let mut message = Self { session, episode, seat, said, signature: [0; 64] };
        message.signature = key.sign(&message.signed());
        message
    }

    /// Whether the owner of this key has signed exactly this.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        is_signed(key, &self.signed(), &self.signature)
    }

    /// Whether the seat that it names has signed it, by the keys of all seats.
    #[must_use]
    pub fn is_authentic(&self, keys: &[PublicKey]) -> bool {
        keys.get(self.seat.index()).is_some_and(|key| self.is_signed_by(key))
    }

    /// The bytes that the signature is over: the encoding without it.
    ///
    /// # Panics
    /// Never: an identifier is short.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        let Self { session, episode, seat, said, signature: _ } = self;
        let mut out = Vec::from(S::KIND);
        let fits = put_short(&mut out, session.as_str().as_bytes());
        assert!(fits, "an identifier has at most 64 bytes");
        out.extend_from_slice(&episode.to_le_bytes());
        out.push(seat.0);
        said.put(&mut out);
        out
    }

    /// The message's bytes, at most [`MAX_ENCODED`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.signed();
        out.extend_from_slice(&self.signature);
        out
    }

    /// The message with these bytes. Whether it is authentic is another question.
    ///
    /// # Errors
    /// [`StatementError`] where the bytes are none of this kind.
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let rest = bytes.strip_prefix(&S::KIND).ok_or(StatementError::Kind)?;
        Self::fields(Cursor(rest)).ok_or(StatementError::Malformed)
    }

    fn fields(mut bytes: Cursor<'_>) -> Option<Self> {
        let (session, episode, seat) = (bytes.text()?, bytes.u16()?, Seat(bytes.u8()?));
        let (said, rest) = S::take(bytes.0)?;
        let signature = rest.try_into().ok()?;
        Some(Self { session, episode, seat, said, signature })
    }
}

/// A part of a message that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The session or the episode.
    Episode,
    /// The number of rows.
    Rows,
    /// The last frame.
    LastFrame,
    /// The head of the chain: other inputs, or another order or state.
    Chain,
    /// The digest of the table.
    Table,
    /// The digest of the seat's own inputs: its machine issued others than were recorded.
    Inputs,
    /// The signature: the seat that the message names did not say this.
    Signature,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Episode => "session or episode",
            Self::Rows => "number of rows",
            Self::LastFrame => "last frame",
            Self::Chain => "chain head",
            Self::Table => "table",
            Self::Inputs => "inputs",
            Self::Signature => "signature",
        })
    }
}

impl Statement {
    /// The first part in which this statement and another differ. Who says it and how it is
    /// signed are no such parts.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<Field> {
        if self.session != other.session || self.episode != other.episode {
            return Some(Field::Episode);
        }
        self.said.difference(&other.said)
    }
}

impl Finished {
    /// The first part in which two records of one episode differ.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<Field> {
        let parts = [
            (Field::Rows, self.rows == other.rows),
            (Field::LastFrame, self.last_frame == other.last_frame),
            (Field::Chain, self.chain == other.chain),
            (Field::Table, self.table == other.table),
            (Field::Inputs, self.inputs == other.inputs),
        ];
        parts.into_iter().find(|(_, equal)| !equal).map(|(field, _)| field)
    }
}

#[cfg(test)]
mod tests {
    use super::{Committed, Field, Finished, MAX_ENCODED, OnDisk, Statement, StatementError};
    use crate::keys::KeyPair;
    use dyad_gridworld::Digest;
    use dyad_protocol::Seat;
    use proptest::prelude::*;

    fn key() -> KeyPair {
        KeyPair::from_seed(&[3; 32])
    }

    fn longest() -> Statement {
        let said = Finished {
            rows: 1350,
            last_frame: u32::MAX,
            chain: Digest([1; 32]),
            table: Digest([2; 32]),
            inputs: Digest([3; 32]),
        };
        Statement::new("s".repeat(64).parse().unwrap(), u16::MAX, Seat(3), said, &key())
    }

    #[test]
    fn the_longest_statement_fits_and_comes_back() {
        let statement = longest();
        let bytes = statement.encode();
        assert!(bytes.len() <= MAX_ENCODED);
        assert_eq!(Statement::decode(&bytes), Ok(statement));
        assert_eq!(Committed::decode(&bytes), Err(StatementError::Kind));
    }

    #[test]
    fn a_committed_message_comes_back() {
        let Statement { session, episode, seat, said, .. } = longest();
        let said = OnDisk { frame: 9, chain: said.chain };
        let committed = Committed::new(session, episode, seat, said, &key());
        assert_eq!(Committed::decode(&committed.encode()), Ok(committed));
    }

    #[test]
    fn a_signature_covers_every_byte() {
        let statement = longest();
        let keys = [[9; 32], [8; 32], [7; 32], [3; 32]];
        let keys = keys.map(|seed| KeyPair::from_seed(&seed).public());
        assert!(statement.is_authentic(&keys));
        assert!(!statement.is_authentic(&keys[..3]), "a seat without a key");
        let bytes = statement.encode();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let authentic = Statement::decode(&changed).is_ok_and(|it| it.is_authentic(&keys));
            assert!(!authentic, "byte {at}");
        }
    }

    #[test]
    fn every_length_but_the_right_one_is_refused() {
        let mut bytes = longest().encode();
        for length in 0..bytes.len() {
            assert!(Statement::decode(&bytes[..length]).is_err(), "{length} bytes");
        }
        bytes.push(0);
        assert_eq!(Statement::decode(&bytes), Err(StatementError::Malformed));
    }

    #[test]
    fn a_difference_names_the_first_part() {
        let (ours, mut theirs) = (longest(), longest());
        theirs.seat = Seat(0);
        theirs.signature = [0; 64];
        assert_eq!(ours.difference(&theirs), None);
        theirs.said.inputs = Digest([9; 32]);
        assert_eq!(ours.difference(&theirs), Some(Field::Inputs));
        theirs.said.table = Digest([9; 32]);
        assert_eq!(ours.difference(&theirs), Some(Field::Table));
        theirs.said.rows += 1;
        assert_eq!(ours.difference(&theirs), Some(Field::Rows));
        theirs.episode = 0;
        assert_eq!(ours.difference(&theirs), Some(Field::Episode));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            kind in prop::sample::select(vec![b'S', b'C', 0]),
            mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            bytes.splice(0..0, [kind, 1]);
            if let Ok(statement) = Statement::decode(&bytes) {
                prop_assert_eq!(statement.encode(), bytes.clone());
            }
            if let Ok(committed) = Committed::decode(&bytes) {
                prop_assert_eq!(committed.encode(), bytes);
            }
        }
    }
}
