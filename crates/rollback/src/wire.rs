//! The datagram of the unreliable channel, and what makes one acceptable.
//!
//! ```text
//! u16 epoch, little-endian
//! then one or more ggrs messages, each: u16 length, little-endian; so many bytes of postcard
//! ```
//!
//! ggrs hides the fields of its messages, so [`Wire`] mirrors them (a test compares the two byte
//! for byte). Whatever arrives is decoded as a [`Wire`] first and checked against everything an
//! honest peer can have sent; ggrs trusts its peers and panics on some packets that an honest one
//! never sends, so nothing else may reach it.

use dyad_gridworld::PlayerInput;
use ggrs::Message;
use serde::{Deserialize, Serialize};

/// The largest datagram that is sent or accepted, in bytes: it fits into one packet of any
/// ordinary network, WebRTC's headers included.
pub const MAX_DATAGRAM: usize = 1100;

/// Most inputs that one message can carry: the length of ggrs's queue.
const MAX_INPUTS: usize = 128;

/// Bytes of one input on the wire, as ggrs's serializer writes it.
const INPUT_BYTES: usize = size_of::<PlayerInput>();

/// The mirror of a ggrs message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    magic: u16,
    /// What the message says.
    pub body: Body,
}

/// The mirror of a ggrs message's body; order of variants and fields is ggrs's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// One of the five round trips that open a session.
    SyncRequest {
        /// Comes back in the reply.
        random: u32,
    },
    /// The answer to it.
    SyncReply {
        /// The request's.
        random: u32,
    },
    /// All inputs that the receiver has not acknowledged.
    Input(Inputs),
    /// Inputs have arrived up to a frame.
    InputAck {
        /// That frame.
        ack_frame: i32,
    },
    /// How far ahead the sender thinks it is.
    QualityReport {
        /// In frames.
        frame_advantage: i16,
        /// The sender's clock.
        ping: u128,
    },
    /// The answer to it.
    QualityReply {
        /// The report's clock.
        pong: u128,
    },
    /// The checksum of a saved frame.
    ChecksumReport {
        /// The checksum.
        checksum: u128,
        /// The frame.
        frame: i32,
    },
    /// Nothing but a sign of life.
    KeepAlive,
}

/// The mirror of ggrs's input packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    status: Vec<(bool, i32)>,
    disconnect_requested: bool,
    /// The frame of the first input.
    pub start_frame: i32,
    /// The last frame whose input has arrived at the sender.
    pub ack_frame: i32,
    bytes: Vec<u8>,
}

/// Why a datagram is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Not a datagram of this protocol.
    #[error("malformed")]
    Malformed,
    /// Of another session than the running one.
    #[error("of another epoch")]
    OtherEpoch,
    /// Longer than any datagram may be.
    #[error("oversized")]
    Oversized,
    /// Something that an honest peer cannot have sent.
    #[error("impossible: {0}")]
    Impossible(&'static str),
}

/// What a receiver knows that limits what an honest peer can say.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Number of players.
    pub players: usize,
    /// Frame of every peer's first input.
    pub first_frame: i32,
    /// Last frame whose input has come from this peer, -1 for none.
    pub received: i32,
    /// Last frame for which this side has sent an input.
    pub sent: i32,
    /// Furthest frame for which this peer can have an input.
    pub horizon: i32,
}

impl Wire {
    /// The mirror of a message that ggrs wants to send.
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        let bytes = postcard::to_stdvec(message).ok()?;
        postcard::from_bytes(&bytes).ok()
    }

    /// The ggrs message this is the mirror of.
    #[must_use]
    pub fn to_message(&self) -> Option<Message> {
        let bytes = postcard::to_stdvec(self).ok()?;
        postcard::from_bytes(&bytes).ok()
    }

    /// Checks that an honest peer can have sent this, and returns the last frame it brings an
    /// input for.
    ///
    /// # Errors
    /// [`Rejected::Impossible`] names what no honest peer does.
    pub fn vet(&self, limits: &Limits) -> Result<Option<i32>, Rejected> {
        let possible =
            |good: bool, what| if good { Ok(()) } else { Err(Rejected::Impossible(what)) };
        match &self.body {
            Body::Input(inputs) => {
                possible(!inputs.disconnect_requested, "a disconnect")?;
                possible(inputs.status.len() == limits.players, "another number of players")?;
                let frames =
                    |&(gone, last): &(bool, i32)| !gone && (-1..=limits.horizon).contains(&last);
                possible(inputs.status.iter().all(frames), "a disconnected player")?;
                possible((-1..=limits.sent).contains(&inputs.ack_frame), "an unsent input acked")?;
                // ggrs takes the first packet's start on trust and asserts that inputs follow
                // each other without a gap.
                let start = inputs.start_frame;
                let starts_well = match limits.received {
                    -1 => start == limits.first_frame,
                    received => (limits.first_frame..=received + 1).contains(&start),
                };
                possible(starts_well, "a gap between inputs")?;
                let count = count_inputs(&inputs.bytes)?;
                let last = start + i32::try_from(count).unwrap_or(i32::MAX / 2) - 1;
                possible(last <= limits.horizon, "inputs from the far future")?;
                Ok(Some(last))
            }
            Body::InputAck { ack_frame } => {
                possible((-1..=limits.sent).contains(ack_frame), "an unsent input acked")?;
                Ok(None)
            }
            Body::ChecksumReport { frame, .. } => {
                possible((0..=limits.horizon).contains(frame), "a checksum of no frame")?;
                Ok(None)
            }
            Body::SyncRequest { .. }
            | Body::SyncReply { .. }
            | Body::QualityReport { .. }
            | Body::QualityReply { .. }
            | Body::KeepAlive => Ok(None),
        }
    }
}

