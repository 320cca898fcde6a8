//! Conditions, each given to as many as the others: to the rarest, and among equally rare ones by
//! a seeded draw, so that neither chance nor the order of arrival lets one run ahead.
//!
//! What was drawn for a match that never began, or for somebody who never played, is given back.
//! Games that end early are counted: who replaces them is the experimenter's decision.

use crate::settings::{ConditionSettings, Unit};
use dyad_protocol::ParticipantId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The conditions of a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conditions {
    /// The scene has none.
    None,
    /// One for all.
    Group(String),
    /// One for each seat.
    Seats(Vec<String>),
}

/// Somebody's own condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    condition: String,
    /// Who has played keeps it.
    played: bool,
}

/// How often each condition of a scene was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    counts: BTreeMap<String, u64>,
    given: BTreeMap<ParticipantId, Given>,
    /// Matches that drew, for the next draw to be another.
    draws: u64,
}

impl Tally {
    /// How often a condition was given, and not given back.
    #[must_use]
    pub fn count(&self, condition: &str) -> u64 {
        self.counts.get(condition).copied().unwrap_or(0)
    }

    /// Draws for a group; changes nothing.
    #[must_use]
    pub fn draw(&self, settings: &ConditionSettings, group: &[ParticipantId]) -> Conditions {
        let mut counts = self.counts.clone();
        let mut draws = (0..).map(|draw| mixed(mixed(settings.seed, self.draws), draw));
        let mut rarest = || {
            let count = |name: &&String| counts.get(*name).copied().unwrap_or(0);
            let fewest = settings.names.iter().map(|name| count(&name)).min()?;
            let tied: Vec<_> =
                settings.names.iter().filter(|name| count(name) == fewest).cloned().collect();
            let draw = draws.next()?;
            let at = usize::try_from(draw % u64::try_from(tied.len()).ok()?).ok()?;
            let name = tied.into_iter().nth(at)?;
            *counts.entry(name.clone()).or_default() += 1;
            Some(name)
        };
        let drawn = match settings.per {
            Unit::Group => rarest().map(Conditions::Group),
            Unit::Participant => {
                let own = |participant| match self.given.get(participant) {
                    Some(given) => Some(given.condition.clone()),
                    None => rarest(),
                };
                group.iter().map(own).collect::<Option<_>>().map(Conditions::Seats)
            }
        };
        drawn.unwrap_or(Conditions::None)
    }

    /// Takes down what was drawn for a group.
    pub(crate) fn give(&mut self, conditions: &Conditions, group: &[ParticipantId]) {
        self.draws += u64::from(*conditions != Conditions::None);
        match conditions {
            Conditions::None => {}
            Conditions::Group(condition) => *self.counts.entry(condition.clone()).or_default() += 1,
            Conditions::Seats(conditions) => {
                for (participant, condition) in group.iter().zip(conditions) {
                    if !self.given.contains_key(participant) {
                        let given = Given { condition: condition.clone(), played: false };
                        self.given.insert(participant.clone(), given);
                        *self.counts.entry(condition.clone()).or_default() += 1;
                    }
                }
            }
        }
    }

    /// A group plays: each keeps the own condition.
    pub(crate) fn keep(&mut self, group: &[ParticipantId]) {
        for participant in group {
            if let Some(given) = self.given.get_mut(participant) {
                given.played = true;
            }
        }
    }

    /// A match is over before it began.
    pub(crate) fn give_back(&mut self, conditions: &Conditions) {
        if let Conditions::Group(condition) = conditions {
            self.decrement(&condition.clone());
        }
    }

    /// Somebody is gone.
    pub(crate) fn forget(&mut self, participant: &ParticipantId) {
        if self.given.get(participant).is_some_and(|given| !given.played)
            && let Some(given) = self.given.remove(participant)
        {
            self.decrement(&given.condition);
        }
    }

    fn decrement(&mut self, condition: &str) {
        if let Some(count) = self.counts.get_mut(condition) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Draw `index` of the sequence of `seed`: SplitMix64 (Steele, Lea and Flood, 2014), computed
/// from its position, so that no generator has to be persisted.
const fn mixed(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add((index.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
