//! Who is put together. A [`Matchmaker`] sees the waiting room and proposes one group at a time;
//! everything else (states, places, effects) is not its business.

use crate::time::Timestamp;
use dyad_protocol::ParticipantId;
use std::num::NonZeroU8;

/// Somebody who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub participant: ParticipantId,
    /// Since when. Who returned from a match that never started keeps the first time.
    pub since: Timestamp,
}

/// A rule that forms groups.
pub trait Matchmaker: Send {
    /// People that a game needs.
    fn group_size(&self) -> NonZeroU8;

    /// The next group: indices into `waiting`, in the order of seats; `None` if nobody can be
    /// matched now. `waiting` is in order of arrival. Called again after every group, until it
    /// returns `None`.
    fn propose(&mut self, now: Timestamp, waiting: &[Candidate]) -> Option<Vec<usize>>;
}

/// First come, first served.
#[derive(Clone, Copy, Debug)]
pub struct Fifo {
    group_size: NonZeroU8,
}

impl Fifo {
    /// Groups of this size.
    #[must_use]
    pub const fn new(group_size: NonZeroU8) -> Self {
        Self { group_size }
    }
}

impl Matchmaker for Fifo {
    fn group_size(&self) -> NonZeroU8 {
        self.group_size
    }

    fn propose(&mut self, _now: Timestamp, waiting: &[Candidate]) -> Option<Vec<usize>> {
        let size = usize::from(self.group_size.get());
        (waiting.len() >= size).then(|| (0..size).collect())
    }
}
