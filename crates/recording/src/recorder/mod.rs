//! From confirmed frames to files.
//!
//! A [`Recorder`] owns the replica: a world that is stepped with confirmed inputs only and is
//! never rolled back. It takes the frames of a session strictly in order, splits them into
//! episodes and says what to do in [`Effect`]s.
//!
//! ```text
//!        first frame            last row             every seat's statement
//! (none) ──────────▶ open ─────────────▶ finished ──────────────────────▶ closed: complete
//!                      │                    │ end()
//!                      └────────────────────┴───────────────────────────▶ closed: survivor
//!                             end()
//! ```
//!
//! Frames between two episodes belong to the later one's log, those of the first countdown to
//! log 0, those after the session's last row to none. An episode may be finished and still wait
//! for statements while the next is open.

mod effect;
mod episode;
mod error;
mod issued;

pub use effect::{Divergence, Effect};
pub use error::{NewError, OrderError, Refusal};

use crate::log::{Header, SessionInfo};
use crate::statement::{Committed, Statement};
use dyad_gridworld::encoding::Encoder;
use dyad_gridworld::{
    ConfirmedFrame, Digest, Game, MAX_PLAYERS, Outcome, Phase, PlayerInput, RULES_VERSION, World,
};
use dyad_protocol::{Seat, SessionId};
use episode::{Episode, Finished};
use issued::Issued;
use std::collections::VecDeque;
use std::sync::Arc;

/// Records one session for one seat. See the module's page for how to drive it.
pub struct Recorder {
    session: SessionInfo,
    seat: Seat,
    settings: String,
    replica: World,
    /// The replica's encoding before the next frame, kept for the report of a divergence.
    before: Encoder,
    diverged: bool,
    issued: Issued,
    open: Option<Episode>,
    /// Finished, but not every seat's statement is here. Oldest first.
    finished: Vec<Finished>,
    inbox: Inbox,
    /// The last logged frame.
    tip: Option<Tip>,
    ended: bool,
    effects: VecDeque<Effect>,
}

/// What others said and what it may still be needed for.
#[derive(Debug, Default)]
struct Inbox {
    /// Statements on the episode that is open here: its end came sooner at the partner's.
    early: Vec<Statement>,
    /// The last of each seat.
    committed: [Option<Committed>; MAX_PLAYERS],
}

#[derive(Clone, Copy, Debug)]
struct Tip {
    episode: u16,
    frame: u32,
    chain: Digest,
}

impl Recorder {
    /// A recorder for a session that starts with a new world of this game. `seat` is this
    /// machine's own.
    ///
    /// # Errors
    /// [`NewError`] where the session and the game don't fit, or a log could not hold them.
    pub fn new(session: SessionInfo, seat: Seat, game: &Arc<Game>) -> Result<Self, NewError> {
        let (participants, players) = (session.participants.len(), game.players());
        if participants != players {
            return Err(NewError::Participants { participants, players });
        }
        if seat.index() >= players {
            return Err(NewError::Seat(seat));
        }
        let settings = serde_json::to_string(game.settings())?;
        let replica = World::new(Arc::clone(game));
        let recorder = Self {
            session,
            seat,
            settings,
            before: replica.encode(),
            replica,
            diverged: false,
            issued: Issued::default(),
            open: None,
            finished: Vec::new(),
            inbox: Inbox::default(),
            tip: None,
            ended: false,
            effects: VecDeque::new(),
        };
        recorder.header().encode()?;
        Ok(recorder)
    }

    /// This machine submitted `input` for its own seat and `frame`. The last call for a frame
    /// counts; a frame without a call was filled by the netcode and holds the zero input. Call it
    /// before the frame is confirmed.
    ///
    /// # Errors
    /// [`OrderError::Issued`] where the frame is already recorded or too far ahead.
    pub fn issued(&mut self, frame: u32, input: PlayerInput) -> Result<(), OrderError> {
        let next = self.replica.frame();
        if self.issued.put(next, frame, input) {
            Ok(())
        } else {
            Err(OrderError::Issued { frame, next })
        }
    }

