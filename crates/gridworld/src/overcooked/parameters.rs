//! What an experimenter can set of Overcooked: cook time, rewards, and whose random draws.

use crate::Reward;
use crate::presets::{self, Presets};
use serde::{Deserialize, Deserializer, Serialize};

/// The parameters of the task, as they stand in an experiment file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Steps from the third ingredient until the soup can be plated; CoGrid's is 30.
    pub cook_time: u16,
    /// What is rewarded.
    pub rewards: RewardScheme,
    /// Where random draws come from.
    #[serde(skip_serializing_if = "Draws::is_default")]
    pub generator: Draws,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { cook_time: 30, rewards: RewardScheme::default(), generator: Draws::default() }
    }
}

impl Parameters {
    /// Cook time, three rewards, and a byte of flags: 1 rewards are shared, 2 shaping is not,
    /// 4 cogrid 0.3.2's draws.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        let RewardScheme { delivery, onion_in_pot, soup_in_dish, common, own_shaping } =
            self.rewards;
        bytes.extend(self.cook_time.to_le_bytes());
        for reward in [delivery, onion_in_pot, soup_in_dish] {
            bytes.extend(reward.0.to_le_bytes());
        }
        let cogrid = self.generator == Draws::Cogrid032;
        bytes.push(u8::from(common) | u8::from(own_shaping) << 1 | u8::from(cogrid) << 2);
    }
}

/// Where the random draws of an episode come from: start cells, start directions, and in every
/// step who moves first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Draws {
    /// The world's own generator, [`crate::rng::Rng`].
    #[default]
    #[serde(rename = "splitmix64")]
    SplitMix64,
    /// Those of cogrid 0.3.2 with numpy, draw for draw: an episode with a seed starts and goes
    /// on as the original's `reset(seed)` does. An episode's seed is the session's plus the
    /// episode's number, or the session's where all episodes start alike.
    #[serde(rename = "cogrid-0.3.2")]
    Cogrid032,
}

impl Draws {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What each deed is worth, and who gets it.
///
/// In an experiment file it is either a table (`{ delivery = "1", common = true }`, with the
/// default for what is left out) or one of the names in [`RewardScheme::PRESETS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RewardScheme {
    /// For a soup brought to the delivery zone.
    pub delivery: Reward,
    /// For an onion put into a pot.
    pub onion_in_pot: Reward,
    /// For plating a finished soup.
    pub soup_in_dish: Reward,
    /// Whether every player gets what any of them earns.
    pub common: bool,
    /// Whether the rewards for onions and plating stay with the player who earned them even
    /// where deliveries are common.
    #[serde(skip_serializing_if = "is_false")]
    pub own_shaping: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl RewardScheme {
    /// cogrid 0.3.x: 20 for a delivery, 3 for an onion in a pot, 5 for plating, all common.
    pub const COGRID_0_3: Self = Self {
        delivery: Reward::points(20),
        onion_in_pot: Reward::points(3),
        soup_in_dish: Reward::points(5),
        common: true,
        own_shaping: false,
    };

    /// cogrid 0.2.1: 1 for a delivery, common; 0.1 for an onion in a pot and 0.3 for plating,
    /// for the player who did it.
    pub const COGRID_0_2: Self = Self {
        delivery: Reward::points(1),
        onion_in_pot: Reward(100),
        soup_in_dish: Reward(300),
        common: true,
        own_shaping: true,
    };

    /// The reference platform's experiments: 1 for a delivery, common, and nothing else.
    pub const DELIVERIES: Self = Self {
        delivery: Reward::points(1),
        onion_in_pot: Reward::ZERO,
        soup_in_dish: Reward::ZERO,
        common: true,
        own_shaping: false,
    };

    /// cogrid 0.3.x's weights, each for the player who earned it.
    pub const SHAPED: Self = Self { common: false, ..Self::COGRID_0_3 };

    /// The schemes that an experiment file can name.
    pub const PRESETS: [(&str, Self); 4] = [
        ("cogrid-0.3", Self::COGRID_0_3),
        ("cogrid-0.2", Self::COGRID_0_2),
        ("deliveries", Self::DELIVERIES),
        ("shaped", Self::SHAPED),
    ];

    /// The scheme with this name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        Self::PRESETS.into_iter().find(|(known, _)| *known == name).map(|(_, scheme)| scheme)
    }
}

