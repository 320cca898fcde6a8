//! First come, first served.

use super::{Candidate, Group, Matchmaker, RttLimit, WaitingRoom};

/// The first in order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fifo;

impl Matchmaker for Fifo {
    fn name(&self) -> &'static str {
        "fifo"
    }

    fn find_group(&self, arriving: &Candidate, room: &WaitingRoom<'_>) -> Option<Group> {
        room.first_group(arriving, &|_| RttLimit::Any)
    }
}
