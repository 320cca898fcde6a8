//! What an experimenter can set of Overcooked-AI: cook time and rewards.

use crate::Reward;
use crate::presets::{self, Presets};
use serde::{Deserialize, Deserializer, Serialize};

/// The parameters of the task, as they stand in an experiment file. The original's horizon of
/// 400 steps is a setting of every task, `max_steps`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Steps from the third ingredient until the soup can be plated; the original's is 20.
    pub cook_time: u16,
    /// What is rewarded.
    pub rewards: RewardScheme,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { cook_time: 20, rewards: RewardScheme::default() }
    }
}

impl Parameters {
    /// Cook time and the four rewards.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        let RewardScheme { delivery, ingredient_in_pot, useful_dish, soup_in_dish } = self.rewards;
        bytes.extend(self.cook_time.to_le_bytes());
        for reward in [delivery, ingredient_in_pot, useful_dish, soup_in_dish] {
            bytes.extend(reward.0.to_le_bytes());
        }
    }
}

/// What each deed is worth. A delivery is paid to every player, all else to who did it.
///
/// In an experiment file it is either a table (`{ delivery = "20" }`, with the default for what
/// is left out) or one of the names in [`RewardScheme::PRESETS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RewardScheme {
    /// For a soup brought to the delivery zone.
    pub delivery: Reward,
    /// For an ingredient put into a pot.
    pub ingredient_in_pot: Reward,
    /// For taking a dish that is needed: two play, no dish lies about, and fewer hands hold one
    /// than pots hold something.
    pub useful_dish: Reward,
    /// For plating a finished soup.
    pub soup_in_dish: Reward,
}

impl RewardScheme {
    /// The program's own weights: 20 for a delivery, and shaping of 3, 3 and 5.
    pub const OVERCOOKED_AI: Self = Self {
        delivery: Reward::points(20),
        ingredient_in_pot: Reward::points(3),
        useful_dish: Reward::points(3),
        soup_in_dish: Reward::points(5),
    };

    /// The same without shaping.
    pub const SPARSE: Self = Self {
        delivery: Reward::points(20),
        ingredient_in_pot: Reward::ZERO,
        useful_dish: Reward::ZERO,
        soup_in_dish: Reward::ZERO,
    };

    /// What the people of the recorded games played for: 5 for a delivery.
    pub const RECORDED_2019: Self = Self { delivery: Reward::points(5), ..Self::SPARSE };

    /// The schemes that an experiment file can name.
    pub const PRESETS: [(&str, Self); 3] = [
        ("overcooked-ai", Self::OVERCOOKED_AI),
        ("sparse", Self::SPARSE),
        ("recorded-2019", Self::RECORDED_2019),
    ];
}

impl Default for RewardScheme {
    fn default() -> Self {
        Self::OVERCOOKED_AI
    }
}

/// The table form of a scheme.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Table {
    delivery: Reward,
    ingredient_in_pot: Reward,
    useful_dish: Reward,
    soup_in_dish: Reward,
}

impl Default for Table {
    fn default() -> Self {
        let RewardScheme { delivery, ingredient_in_pot, useful_dish, soup_in_dish } =
            RewardScheme::default();
        Self { delivery, ingredient_in_pot, useful_dish, soup_in_dish }
    }
}

impl From<Table> for RewardScheme {
    fn from(table: Table) -> Self {
        let Table { delivery, ingredient_in_pot, useful_dish, soup_in_dish } = table;
        Self { delivery, ingredient_in_pot, useful_dish, soup_in_dish }
    }
}

impl Presets for RewardScheme {
    type Table = Table;
    const WHAT: &'static str = "rewards";
    const NAMED: &'static [(&'static str, Self)] = &Self::PRESETS;
}

impl<'de> Deserialize<'de> for RewardScheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        presets::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::{Parameters, RewardScheme};
    use crate::Reward;

    #[test]
    fn parameters_survive_their_json_and_tables_fill_up_from_the_default() {
        for (name, scheme) in RewardScheme::PRESETS {
            let parse = |json: &str| serde_json::from_str::<Parameters>(json).unwrap();
            let named = parse(&format!(r#"{{"rewards":{name:?}}}"#));
            assert_eq!(named, Parameters { rewards: scheme, ..Parameters::default() });
            assert_eq!(parse(&serde_json::to_string(&named).unwrap()), named);
        }
        let table: RewardScheme = serde_json::from_str(r#"{"soup_in_dish":"0.5"}"#).unwrap();
        assert_eq!(table, RewardScheme { soup_in_dish: Reward(500), ..RewardScheme::default() });
        let error = serde_json::from_str::<RewardScheme>("\"mug\"").unwrap_err().to_string();
        assert!(error.contains("recorded-2019"), "{error}");
    }
}
