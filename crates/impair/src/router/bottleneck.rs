//! A slow piece of cable with a queue in front of it.

use std::time::Duration;

/// How narrow a path is: so many bits a second, and a queue in front of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bottleneck {
    /// How much gets through.
    pub bits_per_second: u64,
    /// The longest wait in the queue. A packet that would wait longer is dropped.
    pub queue: Duration,
}

impl Bottleneck {
    /// How long a packet of so many bytes occupies the cable.
    fn time_for(self, bytes: usize) -> Duration {
        let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(8);
        let micros = bits.saturating_mul(1_000_000) / self.bits_per_second.max(1);
        Duration::from_micros(micros)
    }
}

/// The queue of a [`Bottleneck`], or of a cable as fast as needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    /// What limits it, if anything.
    pub(super) bottleneck: Option<Bottleneck>,
    /// When the cable has sent everything that was admitted.
    free: Duration,
}

impl Queue {
    pub(super) const fn new(bottleneck: Option<Bottleneck>) -> Self {
        Self { bottleneck, free: Duration::ZERO }
    }

    /// When a packet that arrives now has left the queue; `None` if the queue is full.
    pub(super) fn admit(&mut self, now: Duration, bytes: usize) -> Option<Duration> {
        let Some(bottleneck) = self.bottleneck else { return Some(now) };
        let begin = self.free.max(now);
        if begin - now > bottleneck.queue {
            return None;
        }
        self.free = begin.saturating_add(bottleneck.time_for(bytes));
        Some(self.free)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bottleneck, Queue};
    use std::time::Duration;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn packets_leave_one_after_the_other_and_a_full_queue_drops() {
        // 1000 bytes take 100 ms.
        let bottleneck = Bottleneck { bits_per_second: 80_000, queue: MS(150) };
        let mut queue = Queue::new(Some(bottleneck));
        assert_eq!(queue.admit(MS(0), 1_000), Some(MS(100)));
        assert_eq!(queue.admit(MS(0), 1_000), Some(MS(200)));
        assert_eq!(queue.admit(MS(0), 1_000), None, "it would wait for 200 ms");
        assert_eq!(queue.admit(MS(50), 1_000), Some(MS(300)), "150 ms are allowed");
        assert_eq!(queue.admit(MS(1_000), 500), Some(MS(1_050)), "it has run empty");
    }

    #[test]
    fn without_a_bottleneck_nothing_waits() {
        let mut queue = Queue::new(None);
        assert!((0..1_000).all(|_| queue.admit(MS(7), 1_500) == Some(MS(7))));
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let bottleneck = Bottleneck { bits_per_second: 0, queue: Duration::MAX };
        let mut queue = Queue::new(Some(bottleneck));
        assert!(queue.admit(Duration::MAX, usize::MAX).is_some());
        assert!(queue.admit(Duration::ZERO, usize::MAX).is_some());
    }
}
