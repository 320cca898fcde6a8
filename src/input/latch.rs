//! Between a person's hands and the frames of a game.
//!
//! Controls move whenever the window or a device tells of them, inputs are asked for once a frame;
//! between the two stands a latch. A press waits there until a frame takes it, so that none is lost while
//! the game stalls or because it was shorter than a frame. One press waits at most: the newest wins.

use super::pad::Part;
use bevy::prelude::KeyCode;
use dyad_gridworld::{Action, PlayerInput, World};
use dyad_netplay::InputSource;
use dyad_protocol::Seat;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How controls act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMode {
    /// One press is one action.
    Single,
    /// A control of a direction acts in every frame for as long as it is held.
    Held,
}

impl From<bool> for KeyMode {
    /// From a ticket's `held_keys`.
    fn from(held_keys: bool) -> Self {
        if held_keys { Self::Held } else { Self::Single }
    }
}

/// A latch that the window fills and a game empties.
#[derive(Clone, Debug, Default)]
pub struct SharedLatch(Arc<Mutex<Latch>>);

impl SharedLatch {
    pub(super) fn lock(&self) -> MutexGuard<'_, Latch> {
        // A latch is whole between any two of its operations.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever is at the controls, for one match. What was pressed before it is forgotten.
    pub(super) fn person(&self, mode: KeyMode) -> Person {
        let mut latch = self.lock();
        latch.pressed = None;
        latch.down.clear();
        Person { latch: self.clone(), mode }
    }
}

/// A person at the controls.
#[derive(Debug)]
pub struct Person {
    latch: SharedLatch,
    mode: KeyMode,
}

impl InputSource for Person {
    fn read(&mut self, _world: &World, _seat: Seat) -> PlayerInput {
        self.latch.lock().take(self.mode)
    }
}

/// Something that can be pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// A key.
    Key(KeyCode),
    /// A part of the gamepad with this number.
    Pad(u64, Part),
}

/// What was pressed and no frame has taken yet.
#[derive(Debug, Default)]
pub(super) struct Latch {
    pressed: Option<Action>,
    /// Controls that are down with what they do, in the order of pressing.
    down: Vec<(Control, Action)>,
    focused: bool,
}

impl Latch {
    pub(super) fn press(&mut self, control: Control, action: Action) {
        self.release(control);
        self.down.push((control, action));
        self.pressed = Some(action);
    }

    pub(super) fn release(&mut self, control: Control) {
        self.down.retain(|&(other, _)| other != control);
    }

    /// A window without the focus is not told when a key is let go.
    pub(super) fn focus(&mut self, focused: bool) {
        self.focused = focused;
        if !focused {
            self.down.clear();
        }
    }

    /// Whether the window has the focus.
    pub(super) const fn is_focused(&self) -> bool {
        self.focused
    }

    pub(super) fn take(&mut self, mode: KeyMode) -> PlayerInput {
        // Only walking repeats: a held Space would pick up and put down in turn.
        let walks = |&(_, action): &(Control, Action)| action.direction().map(|_| action);
        let held = match mode {
            KeyMode::Single => None,
            KeyMode::Held => self.down.iter().rev().find_map(walks),
        };
        let action = self.pressed.take().or(held).unwrap_or_default();
        // Only what goes on may be predicted to go on.
        let goes_on = held == Some(action);
        PlayerInput::new(action).with_focus(self.focused).with_held(goes_on)
    }
}

#[cfg(test)]
mod tests {
    use super::{Control, KeyCode, KeyMode, Latch, Part};
    use dyad_gridworld::{Action, PlayerInput};

    const UP: (Control, Action) = (Control::Key(KeyCode::ArrowUp), Action::Up);
    const DOWN: (Control, Action) = (Control::Key(KeyCode::ArrowDown), Action::Down);
    const LEFT: (Control, Action) = (Control::Key(KeyCode::ArrowLeft), Action::Left);
    const RIGHT: (Control, Action) = (Control::Pad(7, Part::Stick), Action::Right);
    const ACT: (Control, Action) = (Control::Key(KeyCode::Space), Action::PickupDrop);
    const USE: (Control, Action) = (Control::Key(KeyCode::KeyE), Action::Toggle);

    fn latch() -> Latch {
        Latch { focused: true, ..Latch::default() }
    }

    fn actions<const N: usize>(latch: &mut Latch, mode: KeyMode) -> [Action; N] {
        std::array::from_fn(|_| latch.take(mode).action())
    }

    #[test]
    fn one_press_is_one_action_however_long_it_is_held() {
        let mut latch = latch();
        latch.press(UP.0, UP.1);
        assert_eq!(actions(&mut latch, KeyMode::Single), [Action::Up, Action::Noop]);
        latch.release(UP.0);
        latch.press(UP.0, UP.1);
        assert_eq!(actions(&mut latch, KeyMode::Single), [Action::Up, Action::Noop]);
    }

    #[test]
    fn a_press_shorter_than_a_frame_counts() {
        for mode in [KeyMode::Single, KeyMode::Held] {
            let mut latch = latch();
            latch.press(LEFT.0, LEFT.1);
            latch.release(LEFT.0);
            assert_eq!(actions(&mut latch, mode), [Action::Left, Action::Noop]);
        }
    }

    #[test]
    fn the_newest_press_wins() {
        let mut latch = latch();
        latch.press(DOWN.0, DOWN.1);
        latch.press(ACT.0, ACT.1);
        assert_eq!(actions(&mut latch, KeyMode::Single), [Action::PickupDrop, Action::Noop]);
    }

    #[test]
    fn held_directions_repeat_and_the_last_one_leads() {
        let mut latch = latch();
        latch.press(RIGHT.0, RIGHT.1);
        assert!(latch.take(KeyMode::Held).held());
        latch.press(DOWN.0, DOWN.1);
        assert_eq!(actions(&mut latch, KeyMode::Held), [Action::Down, Action::Down]);
        latch.release(DOWN.0);
        assert_eq!(actions(&mut latch, KeyMode::Held), [Action::Right, Action::Right]);
        latch.release(RIGHT.0);
        assert_eq!(latch.take(KeyMode::Held), PlayerInput::default());
    }

    #[test]
    fn picking_up_and_using_do_not_repeat() {
        for once in [ACT, USE] {
            let mut latch = latch();
            latch.press(LEFT.0, LEFT.1);
            latch.press(once.0, once.1);
            let input = latch.take(KeyMode::Held);
            assert_eq!((input.action(), input.held()), (once.1, false));
            assert_eq!(actions(&mut latch, KeyMode::Held), [Action::Left, Action::Left]);
        }
    }

    #[test]
    fn without_the_focus_nothing_is_held_and_the_input_says_so() {
        let mut latch = latch();
        latch.press(LEFT.0, LEFT.1);
        latch.take(KeyMode::Held);
        latch.focus(false);
        let input = latch.take(KeyMode::Held);
        assert_eq!((input.action(), input.focused()), (Action::Noop, false));
    }
}
