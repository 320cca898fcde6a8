//! As much of numpy's random generator as cogrid uses, draw for draw: `SeedSequence`, `PCG64`,
//! bounded integers and permutations.
//!
//! Sources: O'Neill, "PCG: A family of simple fast space-efficient statistically good algorithms
//! for random number generation" (2014); O'Neill, "Developing a `seed_seq` alternative" (2015);
//! Lemire, "Fast random integer generation in an interval" (2019); numpy 2's
//! `bit_generator.pyx`, `pcg64.h` and `distributions.c` (BSD-3-Clause) for which of their
//! variants it uses. The tests hold values that numpy 2.4.6 printed.

use crate::encoding::{DecodeError, Decoder, Encoder};

/// `numpy.random.Generator(PCG64(SeedSequence(seed)))`, also known as `default_rng(seed)`.
///
/// Its 128-bit numbers are kept in halves, low first, so that a world is no larger than its
/// parts need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generator {
    state: [u64; 2],
    increment: [u64; 2],
    /// The high half of a draw of which only the low half has been used: numpy takes 32-bit
    /// numbers two from a draw.
    spare: Option<u32>,
}

const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

impl Generator {
    /// The generator of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let [state_high, state_low, sequence_high, sequence_low] = seed_sequence(seed);
        let increment = (join([sequence_low, sequence_high]) << 1) | 1;
        let state = increment.wrapping_add(join([state_low, state_high]));
        let mut generator = Self { state: split(state), increment: split(increment), spare: None };
        generator.advance();
        generator
    }

    fn advance(&mut self) -> u128 {
        let next = join(self.state).wrapping_mul(MULTIPLIER).wrapping_add(join(self.increment));
        self.state = split(next);
        next
    }

    /// The next 64 bits (PCG's XSL-RR output).
    pub fn next_u64(&mut self) -> u64 {
        let state = self.advance();
        let [low, high] = split(state);
        // The top six bits: no more than 63.
        let rotation = (high >> 58) as u32;
        (low ^ high).rotate_right(rotation)
    }

    /// The next 32 bits: the low half of a draw, then its high half.
    pub fn next_u32(&mut self) -> u32 {
        if let Some(high) = self.spare.take() {
            return high;
        }
        let [low, high] = halves(self.next_u64());
        self.spare = Some(high);
        low
    }

    /// `integers(0, n)`: a number below `n`, without bias. As in numpy no draw is made for an
    /// `n` of 1, and an `n` up to 2^32 takes 32-bit draws. `n` of 0 gives 0.
    pub fn below(&mut self, n: u64) -> u64 {
        match n {
            0 | 1 => 0,
            0x1_0000_0000 => self.next_u32().into(),
            _ => match u32::try_from(n) {
                Ok(n) => self.below_u32(n).into(),
                Err(_larger) => self.below_u64(n),
            },
        }
    }

    fn below_u32(&mut self, n: u32) -> u32 {
        loop {
            let product = u64::from(self.next_u32()) * u64::from(n);
            let [low, high] = halves(product);
            if low >= n || low >= n.wrapping_neg() % n {
                return high;
            }
        }
    }

    fn below_u64(&mut self, n: u64) -> u64 {
        loop {
            let [low, high] = split(u128::from(self.next_u64()) * u128::from(n));
            if low >= n || low >= n.wrapping_neg() % n {
                return high;
            }
        }
    }

    /// `shuffle(items)`: Fisher and Yates, from the end, with another way to draw a bounded
    /// number than [`Self::below`]: bits are masked, and numbers too large are drawn again. A
    /// `permutation(n)` is the numbers below `n`, shuffled.
    ///
    /// # Panics
    /// If there are more than 2^32 items, for which numpy takes longer draws.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let most = u32::try_from(last).expect("fewer items than that");
            let mask = u32::MAX >> most.leading_zeros();
            let chosen = loop {
                let number = self.next_u32() & mask;
                if number <= most {
                    break number;
                }
            };
            items.swap(last, chosen as usize);
        }
    }

    /// Puts the state: four numbers, whether half a draw is left, and that half or 0.
    pub fn encode(&self, out: &mut Encoder) {
        self.state.iter().chain(&self.increment).for_each(|&half| out.u64(half));
        out.u8(u8::from(self.spare.is_some()));
        out.u32(self.spare.unwrap_or(0));
    }

    /// Takes what [`Self::encode`] put.
    ///
    /// # Errors
    /// [`DecodeError`] where the bytes are no state of a generator.
    pub fn decode(bytes: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let state = [bytes.u64()?, bytes.u64()?];
        let increment = [bytes.u64()?, bytes.u64()?];
        let has_spare = bytes.u8()?;
        let spare = match (has_spare, bytes.u32()?) {
            (0, 0) => None,
            (1, spare) => Some(spare),
            _ => return Err(bytes.invalid("spare half of a draw")),
        };
        if increment[0] & 1 == 0 {
            return Err(bytes.invalid("increment of a generator"));
        }
        Ok(Self { state, increment, spare })
    }
}

