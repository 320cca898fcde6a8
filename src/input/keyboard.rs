//! A person's keys as a source of inputs.
//!
//! Keys arrive whenever the window tells of them, inputs are asked for once a frame; between the
//! two stands a latch. A press waits there until a frame takes it, so that none is lost while the
//! game stalls or because it was shorter than a frame. One press waits at most: the newest wins.

use bevy::input::ButtonState;
use bevy::input::keyboard::KeyboardInput;
use bevy::prelude::{
    App, IntoScheduleConfigs as _, KeyCode, MessageReader, PreUpdate, Query, Res, Resource, Window,
    With,
};
use bevy::window::PrimaryWindow;
use dyad_gridworld::{Action, PlayerInput, World};
use dyad_netplay::{InputSource, NetplaySystems};
use dyad_protocol::Seat;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How keys act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMode {
    /// One press is one action.
    Single,
    /// A key of a direction acts in every frame for as long as it is held.
    Held,
}

impl From<bool> for KeyMode {
    /// From a ticket's `held_keys`.
    fn from(held_keys: bool) -> Self {
        if held_keys { Self::Held } else { Self::Single }
    }
}

/// The keyboard of the window. A client without a window has none.
#[derive(Resource, Clone, Debug, Default)]
pub struct Keyboard(Arc<Mutex<Latch>>);

impl Keyboard {
    /// The player at this keyboard, for one match. What was pressed before it is forgotten.
    #[must_use]
    pub fn player(&self, mode: KeyMode) -> KeyboardPlayer {
        self.latch().pressed = None;
        KeyboardPlayer { keyboard: self.clone(), mode }
    }

    fn latch(&self) -> MutexGuard<'_, Latch> {
        // A latch is whole between any two of its operations.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A person at the controls.
#[derive(Debug)]
pub struct KeyboardPlayer {
    keyboard: Keyboard,
    mode: KeyMode,
}

impl InputSource for KeyboardPlayer {
    fn read(&mut self, _world: &World, _seat: Seat) -> PlayerInput {
        self.keyboard.latch().take(self.mode)
    }
}

/// Hands what the window tells to the latch, in time for the frames of the same update.
pub fn plugin(app: &mut App) {
    app.init_resource::<Keyboard>().add_systems(PreUpdate, listen.before(NetplaySystems::Receive));
}

fn listen(
    keyboard: Res<Keyboard>,
    mut keys: MessageReader<KeyboardInput>,
    window: Query<&Window, With<PrimaryWindow>>,
) {
    let mut latch = keyboard.latch();
    for key in keys.read().filter(|key| !key.repeat) {
        latch.key(key.key_code, key.state);
    }
    latch.focus(window.iter().any(|window| window.focused));
}

/// The action of a key, by its place on the keyboard, so that W, A, S and D lie together on every
/// layout.
#[must_use]
pub const fn action(key: KeyCode) -> Option<Action> {
    Some(match key {
        KeyCode::ArrowUp | KeyCode::KeyW => Action::Up,
        KeyCode::ArrowDown | KeyCode::KeyS => Action::Down,
        KeyCode::ArrowLeft | KeyCode::KeyA => Action::Left,
        KeyCode::ArrowRight | KeyCode::KeyD => Action::Right,
        KeyCode::Space | KeyCode::Enter | KeyCode::NumpadEnter => Action::PickupDrop,
        _ => return None,
    })
}

/// What the keys have said and no frame has taken yet.
#[derive(Debug, Default)]
struct Latch {
    pressed: Option<Action>,
    /// Keys that are down, in the order of pressing; only those that have an action.
    down: Vec<KeyCode>,
    focused: bool,
}

impl Latch {
    fn key(&mut self, key: KeyCode, state: ButtonState) {
        let Some(action) = action(key) else { return };
        self.down.retain(|&other| other != key);
        if state == ButtonState::Pressed {
            self.down.push(key);
            self.pressed = Some(action);
        }
    }

    /// A window without the focus is not told when a key is let go.
    fn focus(&mut self, focused: bool) {
        self.focused = focused;
        if !focused {
            self.down.clear();
        }
    }

