//! Compressed bodies. They come from other people's machines, so what they unpack to is bounded before
//! it is unpacked, and a decoder that fails does not take the program with it.

use dyad_protocol::records::MAX_WINDOW;
use ruzstd::decoding::StreamingDecoder;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a body cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodingError {
    /// It is no Zstandard frame, or a broken one.
    #[error("the body is no sound Zstandard frame")]
    Broken,
    /// It unpacks to more than is taken.
    #[error("the body unpacks to more than {0} bytes")]
    TooLong(usize),
    /// It wants more memory than it gets.
    #[error("the frame's window is larger than {MAX_WINDOW} bytes")]
    Window,
}

/// Unpacks a Zstandard frame of at most `most` bytes.
///
/// # Errors
/// [`CodingError`].
pub(crate) fn unpack(bytes: &[u8], most: usize) -> Result<Vec<u8>, CodingError> {
    let window = window(bytes).ok_or(CodingError::Broken)?;
    if window > MAX_WINDOW.max(most as u64) {
        return Err(CodingError::Window);
    }
    let unpack = || {
        let decoder = StreamingDecoder::new(bytes).ok()?;
        let mut unpacked = Vec::new();
        decoder.take(most as u64 + 1).read_to_end(&mut unpacked).ok()?;
        Some(unpacked)
    };
    let unpacked = catch_unwind(AssertUnwindSafe(unpack)).ok().flatten();
    let unpacked = unpacked.ok_or(CodingError::Broken)?;
    if unpacked.len() > most { Err(CodingError::TooLong(most)) } else { Ok(unpacked) }
}

/// What a frame wants to be kept of what was unpacked, by RFC 8878, section 3.1.1.1.
fn window(frame: &[u8]) -> Option<u64> {
    let rest = frame.strip_prefix(&[0x28, 0xb5, 0x2f, 0xfd])?;
    let (&descriptor, rest) = rest.split_first()?;
    if descriptor & 0x20 == 0 {
        let byte = u64::from(*rest.first()?);
        let base = 1_u64.checked_shl(10 + u32::try_from(byte >> 3).ok()?)?;
        return Some(base + base / 8 * (byte & 7));
    }
    // A single segment: the window is the content, whose length follows the dictionary's id.
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let length = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let field = rest.get(dictionary..dictionary + length)?;
    let number = field.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    Some(if length == 2 { number + 256 } else { number })
}

#[cfg(test)]
mod tests {
    use super::{CodingError, unpack, window};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn pack(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    #[test]
    fn what_is_packed_comes_back() {
        let table: Vec<u8> =
            (0..30_000_u32).flat_map(|n| format!("{n},6,0.1\n").into_bytes()).collect();
        for bytes in [&b""[..], b"a", &table] {
            assert_eq!(unpack(&pack(bytes), table.len()).unwrap(), bytes);
        }
        assert!(pack(&table).len() < table.len() / 2);
    }

    #[test]
    fn what_would_fill_the_memory_is_refused() {
        let zeros = pack(&vec![0; 1_000_000]);
        assert!(zeros.len() < 10_000);
        assert_eq!(unpack(&zeros, 999_999), Err(CodingError::TooLong(999_999)));
        assert_eq!(unpack(&zeros, 1_000_000).unwrap().len(), 1_000_000);
        // A window of 2^41 bytes, and a single segment of 2^40.
        let mut wide = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8];
        assert_eq!(unpack(&wide, 100), Err(CodingError::Window));
        wide = vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0];
        assert_eq!(window(&wide), Some(1 << 40));
        assert_eq!(unpack(&wide, 100), Err(CodingError::Window));
    }

    #[test]
    fn broken_frames_are_errors() {
        let frame = pack(&[7; 5000].map(|byte: u8| byte.wrapping_mul(3)));
        for length in 0..frame.len() {
            assert!(unpack(&frame[..length], 5000).is_err(), "{length} bytes");
        }
        for at in 0..frame.len() {
            let mut changed = frame.clone();
            changed[at] ^= 0x55;
            // Whatever comes of it, it comes without a panic and within its bounds.
            assert!(
                unpack(&changed, 5000).is_ok_and(|it| it.len() <= 5000)
                    || unpack(&changed, 5000).is_err()
            );
        }
        assert_eq!(unpack(b"no frame", 100), Err(CodingError::Broken));
    }
}
