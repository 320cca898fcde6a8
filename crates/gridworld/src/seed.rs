//! Seeds that follow from seeds, for everything that is drawn apart from a world's own generator.
//!
//! [`derive()`] is the first 8 bytes of BLAKE3, little-endian, less their 11 highest bits, over
//! `dyad seed`, a zero byte, the purpose, a zero byte, the name, a zero byte, and the seed's 8
//! bytes, little-endian. The bits are left out because seeds travel as JSON numbers.

use crate::Digest;

/// Seeds are below 2^53: JSON numbers are exact up to there in every language.
pub const BITS: u32 = 53;

/// The seed that follows from another, for a purpose and a name.
#[must_use]
pub fn derive(seed: u64, purpose: &str, name: &str) -> u64 {
    let mut bytes = Vec::from(*b"dyad seed");
    for text in [purpose, name] {
        bytes.push(0);
        bytes.extend(text.as_bytes());
    }
    bytes.push(0);
    bytes.extend(seed.to_le_bytes());
    let Digest(digest) = Digest::of(&bytes);
    let first = digest.first_chunk().expect("a digest has 32 bytes");
    u64::from_le_bytes(*first) & ((1 << BITS) - 1)
}
