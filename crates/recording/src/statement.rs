//! What peers say to each other about a record: a [`Statement`] on a finished episode, and
//! [`Committed`] on what is safely on disk while one is played.
//!
//! Both travel as opaque bytes over the reliable channel and stand in a log's certificate. Both
//! have room for a signature; until signatures exist it is empty.

use crate::bytes::{Cursor, put_short};
use dyad_gridworld::Digest;
use dyad_protocol::{Seat, SessionId};
use std::fmt;

/// The longest encoding of either, in bytes.
pub const MAX_ENCODED: usize = 512;

/// The longest signature, in bytes.
pub const MAX_SIGNATURE: usize = 128;

const STATEMENT: [u8; 2] = [b'S', 1];
const COMMITTED: [u8; 2] = [b'C', 1];

/// What one peer says about an episode's record on its own disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The session.
    pub session: SessionId,
    /// The episode, from 0.
    pub episode: u16,
    /// Who says it.
    pub seat: Seat,
    /// Rows of the table.
    pub rows: u32,
    /// The last frame in the log.
    pub last_frame: u32,
    /// Head of the log's chain.
    pub chain: Digest,
    /// BLAKE3 of the table's bytes.
    pub table: Digest,
    /// Digest of this seat's own inputs over the log's frames, as its machine issued them.
    pub inputs: Digest,
    /// Signature over [`Self::signed`]; empty where there is none.
    pub signature: Vec<u8>,
}

/// What one peer says it has on disk and would still have after a loss of power.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The session.
    pub session: SessionId,
    /// The episode whose log holds the frame.
    pub episode: u16,
    /// Who says it.
    pub seat: Seat,
    /// The last frame on disk.
    pub frame: u32,
    /// The chain's value after that frame.
    pub chain: Digest,
    /// Signature over [`Self::signed`]; empty where there is none.
    pub signature: Vec<u8>,
}

/// Why bytes are no statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Another kind of message, or a later version of it.
    #[error("the message is of another kind or version; both sides must run the same program")]
    Kind,
    /// Too short, too long, or a field holds what it cannot hold.
    #[error("the message is malformed")]
    Malformed,
}

/// A part of a statement that can be wrong.
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
        })
    }
}

impl Statement {
    /// The first part in which this statement and another differ. Who says it and how it is
    /// signed are no such parts.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<Field> {
        let parts = [
            (Field::Episode, self.session == other.session && self.episode == other.episode),
            (Field::Rows, self.rows == other.rows),
            (Field::LastFrame, self.last_frame == other.last_frame),
            (Field::Chain, self.chain == other.chain),
            (Field::Table, self.table == other.table),
            (Field::Inputs, self.inputs == other.inputs),
        ];
        parts.into_iter().find(|(_, equal)| !equal).map(|(field, _)| field)
    }

    /// The bytes that a signature is over: the encoding without the signature.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        let Self { session, episode, seat, rows, last_frame, chain, table, inputs, signature: _ } =
            self;
        let mut out = opening(STATEMENT, session, *episode, *seat);
        out.extend_from_slice(&rows.to_le_bytes());
        out.extend_from_slice(&last_frame.to_le_bytes());
        for digest in [chain, table, inputs] {
            out.extend_from_slice(&digest.0);
        }
        out
    }

    /// The bytes of this statement, at most [`MAX_ENCODED`].
    ///
    /// # Panics
    /// If the signature is longer than [`MAX_SIGNATURE`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        sealed(self.signed(), &self.signature)
    }

    /// The statement with these bytes.
    ///
    /// # Errors
    /// [`StatementError`] where the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let rest = opened(STATEMENT, bytes)?;
        Self::fields(rest).ok_or(StatementError::Malformed)
    }

    fn fields(mut bytes: Cursor<'_>) -> Option<Self> {
        Some(Self {
            session: bytes.text()?,
            episode: bytes.u16()?,
            seat: Seat(bytes.u8()?),
            rows: bytes.u32()?,
            last_frame: bytes.u32()?,
            chain: bytes.digest()?,
            table: bytes.digest()?,
            inputs: bytes.digest()?,
            signature: signature(bytes)?,
        })
    }
}

