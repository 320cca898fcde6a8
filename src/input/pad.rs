//! Gamepads: which of their buttons does what, and when a stick counts as pressed. What opens the
//! devices is apart (`gamepad.rs`, with the feature of this name): here are only rules.

use dyad_gridworld::Action;
use std::collections::BTreeMap;

/// How far a stick must be pushed to count, of 1: more than what worn sticks do alone.
const PRESS: f32 = 0.5;
/// Below this it has been let go. Between the two it stays what it was, so that it does not flutter.
const RELEASE: f32 = 0.35;
/// How much further another direction must be pushed to take over: a thumb on a diagonal does not
/// change its mind with every tremble.
const TAKE_OVER: f32 = 0.15;

/// A button that plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Button {
    /// A direction of the cross.
    Cross(Way),
    /// The lower or the right one of the four.
    Act,
    /// The left or the upper one of the four.
    Use,
}

/// A direction of a cross or a stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Away from the person.
    Up,
    /// Towards the person.
    Down,
    /// To the left.
    Left,
    /// To the right.
    Right,
}

impl Way {
    const ALL: [Self; 4] = [Self::Up, Self::Down, Self::Left, Self::Right];

    const fn action(self) -> Action {
        match self {
            Self::Up => Action::Up,
            Self::Down => Action::Down,
            Self::Left => Action::Left,
            Self::Right => Action::Right,
        }
    }
}

impl Button {
    /// What it does.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Cross(way) => way.action(),
            Self::Act => Action::PickupDrop,
            Self::Use => Action::Toggle,
        }
    }
}

/// A part of a gamepad that can be pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A button.
    Button(Button),
    /// The left stick.
    Stick,
}

/// What a device tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    /// A button is down, or is not.
    Button(Button, bool),
    /// How far the left stick is to the right, from -1 to 1.
    StickRight(f32),
    /// How far it is up.
    StickUp(f32),
    /// The device has come or gone: nothing of it is pressed.
    Changed,
}

/// What follows for a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A part was pressed, and stands for this action now.
    Pressed(Part, Action),
    /// A part was let go.
    Released(Part),
}

/// A gamepad.
#[derive(Clone, Debug, Default)]
pub struct Pad {
    /// What each part that is down stands for.
    down: BTreeMap<Part, Action>,
    right: f32,
    up: f32,
    way: Option<Way>,
}

impl Pad {
    /// Takes what the device tells. A device tells the same thing many times; what follows, follows once.
    pub fn hear(&mut self, told: Told) -> Vec<Change> {
        match told {
            Told::Button(button, down) => {
                self.set(Part::Button(button), down.then(|| button.action()))
            }
            Told::StickRight(right) => {
                self.right = finite(right);
                self.point()
            }
            Told::StickUp(up) => {
                self.up = finite(up);
                self.point()
            }
            Told::Changed => {
                let released = self.down.keys().map(|part| Change::Released(*part)).collect();
                *self = Self::default();
                released
            }
        }
    }

    fn point(&mut self) -> Vec<Change> {
        self.way = way(self.way, self.right, self.up);
        self.set(Part::Stick, self.way.map(Way::action))
    }

    /// Makes a part stand for an action, or for none.
    fn set(&mut self, part: Part, action: Option<Action>) -> Vec<Change> {
        let before = match action {
            Some(action) => self.down.insert(part, action),
            None => self.down.remove(&part),
        };
        match (before, action) {
            (before, after) if before == after => Vec::new(),
            (_, Some(action)) => vec![Change::Pressed(part, action)],
            (_, None) => vec![Change::Released(part)],
        }
    }
}

/// Where a stick points, of which this was known before.
fn way(before: Option<Way>, right: f32, up: f32) -> Option<Way> {
    let towards = |way| match way {
        Way::Up => up,
        Way::Down => -up,
        Way::Left => -right,
        Way::Right => right,
    };
    let furthest =
        Way::ALL.into_iter().max_by(|one, other| towards(*one).total_cmp(&towards(*other)))?;
    if let Some(before) = before
        && towards(before) >= RELEASE
        && towards(furthest) - towards(before) < TAKE_OVER
    {
        return Some(before);
    }
    (towards(furthest) >= PRESS).then_some(furthest)
}

