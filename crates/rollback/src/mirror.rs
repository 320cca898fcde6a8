//! What ggrs says, as values.
//!
//! ggrs hides the fields of its messages, so [`Body`] mirrors them. A message goes through
//! postcard into the mirror and back; a test compares the two byte for byte. Left out is the
//! message's magic number: it tells sessions apart, which the epoch of a datagram does already.

use ggrs::Message;
use serde::{Deserialize, Serialize};

/// Most inputs that one message can carry: the length of ggrs's queue.
pub const MAX_INPUTS: usize = 128;

/// The magic number of every message that is made here. ggrs takes 0 for none.
const MAGIC: u16 = 1;

/// Bytes of one input, as ggrs's serializer writes it.
const INPUT_BYTES: u16 = 2;

/// Bytes of one input behind its length.
const RECORD: usize = 2 + INPUT_BYTES as usize;

/// What a message says; order of variants and fields is ggrs's. `I` is the form of its inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body<I = Inputs> {
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
    Input(I),
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

/// An input packet. That somebody is disconnected, which ggrs's could say as well, cannot be
/// said here: nobody ever asks ggrs to disconnect anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// Of each player, the last frame whose input the sender has; -1 for none.
    pub known: Vec<i32>,
    /// The frame of the first input.
    pub start_frame: i32,
    /// The last frame whose input has arrived at the sender; -1 for none.
    pub ack_frame: i32,
    /// The bits in which each input differs from the one before it; the first from the last one
    /// that the receiver has acknowledged.
    pub changes: Vec<u16>,
}

impl Inputs {
    /// The frame of the last input.
    #[must_use]
    pub fn last_frame(&self) -> i32 {
        let count = i32::try_from(self.changes.len()).unwrap_or(i32::MAX);
        self.start_frame.wrapping_add(count).wrapping_sub(1)
    }
}

impl<I> Body<I> {
    /// The same with another form of the inputs, if they have it.
    pub fn try_map<J>(self, form: impl FnOnce(I) -> Option<J>) -> Option<Body<J>> {
        Some(match self {
            Self::SyncRequest { random } => Body::SyncRequest { random },
            Self::SyncReply { random } => Body::SyncReply { random },
            Self::Input(inputs) => Body::Input(form(inputs)?),
            Self::InputAck { ack_frame } => Body::InputAck { ack_frame },
            Self::QualityReport { frame_advantage, ping } => {
                Body::QualityReport { frame_advantage, ping }
            }
            Self::QualityReply { pong } => Body::QualityReply { pong },
            Self::ChecksumReport { checksum, frame } => Body::ChecksumReport { checksum, frame },
            Self::KeepAlive => Body::KeepAlive,
        })
    }
}

impl Body {
    /// What a message says that ggrs wants to send.
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        let bytes = postcard::to_stdvec(message).ok()?;
        let mirror: Mirror = postcard::from_bytes(&bytes).ok()?;
        mirror.body.try_map(GgrsInputs::read)
    }

    /// The ggrs message that says this.
    #[must_use]
    pub fn to_message(&self) -> Option<Message> {
        let body = self.clone().try_map(|inputs| Some(GgrsInputs::of(&inputs)))?;
        let bytes = postcard::to_stdvec(&Mirror { magic: MAGIC, body }).ok()?;
        postcard::from_bytes(&bytes).ok()
    }
}

/// The layout of a ggrs message.
#[derive(Serialize, Deserialize)]
struct Mirror {
    magic: u16,
    body: Body<GgrsInputs>,
}

/// The layout of ggrs's input packet.
#[derive(Serialize, Deserialize)]
struct GgrsInputs {
    status: Vec<(bool, i32)>,
    disconnect_requested: bool,
    start_frame: i32,
    ack_frame: i32,
    /// For each input its length (u16, little-endian) and its changes, compressed.
    bytes: Vec<u8>,
}

impl GgrsInputs {
    fn read(self) -> Option<Inputs> {
        let Self { status, disconnect_requested, start_frame, ack_frame, bytes } = self;
        if disconnect_requested || status.iter().any(|&(disconnected, _)| disconnected) {
            return None;
        }
        let known = status.into_iter().map(|(_, last)| last).collect();
        let change = |record: &[u8]| {
            let (length, change) = record.split_first_chunk()?;
            let whole = u16::from_le_bytes(*length) == INPUT_BYTES;
            whole.then_some(u16::from_le_bytes(change.try_into().ok()?))
        };
        let plain = expand(&bytes, MAX_INPUTS * RECORD)?;
        let changes = plain.chunks(RECORD).map(change).collect::<Option<_>>()?;
        Some(Inputs { known, start_frame, ack_frame, changes })
    }

