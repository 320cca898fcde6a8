//! Reading and writing little-endian fields. A read that finds too few bytes gives `None`; what
//! that means is the caller's to say.

use dyad_gridworld::Digest;
use dyad_protocol::PublicKey;

/// What remains to be read.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn digest(&mut self) -> Option<Digest> {
        self.array().map(Digest)
    }

    pub(crate) fn key(&mut self) -> Option<PublicKey> {
        self.array().map(PublicKey)
    }

    /// Bytes with their length in one byte before them.
    pub(crate) fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(length.into())
    }

    /// Bytes with their length in two bytes before them.
    pub(crate) fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// A text with its length in one byte before it, parsed.
    pub(crate) fn text<T: std::str::FromStr>(&mut self) -> Option<T> {
        std::str::from_utf8(self.short()?).ok()?.parse().ok()
    }
}

/// Puts bytes with their length in one byte before them; false, and nothing put, if they are
/// too long for that.
#[must_use]
pub(crate) fn put_short(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let Ok(length) = u8::try_from(bytes.len()) else { return false };
    out.push(length);
    out.extend_from_slice(bytes);
    true
}

/// Puts bytes with their length in two bytes before them; false, and nothing put, if they are
/// too long for that.
#[must_use]
pub(crate) fn put_long(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let Ok(length) = u16::try_from(bytes.len()) else { return false };
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
    true
}
