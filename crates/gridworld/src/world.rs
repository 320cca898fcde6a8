//! The world: phases, episodes, and the one function that changes them.
//!
//! ```text
//!             countdown over            episode over, not the last
//! Countdown ─────────────────▶ Playing ────────────────────────────▶ Between
//!     ▲                        │  ▲ │ last episode over                 │
//!     │      somebody is away, ▼  │ ▼                                   │
//!     │      if the game waits: Paused  Coasting                        │
//!     └─────────────────────────────────────────────────────────────────┘
//!                              break over: next episode
//! ```
//!
//! From any phase the session can end because somebody has been away for too long ([`crate::focus`]):
//! then it coasts, and no episode follows.
//!
//! Everything that ends, resets or counts is a field of [`World`], so a rollback restores it
//! whole and all peers end an episode at the same row.
//!
//! In any phase the world can be held for a number of frames ([`World::hold`]): a session that
//! resumes after an interruption counts down once more before its players' keys count.

use crate::encoding::{DecodeError, Decoder, Digest, Encoder};
use crate::environment::{TaskStep, Value};
use crate::focus::{Away, End};
use crate::rng::Rng;
use crate::settings::{EpisodeSeeds, Settings};
use crate::task::{TaskRules, TaskState};
use crate::{Action, Game, MAX_PLAYERS, PlayerInput, Reward};
use std::sync::Arc;

/// What the world is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The next episode is set up; actions do not count yet.
    Countdown {
        /// Frames until the episode's first step.
        left: u32,
    },
    /// An episode is played.
    Playing,
    /// An episode waits, as somebody is away or was until just now; actions do not count.
    Paused {
        /// Frames until it goes on, counted from when everybody is back.
        left: u32,
    },
    /// An episode is over and stays visible; actions do not count.
    Between {
        /// Frames until the next episode is set up.
        left: u32,
    },
    /// The session is over; [`World::end`] says why. Stepping on is harmless: peers keep stepping
    /// until each knows that the other has everything.
    Coasting,
}

impl Phase {
    /// Whether a session can be in this phase before step `t` of an episode.
    const fn is_possible(self, settings: &Settings, episode: u16, t: u32) -> bool {
        match self {
            Self::Countdown { .. } | Self::Playing => {
                episode < settings.episodes && t < settings.max_steps
            }
            // The step in which somebody was first away was played.
            Self::Paused { left } => {
                let can_pause = settings.focus.pause && left <= settings.focus.return_frames;
                can_pause && episode < settings.episodes && t > 0 && t < settings.max_steps
            }
            Self::Between { .. } => episode < settings.episodes - 1 && t <= settings.max_steps,
            Self::Coasting => episode < settings.episodes && t <= settings.max_steps,
        }
    }
}

/// A session's whole state at one moment.
#[derive(Clone, Debug)]
pub struct World {
    game: Arc<Game>,
    frame: u32,
    held: u32,
    away: Away,
    phase: Phase,
    /// Whether the session ended because somebody was away too long.
    cut_short: bool,
    episode: u16,
    t: u32,
    score: Reward,
    rng: Rng,
    task: TaskState,
}

/// What a step of an episode led to: the material of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The episode, from 0.
    pub episode: u16,
    /// The step within the episode, from 0.
    pub t: u32,
    /// What the task says of the step.
    pub task: TaskStep,
    /// Whether the episode has reached its last step, or ends with this one because somebody was
    /// away too long, for all players.
    pub truncated: bool,
    /// Whether this was the episode's last row.
    pub last: bool,
}

impl Outcome {
    /// Adds to what a task says of step `t` whether it was the episode's last.
    #[inline]
    pub(crate) fn new(settings: &Settings, episode: u16, t: u32, task: TaskStep) -> Self {
        let truncated = t + 1 >= settings.max_steps;
        let last = Self::is_last(settings, t, &task);
        Self { episode, t, task, truncated, last }
    }

    /// Whether step `t` is an episode's last: after `max_steps`, or when the task is over for
    /// all players.
    #[inline]
    pub(crate) fn is_last(settings: &Settings, t: u32, task: &TaskStep) -> bool {
        let players = usize::from(settings.players);
        t + 1 >= settings.max_steps || task.terminated[..players].iter().all(|&over| over)
    }
}

impl World {
    /// The world before the session's first frame.
    #[must_use]
    pub fn new(game: Arc<Game>) -> Self {
        let (rng, task) = set_up(&game, game.settings().seed, 0);
        let phase = counting_down(&game);
        Self {
            game,
            frame: 0,
            held: 0,
            away: Away::default(),
            phase,
            cut_short: false,
            episode: 0,
            t: 0,
            score: Reward::ZERO,
            rng,
            task,
        }
    }

