//! Rewards, as integers.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// A reward in thousandths of a point, so that sums are exact on every machine.
///
/// Its text is the one form that records know: `20`, `0.1`, `-0.05`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Reward(pub i32);

impl Reward {
    /// No reward.
    pub const ZERO: Self = Self(0);

    /// So many whole points.
    #[must_use]
    pub const fn points(points: i32) -> Self {
        Self(points.saturating_mul(1000))
    }
}

impl Add for Reward {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Reward {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Reward {
    fn sum<I: Iterator<Item = Self>>(rewards: I) -> Self {
        rewards.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Reward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let (whole, thousandths) = (magnitude / 1000, magnitude % 1000);
        if thousandths == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{thousandths:03}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::Reward;

    #[test]
    fn text_is_the_shortest_exact_decimal() {
        let cases = [
            (20_000, "20"),
            (100, "0.1"),
            (-50, "-0.05"),
            (0, "0"),
            (1_001, "1.001"),
            (-20_300, "-20.3"),
            (i32::MIN, "-2147483.648"),
        ];
        for (thousandths, text) in cases {
            assert_eq!(Reward(thousandths).to_string(), text);
        }
    }
}
