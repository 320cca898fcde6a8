//! From confirmed frames to files.
//!
//! A [`Recorder`] owns the replica: a world that is stepped with confirmed inputs only and is
//! never rolled back. It takes the frames of a session strictly in order, splits them into
//! episodes and says what to do in [`Effect`]s.
//!
//! ```text
//!        first frame          episode over           every seat's statement
//! (none) ──────────▶ open ─────────────▶ finished ──────────────────────▶ closed: complete
//!                      │                    │ end()
//!                      └────────────────────┴───────────────────────────▶ closed: survivor
//!                             end()
//! ```
//!
//! Frames between two episodes belong to the later one's log, those of the first countdown to
//! log 0, those after the session's end to none. An episode may be finished and still wait for
//! statements while the next is open. One in which a player was away too long is finished where
//! the world says so, be it before its first row.
//!
//! A session that was interrupted goes on with [`Recorder::hold`]; if this program was killed
//! meanwhile, a new recorder takes up what is left ([`Recorder::resume`]), and
//! [`Recorder::supplied`] takes the frames that only the partner still had.

mod effect;
mod episode;
mod error;
mod issued;
mod partners;
mod resume;

pub use effect::{Divergence, Effect};
pub use error::{NewError, OrderError, Refusal, ResumeError};
pub use resume::{Left, Resumption};

use crate::keys::KeyPair;
use crate::log::{Header, SessionInfo};
use crate::statement::{Committed, OnDisk, Statement};
use dyad_gridworld::encoding::Encoder;
use dyad_gridworld::{
    ConfirmedFrame, Digest, Entry, Game, Hold, Outcome, Phase, PlayerInput, RULES_VERSION, World,
};
use dyad_protocol::Seat;
use episode::{Episode, Finished};
use issued::Issued;
use partners::Inbox;
use std::collections::VecDeque;
use std::sync::Arc;

/// Records one session for one seat. See the module's page for how to drive it.
pub struct Recorder {
    session: SessionInfo,
    seat: Seat,
    key: KeyPair,
    settings: String,
    replica: World,
    /// The replica's encoding before the next frame, kept for the report of a divergence.
    before: Encoder,
    diverged: bool,
    issued: Issued,
    /// The hold before the next frame, as long as that frame is not confirmed.
    hold: Option<Hold>,
    /// The newest connection that began with a hold.
    epoch: u16,
    open: Option<Episode>,
    /// Finished, but not every seat's statement is here. Oldest first.
    finished: Vec<Finished>,
    /// This side's own statements.
    stated: Vec<Statement>,
    inbox: Inbox,
    /// The last logged frame.
    tip: Option<Tip>,
    ended: bool,
    effects: VecDeque<Effect>,
}

#[derive(Clone, Copy, Debug)]
struct Tip {
    episode: u16,
    frame: u32,
    chain: Digest,
}

