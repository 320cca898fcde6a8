//! The world's own random generator.
//!
//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014):
//! eight bytes of state, one addition and one mixing function a draw. It is not for secrets;
//! it decides who moves first when two players want the same cell.

/// A SplitMix64 generator. It is a part of the world's state, so a rollback restores it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rng(u64);

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// A generator that starts at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// An independent generator for stream `stream` of `seed`: an episode of a session, a
    /// player of a match.
    #[must_use]
    pub const fn stream(seed: u64, stream: u64) -> Self {
        Self(mix(seed ^ mix(stream.wrapping_add(GOLDEN_GAMMA))))
    }

    /// The generator's state, for encoding.
    #[must_use]
    pub const fn state(self) -> u64 {
        self.0
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// A number below `n`, by multiplication and shift (Lemire 2019, without the rejection step:
    /// its bias is below n / 2^32). `n` of 0 gives 0.
    pub fn below(&mut self, n: u32) -> u32 {
        let high = self.next_u64() >> 32;
        let product = (high * u64::from(n)) >> 32;
        u32::try_from(product).expect("the high half of a product of two 32-bit numbers")
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn draws_are_the_published_ones() {
        // Reference output of SplitMix64 for seed 1234567 (Vigna's splitmix64.c).
        let mut rng = Rng::new(1_234_567);
        let draws: Vec<u64> = (0..3).map(|_| rng.next_u64()).collect();
        assert_eq!(
            draws,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn below_stays_below_and_reaches_everything() {
        let mut rng = Rng::new(7);
        let mut seen = [0; 5];
        for _ in 0..1_000 {
            seen[rng.below(5) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| count > 120), "{seen:?}");
        assert_eq!(rng.below(0), 0);
    }
}
