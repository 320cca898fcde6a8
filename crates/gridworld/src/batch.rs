//! Many worlds in one step, for training and for analysis.
//!
//! The worlds of a [`Batch`] play the same game, each with a seed of its own. World `i` plays
//! the episodes that a [`World`](crate::World) of the game with that seed plays, state by state
//! and reward by reward; only what is there for people is left out: no countdowns, no pauses,
//! and no last episode.
//!
//! ```
//! # use dyad_gridworld::{Action, Game, Settings, batch::Batch};
//! # fn example(game: std::sync::Arc<Game>, choose: impl Fn(&Batch) -> Vec<Action>) {
//! let mut batch = Batch::new(game, 0..1024);
//! for _ in 0..10_000 {
//!     let actions = choose(&batch); // by world, then by seat
//!     batch.step(&actions);
//!     for step in batch.steps() {
//!         // learn from step.rewards
//!     }
//!     for world in batch.ended() {
//!         // batch.states() still shows how its episode ended
//!     }
//!     batch.go_on(); // now it shows how the next one starts
//! }
//! # }
//! ```
//!
//! Worlds are kept one after the other, and the task's step goes through them phase by phase
//! ([`Environment::step_many`]). A structure of arrays would save at most the time in which
//! worlds come from the cache, a fiftieth in a batch of a thousand, and would need the rules a
//! second time. A thousand worlds a thread fit into its second-level cache.

use crate::environment::{Environment, TaskStep};
use crate::rng::Rng;
use crate::task::{TaskRules, TaskStates};
use crate::world::{Outcome, set_up};
use crate::{Action, Game, Reward};
use std::sync::Arc;

/// Worlds whose steps are taken together: what they need fits into the first-level cache.
const BLOCK: usize = 64;

/// Worlds that one task of a thread pool steps: some 20 microseconds of work.
#[cfg(feature = "rayon")]
const SHARE: usize = 16 * BLOCK;

/// Many worlds of one game.
#[derive(Clone, Debug)]
pub struct Batch {
    game: Arc<Game>,
    seeds: Vec<u64>,
    rngs: Vec<Rng>,
    progress: Vec<Progress>,
    states: TaskStates,
    steps: Vec<TaskStep>,
    ended: Vec<usize>,
}

/// How far a world has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The current episode, from 0.
    pub episode: u64,
    /// Steps of the episode that were played.
    pub t: u32,
    /// What the players of the episode earned together.
    pub score: Reward,
}

impl Batch {
    /// A world for each seed, each at the start of its first episode.
    #[must_use]
    pub fn new(game: Arc<Game>, seeds: impl IntoIterator<Item = u64>) -> Self {
        let seeds: Vec<u64> = seeds.into_iter().collect();
        let mut states = TaskStates::none(game.rules());
        let mut rngs = Vec::with_capacity(seeds.len());
        for &seed in &seeds {
            let (rng, state) = set_up(&game, seed, 0);
            rngs.push(rng);
            states.push(state);
        }
        let progress = vec![Progress::default(); seeds.len()];
        let steps = vec![TaskStep::default(); seeds.len()];
        Self { game, seeds, rngs, progress, states, steps, ended: Vec::new() }
    }

    /// The game that all worlds play. Its own seed, number of episodes, countdown and pause mean
    /// nothing here.
    #[must_use]
    pub const fn game(&self) -> &Arc<Game> {
        &self.game
    }