    fn of(inputs: &Inputs) -> Self {
        let length = INPUT_BYTES.to_le_bytes();
        let records = inputs.changes.iter().map(|change| [length, change.to_le_bytes()]);
        Self {
            status: inputs.known.iter().map(|&last| (false, last)).collect(),
            disconnect_requested: false,
            start_frame: inputs.start_frame,
            ack_frame: inputs.ack_frame,
            bytes: compress(records.collect::<Vec<_>>().as_flattened().as_flattened()),
        }
    }
}

/// The run-length code of the crate `bitfield-rle` 0.2, which ggrs uses: a variable-length
/// number whose lowest bit tells a run (number / 4 bytes, all of bit 1) from a copy (number / 2
/// bytes that follow).
fn compress(plain: &[u8]) -> Vec<u8> {
    let runs = |byte| byte == 0 || byte == 255;
    let mut bytes = Vec::new();
    for part in plain.chunk_by(|&a, &b| if runs(a) || runs(b) { a == b } else { true }) {
        let (length, value) = (part.len() as u64, part[0]);
        let number = match value {
            0 => length << 2 | 1,
            255 => length << 2 | 3,
            _ => length << 1,
        };
        bytes.extend(postcard::to_stdvec(&number).unwrap_or_default());
        if !runs(value) {
            bytes.extend_from_slice(part);
        }
    }
    bytes
}

/// Undoes [`compress`], for at most so many bytes.
fn expand(mut bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    while !bytes.is_empty() {
        let (number, rest) = postcard::take_from_bytes::<u64>(bytes).ok()?;
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

#[cfg(test)]
mod tests {
    use super::{Body, GgrsInputs, Inputs, compress, expand};
    use proptest::prelude::{any, prop, proptest};

    fn ggrs_inputs() -> GgrsInputs {
        GgrsInputs {
            status: vec![(false, 3), (false, -1)],
            disconnect_requested: false,
            start_frame: 2,
            ack_frame: -1,
            // Two inputs: `2 0 0 0  2 0 7 0`.
            bytes: vec![1 << 1, 2, 3 << 2 | 1, 1 << 1, 2, 1 << 2 | 1, 1 << 1, 7, 1 << 2 | 1],
        }
    }

    #[test]
    fn an_input_packet_is_read_and_written_as_ggrs_does() {
        let known = vec![3, -1];
        let inputs = Inputs { known, start_frame: 2, ack_frame: -1, changes: vec![0, 7] };
        assert_eq!(ggrs_inputs().read().as_ref(), Some(&inputs));
        assert_eq!(inputs.last_frame(), 3);
        let written = GgrsInputs::of(&inputs);
        assert_eq!(postcard::to_stdvec(&written), postcard::to_stdvec(&ggrs_inputs()));
    }

    #[test]
    fn nobody_is_disconnected() {
        let asks = GgrsInputs { disconnect_requested: true, ..ggrs_inputs() };
        assert_eq!(asks.read(), None);
        let tells = GgrsInputs { status: vec![(false, 3), (true, 1)], ..ggrs_inputs() };
        assert_eq!(tells.read(), None);
    }

    #[test]
    fn bytes_that_no_encoder_writes_are_refused() {
        let hostile: [&[u8]; 6] = [
            &[0x80],
            &[0xff, 0xff, 0xff, 0xff, 0x0f],
            &[0xfd, 0xff, 0xff, 0x7f],
            &[8, 1],
            &[5 << 2 | 1],
            &[1 << 1, 3, 3 << 2 | 1],
        ];
        for bytes in hostile {
            let inputs = GgrsInputs { bytes: bytes.to_vec(), ..ggrs_inputs() };
            assert_eq!(inputs.read(), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_compressed_expands_again(
            plain in prop::collection::vec(prop::sample::select(vec![0, 0, 1, 7, 255]), 0..300),
        ) {
            let bytes = compress(&plain);
            assert_eq!(expand(&bytes, plain.len()), Some(plain));
        }

        #[test]
        fn every_message_survives_ggrs(
            known in prop::collection::vec(-1..i32::MAX, 2..5),
            start_frame in 0..i32::MAX,
            ack_frame in -1..i32::MAX,
            changes in prop::collection::vec(any::<u16>(), 1..128),
        ) {
            let body = Body::Input(Inputs { known, start_frame, ack_frame, changes });
            let message = body.to_message().expect("ggrs has such a message");
            assert_eq!(Body::of(&message), Some(body));
        }
    }
}
