//! From bytes to a log: as much of it as is sound, and how it ends.

use super::{
    CHECKPOINT, CHECKPOINT_LENGTH, COMPLETE, Certificate, FRAME, Frame, HOLD, HOLD_LENGTH, Header,
    HeaderError, SURVIVOR, checkpoint_due, frame_length, hold_payload,
};
use crate::bytes::Cursor;
use crate::chain::{self, InputsDigest};
use crate::statement::{Committed, Statement};
use dyad_gridworld::{Digest, Hold, MAX_PLAYERS, PlayerInput};
use dyad_protocol::{Seat, Seats};
use std::fmt;

/// What could be read of a log. Its frames are sound as far as checksums, order and chain tell;
/// that the game really went so is for [`crate::replay`] to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The header.
    pub header: Header,
    /// The frames, in order and without a gap.
    pub frames: Vec<Frame>,
    /// Where the world was held, in order; each before one of these frames.
    pub holds: Vec<Hold>,
    /// Head of the chain after the last of them.
    pub chain: Digest,
    /// How the log ends.
    pub ending: Ending,
    first: Digest,
}

/// How a log ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was closed.
    Closed(Certificate),
    /// It ends without a certificate: the program or the computer stopped.
    Cut {
        /// Length of the sound part in bytes; what may follow is the beginning of an entry.
        at: usize,
    },
    /// It goes on with bytes that are no entry.
    Damaged {
        /// Length of the sound part in bytes.
        at: usize,
        /// What is wrong there.
        damage: Damage,
    },
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// No entry begins with this byte.
    #[error("no entry is of kind {0}")]
    Kind(u8),
    /// The entry's length is not that of its kind.
    #[error("an entry of {0} bytes where its kind has another length")]
    Length(usize),
    /// Changed after it was written.
    #[error("an entry's checksum is wrong")]
    Checksum,
    /// A frame is missing or repeated.
    #[error("frame {found} stands where frame {expected} belongs")]
    Order {
        /// The frame whose turn it was.
        expected: u32,
        /// The one that stands there.
        found: u32,
    },
    /// A hold that doesn't continue the ones before it, or has no frame after it.
    #[error("the hold before frame {0} cannot stand there")]
    Hold(u32),
    /// An input that no program of this version writes.
    #[error("frame {0} holds an input that means nothing")]
    Input(u32),
    /// A checkpoint contradicts the frames before it.
    #[error("the checkpoint contradicts the frames before it: the log was put together")]
    Checkpoint,
    /// A checkpoint stands where none belongs, or is missing.
    #[error("a checkpoint is missing or stands where none belongs")]
    Cadence,
    /// The certificate cannot be read.
    #[error("the certificate cannot be read")]
    Certificate,
    /// Something follows the certificate.
    #[error("{0} bytes follow the certificate")]
    Trailing(usize),
}

/// Reads a log. A log that was cut or damaged behind its header gives the frames before that.
///
/// # Errors
/// [`HeaderError`] where there is no sound header, and so nothing that could be read.
pub fn read(bytes: &[u8]) -> Result<Log, HeaderError> {
    let (header, head) = Header::decode(bytes)?;
    let first = chain::first(&bytes[..head]);
    let at = head + 4;
    let mut reader = Reader {
        players: header.players(),
        people: header.session.seats_of_people(),
        next: header.first_frame,
        checkpoint_due: false,
        chain: first,
        ahead: first,
        frames: Vec::new(),
        holds: Vec::new(),
        sound_holds: 0,
    };
    let ending = reader.entries(bytes, at);
    let Reader { frames, mut holds, sound_holds, chain, .. } = reader;
    holds.truncate(sound_holds);
    Ok(Log { header, frames, holds, chain, ending, first })
}

struct Reader {
    players: usize,
    /// Those of them who sign.
    people: Seats,
    next: u32,
    checkpoint_due: bool,
    /// The chain's value after the last frame.
    chain: Digest,
    /// The same after the holds that follow it.
    ahead: Digest,
    frames: Vec<Frame>,
    holds: Vec<Hold>,
    /// How many holds have their frame.
    sound_holds: usize,
}

/// Why an entry cannot be taken.
enum Stop {
    Cut,
    Damage(Damage),
}

