//! A recorded key sequence, played again.
//!
//! ```text
//! frame,key
//! 30,up
//! 34,space
//! ```
//!
//! Frames count from 0 at the start of the session and increase; in frames that are not listed
//! nothing is pressed. Keys are `up`, `down`, `left`, `right`, `space` (or `pickup`) and
//! `toggle`. Empty lines are skipped.

use crate::Policy;
use dyad_gridworld::{Action, World};

/// The most keys of a sequence: more than nine hours at 30 a second.
pub const MOST_KEYS: usize = 1_000_000;

/// Why a text is no key sequence. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The first line is not the header.
    #[error("line 1 must be \"frame,key\"")]
    NoHeader,
    /// A line that has not two columns.
    #[error("line {line}: write a frame, a comma and a key, such as 30,up")]
    NotTwoColumns {
        /// The line.
        line: usize,
    },
    /// A frame that is no number.
    #[error("line {line}: {found:?} is no frame; write a whole number from 0 to {}", u32::MAX)]
    NotAFrame {
        /// The line.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// A frame that is not later than the one before.
    #[error("line {line}: frame {frame} comes after frame {previous}; frames must increase")]
    OutOfOrder {
        /// The line.
        line: usize,
        /// Its frame.
        frame: u32,
        /// The frame before.
        previous: u32,
    },
    /// A key that means nothing.
    #[error(
        "line {line}: {found:?} is no key; there are up, down, left, right, space, pickup and toggle"
    )]
    UnknownKey {
        /// The line.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// More keys than a sequence can have.
    #[error("line {line}: more than {MOST_KEYS} keys")]
    TooMany {
        /// The first line too many.
        line: usize,
    },
}

/// A player who presses recorded keys, whatever happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// By frame.
    keys: Vec<(u32, Action)>,
}

impl Keys {
    /// Reads a sequence.
    ///
    /// # Errors
    /// [`KeysError`] names the line of the first mistake.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        // Spreadsheets put a byte order mark in front.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = (1..).zip(text.lines());
        if lines.next().is_none_or(|(_, header)| header.trim() != "frame,key") {
            return Err(KeysError::NoHeader);
        }
        let mut keys: Vec<(u32, Action)> = Vec::new();
        for (line, row) in lines.filter(|(_, row)| !row.trim().is_empty()) {
            let (frame, action) = parse_row(line, row)?;
            if let Some(&(previous, _)) = keys.last().filter(|(previous, _)| *previous >= frame) {
                return Err(KeysError::OutOfOrder { line, frame, previous });
            }
            if keys.len() == MOST_KEYS {
                return Err(KeysError::TooMany { line });
            }
            keys.push((frame, action));
        }
        Ok(Self { keys })
    }

    /// The key pressed in a frame.
    #[must_use]
    pub fn at(&self, frame: u32) -> Action {
        let found = self.keys.binary_search_by_key(&frame, |&(frame, _)| frame);
        found.map_or(Action::Noop, |at| self.keys[at].1)
    }
}

fn parse_row(line: usize, row: &str) -> Result<(u32, Action), KeysError> {
    let (frame, key) = row.split_once(',').ok_or(KeysError::NotTwoColumns { line })?;
    let (frame, key) = (frame.trim(), key.trim());
    let number = frame
        .parse()
        .map_err(|_not_a_number| KeysError::NotAFrame { line, found: frame.to_owned() })?;
    let action =
        action(key).ok_or_else(|| KeysError::UnknownKey { line, found: key.to_owned() })?;
    Ok((number, action))
}

fn action(key: &str) -> Option<Action> {
    Some(match key {
        "up" => Action::Up,
        "down" => Action::Down,
        "left" => Action::Left,
        "right" => Action::Right,
        "space" | "pickup" => Action::PickupDrop,
        "toggle" => Action::Toggle,
        _ => return None,
    })
}

impl Policy for Keys {
    fn act(&mut self, world: &World, _player: usize) -> Action {
        self.at(world.frame())
    }
}

#[cfg(test)]
mod tests {
    use super::{Keys, KeysError};
    use dyad_gridworld::Action;
    use proptest::prelude::*;

    #[test]
    fn keys_are_pressed_in_their_frames() {
        let keys =
            Keys::parse("frame,key\r\n3,up\r\n\r\n 5 , space \r\n6,pickup\r\n9,toggle").unwrap();
        assert_eq!(keys.at(3), Action::Up);
        assert_eq!(keys.at(4), Action::Noop);
        assert_eq!(keys.at(5), Action::PickupDrop);
        assert_eq!(keys.at(6), Action::PickupDrop);
        assert_eq!(keys.at(9), Action::Toggle);
        assert_eq!(Keys::parse("\u{feff}frame,key\n"), Ok(Keys::default()));
    }

    #[test]
    fn mistakes_name_their_line() {
        let cases = [
            ("", KeysError::NoHeader),
            ("3,up", KeysError::NoHeader),
            ("frame,key\n3", KeysError::NotTwoColumns { line: 2 }),
            ("frame,key\n\n-1,up", KeysError::NotAFrame { line: 3, found: "-1".to_owned() }),
            (
                "frame,key\n1,up\n2,jump",
                KeysError::UnknownKey { line: 3, found: "jump".to_owned() },
            ),
            ("frame,key\n1,up,", KeysError::UnknownKey { line: 2, found: "up,".to_owned() }),
            ("frame,key\n4,up\n4,up", KeysError::OutOfOrder { line: 3, frame: 4, previous: 4 }),
        ];
        for (text, error) in cases {
            assert_eq!(Keys::parse(text), Err(error), "{text:?}");
        }
    }

    const NAMED: [(&str, Action); 7] = [
        ("up", Action::Up),
        ("down", Action::Down),
        ("left", Action::Left),
        ("right", Action::Right),
        ("space", Action::PickupDrop),
        ("pickup", Action::PickupDrop),
        ("toggle", Action::Toggle),
    ];

    proptest! {
        #[test]
        fn what_is_written_is_pressed(rows in prop::collection::btree_map(0_u32..200, 0..7_usize, 0..50)) {
            let mut text = "frame,key\n".to_owned();
            for (frame, &key) in &rows {
                text.push_str(&format!("{frame},{}\n", NAMED[key].0));
            }
            let keys = Keys::parse(&text).expect("the text is well formed");
            for frame in 0..200 {
                let written = rows.get(&frame).map_or(Action::Noop, |&key| NAMED[key].1);
                prop_assert_eq!(keys.at(frame), written);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(frame,key\n)?(\\PC|[0-9,\n]){0,60}") {
            if Keys::parse(&text).is_ok() {
                prop_assert!(text.starts_with("frame,key"));
            }
        }
    }
}
