//! How avatars move on the screen: they glide from cell to cell instead of jumping. Only the
//! picture does; the world is the truth, and this file never sees more of it than the cells in
//! which avatars stand.
//!
//! A usual move is shown over one step, so what is shown is never further behind than the step
//! before. What a rollback put right is eased over [`Motion::smoothing`], and hides the true cell
//! no longer than that. A new episode jumps.

use bevy_egui::egui::Vec2;
use dyad_protocol::Seat;
use std::time::Duration;

/// What corrections are eased over if nothing else is asked for.
pub const SMOOTHING: Duration = Duration::from_millis(100);

/// An avatar on its way to a cell. Places are columns and rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glide {
    /// The true cell.
    pub cell: Vec2,
    /// Where the avatar is shown.
    pub shown: Vec2,
    /// Until it is shown in its cell.
    pub left: Duration,
}

impl Glide {
    /// An avatar that stands in its cell.
    #[must_use]
    pub const fn at(cell: Vec2) -> Self {
        Self { cell, shown: cell, left: Duration::ZERO }
    }

    /// The same avatar a moment later: the way to the true cell is gone evenly, and is over at
    /// the latest `over` after the cell changed. The first moment counts, so a change is seen in
    /// the first picture after it.
    #[must_use]
    pub fn advance(self, cell: Vec2, moment: Duration, over: Duration) -> Self {
        let left = if cell == self.cell { self.left } else { over };
        if moment >= left {
            return Self::at(cell);
        }
        let part = moment.as_secs_f32() / left.as_secs_f32();
        Self { cell, shown: self.shown + (cell - self.shown) * part, left: left - moment }
    }
}

/// What is known of a moment, besides where avatars are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The episode; nothing glides from one to the next.
    pub episode: u16,
    /// Since the last picture.
    pub length: Duration,
    /// A step of the game.
    pub step: Duration,
    /// Whether frames were simulated again since the last picture.
    pub corrected: bool,
    /// Who looks. One's own moves are never predicted wrongly.
    pub me: Seat,
}

/// Where avatars were shown last.
#[derive(Clone, Debug)]
pub struct Motion {
    /// What corrections are eased over; none turns easing off.
    pub smoothing: Duration,
    episode: u16,
    glides: Vec<Glide>,
}

impl Default for Motion {
    fn default() -> Self {
        Self::with_smoothing(SMOOTHING)
    }
}

impl Motion {
    /// Nobody is shown yet.
    #[must_use]
    pub const fn with_smoothing(smoothing: Duration) -> Self {
        Self { smoothing, episode: 0, glides: Vec::new() }
    }

    /// Where an avatar is shown, if it was seen before.
    #[must_use]
    pub fn place(&self, seat: Seat) -> Option<Vec2> {
        self.glides.get(seat.index()).map(|glide| glide.shown)
    }

