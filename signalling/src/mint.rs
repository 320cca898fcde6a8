//! Ids, secrets and seeds, all from the operating system's randomness.

use dyad_protocol::{ParticipantId, SessionId, Token};
use std::str::FromStr;
use uuid::Uuid;

/// A new pseudonym, such as `p-7f3a9c`. It may be taken: enrolling tells.
#[must_use]
pub fn participant() -> ParticipantId {
    well_formed(&format!("p-{}", &digits()[..6]))
}

/// A new session's id, such as `s-20261120-4f2a91c07b3e`: the day in UTC, then 48 random bits.
#[must_use]
pub fn session() -> SessionId {
    let day = jiff::Timestamp::now().strftime("%Y%m%d");
    well_formed(&format!("s-{day}-{}", &digits()[..12]))
}

/// A new secret of 244 random bits.
#[must_use]
pub fn token() -> Token {
    well_formed(&format!("{}{}", digits(), digits()))
}

/// A new name of a signalling room. It is not a secret, but nobody needs to guess it.
#[must_use]
pub fn room() -> String {
    digits()
}

/// A new seed of 53 bits: JSON carries it exactly to clients in any language.
#[must_use]
pub fn seed() -> u64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    // A UUID has six bits that are always the same, in different places of the two halves.
    (high ^ low.rotate_left(32)) >> 11
}

/// 32 hexadecimal digits, of which the first twelve are random throughout.
fn digits() -> String {
    Uuid::new_v4().simple().to_string()
}

fn well_formed<T: FromStr>(text: &str) -> T {
    text.parse().ok().expect("hexadecimal digits and dashes are allowed in every identifier")
}

#[cfg(test)]
mod tests {
    use super::{participant, seed, session, token};

    #[test]
    fn what_is_minted_has_the_form_that_people_know() {
        assert_eq!(participant().as_str().len(), "p-7f3a9c".len());
        assert_eq!(session().as_str().len(), "s-20261120-4f2a91c07b3e".len());
        assert_eq!(token().reveal().len(), 64);
        assert_ne!(token(), token());
    }

    #[test]
    fn every_bit_of_a_seed_varies() {
        let seeds: Vec<u64> = (0..200).map(|_| seed()).collect();
        let union = seeds.iter().fold(0, |bits, seed| bits | seed);
        let common = seeds.iter().fold(u64::MAX, |bits, seed| bits & seed);
        assert_eq!((union, common), ((1 << 53) - 1, 0));
    }
}