impl Default for RewardScheme {
    fn default() -> Self {
        Self::COGRID_0_3
    }
}

/// The table form of a scheme: what is left out is the default's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    delivery: Option<Reward>,
    onion_in_pot: Option<Reward>,
    soup_in_dish: Option<Reward>,
    common: Option<bool>,
    own_shaping: Option<bool>,
}

impl From<Table> for RewardScheme {
    fn from(table: Table) -> Self {
        let default = Self::default();
        Self {
            delivery: table.delivery.unwrap_or(default.delivery),
            onion_in_pot: table.onion_in_pot.unwrap_or(default.onion_in_pot),
            soup_in_dish: table.soup_in_dish.unwrap_or(default.soup_in_dish),
            common: table.common.unwrap_or(default.common),
            own_shaping: table.own_shaping.unwrap_or(default.own_shaping),
        }
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
    use super::{Draws, Parameters, RewardScheme};
    use crate::Reward;

    fn parse(json: &str) -> Result<Parameters, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_serialise_as_they_always_did() {
        let json = serde_json::to_string(&Parameters::default()).unwrap();
        assert_eq!(
            json,
            r#"{"cook_time":30,"rewards":{"delivery":20000,"onion_in_pot":3000,"soup_in_dish":5000,"common":true}}"#
        );
        assert_eq!(parse(&json), Ok(Parameters::default()));
        assert_eq!(parse("{}"), Ok(Parameters::default()));
    }

    #[test]
    fn schemes_are_named_or_tables_and_survive_their_json() {
        for (name, scheme) in RewardScheme::PRESETS {
            let named = parse(&format!(r#"{{"rewards":{name:?}}}"#)).unwrap();
            assert_eq!(named.rewards, scheme);
            let json = serde_json::to_string(&named).unwrap();
            assert_eq!(parse(&json), Ok(named), "{json}");
        }
        let table = parse(r#"{"rewards":{"delivery":"0.5","own_shaping":true}}"#).unwrap();
        let expected =
            RewardScheme { delivery: Reward(500), own_shaping: true, ..RewardScheme::default() };
        assert_eq!(table.rewards, expected);
    }

    #[test]
    fn mistakes_say_what_is_possible() {
        let error = parse(r#"{"rewards":"mug"}"#).unwrap_err();
        assert!(error.contains("deliveries"), "{error}");
        let error = parse(r#"{"rewards":{"soup":1}}"#).unwrap_err();
        assert!(error.contains("soup_in_dish"), "{error}");
        assert!(parse(r#"{"generator":"mersenne"}"#).is_err());
    }

    #[test]
    fn every_parameter_is_in_the_digest() {
        let base = Parameters::default();
        let scheme = base.rewards;
        let variants = [
            Parameters { cook_time: 31, ..base.clone() },
            Parameters { generator: Draws::Cogrid032, ..base.clone() },
            Parameters { rewards: RewardScheme { common: false, ..scheme }, ..base.clone() },
            Parameters { rewards: RewardScheme { own_shaping: true, ..scheme }, ..base.clone() },
            Parameters { rewards: RewardScheme::DELIVERIES, ..base.clone() },
            base,
        ];
        let mut encodings: Vec<Vec<u8>> = Vec::new();
        for parameters in &variants {
            let mut bytes = Vec::new();
            parameters.encode(&mut bytes);
            assert!(!encodings.contains(&bytes), "{parameters:?}");
            encodings.push(bytes);
        }
    }
}
