//! The generator behind every link.
//!
//! `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014),
//! written out here so that a seed means the same in every version of every dependency.

/// A `SplitMix64` generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// An independent generator for the `branch`-th thing that this one is responsible for.
    /// This generator does not advance.
    #[must_use]
    pub const fn branch(self, branch: u64) -> Self {
        Self(mix(self.0 ^ mix(branch.wrapping_add(GOLDEN_GAMMA))))
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// A number from 0 to `most`, both included, by multiplication and shift (Lemire 2019,
    /// without the rejection step: its bias is below `most` / 2^64).
    pub fn up_to(&mut self, most: u64) -> u64 {
        let product = u128::from(self.next_u64()) * (u128::from(most) + 1);
        u64::try_from(product >> 64).expect("the high half of a product of two 64-bit numbers")
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
    fn every_number_up_to_the_bound_is_drawn() {
        let mut rng = Rng::new(7);
        let mut seen = [0; 5];
        for _ in 0..1_000 {
            seen[usize::try_from(rng.up_to(4)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|&count| count > 120), "{seen:?}");
        assert_eq!(rng.up_to(0), 0);
        assert!(rng.up_to(u64::MAX) > 0);
    }

    #[test]
    fn branches_differ_from_each_other_and_from_the_trunk() {
        let trunk = Rng::new(7);
        let mut firsts: Vec<u64> = (0..100).map(|n| trunk.branch(n).next_u64()).collect();
        firsts.push(trunk.clone().next_u64());
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), 101);
    }
}
