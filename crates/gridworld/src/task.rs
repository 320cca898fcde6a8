//! The one list of tasks, at the end of this file. A task is added by a line there; nothing else
//! in Dyad names a task to step it, to keep it or to write it down.

use crate::Action;
use crate::batch::Worlds;
use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::environment::{Environment, TaskStep, Value};
use crate::geometry::Cell;
use crate::layout::{Layout, NamedLayout, Tile};
use crate::rng::Rng;
use crate::settings::SettingsError;
use crate::{goal_finding, overcooked, overcooked_ai};
use serde::{Deserialize, Serialize};

/// Makes the three enums of tasks from their list, with the functions that hand a call on to the
/// task at hand. A line is: the task's number in encodings, its name in experiment files, its
/// variant's name, and the type that implements [`Environment`].
macro_rules! tasks {
    ($($(#[$doc:meta])* $number:literal $name:literal $task:ident = $state:ty;)+) => {
        /// Which task, with its parameters, as it stands in an experiment file.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "name")]
        pub enum TaskSettings {
            $($(#[$doc])* #[serde(rename = $name)] $task(<$state as Environment>::Parameters),)+
        }

        /// A task's tables, made once for a session.
        #[derive(Debug)]
        #[expect(clippy::large_enum_variant, reason = "there is one for a session")]
        pub enum TaskRules {
            $($(#[$doc])* $task(<$state as Environment>::Rules),)+
        }

        /// The state of a task in play.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum TaskState {
            $($(#[$doc])* $task($state),)+
        }

        /// The states of a batch's worlds, in order of worlds.
        #[derive(Clone, Debug)]
        pub enum TaskStates {
            $($(#[$doc])* $task(Vec<$state>),)+
        }

        impl TaskSettings {
            /// Every task, with its default parameters.
            #[must_use]
            pub fn all() -> Vec<Self> {
                vec![$(Self::$task(Default::default())),+]
            }

            /// The task's name in experiment files.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$task(_) => $name),+ }
            }

            /// The layouts that come with the task, by name.
            #[must_use]
            pub const fn layouts(&self) -> &'static [NamedLayout] {
                match self { $(Self::$task(_) => <$state>::LAYOUTS),+ }
            }

            /// The tiles that a layout of the task can have.
            #[must_use]
            pub const fn tiles(&self) -> &'static [Tile] {
                match self { $(Self::$task(_) => <$state>::TILES),+ }
            }

            /// The tiles that the task is about.
            #[must_use]
            pub const fn aims(&self) -> &'static [Tile] {
                match self { $(Self::$task(_) => <$state>::AIMS),+ }
            }

            pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
                match self {
                    $(Self::$task(parameters) => {
                        bytes.push($number);
                        <$state>::encode_parameters(parameters, bytes);
                    })+
                }
            }
        }

        impl TaskRules {
            pub(crate) fn new(
                settings: &TaskSettings,
                layout: &Layout,
                players: usize,
            ) -> Result<Self, SettingsError> {
                match settings {
                    $(TaskSettings::$task(parameters) => {
                        <$state>::rules(parameters, layout, players).map(Self::$task)
                    })+
                }
            }

            pub(crate) fn start(&self, seed: u64, rng: &mut Rng) -> TaskState {
                match self {
                    $(Self::$task(rules) => {
                        TaskState::$task(<$state>::start(rules, seed, rng))
                    })+
                }
            }

            pub(crate) fn decode(&self, bytes: &mut Decoder<'_>) -> Result<TaskState, DecodeError> {
                match self {
                    $(Self::$task(rules) => <$state>::decode(rules, bytes).map(TaskState::$task)),+
                }
            }

            /// Names of the columns `infos.{player}.*`.
            #[must_use]
            pub fn info_names(&self) -> &'static [&'static str] {
                match self { $(Self::$task(rules) => <$state>::info_names(rules)),+ }
            }

            /// Names of the task's columns `state.*`.
            #[must_use]
            pub fn state_names(&self) -> Vec<String> {
                match self { $(Self::$task(rules) => <$state>::state_names(rules)),+ }
            }
        }

        impl TaskStates {
            pub(crate) const fn none(rules: &TaskRules) -> Self {
                match rules { $(TaskRules::$task(_) => Self::$task(Vec::new())),+ }
            }

            pub(crate) fn push(&mut self, state: TaskState) {
                match (self, state) {
                    $((Self::$task(states), TaskState::$task(state)) => states.push(state),)+
                    _ => of_another_task(),
                }
            }

            pub(crate) fn set(&mut self, world: usize, state: TaskState) {
                match (self, state) {
                    $((Self::$task(states), TaskState::$task(state)) => states[world] = state,)+
                    _ => of_another_task(),
                }
            }

            /// A copy of one world's state.
            ///
            /// # Panics
            /// If there is no such world.
            #[must_use]
            pub fn state(&self, world: usize) -> TaskState {
                match self { $(Self::$task(states) => TaskState::$task(states[world].clone())),+ }
            }

            pub(crate) fn step(&mut self, worlds: Worlds<'_>) -> bool {
                match (self, worlds.rules()) {
                    $((Self::$task(states), TaskRules::$task(rules)) => worlds.step(rules, states),)+
                    _ => of_another_task(),
                }
            }
        }

        impl TaskState {
            pub(crate) fn step(
                &mut self,
                rules: &TaskRules,
                actions: &[Action],
                rng: &mut Rng,
            ) -> TaskStep {
                match (self, rules) {
                    $((Self::$task(state), TaskRules::$task(rules)) => {
                        state.step(rules, actions, rng)
                    })+
                    _ => of_another_task(),
                }
            }

            pub(crate) fn encode(&self, rules: &TaskRules, out: &mut Encoder) {
                match (self, rules) {
                    $((Self::$task(state), TaskRules::$task(rules)) => state.encode(rules, out),)+
                    _ => of_another_task(),
                }
            }

            pub(crate) fn info_values(
                &self,
                rules: &TaskRules,
                player: usize,
                step: &TaskStep,
                put: &mut dyn FnMut(Value<'_>),
            ) {
                match (self, rules) {
                    $((Self::$task(state), TaskRules::$task(rules)) => {
                        state.info_values(rules, player, step, put);
                    })+
                    _ => of_another_task(),
                }
            }

            pub(crate) fn state_values(&self, rules: &TaskRules, put: &mut dyn FnMut(Value<'_>)) {
                match (self, rules) {
                    $((Self::$task(state), TaskRules::$task(rules)) => {
                        state.state_values(rules, put);
                    })+
                    _ => of_another_task(),
                }
            }

            /// The letter that shows a cell on a board made of text: what is there now.
            ///
            /// # Panics
            /// If the rules are another task's.
            #[must_use]
            pub fn letter(&self, rules: &TaskRules, cell: Cell) -> char {
                match (self, rules) {
                    $((Self::$task(state), TaskRules::$task(rules)) => state.letter(rules, cell),)+
                    _ => of_another_task(),
                }
            }
        }
    };
}

#[cold]
fn of_another_task() -> ! {
    panic!("a task's state goes with the rules it was started by")
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self::CogridOvercooked(overcooked::Parameters::default())
    }
}

tasks! {
    /// CoGrid's Overcooked.
    0 "cogrid-overcooked" CogridOvercooked = overcooked::Kitchen;
    /// Overcooked-AI, by its rules of 2019.
    1 "overcooked-ai-2019" OvercookedAi2019 = overcooked_ai::Kitchen;
    /// CoGrid's example of an environment.
    2 "goal-finding" GoalFinding = goal_finding::Walk;
}
