//! How a peer that was interrupted gets what the others have confirmed and it has not.

use super::NotResumed;
use crate::history::{History, Position};
use crate::peering::{MAX_SUPPLY, Supplied};
use dyad_gridworld::{Digest, Entry};
use dyad_protocol::Seat;
use std::time::Duration;

/// How often an answer is asked for again.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// How this side stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nobody has more.
    Level,
    /// Somebody has more.
    Behind {
        /// The first who has the most.
        donor: Seat,
        /// Up to where.
        position: Position,
        /// Digest of the world there.
        state: Digest,
    },
    /// Play cannot go on.
    Failed(NotResumed),
}

/// Compares this side's position with the others'.
pub(super) fn compare(
    (position, state): (Position, Digest),
    others: impl Iterator<Item = (Seat, Position, Digest)>,
) -> Progress {
    let mut best = (None, position, state);
    for (seat, theirs, digest) in others {
        if theirs > best.1 {
            best = (Some(seat), theirs, digest);
        } else if theirs == best.1 && digest != best.2 {
            return Progress::Failed(NotResumed::Contradiction);
        }
    }
    match best {
        (None, ..) => Progress::Level,
        (Some(donor), position, state) => Progress::Behind { donor, position, state },
    }
}

/// What follows a position, as much as one message holds; nothing if it is not known any more.
pub(super) fn supply(history: &History, from: Position, players: usize) -> Vec<Supplied> {
    let entries = history.since(from).into_iter().flatten().take(MAX_SUPPLY);
    entries.map(|entry| Supplied::of(&entry, players)).collect()
}

/// A catching up in progress. It works on a copy, so that nothing reaches the record before all
/// of it has led to the donor's state.
#[derive(Debug)]
pub(super) struct CatchUp {
    donor: Seat,
    target: Position,
    state: Digest,
    history: History,
    entries: Vec<Entry>,
    next_ask: Duration,
}

impl CatchUp {
    /// Begins with what this side has.
    pub(super) fn new(history: &History, donor: Seat, target: Position, state: Digest) -> Self {
        let (history, entries) = (history.clone(), Vec::new());
        Self { donor, target, state, history, entries, next_ask: Duration::ZERO }
    }

    /// Whom to ask for what comes after which position, if it is time to.
    pub(super) fn poll_ask(&mut self, now: Duration) -> Option<(Seat, Position)> {
        if now < self.next_ask {
            return None;
        }
        self.next_ask = now + ASK_EVERY;
        Some((self.donor, self.history.position()))
    }

    /// Takes a part of an answer. When all has come, returns the history that the donor has, and
    /// what was added to ours.
    ///
    /// # Errors
    /// If the donor does not know it any more, or it does not lead to the donor's state.
    pub(super) fn take(
        &mut self,
        seat: Seat,
        from: Position,
        entries: &[Supplied],
        players: usize,
    ) -> Result<Option<(History, Vec<Entry>)>, NotResumed> {
        if seat != self.donor || from != self.history.position() {
            // A second answer to a question that was repeated.
            return Ok(None);
        }
        if entries.is_empty() {
            return Err(NotResumed::TooOld);
        }
        for entry in entries {
            if self.history.position() >= self.target {
                // The donor has begun the next epoch already, and we shall begin it ourselves.
                break;
            }
            let entry = match entry {
                Supplied::Frame(bits) => {
                    let inputs = Supplied::inputs(bits, players);
                    let inputs = inputs.ok_or(NotResumed::Contradiction)?;
                    Entry::Frame(self.history.simulate(inputs))
                }
                Supplied::Hold { frames, epoch } if *epoch > self.history.position().epoch => {
                    Entry::Hold(self.history.hold(*frames, *epoch))
                }
                Supplied::Hold { .. } => return Err(NotResumed::Contradiction),
            };
            self.entries.push(entry);
        }
        // There is more to ask for, at once.
        self.next_ask = Duration::ZERO;
        if self.history.position() != self.target {
            return Ok(None);
        }
        if self.history.digest() != self.state {
            return Err(NotResumed::Contradiction);
        }
        Ok(Some((self.history.clone(), std::mem::take(&mut self.entries))))
    }
}
