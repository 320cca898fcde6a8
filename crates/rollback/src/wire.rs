//! The datagram of the unreliable channel, and what makes one acceptable.
//!
//! ```text
//! u8: the epoch's remainder by 255
//! then one or more messages in postcard, each a `Packed`;
//! one with inputs is followed by their changes, as in `changes.rs`
//! ```
//!
//! The 255 in the first place of a datagram marks a probe (`quality.rs`). What most messages hold
//! is what ggrs says; inputs are packed, because they are sent once a step. Whatever arrives is
//! checked against everything an honest peer can have sent before ggrs sees it: ggrs trusts its
//! peers and panics on some packets that an honest one never sends.

use crate::changes;
use crate::mirror::{Body, Inputs, MAX_INPUTS};
use dyad_protocol::{Seat, Seats};
use serde::{Deserialize, Serialize};

/// The largest datagram that is sent or accepted, in bytes: it fits into one packet of any
/// ordinary network, WebRTC's headers included.
pub const MAX_DATAGRAM: usize = 1100;

/// Epochs whose datagrams differ in their first byte. Nobody meets a datagram of so long ago.
const EPOCHS: u16 = 255;

/// What both ends of a link know without its being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which of the connection's sessions is running.
    pub epoch: u16,
    /// The seats of people: ggrs numbers its players in their order.
    pub people: Seats,
    /// Who sends.
    pub from: Seat,
}

/// What a datagram with inputs says for [`crate::in_flight`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Its number.
    pub number: u8,
    /// The number of the last one that the sender has received; 0 before any has come.
    pub echo: u8,
}

/// What is in a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Of one with inputs.
    pub mark: Option<Mark>,
    /// The messages.
    pub messages: Vec<Body>,
}

/// Inputs as they travel.
#[derive(Serialize, Deserialize)]
struct Packed {
    mark: Mark,
    start_frame: u32,
    /// From the first input's frame to the acknowledged one.
    ack: i32,
    /// From the acknowledged frame to the last one that the sender has of each player, if these
    /// are not the acknowledged one, and the last input's own.
    known: Option<Vec<i32>>,
    count: u8,
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
    /// Number of people.
    pub people: usize,
    /// Frame of every peer's first input.
    pub first_frame: i32,
    /// Last frame whose input has come from this peer, -1 for none.
    pub received: i32,
    /// Last frame for which this side has sent an input.
    pub sent: i32,
    /// Furthest frame for which this peer can have an input.
    pub horizon: i32,
}

impl Limits {
    /// Checks that an honest peer can have said this, and returns the last frame it brings an
    /// input for.
    ///
    /// # Errors
    /// [`Rejected::Impossible`] names what no honest peer does.
    pub fn vet(&self, message: &Body) -> Result<Option<i32>, Rejected> {
        match message {
            Body::Input(inputs) => self.vet_inputs(inputs).map(Some),
            Body::InputAck { ack_frame } => self.vet_ack(*ack_frame).map(|()| None),
            Body::ChecksumReport { frame, .. } => {
                possible((0..=self.horizon).contains(frame), "a checksum of no frame")?;
                Ok(None)
            }
            Body::SyncRequest { .. }
            | Body::SyncReply { .. }
            | Body::QualityReport { .. }
            | Body::QualityReply { .. }
            | Body::KeepAlive => Ok(None),
        }
    }

    fn vet_ack(&self, frame: i32) -> Result<(), Rejected> {
        possible((-1..=self.sent).contains(&frame), "an unsent input acked")
    }

    fn vet_inputs(&self, inputs: &Inputs) -> Result<i32, Rejected> {
        possible(inputs.known.len() == self.people, "another number of players")?;
        let mut known = inputs.known.iter();
        possible(known.all(|last| (-1..=self.horizon).contains(last)), "unknown inputs known")?;
        self.vet_ack(inputs.ack_frame)?;
        // ggrs takes the first packet's start on trust and asserts that inputs follow each
        // other without a gap.
        let starts_well = match self.received {
            -1 => inputs.start_frame == self.first_frame,
            received => (self.first_frame..=received + 1).contains(&inputs.start_frame),
        };
        possible(starts_well, "a gap between inputs")?;
        possible((1..=MAX_INPUTS).contains(&inputs.changes.len()), "no input, or too many")?;
        possible(inputs.last_frame() <= self.horizon, "inputs from the far future")?;
        Ok(inputs.last_frame())
    }
}

fn possible(good: bool, what: &'static str) -> Result<(), Rejected> {
    if good { Ok(()) } else { Err(Rejected::Impossible(what)) }
}

