//! What a task implements.

use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::geometry::Cell;
use crate::layout::{Layout, NamedLayout, Tile};
use crate::rng::Rng;
use crate::settings::SettingsError;
use crate::{Action, MAX_PLAYERS, Reward};

/// A task: how an episode starts, and what one step does.
///
/// The implementing type is the state of one episode. It is cloned at every step, so it is
/// small and flat; everything that stays the same for a session is in [`Self::Rules`]. All
/// chance comes from the generator that is passed in.
///
/// `ADDING_AN_ENVIRONMENT.md` leads through an implementation.
pub trait Environment: Clone + Eq + Sized {
    /// What an experimenter can set, as it stands in an experiment file.
    type Parameters;

    /// What does not change during a session: the grid, timings, reward weights.
    type Rules;

    /// The tiles that a layout of this task can have.
    const TILES: &'static [Tile];

    /// Those of [`Self::TILES`] that the task is about: an experimenter is warned of a layout
    /// without them, or where players don't get to them.
    const AIMS: &'static [Tile];

    /// The layouts that come with the task, by name.
    const LAYOUTS: &'static [NamedLayout];

    /// Appends every parameter, each combination with bytes of its own: they become a part of
    /// the game's digest.
    fn encode_parameters(parameters: &Self::Parameters, bytes: &mut Vec<u8>);

    /// Prepares what stepping needs. The layout has only tiles of [`Self::TILES`] and room for
    /// the players.
    ///
    /// # Errors
    /// [`SettingsError`] names the parameter that is out of range, or what the layout lacks.
    fn rules(
        parameters: &Self::Parameters,
        layout: &Layout,
        players: usize,
    ) -> Result<Self::Rules, SettingsError>;

    /// The state in which an episode starts. All chance comes from `rng`; `seed` is the number
    /// that an experimenter knows the episode by, for tasks that reproduce a program with a
    /// generator of its own.
    fn start(rules: &Self::Rules, seed: u64, rng: &mut Rng) -> Self;

    /// One step. `actions` has one action for each player.
    fn step(&mut self, rules: &Self::Rules, actions: &[Action], rng: &mut Rng) -> TaskStep;

    /// One step of many episodes: to each what [`Self::step`] does, and no more. `actions` holds
    /// the first episode's, then the second's, and so on.
    ///
    /// A task need not define it; one that is faster where each part of a step goes through many
    /// states before the next part begins can.
    fn step_many(
        rules: &Self::Rules,
        states: &mut [Self],
        actions: &[Action],
        rngs: &mut [Rng],
        steps: &mut [TaskStep],
    ) {
        let players = (actions.len() / states.len().max(1)).max(1);
        let each = states.iter_mut().zip(actions.chunks_exact(players)).zip(rngs).zip(steps);
        for (((state, actions), rng), step) in each {
            *step = state.step(rules, actions, rng);
        }
    }

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

    /// The letter that shows a cell of the grid on a board made of text: what is there now.
    fn letter(&self, rules: &Self::Rules, cell: Cell) -> char;
}

/// What one step of a task led to, besides the new state.
// Aligned so that it is copied as two whole vector registers. As 28 bytes it would go in two
// halves that overlap, and reading those back right away stalls a processor for a dozen cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(16))]
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
