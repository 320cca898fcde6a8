//! Probing a proposed group, and what comes of it.

use super::Matchmaking;
use crate::event::{Effect, HandleError};
use crate::fact::Fact;
use crate::session::{MatchId, PairFailure, Progress, Rejection, SessionState};
use dyad_protocol::ParticipantId;

impl Matchmaking {
    /// Lets those pairs of a group measure that can: nobody is in two probes at a time.
    pub(super) fn start_probes(&mut self, id: MatchId) -> Result<(), HandleError> {
        let session = self.session_in(id, SessionState::Waiting)?;
        let Some(probing) = self.settings(&session.scene)?.probing else { return Ok(()) };
        let within_ms = probing.within_ms;
        let startable = session.startable().into_iter();
        let pairs: Vec<_> =
            startable.filter_map(|seats| Some((seats, session.pair(seats)?))).collect();
        for (seats, pair) in pairs {
            let until = self.now.plus_ms(within_ms);
            self.commit(Fact::ProbeStarted { id, seats, pair: pair.clone(), until })?;
            self.effects.push_back(Effect::Probe { id, pair, within_ms });
        }
        Ok(())
    }

    pub(super) fn probe_report(
        &mut self,
        id: MatchId,
        by: &ParticipantId,
        with: &ParticipantId,
        rtt_ms: Option<u32>,
    ) -> Result<(), HandleError> {
        let session = self.session_in(id, SessionState::Waiting)?;
        let not_these = || HandleError::NotThese { id, by: by.clone(), of: with.clone() };
        let (mine, theirs) = session.seat(by).zip(session.seat(with)).ok_or_else(not_these)?;
        let of_pair = [mine.min(theirs), mine.max(theirs)];
        let probe = session.probes.iter().find(|probe| probe.seats == of_pair);
        match probe.map(|probe| probe.progress) {
            None | Some(Progress::Pending) => return Err(not_these()),
            Some(Progress::Done { .. }) => return Ok(()),
            Some(Progress::Running { reports, .. }) => {
                if reports[usize::from(mine > theirs)].is_some() {
                    return Ok(());
                }
            }
        }
        let rejection = self.settings(&session.scene)?.rejection(rtt_ms);
        let (by, with) = (by.clone(), with.clone());
        self.commit(Fact::ProbeReported { id, by: by.clone(), with: with.clone(), rtt_ms })?;
        match rejection {
            Some(why) => self.reject_pair(id, [by, with], why),
            None => self.go_on_probing(id),
        }
    }

    /// Accepts a group if all of it is measured.
    fn go_on_probing(&mut self, id: MatchId) -> Result<(), HandleError> {
        match self.session(id)?.measured() {
            Some(_) => self.accept(id),
            None => self.start_probes(id),
        }
    }

    /// Rejects a group because of two of them, who are not proposed together again for a while.
    pub(super) fn reject_pair(
        &mut self,
        id: MatchId,
        pair: [ParticipantId; 2],
        why: Rejection,
    ) -> Result<(), HandleError> {
        self.pair_failed(id, pair, PairFailure::Probe)?;
        self.reject(id, why, None)
    }

    pub(super) fn pair_failed(
        &mut self,
        id: MatchId,
        pair: [ParticipantId; 2],
        why: PairFailure,
    ) -> Result<(), HandleError> {
        let expires = self.settings(&self.session(id)?.scene)?.failed_pairs_expire_ms;
        let until = expires.map(|after_ms| self.now.plus_ms(after_ms));
        self.commit(Fact::PairFailed { pair, why, until })
    }

    /// Everybody of a proposed group waits again, at the old place. `silently` is who is not told,
    /// because it is they who left.
    pub(super) fn reject(
        &mut self,
        id: MatchId,
        why: Rejection,
        silently: Option<&ParticipantId>,
    ) -> Result<(), HandleError> {
        let members = self.session_in(id, SessionState::Waiting)?.participants();
        self.commit(Fact::Rejected { id, why })?;
        self.tell_waiting_again(id, members, silently);
        Ok(())
    }

    pub(super) fn tell_waiting_again(
        &mut self,
        id: MatchId,
        members: Vec<ParticipantId>,
        silently: Option<&ParticipantId>,
    ) {
        for participant in members {
            if Some(&participant) != silently {
                self.effects.push_back(Effect::WaitingAgain { participant, id });
            }
        }
    }

    /// The one place where matches come to be: all of their seats are assigned.
    pub(super) fn accept(&mut self, id: MatchId) -> Result<(), HandleError> {
        let session = self.session_in(id, SessionState::Waiting)?;
        let (participants, rtt_ms) = (session.participants(), session.measured());
        let scene = session.scene.clone();
        self.commit(Fact::Accepted { id, rtt_ms })?;
        self.effects.push_back(Effect::Register { id, scene, participants });
        Ok(())
    }
}
