//! Which keys stand for which action.

use crate::read::suggest;
use dyad_gridworld::Action;
use dyad_protocol::controls::Controls;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Keys by action, as the W3C names them (UI Events, `KeyboardEvent.code`): by their places on a
/// keyboard, so that they lie where they should on every layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys(BTreeMap<u8, Vec<String>>);

impl Keys {
    /// The keys of an action.
    #[must_use]
    pub fn of(&self, action: Action) -> &[String] {
        self.0.get(&action.number()).map_or(&[], Vec::as_slice)
    }

    /// The action of a key.
    #[must_use]
    pub fn action(&self, key: &str) -> Option<Action> {
        let found = self.0.iter().find(|(_, keys)| keys.iter().any(|own| own == key));
        found.and_then(|(number, _)| Action::from_number(*number))
    }

    /// The same as messages have it.
    #[must_use]
    pub fn controls(&self) -> Controls {
        let named = |(number, keys): (&u8, &Vec<String>)| {
            Some((Action::from_number(*number)?.name().to_owned(), keys.clone()))
        };
        Controls(self.0.iter().filter_map(named).collect())
    }

    /// Actions, by number, with keys of their own, over the usual ones. A key that has another action now
    /// loses its usual one.
    pub(crate) fn new(own: BTreeMap<u8, Vec<String>>) -> Self {
        let Self(mut keys) = Self::default();
        let taken: Vec<&String> = own.values().flatten().collect();
        for usual in keys.values_mut() {
            usual.retain(|key| !taken.contains(&key));
        }
        keys.extend(own);
        Self(keys)
    }
}

impl Default for Keys {
    fn default() -> Self {
        let usual: [(Action, &[&str]); 5] = [
            (Action::Up, &["ArrowUp", "KeyW"]),
            (Action::Down, &["ArrowDown", "KeyS"]),
            (Action::Left, &["ArrowLeft", "KeyA"]),
            (Action::Right, &["ArrowRight", "KeyD"]),
            (Action::PickupDrop, &["Space", "Enter", "NumpadEnter"]),
        ];
        let of = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        Self(usual.into_iter().map(|(action, keys)| (action.number(), of(keys))).collect())
    }
}

/// Keys besides letters and digits. Function keys, Escape and Tab are the program's.
const OTHERS: [&str; 30] = [
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "Space",
    "Enter",
    "ShiftLeft",
    "ShiftRight",
    "ControlLeft",
    "ControlRight",
    "Backspace",
    "Comma",
    "Period",
    "Slash",
    "Semicolon",
    "Quote",
    "BracketLeft",
    "BracketRight",
    "Backslash",
    "IntlBackslash",
    "Minus",
    "Equal",
    "Backquote",
    "NumpadEnter",
    "NumpadAdd",
    "NumpadSubtract",
    "NumpadMultiply",
    "NumpadDivide",
    "NumpadDecimal",
    "NumpadEqual",
];

/// Every key that can play.
pub fn all() -> impl Iterator<Item = String> {
    let numbered = |start: &'static str, ends: RangeInclusive<char>| {
        ends.map(move |end| format!("{start}{end}"))
    };
    let letters = numbered("Key", 'A'..='Z');
    let digits = numbered("Digit", '0'..='9').chain(numbered("Numpad", '0'..='9'));
    letters.chain(digits).chain(OTHERS.into_iter().map(str::to_owned))
}

/// What to say of a key that there is not; `None` for one that there is.
pub(crate) fn unknown(key: &str) -> Option<String> {
    if all().any(|known| known == key) {
        return None;
    }
    let meant = match key.chars().collect::<Vec<_>>()[..] {
        [one] if one.is_ascii_alphabetic() => Some(format!("Key{}", one.to_ascii_uppercase())),
        [one] if one.is_ascii_digit() => Some(format!("Digit{one}")),
        [' '] => Some("Space".to_owned()),
        _ => None,
    };
    let meant = meant.map(|meant| format!("did you mean \"{meant}\"?"));
    Some(meant.or_else(|| suggest::did_you_mean(key, OTHERS)).unwrap_or_else(|| {
        "keys are named by their places, such as \"KeyW\", \"Digit1\", \"ArrowUp\", \"Space\""
            .into()
    }))
}

#[cfg(test)]
mod tests {
    use super::{Keys, unknown};
    use dyad_gridworld::Action;
    use std::collections::BTreeMap;

    #[test]
    fn a_key_that_is_given_away_loses_its_usual_action() {
        let keys = Keys::new(BTreeMap::from([(Action::Toggle.number(), vec!["KeyW".to_owned()])]));
        assert_eq!(keys.action("KeyW"), Some(Action::Toggle));
        assert_eq!(keys.of(Action::Up), ["ArrowUp"]);
        assert_eq!(keys.action("KeyQ"), None);
        let controls = keys.controls().0;
        assert_eq!(
            (&controls["toggle"][..], &controls["up"][..]),
            (&["KeyW".into()][..], &["ArrowUp".into()][..])
        );
        assert_eq!(controls.len(), 6, "an action that has its usual keys says so, too");
    }

    #[test]
    fn keys_have_names_by_place() {
        let usual = Keys::default();
        let usual = usual.0.values().flatten();
        assert!(usual.chain(&["KeyQ".into(), "Numpad0".into()]).all(|key| unknown(key).is_none()));
        for (key, meant) in [("w", "KeyW"), ("1", "Digit1"), (" ", "Space"), ("Arrowup", "ArrowUp")]
        {
            assert!(unknown(key).unwrap().contains(meant), "{key}");
        }
        for key in ["", "F11", "Escape", "Tab", "KeyÄ", "Key", "ü"] {
            assert!(unknown(key).is_some(), "{key}");
        }
    }
}