    /// Applies every player's input for one frame, in order of seats.
    ///
    /// Returns what happened if the frame was a step of an episode, `None` in a countdown, a
    /// pause, while the world is held, or after the end.
    ///
    /// # Panics
    /// If there are fewer inputs than players: that is a mistake of the program, never of a
    /// participant.
    pub fn step(&mut self, inputs: &[PlayerInput]) -> Option<Outcome> {
        self.frame = self.frame.wrapping_add(1);
        if self.held > 0 {
            self.held -= 1;
            return None;
        }
        if self.phase == Phase::Coasting {
            return None;
        }
        let inputs = &inputs[..self.game.players()];
        self.away.count(inputs);
        let rule = self.game.settings().focus;
        let waits = rule.pause && self.away.anybody();
        let too_long = self.away.reaches(rule.limit);
        let mut outcome = None;
        match &mut self.phase {
            Phase::Playing => {
                outcome = Some(self.play(inputs, too_long));
                // The step in which somebody is first away is played, so that the table shows
                // where the game waited.
                if waits && self.phase == Phase::Playing {
                    self.phase = Phase::Paused { left: rule.return_frames };
                }
            }
            // Everybody who comes back finds so much of it.
            Phase::Countdown { left } if waits => *left = rule.return_frames.max(*left),
            Phase::Paused { left } if waits => *left = rule.return_frames,
            Phase::Countdown { left } | Phase::Paused { left } => {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    self.phase = Phase::Playing;
                }
            }
            Phase::Between { left } => {
                *left = left.saturating_sub(1);
                if *left == 0 || too_long {
                    // Frames of a break are the next episode's, which ends before it begins.
                    self.next_episode();
                }
            }
            Phase::Coasting => {}
        }
        if too_long && self.phase != Phase::Coasting {
            self.cut_short = true;
            self.phase = Phase::Coasting;
        }
        outcome
    }

    /// Holds the world for its next `frames` frames: they count, and change nothing else. Frames
    /// of an earlier hold that are still left are replaced, not added to.
    ///
    /// This is not play. Peers agree on it when they resume a session, and each one's log says
    /// where it happened.
    pub const fn hold(&mut self, frames: u32) {
        self.held = frames;
    }

    /// Frames for which the world is still held.
    #[must_use]
    pub const fn held(&self) -> u32 {
        self.held
    }

    /// Plays a step of the episode, which is its last if somebody has been away `too_long`.
    fn play(&mut self, inputs: &[PlayerInput], too_long: bool) -> Outcome {
        let mut actions = [Action::Noop; MAX_PLAYERS];
        for (action, input) in actions.iter_mut().zip(inputs) {
            *action = input.action();
        }
        let task = self.task.step(self.game.rules(), &actions[..inputs.len()], &mut self.rng);
        let settings = self.game.settings();
        let mut outcome = Outcome::new(settings, self.episode, self.t, task);
        self.t += 1;
        self.score += task.score;
        if outcome.last {
            self.phase = if self.episode + 1 < settings.episodes {
                Phase::Between { left: settings.pause_frames }
            } else {
                Phase::Coasting
            };
        } else if too_long {
            outcome = Outcome { truncated: true, last: true, ..outcome };
        }
        outcome
    }

    fn next_episode(&mut self) {
        self.episode += 1;
        self.t = 0;
        self.score = Reward::ZERO;
        let seed = self.game.settings().seed;
        (self.rng, self.task) = set_up(&self.game, seed, u64::from(self.episode));
        self.phase = counting_down(&self.game);
    }

    /// The settings and tables of this world's session.
    #[must_use]
    pub const fn game(&self) -> &Arc<Game> {
        &self.game
    }

    /// How many frames have been stepped.
    #[must_use]
    pub const fn frame(&self) -> u32 {
        self.frame
    }

    /// What the world is doing.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The current episode, from 0.
    #[must_use]
    pub const fn episode(&self) -> u16 {
        self.episode
    }

    /// Steps of the current episode that were played.
    #[must_use]
    pub const fn t(&self) -> u32 {
        self.t
    }

    /// How many episodes are over. The last of them may have ended early, even before its first
    /// step, because somebody was away too long.
    #[must_use]
    pub const fn episodes_over(&self) -> u16 {
        match self.phase {
            Phase::Countdown { .. } | Phase::Playing | Phase::Paused { .. } => self.episode,
            Phase::Between { .. } | Phase::Coasting => self.episode + 1,
        }
    }

    /// For how many frames in a row each player has been away.
    #[must_use]
    pub const fn away(&self) -> Away {
        self.away
    }

    /// Why the session is over, if it is.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        match (self.phase, self.game.settings().focus.limit) {
            (Phase::Coasting, Some(limit)) if self.cut_short => {
                Some(End::AwayTooLong { who: self.away.since(limit) })
            }
            (Phase::Coasting, _) => Some(End::Completed),
            _ => None,
        }
    }

    /// What the players of the current episode earned together.
    #[must_use]
    pub const fn score(&self) -> Reward {
        self.score
    }

    /// The task's state.
    #[must_use]
    pub const fn task(&self) -> &TaskState {
        &self.task
    }

    /// Names of the columns `state.*`: the score, then the task's own.
    #[must_use]
    pub fn state_names(rules: &TaskRules) -> Vec<String> {
        std::iter::once("score".to_owned()).chain(rules.state_names()).collect()
    }

    /// The values of the columns `state.*`. After an episode's last step they are still that
    /// episode's: the next one is set up when the pause is over.
    pub fn state_values(&self, put: &mut dyn FnMut(Value<'_>)) {
        put(Value::Reward(self.score));
        self.task.state_values(self.game.rules(), put);
    }

    /// The values of the columns `infos.{player}.*` after a step.
    pub fn info_values(&self, player: usize, step: &TaskStep, put: &mut dyn FnMut(Value<'_>)) {
        self.task.info_values(self.game.rules(), player, step, put);
    }

    /// The canonical encoding: frame, frames still held, frames that each player has been away,
    /// phase, episode, step, score, generator, then the task's. The game is not a part of it;
    /// [`Game::digest`] names it.
    #[must_use]
    pub fn encode(&self) -> Encoder {
        let mut out = Encoder::default();
        out.u32(self.frame);
        out.u32(self.held);
        self.away.encode(self.game.players(), &mut out);
        let (tag, left) = match self.phase {
            Phase::Countdown { left } => (0, left),
            Phase::Playing => (1, 0),
            Phase::Between { left } => (2, left),
            Phase::Coasting if self.cut_short => (5, 0),
            Phase::Coasting => (3, 0),
            Phase::Paused { left } => (4, left),
        };
        out.u8(tag);
        out.u32(left);
        out.u16(self.episode);
        out.u32(self.t);
        out.i32(self.score.0);
        out.u64(self.rng.state());
        self.task.encode(self.game.rules(), &mut out);
        out
    }

    /// The world that [`Self::encode`] gave these bytes for.
    ///
    /// # Errors
    /// [`DecodeError`] where the bytes encode no world of this game.
    pub fn decode(game: Arc<Game>, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut bytes = Decoder::new(bytes);
        let frame = bytes.u32()?;
        let held = bytes.u32()?;
        let away = Away::decode(game.players(), &mut bytes)?;
        let tag = bytes.u8()?;
        let left = bytes.u32()?;
        let phase = match (tag, left) {
            (0, 1..) => Phase::Countdown { left },
            (1, 0) => Phase::Playing,
            (2, 1..) => Phase::Between { left },
            (3 | 5, 0) => Phase::Coasting,
            (4, 1..) => Phase::Paused { left },
            _ => return Err(bytes.invalid("phase")),
        };
        let cut_short = tag == 5;
        let too_long = away.reaches(game.settings().focus.limit);
        // Who is away too long ends the session, unless that very step was its last.
        if too_long != cut_short && (cut_short || phase != Phase::Coasting) {
            return Err(bytes.invalid("end of the session"));
        }
        let episode = bytes.u16()?;
        let t = bytes.u32()?;
        if !phase.is_possible(game.settings(), episode, t) {
            return Err(bytes.invalid("place in the session"));
        }
        let score = Reward(bytes.i32()?);
        let rng = Rng::new(bytes.u64()?);
        let task = game.rules().decode(&mut bytes)?;
        bytes.finish()?;
        Ok(Self { game, frame, held, away, phase, cut_short, episode, t, score, rng, task })
    }

    /// BLAKE3 over the canonical encoding.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.encode().as_bytes())
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.game.digest() == other.game.digest()
            && self.encode().as_bytes() == other.encode().as_bytes()
    }
}

impl Eq for World {}

/// How an episode of a session with this seed starts. The seed is passed since worlds of one
/// game can have seeds of their own in a [`crate::batch::Batch`].
pub(crate) fn set_up(game: &Game, seed: u64, episode: u64) -> (Rng, TaskState) {
    let stream = match game.settings().episode_seeds {
        EpisodeSeeds::Derived => episode,
        EpisodeSeeds::Same => 0,
    };
    let mut rng = Rng::stream(seed, stream);
    let task = game.rules().start(seed.wrapping_add(stream), &mut rng);
    (rng, task)
}

fn counting_down(game: &Game) -> Phase {
    match game.settings().countdown_frames {
        0 => Phase::Playing,
        left => Phase::Countdown { left },
    }
}
