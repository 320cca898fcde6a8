//! How good the connection to a peer is, by probes of our own.
//!
//! ggrs measures a round trip, too, but its questions and answers wait for the datagram of the
//! next step on both sides, which adds up to two steps to every sample. A probe goes out and is
//! answered as soon as its shell polls, at every display frame. What is left of that waiting the
//! smallest of several samples takes out: they meet the peer's display at different moments.
//!
//! A probe is a datagram of four bytes: 255, with which no other one begins, a question (0) or an
//! answer (1), and a number (u16, little-endian).

use std::collections::VecDeque;
use std::time::Duration;

/// How often a question is asked.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// A question that has no answer for so long counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(2);
/// Samples that the round trip and the jitter are taken from: two seconds' worth.
const SAMPLES: usize = 8;
/// Questions that the loss is taken from: ten seconds' worth.
const FATES: usize = 40;

const MARK: u8 = 255;
const QUESTION: u8 = 0;
const ANSWER: u8 = 1;

/// What probes tell of a connection; `None` while nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// The smallest round trip of the last two seconds.
    pub rtt: Option<Duration>,
    /// How much successive round trips differ, on average over the last two seconds.
    pub jitter: Option<Duration>,
    /// The share of questions or answers that were lost in the last ten seconds, 0 to 1.
    pub loss: Option<f32>,
}

impl Quality {
    /// The loss as questions or answers lost of a thousand.
    #[must_use]
    pub fn loss_permille(&self) -> Option<u16> {
        self.loss.map(|loss| {
            let share = Duration::from_secs(1).mul_f32(loss.clamp(0.0, 1.0));
            u16::try_from(share.as_millis()).unwrap_or(1000)
        })
    }
}

/// A datagram that is a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Wants the same number back.
    Question(u16),
    /// Brings it.
    Answer(u16),
}

impl Probe {
    /// The probe in a datagram, if it is one.
    #[must_use]
    pub fn read(datagram: &[u8]) -> Option<Self> {
        let [kind, number @ ..] = datagram.strip_prefix(&[MARK])? else { return None };
        let number = u16::from_le_bytes(number.try_into().ok()?);
        match *kind {
            QUESTION => Some(Self::Question(number)),
            ANSWER => Some(Self::Answer(number)),
            _ => None,
        }
    }

    /// The datagram of a probe.
    #[must_use]
    pub fn datagram(self) -> Vec<u8> {
        let (kind, number) = match self {
            Self::Question(number) => (QUESTION, number),
            Self::Answer(number) => (ANSWER, number),
        };
        [&[MARK, kind][..], &number.to_le_bytes()].concat()
    }
}

/// The probes to one peer.
#[derive(Clone, Debug)]
pub struct Prober {
    next: Duration,
    number: u16,
    asked: VecDeque<(u16, Duration)>,
    samples: VecDeque<Duration>,
    /// Of the last questions: whether each was answered.
    fates: VecDeque<bool>,
}

impl Prober {
    /// A prober that asks its first question soon.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self {
            next: now + ASK_EVERY,
            number: 0,
            asked: VecDeque::new(),
            samples: VecDeque::new(),
            fates: VecDeque::new(),
        }
    }

    /// The next question, if it is time for one.
    pub fn poll(&mut self, now: Duration) -> Option<Probe> {
        while let Some(&(_, at)) = self.asked.front()
            && now.saturating_sub(at) >= LOST_AFTER
        {
            self.asked.pop_front();
            keep(&mut self.fates, false, FATES);
        }
        if now < self.next {
            return None;
        }
        self.next = now + ASK_EVERY;
        self.number = self.number.wrapping_add(1);
        self.asked.push_back((self.number, now));
        Some(Probe::Question(self.number))
    }

    /// An answer has come. One that was not asked for, or too late, changes nothing.
    pub fn answered(&mut self, now: Duration, number: u16) {
        let Some(at) = self.asked.iter().position(|(asked, _)| *asked == number) else { return };
        if let Some((_, at)) = self.asked.remove(at) {
            keep(&mut self.samples, now.saturating_sub(at), SAMPLES);
            keep(&mut self.fates, true, FATES);
        }
    }

    /// What is known.
    #[must_use]
    pub fn quality(&self) -> Quality {
        let pairs = self.samples.iter().zip(self.samples.iter().skip(1));
        let differences = pairs.map(|(a, b)| a.abs_diff(*b));
        let count = u32::try_from(differences.len()).unwrap_or(u32::MAX);
        let lost = self.fates.iter().filter(|answered| !**answered).count();
        let share = |lost: usize, of: usize| lost as f32 / of as f32;
        Quality {
            rtt: self.samples.iter().min().copied(),
            jitter: (count > 0).then(|| differences.sum::<Duration>() / count),
            loss: (!self.fates.is_empty()).then(|| share(lost, self.fates.len())),
        }
    }
}

fn keep<T>(last: &mut VecDeque<T>, value: T, most: usize) {
    if last.len() >= most {
        last.pop_front();
    }
    last.push_back(value);
}

#[cfg(test)]
mod tests {
    use super::{Probe, Prober, Quality};
    use std::time::Duration;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_probe_comes_back_as_it_was_sent() {
        for probe in [Probe::Question(7), Probe::Answer(u16::MAX)] {
            assert_eq!(Probe::read(&probe.datagram()), Some(probe));
        }
        for other in [&[][..], &[255, 0], &[255, 2, 0, 0], &[255, 0, 1, 0, 0], &[0, 0, 1, 0]] {
            assert_eq!(Probe::read(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_smallest_round_trip_and_the_lost_share_are_told() {
        let mut prober = Prober::new(ms(0));
        assert_eq!(prober.quality(), Quality::default());
        assert_eq!(prober.poll(ms(249)), None);
        for round in 0..40 {
            let now = ms(250 + round * 250);
            let Some(Probe::Question(number)) = prober.poll(now) else { panic!("not due") };
            assert_eq!(prober.poll(now), None);
            // Every fourth is lost; the others take 40 and 60 ms in turn.
            if round % 4 != 3 {
                prober.answered(now + ms(40 + round % 2 * 20), number);
                prober.answered(now + ms(90), number);
            }
        }
        prober.poll(ms(12_000));
        let quality = prober.quality();
        assert_eq!(quality.rtt, Some(ms(40)));
        assert!(quality.jitter > Some(ms(5)) && quality.jitter < Some(ms(20)), "{quality:?}");
        assert_eq!(quality.loss, Some(0.25));
        assert_eq!(quality.loss_permille(), Some(250));
    }
}
