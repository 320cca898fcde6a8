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
//! `toggle`. Two further words press nothing: from `blur` on, the player's window has not the
//! focus, until `focus`. Empty lines are skipped.

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
        "line {line}: {found:?} is no key; there are up, down, left, right, space, pickup and toggle, and blur and focus for the window"
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
    /// Frames from which on the window has the focus, or has it not.
    focus: Vec<(u32, bool)>,
}

/// What a line says.
enum Word {
    Key(Action),
    Focus(bool),
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
        let (mut all, mut last) = (Self::default(), None);
        for (line, row) in lines.filter(|(_, row)| !row.trim().is_empty()) {
            let (frame, word) = parse_row(line, row)?;
            if let Some(previous) = last.replace(frame).filter(|&previous| previous >= frame) {
                return Err(KeysError::OutOfOrder { line, frame, previous });
            }
            if all.keys.len() + all.focus.len() == MOST_KEYS {
                return Err(KeysError::TooMany { line });
            }
            match word {
                Word::Key(action) => all.keys.push((frame, action)),
                Word::Focus(focused) => all.focus.push((frame, focused)),
            }
        }
        Ok(all)
    }

    /// The key pressed in a frame.
    #[must_use]
    pub fn at(&self, frame: u32) -> Action {
        let found = self.keys.binary_search_by_key(&frame, |&(frame, _)| frame);
        found.map_or(Action::Noop, |at| self.keys[at].1)
    }

    /// Whether the window has the focus in a frame.
    #[must_use]
    pub fn has_focus(&self, frame: u32) -> bool {
        let before = self.focus.partition_point(|&(from, _)| from <= frame);
        before.checked_sub(1).is_none_or(|last| self.focus[last].1)
    }
}

fn parse_row(line: usize, row: &str) -> Result<(u32, Word), KeysError> {
    let (frame, key) = row.split_once(',').ok_or(KeysError::NotTwoColumns { line })?;
    let (frame, key) = (frame.trim(), key.trim());
    let number = frame
        .parse()
        .map_err(|_not_a_number| KeysError::NotAFrame { line, found: frame.to_owned() })?;
    let word = word(key).ok_or_else(|| KeysError::UnknownKey { line, found: key.to_owned() })?;
    Ok((number, word))
}

fn word(key: &str) -> Option<Word> {
    Some(match key {
        "up" => Word::Key(Action::Up),
        "down" => Word::Key(Action::Down),
        "left" => Word::Key(Action::Left),
        "right" => Word::Key(Action::Right),
        "space" | "pickup" => Word::Key(Action::PickupDrop),
        "toggle" => Word::Key(Action::Toggle),
        "blur" => Word::Focus(false),
        "focus" => Word::Focus(true),
        _ => return None,
    })
}

impl Policy for Keys {
    fn act(&mut self, world: &World, _player: usize) -> Action {
        self.at(world.frame())
    }

    fn has_focus(&self, world: &World) -> bool {
        self.has_focus(world.frame())
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
    fn the_window_loses_the_focus_and_gets_it_back() {
        let keys = Keys::parse("frame,key\n2,up\n3,blur\n4,down\n6,focus\n9,blur\n").unwrap();
        let unfocused: Vec<u32> = (0..12).filter(|&frame| !keys.has_focus(frame)).collect();
        assert_eq!(unfocused, [3, 4, 5, 9, 10, 11]);
        assert_eq!([2, 3, 4].map(|frame| keys.at(frame)), [Action::Up, Action::Noop, Action::Down]);
        let again = Keys::parse("frame,key\n3,up\n3,blur");
        assert_eq!(again, Err(KeysError::OutOfOrder { line: 3, frame: 3, previous: 3 }));
        assert!(Keys::parse("frame,key\n").unwrap().has_focus(0));
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
