//! The world after every frame of a log, and what is worth finding in it.

use dyad_gridworld::{PlayerInput, World};
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::log::Log;
use dyad_recording::replay::{Replay, ReplayError, Step};
use std::time::Duration;

/// A log as a film. Place 0 is the world before the log's first frame, place n the one after n
/// frames.
pub struct Film {
    first_frame: u32,
    /// A world a frame, and the one before: 424 bytes each.
    worlds: Vec<World>,
    marks: Vec<Mark>,
    participants: Vec<ParticipantId>,
    /// What the rules say against the rest of the log.
    broken: Option<ReplayError>,
}

/// Something that a person looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The place at which it is seen.
    pub place: usize,
    /// What.
    pub what: Event,
}

/// What a person looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The score rose, as by a delivery.
    Scored,
    /// A player's window lost the focus.
    FocusLost(Seat),
    /// It got it back.
    FocusBack(Seat),
    /// The session was interrupted, and went on here.
    Resumed,
    /// This computer simulated so many frames again.
    Rollback(u16),
}

impl Film {
    /// Simulates a log again. If the rules contradict it, the film ends before that frame.
    ///
    /// # Errors
    /// [`ReplayError::Start`] where not even the first world can be made.
    pub fn of(log: &Log) -> Result<Self, ReplayError> {
        let mut replay = Replay::start(log)?;
        let mut film = Self {
            first_frame: log.header.first_frame,
            worlds: vec![replay.world().clone()],
            marks: Vec::new(),
            participants: log.header.session.participants.clone(),
            broken: None,
        };
        let mut focused = vec![true; film.participants.len()];
        loop {
            match replay.step() {
                Ok(Some(step)) => film.take(log, &step, replay.world().clone(), &mut focused),
                Ok(None) => break,
                Err(error) => {
                    film.broken = Some(error);
                    break;
                }
            }
        }
        Ok(film)
    }

    fn take(&mut self, log: &Log, step: &Step, world: World, focused: &mut [bool]) {
        let place = self.worlds.len();
        let mut mark = |what| self.marks.push(Mark { place, what });
        if log.holds_before(step.frame.number).next().is_some() {
            mark(Event::Resumed);
        }
        for (seat, now) in Seat::all(focused.len()).zip(step.frame.inputs.iter()) {
            let before = std::mem::replace(&mut focused[seat.index()], PlayerInput::focused(*now));
            match (before, now.focused()) {
                (true, false) => mark(Event::FocusLost(seat)),
                (false, true) => mark(Event::FocusBack(seat)),
                _ => {}
            }
        }
        if step.outcome.is_some_and(|outcome| outcome.task.score.0 > 0) {
            mark(Event::Scored);
        }
        self.worlds.push(world);
    }

    /// Adds what one computer saw: `(frame, depth)` of each rollback.
    pub fn add_rollbacks(&mut self, rollbacks: &[(u32, u16)]) {
        for &(frame, depth) in rollbacks {
            if let Some(place) = self.place_after(frame) {
                self.marks.push(Mark { place, what: Event::Rollback(depth) });
            }
        }
        self.marks.sort_by_key(|mark| mark.place);
    }