    /// Number of worlds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.seeds.len()
    }

    /// Whether there is no world.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.seeds.is_empty()
    }

    /// One step of every world. `actions` has one for each player of the first world in order of
    /// seats, then the second world's, and so on.
    ///
    /// Worlds whose episode has ended [go on](Self::go_on) first, if they have not.
    ///
    /// # Panics
    /// If the number of actions is not that of worlds times players.
    pub fn step(&mut self, actions: &[Action]) {
        let (states, worlds) = self.open(actions);
        if states.step(worlds) {
            self.note_ended();
        }
    }

    /// [`Self::step`] on the threads of the current rayon pool, with the same result. It is
    /// faster for some thousands of worlds and more.
    ///
    /// # Panics
    /// If the number of actions is not that of worlds times players.
    #[cfg(feature = "rayon")]
    pub fn step_parallel(&mut self, actions: &[Action]) {
        let (states, worlds) = self.open(actions);
        if states.step(Worlds { parallel: true, ..worlds }) {
            self.note_ended();
        }
    }

    /// Checks the actions and makes the next step possible.
    fn open<'a>(&'a mut self, actions: &'a [Action]) -> (&'a mut TaskStates, Worlds<'a>) {
        let (worlds, players) = (self.len(), self.game.players());
        assert_eq!(
            actions.len(),
            worlds * players,
            "actions of {worlds} worlds x {players} players"
        );
        self.go_on();
        let Self { game, rngs, progress, steps, .. } = self;
        (&mut self.states, Worlds { game, actions, rngs, progress, steps, parallel: false })
    }

    fn note_ended(&mut self) {
        let ended = |&world: &usize| self.outcome(world).is_some_and(|outcome| outcome.last);
        self.ended = (0..self.len()).filter(ended).collect();
    }

    /// Starts the next episode of every world whose episode the last step ended.
    pub fn go_on(&mut self) {
        for world in self.ended.drain(..) {
            let episode = self.progress[world].episode + 1;
            let (rng, state) = set_up(&self.game, self.seeds[world], episode);
            self.rngs[world] = rng;
            self.states.set(world, state);
            self.progress[world] = Progress { episode, ..Progress::default() };
        }
    }

    /// What the last step led to, by world; it stays when worlds go on.
    #[must_use]
    pub fn steps(&self) -> &[TaskStep] {
        &self.steps
    }

    /// What the last step of a world led to, as [`World::step`](crate::World::step) says it.
    /// `None` where the current episode has not seen a step. The episode's number starts again
    /// at 0 where it does not fit.
    ///
    /// # Panics
    /// If there is no such world.
    #[must_use]
    pub fn outcome(&self, world: usize) -> Option<Outcome> {
        let Progress { episode, t, .. } = self.progress[world];
        let [low, high, ..] = episode.to_le_bytes();
        let episode = u16::from_le_bytes([low, high]);
        let t = t.checked_sub(1)?;
        Some(Outcome::new(self.game.settings(), episode, t, self.steps[world]))
    }

    /// The worlds whose episode the last step ended, until they go on.
    #[must_use]
    pub fn ended(&self) -> &[usize] {
        &self.ended
    }

    /// The worlds' states.
    #[must_use]
    pub const fn states(&self) -> &TaskStates {
        &self.states
    }

    /// How far each world has come.
    #[must_use]
    pub fn progress(&self) -> &[Progress] {
        &self.progress
    }
}

/// What a step of neighbouring worlds needs besides their states.
pub(crate) struct Worlds<'a> {
    game: &'a Game,
    actions: &'a [Action],
    rngs: &'a mut [Rng],
    progress: &'a mut [Progress],
    steps: &'a mut [TaskStep],
    /// Whether threads may share the work.
    parallel: bool,
}

impl<'a> Worlds<'a> {
    /// The tables of the worlds' task.
    pub(crate) const fn rules(&self) -> &'a TaskRules {
        self.game.rules()
    }

    /// Steps the worlds and says whether an episode ended.
    pub(crate) fn step<E>(self, rules: &E::Rules, states: &mut [E]) -> bool
    where
        E: Environment + Send,
        E::Rules: Sync,
    {
        #[cfg(feature = "rayon")]
        if self.parallel {
            return self.step_shared(rules, states);
        }
        debug_assert!(!self.parallel, "only with threads");
        self.step_here(rules, states)
    }

    #[cfg(feature = "rayon")]
    fn step_shared<E>(self, rules: &E::Rules, states: &mut [E]) -> bool
    where
        E: Environment + Send,
        E::Rules: Sync,
    {
        use rayon::prelude::*;
        let game = self.game;
        states
            .par_chunks_mut(SHARE)
            .zip(self.actions.par_chunks(SHARE * game.players()))
            .zip(self.rngs.par_chunks_mut(SHARE))
            .zip(self.progress.par_chunks_mut(SHARE))
            .zip(self.steps.par_chunks_mut(SHARE))
            .map(|((((states, actions), rngs), progress), steps)| {
                let share = Worlds { game, actions, rngs, progress, steps, parallel: false };
                share.step_here(rules, states)
            })
            .reduce(|| false, |one, other| one | other)
    }

    fn step_here<E: Environment>(self, rules: &E::Rules, states: &mut [E]) -> bool {
        let settings = self.game.settings();
        let blocks = states
            .chunks_mut(BLOCK)
            .zip(self.actions.chunks(BLOCK * self.game.players()))
            .zip(self.rngs.chunks_mut(BLOCK))
            .zip(self.progress.chunks_mut(BLOCK))
            .zip(self.steps.chunks_mut(BLOCK));
        let mut any_ended = false;
        for ((((states, actions), rngs), progress), steps) in blocks {
            E::step_many(rules, states, actions, rngs, steps);
            for (step, progress) in steps.iter().zip(progress) {
                any_ended |= Outcome::is_last(settings, progress.t, step);
                progress.t += 1;
                progress.score += step.score;
            }
        }
        any_ended
    }
}