    fn take(&mut self, mode: KeyMode) -> PlayerInput {
        let held = match mode {
            KeyMode::Single => None,
            KeyMode::Held => self.down.iter().rev().copied().find_map(direction),
        };
        let action = self.pressed.take().or(held).unwrap_or_default();
        // Only what goes on may be predicted to go on.
        let goes_on = held == Some(action);
        PlayerInput::new(action).with_focus(self.focused).with_held(goes_on)
    }
}

/// The action of a key that repeats while it is held: a held Space would pick up and put down in
/// turn.
fn direction(key: KeyCode) -> Option<Action> {
    action(key).filter(|&action| action != Action::PickupDrop)
}

#[cfg(test)]
mod tests {
    use super::{ButtonState, KeyCode, KeyMode, Latch};
    use dyad_gridworld::{Action, PlayerInput};

    fn latch() -> Latch {
        Latch { focused: true, ..Latch::default() }
    }

    fn actions<const N: usize>(latch: &mut Latch, mode: KeyMode) -> [Action; N] {
        std::array::from_fn(|_| latch.take(mode).action())
    }

    #[test]
    fn one_press_is_one_action_however_long_it_is_held() {
        let mut latch = latch();
        latch.key(KeyCode::ArrowUp, ButtonState::Pressed);
        assert_eq!(actions(&mut latch, KeyMode::Single), [Action::Up, Action::Noop]);
        latch.key(KeyCode::ArrowUp, ButtonState::Released);
        latch.key(KeyCode::ArrowUp, ButtonState::Pressed);
        assert_eq!(actions(&mut latch, KeyMode::Single), [Action::Up, Action::Noop]);
    }

    #[test]
    fn a_press_shorter_than_a_frame_counts() {
        for mode in [KeyMode::Single, KeyMode::Held] {
            let mut latch = latch();
            latch.key(KeyCode::KeyA, ButtonState::Pressed);
            latch.key(KeyCode::KeyA, ButtonState::Released);
            assert_eq!(actions(&mut latch, mode), [Action::Left, Action::Noop]);
        }
    }

    #[test]
    fn the_newest_press_wins() {
        let mut latch = latch();
        latch.key(KeyCode::KeyS, ButtonState::Pressed);
        latch.key(KeyCode::Space, ButtonState::Pressed);
        assert_eq!(actions(&mut latch, KeyMode::Single), [Action::PickupDrop, Action::Noop]);
    }

    #[test]
    fn held_directions_repeat_and_the_last_one_leads() {
        let mut latch = latch();
        latch.key(KeyCode::ArrowRight, ButtonState::Pressed);
        assert!(latch.take(KeyMode::Held).held());
        latch.key(KeyCode::ArrowDown, ButtonState::Pressed);
        assert_eq!(actions(&mut latch, KeyMode::Held), [Action::Down, Action::Down]);
        latch.key(KeyCode::ArrowDown, ButtonState::Released);
        assert_eq!(actions(&mut latch, KeyMode::Held), [Action::Right, Action::Right]);
        latch.key(KeyCode::ArrowRight, ButtonState::Released);
        assert_eq!(latch.take(KeyMode::Held), PlayerInput::default());
    }

    #[test]
    fn picking_up_does_not_repeat() {
        let mut latch = latch();
        latch.key(KeyCode::ArrowLeft, ButtonState::Pressed);
        latch.key(KeyCode::Enter, ButtonState::Pressed);
        let input = latch.take(KeyMode::Held);
        assert_eq!((input.action(), input.held()), (Action::PickupDrop, false));
        assert_eq!(actions(&mut latch, KeyMode::Held), [Action::Left, Action::Left]);
    }

    #[test]
    fn without_the_focus_nothing_is_held_and_the_input_says_so() {
        let mut latch = latch();
        latch.key(KeyCode::ArrowLeft, ButtonState::Pressed);
        latch.take(KeyMode::Held);
        latch.focus(false);
        let input = latch.take(KeyMode::Held);
        assert_eq!((input.action(), input.focused()), (Action::Noop, false));
    }

    #[test]
    fn other_keys_do_nothing() {
        let mut latch = latch();
        for key in [KeyCode::KeyQ, KeyCode::Tab, KeyCode::Escape] {
            latch.key(key, ButtonState::Pressed);
        }
        assert_eq!(latch.take(KeyMode::Single), PlayerInput::default());
    }
}
