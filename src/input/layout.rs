//! What the system calls keys: the keyboard's layout, as far as events have told it.

use bevy::input::ButtonState;
use bevy::input::keyboard::{Key, KeyboardInput};
use bevy::prelude::KeyCode;
use std::collections::{BTreeMap, BTreeSet};

/// Keys that change what other keys write.
const MODIFIERS: [KeyCode; 8] = [
    KeyCode::ShiftLeft,
    KeyCode::ShiftRight,
    KeyCode::ControlLeft,
    KeyCode::ControlRight,
    KeyCode::AltLeft,
    KeyCode::AltRight,
    KeyCode::SuperLeft,
    KeyCode::SuperRight,
];

/// The characters that keys write, by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    names: BTreeMap<KeyCode, String>,
    modifiers: BTreeSet<KeyCode>,
}

impl Layout {
    /// What stands on a key, if it is known.
    #[must_use]
    pub fn name(&self, key: KeyCode) -> Option<&str> {
        self.names.get(&key).map(String::as_str)
    }

    /// Learns from an event what a key is called. One that is pressed together with others writes
    /// something else than what it is called.
    pub fn hear(&mut self, event: &KeyboardInput) {
        let key = event.key_code;
        if MODIFIERS.contains(&key) {
            match event.state {
                ButtonState::Pressed => self.modifiers.insert(key),
                ButtonState::Released => self.modifiers.remove(&key),
            };
        } else if self.modifiers.is_empty()
            && let Some(name) = written(&event.logical_key)
            && self.name(key) != Some(&name)
        {
            self.names.insert(key, name);
        }
    }

    /// A window without the focus is not told when a key is let go.
    pub fn forget_modifiers(&mut self) {
        self.modifiers.clear();
    }
}

/// The one character that a key writes, as it stands on its cap.
fn written(key: &Key) -> Option<String> {
    let one = match key {
        Key::Character(text) => {
            let mut characters = text.chars();
            characters.next().filter(|_| characters.next().is_none())?
        }
        Key::Dead(Some(accent)) => *accent,
        _ => return None,
    };
    if one.is_whitespace() || one.is_control() {
        return None;
    }
    let capital: String = one.to_uppercase().collect();
    // A capital ß is two letters.
    Some(if capital.chars().count() == 1 { capital } else { one.to_string() })
}

#[cfg(test)]
mod tests {
    use super::{ButtonState, Key, KeyCode, KeyboardInput, Layout};
    use bevy::prelude::Entity;

    fn event(key_code: KeyCode, writes: &str, state: ButtonState) -> KeyboardInput {
        KeyboardInput {
            key_code,
            logical_key: Key::Character(writes.into()),
            state,
            text: Some(writes.into()),
            repeat: false,
            window: Entity::PLACEHOLDER,
        }
    }

    #[test]
    fn what_a_key_writes_is_what_it_is_called() {
        let mut layout = Layout::default();
        for (key, writes, name) in [
            (KeyCode::KeyY, "z", Some("Z")),
            (KeyCode::KeyW, "Z", Some("Z")),
            (KeyCode::Minus, "ß", Some("ß")),
            (KeyCode::Semicolon, "ж", Some("Ж")),
            (KeyCode::KeyA, "ab", None),
            (KeyCode::KeyB, "\t", None),
            (KeyCode::KeyC, "", None),
        ] {
            layout.hear(&event(key, writes, ButtonState::Pressed));
            assert_eq!(layout.name(key), name, "{writes:?}");
        }
        let dead = Key::Dead(Some('^'));
        layout.hear(&KeyboardInput {
            logical_key: dead,
            ..event(KeyCode::Backquote, "", ButtonState::Pressed)
        });
        assert_eq!(layout.name(KeyCode::Backquote), Some("^"));
    }

    #[test]
    fn with_shift_a_key_writes_something_else() {
        let mut layout = Layout::default();
        let shift = |state| KeyboardInput {
            logical_key: Key::Shift,
            ..event(KeyCode::ShiftLeft, "", state)
        };
        layout.hear(&shift(ButtonState::Pressed));
        layout.hear(&event(KeyCode::Digit8, "(", ButtonState::Pressed));
        assert_eq!(layout.name(KeyCode::Digit8), None);
        layout.hear(&shift(ButtonState::Released));
        layout.hear(&event(KeyCode::Digit8, "8", ButtonState::Pressed));
        assert_eq!(layout.name(KeyCode::Digit8), Some("8"));
        layout.hear(&shift(ButtonState::Pressed));
        layout.forget_modifiers();
        layout.hear(&event(KeyCode::Digit9, "9", ButtonState::Pressed));
        assert_eq!(layout.name(KeyCode::Digit9), Some("9"));
    }
}
