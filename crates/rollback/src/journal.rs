//! The journal and the commit rule: how a frame becomes final.
//!
//! ggrs says which inputs are confirmed before it has resimulated the frames that were
//! predicted wrongly, and it never simulates a rightly predicted frame again. So neither its
//! confirmed frame at a poll nor the status of an input tells that a simulated frame is true.
//! This does:
//!
//! - at every `AdvanceFrame`, first time or resimulated, the frame's entry is overwritten with
//!   the inputs and the digest it led to;
//! - after all requests of a step have run, and only then, the frames up to the smaller of the
//!   confirmed frame and the last simulated one are true: each was last simulated with the inputs
//!   that its players sent. They leave in order, each once.

use dyad_gridworld::{ConfirmedFrame, Digest, MAX_PLAYERS, PlayerInput};

/// Frames the journal holds. ggrs keeps at most 128 inputs of a player, so no frame waits
/// longer to be confirmed.
const CAPACITY: usize = 256;

/// What was simulated, newest version of each frame, until it is confirmed.
#[derive(Clone, Debug)]
pub struct Journal {
    slots: Vec<ConfirmedFrame>,
    next: u32,
    end: u32,
    resimulated: u32,
    totals: Totals,
}

/// What the journal has seen since the session began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Frames that left as confirmed.
    pub committed: u64,
    /// Steps in which earlier frames were simulated again.
    pub rollbacks: u64,
    /// Frames that were simulated again.
    pub resimulated: u64,
    /// The most frames simulated again in one step.
    pub deepest: u32,
}

impl Default for Journal {
    fn default() -> Self {
        let empty = ConfirmedFrame {
            frame: 0,
            inputs: [PlayerInput::default(); MAX_PLAYERS],
            digest: Digest::default(),
        };
        Self {
            slots: vec![empty; CAPACITY],
            next: 0,
            end: 0,
            resimulated: 0,
            totals: Totals::default(),
        }
    }
}

impl Journal {
    /// Notes that `frame` was simulated with `inputs` (by seat) and led to a world with
    /// `digest`. Call it at every `AdvanceFrame`, as the last thing.
    ///
    /// # Panics
    /// If frames are skipped or a committed frame is simulated again: a record could not be
    /// trusted after that, so the program must not go on.
    pub fn record(&mut self, frame: u32, inputs: &[PlayerInput], digest: Digest) {
        assert!(
            (self.next..=self.end).contains(&frame),
            "frame {frame} simulated outside {}..={}: a committed frame never changes",
            self.next,
            self.end
        );
        assert!(
            ((frame - self.next) as usize) < CAPACITY,
            "frame {frame} is too far ahead of the committed {}",
            self.next
        );
        if frame == self.end {
            self.end += 1;
        } else {
            self.resimulated += 1;
        }
        let slot = &mut self.slots[frame as usize % CAPACITY];
        *slot = ConfirmedFrame { frame, inputs: [PlayerInput::default(); MAX_PLAYERS], digest };
        slot.inputs[..inputs.len()].copy_from_slice(inputs);
    }

