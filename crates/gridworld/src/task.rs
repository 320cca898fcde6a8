//! The one list of tasks. To add a task, add a variant to each of the three enums below and a
//! line to each `match`; nothing else in Dyad names a task to step it.

use crate::Action;
use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::environment::{Environment as _, TaskStep, Value};
use crate::layout::Layout;
use crate::overcooked;
use crate::rng::Rng;
use crate::settings::SettingsError;
use serde::{Deserialize, Serialize};

/// Which task, with its parameters, as it stands in an experiment file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum TaskSettings {
    /// CoGrid's Overcooked.
    CogridOvercooked(overcooked::Parameters),
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self::CogridOvercooked(overcooked::Parameters::default())
    }
}

impl TaskSettings {
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::CogridOvercooked(parameters) => {
                bytes.push(0);
                parameters.encode(bytes);
            }
        }
    }
}

/// A task's tables, made once for a session.
#[derive(Debug)]
pub enum TaskRules {
    /// CoGrid's Overcooked.
    CogridOvercooked(overcooked::Rules),
}

impl TaskRules {
    pub(crate) fn new(
        settings: &TaskSettings,
        layout: &Layout,
        players: usize,
    ) -> Result<Self, SettingsError> {
        Ok(match settings {
            TaskSettings::CogridOvercooked(parameters) => {
                Self::CogridOvercooked(overcooked::Rules::new(parameters, layout, players)?)
            }
        })
    }

    pub(crate) fn start(&self, seed: u64, rng: &mut Rng) -> TaskState {
        match self {
            Self::CogridOvercooked(rules) => {
                TaskState::CogridOvercooked(overcooked::Kitchen::start(rules, seed, rng))
            }
        }
    }

    pub(crate) fn decode(&self, bytes: &mut Decoder<'_>) -> Result<TaskState, DecodeError> {
        Ok(match self {
            Self::CogridOvercooked(rules) => {
                TaskState::CogridOvercooked(overcooked::Kitchen::decode(rules, bytes)?)
            }
        })
    }

    /// Names of the columns `infos.{player}.*`.
    #[must_use]
    pub fn info_names(&self) -> &'static [&'static str] {
        match self {
            Self::CogridOvercooked(rules) => overcooked::Kitchen::info_names(rules),
        }
    }

    /// Names of the task's columns `state.*`.
    #[must_use]
    pub fn state_names(&self) -> Vec<String> {
        match self {
            Self::CogridOvercooked(rules) => overcooked::Kitchen::state_names(rules),
        }
    }
}

/// The state of a task in play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// CoGrid's Overcooked.
    CogridOvercooked(overcooked::Kitchen),
}

impl TaskState {
    pub(crate) fn step(
        &mut self,
        rules: &TaskRules,
        actions: &[Action],
        rng: &mut Rng,
    ) -> TaskStep {
        match (self, rules) {
            (Self::CogridOvercooked(state), TaskRules::CogridOvercooked(rules)) => {
                state.step(rules, actions, rng)
            }
        }
    }

    pub(crate) fn encode(&self, rules: &TaskRules, out: &mut Encoder) {
        match (self, rules) {
            (Self::CogridOvercooked(state), TaskRules::CogridOvercooked(rules)) => {
                state.encode(rules, out);
            }
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
            (Self::CogridOvercooked(state), TaskRules::CogridOvercooked(rules)) => {
                state.info_values(rules, player, step, put);
            }
        }
    }

    pub(crate) fn state_values(&self, rules: &TaskRules, put: &mut dyn FnMut(Value<'_>)) {
        match (self, rules) {
            (Self::CogridOvercooked(state), TaskRules::CogridOvercooked(rules)) => {
                state.state_values(rules, put);
            }
        }
    }
}
