//! Which keys play a game, and what is written on them.
//!
//! Keys are known by their places, so that they lie where they should on every layout. What a place
//! has on its cap is known only when the system has told it, with an event; until then it is shown as
//! on a keyboard of the United States.

use super::layout::Layout;
use crate::words::Words;
use bevy::prelude::KeyCode;
use dyad_gridworld::Action;
use dyad_protocol::controls::Controls;

/// What stands on a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cap {
    /// A character, which may be another one on another layout.
    Character(&'static str),
    /// A sign that is the same everywhere.
    Sign(&'static str),
    /// A word, by its key in the catalogues.
    Word(&'static str),
    /// A character of the block of digits at the right.
    Numpad(&'static str),
}

/// Places with their names and caps.
macro_rules! places {
    ($($cap:ident: $($key:ident $text:literal),*;)*) => {
        [$($((stringify!($key), KeyCode::$key, Cap::$cap($text))),*),*]
    };
}

/// All keys that can play. An experiment file can name these and no others.
const PLACES: [(&str, KeyCode, Cap); 76] = places![
    Character:
        KeyA "A", KeyB "B", KeyC "C", KeyD "D", KeyE "E", KeyF "F", KeyG "G", KeyH "H", KeyI "I",
        KeyJ "J", KeyK "K", KeyL "L", KeyM "M", KeyN "N", KeyO "O", KeyP "P", KeyQ "Q", KeyR "R",
        KeyS "S", KeyT "T", KeyU "U", KeyV "V", KeyW "W", KeyX "X", KeyY "Y", KeyZ "Z",
        Digit0 "0", Digit1 "1", Digit2 "2", Digit3 "3", Digit4 "4", Digit5 "5", Digit6 "6",
        Digit7 "7", Digit8 "8", Digit9 "9",
        Comma ",", Period ".", Slash "/", Semicolon ";", Quote "'", BracketLeft "[",
        BracketRight "]", Backslash "\\", IntlBackslash "\\", Minus "-", Equal "=", Backquote "`";
    Sign: ArrowUp "↑", ArrowDown "↓", ArrowLeft "←", ArrowRight "→";
    Word:
        Space "key-space", Enter "key-enter", NumpadEnter "key-enter", Backspace "key-backspace",
        ShiftLeft "key-shift", ShiftRight "key-shift", ControlLeft "key-control",
        ControlRight "key-control";
    Numpad:
        Numpad0 "0", Numpad1 "1", Numpad2 "2", Numpad3 "3", Numpad4 "4", Numpad5 "5", Numpad6 "6",
        Numpad7 "7", Numpad8 "8", Numpad9 "9", NumpadAdd "+", NumpadSubtract "-",
        NumpadMultiply "×", NumpadDivide "/", NumpadDecimal ".", NumpadEqual "=";
];

/// The place of this name, as the W3C writes it.
fn place(name: &str) -> Option<KeyCode> {
    PLACES.iter().find(|(known, ..)| *known == name).map(|&(_, key, _)| key)
}

/// Where nothing else is said: the arrows or W, A, S and D walk; Space or Enter acts.
const USUAL: [(KeyCode, Action); 11] = [
    (KeyCode::ArrowUp, Action::Up),
    (KeyCode::KeyW, Action::Up),
    (KeyCode::ArrowDown, Action::Down),
    (KeyCode::KeyS, Action::Down),
    (KeyCode::ArrowLeft, Action::Left),
    (KeyCode::KeyA, Action::Left),
    (KeyCode::ArrowRight, Action::Right),
    (KeyCode::KeyD, Action::Right),
    (KeyCode::Space, Action::PickupDrop),
    (KeyCode::Enter, Action::PickupDrop),
    (KeyCode::NumpadEnter, Action::PickupDrop),
];

/// The keys that play, and what the system calls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<(KeyCode, Action)>,
    /// What stands on keys here.
    pub layout: Layout,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { bindings: USUAL.into(), layout: Layout::default() }
    }
}

impl Keymap {
    /// The same keyboard with the keys that a lab has named. Also returns how many of its keys are
    /// left out: this program does not know them or their actions, or they are named twice.
    #[must_use]
    pub fn with(&self, controls: &Controls) -> (Self, usize) {
        let mut bindings: Vec<(KeyCode, Action)> = Vec::new();
        let mut left_out = 0;
        let named =
            controls.0.iter().flat_map(|(name, keys)| keys.iter().map(move |key| (name, key)));
        for (name, key) in named {
            let action = Action::from_name(name).filter(|action| *action != Action::Noop);
            match (place(key), action) {
                (Some(key), Some(action)) if bindings.iter().all(|(known, _)| *known != key) => {
                    bindings.push((key, action));
                }
                _ => left_out += 1,
            }
        }
        let own = bindings.clone();
        let is_free = |&&(key, action): &&(KeyCode, Action)| {
            own.iter().all(|&(other, does)| other != key && does != action)
        };
        bindings.extend(USUAL.iter().filter(is_free));
        (Self { bindings, layout: self.layout.clone() }, left_out)
    }

    /// The action of a key.
    #[must_use]
    pub fn action(&self, key: KeyCode) -> Option<Action> {
        self.bindings.iter().find(|(known, _)| *known == key).map(|&(_, action)| action)
    }

    /// Whether any key has this action.
    #[must_use]
    pub fn plays(&self, action: Action) -> bool {
        self.bindings.iter().any(|(_, does)| *does == action)
    }

    /// What stands on the keys of an action, the first ones first.
    pub fn caps<'a>(
        &'a self,
        action: Action,
        words: &'a Words,
    ) -> impl Iterator<Item = String> + 'a {
        let own = self.bindings.iter().filter(move |(_, does)| *does == action);
        own.map(|&(key, _)| self.cap(key, words))
    }

    fn cap(&self, key: KeyCode, words: &Words) -> String {
        let known = PLACES.iter().find(|(_, place, _)| *place == key).map(|&(.., cap)| cap);
        match known {
            Some(Cap::Character(usual)) => self.layout.name(key).unwrap_or(usual).to_owned(),
            Some(Cap::Sign(sign)) => sign.to_owned(),
            Some(Cap::Word(word)) => words.line(word),
            Some(Cap::Numpad(sign)) => words.line_with("key-numpad", [("key", sign.into())]),
            None => String::new(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Keymap, PLACES, USUAL, place};
    use crate::words::Words;
    use bevy::prelude::KeyCode;
    use dyad_experiment::keys;
    use dyad_gridworld::Action;
    use dyad_protocol::controls::Controls;
    use std::collections::BTreeSet;

    /// Keys by action, as a lab names them.
    pub(crate) fn controls(keys: &[(&str, &[&str])]) -> Controls {
        let named = keys.iter().map(|(action, keys)| {
            ((*action).to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())
        });
        Controls(named.collect())
    }

    fn caps(keymap: &Keymap, action: Action) -> String {
        keymap.caps(action, &Words::english()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_key_that_a_file_can_name_is_known() {
        let known: BTreeSet<String> = PLACES.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(known, keys::all().collect());
        for (name, key, _) in PLACES {
            assert_eq!(format!("{key:?}"), name);
            assert_eq!(place(name), Some(key));
        }
    }

    #[test]
    fn the_usual_keys_are_those_of_experiment_files() {
        let (usual, left_out) = Keymap::default().with(&keys::Keys::default().controls());
        assert_eq!(left_out, 0);
        assert_eq!(usual.bindings.len(), USUAL.len());
        for (key, action) in USUAL {
            assert_eq!(usual.action(key), Some(action), "{key:?}");
        }
    }

    #[test]
    fn keys_of_a_lab_take_the_place_of_the_usual_ones() {
        let own = controls(&[
            ("up", &["KeyI"]),
            ("left", &["KeyJ", "Numpad4"]),
            ("toggle", &["KeyS"]),
            ("right", &[]),
        ]);
        let (keymap, left_out) = Keymap::default().with(&own);
        assert_eq!(left_out, 0);
        for (key, action) in [
            (KeyCode::KeyI, Some(Action::Up)),
            (KeyCode::ArrowUp, None),
            (KeyCode::KeyW, None),
            (KeyCode::Numpad4, Some(Action::Left)),
            (KeyCode::KeyS, Some(Action::Toggle)),
            (KeyCode::ArrowDown, Some(Action::Down)),
            (KeyCode::KeyD, Some(Action::Right)),
            (KeyCode::Space, Some(Action::PickupDrop)),
            (KeyCode::KeyQ, None),
        ] {
            assert_eq!(keymap.action(key), action, "{key:?}");
        }
        assert_eq!(caps(&keymap, Action::Left), "J Num 4");
        assert_eq!(caps(&keymap, Action::Down), "↓", "S has another action");
        assert_eq!(caps(&keymap, Action::PickupDrop), "Space Enter Enter");
    }

    #[test]
    fn what_is_unknown_is_left_out_and_counted() {
        let strange = controls(&[
            ("down", &["KeyK", "F1", "", "KeyÄ"]),
            ("jump", &["KeyX"]),
            ("noop", &["KeyY"]),
            ("up", &["KeyK"]),
            ("pickup_drop", &["Mouse"]),
        ]);
        let (keymap, left_out) = Keymap::default().with(&strange);
        assert_eq!(left_out, 3 + 1 + 1 + 1 + 1);
        assert_eq!(keymap.action(KeyCode::KeyK), Some(Action::Down));
        assert_eq!(keymap.action(KeyCode::KeyX), None);
        let usual = (keymap.action(KeyCode::ArrowUp), keymap.action(KeyCode::Space));
        assert_eq!(usual, (Some(Action::Up), Some(Action::PickupDrop)), "nobody is without keys");
    }
}
