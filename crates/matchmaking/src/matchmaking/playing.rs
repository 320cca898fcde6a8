//! From a match that is written down to the end of its game.

use super::Matchmaking;
use crate::event::{Effect, HandleError};
use crate::fact::Fact;
use crate::participant::Departure;
use crate::session::{EndReason, Heard, MatchId, Presence, SessionState};
use crate::settings::{DropoutPolicy, GroupSize};
use crate::time::Timestamp;
use dyad_protocol::ParticipantId;

/// Who waits again when a match is over.
#[derive(Default)]
struct Back<'a> {
    members: Vec<ParticipantId>,
    /// Who of them is not told.
    silently: Option<&'a ParticipantId>,
    /// Until when they wait, if not as long as they had before.
    wait_until: Option<Timestamp>,
}

impl Matchmaking {
    pub(super) fn registered(&mut self, id: MatchId) -> Result<(), HandleError> {
        let session = self.session_in(id, SessionState::Matched)?;
        let settings = self.settings(&session.scene)?;
        match settings.validation {
            Some(validation) if settings.group_size > GroupSize::ONE => {
                let within_ms = validation.within_ms;
                self.commit(Fact::Validating { id, until: self.now.plus_ms(within_ms) })?;
                self.effects.push_back(Effect::Validate { id, within_ms });
                Ok(())
            }
            _ => self.start(id),
        }
    }

    pub(super) fn not_registered(&mut self, id: MatchId) -> Result<(), HandleError> {
        self.session_in(id, SessionState::Matched)?;
        self.end(id, EndReason::NotRegistered, Back::default())
    }

    pub(super) fn validation(
        &mut self,
        id: MatchId,
        by: &ParticipantId,
        of: &ParticipantId,
        heard: &Heard,
    ) -> Result<(), HandleError> {
        let session = self.session_in(id, SessionState::Validating)?;
        let seats = session.seat(by).zip(session.seat(of)).filter(|(by, of)| by != of);
        let not_these = || HandleError::NotThese { id, by: by.clone(), of: of.clone() };
        let (by_seat, of_seat) = seats.ok_or_else(not_these)?;
        if let Some(why) = heard.failure() {
            self.pair_failed(id, [by.clone(), of.clone()], why)?;
            return self.end_before_start(id, EndReason::NotValidated(why), None);
        }
        if session.confirmed.contains(&[by_seat, of_seat]) {
            return Ok(());
        }
        self.commit(Fact::Confirmed { id, by: by_seat, of: of_seat })?;
        match self.session(id)?.unconfirmed().is_empty() {
            true => self.start(id),
            false => Ok(()),
        }
    }

    fn start(&mut self, id: MatchId) -> Result<(), HandleError> {
        let scene = &self.session(id)?.scene;
        let remembered =
            self.rules.get(scene).is_some_and(|rules| rules.matchmaker.remembers_partners());
        self.commit(Fact::Started { id, remembered })?;
        self.effects.push_back(Effect::Start { id });
        Ok(())
    }

    /// Somebody is out of a game, for good.
    pub(super) fn leave_game(
        &mut self,
        id: MatchId,
        participant: &ParticipantId,
        cause: Departure,
    ) -> Result<(), HandleError> {
        let session = self.session_in(id, SessionState::Playing)?;
        let settings = self.settings(&session.scene)?;
        let (policy, most) = (settings.dropout, settings.wait_at_most_ms);
        let leaver = participant.clone();
        self.commit(Fact::SeatLeft { id, participant: leaver.clone(), cause })?;
        let session = self.session(id)?;
        let others: Vec<ParticipantId> = session.present().cloned().collect();
        if others.is_empty() {
            let mut presences = session.members.iter().map(|member| member.presence);
            let finished = presences.all(|presence| presence == Presence::Finished);
            let reason = if finished { EndReason::Finished } else { EndReason::EverybodyLeft };
            return self.end(id, reason, Back::default());
        }
        if cause == Departure::Finished {
            return Ok(());
        }
        match policy {
            DropoutPolicy::PlayOn => Ok(()),
            DropoutPolicy::EndWithCode => {
                self.end(id, EndReason::DroppedOut(leaver), Back::default())
            }
            DropoutPolicy::BackToWaiting => {
                let wait_until = most.map(|most| self.now.plus_ms(most));
                let back = Back { members: others, wait_until, ..Back::default() };
                self.end(id, EndReason::DroppedOut(leaver), back)
            }
            DropoutPolicy::FinishWithScript => self.script(id, leaver),
        }
    }

    fn script(&mut self, id: MatchId, participant: ParticipantId) -> Result<(), HandleError> {
        if let Some(seat) = self.session(id)?.seat(&participant) {
            self.commit(Fact::Scripted { id, participant: participant.clone() })?;
            self.effects.push_back(Effect::Script { id, seat, participant });
        }
        Ok(())
    }

    /// Ends a match that has not started; everybody is back at their place. `silently` is who is
    /// not told, because it is they who left.
    pub(super) fn end_before_start(
        &mut self,
        id: MatchId,
        reason: EndReason,
        silently: Option<&ParticipantId>,
    ) -> Result<(), HandleError> {
        let members = self.session(id)?.participants();
        self.end(id, reason, Back { members, silently, ..Back::default() })
    }

    fn end(
        &mut self,
        id: MatchId,
        reason: EndReason,
        Back { members, silently, wait_until }: Back<'_>,
    ) -> Result<(), HandleError> {
        let participants = self.session(id)?.participants();
        let back = members.clone();
        self.commit(Fact::Ended { id, reason: reason.clone(), back, wait_until })?;
        // Before the end, as long as who tells them knows which game it was.
        self.tell_waiting_again(id, members, silently);
        self.effects.push_back(Effect::Ended { id, reason, participants });
        Ok(())
    }
}
