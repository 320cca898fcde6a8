//! Seats: the places of a session's players.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A player's place in a session, from 0. Seats are the addresses of netplay and the `{i}` of
/// the columns; the lab assigns them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seat(pub u8);

impl Seat {
    /// The seat as an index into tables over players.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// All seats of a session with so many players.
    pub fn all(players: usize) -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(players).map(Self)
    }
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Some of the seats of a session, such as those that people have. As a number: one bit a seat, the
/// lowest for seat 0. No session has more than [`Seats::MOST`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seats(u8);

impl Seats {
    /// As many as there can be.
    pub const MOST: usize = 8;

    /// The first seats, so many.
    #[must_use]
    pub const fn first(players: usize) -> Self {
        Self(if players < Self::MOST { (1 << players) - 1 } else { u8::MAX })
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a seat is one of them.
    #[must_use]
    pub fn contains(self, seat: Seat) -> bool {
        self.0 & bit(seat) != 0
    }

    /// The same with this one.
    #[must_use]
    pub fn with(self, seat: Seat) -> Self {
        Self(self.0 | bit(seat))
    }

    /// The same without this one.
    #[must_use]
    pub fn without(self, seat: Seat) -> Self {
        Self(self.0 & !bit(seat))
    }

    /// All of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Seat> {
        Seat::all(Self::MOST).filter(move |&seat| self.contains(seat))
    }
}

impl FromIterator<Seat> for Seats {
    fn from_iter<I: IntoIterator<Item = Seat>>(seats: I) -> Self {
        seats.into_iter().fold(Self::default(), Self::with)
    }
}

impl fmt::Debug for Seats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|seat| seat.0)).finish()
    }
}

/// A seat's bit; none for seats that no session has.
fn bit(seat: Seat) -> u8 {
    1_u8.checked_shl(seat.0.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Seat, Seats};

    #[test]
    fn a_set_of_seats_is_a_set() {
        let some = Seats::from_iter([Seat(2), Seat(0), Seat(2), Seat(9)]);
        assert_eq!(some.iter().collect::<Vec<_>>(), [Seat(0), Seat(2)]);
        assert_eq!((some.len(), some.is_empty(), Seats::default().is_empty()), (2, false, true));
        assert_eq!([0, 1, 2, 9].map(|seat| some.contains(Seat(seat))), [true, false, true, false]);
        assert_eq!(some.without(Seat(0)).without(Seat(1)).without(Seat(9)), Seats(4));
        assert_eq!(Seats::first(3), Seats(7));
        assert_eq!(serde_json::to_string(&some).unwrap(), "5");
    }
}