/// Puts messages into a datagram.
#[must_use]
pub fn encode<'a>(epoch: u16, messages: impl IntoIterator<Item = &'a Wire>) -> Vec<u8> {
    let mut datagram = epoch.to_le_bytes().to_vec();
    for message in messages {
        let Ok(bytes) = postcard::to_stdvec(message) else { continue };
        let Ok(length) = u16::try_from(bytes.len()) else { continue };
        if datagram.len() + 2 + bytes.len() <= MAX_DATAGRAM {
            datagram.extend(length.to_le_bytes());
            datagram.extend(bytes);
        }
    }
    datagram
}

/// Takes a datagram apart.
///
/// # Errors
/// [`Rejected`] if it is no datagram, or one of another epoch.
pub fn decode(epoch: u16, datagram: &[u8]) -> Result<Vec<Wire>, Rejected> {
    if datagram.len() > MAX_DATAGRAM {
        return Err(Rejected::Oversized);
    }
    let (tag, mut rest) = datagram.split_first_chunk().ok_or(Rejected::Malformed)?;
    if u16::from_le_bytes(*tag) != epoch {
        return Err(Rejected::OtherEpoch);
    }
    let mut messages = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes(*length));
        let (bytes, after) = after.split_at_checked(length).ok_or(Rejected::Malformed)?;
        let (message, surplus) =
            postcard::take_from_bytes(bytes).map_err(|_postcard| Rejected::Malformed)?;
        if !surplus.is_empty() {
            return Err(Rejected::Malformed);
        }
        messages.push(message);
        rest = after;
    }
    if rest.is_empty() && !messages.is_empty() { Ok(messages) } else { Err(Rejected::Malformed) }
}

/// Counts the inputs in ggrs's compressed bytes: a run-length code over, for each input, its
/// length (u16) and its bytes. ggrs's own decoder reads out of bounds on some bytes and allocates
/// as much as they ask for, so this walks them first.
fn count_inputs(bytes: &[u8]) -> Result<usize, Rejected> {
    const RECORD: usize = 2 + INPUT_BYTES;
    let plain = expand(bytes, MAX_INPUTS * RECORD).ok_or(Rejected::Malformed)?;
    let records = plain.chunks(RECORD);
    let whole = |record: &[u8]| {
        let length = record.first_chunk().map(|chunk| usize::from(u16::from_le_bytes(*chunk)));
        record.len() == RECORD && length == Some(INPUT_BYTES)
    };
    let count = records.len();
    if count > 0 && records.into_iter().all(whole) { Ok(count) } else { Err(Rejected::Malformed) }
}

/// Undoes the run-length code of the crate `bitfield-rle` 0.2, which ggrs uses: a variable-length
/// number whose lowest bit tells a run (number / 4 bytes, all of bit 1) from a copy (number / 2
/// bytes that follow).
fn expand(mut bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    while !bytes.is_empty() {
        let (number, rest) = variable_length(bytes)?;
        bytes = rest;
        let is_run = number & 1 == 1;
        let length = usize::try_from(if is_run { number >> 2 } else { number >> 1 }).ok()?;
        if length > most - plain.len() {
            return None;
        }
        if is_run {
            let value = if number & 2 == 0 { 0 } else { 255 };
            plain.resize(plain.len() + length, value);
        } else {
            let (copied, rest) = bytes.split_at_checked(length)?;
            plain.extend_from_slice(copied);
            bytes = rest;
        }
    }
    Some(plain)
}

