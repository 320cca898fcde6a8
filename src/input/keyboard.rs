//! The keyboard of the window: from key events to the latch.

use super::keymap::Keymap;
use super::latch::{Control, KeyMode, Person, SharedLatch};
use super::pad::Change;
use bevy::input::ButtonState;
use bevy::input::keyboard::KeyboardInput;
use bevy::prelude::{
    App, IntoScheduleConfigs as _, MessageReader, PreUpdate, Query, Real, Res, ResMut, Resource,
    Time, Window, With,
};
use bevy::window::PrimaryWindow;
use dyad_netplay::NetplaySystems;
use std::time::Duration;

/// The keyboard of the window. A client without a window has none.
#[derive(Resource, Debug, Default)]
pub struct Keyboard {
    /// The keys that play, and what the system calls keys.
    pub keymap: Keymap,
    latch: SharedLatch,
}

impl Keyboard {
    /// The player at this keyboard, for one match in which these keys play.
    #[must_use]
    pub fn player(&mut self, mode: KeyMode, keymap: Keymap) -> Person {
        self.keymap = keymap;
        self.latch.person(mode)
    }

    fn hear(&mut self, event: &KeyboardInput, at: Duration) {
        self.keymap.layout.hear(event);
        let Some(action) = self.keymap.action(event.key_code) else { return };
        let (mut latch, control) = (self.latch.lock(), Control::Key(event.key_code));
        match event.state {
            ButtonState::Pressed if event.repeat => {}
            ButtonState::Pressed => latch.press(control, action, at),
            ButtonState::Released => latch.release(control),
        }
    }

    /// When it was pressed what this frame's input was made of, since the program started, if it was made of
    /// something pressed.
    #[must_use]
    pub fn event_of(&self, frame: u32) -> Option<Duration> {
        self.latch.lock().event_of(frame)
    }

    /// Takes what has changed at the gamepad with this number, at this time. It can do what keys can do in the game at
    /// hand. The system tells of gamepads without asking who has the focus.
    pub fn hear_pad(&self, pad: u64, change: Change, at: Duration) {
        let mut latch = self.latch.lock();
        match change {
            Change::Pressed(part, action) if latch.is_focused() && self.keymap.plays(action) => {
                latch.press(Control::Pad(pad, part), action, at);
            }
            Change::Pressed(part, _) | Change::Released(part) => {
                latch.release(Control::Pad(pad, part));
            }
        }
    }
}

/// Hands what the window tells to the latch, in time for the frames of the same update.
pub fn plugin(app: &mut App) {
    app.init_resource::<Keyboard>().add_systems(PreUpdate, listen.before(NetplaySystems::Receive));
}

fn listen(
    mut keyboard: ResMut<Keyboard>,
    mut keys: MessageReader<KeyboardInput>,
    time: Res<Time<Real>>,
    window: Query<&Window, With<PrimaryWindow>>,
) {
    for event in keys.read() {
        keyboard.hear(event, time.elapsed());
    }
    let focused = window.iter().any(|window| window.focused);
    keyboard.latch.lock().focus(focused);
    if !focused {
        keyboard.keymap.layout.forget_modifiers();
    }
}

#[cfg(test)]
mod tests {
    use super::Keyboard;
    use crate::input::keymap::Keymap;
    use crate::input::latch::KeyMode;
    use crate::input::pad::{Button, Change, Part};
    use crate::view::tests::world;
    use bevy::input::ButtonState;
    use bevy::input::keyboard::{Key, KeyboardInput};
    use bevy::prelude::{Entity, KeyCode};
    use dyad_gridworld::Action;
    use dyad_netplay::InputSource as _;
    use dyad_protocol::Seat;
    use dyad_protocol::controls::Controls;
    use std::time::Duration;

    #[test]
    fn a_gamepad_does_what_keys_can_do_and_only_in_front() {
        let mut keyboard = Keyboard::default();
        let act = Change::Pressed(Part::Button(Button::Act), Action::PickupDrop);
        let toggle = Change::Pressed(Part::Button(Button::Use), Action::Toggle);
        let mut person = keyboard.player(KeyMode::Single, Keymap::default());
        let mut action = |keyboard: &Keyboard, change| {
            keyboard.hear_pad(1, change, Duration::ZERO);
            person.read(&world(), Seat(0)).action()
        };
        assert_eq!(action(&keyboard, act), Action::Noop, "the window has no focus");
        keyboard.latch.lock().focus(true);
        assert_eq!(action(&keyboard, act), Action::PickupDrop);
        assert_eq!(action(&keyboard, toggle), Action::Noop, "no key of this game does that");
        let with_toggle = [("toggle".to_owned(), vec!["KeyE".to_owned()])];
        keyboard.keymap = keyboard.keymap.with(&Controls(with_toggle.into())).0;
        assert_eq!(action(&keyboard, toggle), Action::Toggle);
    }

    #[test]
    fn the_keys_of_a_match_play_it_and_no_others() {
        let mut keyboard = Keyboard::default();
        let own = [("up", "KeyI"), ("down", "KeyK"), ("left", "KeyJ"), ("right", "KeyL")];
        let own = own.map(|(action, key)| (action.to_owned(), vec![key.to_owned()]));
        let (keymap, _) = keyboard.keymap.with(&Controls(own.into()));
        let press = |keyboard: &mut Keyboard, key_code, repeat| {
            let logical_key = Key::Character("x".into());
            let (state, window) = (ButtonState::Pressed, Entity::PLACEHOLDER);
            let event = KeyboardInput { key_code, logical_key, state, text: None, repeat, window };
            keyboard.hear(&event, Duration::ZERO);
        };
        press(&mut keyboard, KeyCode::ArrowUp, false);
        let mut person = keyboard.player(KeyMode::Single, keymap);
        let mut action = || person.read(&world(), Seat(0)).action();
        assert_eq!(action(), Action::Noop, "that was before the match");
        for (key, expected) in [
            (KeyCode::ArrowUp, Action::Noop),
            (KeyCode::KeyW, Action::Noop),
            (KeyCode::Tab, Action::Noop),
            (KeyCode::KeyL, Action::Right),
            (KeyCode::KeyJ, Action::Left),
            (KeyCode::Space, Action::PickupDrop),
        ] {
            press(&mut keyboard, key, false);
            assert_eq!(action(), expected, "{key:?}");
            press(&mut keyboard, key, true);
            assert_eq!(action(), Action::Noop, "the system repeats it, not the person");
        }
        let (usual, _) = keyboard.keymap.with(&Controls::default());
        assert_eq!(keyboard.keymap.layout.name(KeyCode::KeyL), Some("X"), "it is remembered");
        let mut person = keyboard.player(KeyMode::Single, usual);
        press(&mut keyboard, KeyCode::KeyL, false);
        press(&mut keyboard, KeyCode::ArrowUp, false);
        assert_eq!(person.read(&world(), Seat(0)).action(), Action::Up, "of the next match");
        assert_eq!(Keymap::default().action(KeyCode::KeyL), None);
    }
}
