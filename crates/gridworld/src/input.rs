//! What one player does in one frame: an action and the state of the player's window, in two
//! bytes whose zero value means "no action, window focused".

use crate::geometry::Direction;
use serde::{Deserialize, Serialize};

/// One of the seven actions that every task shares.
///
/// The numbers are CoGrid's cardinal action set, which is what the reference platform writes
/// into its tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Action {
    /// Turn up, and step up if the cell is free.
    Up = 0,
    /// Turn down, and step down if the cell is free.
    Down = 1,
    /// Turn left, and step left if the cell is free.
    Left = 2,
    /// Turn right, and step right if the cell is free.
    Right = 3,
    /// Pick up, put down or hand over, depending on the faced cell.
    PickupDrop = 4,
    /// Use the faced cell; no classic Overcooked cell can be used.
    Toggle = 5,
    /// Nothing.
    #[default]
    Noop = 6,
}

impl Action {
    /// All actions, at the index of their number.
    pub const ALL: [Self; 7] =
        [Self::Up, Self::Down, Self::Left, Self::Right, Self::PickupDrop, Self::Toggle, Self::Noop];

    /// The number that stands in records: 0 up, 1 down, 2 left, 3 right, 4 pickup/drop,
    /// 5 toggle, 6 noop.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The action with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// What it is called in messages and files, such as `pickup_drop`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Left => "left",
            Self::Right => "right",
            Self::PickupDrop => "pickup_drop",
            Self::Toggle => "toggle",
            Self::Noop => "noop",
        }
    }

    /// The action of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// Which way the action turns and moves, if it does.
    #[must_use]
    pub const fn direction(self) -> Option<Direction> {
        // A table, not a match: which action comes next is nothing a processor could guess, so a
        // branch on it would cost more than the rest of a move.
        const DIRECTIONS: [Option<Direction>; 7] = [
            Some(Direction::Up),
            Some(Direction::Down),
            Some(Direction::Left),
            Some(Direction::Right),
            None,
            None,
            None,
        ];
        DIRECTIONS[self as usize]
    }
}

/// One player's input for one frame, as it travels and as it is recorded.
///
/// The low byte holds the action: 0 for noop, otherwise the action's number plus one. The high
/// byte holds flags. The zero value is "noop, focused", because ggrs fills the first frames and
/// its early predictions with `Default`. Focus is a part of the input so that both peers
/// record it for the same frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlayerInput(u16);

impl PlayerInput {
    const UNFOCUSED: u16 = 1 << 8;
    const HELD: u16 = 1 << 9;
    /// Bits that have a meaning; the others are room for later versions and are cleared on entry.
    const KNOWN: u16 = 0x00ff | Self::UNFOCUSED | Self::HELD;

    /// The actions of the low byte, and in the last place what any greater one means. A table for
    /// the same reason as in [`Action::direction`].
    const ACTIONS: [Action; 8] = [
        Action::Noop,
        Action::Up,
        Action::Down,
        Action::Left,
        Action::Right,
        Action::PickupDrop,
        Action::Toggle,
        Action::Noop,
    ];

    /// An input of a focused window in single keystroke mode.
    #[must_use]
    pub const fn new(action: Action) -> Self {
        match action {
            Action::Noop => Self(0),
            other => Self(other.number() as u16 + 1),
        }
    }

    /// The same input with the window's focus set.
    #[must_use]
    pub const fn with_focus(self, focused: bool) -> Self {
        if focused { Self(self.0 & !Self::UNFOCUSED) } else { Self(self.0 | Self::UNFOCUSED) }
    }

    /// The same input marked as coming from a held key, so that a prediction may repeat it.
    #[must_use]
    pub const fn with_held(self, held: bool) -> Self {
        if held { Self(self.0 | Self::HELD) } else { Self(self.0 & !Self::HELD) }
    }

    /// The action. A byte that names none is a noop: stepping is total.
    #[must_use]
    pub fn action(self) -> Action {
        let [low, _] = self.0.to_le_bytes();
        Self::ACTIONS[usize::from(low).min(Self::ACTIONS.len() - 1)]
    }

    /// Whether the player's window had the focus.
    #[must_use]
    pub const fn focused(self) -> bool {
        self.0 & Self::UNFOCUSED == 0
    }

    /// Whether the player's keys act for as long as they are held down.
    #[must_use]
    pub const fn held(self) -> bool {
        self.0 & Self::HELD != 0
    }

    /// The two bytes of this input as one number.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The input with these bits. Unknown flags are dropped and every spelling of noop becomes
    /// the same one, so that equal meaning is equal bytes.
    #[must_use]
    pub fn from_bits(bits: u16) -> Self {
        let known = Self(bits & Self::KNOWN);
        Self::new(known.action()).with_focus(known.focused()).with_held(known.held())
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, PlayerInput};

    #[test]
    fn actions_are_called_the_same_everywhere() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(action));
            let written = serde_json::to_string(&action).unwrap();
            assert_eq!(written, format!("\"{}\"", action.name()));
        }
        assert_eq!(Action::from_name("jump"), None);
    }

    #[test]
    fn zero_means_noop_and_focused() {
        let zero = PlayerInput::default();
        assert_eq!(zero.bits(), 0);
        assert_eq!(zero.action(), Action::Noop);
        assert!(zero.focused());
        assert!(!zero.held());
    }

    #[test]
    fn every_combination_survives_its_bits() {
        for action in Action::ALL {
            for focused in [true, false] {
                for held in [true, false] {
                    let input = PlayerInput::new(action).with_focus(focused).with_held(held);
                    let back = PlayerInput::from_bits(input.bits());
                    assert_eq!(back, input);
                    assert_eq!(
                        (back.action(), back.focused(), back.held()),
                        (action, focused, held)
                    );
                }
            }
        }
    }

    #[test]
    fn any_bits_are_an_input() {
        for bits in 0..=u16::MAX {
            let input = PlayerInput::from_bits(bits);
            assert_eq!(PlayerInput::from_bits(input.bits()), input);
        }
        assert_eq!(PlayerInput::from_bits(7), PlayerInput::default(), "a spelled-out noop");
        assert_eq!(PlayerInput::from_bits(200), PlayerInput::default(), "no such action");
    }
}