fn variable_length(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (at, &byte) in bytes.iter().enumerate().take(4) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Body, Inputs, Limits, Rejected, Wire, decode, encode};
    use proptest::prelude::{any, prop, proptest};

    const LIMITS: Limits =
        Limits { players: 2, first_frame: 2, received: -1, sent: 10, horizon: 30 };

    /// Two inputs, both zero: a run of ... `2 0 0 0  2 0 0 0`.
    fn inputs() -> Inputs {
        Inputs {
            status: vec![(false, -1), (false, 4)],
            disconnect_requested: false,
            start_frame: 2,
            ack_frame: 4,
            bytes: vec![1 << 1, 2, 3 << 2 | 1, 1 << 1, 2, 3 << 2 | 1],
        }
    }

    fn vet(inputs: Inputs, limits: &Limits) -> Result<Option<i32>, Rejected> {
        Wire { magic: 1, body: Body::Input(inputs) }.vet(limits)
    }

    #[test]
    fn honest_inputs_pass_and_say_how_far_they_reach() {
        assert_eq!(vet(inputs(), &LIMITS), Ok(Some(3)));
        let later = Limits { received: 3, ..LIMITS };
        assert_eq!(vet(inputs(), &later), Ok(Some(3)), "a repetition");
        assert_eq!(vet(Inputs { start_frame: 4, ..inputs() }, &later), Ok(Some(5)));
    }

    #[test]
    fn what_would_make_ggrs_panic_is_impossible() {
        let later = Limits { received: 3, ..LIMITS };
        let cases = [
            (Inputs { disconnect_requested: true, ..inputs() }, LIMITS),
            (Inputs { status: vec![(false, 1)], ..inputs() }, LIMITS),
            (Inputs { status: vec![(true, 1), (false, 1)], ..inputs() }, LIMITS),
            (Inputs { status: vec![(false, i32::MAX), (false, 1)], ..inputs() }, LIMITS),
            (Inputs { start_frame: 3, ..inputs() }, LIMITS),
            (Inputs { start_frame: 5, ..inputs() }, later),
            (Inputs { start_frame: -1, ..inputs() }, later),
            (Inputs { ack_frame: 11, ..inputs() }, LIMITS),
            (Inputs { ack_frame: i32::MIN, ..inputs() }, LIMITS),
            (inputs(), Limits { horizon: 2, ..LIMITS }),
        ];
        for (inputs, limits) in cases {
            let verdict = vet(inputs.clone(), &limits);
            assert!(matches!(verdict, Err(Rejected::Impossible(_))), "{inputs:?}: {verdict:?}");
        }
    }

    #[test]
    fn compressed_bytes_are_walked_before_ggrs_decodes_them() {
        let hostile: [&[u8]; 7] = [
            &[],
            &[0x80],
            &[0xff, 0xff, 0xff, 0xff, 0x0f],
            &[0xfd, 0xff, 0xff, 0x7f],
            &[8, 1],
            &[5 << 2 | 1],
            &[1 << 1, 3, 3 << 2 | 1],
        ];
        for bytes in hostile {
            let verdict = vet(Inputs { bytes: bytes.to_vec(), ..inputs() }, &LIMITS);
            assert_eq!(verdict, Err(Rejected::Malformed), "{bytes:?}");
        }
    }

    #[test]
    fn a_datagram_is_taken_apart_as_it_was_put_together() {
        let messages = [
            Wire { magic: 7, body: Body::Input(inputs()) },
            Wire { magic: 7, body: Body::QualityReply { pong: 1 << 90 } },
            Wire { magic: 7, body: Body::KeepAlive },
        ];
        let datagram = encode(513, &messages);
        assert_eq!(decode(513, &datagram), Ok(messages.to_vec()));
        assert_eq!(decode(514, &datagram), Err(Rejected::OtherEpoch));
        for cut in 0..datagram.len() {
            if let Ok(fewer) = decode(513, &datagram[..cut]) {
                assert!(messages.starts_with(&fewer), "cut at {cut}");
            }
        }
        assert_eq!(decode(513, &[0; 2000]), Err(Rejected::Oversized));
    }

    proptest! {
        #[test]
        fn rubbish_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), epoch: u16) {
            let mut datagram = epoch.to_le_bytes().to_vec();
            datagram.extend(&bytes);
            if let Ok(messages) = decode(epoch, &datagram) {
                for message in messages {
                    let _verdict = message.vet(&LIMITS);
                }
            }
        }
    }
}
