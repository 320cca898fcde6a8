//! What a task implements.

use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::rng::Rng;
use crate::{Action, MAX_PLAYERS, Reward};

/// A task: how an episode starts, and what one step does.
///
/// The implementing type is the state of one episode. It is cloned at every step, so it is
/// small and flat; everything that stays the same for a session is in [`Self::Rules`]. All
/// chance comes from the generator that is passed in.
pub trait Environment: Clone + Eq + Sized {
    /// What does not change during a session: the grid, timings, reward weights.
    type Rules;

    /// The state in which an episode starts. All chance comes from `rng`; `seed` is the number
    /// that an experimenter knows the episode by, for tasks that reproduce a program with a
    /// generator of its own.
    fn start(rules: &Self::Rules, seed: u64, rng: &mut Rng) -> Self;

    /// One step. `actions` has one action for each player.
    fn step(&mut self, rules: &Self::Rules, actions: &[Action], rng: &mut Rng) -> TaskStep;

    /// Puts the canonical encoding: every field that can influence a later step or column.
    fn encode(&self, rules: &Self::Rules, out: &mut Encoder);

    /// Takes what [`Self::encode`] put.
    ///
    /// # Errors
    /// [`DecodeError`] where the bytes encode no state of these rules.
    fn decode(rules: &Self::Rules, bytes: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Names of the columns `infos.{player}.*`, in order.
    fn info_names(rules: &Self::Rules) -> &'static [&'static str];

    /// The values of these columns for one player after a step.
    fn info_values(
        &self,
        rules: &Self::Rules,
        player: usize,
        step: &TaskStep,
        put: &mut dyn FnMut(Value<'_>),
    );

    /// Names of the columns `state.*` of this task, in order.
    fn state_names(rules: &Self::Rules) -> Vec<String>;

    /// The values of these columns.
    fn state_values(&self, rules: &Self::Rules, put: &mut dyn FnMut(Value<'_>));
}

/// What one step of a task led to, besides the new state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskStep {
    /// Each player's reward.
    pub rewards: [Reward; MAX_PLAYERS],
    /// Whether the task is over for each player.
    pub terminated: [bool; MAX_PLAYERS],
    /// What each player did that is worth counting, as bits that the task defines.
    pub events: [u8; MAX_PLAYERS],
    /// What all players earned together, each point once, however rewards are shared.
    pub score: Reward,
}

/// A value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A whole number.
    Int(i64),
    /// A reward.
    Reward(Reward),
    /// A word or a list of words; no commas, quotes or line ends.
    Text(&'a str),
}
