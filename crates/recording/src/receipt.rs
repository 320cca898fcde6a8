//! A collector's signature on a receipt: how it is made and checked.
//!
//! It proves to who holds the receipt that the owner of the key has said: this record was on my
//! disk at that time. It does not prove that it still is, nor that the clock was right.

use crate::keys::{KeyPair, is_signed};
use dyad_protocol::records::{Receipt, RecordName, SignedReceipt};
use dyad_protocol::{PublicKey, Signature};

/// The first bytes of what is signed: its kind, and the version of its form.
const KIND: [u8; 2] = [b'R', 1];

/// Signs a receipt. The same receipt gets the same signature.
#[must_use]
pub fn sign(receipt: Receipt, key: &KeyPair) -> SignedReceipt {
    let signature = Signature(key.sign(&signed(&receipt)));
    SignedReceipt { receipt, key: key.public(), signature }
}

/// Whether the owner of this key has signed the receipt.
#[must_use]
pub fn is_signed_by(receipt: &SignedReceipt, key: &PublicKey) -> bool {
    receipt.key == *key && is_signed(key, &signed(&receipt.receipt), &receipt.signature.0)
}

/// What is signed: kind and version, the three ids, each after a byte with its length, the episode, the
/// digest's digits, the length and the time; numbers little-endian.
fn signed(receipt: &Receipt) -> Vec<u8> {
    let Receipt { name, digest, bytes, received_ms } = receipt;
    let RecordName { session, scene, participant, episode } = name;
    let mut message = KIND.to_vec();
    for id in [session.as_str(), scene.as_str(), participant.as_str()] {
        message.push(u8::try_from(id.len()).expect("an identifier has at most 64 characters"));
        message.extend_from_slice(id.as_bytes());
    }
    message.extend_from_slice(&episode.to_le_bytes());
    message.extend_from_slice(digest.as_str().as_bytes());
    message.extend_from_slice(&bytes.to_le_bytes());
    message.extend_from_slice(&received_ms.to_le_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::{is_signed_by, sign};
    use crate::KeyPair;
    use dyad_protocol::records::{Receipt, RecordName, SignedReceipt};

    fn receipt() -> Receipt {
        let name = RecordName {
            session: "s-1".parse().unwrap(),
            scene: "room".parse().unwrap(),
            participant: "p-a".parse().unwrap(),
            episode: 3,
        };
        Receipt { name, digest: "0a".repeat(32).parse().unwrap(), bytes: 700, received_ms: 42 }
    }

    #[test]
    fn a_receipt_is_good_for_one_record_and_one_key() {
        let key = KeyPair::from_seed(&[1; 32]);
        let good = sign(receipt(), &key);
        assert_eq!(good, sign(receipt(), &key), "deterministic");
        assert!(is_signed_by(&good, &key.public()));
        let other = KeyPair::from_seed(&[2; 32]);
        assert!(!is_signed_by(&good, &other.public()));
        assert!(!is_signed_by(
            &SignedReceipt { key: other.public(), ..good.clone() },
            &other.public()
        ));
        let changes: [fn(&mut Receipt); 7] = [
            |it| it.name.session = "s-2".parse().unwrap(),
            |it| it.name.scene = "roo".parse().unwrap(),
            |it| it.name.participant = "mp-a".parse().unwrap(),
            |it| it.name.episode = 4,
            |it| it.digest = "0b".repeat(32).parse().unwrap(),
            |it| it.bytes += 1,
            |it| it.received_ms += 1,
        ];
        for change in changes {
            let mut changed = good.clone();
            change(&mut changed.receipt);
            assert!(!is_signed_by(&changed, &key.public()), "{changed:?}");
        }
    }

    #[test]
    fn it_travels_as_one_flat_object() {
        let good = sign(receipt(), &KeyPair::from_seed(&[1; 32]));
        let json = serde_json::to_value(&good).unwrap();
        assert_eq!((&json["session"], &json["bytes"]), (&"s-1".into(), &700.into()));
        assert_eq!(serde_json::from_value::<SignedReceipt>(json).unwrap(), good);
    }
}