    /// Follows the avatars, in order of seats, to where they are now.
    pub fn follow(&mut self, cells: &[Vec2], moment: Moment) {
        if self.episode != moment.episode || self.glides.len() != cells.len() {
            self.episode = moment.episode;
            self.glides = cells.iter().copied().map(Glide::at).collect();
            return;
        }
        for ((glide, &cell), seat) in self.glides.iter_mut().zip(cells).zip(Seat::all(cells.len()))
        {
            let way = (cell - glide.cell).abs();
            // A neighbouring cell is where a step leads.
            let is_step = way.x + way.y <= 1.0 && (seat == moment.me || !moment.corrected);
            // Further away without a correction, something other than walking happened.
            let over = match moment.corrected {
                _ if is_step => moment.step,
                true => self.smoothing,
                false => Duration::ZERO,
            };
            *glide = glide.advance(cell, moment.length, over);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Glide, Moment, Motion, SMOOTHING};
    use bevy_egui::egui::{Vec2, vec2};
    use dyad_protocol::Seat;
    use std::time::Duration;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    const STEP: Duration = ms(40);

    const fn moment(length: u64) -> Moment {
        Moment { episode: 0, length: ms(length), step: STEP, corrected: false, me: Seat(0) }
    }

    /// Both avatars in a cell each, seen for the first time.
    fn motion() -> Motion {
        let mut motion = Motion::default();
        motion.follow(&[vec2(1.0, 1.0), vec2(3.0, 1.0)], moment(10));
        motion
    }

    fn near(one: Vec2, other: Vec2) -> bool {
        (one - other).length() < 1e-4
    }

    #[test]
    fn a_way_is_gone_evenly_and_ends_in_its_time() {
        let to = vec2(1.0, 0.0);
        let mut glide = Glide::at(Vec2::ZERO);
        for part in [0.25, 0.5, 0.75, 1.0] {
            glide = glide.advance(to, ms(10), STEP);
            assert!(near(glide.shown, to * part), "{glide:?}");
        }
        assert_eq!(glide, Glide::at(to));
        assert_eq!(glide.advance(to, ms(10), STEP), Glide::at(to), "it stays there");
        assert_eq!(Glide::at(Vec2::ZERO).advance(to, Duration::ZERO, Duration::ZERO).shown, to);
    }

    #[test]
    fn who_keeps_walking_is_shown_one_time_behind_at_most() {
        // A cell every 40 ms, eased over 100 ms: never more than the two and a half cells of that time.
        let mut glide = Glide::at(Vec2::ZERO);
        for frame in 1_u16..1000 {
            let cell = vec2(f32::from(frame / 4), 0.0);
            glide = glide.advance(cell, ms(10), SMOOTHING);
            let behind = cell.x - glide.shown.x;
            assert!((-1e-3..=2.51).contains(&behind), "{frame}: {behind}");
        }
    }

    #[test]
    fn a_new_goal_on_the_way_starts_from_what_is_shown() {
        let on_the_way = Glide::at(Vec2::ZERO).advance(vec2(1.0, 0.0), ms(20), STEP);
        let turned = on_the_way.advance(Vec2::ZERO, ms(20), STEP);
        assert!(near(turned.shown, vec2(0.25, 0.0)), "{turned:?}");
        assert_eq!(turned.left, ms(20));
    }

    #[test]
    fn a_step_is_seen_in_the_next_picture_and_done_after_its_time() {
        let mut motion = motion();
        let cells = [vec2(2.0, 1.0), vec2(3.0, 2.0)];
        motion.follow(&cells, moment(16));
        assert!(near(motion.place(Seat(0)).unwrap(), vec2(1.4, 1.0)));
        assert!(near(motion.place(Seat(1)).unwrap(), vec2(3.0, 1.4)));
        motion.follow(&cells, moment(24));
        assert_eq!([Seat(0), Seat(1)].map(|seat| motion.place(seat).unwrap()), cells);
        assert_eq!(motion.place(Seat(2)), None);
    }

    #[test]
    fn a_correction_is_eased_over_its_own_time() {
        let mut motion = motion();
        let cells = [vec2(1.0, 2.0), vec2(5.0, 1.0)];
        motion.follow(&cells, Moment { corrected: true, ..moment(50) });
        assert_eq!(motion.place(Seat(0)).unwrap(), cells[0], "one's own step is no correction");
        assert!(near(motion.place(Seat(1)).unwrap(), vec2(4.0, 1.0)));
        motion.follow(&cells, moment(50));
        assert_eq!(motion.place(Seat(1)).unwrap(), cells[1]);
    }

    #[test]
    fn without_smoothing_a_correction_jumps_and_a_step_still_glides() {
        let mut motion = motion();
        motion.smoothing = Duration::ZERO;
        let cells = [vec2(2.0, 1.0), vec2(4.0, 1.0)];
        motion.follow(&cells, Moment { corrected: true, ..moment(10) });
        assert!(near(motion.place(Seat(0)).unwrap(), vec2(1.25, 1.0)));
        assert_eq!(motion.place(Seat(1)).unwrap(), cells[1]);
    }

    #[test]
    fn a_new_episode_and_what_is_no_walk_jump() {
        let mut motion = motion();
        let cells = [vec2(1.0, 2.0), vec2(3.0, 1.0)];
        motion.follow(&cells, Moment { episode: 1, ..moment(1) });
        assert_eq!(motion.place(Seat(0)).unwrap(), cells[0]);
        let cells = [vec2(4.0, 2.0), vec2(3.0, 1.0)];
        motion.follow(&cells, Moment { episode: 1, ..moment(1) });
        assert_eq!(motion.place(Seat(0)).unwrap(), cells[0]);
    }
}
