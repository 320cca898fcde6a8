//! Which keys of a keyboard play a game.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Keys by action. Actions are called as gridworld calls them: `up`, `down`, `left`, `right`,
/// `pickup_drop`, `toggle`; keys by their places, as the W3C names them (UI Events,
/// `KeyboardEvent.code`). The first keys of an action are those that people are shown. An action without
/// keys has the program's usual ones, and none means that all actions have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Controls(pub BTreeMap<String, Vec<String>>);

impl Controls {
    /// Whether all actions have the program's usual keys.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.0.is_empty()
    }
}
