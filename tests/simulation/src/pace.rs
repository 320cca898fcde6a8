//! When a step is due: the accumulator of `bevy_ggrs`.

use std::time::Duration;

/// The most time that one display frame can add, as Bevy's virtual clock has it.
const MOST: Duration = Duration::from_millis(250);

/// Time that has passed and was not used for a step yet.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    step: Duration,
    gathered: Duration,
    slow: bool,
}

impl Pace {
    /// The pace of so many steps a second.
    #[must_use]
    pub fn new(steps_per_second: u16) -> Self {
        let step = Duration::from_nanos(1_000_000_000 / u64::from(steps_per_second.max(1)));
        Self { step, gathered: Duration::ZERO, slow: false }
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.gathered += time.min(MOST);
    }

    /// Whether a step is due, which uses up its time.
    pub fn take_step(&mut self) -> bool {
        let due = self.is_due();
        if due {
            self.gathered -= self.step();
        }
        due
    }

    /// Whether a step is due.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.until_step().is_zero()
    }

    /// How long until a step is due.
    #[must_use]
    pub fn until_step(&self) -> Duration {
        self.step().saturating_sub(self.gathered)
    }

    /// Steps are 10 % longer while this side is ahead.
    fn step(&self) -> Duration {
        if self.slow { self.step * 11 / 10 } else { self.step }
    }

    /// Says whether this side is ahead.
    pub const fn set_ahead(&mut self, ahead: bool) {
        self.slow = ahead;
    }

    /// Forgets the time that has passed: there is no session to step.
    pub const fn idle(&mut self) {
        self.gathered = Duration::ZERO;
        self.slow = false;
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use std::time::Duration;

    fn steps(pace: &mut Pace, time: Duration) -> usize {
        pace.pass(time);
        std::iter::from_fn(|| pace.take_step().then_some(())).count()
    }

    #[test]
    fn time_becomes_steps_and_lost_time_is_not_made_up_for() {
        let mut pace = Pace::new(30);
        let frame = Duration::from_nanos(16_666_667);
        assert_eq!((0..60).map(|_| steps(&mut pace, frame)).sum::<usize>(), 30);
        assert_eq!(steps(&mut pace, Duration::from_secs(60)), 7);
        pace.idle();
        pace.set_ahead(true);
        assert_eq!((0..66).map(|_| steps(&mut pace, frame)).sum::<usize>(), 30);
    }
}
