//! From a match that is written down to the end of its game.

use super::Matchmaking;
use crate::event::{Effect, HandleError};
use crate::fact::Fact;
use crate::participant::Departure;
use crate::session::{EndReason, Heard, MatchId, Presence, SessionState};
use crate::settings::GroupSize;
use dyad_protocol::ParticipantId;

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
        self.end(id, EndReason::NotRegistered, Vec::new(), None)
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
        self.session_in(id, SessionState::Playing)?;
        self.commit(Fact::SeatLeft { id, participant: participant.clone(), cause })?;
        let session = self.session(id)?;
        if session.present().next().is_some() {
            return Ok(());
        }
        let mut presences = session.members.iter().map(|member| member.presence);
        let finished = presences.all(|presence| presence == Presence::Finished);
        let reason = if finished { EndReason::Finished } else { EndReason::EverybodyLeft };
        self.end(id, reason, Vec::new(), None)
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
        self.end(id, reason, members, silently)
    }

    fn end(
        &mut self,
        id: MatchId,
        reason: EndReason,
        back: Vec<ParticipantId>,
        silently: Option<&ParticipantId>,
    ) -> Result<(), HandleError> {
        let participants = self.session(id)?.participants();
        self.commit(Fact::Ended { id, reason: reason.clone(), back: back.clone() })?;
        // Before the end, as long as who tells them knows which game it was.
        self.tell_waiting_again(id, back, silently);
        self.effects.push_back(Effect::Ended { id, reason, participants });
        Ok(())
    }
}