impl Recorder {
    /// A recorder for a session that starts with a new world of this game. `seat` is this
    /// machine's own, `key` what it signs with.
    ///
    /// # Errors
    /// [`NewError`] where session, game and key don't fit, or a log could not hold them.
    pub fn new(
        session: SessionInfo,
        seat: Seat,
        game: &Arc<Game>,
        key: KeyPair,
    ) -> Result<Self, NewError> {
        let (participants, players) = (session.participants.len(), game.players());
        if participants != players {
            return Err(NewError::Participants { participants, players });
        }
        if seat.index() >= players {
            return Err(NewError::Seat(seat));
        }
        if session.keys.get(seat.index()) != Some(&key.public()) {
            return Err(NewError::Key(seat));
        }
        let settings = serde_json::to_string(game.settings())?;
        let replica = World::new(Arc::clone(game));
        let recorder = Self {
            session,
            seat,
            key,
            settings,
            before: replica.encode(),
            replica,
            diverged: false,
            issued: Issued::default(),
            hold: None,
            epoch: 0,
            open: None,
            finished: Vec::new(),
            stated: Vec::new(),
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

    /// The session goes on after an interruption, and its world is held from the next frame on.
    /// The hold is recorded as soon as that frame is confirmed; one that was not, because the
    /// session was interrupted again, is replaced by the next. What was issued for the frames that
    /// follow is forgotten: say it anew after this call.
    ///
    /// # Errors
    /// [`OrderError`] where it is not about the next frame, or of an older connection than the
    /// hold before it. Nothing has changed then.
    pub fn hold(&mut self, hold: Hold) -> Result<(), OrderError> {
        self.expect(hold.next)?;
        let replaced = self.hold.is_some_and(|pending| pending.epoch <= hold.epoch);
        if hold.epoch <= self.epoch || (self.hold.is_some() && !replaced) {
            let last = self.hold.map_or(self.epoch, |pending| pending.epoch);
            return Err(OrderError::Epoch { last, found: hold.epoch });
        }
        self.hold = Some(hold);
        self.issued.clear();
        Ok(())
    }

    /// The next frame was confirmed: steps the replica and records.
    ///
    /// # Errors
    /// [`OrderError`] where it is not the next frame. Nothing was recorded then, and nothing
    /// can be: stop the session.
    pub fn confirmed(&mut self, frame: &ConfirmedFrame) -> Result<(), OrderError> {
        self.expect(frame.frame)?;
        let issued = self.issued.take(frame.frame).unwrap_or_default();
        self.take(frame, issued);
        Ok(())
    }

    /// The partner still has the next entry of the record, and this side has not, because it was
    /// killed before it was on disk. What this machine issued for the frame it then does not know
    /// either: it has to take the partner's word for it.
    ///
    /// # Errors
    /// [`OrderError`], as [`Self::hold`] and [`Self::confirmed`].
    pub fn supplied(&mut self, entry: &Entry) -> Result<(), OrderError> {
        match entry {
            Entry::Hold(hold) => self.hold(*hold),
            Entry::Frame(frame) => {
                self.expect(frame.frame)?;
                let confirmed = frame.inputs[self.seat.index()];
                let issued = self.issued.take(frame.frame).unwrap_or(confirmed);
                self.take(frame, issued);
                Ok(())
            }
        }
    }

    /// Whether the record goes on with this frame.
    const fn expect(&self, frame: u32) -> Result<(), OrderError> {
        let expected = self.replica.frame();
        if self.ended {
            return Err(OrderError::Ended(frame));
        }
        if frame != expected {
            return Err(OrderError::Gap { expected, found: frame });
        }
        Ok(())
    }

    fn take(&mut self, frame: &ConfirmedFrame, issued: PlayerInput) {
        let confirmed = frame.inputs[self.seat.index()];
        if issued != confirmed {
            let frame = frame.frame;
            self.effects.push_back(Effect::OtherInput { frame, issued, confirmed });
        }
        let logged = self.replica.phase() != Phase::Coasting;
        if logged && self.open.is_none() {
            self.open_episode();
        }
        let hold = self.hold.take();
        if let Some(hold) = hold {
            self.epoch = hold.epoch;
            self.replica.hold(hold.frames);
            self.before = self.replica.encode();
        }
        let outcome = self.replica.step(&frame.inputs);
        let after = self.replica.encode();
        let digest = Digest::of(after.as_bytes());
        if digest != frame.digest {
            self.diverge(frame, &after, digest);
        }
        self.before = after;
        if logged {
            self.log(hold.as_ref(), frame, digest, issued, outcome.as_ref());
        }
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

    /// The episode whose log holds the next frame: in a pause it is the one after the pause.
    fn next_episode(&self) -> u16 {
        let pause = matches!(self.replica.phase(), Phase::Between { .. });
        self.replica.episode() + u16::from(pause)
    }

    fn header(&self) -> Header {
        Header {
            rules: RULES_VERSION,
            session: self.session.clone(),
            episode: self.next_episode(),
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
        hold: Option<&Hold>,
        frame: &ConfirmedFrame,
        digest: Digest,
        own: PlayerInput,
        outcome: Option<&Outcome>,
    ) {
        let Some(open) = &mut self.open else { return };
        let episode = open.number();
        let bytes = open.frame(hold, frame, digest, own);
        let tip = Tip { episode, frame: frame.frame, chain: open.chain() };
        self.tip = Some(tip);
        self.effects.push_back(Effect::Log { episode, bytes });
        self.inbox.remember(tip.frame, tip.chain);
        self.compare_with_committed(tip);
        let Some(open) = &mut self.open else { return };
        if let Some(outcome) = outcome {
            let bytes = open.row(&self.replica, frame, outcome, &self.session.participants);
            self.effects.push_back(Effect::Table { episode, bytes });
        }
        // An episode can be over without a last row: when it waits, or before it has begun.
        if self.replica.episodes_over() > episode {
            self.finish_episode();
        }
    }

    fn finish_episode(&mut self) {
        let Some(open) = self.open.take() else { return };
        let finished = open.finish(&self.session, self.seat, &self.key);
        self.stated.push(finished.own().clone());
        self.effects.push_back(Effect::Statement(finished.own().clone()));
        let episode = finished.number();
        self.effects.extend(finished.disagreement(finished.own()));
        self.finished.push(finished);
        for statement in self.inbox.take_early(episode) {
            self.take_statement(statement);
        }
        self.close_complete();
    }

    /// This side's statements on all episodes that are finished.
    #[must_use]
    pub fn stated(&self) -> &[Statement] {
        &self.stated
    }

    /// The last frame that was logged, to be told to the partner and the lab. Take it before the
    /// files are flushed to disk and send it after, so that it says no more than is true.
    #[must_use]
    pub fn committed(&self) -> Option<Committed> {
        let Tip { episode, frame, chain } = self.tip?;
        let said = OnDisk { frame, chain };
        Some(Committed::new(self.session.id.clone(), episode, self.seat, said, &self.key))
    }

    /// The session is over, regularly or not: closes with a survivor's certificate whatever is
    /// not closed. Every confirmed row is kept. Further calls are harmless.
    pub fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let open = self.open.take();
        let open = open.map(|open| open.finish(&self.session, self.seat, &self.key));
        for finished in self.finished.drain(..).chain(open) {
            self.effects.extend(finished.close_survivor(self.inbox.committed()));
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