impl From<Damage> for Stop {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

impl Reader {
    /// Takes entries from byte `at` on. A hold is sound only together with its frame.
    fn entries(&mut self, bytes: &[u8], mut at: usize) -> Ending {
        let mut rest = Cursor(&bytes[at..]);
        loop {
            let taken = self.entry(&mut rest);
            let end = bytes.len() - rest.0.len();
            match taken {
                Ok(None) if self.is_held() => {}
                Ok(None) => at = end,
                Ok(Some(certificate)) if end == bytes.len() => return Ending::Closed(certificate),
                Ok(Some(_)) => {
                    let damage = Damage::Trailing(bytes.len() - end);
                    return Ending::Damaged { at: end, damage };
                }
                Err(Stop::Cut) => return Ending::Cut { at },
                Err(Stop::Damage(damage)) => return Ending::Damaged { at, damage },
            }
        }
    }

    /// Takes one entry; gives the certificate if it is one.
    fn entry(&mut self, rest: &mut Cursor<'_>) -> Result<Option<Certificate>, Stop> {
        let (kind, payload) = framed(rest, self.players)?;
        if self.checkpoint_due != (kind == CHECKPOINT) {
            return Err(Damage::Cadence.into());
        }
        let certificate = match kind {
            FRAME => return Ok(self.frame(payload).map(|()| None)?),
            HOLD => return Ok(self.hold(payload).map(|()| None)?),
            CHECKPOINT => return Ok(self.checkpoint(payload).map(|()| None)?),
            _ if self.is_held() => return Err(Damage::Hold(self.next).into()),
            COMPLETE => complete(payload, self.people),
            _ => survivor(payload, self.players),
        };
        certificate.map(Some).ok_or(Stop::Damage(Damage::Certificate))
    }

    fn frame(&mut self, payload: &[u8]) -> Result<(), Damage> {
        let frame = frame(payload, self.players).expect("the length was checked");
        if frame.number != self.next {
            return Err(Damage::Order { expected: self.next, found: frame.number });
        }
        // Equal meaning has to be equal bytes: bits that are dropped on entry cannot be there.
        if frame.payload(self.players) != payload {
            return Err(Damage::Input(frame.number));
        }
        self.next = self.next.wrapping_add(1);
        self.chain = chain::next(self.ahead, FRAME, payload);
        self.ahead = self.chain;
        self.sound_holds = self.holds.len();
        self.checkpoint_due = checkpoint_due(frame.number);
        self.frames.push(frame);
        Ok(())
    }

    fn hold(&mut self, payload: &[u8]) -> Result<(), Damage> {
        let hold = hold(payload).expect("the length was checked");
        let is_later = self.holds.last().is_none_or(|last| last.epoch < hold.epoch);
        if hold.next != self.next || !is_later {
            return Err(Damage::Hold(hold.next));
        }
        self.ahead = chain::next(self.ahead, HOLD, payload);
        self.holds.push(hold);
        Ok(())
    }

    /// Whether a hold's frame is still to come.
    const fn is_held(&self) -> bool {
        self.holds.len() > self.sound_holds
    }

    fn checkpoint(&mut self, payload: &[u8]) -> Result<(), Damage> {
        let mut bytes = Cursor(payload);
        let last = self.frames.last().map(|frame| frame.number);
        if bytes.u32() != last || bytes.digest() != Some(self.chain) {
            return Err(Damage::Checkpoint);
        }
        self.checkpoint_due = false;
        Ok(())
    }
}

/// Takes an entry's kind and payload. Each length is checked against its kind before it is
/// believed, so that a damaged length inside a log is not mistaken for the log's end.
fn framed<'a>(rest: &mut Cursor<'a>, players: usize) -> Result<(u8, &'a [u8]), Stop> {
    let whole = rest.0;
    let kind = rest.u8().ok_or(Stop::Cut)?;
    let fixed = match kind {
        FRAME => Some(frame_length(players)),
        CHECKPOINT => Some(CHECKPOINT_LENGTH),
        HOLD => Some(HOLD_LENGTH),
        COMPLETE | SURVIVOR => None,
        other => return Err(Damage::Kind(other).into()),
    };
    let length = usize::from(rest.u16().ok_or(Stop::Cut)?);
    if fixed.is_some_and(|fixed| fixed != length) {
        return Err(Damage::Length(length).into());
    }
    let payload = rest.take(length).ok_or(Stop::Cut)?;
    let checksum = rest.u32().ok_or(Stop::Cut)?;
    if crc32fast::hash(&whole[..3 + length]) != checksum {
        return Err(Damage::Checksum.into());
    }
    Ok((kind, payload))
}

