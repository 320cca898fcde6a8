//! The part of the crate `instant` that ggrs uses, over a virtual clock.
//!
//! Each thread has a clock of its own, so simulations on several threads don't meet. It stands
//! still until [`set`] or [`advance`] moves it.

pub use std::time::Duration;

use std::cell::Cell;
use std::ops::Add;

thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Sets this thread's clock, to a time since any moment that the simulation likes.
pub fn set(now: Duration) {
    NOW.set(now);
}

/// Moves this thread's clock on.
pub fn advance(by: Duration) {
    NOW.set(NOW.get() + by);
}

/// A moment on this thread's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// What the clock shows.
    #[must_use]
    pub fn now() -> Self {
        Self(NOW.get())
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(self.0 + by)
    }
}
