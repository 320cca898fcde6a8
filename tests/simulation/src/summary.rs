//! What runs went through, so that their coverage can be seen.

use crate::simulation::Run;
use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

/// Sums over runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sessions.
    pub sessions: u64,
    /// Frames that became final, over all peers.
    pub frames: u64,
    /// Steps in which earlier frames were simulated again.
    pub rollbacks: u64,
    /// Frames that were simulated again.
    pub resimulated: u64,
    /// The most frames simulated again in one step.
    pub deepest: u32,
    /// Steps that stalled.
    pub stalls: u64,
    /// Times that a peer heard nothing for a second.
    pub interruptions: u64,
    /// Datagrams that were sent.
    pub sent: u64,
    /// Datagrams that got lost.
    pub dropped: u64,
    /// Datagrams that arrived after a later one.
    pub reordered: u64,
    /// Virtual time.
    pub played: Duration,
}

impl Summary {
    /// The sums of one run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let mut summary = Self {
            sessions: 1,
            sent: run.datagrams.sent,
            dropped: run.datagrams.dropped,
            reordered: run.datagrams.reordered,
            played: run.took,
            ..Self::default()
        };
        for peer in &run.peers {
            let (journal, tally) = (peer.journal(), peer.tally());
            summary.frames += journal.committed;
            summary.rollbacks += journal.rollbacks;
            summary.resimulated += journal.resimulated;
            summary.deepest = summary.deepest.max(journal.deepest);
            summary.stalls += tally.stalls;
            summary.interruptions += tally.interruptions;
        }
        summary
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.frames += other.frames;
        self.rollbacks += other.rollbacks;
        self.resimulated += other.resimulated;
        self.deepest = self.deepest.max(other.deepest);
        self.stalls += other.stalls;
        self.interruptions += other.interruptions;
        self.sent += other.sent;
        self.dropped += other.dropped;
        self.reordered += other.reordered;
        self.played += other.played;
    }
}

/// The line above [`Summary`]'s, with the same columns.
pub const HEADER: &str = "sessions    frames  rollbacks  deepest  resimulated   stalls  silences  \
                          datagrams    dropped  reordered  hours";

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, frames, rollbacks, resimulated, deepest, stalls, .. } = self;
        let Self { interruptions, sent, dropped, reordered, played, .. } = self;
        write!(f, "{sessions:>8}{frames:>10}{rollbacks:>11}{deepest:>9}{resimulated:>13}")?;
        write!(f, "{stalls:>9}{interruptions:>10}{sent:>11}{dropped:>11}{reordered:>11}")?;
        write!(f, "{:>7.1}", played.as_secs_f64() / 3600.0)
    }
}
