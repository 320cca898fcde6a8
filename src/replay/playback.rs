//! Which place of a film is shown, and how that changes.

use std::time::Duration;

/// How fast a film can run, in parts of the game's own speed.
const SPEEDS: [f64; 7] = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0];
/// Where 1 is among them.
const NORMAL: usize = 3;

/// A film that runs or stands still.
#[derive(Clone, Debug, PartialEq)]
pub struct Playback {
    end: usize,
    step: Duration,
    place: usize,
    /// Of the step that follows, how much has passed.
    passed: Duration,
    speed: usize,
    runs: bool,
}

impl Playback {
    /// A film of so many steps, running from its beginning; `step` is how long one takes.
    #[must_use]
    pub const fn new(end: usize, step: Duration) -> Self {
        Self { end, step, place: 0, passed: Duration::ZERO, speed: NORMAL, runs: true }
    }

    /// Time passes.
    pub fn pass(&mut self, time: Duration) {
        if !self.runs {
            return;
        }
        self.passed += time.mul_f64(self.speed());
        while self.passed >= self.step && self.place < self.end {
            self.passed -= self.step;
            self.place += 1;
        }
        if self.place == self.end {
            self.runs = false;
            self.passed = Duration::ZERO;
        }
    }

    /// Stops a film that runs; lets one run that stands still, from the beginning if it is over.
    pub const fn toggle(&mut self) {
        if !self.runs && self.place == self.end {
            self.place = 0;
        }
        self.runs = !self.runs;
        self.passed = Duration::ZERO;
    }

    /// Goes to a place, or to the last one.
    pub fn jump(&mut self, place: usize) {
        self.place = place.min(self.end);
        self.passed = Duration::ZERO;
    }

    /// Stands still, so many steps further on.
    pub fn step_on(&mut self, steps: isize) {
        self.runs = false;
        self.jump(self.place.saturating_add_signed(steps));
    }

    /// Goes to the next speed.
    pub fn faster(&mut self) {
        self.speed = (self.speed + 1).min(SPEEDS.len() - 1);
    }

    /// Goes to the speed before.
    pub const fn slower(&mut self) {
        self.speed = self.speed.saturating_sub(1);
    }

    /// The speed, in parts of the game's own.
    #[must_use]
    pub fn speed(&self) -> f64 {
        SPEEDS[self.speed]
    }

    /// The place that is shown.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.place
    }

    /// Whether it runs.
    #[must_use]
    pub const fn runs(&self) -> bool {
        self.runs
    }
}

#[cfg(test)]
mod tests {
    use super::Playback;
    use std::time::Duration;

    const STEP: Duration = Duration::from_millis(50);

    #[test]
    fn it_runs_at_its_speed_and_stops_at_the_end() {
        let mut playback = Playback::new(10, STEP);
        playback.pass(STEP * 2 + STEP / 2);
        assert_eq!(playback.place(), 2);
        playback.pass(STEP / 2);
        assert_eq!(playback.place(), 3, "what had passed of a step is kept");
        playback.faster();
        playback.pass(STEP);
        assert_eq!(playback.place(), 5);
        playback.slower();
        playback.slower();
        playback.pass(STEP * 2);
        assert_eq!((playback.place(), playback.runs()), (6, true));
        playback.pass(STEP * 100);
        assert_eq!((playback.place(), playback.runs()), (10, false));
        playback.toggle();
        assert_eq!((playback.place(), playback.runs()), (0, true));
    }

    #[test]
    fn a_person_goes_anywhere_within_it() {
        let mut playback = Playback::new(10, STEP);
        playback.jump(7);
        assert_eq!((playback.place(), playback.runs()), (7, true));
        playback.step_on(-1);
        assert_eq!((playback.place(), playback.runs()), (6, false));
        playback.pass(STEP * 5);
        assert_eq!(playback.place(), 6);
        playback.step_on(-100);
        assert_eq!(playback.place(), 0);
        playback.step_on(100);
        assert_eq!(playback.place(), 10);
        playback.jump(99);
        assert_eq!(playback.place(), 10);
    }

    #[test]
    fn an_empty_film_stands_still() {
        let mut playback = Playback::new(0, STEP);
        playback.pass(STEP);
        assert_eq!((playback.place(), playback.runs()), (0, false));
    }
}