    /// The last place.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.worlds.len() - 1
    }

    /// The world at a place; at the last one beyond it.
    #[must_use]
    pub fn world(&self, place: usize) -> &World {
        &self.worlds[place.min(self.end())]
    }

    /// The place after a frame of the session, if the film has it.
    #[must_use]
    pub fn place_after(&self, frame: u32) -> Option<usize> {
        let place = usize::try_from(frame.checked_sub(self.first_frame)?).ok()? + 1;
        (place <= self.end()).then_some(place)
    }

    /// The frame after which a place is; none for the first place.
    #[must_use]
    pub fn frame_before(&self, place: usize) -> Option<u32> {
        (place > 0).then(|| self.world(place).frame().saturating_sub(1))
    }

    /// The frames that the film shows, if any.
    #[must_use]
    pub fn frames(&self) -> Option<(u32, u32)> {
        Some((self.first_frame, self.frame_before(self.end())?))
    }

    /// What is worth finding, in order of places.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The next place with a mark other than rollbacks, which are many.
    #[must_use]
    pub fn next_mark(&self, place: usize) -> Option<usize> {
        self.landmarks().find(|&at| at > place)
    }

    /// The one before.
    #[must_use]
    pub fn previous_mark(&self, place: usize) -> Option<usize> {
        self.landmarks().filter(|&at| at < place).last()
    }

    fn landmarks(&self) -> impl Iterator<Item = usize> {
        let marks = self.marks.iter().filter(|mark| !matches!(mark.what, Event::Rollback(_)));
        marks.map(|mark| mark.place)
    }

    /// Pseudonyms, by seat.
    #[must_use]
    pub fn participants(&self) -> &[ParticipantId] {
        &self.participants
    }

    /// Why the film ends before the log does, if so.
    #[must_use]
    pub const fn broken(&self) -> Option<&ReplayError> {
        self.broken.as_ref()
    }

    /// How long a step takes when the game is played.
    #[must_use]
    pub fn step(&self) -> Duration {
        let speed = self.worlds[0].game().settings().steps_per_second;
        Duration::from_secs(1) / u32::from(speed.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Film, Mark};
    use dyad_protocol::Seat;
    use dyad_recording::log::{self, Log};

    fn recorded() -> Log {
        let bytes = include_bytes!("../../crates/recording/tests/golden/v1/p-ada_ep1.dlog");
        log::read(bytes).unwrap()
    }

    #[test]
    fn every_frame_has_its_world() {
        let log = recorded();
        let film = Film::of(&log).unwrap();
        assert!(film.broken().is_none());
        assert_eq!(film.end(), log.frames.len());
        assert_eq!(film.world(0), &log.header.start().unwrap());
        for frame in &log.frames {
            let place = film.place_after(frame.number).unwrap();
            assert_eq!(film.world(place).digest().short(), frame.digest);
            assert_eq!(film.frame_before(place), Some(frame.number));
        }
        let (first, last) = film.frames().unwrap();
        assert_eq!((first, last), (log.header.first_frame, log.frames.last().unwrap().number));
        assert_eq!(film.place_after(last + 1), None);
        assert_eq!(film.place_after(first.wrapping_sub(1)), None);
    }

    #[test]
    fn a_log_that_the_rules_contradict_is_shown_up_to_there() {
        let mut log = recorded();
        let wrong = log.frames.len() / 2;
        log.frames[wrong].digest ^= 1;
        let film = Film::of(&log).unwrap();
        assert_eq!(film.end(), wrong);
        let number = log.frames[wrong].number.to_string();
        assert!(film.broken().unwrap().to_string().contains(&number));
    }

    #[test]
    fn what_a_person_looks_for_is_marked() {
        let log = recorded();
        let mut film = Film::of(&log).unwrap();
        let first = log.header.first_frame;
        film.add_rollbacks(&[(first + 12, 3), (first - 1, 5)]);
        let marks = film.marks();
        assert!(marks.is_sorted_by_key(|mark| mark.place));
        let rollbacks: Vec<_> =
            marks.iter().filter(|mark| matches!(mark.what, Event::Rollback(_))).collect();
        assert_eq!(rollbacks, [&Mark { place: 13, what: Event::Rollback(3) }]);
        for seat in Seat::all(2) {
            let focused =
                |place: usize| place == 0 || log.frames[place - 1].inputs[seat.index()].focused();
            let changes = (1..=film.end()).filter(|&place| focused(place) != focused(place - 1));
            let expected: Vec<_> = changes
                .map(|place| {
                    (
                        place,
                        if focused(place) {
                            Event::FocusBack(seat)
                        } else {
                            Event::FocusLost(seat)
                        },
                    )
                })
                .collect();
            assert!(expected.len() > 3, "this record shows nothing");
            let mine = [Event::FocusBack(seat), Event::FocusLost(seat)];
            let found = marks.iter().filter(|mark| mine.contains(&mark.what));
            let found: Vec<_> = found.map(|mark| (mark.place, mark.what)).collect();
            assert_eq!(found, expected);
        }
        let scores = marks.iter().filter(|mark| mark.what == Event::Scored);
        for mark in scores {
            assert!(film.world(mark.place).score() > film.world(mark.place - 1).score());
        }
        let landmarks: Vec<_> =
            marks.iter().filter(|mark| !matches!(mark.what, Event::Rollback(_))).collect();
        assert_eq!(film.next_mark(0), Some(landmarks[0].place));
        assert_eq!(film.previous_mark(landmarks[1].place), Some(landmarks[0].place));
        assert_eq!(film.next_mark(film.end()), None);
    }
}