/// A broken driver may say anything.
fn finite(value: f32) -> f32 {
    if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{Button, Change, Pad, Part, Told, Way};
    use dyad_gridworld::Action;

    const UP: Part = Part::Button(Button::Cross(Way::Up));

    /// What follows from positions of the stick, right and up, one after the other.
    fn points<const N: usize>(positions: [(f32, f32); N]) -> [Vec<Option<Action>>; N] {
        let mut pad = Pad::default();
        positions.map(|(right, up)| {
            let first = pad.hear(Told::StickRight(right));
            let all = first.into_iter().chain(pad.hear(Told::StickUp(up)));
            let action = |change| match change {
                Change::Pressed(Part::Stick, action) => Some(action),
                Change::Released(Part::Stick) => None,
                other => panic!("{other:?}"),
            };
            all.map(action).collect()
        })
    }

    #[test]
    fn a_button_is_pressed_once_however_often_that_is_told() {
        let mut pad = Pad::default();
        let press = Told::Button(Button::Cross(Way::Up), true);
        assert_eq!(pad.hear(press), [Change::Pressed(UP, Action::Up)]);
        assert_eq!(pad.hear(press), []);
        let release = Told::Button(Button::Cross(Way::Up), false);
        assert_eq!(pad.hear(release), [Change::Released(UP)]);
        assert_eq!(pad.hear(release), []);
        for (button, action) in [(Button::Act, Action::PickupDrop), (Button::Use, Action::Toggle)] {
            let pressed = Change::Pressed(Part::Button(button), action);
            assert_eq!(pad.hear(Told::Button(button, true)), [pressed]);
        }
    }

    #[test]
    fn a_stick_at_rest_does_nothing_and_a_pushed_one_does_it_once() {
        let walks = [
            (vec![], (0.0, 0.0)),
            (vec![], (0.3, -0.2)),
            (vec![], (0.49, 0.49)),
            (vec![Some(Action::Right)], (0.7, 0.1)),
            (vec![], (1.0, 0.2)),
            (vec![], (0.4, 0.0)),
            (vec![None], (0.3, 0.0)),
            (vec![], (0.4, 0.0)),
            (vec![Some(Action::Down)], (0.0, -1.0)),
            (vec![Some(Action::Up)], (0.0, 1.0)),
        ];
        let said = points(walks.clone().map(|(_, position)| position));
        assert_eq!(said, walks.map(|(actions, _)| actions));
    }

    #[test]
    fn a_thumb_on_a_diagonal_keeps_its_direction_until_it_means_another() {
        let [pressed, diagonal, trembling, other, back] =
            points([(0.8, 0.0), (0.7, 0.75), (0.65, 0.75), (0.5, 0.9), (0.6, 0.7)]);
        assert_eq!(pressed, [Some(Action::Right)]);
        assert_eq!((diagonal, trembling), (vec![], vec![]));
        assert_eq!(other, [Some(Action::Up)]);
        assert_eq!(back, []);
    }

    #[test]
    fn a_device_that_goes_lets_everything_go() {
        let mut pad = Pad::default();
        pad.hear(Told::Button(Button::Act, true));
        pad.hear(Told::StickRight(-1.0));
        let released = [Part::Button(Button::Act), Part::Stick].map(Change::Released);
        assert_eq!(pad.hear(Told::Changed), released);
        assert_eq!(pad.hear(Told::Changed), []);
    }

    #[test]
    fn what_a_broken_driver_says_is_nothing() {
        let [nothing, infinite] = points([(f32::NAN, f32::NAN), (f32::INFINITY, 0.0)]);
        assert_eq!((nothing, infinite), (vec![], vec![]));
        let mut pad = Pad::default();
        let pressed = Change::Pressed(Part::Stick, Action::Left);
        assert_eq!(pad.hear(Told::StickRight(-7.0)), [pressed]);
    }
}