const fn join([low, high]: [u64; 2]) -> u128 {
    (high as u128) << 64 | low as u128
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is meant")]
const fn split(number: u128) -> [u64; 2] {
    [number as u64, (number >> 64) as u64]
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is meant")]
const fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

/// Words of a seed sequence's pool of entropy.
const POOL: usize = 4;

/// `SeedSequence(seed).generate_state(4, uint64)`.
fn seed_sequence(seed: u64) -> [u64; 4] {
    let pool = mix_entropy(seed);
    let mut hash = Hash { constant: 0x8b51_f9dd, multiplier: 0x58f3_8ded };
    let mut cycle = pool.into_iter().cycle().map(|word| hash.of(word));
    let mut word = || u64::from(cycle.next().expect("a cycle has no end"));
    [(); 4].map(|()| word() | word() << 32)
}

fn mix_entropy(seed: u64) -> [u32; POOL] {
    let [low, high] = halves(seed);
    let mut hash = Hash { constant: 0x43b0_d7e5, multiplier: 0x931e_8875 };
    let mut pool = [low, high, 0, 0].map(|word| hash.of(word));
    for from in 0..POOL {
        for to in (0..POOL).filter(|&to| to != from) {
            pool[to] = mix(pool[to], hash.of(pool[from]));
        }
    }
    pool
}

struct Hash {
    constant: u32,
    multiplier: u32,
}

impl Hash {
    const fn of(&mut self, word: u32) -> u32 {
        let word = word ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.multiplier);
        let word = word.wrapping_mul(self.constant);
        word ^ (word >> 16)
    }
}

const fn mix(x: u32, y: u32) -> u32 {
    let mixed = x.wrapping_mul(0xca01_f9dd).wrapping_sub(y.wrapping_mul(0x4973_f715));
    mixed ^ (mixed >> 16)
}

#[cfg(test)]
mod tests {
    use super::{Generator, join, seed_sequence};
    use crate::encoding::{Decoder, Encoder};

    #[test]
    fn seed_sequence_gives_numpys_words() {
        assert_eq!(
            seed_sequence(0),
            [
                0xdb2c_d7e7_b0f4_78be,
                0xabf4_641a_2c71_ba49,
                0x20c6_ed6d_9d7b_8d41,
                0x2c40_99de_223c_39d4
            ]
        );
        assert_eq!(
            seed_sequence(u64::MAX),
            [
                0xaebc_a151_928c_ad0d,
                0x119c_3044_8638_dc7a,
                0x1bbb_1556_59e6_42a7,
                0xa76b_11e3_e8c4_a8f6
            ]
        );
    }

    #[test]
    fn seeding_gives_numpys_state() {
        let generator = Generator::new(42);
        assert_eq!(join(generator.state), 0xcea4_4f67_9879_8f2a_acbc_7c9d_6886_0ac8);
        assert_eq!(join(generator.increment), 0xfa50_5436_c9a8_416e_66ca_f2e2_8d25_abff);
    }

    /// What numpy printed for a seed: three `integers(2**31)`, one `integers(0, 2**63 - 1)`,
    /// `integers(0, 4, size=5)`, `integers(0, 10)`, permutations of 2, 4 and 3.
    type Printed = (u64, [u64; 3], u64, [u64; 5], u64, [usize; 2], [usize; 4], [usize; 3]);

    const PRINTED: [Printed; 4] = [
        (
            0,
            [1_826_701_615, 1_367_864_807, 1_097_657_232],
            377_914_054_924_498_011,
            [1, 0, 0, 0, 3],
            6,
            [0, 1],
            [0, 2, 1, 3],
            [0, 2, 1],
        ),
        (
            42,
            [191_664_964, 1_662_057_958, 1_405_681_632],
            7_919_168_045_412_322_065,
            [1, 0, 2, 0, 0],
            5,
            [0, 1],
            [2, 3, 0, 1],
            [1, 0, 2],
        ),
        (
            (1 << 32) + 7,
            [1_868_869_222, 1_653_865_098, 1_880_887_030],
            1_744_118_745_525_348_744,
            [0, 0, 0, 2, 1],
            5,
            [1, 0],
            [1, 2, 0, 3],
            [2, 0, 1],
        ),
        (
            u64::MAX,
            [1_176_742_727, 1_460_346_173, 2_040_271_276],
            68_281_375_809_169_700,
            [3, 0, 3, 2, 0],
            3,
            [1, 0],
            [1, 0, 2, 3],
            [2, 1, 0],
        ),
    ];

    fn permutation<const N: usize>(generator: &mut Generator) -> [usize; N] {
        let mut numbers = std::array::from_fn(|number| number);
        generator.shuffle(&mut numbers);
        numbers
    }

    #[test]
    fn draws_are_the_ones_that_numpy_printed() {
        for (seed, halves, long, quarters, ten, two, four, three) in PRINTED {
            let mut generator = Generator::new(seed);
            assert_eq!(halves.map(|_| generator.below(1 << 31)), halves, "seed {seed}");
            assert_eq!(generator.below((1 << 63) - 1), long, "seed {seed}");
            assert_eq!(quarters.map(|_| generator.below(4)), quarters, "seed {seed}");
            assert_eq!(generator.below(10), ten, "seed {seed}");
            assert_eq!(permutation(&mut generator), two, "seed {seed}");
            assert_eq!(permutation(&mut generator), four, "seed {seed}");
            assert_eq!(permutation(&mut generator), three, "seed {seed}");
        }
    }

    #[test]
    fn bounds_that_need_no_draw_make_none() {
        let mut generator = Generator::new(3);
        let before = generator;
        assert_eq!((generator.below(0), generator.below(1)), (0, 0));
        assert_eq!(generator, before);
    }

    #[test]
    fn state_survives_its_encoding_with_and_without_a_spare_half() {
        let mut generator = Generator::new(5);
        for _ in 0..2 {
            generator.next_u32();
            let mut bytes = Encoder::default();
            generator.encode(&mut bytes);
            assert_eq!(Generator::decode(&mut Decoder::new(bytes.as_bytes())), Ok(generator));
        }
        assert!(Generator::decode(&mut Decoder::new(&[0; 37])).is_err(), "an even increment");
    }
}
