//! The two running digests of a record: the chain over a log, and the digest over one player's
//! inputs. Each begins with a domain of its own, so that no digest can stand for another.

use dyad_gridworld::{Digest, PlayerInput};

const CHAIN_DOMAIN: &[u8] = b"dyad log chain 1";
const INPUTS_DOMAIN: &[u8] = b"dyad inputs 1";

/// The chain's first value: over everything before the first entry but the header's checksum.
pub(crate) fn first(head: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(CHAIN_DOMAIN).update(head);
    Digest(*hasher.finalize().as_bytes())
}

/// The chain's value after an entry of this kind with this payload.
pub(crate) fn next(previous: Digest, kind: u8, payload: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&previous.0).update(&[kind]).update(payload);
    Digest(*hasher.finalize().as_bytes())
}

/// The running digest over one player's inputs, frame by frame.
#[derive(Clone, Debug)]
pub(crate) struct InputsDigest(blake3::Hasher);

impl Default for InputsDigest {
    fn default() -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(INPUTS_DOMAIN);
        Self(hasher)
    }
}

impl InputsDigest {
    pub(crate) fn put(&mut self, frame: u32, input: PlayerInput) {
        self.0.update(&frame.to_le_bytes()).update(&input.bits().to_le_bytes());
    }

    pub(crate) fn value(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}
