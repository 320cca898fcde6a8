//! Rewards, as integers.

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

/// A reward in thousandths of a point, so that sums are exact on every machine.
///
/// Its text is the one form that records know: `20`, `0.1`, `-0.05`. In settings it is either a
/// whole number, which means thousandths, or such a text, which means points: `3000` is `"3"`.
/// It is always written as the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

/// A text that is no reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reward is a number with at most three decimal places, such as 20 or -0.05")]
pub struct NotAReward;

impl FromStr for Reward {
    type Err = NotAReward;

    /// Reads points, exactly: `20`, `0.1`, `-0.05`.
    fn from_str(text: &str) -> Result<Self, NotAReward> {
        let (sign, magnitude) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, places) = magnitude.split_once('.').unwrap_or((magnitude, "0"));
        let digits = |text: &str, most| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, 7) || !digits(places, 3) {
            return Err(NotAReward);
        }
        let thousandths: i64 =
            format!("{whole}{places:0<3}").parse().map_err(|_not_digits| NotAReward)?;
        i32::try_from(sign * thousandths).map(Self).map_err(|_too_large| NotAReward)
    }
}

impl<'de> Deserialize<'de> for Reward {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(RewardVisitor)
        } else {
            i32::deserialize(deserializer).map(Self)
        }
    }
}

struct RewardVisitor;

impl Visitor<'_> for RewardVisitor {
    type Value = Reward;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thousandths of a point as a whole number, or points as a text such as \"0.1\"")
    }

    fn visit_i64<E: de::Error>(self, thousandths: i64) -> Result<Reward, E> {
        i32::try_from(thousandths)
            .map(Reward)
            .map_err(|_too_large| E::invalid_value(de::Unexpected::Signed(thousandths), &self))
    }

    fn visit_u64<E: de::Error>(self, thousandths: u64) -> Result<Reward, E> {
        i32::try_from(thousandths)
            .map(Reward)
            .map_err(|_too_large| E::invalid_value(de::Unexpected::Unsigned(thousandths), &self))
    }

    fn visit_str<E: de::Error>(self, points: &str) -> Result<Reward, E> {
        points.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAReward, Reward};

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

    #[test]
    fn text_is_read_back_exactly_and_rubbish_is_refused() {
        for thousandths in [0, 1, -1, 10, 100, -50, 20_000, 1_001, 2_147_483_647, i32::MIN] {
            assert_eq!(Reward(thousandths).to_string().parse(), Ok(Reward(thousandths)));
        }
        for text in ["", "-", ".5", "5.", "1e3", "+1", "0.0001", "2147483.648", "1 ", "--1", "NaN"]
        {
            assert_eq!(text.parse::<Reward>(), Err(NotAReward), "{text:?}");
        }
    }

    #[test]
    fn settings_hold_thousandths_or_text() {
        let parse = |json: &str| serde_json::from_str::<Reward>(json).ok();
        assert_eq!(parse("100"), Some(Reward(100)));
        assert_eq!(parse("-50"), Some(Reward(-50)));
        assert_eq!(parse("\"0.1\""), Some(Reward(100)));
        for refused in ["0.1", "20.0", "\"x\"", "4294967296", "null"] {
            assert_eq!(parse(refused), None, "{refused}");
        }
        assert_eq!(serde_json::to_string(&Reward(100)).unwrap(), "100");
    }
}
