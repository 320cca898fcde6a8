//! Seeds, and what is drawn with them.
//!
//! Nothing here is a source of chance: the lab draws one secret seed for a study's data folder and
//! one for each match (unless the file fixes it), and everything else follows from those.
//!
//! ```text
//! study's seed ─┬─ derive(seed, "order", participant)      a participant's own seed
//!               ├─ derive(seed, "condition", participant)  ties in the assignment of conditions
//!               └─ derive(seed, "group", "group-MATCH")    the seed of a group that a block is drawn for
//! own seed ─────┬─ derive(seed, "block", "ID/REPETITION")  order of a block of one's own
//!               └─ derive(seed, "options", question)       order of a question's options
//! match's seed ─┬─ Rng::stream(seed, episode)              an episode (gridworld)
//!               ├─ derive(seed, "layout", "")              the layout out of several
//!               └─ derive(seed, "program", seat)           the choices of a program in a seat
//! group's seed ─── derive(seed, "block", "ID/REPETITION")  order of a block that a group has
//! ```
//!
//! [`derive`](derive()) is gridworld's, as are draws, by SplitMix64.

use dyad_gridworld::rng::Rng;
pub use dyad_gridworld::seed::{BITS, derive};

/// Shuffles a list (Fisher and Yates).
pub(crate) fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut rng = Rng::new(seed);
    for last in (1..list.len()).rev() {
        let among = u32::try_from(last + 1).unwrap_or(u32::MAX);
        list.swap(last, rng.below(among) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::{BITS, derive, shuffle};

    #[test]
    fn seeds_are_what_they_were() {
        // Studies under way depend on these.
        let vectors = [derive(0, "", ""), derive(7, "layout", ""), derive(7, "program", "1")];
        assert_eq!(vectors, [1_177_980_543_459_764, 2_430_935_930_752_018, 8_248_669_513_762_434]);
        assert!(vectors.iter().all(|seed| *seed < 1 << BITS));
    }

    #[test]
    fn purposes_and_names_do_not_run_into_each_other() {
        assert_ne!(derive(1, "ab", "c"), derive(1, "a", "bc"));
        assert_ne!(derive(1, "a", "b"), derive(2, "a", "b"));
    }

    #[test]
    fn every_order_comes_up_about_as_often() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..6000 {
            let mut list = [0, 1, 2];
            shuffle(&mut list, derive(seed, "block", "x/0"));
            *counts.entry(list).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
