//! The first group, in order of arrival, whose people may all meet, and who was passed over.

use super::{Candidate, Group, Matchmaker, RttLimit, WaitingRoom};
use crate::fact::{GroupReason, Objection, PassedOver};
use crate::participant::Person;
use dyad_protocol::ParticipantId;

/// Combinations that are tried for a group. A pair never needs more than one for each failed
/// partner; in larger groups, people who suit the arriving one may not suit each other.
const MOST_TRIES: usize = 2_000;

/// People who are named as passed over.
const MOST_NAMED: usize = 16;

impl WaitingRoom<'_> {
    /// The first group in order of arrival with `arriving` in it, all of whose pairs may meet.
    /// `limit` says, for people who are in the group already, whose round trip suits them all.
    #[must_use]
    pub fn first_group(
        &self,
        arriving: &Candidate,
        limit: &dyn Fn(&[Candidate]) -> RttLimit,
    ) -> Option<Group> {
        self.open(&arriving.participant)?;
        let mut group = vec![arriving.clone()];
        let mut tries = MOST_TRIES;
        self.complete(&mut group, limit, &mut tries)
            .then_some(Group { members: group, reason: GroupReason::First })
    }

    /// Adds people behind the last one until the group is complete; false, with the group as it
    /// was, if that cannot be.
    fn complete(
        &self,
        group: &mut Vec<Candidate>,
        limit: &dyn Fn(&[Candidate]) -> RttLimit,
        tries: &mut usize,
    ) -> bool {
        if group.len() == self.group_size().people() {
            return true;
        }
        let limit_here = limit(group);
        // The first of the group is the arriving one, wherever they stand.
        let mut behind = group.get(1..).and_then(<[_]>::last).map(|last| last.place);
        while *tries > 0
            && let Some(next) = self.next_open(behind, limit_here)
        {
            *tries -= 1;
            behind = Some(next.place);
            let strangers = group
                .iter()
                .all(|member| member.place != next.place && self.may_meet(member, &next));
            if strangers {
                group.push(next);
                if self.complete(group, limit, tries) {
                    return true;
                }
                group.pop();
            }
        }
        false
    }

    /// Who waits before the last of a group and is not in it, and why: the first 16. A person's
    /// own group is only found again when something changes for them, so each of these has an
    /// objection to the group as it is.
    #[must_use]
    pub fn passed_over(&self, group: &Group, by: &dyn Matchmaker) -> Vec<PassedOver> {
        let Some(room) = self.state.index().room(self.scene) else { return Vec::new() };
        let Some(last) = group.members.iter().map(|member| member.place).max() else {
            return Vec::new();
        };
        let earlier = room.in_order().take_while(|(place, _)| *place < last);
        let passed =
            earlier.filter(|(place, _)| group.members.iter().all(|member| member.place != *place));
        let named = passed.filter_map(|(_, participant)| {
            let person = self.state.person(participant)?;
            let because = self.objection(participant, person, group, by);
            Some(PassedOver { participant: participant.clone(), because })
        });
        named.take(MOST_NAMED).collect()
    }

    fn objection(
        &self,
        participant: &ParticipantId,
        person: &Person,
        group: &Group,
        by: &dyn Matchmaker,
    ) -> Objection {
        if person.away_until.is_some() {
            return Objection::Away;
        }
        match group.reason {
            GroupReason::First => {}
            GroupReason::Reunion => return Objection::Reunion,
            GroupReason::Company => return Objection::Closed,
        }
        if !person.company.is_empty() {
            return Objection::Company;
        }
        if person.reserved_until.is_some() {
            return Objection::Reserved;
        }
        let candidate = Candidate::new(participant, person);
        if group.members.iter().any(|member| !self.may_meet(member, &candidate)) {
            return Objection::FailedPair;
        }
        let objection = group.members.iter().find_map(|member| by.objection(member, &candidate));
        objection.unwrap_or(Objection::Combinations)
    }
}
