//! Players whose window has lost the focus: for how long they have been away, and what a session
//! does about it.
//!
//! Focus is a part of every player's input, so how long somebody has been away is counted from
//! what all peers have in common, and a session that ends for it ends for all in the same frame.
//!
//! A player is away in a frame whose input says that the window has not the focus. Frames are
//! counted in countdowns and in breaks between episodes as well as in play: who is away across an
//! episode's end is away all the time. They are not counted while the world is held, as nothing
//! is, nor after the session's end.

use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::{MAX_PLAYERS, PlayerInput};
use serde::{Deserialize, Serialize};

/// What a session does about players who are away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FocusRule {
    /// Frames in a row after which a player has been away too long, and the session ends. `None`
    /// for no end: a player may be away for as long as the session lasts.
    pub limit: Option<u32>,
    /// Whether the game waits for everybody while somebody is away.
    pub pause: bool,
    /// Frames that a game which waited counts down when everybody is back; at least 1.
    pub return_frames: u32,
    /// Frames after which the others are told that somebody is away. It is for screens: no rule
    /// depends on it.
    pub warn_frames: u32,
}

impl Default for FocusRule {
    /// Nothing follows from being away.
    fn default() -> Self {
        Self { limit: None, pause: false, return_frames: 1, warn_frames: 0 }
    }
}

impl FocusRule {
    /// The most frames of any of these numbers: more than nine hours at 30 a second.
    pub const MOST_FRAMES: u32 = 1_000_000;

    /// Appends the rule's bytes for the digest of a game: the limit, with 0 for none; whether the
    /// game waits; the other two numbers.
    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        let Self { limit, pause, return_frames, warn_frames } = self;
        out.extend(limit.unwrap_or(0).to_le_bytes());
        out.push(u8::from(pause));
        out.extend(return_frames.to_le_bytes());
        out.extend(warn_frames.to_le_bytes());
    }
}

/// For how many frames in a row each player has been away, by seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Away([u32; MAX_PLAYERS]);

impl Away {
    /// Counts a frame with these players' inputs.
    #[inline]
    pub(crate) fn count(&mut self, inputs: &[PlayerInput]) {
        for (frames, input) in self.0.iter_mut().zip(inputs) {
            *frames = if input.focused() { 0 } else { frames.saturating_add(1) };
        }
    }

    /// For how many frames a player has been away; 0 for one who is there.
    ///
    /// # Panics
    /// If no world has such a player.
    #[must_use]
    pub const fn frames(self, player: usize) -> u32 {
        self.0[player]
    }

    /// Whether somebody is away.
    #[must_use]
    #[inline]
    pub fn anybody(self) -> bool {
        self.0 != [0; MAX_PLAYERS]
    }

    /// Who has been away for as long as this, by seat.
    #[must_use]
    pub fn since(self, frames: u32) -> [bool; MAX_PLAYERS] {
        self.0.map(|away| away >= frames)
    }

    /// Whether somebody has been away for as long as a limit, if there is one.
    #[inline]
    pub(crate) fn reaches(self, limit: Option<u32>) -> bool {
        limit.is_some_and(|limit| self.0.iter().any(|&away| away >= limit))
    }

    /// Appends the number of each of so many players.
    pub(crate) fn encode(self, players: usize, out: &mut Encoder) {
        self.0[..players].iter().for_each(|&frames| out.u32(frames));
    }

    /// Reads the numbers of so many players back.
    pub(crate) fn decode(players: usize, bytes: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut away = Self::default();
        for frames in &mut away.0[..players] {
            *frames = bytes.u32()?;
        }
        Ok(away)
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its last episode was played to its end.
    Completed,
    /// Somebody was away for as long as [`FocusRule::limit`].
    AwayTooLong {
        /// Who, by seat; more than one only if they left in the same frame.
        who: [bool; MAX_PLAYERS],
    },
}
