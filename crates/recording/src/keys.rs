//! The key pairs that participants' computers sign with: Ed25519, one for each participant of a
//! session.
//!
//! The seed comes from outside, because this crate draws no randomness. Signatures are
//! deterministic, so a statement that is made again is the same bytes.

use dyad_protocol::PublicKey;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use std::fmt;

/// A signature's bytes.
pub type Signature = [u8; 64];

/// A private key and its public half. Its memory is overwritten when it is dropped, and its debug
/// form shows the public half alone.
#[derive(Clone)]
pub struct KeyPair(SigningKey);

impl KeyPair {
    /// The key pair of a seed, which has to come from a cryptographic random generator and must
    /// stay on this computer.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed: whoever has it can sign in this participant's name.
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.public())
    }
}

/// Whether the owner of a key has signed a message. The strict form: of all keys and signatures
/// that somebody could make up, none is good for two messages.
#[must_use]
pub fn is_signed(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{KeyPair, is_signed};
    use dyad_protocol::PublicKey;

    #[test]
    fn a_signature_is_good_for_one_key_and_one_message() {
        let (ada, bob) = (KeyPair::from_seed(&[1; 32]), KeyPair::from_seed(&[2; 32]));
        let signature = ada.sign(b"message");
        assert_eq!(signature, ada.clone().sign(b"message"), "deterministic");
        assert!(is_signed(&ada.public(), b"message", &signature));
        assert!(!is_signed(&bob.public(), b"message", &signature));
        assert!(!is_signed(&ada.public(), b"massage", &signature));
        for bit in 0..512 {
            let mut changed = signature;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_signed(&ada.public(), b"message", &changed), "bit {bit}");
        }
    }

    #[test]
    fn keys_that_are_none_verify_nothing() {
        // The neutral element, with which a lax check accepts the zero signature for anything.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        for key in [[0; 32], [0xff; 32], neutral] {
            assert!(!is_signed(&PublicKey(key), b"", &signature), "{key:?}");
        }
    }

    #[test]
    fn a_private_key_is_not_printed() {
        let pair = KeyPair::from_seed(&[7; 32]);
        let text = format!("{pair:?}");
        assert!(text.contains(&pair.public().to_string()) && !text.contains("0707"), "{text}");
    }
}