impl Committed {
    /// The bytes that a signature is over: the encoding without the signature.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        let Self { session, episode, seat, frame, chain, signature: _ } = self;
        let mut out = opening(COMMITTED, session, *episode, *seat);
        out.extend_from_slice(&frame.to_le_bytes());
        out.extend_from_slice(&chain.0);
        out
    }

    /// The bytes of this message, at most [`MAX_ENCODED`].
    ///
    /// # Panics
    /// If the signature is longer than [`MAX_SIGNATURE`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        sealed(self.signed(), &self.signature)
    }

    /// The message with these bytes.
    ///
    /// # Errors
    /// [`StatementError`] where the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let rest = opened(COMMITTED, bytes)?;
        Self::fields(rest).ok_or(StatementError::Malformed)
    }

    fn fields(mut bytes: Cursor<'_>) -> Option<Self> {
        Some(Self {
            session: bytes.text()?,
            episode: bytes.u16()?,
            seat: Seat(bytes.u8()?),
            frame: bytes.u32()?,
            chain: bytes.digest()?,
            signature: signature(bytes)?,
        })
    }
}

fn opening(kind: [u8; 2], session: &SessionId, episode: u16, seat: Seat) -> Vec<u8> {
    let mut out = Vec::from(kind);
    let fits = put_short(&mut out, session.as_str().as_bytes());
    assert!(fits, "an identifier has at most 64 bytes");
    out.extend_from_slice(&episode.to_le_bytes());
    out.push(seat.0);
    out
}

fn sealed(mut out: Vec<u8>, signature: &[u8]) -> Vec<u8> {
    let fits = signature.len() <= MAX_SIGNATURE && put_short(&mut out, signature);
    assert!(fits, "a signature has at most {MAX_SIGNATURE} bytes");
    out
}

fn opened(kind: [u8; 2], bytes: &[u8]) -> Result<Cursor<'_>, StatementError> {
    if bytes.len() > MAX_ENCODED {
        return Err(StatementError::Malformed);
    }
    bytes.strip_prefix(&kind).map(Cursor).ok_or(StatementError::Kind)
}

/// The signature, which has to be the last field.
fn signature(mut bytes: Cursor<'_>) -> Option<Vec<u8>> {
    let signature = bytes.short()?;
    (signature.len() <= MAX_SIGNATURE && bytes.0.is_empty()).then(|| signature.to_vec())
}

#[cfg(test)]
mod tests {
    use super::{Committed, Field, MAX_ENCODED, MAX_SIGNATURE, Statement, StatementError};
    use dyad_gridworld::Digest;
    use dyad_protocol::Seat;
    use proptest::prelude::*;

    fn longest() -> Statement {
        Statement {
            session: "s".repeat(64).parse().unwrap(),
            episode: u16::MAX,
            seat: Seat(3),
            rows: 1350,
            last_frame: u32::MAX,
            chain: Digest([1; 32]),
            table: Digest([2; 32]),
            inputs: Digest([3; 32]),
            signature: vec![7; MAX_SIGNATURE],
        }
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
        let Statement { session, episode, seat, chain, .. } = longest();
        let committed =
            Committed { session, episode, seat, frame: 9, chain, signature: Vec::new() };
        assert_eq!(Committed::decode(&committed.encode()), Ok(committed));
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
        theirs.signature.clear();
        assert_eq!(ours.difference(&theirs), None);
        theirs.inputs = Digest([9; 32]);
        assert_eq!(ours.difference(&theirs), Some(Field::Inputs));
        theirs.table = Digest([9; 32]);
        assert_eq!(ours.difference(&theirs), Some(Field::Table));
        theirs.rows += 1;
        assert_eq!(ours.difference(&theirs), Some(Field::Rows));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            kind in prop::sample::select(vec![b'S', b'C', 0]),
            mut bytes in prop::collection::vec(any::<u8>(), 0..600),
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