fn complete(payload: &[u8], people: Seats) -> Option<Certificate> {
    let mut bytes = Cursor(payload);
    let statement = |seat| {
        let statement = Statement::decode(bytes.long()?).ok()?;
        (statement.seat == seat).then_some(statement)
    };
    let statements: Option<Vec<_>> = people.iter().map(statement).collect();
    let certificate = Certificate::Complete { statements: statements? };
    bytes.0.is_empty().then_some(certificate)
}

fn survivor(payload: &[u8], players: usize) -> Option<Certificate> {
    let mut bytes = Cursor(payload);
    let own = Statement::decode(bytes.long()?).ok()?;
    let mut committed: Vec<Committed> = Vec::new();
    while !bytes.0.is_empty() {
        let message = Committed::decode(bytes.long()?).ok()?;
        let in_order = committed.last().is_none_or(|last| last.seat < message.seat);
        if !in_order || message.seat.index() >= players {
            return None;
        }
        committed.push(message);
    }
    Some(Certificate::Survivor { own, committed })
}

fn frame(payload: &[u8], players: usize) -> Option<Frame> {
    let mut bytes = Cursor(payload);
    let number = bytes.u32()?;
    let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
    for input in &mut inputs[..players] {
        *input = PlayerInput::from_bits(bytes.u16()?);
    }
    Some(Frame { number, inputs, digest: bytes.u64()? })
}

fn hold(payload: &[u8]) -> Option<Hold> {
    let mut bytes = Cursor(payload);
    Some(Hold { next: bytes.u32()?, frames: bytes.u32()?, epoch: bytes.u16()? })
}

impl Log {
    /// The last frame, if there is one.
    #[must_use]
    pub fn last_frame(&self) -> Option<u32> {
        self.frames.last().map(|frame| frame.number)
    }

    /// The holds right before a frame, in order.
    pub fn holds_before(&self, frame: u32) -> impl Iterator<Item = &Hold> {
        let start = self.holds.partition_point(|hold| hold.next < frame);
        self.holds[start..].iter().take_while(move |hold| hold.next == frame)
    }

    /// The chain's value after a frame of this log.
    #[must_use]
    pub fn chain_at(&self, frame: u32) -> Option<Digest> {
        let index = usize::try_from(frame.checked_sub(self.header.first_frame)?).ok()?;
        let upto = self.frames.get(..=index)?;
        let players = self.header.players();
        let link = |chain, frame: &Frame| {
            let holds = self.holds_before(frame.number);
            let chain =
                holds.fold(chain, |chain, hold| chain::next(chain, HOLD, &hold_payload(hold)));
            chain::next(chain, FRAME, &frame.payload(players))
        };
        Some(upto.iter().fold(self.first, link))
    }

    /// The digest over one seat's inputs in this log, to be compared with a statement.
    ///
    /// # Panics
    /// If there is no such seat in any session.
    #[must_use]
    pub fn inputs_digest(&self, seat: Seat) -> Digest {
        let mut digest = InputsDigest::default();
        for frame in &self.frames {
            digest.put(frame.number, frame.inputs[seat.index()]);
        }
        digest.value()
    }

    /// The certificate, if the log was closed.
    #[must_use]
    pub const fn certificate(&self) -> Option<&Certificate> {
        match &self.ending {
            Ending::Closed(certificate) => Some(certificate),
            Ending::Cut { .. } | Ending::Damaged { .. } => None,
        }
    }
}

impl Ending {
    /// Length of the sound part in bytes, where the log doesn't end as it should. Cutting the
    /// file to it loses nothing.
    #[must_use]
    pub const fn sound_length(&self) -> Option<usize> {
        match self {
            Self::Closed(_) => None,
            Self::Cut { at } | Self::Damaged { at, .. } => Some(*at),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(Certificate::Complete { .. }) => {
                f.write_str("complete, with every player's statement")
            }
            Self::Closed(Certificate::Survivor { .. }) => f.write_str("closed by one side alone"),
            Self::Cut { at } => write!(f, "cut at byte {at}"),
            Self::Damaged { at, damage } => write!(f, "damaged at byte {at}: {damage}"),
        }
    }
}
