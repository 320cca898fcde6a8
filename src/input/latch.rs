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
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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
        latch.events.clear();
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
    fn read(&mut self, world: &World, _seat: Seat) -> PlayerInput {
        self.latch.lock().take(world.frame(), self.mode)
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

/// Frames of which it is kept when a key was pressed, until the record asks: it does so in every update.
const EVENTS: usize = 64;

/// What was pressed and no frame has taken yet.
#[derive(Debug, Default)]
pub(super) struct Latch {
    /// With the time.
    pressed: Option<(Action, Duration)>,
    /// When it was pressed what a frame has taken, by the frame.
    events: VecDeque<(u32, Duration)>,
    /// Controls that are down with what they do, in the order of pressing.
    down: Vec<(Control, Action)>,
    focused: bool,
}

impl Latch {
    pub(super) fn press(&mut self, control: Control, action: Action, at: Duration) {
        self.release(control);
        self.down.push((control, action));
        self.pressed = Some((action, at));
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

    /// When it was pressed what this frame has taken, if it has taken something that was pressed. Frames
    /// are asked for in order.
    pub(super) fn event_of(&mut self, frame: u32) -> Option<Duration> {
        let at = self.events.iter().position(|(taken, _)| *taken == frame)?;
        self.events.drain(..=at).next_back().map(|(_, at)| at)
    }

    /// The input of a frame.
    pub(super) fn take(&mut self, frame: u32, mode: KeyMode) -> PlayerInput {
        // Only walking repeats: a held Space would pick up and put down in turn.
        let walks = |&(_, action): &(Control, Action)| action.direction().map(|_| action);
        let held = match mode {
            KeyMode::Single => None,
            KeyMode::Held => self.down.iter().rev().find_map(walks),
        };
        let pressed = self.pressed.take();
        if let Some((_, at)) = pressed {
            self.events.truncate(EVENTS - 1);
            self.events.push_back((frame, at));
        }
        let action = pressed.map(|(action, _)| action).or(held).unwrap_or_default();
        // Only what goes on may be predicted to go on.
        let goes_on = held == Some(action);
        PlayerInput::new(action).with_focus(self.focused).with_held(goes_on)
    }
}

#[cfg(test)]
mod tests {
    use super::{Control, KeyCode, KeyMode, Latch, Part};
    use dyad_gridworld::{Action, PlayerInput};
    use std::time::Duration;

    const UP: (Control, Action) = (Control::Key(KeyCode::ArrowUp), Action::Up);
    const DOWN: (Control, Action) = (Control::Key(KeyCode::ArrowDown), Action::Down);
    const LEFT: (Control, Action) = (Control::Key(KeyCode::ArrowLeft), Action::Left);
    const RIGHT: (Control, Action) = (Control::Pad(7, Part::Stick), Action::Right);
    const ACT: (Control, Action) = (Control::Key(KeyCode::Space), Action::PickupDrop);
    const USE: (Control, Action) = (Control::Key(KeyCode::KeyE), Action::Toggle);

    fn latch() -> Latch {
        Latch { focused: true, ..Latch::default() }
    }

    fn press(latch: &mut Latch, (control, action): (Control, Action)) {
        latch.press(control, action, Duration::ZERO);
    }

    fn actions<const N: usize>(latch: &mut Latch, mode: KeyMode) -> [Action; N] {
        std::array::from_fn(|_| latch.take(0, mode).action())
    }

    #[test]
    fn one_press_is_one_action_however_long_it_is_held() {
        let mut latch = latch();
        press(&mut latch, UP);
        assert_eq!(actions(&mut latch, KeyMode::Single), [Action::Up, Action::Noop]);
        latch.release(UP.0);
        press(&mut latch, UP);
        assert_eq!(actions(&mut latch, KeyMode::Single), [Action::Up, Action::Noop]);
    }

    #[test]
    fn a_press_shorter_than_a_frame_counts() {
        for mode in [KeyMode::Single, KeyMode::Held] {
            let mut latch = latch();
            press(&mut latch, LEFT);
            latch.release(LEFT.0);
            assert_eq!(actions(&mut latch, mode), [Action::Left, Action::Noop]);
        }
    }

    #[test]
    fn the_newest_press_wins() {
        let mut latch = latch();
        press(&mut latch, DOWN);
        press(&mut latch, ACT);
        assert_eq!(actions(&mut latch, KeyMode::Single), [Action::PickupDrop, Action::Noop]);
    }

    #[test]
    fn held_directions_repeat_and_the_last_one_leads() {
        let mut latch = latch();
        press(&mut latch, RIGHT);
        assert!(latch.take(0, KeyMode::Held).held());
        press(&mut latch, DOWN);
        assert_eq!(actions(&mut latch, KeyMode::Held), [Action::Down, Action::Down]);
        latch.release(DOWN.0);
        assert_eq!(actions(&mut latch, KeyMode::Held), [Action::Right, Action::Right]);
        latch.release(RIGHT.0);
        assert_eq!(latch.take(0, KeyMode::Held), PlayerInput::default());
    }

    #[test]
    fn picking_up_and_using_do_not_repeat() {
        for once in [ACT, USE] {
            let mut latch = latch();
            press(&mut latch, LEFT);
            press(&mut latch, once);
            let input = latch.take(0, KeyMode::Held);
            assert_eq!((input.action(), input.held()), (once.1, false));
            assert_eq!(actions(&mut latch, KeyMode::Held), [Action::Left, Action::Left]);
        }
    }

    #[test]
    fn without_the_focus_nothing_is_held_and_the_input_says_so() {
        let mut latch = latch();
        press(&mut latch, LEFT);
        latch.take(0, KeyMode::Held);
        latch.focus(false);
        let input = latch.take(0, KeyMode::Held);
        assert_eq!((input.action(), input.focused()), (Action::Noop, false));
    }

    #[test]
    fn it_is_known_when_it_was_pressed_what_a_frame_has_taken() {
        let ms = Duration::from_millis;
        let mut latch = latch();
        for frame in 0..200 {
            if frame % 2 == 0 {
                latch.press(UP.0, UP.1, ms(u64::from(frame)));
            }
            latch.take(frame, KeyMode::Held);
            if frame >= 3 {
                let asked = frame - 3;
                let expected = (asked % 2 == 0).then(|| ms(u64::from(asked)));
                assert_eq!(latch.event_of(asked), expected, "{asked}");
                assert_eq!(latch.event_of(asked), None, "it is told once");
            }
        }
        for frame in 200..400 {
            latch.press(UP.0, UP.1, ms(1));
            latch.take(frame, KeyMode::Single);
        }
        assert!(latch.events.len() <= super::EVENTS, "nobody has asked");
    }
}
