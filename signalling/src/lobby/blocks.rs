//! Groups that go through a block of scenes together, in an order of their own: how they are found, who
//! waits for whom in the block, and what follows when one of them does not come any more.

use super::Lobby;
use super::scenes::Ended;
use crate::people::PersonFact;
use dyad_experiment::{BlockId, Outcome};
use dyad_matchmaking::{self as matchmaking, MatchId, ParticipantState, Timestamp};
use dyad_protocol::ParticipantId;

impl Lobby {
    /// A group is found for a block. Nothing is played here: they are shown the block's first scene.
    pub(super) fn join(
        &mut self,
        now: Timestamp,
        id: MatchId,
        block: &BlockId,
        participants: &[ParticipantId],
    ) {
        self.enter(now, &format!("group-{}", id.0), block, participants);
        self.arrange(now, matchmaking::Event::Registered(id));
        for participant in participants {
            self.arrange(now, matchmaking::Event::Finished(participant.clone()));
        }
        participants.iter().for_each(|participant| self.show(participant));
    }

    /// Nobody came: somebody goes through a block without a group, and plays with programs.
    pub(super) fn join_nobody(&mut self, now: Timestamp, participant: &ParticipantId) {
        let block = self.person(participant).and_then(|person| self.study.is_to_join(person));
        if let Some(block) = block {
            let own = std::slice::from_ref(participant);
            self.enter(now, participant.as_str(), &block, own);
            self.show(participant);
        }
    }

    /// These go through a block together. Those who get their condition with the group get it now: it
    /// may say which scenes the block has.
    fn enter(
        &mut self,
        now: Timestamp,
        name: &str,
        block: &BlockId,
        participants: &[ParticipantId],
    ) {
        let first = participants.first().and_then(|one| self.person(one));
        let drawn =
            first.and_then(|person| self.draw_for_group(name, person.assigned.condition.as_ref()));
        let seed = self.study.group_seed(name);
        for (at, participant) in participants.iter().enumerate() {
            if let Some(condition) = drawn.clone() {
                let fact = PersonFact::Grouped { condition, counts: at == 0 };
                self.record(now, participant, fact);
            }
            let with = participants.iter().filter(|other| *other != participant).cloned();
            let (block, with) = (block.clone(), with.collect());
            self.record(now, participant, PersonFact::Joined { block, seed, with });
        }
    }

    /// Those with whom somebody went into the last block that had a group.
    pub(super) fn companions(&self, of: &ParticipantId) -> Vec<ParticipantId> {
        let company = self.person(of).and_then(|person| person.company.as_ref());
        company.map(|company| company.with.clone()).unwrap_or_default()
    }

    /// Whether somebody is at a game for a group of which not all can come any more.
    pub(super) fn is_left_behind(&self, participant: &ParticipantId) -> bool {
        let Some(person) = self.person(participant).filter(|it| it.session.is_none()) else {
            return false;
        };
        let Some(company) = self.study.company(person) else { return false };
        let comes = |other| self.person(other).is_some_and(|it| self.study.may_come(it, person));
        company.is_empty() || !company.iter().all(comes)
    }

    /// Who is left behind plays with programs, or ends, as the study says: by the rule for those whose
    /// partner has gone, or for whom nobody came.
    pub(super) fn go_without(&mut self, now: Timestamp, participant: &ParticipantId) {
        let Some(person) = self.person(participant) else { return };
        let is_group = self.study.company(person).is_some_and(|company| !company.is_empty());
        let alone = match is_group {
            true => self.study.after_dropout(person, 1),
            false => self.study.without_partner(person),
        };
        match alone {
            Some(alone) => self.go_alone(now, participant, alone),
            None => self.go_on(now, participant, Ended::with(Outcome::PartnerLeft)),
        }
    }

    /// Those of a group who wait for somebody who does not come any more go on without.
    pub(super) fn release(&mut self, now: Timestamp, company: &[ParticipantId]) {
        for other in company {
            let state = self.matchmaking.state().participant_state(other);
            if state == ParticipantState::Waiting && self.is_left_behind(other) {
                self.arrange(now, matchmaking::Event::Left(other.clone()));
                self.go_without(now, other);
            }
        }
    }
}
