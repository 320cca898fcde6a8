//! What is confirmed: the world after the last final frame, and the latest part of the way there.
//!
//! A session that was interrupted goes on from what its players have confirmed, not from what
//! they had predicted. The history is where that can be found, and from where a peer who has
//! less is given what it lacks.

use dyad_gridworld::{ConfirmedFrame, Digest, Entry, Game, Hold, MAX_PLAYERS, PlayerInput, World};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Entries that are kept for a peer who lacks them: more than two minutes at 30 steps a second.
/// A peer lacks what was confirmed between its last word to the disk and its loss of power.
pub const CAPACITY: usize = 4096;

/// How far a history has come. Of two histories of a session, the one with the smaller position is
/// the beginning of the other.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Position {
    /// The first frame that is not confirmed.
    pub next: u32,
    /// The epoch of the last hold; 0 before the first.
    pub epoch: u16,
}

/// The confirmed past of a session.
#[derive(Clone, Debug)]
pub struct History {
    world: World,
    position: Position,
    digest: Digest,
    recent: VecDeque<(Position, Entry)>,
}

impl History {
    /// The history of a session that has not begun.
    #[must_use]
    pub fn new(game: Arc<Game>) -> Self {
        let world = World::new(game);
        let digest = world.digest();
        Self { world, position: Position::default(), digest, recent: VecDeque::new() }
    }

    /// The history of a session of which all of this was recorded before its program was started
    /// anew.
    ///
    /// # Panics
    /// If the frames are not in order.
    #[must_use]
    pub fn of(game: Arc<Game>, entries: &[Entry]) -> Self {
        let mut history = Self::new(game);
        for entry in entries {
            match entry {
                Entry::Frame(frame) => history.push(frame),
                Entry::Hold(hold) => {
                    history.hold(hold.frames, hold.epoch);
                }
            }
        }
        history
    }

    /// Notes a final frame.
    ///
    /// # Panics
    /// If it is not the next one: a record with a gap would be none.
    pub fn push(&mut self, frame: &ConfirmedFrame) {
        assert_eq!(frame.frame, self.position.next, "frames become final in order");
        self.world.step(&frame.inputs[..self.world.game().players()]);
        self.digest = frame.digest;
        self.remember(Entry::Frame(*frame));
        self.position.next += 1;
    }

    /// Takes a frame that another peer has confirmed, and simulates it.
    pub fn simulate(&mut self, inputs: [PlayerInput; MAX_PLAYERS]) -> ConfirmedFrame {
        let frame = self.position.next;
        self.world.step(&inputs[..self.world.game().players()]);
        self.digest = self.world.digest();
        let frame = ConfirmedFrame { frame, inputs, digest: self.digest };
        self.remember(Entry::Frame(frame));
        self.position.next += 1;
        frame
    }

    /// Holds the world: the epoch begins.
    pub fn hold(&mut self, frames: u32, epoch: u16) -> Hold {
        let hold = Hold { next: self.position.next, frames, epoch };
        self.world.hold(frames);
        self.digest = self.world.digest();
        self.remember(Entry::Hold(hold));
        self.position.epoch = epoch;
        hold
    }

    fn remember(&mut self, entry: Entry) {
        if self.recent.len() >= CAPACITY {
            self.recent.pop_front();
        }
        self.recent.push_back((self.position, entry));
    }

    /// The world after the last entry.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// How far it has come.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Digest of the world after the last entry.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What comes after a position. `None` where that is no longer, or not yet, known.
    #[must_use]
    pub fn since(&self, from: Position) -> Option<impl Iterator<Item = Entry> + '_> {
        let known = self.recent.iter().position(|(before, _)| *before == from);
        let start = if from == self.position { Some(self.recent.len()) } else { known };
        start.map(|start| self.recent.iter().skip(start).map(|(_, entry)| *entry))
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, History, Position};
    use crate::testing::game;
    use dyad_gridworld::{Action, Entry, MAX_PLAYERS, PlayerInput};

    fn inputs(frame: u32) -> [PlayerInput; MAX_PLAYERS] {
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        let action = Action::from_number(u8::try_from(frame % 7).unwrap()).unwrap();
        inputs[0] = PlayerInput::new(action);
        inputs
    }

    #[test]
    fn what_one_lacks_the_other_supplies() {
        let (mut long, mut short) = (History::new(game(2)), History::new(game(2)));
        for frame in 0..50 {
            short.push(&long.simulate(inputs(frame)));
        }
        assert_eq!(short.digest(), long.digest());
        long.hold(30, 1);
        for frame in 50..120 {
            long.simulate(inputs(frame));
        }
        assert!(short.position() < long.position());
        let lacking: Vec<Entry> = long.since(short.position()).expect("known").collect();
        for entry in lacking {
            match entry {
                Entry::Frame(frame) => assert_eq!(short.simulate(frame.inputs), frame),
                Entry::Hold(hold) => assert_eq!(short.hold(hold.frames, hold.epoch), hold),
            }
        }
        assert_eq!(short.position(), Position { next: 120, epoch: 1 });
        assert_eq!(short.digest(), long.digest());
        assert_eq!(long.since(long.position()).map(Iterator::count), Some(0));
        assert!(long.since(Position { next: 50, epoch: 9 }).is_none());
    }

    #[test]
    fn the_distant_past_is_forgotten() {
        let mut history = History::new(game(2));
        let capacity = u32::try_from(CAPACITY).unwrap();
        for frame in 0..capacity + 10 {
            history.simulate(inputs(frame));
        }
        assert!(history.since(Position { next: 9, epoch: 0 }).is_none());
        let rest = history.since(Position { next: 10, epoch: 0 });
        assert_eq!(rest.map(Iterator::count), Some(CAPACITY));
    }
}