impl Link {
    const fn tag(&self) -> u8 {
        (self.epoch % EPOCHS) as u8
    }

    /// Puts messages into a datagram. Inputs get the mark.
    #[must_use]
    pub fn encode<'a>(&self, mark: Mark, messages: impl IntoIterator<Item = &'a Body>) -> Vec<u8> {
        let mut datagram = vec![self.tag()];
        for message in messages {
            let Some(bytes) = self.pack(mark, message) else { continue };
            if datagram.len() + bytes.len() <= MAX_DATAGRAM {
                datagram.extend(bytes);
            }
        }
        datagram
    }

    fn pack(&self, mark: Mark, message: &Body) -> Option<Vec<u8>> {
        let packed = message.clone().try_map(|inputs| {
            let Inputs { start_frame, ack_frame, .. } = inputs;
            let known = inputs.known.iter().map(|last| last.wrapping_sub(ack_frame)).collect();
            let start = u32::try_from(start_frame).ok()?;
            let count = u8::try_from(inputs.changes.len()).ok()?;
            let usual = inputs.known == self.usually_known(ack_frame, inputs.last_frame());
            let known = (!usual).then_some(known);
            let ack = ack_frame.wrapping_sub(start_frame);
            Some(Packed { mark, start_frame: start, ack, known, count })
        })?;
        let mut bytes = postcard::to_stdvec(&packed).ok()?;
        if let Body::Input(inputs) = message {
            changes::write(&inputs.changes, &mut bytes);
        }
        Some(bytes)
    }

    /// With two players ggrs has little to say about what the sender knows of each: what it
    /// acknowledges, and its own last input.
    fn usually_known(&self, ack_frame: i32, last_frame: i32) -> Vec<i32> {
        let known = |seat| if seat == self.from { last_frame } else { ack_frame };
        self.people.iter().map(known).collect()
    }

    /// Takes a datagram apart.
    ///
    /// # Errors
    /// [`Rejected`] if it is no datagram, or one of another epoch.
    pub fn decode(&self, datagram: &[u8]) -> Result<Content, Rejected> {
        if datagram.len() > MAX_DATAGRAM {
            return Err(Rejected::Oversized);
        }
        let (&tag, mut rest) = datagram.split_first().ok_or(Rejected::Malformed)?;
        if tag != self.tag() {
            return Err(Rejected::OtherEpoch);
        }
        let mut content = Content { mark: None, messages: Vec::new() };
        while !rest.is_empty() {
            let (packed, after) =
                postcard::take_from_bytes(rest).map_err(|_postcard| Rejected::Malformed)?;
            rest = after;
            let unpack = |packed: Packed| {
                let (changes, after) = changes::read(after, usize::from(packed.count))?;
                rest = after;
                // Inputs that were left out would be in the later of two such messages.
                content.mark.replace(packed.mark).is_none().then_some(())?;
                self.unpack(packed, changes)
            };
            let message = Body::try_map(packed, unpack).ok_or(Rejected::Malformed)?;
            content.messages.push(message);
        }
        if content.messages.is_empty() { Err(Rejected::Malformed) } else { Ok(content) }
    }

    fn unpack(&self, packed: Packed, changes: Vec<u16>) -> Option<Inputs> {
        let start_frame = i32::try_from(packed.start_frame).ok()?;
        let ack_frame = start_frame.wrapping_add(packed.ack);
        let mut inputs = Inputs { known: Vec::new(), start_frame, ack_frame, changes };
        inputs.known = match packed.known {
            None => self.usually_known(ack_frame, inputs.last_frame()),
            Some(known) => known.iter().map(|last| last.wrapping_add(ack_frame)).collect(),
        };
        Some(inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, Limits, Link, Mark, Rejected};
    use crate::mirror::{Body, Inputs};
    use dyad_protocol::{Seat, Seats};
    use proptest::prelude::{any, prop, proptest};

    const LIMITS: Limits =
        Limits { people: 2, first_frame: 2, received: -1, sent: 10, horizon: 30 };

    const LINK: Link = Link { epoch: 513, people: Seats::first(2), from: Seat(1) };

    const MARK: Mark = Mark { number: 200, echo: 7 };

    fn inputs() -> Inputs {
        Inputs { known: vec![4, 3], start_frame: 2, ack_frame: 4, changes: vec![0, 0] }
    }

    fn vet(inputs: Inputs, limits: &Limits) -> Result<Option<i32>, Rejected> {
        limits.vet(&Body::Input(inputs))
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
            (Inputs { known: vec![1], ..inputs() }, LIMITS),
            (Inputs { known: vec![i32::MAX, 1], ..inputs() }, LIMITS),
            (Inputs { known: vec![-2, 1], ..inputs() }, LIMITS),
            (Inputs { start_frame: 3, ..inputs() }, LIMITS),
            (Inputs { start_frame: 5, ..inputs() }, later),
            (Inputs { start_frame: i32::MAX, ..inputs() }, later),
            (Inputs { start_frame: -1, ..inputs() }, later),
            (Inputs { ack_frame: 11, ..inputs() }, LIMITS),
            (Inputs { ack_frame: i32::MIN, ..inputs() }, LIMITS),
            (Inputs { changes: vec![], ..inputs() }, LIMITS),
            (Inputs { changes: vec![0; 129], ..inputs() }, Limits { horizon: 999, ..LIMITS }),
            (inputs(), Limits { horizon: 2, ..LIMITS }),
        ];
        for (inputs, limits) in cases {
            let verdict = vet(inputs.clone(), &limits);
            assert!(matches!(verdict, Err(Rejected::Impossible(_))), "{inputs:?}: {verdict:?}");
        }
    }

    #[test]
    fn a_steps_inputs_take_few_bytes() {
        let inputs = Inputs {
            known: vec![998, 1007],
            start_frame: 1000,
            ack_frame: 998,
            changes: vec![0, 5, 0, 0, 3, 3, 0, 0],
        };
        let datagram = LINK.encode(MARK, [&Body::Input(inputs)]);
        // Epoch; kind, number, echo; first frame; acknowledged frame, nothing unusual, how many;
        // changes, from the right: 0, 10 and 5, 0, 0, 10 and 3, 10 and 3, 0, 0.
        let bits = [0b0010_1010, 0b1010_1101, 0b0000_0001];
        let head = [3, 2, 200, 7, 0xe8, 0x07, 3, 0, 8];
        assert_eq!(datagram, [&head[..], &bits].concat());
    }

    #[test]
    fn a_datagram_is_taken_apart_as_it_was_put_together() {
        let messages = vec![
            Body::Input(inputs()),
            Body::QualityReply { pong: 1 << 90 },
            Body::ChecksumReport { checksum: u128::MAX, frame: 900 },
            Body::KeepAlive,
        ];
        let datagram = LINK.encode(MARK, &messages);
        let content = Content { mark: Some(MARK), messages };
        assert_eq!(LINK.decode(&datagram).as_ref(), Ok(&content));
        let another = Link { epoch: 514, ..LINK };
        assert_eq!(another.decode(&datagram), Err(Rejected::OtherEpoch));
        for cut in 0..datagram.len() {
            if let Ok(fewer) = LINK.decode(&datagram[..cut]) {
                assert!(content.messages.starts_with(&fewer.messages), "cut at {cut}");
            }
        }
        assert_eq!(LINK.decode(&[0; 2000]), Err(Rejected::Oversized));
        let twice = LINK.encode(MARK, [&Body::Input(inputs()), &Body::Input(inputs())]);
        assert_eq!(LINK.decode(&twice), Err(Rejected::Malformed));
    }

    #[test]
    fn no_epochs_datagram_is_a_probe() {
        for epoch in 0..=u16::MAX {
            assert_ne!(Link { epoch, ..LINK }.encode(MARK, [&Body::KeepAlive])[0], 255);
        }
    }

    proptest! {
        #[test]
        fn inputs_arrive_as_they_were_sent(
            known in prop::collection::vec(-1..i32::MAX, 2..5),
            start_frame in 0..i32::MAX,
            ack_frame in -1..i32::MAX,
            changes in prop::collection::vec(any::<u16>(), 1..128),
            usual: bool,
        ) {
            let link = Link { people: Seats::first(known.len()), ..LINK };
            let mut inputs = Inputs { known, start_frame, ack_frame, changes };
            if usual {
                inputs.known = link.usually_known(ack_frame, inputs.last_frame());
            }
            let messages = vec![Body::KeepAlive, Body::Input(inputs)];
            let content = link.decode(&link.encode(MARK, &messages));
            assert_eq!(content, Ok(Content { mark: Some(MARK), messages }));
        }

        #[test]
        fn rubbish_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let datagram = [&[LINK.tag()], &bytes[..]].concat();
            if let Ok(content) = LINK.decode(&datagram) {
                for message in content.messages {
                    if LIMITS.vet(&message).is_ok() {
                        assert!(message.to_message().is_some());
                    }
                }
            }
        }
    }
}
