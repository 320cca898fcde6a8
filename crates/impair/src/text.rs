//! The text of an [`Impairment`], both ways.

use crate::impairment::{
    Impairment, LATEST_OUTAGE, LONGEST_DELAY, MOST_OUTAGES, Outage, Probability,
};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Why a text describes no [`Impairment`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImpairmentError {
    /// A part without an equals sign.
    #[error("{part:?} is not of the form key=value, such as loss=5%")]
    NotAPair {
        /// The part.
        part: String,
    },
    /// A key that means nothing.
    #[error("{key:?} is no key; there are delay, jitter, loss, dup, reorder, down and seed")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A key that was there before.
    #[error("{key} is given twice (now with {value:?}); only down may be repeated")]
    Repeated {
        /// The key.
        key: &'static str,
        /// Its second value.
        value: String,
    },
    /// A value that is no time.
    #[error("{key}={value}: write a whole number and a unit (us, ms, s), such as 100ms")]
    NotATime {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// A time beyond the limit.
    #[error("{key}={value}: at most {} s are possible", most.as_secs())]
    TooLong {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// The limit.
        most: Duration,
    },
    /// A value that is no share.
    #[error("{key}={value}: write a share from 0% to 100%, such as 15% or 0.5%")]
    NotAShare {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// A value that is no span of time.
    #[error("down={value}: write when it begins and, later, when it is over, such as 20s..23s")]
    NotASpan {
        /// The value.
        value: String,
    },
    /// More outages than a text can list.
    #[error("down={value}: more than {MOST_OUTAGES} outages")]
    TooManyOutages {
        /// The first one too many.
        value: String,
    },
    /// A value that is no seed.
    #[error("seed={value}: write a whole number from 0 to {}", u64::MAX)]
    NotASeed {
        /// The value.
        value: String,
    },
}

const KEYS: [&str; 7] = ["delay", "jitter", "loss", "dup", "reorder", "down", "seed"];

impl FromStr for Impairment {
    type Err = ImpairmentError;

    fn from_str(text: &str) -> Result<Self, ImpairmentError> {
        let mut network = Self::default();
        let mut seen = [false; KEYS.len()];
        if matches!(text.trim(), "" | "none") {
            return Ok(network);
        }
        for part in text.split(',').map(str::trim) {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| ImpairmentError::NotAPair { part: part.to_owned() })?;
            let at = KEYS
                .iter()
                .position(|known| *known == key)
                .ok_or_else(|| ImpairmentError::UnknownKey { key: key.to_owned() })?;
            let key = KEYS[at];
            if std::mem::replace(&mut seen[at], true) && key != "down" {
                return Err(ImpairmentError::Repeated { key, value: value.to_owned() });
            }
            network.set(key, value)?;
        }
        Ok(network)
    }
}

impl Impairment {
    fn set(&mut self, key: &'static str, value: &str) -> Result<(), ImpairmentError> {
        match key {
            "delay" => self.delay = time(key, value, LONGEST_DELAY)?,
            "jitter" => self.jitter = time(key, value, LONGEST_DELAY)?,
            "loss" => self.loss = share(key, value)?,
            "dup" => self.duplication = share(key, value)?,
            "reorder" => self.reorder = share(key, value)?,
            "down" if self.outages.len() == MOST_OUTAGES => {
                return Err(ImpairmentError::TooManyOutages { value: value.to_owned() });
            }
            "down" => self.outages.push(span(value)?),
            _ => self.seed = seed(value)?,
        }
        Ok(())
    }
}

/// A whole number. Unlike `u64::from_str` it takes no plus sign.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn seed(value: &str) -> Result<u64, ImpairmentError> {
    whole(value).ok_or_else(|| ImpairmentError::NotASeed { value: value.to_owned() })
}

fn time(key: &'static str, value: &str, most: Duration) -> Result<Duration, ImpairmentError> {
    let not_a_time = || ImpairmentError::NotATime { key, value: value.to_owned() };
    let unit_at = value.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(not_a_time)?;
    let (number, unit) = value.split_at(unit_at);
    let number = whole(number).ok_or_else(not_a_time)?;
    let time = match unit {
        "us" => Duration::from_micros(number),
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        _ => return Err(not_a_time()),
    };
    if time > most {
        return Err(ImpairmentError::TooLong { key, value: value.to_owned(), most });
    }
    Ok(time)
}

fn share(key: &'static str, value: &str) -> Result<Probability, ImpairmentError> {
    millionths(value)
        .filter(|&share| share <= Probability::ALWAYS.millionths())
        .map(Probability::from_millionths)
        .ok_or_else(|| ImpairmentError::NotAShare { key, value: value.to_owned() })
}

/// Percent with at most four decimals, as millionths.
fn millionths(value: &str) -> Option<u32> {
    let percent = value.strip_suffix('%')?;
    let (units, decimals) = percent.split_once('.').unwrap_or((percent, "0"));
    if units.is_empty() || !(1..=4).contains(&decimals.len()) {
        return None;
    }
    let scale = [1_000, 100, 10, 1][decimals.len() - 1];
    let units = u32::try_from(whole(units)?).ok()?;
    let decimals = u32::try_from(whole(decimals)?).ok()?;
    units.checked_mul(10_000)?.checked_add(decimals * scale)
}

fn span(value: &str) -> Result<Outage, ImpairmentError> {
    let not_a_span = || ImpairmentError::NotASpan { value: value.to_owned() };
    let (from, to) = value.split_once("..").ok_or_else(not_a_span)?;
    let moment = |text| time("down", text, LATEST_OUTAGE);
    let outage = Outage { from: moment(from)?, to: moment(to)? };
    if outage.from < outage.to { Ok(outage) } else { Err(not_a_span()) }
}

/// Prints what parsing gives back; only what differs from the perfect network.
impl fmt::Display for Impairment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = [("delay", self.delay), ("jitter", self.jitter)];
        let shares = [("loss", self.loss), ("dup", self.duplication), ("reorder", self.reorder)];
        let mut parts = Vec::new();
        for (key, time) in times.into_iter().filter(|(_, time)| !time.is_zero()) {
            parts.push(format!("{key}={}", Time(time)));
        }
        for (key, share) in shares.into_iter().filter(|(_, share)| *share != Probability::NEVER) {
            parts.push(format!("{key}={share}"));
        }
        for outage in &self.outages {
            parts.push(format!("down={}..{}", Time(outage.from), Time(outage.to)));
        }
        if self.seed != 0 {
            parts.push(format!("seed={}", self.seed));
        }
        if parts.is_empty() { f.write_str("none") } else { f.write_str(&parts.join(",")) }
    }
}

