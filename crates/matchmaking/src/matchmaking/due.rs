//! What happens when a time is over.

use super::Matchmaking;
use crate::event::{Effect, HandleError};
use crate::fact::Fact;
use crate::index::Deadline;
use crate::participant::{Departure, Person, Stage};
use crate::session::{EndReason, MatchId, PairFailure, Rejection};
use dyad_protocol::ParticipantId;
use std::collections::BTreeSet;

impl Matchmaking {
    pub(super) fn do_what_is_due(&mut self) -> Result<(), HandleError> {
        while let Some(first) = self.state.index().first_deadline()
            && first.0 <= self.now
        {
            let first = first.clone();
            match first.1.clone() {
                Deadline::Wait(participant) => self.dismiss(&participant, Departure::TimedOut)?,
                Deadline::Grace(participant) => self.grace_over(&participant)?,
                Deadline::Open(participant) => self.commit(Fact::Opened { participant })?,
                Deadline::Probe(id, seats) => self.probe_over(id, seats)?,
                Deadline::Validation(id) => self.validation_over(id)?,
                Deadline::Forgive(pair) => self.commit(Fact::PairForgiven { pair })?,
            }
            self.state.dealt_with(&first);
        }
        Ok(())
    }

    fn grace_over(&mut self, participant: &ParticipantId) -> Result<(), HandleError> {
        match self.state.person(participant).map(Person::stage) {
            Some(Stage::Playing(id)) => self.leave_game(id, participant, Departure::ConnectionLost),
            _ => self.dismiss(participant, Departure::ConnectionLost),
        }
    }

    fn dismiss(
        &mut self,
        participant: &ParticipantId,
        cause: Departure,
    ) -> Result<(), HandleError> {
        let Some(person) = self.state.person(participant) else { return Ok(()) };
        let scene = person.scene.clone();
        self.depart(participant, cause)?;
        let participant = participant.clone();
        self.effects.push_back(Effect::Dismissed { participant, scene, cause });
        Ok(())
    }

    fn probe_over(&mut self, id: MatchId, seats: [u8; 2]) -> Result<(), HandleError> {
        match self.session(id)?.pair(seats) {
            Some(pair) => self.reject_pair(id, pair, Rejection::NoMeasurement),
            None => Ok(()),
        }
    }

    /// Every two of whom one has not confirmed the other have failed together.
    fn validation_over(&mut self, id: MatchId) -> Result<(), HandleError> {
        let session = self.session(id)?;
        let missing = session.unconfirmed().into_iter();
        let missing: BTreeSet<_> = missing.map(|[by, of]| [by.min(of), by.max(of)]).collect();
        let pairs: Vec<_> = missing.into_iter().filter_map(|seats| session.pair(seats)).collect();
        for pair in pairs {
            self.pair_failed(id, pair, PairFailure::Late)?;
        }
        self.end_before_start(id, EndReason::NotValidated(PairFailure::Late), None)
    }
}