    /// The frames that have become final, in order, each once. `confirmed` is ggrs's confirmed
    /// frame, -1 for none. Call it after all requests of a step have run; further calls are
    /// harmless.
    pub fn commit(&mut self, confirmed: i32) -> impl Iterator<Item = ConfirmedFrame> + '_ {
        self.close_step();
        let confirmed = u32::try_from(confirmed).map_or(0, |frame| frame.saturating_add(1));
        let to = confirmed.min(self.end).max(self.next);
        let from = std::mem::replace(&mut self.next, to);
        self.totals.committed += u64::from(to - from);
        (from..to).map(|frame| {
            let slot = self.slots[frame as usize % CAPACITY];
            assert_eq!(slot.frame, frame, "the journal lost a frame");
            slot
        })
    }

    /// Forgets what was simulated and not confirmed, and goes on with `next`: an epoch has begun.
    /// The totals stay.
    ///
    /// # Panics
    /// If `next` was confirmed before.
    pub fn resume(&mut self, next: u32) {
        assert!(next >= self.next, "frame {next} was confirmed before");
        self.next = next;
        self.end = next;
        self.resimulated = 0;
    }

    /// Ends the bookkeeping of a step and returns how many frames it simulated again.
    fn close_step(&mut self) {
        let depth = std::mem::take(&mut self.resimulated);
        if depth > 0 {
            self.totals.rollbacks += 1;
            self.totals.resimulated += u64::from(depth);
            self.totals.deepest = self.totals.deepest.max(depth);
        }
    }

    /// The first frame that is not committed yet.
    #[must_use]
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// How many frames have been simulated, predictions included.
    #[must_use]
    pub const fn simulated(&self) -> u32 {
        self.end
    }

    /// Frames simulated again in the current step, before [`Self::commit`].
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.resimulated
    }

    /// What happened since the session began.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.totals
    }
}

#[cfg(test)]
mod tests {
    use super::{Journal, Totals};
    use dyad_gridworld::{Action, Digest, PlayerInput};

    fn digest(version: u8) -> Digest {
        Digest([version; 32])
    }

    #[test]
    fn nothing_leaves_before_it_is_confirmed_and_simulated() {
        let mut journal = Journal::default();
        assert_eq!(journal.commit(-1).count(), 0);
        assert_eq!(journal.commit(5).count(), 0, "confirmed inputs, but nothing simulated");
        for frame in 0..3 {
            journal.record(frame, &[PlayerInput::default(); 2], digest(0));
        }
        assert_eq!(journal.commit(-1).count(), 0);
        let frames: Vec<u32> = journal.commit(1).map(|frame| frame.frame).collect();
        assert_eq!(frames, [0, 1]);
        assert_eq!(journal.commit(1).count(), 0, "each frame leaves once");
        assert_eq!(journal.commit(0).count(), 0, "the confirmed frame never goes back for us");
        assert_eq!(journal.commit(9).map(|frame| frame.frame).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn the_last_simulation_counts() {
        let mut journal = Journal::default();
        let up = PlayerInput::new(Action::Up);
        for frame in 0..4 {
            journal.record(frame, &[PlayerInput::default(); 2], digest(0));
        }
        for frame in 1..4 {
            journal.record(frame, &[PlayerInput::default(), up], digest(1));
        }
        assert_eq!(journal.depth(), 3);
        let frames: Vec<_> = journal.commit(3).collect();
        assert_eq!(frames[0].digest, digest(0));
        assert_eq!(frames[1].digest, digest(1));
        assert_eq!(frames[3].inputs[1], up);
        assert_eq!(
            journal.totals(),
            Totals { committed: 4, rollbacks: 1, resimulated: 3, deepest: 3 }
        );
    }

    #[test]
    fn it_runs_through_many_frames() {
        let mut journal = Journal::default();
        for frame in 0..10_000_u32 {
            journal.record(frame, &[PlayerInput::default(); 2], digest(0));
            let lag = i32::try_from(frame).unwrap() - 100;
            for committed in journal.commit(lag) {
                assert_eq!(i32::try_from(committed.frame), Ok(lag));
            }
        }
        assert_eq!(journal.next(), 9_900);
    }

    fn panics(run: impl FnOnce() + std::panic::UnwindSafe) -> bool {
        std::panic::catch_unwind(run).is_err()
    }

    #[test]
    fn a_skipped_or_a_changed_frame_stops_the_program() {
        assert!(panics(|| Journal::default().record(1, &[], digest(0))), "skipped");
        assert!(
            panics(|| {
                let mut journal = Journal::default();
                journal.record(0, &[], digest(0));
                assert_eq!(journal.commit(0).count(), 1);
                journal.record(0, &[], digest(1));
            }),
            "changed after it was committed"
        );
    }
}