    /// The next frame was confirmed: steps the replica and records.
    ///
    /// # Errors
    /// [`OrderError`] where it is not the next frame. Nothing was recorded then, and nothing
    /// can be: stop the session.
    pub fn confirmed(&mut self, frame: &ConfirmedFrame) -> Result<(), OrderError> {
        let expected = self.replica.frame();
        if self.ended {
            return Err(OrderError::Ended(frame.frame));
        }
        if frame.frame != expected {
            return Err(OrderError::Gap { expected, found: frame.frame });
        }
        let own = self.take_issued(frame);
        let logged = self.replica.phase() != Phase::Coasting;
        if logged && self.open.is_none() {
            self.open_episode();
        }
        let outcome = self.replica.step(&frame.inputs);
        let after = self.replica.encode();
        let digest = Digest::of(after.as_bytes());
        if digest != frame.digest {
            self.diverge(frame, &after, digest);
        }
        self.before = after;
        if logged {
            self.log(frame, digest, own, outcome.as_ref());
        }
        Ok(())
    }

    /// What this machine issued for a frame; reports it if something else was confirmed.
    fn take_issued(&mut self, frame: &ConfirmedFrame) -> PlayerInput {
        let issued = self.issued.take(frame.frame);
        let confirmed = frame.inputs[self.seat.index()];
        if issued != confirmed {
            self.effects.push_back(Effect::OtherInput { frame: frame.frame, issued, confirmed });
        }
        issued
    }

    fn diverge(&mut self, frame: &ConfirmedFrame, after: &Encoder, found: Digest) {
        // States that differ once differ ever after: only the first frame says something.
        if std::mem::replace(&mut self.diverged, true) {
            return;
        }
        let divergence = Divergence {
            frame: *frame,
            before: self.before.as_bytes().to_vec(),
            after: after.as_bytes().to_vec(),
            found,
        };
        self.effects.push_back(Effect::Divergence(Box::new(divergence)));
    }

    fn header(&self) -> Header {
        // A log opened in the pause after an episode is the next one's.
        let after_pause = matches!(self.replica.phase(), Phase::Between { .. });
        Header {
            rules: RULES_VERSION,
            session: self.session.clone(),
            episode: self.replica.episode() + u16::from(after_pause),
            settings: self.settings.clone(),
            game: self.replica.game().digest(),
            first_frame: self.replica.frame(),
            world: self.replica.encode().as_bytes().to_vec(),
            previous: self.tip.map_or(Digest([0; 32]), |tip| tip.chain),
        }
    }

    fn open_episode(&mut self) {
        let header = self.header();
        let game = self.replica.game();
        let (episode, log, table) =
            Episode::open(&header, game).expect("the session's first header fitted too");
        let number = header.episode;
        self.open = Some(episode);
        self.effects.extend([
            Effect::Open { episode: number },
            Effect::Log { episode: number, bytes: log },
            Effect::Table { episode: number, bytes: table },
        ]);
    }

    fn log(
        &mut self,
        frame: &ConfirmedFrame,
        digest: Digest,
        own: PlayerInput,
        outcome: Option<&Outcome>,
    ) {
        let Some(open) = &mut self.open else { return };
        let episode = open.number();
        let bytes = open.frame(frame, digest, own);
        self.tip = Some(Tip { episode, frame: frame.frame, chain: open.chain() });
        self.effects.push_back(Effect::Log { episode, bytes });
        let Some(outcome) = outcome else { return };
        let bytes = open.row(&self.replica, frame, outcome, &self.session.participants);
        self.effects.push_back(Effect::Table { episode, bytes });
        if outcome.last {
            self.finish_episode();
        }
    }

    fn finish_episode(&mut self) {
        let Some(open) = self.open.take() else { return };
        let finished = open.finish(&self.session, self.seat);
        self.effects.push_back(Effect::Statement(finished.own().clone()));
        let episode = finished.number();
        self.effects.extend(finished.disagreement(finished.own()));
        self.finished.push(finished);
        let early = std::mem::take(&mut self.inbox.early);
        for statement in early.into_iter().filter(|statement| statement.episode == episode) {
            self.take_statement(statement);
        }
        self.close_complete();
    }

