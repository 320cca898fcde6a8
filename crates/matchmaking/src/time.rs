//! Time, as the caller measures it.

use serde::{Deserialize, Serialize};

/// Milliseconds since some moment that the caller chose, by a clock that never goes back. What is
/// persisted holds such moments, so after a restart the caller counts from the same one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// A moment that does not come.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment so many milliseconds later.
    #[must_use]
    pub const fn plus_ms(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// Milliseconds from here until then; 0 if that is past.
    #[must_use]
    pub const fn ms_until(self, then: Self) -> u64 {
        then.0.saturating_sub(self.0)
    }
}
