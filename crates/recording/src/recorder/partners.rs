//! What partners say: checked before anything is believed, kept until it is needed.

use super::effect::Effect;
use super::episode::{Episode, Finished};
use super::error::Refusal;
use super::{Recorder, Tip};
use crate::statement::{Committed, Message, Say, Statement};
use dyad_gridworld::{Digest, MAX_PLAYERS, Phase};
use std::collections::VecDeque;

/// For how many frames back the chain's values are kept: a minute, more than a partner's disk
/// may lag behind.
const REMEMBERED: usize = 2048;

/// What partners said and what it may still be needed for.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// Statements on the episode that is open here, and the one after it: their ends came sooner
    /// at the partner's.
    early: Vec<Statement>,
    /// The last of each seat.
    committed: [Option<Committed>; MAX_PLAYERS],
    /// The last frame after which each seat's chain was this one's.
    agreed: [Option<u32>; MAX_PLAYERS],
    /// Seats whose chain was found to be another.
    unlike: [bool; MAX_PLAYERS],
    /// The chain's values after the latest frames.
    chains: VecDeque<(u32, Digest)>,
}

impl Inbox {
    pub(super) fn remember(&mut self, frame: u32, chain: Digest) {
        if self.chains.len() == REMEMBERED {
            self.chains.pop_front();
        }
        self.chains.push_back((frame, chain));
    }

    fn chain_at(&self, frame: u32) -> Option<Digest> {
        let at = self.chains.binary_search_by_key(&frame, |&(frame, _)| frame).ok()?;
        Some(self.chains[at].1)
    }

    /// The statements on an episode that came before its end here.
    pub(super) fn take_early(&mut self, episode: u16) -> Vec<Statement> {
        self.early.extract_if(.., |statement| statement.episode == episode).collect()
    }

    /// What each seat last said it had on disk.
    pub(super) const fn committed(&self) -> &[Option<Committed>] {
        &self.committed
    }
}

impl Recorder {
    /// A partner stated something about an episode. Statements that come again are harmless.
    ///
    /// # Errors
    /// [`Refusal`] where it is not that partner's statement about this session, or contradicts an
    /// earlier one. Nothing has changed then.
    pub fn statement(&mut self, statement: Statement) -> Result<(), Refusal> {
        self.vet(&statement)?;
        if self.ended {
            return Ok(());
        }
        let finished = self.finished.iter().find(|it| it.number() == statement.episode);
        let known =
            match finished {
                Some(finished) => finished.statement(statement.seat),
                None => self.inbox.early.iter().find(|early| {
                    (early.episode, early.seat) == (statement.episode, statement.seat)
                }),
            };
        match known {
            Some(known) if *known == statement => return Ok(()),
            Some(_) => return Err(Refusal::Contradiction),
            None => {}
        }
        if finished.is_some() {
            self.take_statement(statement);
            self.close_complete();
            return Ok(());
        }
        self.keep_early(statement)
    }

    /// Keeps a statement on an episode that is not finished here. The partner can be ahead of
    /// this side, but not by more than the episode that is played and one that ends before it
    /// begins. At most one of each seat on each is kept: [`Self::statement`] has sorted out
    /// repetitions.
    fn keep_early(&mut self, statement: Statement) -> Result<(), Refusal> {
        let current = self.open.as_ref().map_or_else(|| self.next_episode(), Episode::number);
        let coasting = self.replica.phase() == Phase::Coasting;
        if coasting || statement.episode < current {
            return Ok(());
        }
        let planned = self.replica.game().settings().episodes;
        if statement.episode > current.saturating_add(1) || statement.episode >= planned {
            return Err(Refusal::Future);
        }
        self.inbox.early.push(statement);
        Ok(())
    }

    /// Whether this is a message of a partner about this session, signed by that partner.
    fn vet<S: Say>(&self, message: &Message<S>) -> Result<(), Refusal> {
        if message.session != self.session.id {
            return Err(Refusal::Session);
        }
        if message.seat == self.seat || message.seat.index() >= self.session.participants.len() {
            return Err(Refusal::Seat(message.seat));
        }
        if !message.is_authentic(&self.session.keys) {
            return Err(Refusal::Signature(message.seat));
        }
        Ok(())
    }

    pub(super) fn take_statement(&mut self, statement: Statement) {
        let finished =
            self.finished.iter_mut().find(|finished| finished.number() == statement.episode);
        let Some(finished) = finished else { return };
        self.effects.extend(finished.disagreement(&statement));
        let same_end = finished.own().said.last_frame == statement.said.last_frame;
        let (seat, frame, chain) =
            (statement.seat.index(), statement.said.last_frame, statement.said.chain);
        let ours = finished.own().said.chain;
        finished.put(statement);
        if same_end {
            self.compare(seat, frame, ours, chain);
        }
    }

    /// Closes every finished episode on which all people have spoken.
    pub(super) fn close_complete(&mut self) {
        let people = self.session.seats_of_people();
        let (complete, waiting): (Vec<_>, Vec<_>) =
            self.finished.drain(..).partition(|finished| finished.is_complete(people));
        self.finished = waiting;
        self.effects.extend(complete.into_iter().flat_map(Finished::close_complete));
    }

    /// A partner said what it has on disk. Only the latest counts; the same again is harmless.
    ///
    /// # Errors
    /// [`Refusal`] where it is not that partner's message about this session, or an old one.
    /// Nothing has changed then.
    pub fn committed_by(&mut self, message: Committed) -> Result<(), Refusal> {
        self.vet(&message)?;
        let seat = message.seat.index();
        let (frame, chain) = (message.said.frame, message.said.chain);
        if let Some(known) = &self.inbox.committed[seat] {
            if *known == message {
                return Ok(());
            }
            if known.said.frame == frame {
                return Err(Refusal::Contradiction);
            }
            if known.said.frame > frame {
                return Err(Refusal::Old);
            }
        }
        self.inbox.committed[seat] = Some(message);
        if let Some(ours) = self.inbox.chain_at(frame) {
            self.compare(seat, frame, ours, chain);
        }
        Ok(())
    }

    /// Compares the chain after the frame just logged with what partners have said of it already.
    pub(super) fn compare_with_committed(&mut self, Tip { frame, chain, .. }: Tip) {
        for seat in 0..MAX_PLAYERS {
            let said = self.inbox.committed[seat].as_ref().map(|message| message.said);
            if let Some(said) = said.filter(|said| said.frame == frame) {
                self.compare(seat, frame, chain, said.chain);
            }
        }
    }

    fn compare(&mut self, seat: usize, frame: u32, ours: Digest, theirs: Digest) {
        let Inbox { agreed, unlike, .. } = &mut self.inbox;
        if ours == theirs {
            agreed[seat] = agreed[seat].max(Some(frame));
        } else if !std::mem::replace(&mut unlike[seat], true) {
            let agreed = agreed[seat];
            self.effects.push_back(Effect::ChainDiffers { seat: seat_of(seat), agreed, frame });
        }
    }
}

fn seat_of(index: usize) -> dyad_protocol::Seat {
    dyad_protocol::Seat(u8::try_from(index).expect("there are few seats"))
}
