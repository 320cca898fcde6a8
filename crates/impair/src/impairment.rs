//! What is wrong with a network.

use crate::rng::Rng;
use std::time::Duration;

/// The longest delay and the longest jitter that a text can ask for.
pub const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// The latest moment that an outage in a text can begin or end at.
pub const LATEST_OUTAGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The most outages that a text can list.
pub const MOST_OUTAGES: usize = 16;

/// How likely something is, in millionths: integers, so that a seed draws the same everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probability(u32);

impl Probability {
    /// It never happens.
    pub const NEVER: Self = Self(0);
    /// It always happens.
    pub const ALWAYS: Self = Self(1_000_000);

    /// A probability in millionths; more than a million is as good as always.
    #[must_use]
    pub const fn from_millionths(millionths: u32) -> Self {
        if millionths > Self::ALWAYS.0 { Self::ALWAYS } else { Self(millionths) }
    }

    /// A probability in percent; more than a hundred is as good as always.
    #[must_use]
    pub const fn from_percent(percent: u32) -> Self {
        Self::from_millionths(percent.saturating_mul(10_000))
    }

    /// The probability in millionths, 0 to 1 000 000.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// Whether it happens this time. Draws once, whatever the probability.
    pub(crate) fn happens(self, rng: &mut Rng) -> bool {
        rng.up_to(999_999) < u64::from(self.0)
    }
}

/// A time in which nothing gets through: from `from`, until just before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it begins, on the clock that the link is driven by.
    pub from: Duration,
    /// When it is over.
    pub to: Duration,
}

impl Outage {
    /// Whether the link is down at this moment.
    #[must_use]
    pub fn covers(self, moment: Duration) -> bool {
        (self.from..self.to).contains(&moment)
    }
}

/// What is wrong with a network, the same in both directions. The default is a perfect one.
///
/// As text, keys in any order and all optional:
///
/// ```text
/// delay=100ms,jitter=30ms,loss=15%,dup=1%,reorder=5%,down=20s..23s,seed=7
/// ```
///
/// Times have a unit (`us`, `ms` or `s`), shares a percent sign with up to four decimals.
/// `down` may be given several times. The empty text and `none` are the perfect network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impairment {
    /// How long an item takes, one way.
    pub delay: Duration,
    /// By how much it may take longer or less long, evenly distributed; never below zero.
    pub jitter: Duration,
    /// The share of items that are lost.
    pub loss: Probability,
    /// The share of items that arrive twice.
    pub duplication: Probability,
    /// The share of items that are held back so that later ones overtake them.
    pub reorder: Probability,
    /// When nothing gets through at all.
    pub outages: Vec<Outage>,
    /// Where all chance starts from.
    pub seed: u64,
}

impl Impairment {
    /// The same network with another seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The end of the outage that covers this moment, following outages that touch or overlap.
    pub(crate) fn up_again(&self, moment: Duration) -> Option<Duration> {
        let end = |moment| self.outages.iter().filter(|o| o.covers(moment)).map(|o| o.to).max();
        let mut up = end(moment)?;
        // Each turn leaves one more outage behind, so this ends.
        while let Some(later) = end(up) {
            up = later;
        }
        Some(up)
    }
}

#[cfg(test)]
mod tests {
    use super::{Impairment, Outage, Probability};
    use crate::rng::Rng;
    use std::time::Duration;

    #[test]
    fn never_and_always_mean_it() {
        let mut rng = Rng::new(1);
        for _ in 0..10_000 {
            assert!(!Probability::NEVER.happens(&mut rng));
            assert!(Probability::ALWAYS.happens(&mut rng));
        }
        let sometimes = Probability::from_percent(15);
        let count = (0..10_000).filter(|_| sometimes.happens(&mut rng)).count();
        assert!((1_350..1_650).contains(&count), "{count}");
        assert_eq!(Probability::from_percent(200), Probability::ALWAYS);
    }

    #[test]
    fn touching_outages_are_one() {
        let ms = Duration::from_millis;
        let outage = |from, to| Outage { from: ms(from), to: ms(to) };
        let outages = vec![outage(30, 40), outage(10, 20), outage(20, 25), outage(15, 15)];
        let network = Impairment { outages, ..Impairment::default() };
        assert_eq!(network.up_again(ms(9)), None);
        assert_eq!(network.up_again(ms(10)), Some(ms(25)));
        assert_eq!(network.up_again(ms(25)), None, "an outage ends just before its end");
        assert_eq!(network.up_again(ms(39)), Some(ms(40)));
    }
}
