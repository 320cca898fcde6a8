//! What a client reports to the lab while it plays: how the connection to its partners is, and
//! what it has on its disk.

use crate::SessionId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How often a client reports, in milliseconds.
pub const REPORT_EVERY_MS: u64 = 2000;

/// The longest [`SignedBytes`].
pub const MAX_SIGNED_BYTES: usize = 256;

/// One report. It says how things stand, so only the newest one of a participant counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The session that is played.
    pub session: SessionId,
    /// How the game and the connection are.
    pub connection: ConnectionReport,
    /// The client's latest signed message about what it has on disk: recording's `Committed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<SignedBytes>,
}

/// How the game and the connection to the partners are, as one client sees it. Counts are since its
/// program has joined the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionReport {
    /// The last frame that is confirmed. None before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<u32>,
    /// The last frame that is on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_disk: Option<u32>,
    /// The round trip to the farthest partner, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_us: Option<u32>,
    /// How much successive round trips differ, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_us: Option<u32>,
    /// Datagrams lost of a thousand, there and back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_permille: Option<u16>,
    /// How many frames this side is ahead of the partner; negative if behind.
    pub frames_ahead: i32,
    /// Rollbacks.
    pub rollbacks: u64,
    /// Frames of the deepest of them.
    pub deepest_rollback: u32,
    /// How long the game waited for a partner's inputs, in milliseconds, interruptions apart.
    pub stalled_ms: u64,
    /// How often play was interrupted.
    pub interruptions: u32,
    /// How long play was interrupted, in milliseconds.
    pub interrupted_ms: u64,
    /// How the partners are reached, or were when it was last known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// Whether the window has the focus.
    pub focused: bool,
}

/// How partners are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// From computer to computer.
    Direct,
    /// At least one of them through a TURN server.
    Relayed,
}

/// A signed message as its signer encoded it, at most [`MAX_SIGNED_BYTES`]: hexadecimal digits in JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SignedBytes(Vec<u8>);

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_SIGNED_BYTES} bytes as lowercase hexadecimal digits")]
pub struct SignedBytesError;

impl SignedBytes {
    /// The bytes of a message; none if they are too many, or there are none.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (1..=MAX_SIGNED_BYTES).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<String> for SignedBytes {
    type Error = SignedBytesError;

    fn try_from(text: String) -> Result<Self, SignedBytesError> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?));
        let bytes = bytes.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty());
        bytes.and_then(Self::new).ok_or(SignedBytesError)
    }
}

impl From<SignedBytes> for String {
    fn from(bytes: SignedBytes) -> Self {
        bytes.to_string()
    }
}

impl fmt::Display for SignedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SignedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedBytes({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_SIGNED_BYTES, SignedBytes, SignedBytesError};

    #[test]
    fn signed_bytes_come_back_as_they_were() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        let bytes = SignedBytes::new(all.clone()).unwrap();
        let text = String::from(bytes.clone());
        assert!(text.starts_with("000102") && text.ends_with("fdfeff"), "{text}");
        assert_eq!(SignedBytes::try_from(text), Ok(bytes.clone()));
        assert_eq!(bytes.as_bytes(), all);
    }

    #[test]
    fn what_is_none_is_refused() {
        let long = "00".repeat(MAX_SIGNED_BYTES + 1);
        for text in ["", "0", "0g", "0G", "AB", "é", "abc", &long] {
            assert_eq!(SignedBytes::try_from(text.to_owned()), Err(SignedBytesError), "{text}");
        }
        assert_eq!(SignedBytes::new(Vec::new()), None);
    }
}