/// A time in the largest unit that it is a whole number of; below a microsecond it is cut off.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match (micros % 1_000_000, micros % 1_000) {
            (0, _) => write!(f, "{}s", micros / 1_000_000),
            (_, 0) => write!(f, "{}ms", micros / 1_000),
            _ => write!(f, "{micros}us"),
        }
    }
}

/// In percent, such as `15%` or `0.5%`.
impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, decimals) = (self.millionths() / 10_000, self.millionths() % 10_000);
        match decimals {
            0 => write!(f, "{units}%"),
            _ => write!(f, "{units}.{}%", format!("{decimals:04}").trim_end_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Impairment, ImpairmentError, Probability};
    use crate::impairment::{LONGEST_DELAY, MOST_OUTAGES, Outage};
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn every_key_is_read_in_any_order() {
        let text = "seed=7, reorder=5%,loss=15%,dup=0.5%,down=20s..23s,jitter=30ms,delay=100ms";
        let network = Impairment {
            delay: Duration::from_millis(100),
            jitter: Duration::from_millis(30),
            loss: Probability::from_percent(15),
            duplication: Probability::from_millionths(5_000),
            reorder: Probability::from_percent(5),
            outages: vec![Outage { from: Duration::from_secs(20), to: Duration::from_secs(23) }],
            seed: 7,
        };
        assert_eq!(text.parse(), Ok(network.clone()));
        assert_eq!(
            network.to_string(),
            "delay=100ms,jitter=30ms,loss=15%,dup=0.5%,reorder=5%,down=20s..23s,seed=7"
        );
        assert_eq!("none".parse(), Ok(Impairment::default()));
        assert_eq!("".parse(), Ok(Impairment::default()));
        assert_eq!(Impairment::default().to_string(), "none");
    }

    #[test]
    fn mistakes_name_key_and_value() {
        let messages = [
            ("loss", r#""loss" is not of the form key=value, such as loss=5%"#),
            ("loss=5%,", r#""" is not of the form key=value, such as loss=5%"#),
            (
                "los=5%",
                r#""los" is no key; there are delay, jitter, loss, dup, reorder, down and seed"#,
            ),
            (
                "loss=5%,loss=6%",
                r#"loss is given twice (now with "6%"); only down may be repeated"#,
            ),
            ("delay=100", "delay=100: write a whole number and a unit (us, ms, s), such as 100ms"),
            ("delay=ms", "delay=ms: write a whole number and a unit (us, ms, s), such as 100ms"),
            ("jitter=61s", "jitter=61s: at most 60 s are possible"),
            ("loss=101%", "loss=101%: write a share from 0% to 100%, such as 15% or 0.5%"),
            ("loss=15", "loss=15: write a share from 0% to 100%, such as 15% or 0.5%"),
            ("dup=.5%", "dup=.5%: write a share from 0% to 100%, such as 15% or 0.5%"),
            (
                "down=3s..3s",
                "down=3s..3s: write when it begins and, later, when it is over, such as 20s..23s",
            ),
            ("seed=-1", "seed=-1: write a whole number from 0 to 18446744073709551615"),
            ("seed=", "seed=: write a whole number from 0 to 18446744073709551615"),
        ];
        for (text, message) in messages {
            let error = text.parse::<Impairment>().unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
        }
    }

    #[test]
    fn outages_are_bounded() {
        let most = ["down=1s..2s"; MOST_OUTAGES].join(",");
        assert!(most.parse::<Impairment>().is_ok());
        assert_eq!(
            format!("{most},down=3s..4s").parse::<Impairment>(),
            Err(ImpairmentError::TooManyOutages { value: "3s..4s".to_owned() })
        );
    }

    prop_compose! {
        fn micros()(micros in 0..=LONGEST_DELAY.as_secs() * 1_000_000) -> Duration {
            Duration::from_micros(micros)
        }
    }

    prop_compose! {
        fn probability()(millionths in 0_u32..=1_000_000) -> Probability {
            Probability::from_millionths(millionths)
        }
    }

    prop_compose! {
        fn network()(
            delay in micros(), jitter in micros(),
            loss in probability(), duplication in probability(), reorder in probability(),
            spans in prop::collection::vec((micros(), 1_u64..1_000_000), 0..3),
            seed: u64,
        ) -> Impairment {
            let outage = |(from, length)| Outage { from, to: from + Duration::from_micros(length) };
            let outages = spans.into_iter().map(outage).collect();
            Impairment { delay, jitter, loss, duplication, reorder, outages, seed }
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(network in network()) {
            prop_assert_eq!(network.to_string().parse(), Ok(network));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a-z=0-9%.,]{0,40}|\\PC{0,40}") {
            if let Ok(network) = text.parse::<Impairment>() {
                prop_assert_eq!(network.to_string().parse(), Ok(network));
            }
        }
    }
}
