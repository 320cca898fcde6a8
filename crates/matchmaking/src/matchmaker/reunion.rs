//! Earlier partners first.

use super::{Candidate, Group, Matchmaker, Reservation, WaitingRoom};
use crate::fact::{GroupReason, Objection};

/// Puts people together who have played together. Who has never played takes anybody at once;
/// who has waits for earlier partners, and after a time, if there is one, takes anybody too.
#[derive(Debug)]
pub struct GroupReunion {
    /// After which time strangers will do; 0 is at once, `None` never: then nobody is put
    /// together with strangers, not even somebody who has never played.
    pub fallback_after_ms: Option<u64>,
    /// How strangers are put together.
    pub among_strangers: Box<dyn Matchmaker>,
}

impl GroupReunion {
    /// Earlier partners of `arriving` who wait, and who may all meet: the first ones.
    fn reunion(arriving: &Candidate, room: &WaitingRoom<'_>) -> Option<Group> {
        let mut members = vec![room.available(&arriving.participant)?];
        for partner in room.partners(&arriving.participant) {
            let meets_all = members.iter().all(|member| room.may_meet(member, &partner));
            if members.len() < room.group_size().people() && meets_all {
                members.push(partner);
            }
        }
        let complete = members.len() == room.group_size().people();
        complete.then_some(Group { members, reason: GroupReason::Reunion })
    }
}

impl Matchmaker for GroupReunion {
    fn name(&self) -> &'static str {
        "group_reunion"
    }

    fn find_group(&self, arriving: &Candidate, room: &WaitingRoom<'_>) -> Option<Group> {
        Self::reunion(arriving, room).or_else(|| self.among_strangers.find_group(arriving, room))
    }

    fn objection(&self, one: &Candidate, other: &Candidate) -> Option<Objection> {
        self.among_strangers.objection(one, other)
    }

    fn reservation(&self, has_partners: bool) -> Reservation {
        match self.fallback_after_ms {
            None => Reservation::Forever,
            Some(after_ms) if has_partners && after_ms > 0 => Reservation::Ms(after_ms),
            Some(_) => Reservation::None,
        }
    }

    fn remembers_partners(&self) -> bool {
        true
    }
}
