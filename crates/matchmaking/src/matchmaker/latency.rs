//! First come, first served, among people who are near enough to the lab.

use super::{Candidate, Group, Matchmaker, RttLimit, WaitingRoom};
use crate::fact::Objection;

/// The first in order of arrival of whom every two have round trips to the lab that add up to a
/// limit at most. That is a guess at the round trip between them, made before anything is
/// measured. Who has no known round trip is never excluded; equality passes.
///
/// In groups of three and four every two people are held against the limit, since every two
/// will be connected; the reference platform compares with the arriving one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencyFifo {
    /// The most that two round trips may add up to.
    pub max_server_rtt_ms: u32,
}

impl LatencyFifo {
    fn limit(self, group: &[Candidate]) -> RttLimit {
        match group.iter().filter_map(|member| member.rtt_ms).max() {
            None => RttLimit::Any,
            Some(slowest) => match self.max_server_rtt_ms.checked_sub(slowest) {
                Some(left) => RttLimit::UpTo(left),
                None => RttLimit::Unknown,
            },
        }
    }
}

impl Matchmaker for LatencyFifo {
    fn name(&self) -> &'static str {
        "latency_fifo"
    }

    fn find_group(&self, arriving: &Candidate, room: &WaitingRoom<'_>) -> Option<Group> {
        room.first_group(arriving, &|group| self.limit(group))
    }

    fn objection(&self, one: &Candidate, other: &Candidate) -> Option<Objection> {
        let sum_ms = one.rtt_ms?.saturating_add(other.rtt_ms?);
        let limit_ms = self.max_server_rtt_ms;
        (sum_ms > limit_ms).then_some(Objection::ServerRtt { sum_ms, limit_ms })
    }
}
