//! What runs went through, so that their coverage can be seen.

use crate::simulation::Run;
use dyad_gridworld::End;
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
    /// Times that a peer's play was interrupted.
    pub interruptions: u64,
    /// Connections that were made anew.
    pub reconnections: u64,
    /// Programs that were killed and started again.
    pub restarts: u64,
    /// Players who were lost for good, or left.
    pub losses: u64,
    /// Frames that one peer gave another after an interruption.
    pub supplied: u64,
    /// Sessions that ended because somebody was away too long.
    pub deserted: u64,
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
        let events = &run.events;
        let mut summary = Self {
            sessions: 1,
            reconnections: run.reconnections,
            restarts: events.restarts.into(),
            losses: (events.losses.len() + events.leaves.len()) as u64,
            deserted: u64::from(run.peers.iter().any(|peer| {
                matches!(peer.record().replica().end(), Some(End::AwayTooLong { .. }))
            })),
            sent: run.datagrams.sent,
            dropped: run.datagrams.dropped,
            reordered: run.datagrams.reordered,
            played: run.took,
            ..Self::default()
        };
        for tally in &run.tallies {
            summary.frames += tally.frames;
            summary.rollbacks += tally.rollbacks;
            summary.resimulated += tally.resimulated;
            summary.deepest = summary.deepest.max(tally.deepest);
            summary.stalls += tally.stalls;
            summary.interruptions += tally.interruptions;
            summary.supplied += tally.supplied;
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
        self.reconnections += other.reconnections;
        self.restarts += other.restarts;
        self.losses += other.losses;
        self.supplied += other.supplied;
        self.deserted += other.deserted;
        self.sent += other.sent;
        self.dropped += other.dropped;
        self.reordered += other.reordered;
        self.played += other.played;
    }
}

/// The line above [`Summary`]'s, with the same columns.
pub const HEADER: &str = "sessions    frames rollbacks deepest    stalls interruptions reconnections \
                          restarts losses supplied deserted  datagrams   dropped reordered  hours";

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, frames, rollbacks, deepest, stalls, interruptions, .. } = self;
        let Self { reconnections, restarts, losses, supplied, deserted, sent, dropped, .. } = self;
        let (reordered, hours) = (self.reordered, self.played.as_secs_f64() / 3600.0);
        write!(f, "{sessions:>8}{frames:>10}{rollbacks:>10}{deepest:>8}{stalls:>10}")?;
        write!(f, "{interruptions:>14}{reconnections:>14}{restarts:>9}{losses:>7}{supplied:>9}")?;
        write!(f, "{deserted:>9}{sent:>11}{dropped:>10}{reordered:>10}{hours:>7.1}")
    }
}
