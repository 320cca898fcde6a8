//! What a computer goes through in a session, over all runs of its program.

use crate::peer::Peer;
use dyad_rollback::journal::Totals;
use std::ops::Add;

/// Counters of a computer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that became final.
    pub frames: u64,
    /// Steps in which earlier frames were simulated again.
    pub rollbacks: u64,
    /// Frames that were simulated again.
    pub resimulated: u64,
    /// The most frames simulated again in one step.
    pub deepest: u32,
    /// Steps that stalled.
    pub stalls: u64,
    /// How often play was interrupted.
    pub interruptions: u64,
    /// Frames that were given by others.
    pub supplied: u64,
    /// The first thing that was wrong: what an honest session never sees.
    pub complaint: Option<String>,
}

impl Tally {
    /// What a program has gone through since it was started.
    #[must_use]
    pub fn of(peer: &Peer) -> Self {
        let statistics = peer.statistics();
        let Totals { committed, rollbacks, resimulated, deepest } = statistics.journal;
        let refused = statistics.exchange.last_malformed;
        let complaints = [
            (statistics.desyncs > 0).then(|| "ggrs saw a desync".to_owned()),
            (statistics.malformed > 0).then(|| "a reliable message was refused".to_owned()),
            refused.map(|why| format!("a datagram was refused as {why}")),
            peer.record().books().refused().first().cloned(),
            peer.record().disagreement(),
        ];
        Self {
            frames: committed,
            rollbacks,
            resimulated,
            deepest,
            stalls: statistics.stalls,
            interruptions: u64::from(statistics.interruptions),
            supplied: statistics.supplied,
            complaint: complaints.into_iter().flatten().next(),
        }
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, later: Self) -> Self {
        Self {
            frames: self.frames + later.frames,
            rollbacks: self.rollbacks + later.rollbacks,
            resimulated: self.resimulated + later.resimulated,
            deepest: self.deepest.max(later.deepest),
            stalls: self.stalls + later.stalls,
            interruptions: self.interruptions + later.interruptions,
            supplied: self.supplied + later.supplied,
            complaint: self.complaint.or(later.complaint),
        }
    }
}
