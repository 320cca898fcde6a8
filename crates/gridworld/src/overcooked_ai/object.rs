//! What can be carried, in two bytes.

use crate::encoding::{DecodeError, Decoder};
use crate::overcooked::Item;
use std::num::NonZeroU16;

/// The most steps of cooking that are counted. A soup that stays longer in its pot is as ready
/// as before.
pub const MAX_COOKED: u16 = (1 << 13) - 1;

/// Something that can be carried. A soup keeps the number of steps that it has cooked: nothing
/// depends on it any more, but recorded games hold it.
///
/// The low three bits are the item, the others the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object(NonZeroU16);

impl Object {
    /// Something that has not cooked.
    #[must_use]
    pub const fn new(item: Item) -> Self {
        Self::cooked_for(item, 0)
    }

    /// A soup that has cooked for so many steps.
    #[must_use]
    pub const fn cooked_for(soup: Item, steps: u16) -> Self {
        let steps = if steps < MAX_COOKED { steps } else { MAX_COOKED };
        Self(NonZeroU16::new(steps << 3 | soup as u16).expect("no item has the number 0"))
    }

    /// What it is.
    #[must_use]
    pub const fn item(self) -> Item {
        Item::ALL[(self.0.get() & 7) as usize - 1]
    }

    /// How many steps it has cooked.
    #[must_use]
    pub const fn cooked(self) -> u16 {
        self.0.get() >> 3
    }

    /// Its two bytes in the canonical encoding; 0 is nothing.
    #[must_use]
    pub fn code(object: Option<Self>) -> u16 {
        object.map_or(0, |object| object.0.get())
    }

    /// Takes what [`Self::code`] gave.
    pub(super) fn decode(bytes: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        let Some(code) = NonZeroU16::new(bytes.u16()?) else { return Ok(None) };
        let object = Self(code);
        let known = usize::from(code.get() & 7).checked_sub(1).and_then(|at| Item::ALL.get(at));
        match known {
            Some(item) if item.is_soup() || object.cooked() == 0 => Ok(Some(object)),
            _ => Err(bytes.invalid("object")),
        }
    }
}
