//! Canonical bytes, and their digest.
//!
//! Every value has exactly one encoding: integers little-endian in their full width, booleans
//! one byte, sequences in a fixed order without padding. The digest of a world is BLAKE3 over
//! these bytes and nothing else; no derived `Hash`, whose output differs between compilers.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The longest encoding of a world, in bytes.
pub const MAX_ENCODED: usize = 512;

/// A BLAKE3 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The first eight bytes as a number: enough to tell two states apart where no one cheats.
    #[must_use]
    pub fn short(self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotADigest;

impl fmt::Display for NotADigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a digest is 64 hexadecimal digits")
    }
}

impl std::error::Error for NotADigest {}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        if bytes.len() != 64 {
            return Err(NotADigest);
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(bytes.chunks_exact(2)) {
            let nibble = |c: u8| (c as char).to_digit(16).ok_or(NotADigest);
            let value = nibble(pair[0])? * 16 + nibble(pair[1])?;
            *byte = u8::try_from(value).map_err(|_too_big| NotADigest)?;
        }
        Ok(Self(digest))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

/// A fixed buffer that canonical bytes are put into: encoding a world allocates nothing.
#[derive(Clone)]
pub struct Encoder {
    bytes: [u8; MAX_ENCODED],
    len: usize,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoder({:02x?})", self.as_bytes())
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self { bytes: [0; MAX_ENCODED], len: 0 }
    }
}

impl Encoder {
    /// Appends bytes as they are.
    ///
    /// # Panics
    /// When more than [`MAX_ENCODED`] bytes are put: the limits on grids, players and pots
    /// exclude it.
    pub fn put(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        self.bytes[self.len..end].copy_from_slice(bytes);
        self.len = end;
    }

    /// Appends one byte.
    pub fn u8(&mut self, value: u8) {
        self.put(&[value]);
    }

    /// Appends two bytes, little-endian.
    pub fn u16(&mut self, value: u16) {
        self.put(&value.to_le_bytes());
    }

    /// Appends four bytes, little-endian.
    pub fn u32(&mut self, value: u32) {
        self.put(&value.to_le_bytes());
    }

    /// Appends four bytes, little-endian, two's complement.
    pub fn i32(&mut self, value: i32) {
        self.put(&value.to_le_bytes());
    }

    /// Appends eight bytes, little-endian.
    pub fn u64(&mut self, value: u64) {
        self.put(&value.to_le_bytes());
    }

    /// What was put so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Why bytes are not the encoding of a world of a given game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the value does.
    #[error("the encoded state ends early, at byte {at}")]
    TooShort {
        /// Where the missing bytes were expected.
        at: usize,
    },
    /// Bytes remain after the value.
    #[error("the encoded state has {surplus} bytes too many")]
    TooLong {
        /// How many remain.
        surplus: usize,
    },
    /// A field holds a number that means nothing.
    #[error("byte {at} of the encoded state is no {field}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// Where it ends.
        at: usize,
    },
}

/// Reads canonical bytes back.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Decoder<'a> {
    /// A decoder at the start of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let chunk = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk::<N>())
            .ok_or(DecodeError::TooShort { at: self.bytes.len() })?;
        self.at += N;
        Ok(*chunk)
    }

    /// Takes one byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.take().map(u8::from_le_bytes)
    }

    /// Takes two bytes, little-endian.
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.take().map(u16::from_le_bytes)
    }

    /// Takes four bytes, little-endian.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.take().map(u32::from_le_bytes)
    }

    /// Takes four bytes, little-endian, two's complement.
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        self.take().map(i32::from_le_bytes)
    }

    /// Takes eight bytes, little-endian.
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        self.take().map(u64::from_le_bytes)
    }

    /// Takes one byte that has to name a `field`.
    pub fn named<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(u8) -> Option<T>,
    ) -> Result<T, DecodeError> {
        let value = parse(self.u8()?);
        value.ok_or(DecodeError::Invalid { field, at: self.at })
    }

    /// The error for a field that was read whole and holds nothing sensible.
    #[must_use]
    pub const fn invalid(&self, field: &'static str) -> DecodeError {
        DecodeError::Invalid { field, at: self.at }
    }

    /// Checks that nothing remains.
    pub const fn finish(self) -> Result<(), DecodeError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            surplus => Err(DecodeError::TooLong { surplus }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DecodeError, Decoder, Digest, Encoder};

    #[test]
    fn what_is_put_comes_back() {
        let mut encoder = Encoder::default();
        encoder.u8(7);
        encoder.u16(0xbeef);
        encoder.i32(-5);
        encoder.u64(1 << 40);
        let mut decoder = Decoder::new(encoder.as_bytes());
        assert_eq!(decoder.u8(), Ok(7));
        assert_eq!(decoder.u16(), Ok(0xbeef));
        assert_eq!(decoder.i32(), Ok(-5));
        assert_eq!(decoder.clone().finish(), Err(DecodeError::TooLong { surplus: 8 }));
        assert_eq!(decoder.u64(), Ok(1 << 40));
        assert_eq!(decoder.u8(), Err(DecodeError::TooShort { at: 15 }));
    }

    #[test]
    fn digest_text_round_trips_and_refuses_rubbish() {
        let digest = Digest::of(b"dyad");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in ["", "00", &"g".repeat(64), &"ä".repeat(32)] {
            assert!(text.parse::<Digest>().is_err(), "{text:?}");
        }
    }
}