    /// A partner stated something about an episode. Statements that come again are harmless.
    ///
    /// # Errors
    /// [`Refusal`] where it can be no statement about this session or contradicts an earlier one.
    pub fn statement(&mut self, statement: Statement) -> Result<(), Refusal> {
        self.vet(&statement.session, statement.seat)?;
        if self.ended {
            return Ok(());
        }
        let known = self.finished.iter().find(|finished| finished.number() == statement.episode);
        let known = known.map(|finished| finished.statement(statement.seat)).unwrap_or_else(|| {
            let same = |early: &&Statement| {
                (early.episode, early.seat) == (statement.episode, statement.seat)
            };
            self.inbox.early.iter().find(same)
        });
        match known {
            Some(known) if *known == statement => return Ok(()),
            Some(_) => return Err(Refusal::Contradiction),
            None => {}
        }
        if self.finished.iter().any(|finished| finished.number() == statement.episode) {
            self.take_statement(statement);
            self.close_complete();
            return Ok(());
        }
        self.keep_early(statement)
    }

    /// Keeps a statement on an episode that is not finished here. The partner can be ahead of
    /// this side, but not by more than the episode that is played. At most one for each seat is
    /// kept: [`Self::statement`] has sorted out repetitions.
    fn keep_early(&mut self, statement: Statement) -> Result<(), Refusal> {
        let current = self.open.as_ref().map_or_else(|| self.header().episode, Episode::number);
        let coasting = self.replica.phase() == Phase::Coasting;
        if coasting || statement.episode < current {
            return Ok(());
        }
        if statement.episode > current {
            return Err(Refusal::Future);
        }
        self.inbox.early.push(statement);
        Ok(())
    }

    fn vet(&self, session: &SessionId, seat: Seat) -> Result<(), Refusal> {
        if *session != self.session.id {
            return Err(Refusal::Session);
        }
        if seat == self.seat || seat.index() >= self.session.participants.len() {
            return Err(Refusal::Seat(seat));
        }
        Ok(())
    }

    fn take_statement(&mut self, statement: Statement) {
        let finished =
            self.finished.iter_mut().find(|finished| finished.number() == statement.episode);
        let Some(finished) = finished else { return };
        self.effects.extend(finished.disagreement(&statement));
        finished.put(statement);
    }

    /// Closes every finished episode on which all seats have spoken.
    fn close_complete(&mut self) {
        let players = self.session.participants.len();
        let (complete, waiting): (Vec<_>, Vec<_>) =
            self.finished.drain(..).partition(|finished| finished.is_complete(players));
        self.finished = waiting;
        for finished in complete {
            self.effects.extend(finished.close_complete());
        }
    }

    /// A partner said what it has on disk. Only the latest counts.
    ///
    /// # Errors
    /// [`Refusal`] where it can be no message of this session.
    pub fn committed_by(&mut self, message: Committed) -> Result<(), Refusal> {
        self.vet(&message.session, message.seat)?;
        let slot = &mut self.inbox.committed[message.seat.index()];
        if slot.as_ref().is_none_or(|known| known.frame < message.frame) {
            *slot = Some(message);
        }
        Ok(())
    }

    /// The last frame that was logged, to be told to the partner and the lab. Take it before the
    /// files are flushed to disk and send it after, so that it says no more than is true.
    #[must_use]
    pub fn committed(&self) -> Option<Committed> {
        self.tip.map(|Tip { episode, frame, chain }| Committed {
            session: self.session.id.clone(),
            episode,
            seat: self.seat,
            frame,
            chain,
            signature: Vec::new(),
        })
    }

    /// The session is over, regularly or not: closes with a survivor's certificate whatever is
    /// not closed. Every confirmed row is kept. Further calls are harmless.
    pub fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let open = self.open.take();
        let open = open.map(|open| open.finish(&self.session, self.seat));
        for finished in self.finished.drain(..).chain(open) {
            self.effects.extend(finished.close_survivor(&self.inbox.committed));
        }
    }

    /// What to do next, `None` when everything is done. Drain it after every other call.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The world after the last confirmed frame.
    #[must_use]
    pub const fn replica(&self) -> &World {
        &self.replica
    }

    /// Whether a file is still open: the last episode runs or waits for statements.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open.is_some() || !self.finished.is_empty()
    }
}
