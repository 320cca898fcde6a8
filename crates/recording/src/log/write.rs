//! From frames to a log's bytes.

use super::{
    CHECKPOINT, COMPLETE, Certificate, FRAME, Frame, HOLD, Header, HeaderError, SURVIVOR,
    checkpoint_due, hold_payload,
};
use crate::bytes::put_long;
use crate::chain;
use dyad_gridworld::{Digest, Hold};

/// Writes one log: every call appends bytes to a buffer, which the caller appends to the file.
#[derive(Clone, Debug)]
pub struct Writer {
    players: usize,
    next: u32,
    chain: Digest,
    held: bool,
}

/// A certificate that doesn't fit in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate has more than 65535 bytes")]
pub struct CertificateTooLong;

impl Writer {
    /// Starts a log with this header.
    ///
    /// # Errors
    /// [`HeaderError`] where a value of the header is too long for its field.
    pub fn open(header: &Header, out: &mut Vec<u8>) -> Result<Self, HeaderError> {
        let head = header.encode()?;
        out.extend_from_slice(&head);
        out.extend_from_slice(&crc32fast::hash(&head).to_le_bytes());
        let chain = chain::first(&head);
        Ok(Self { players: header.players(), next: header.first_frame, chain, held: false })
    }

    /// Head of the chain after what was written so far.
    #[must_use]
    pub const fn chain(&self) -> Digest {
        self.chain
    }

    /// Appends a hold. The frame that it names has to follow, possibly after further holds.
    ///
    /// # Panics
    /// If it is not before the next frame.
    pub fn hold(&mut self, hold: &Hold, out: &mut Vec<u8>) {
        assert_eq!(hold.next, self.next, "a hold stands before its frame");
        self.held = true;
        self.put(HOLD, &hold_payload(hold), out);
    }

    /// Appends the next frame, and the checkpoint where one is due.
    ///
    /// # Panics
    /// If it is another frame than the next: a log has no gaps.
    pub fn frame(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        assert_eq!(frame.number, self.next, "a log's frames are written in order");
        self.next += 1;
        self.held = false;
        self.put(FRAME, &frame.payload(self.players), out);
        if checkpoint_due(frame.number) {
            let mut payload = Vec::from(frame.number.to_le_bytes());
            payload.extend_from_slice(&self.chain.0);
            entry(CHECKPOINT, &payload, out).expect("a checkpoint is short");
        }
    }

    fn put(&mut self, kind: u8, payload: &[u8], out: &mut Vec<u8>) {
        self.chain = chain::next(self.chain, kind, payload);
        entry(kind, payload, out).expect("frames and holds are short");
    }

    /// Closes the log.
    ///
    /// # Errors
    /// [`CertificateTooLong`], which four statements of legal length never are.
    ///
    /// # Panics
    /// If a hold's frame is missing.
    pub fn close(
        self,
        certificate: &Certificate,
        out: &mut Vec<u8>,
    ) -> Result<(), CertificateTooLong> {
        assert!(!self.held, "a hold is followed by its frame");
        let mut payload = Vec::new();
        let mut put = |bytes: Vec<u8>| {
            if put_long(&mut payload, &bytes) { Ok(()) } else { Err(CertificateTooLong) }
        };
        match certificate {
            Certificate::Complete { statements } => {
                statements.iter().try_for_each(|statement| put(statement.encode()))?;
                entry(COMPLETE, &payload, out)
            }
            Certificate::Survivor { own, committed } => {
                put(own.encode())?;
                committed.iter().try_for_each(|message| put(message.encode()))?;
                entry(SURVIVOR, &payload, out)
            }
        }
    }
}

fn entry(kind: u8, payload: &[u8], out: &mut Vec<u8>) -> Result<(), CertificateTooLong> {
    let start = out.len();
    out.push(kind);
    if !put_long(out, payload) {
        out.truncate(start);
        return Err(CertificateTooLong);
    }
    let checksum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
    Ok(())
}
