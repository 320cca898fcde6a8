//! What befalls a session: cut links, computers that stand still, programs that are killed,
//! people who leave. Each at any frame or moment, several in one session.

use crate::profile::Mishaps;
use crate::scenario::{Scenario, index, number};
use dyad_gridworld::rng::Rng;
use dyad_protocol::Seat;
use dyad_rollback::peering::{LeaveReason, Patience};
use std::time::Duration;

/// Something that happens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mishap {
    /// When.
    pub when: When,
    /// What.
    pub what: What,
}

/// When something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At a moment, since the first computer could have been there.
    At(Duration),
    /// As soon as somebody has simulated so many frames. What is not reached does not happen.
    Frame(u32),
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A process stands still, as a closed laptop does.
    Stop {
        /// Whose.
        seat: Seat,
        /// For how long.
        lasts: Duration,
    },
    /// Nothing gets through.
    Cut {
        /// From whom, to whom.
        lanes: Vec<(Seat, Seat)>,
        /// For how long.
        lasts: Duration,
    },
    /// A program is killed. A part of what it has confirmed since it last wrote to the disk is
    /// lost.
    Kill {
        /// Whose.
        seat: Seat,
        /// After how long it is started again; `None` for never.
        back: Option<Duration>,
    },
    /// A person leaves.
    Leave {
        /// Who.
        seat: Seat,
        /// Why.
        reason: LeaveReason,
    },
}

impl What {
    /// For how long it lasts; `None` if its end is the end of the session.
    #[must_use]
    pub const fn lasts(&self) -> Option<Duration> {
        match self {
            Self::Stop { lasts, .. } | Self::Cut { lasts, .. } => Some(*lasts),
            Self::Kill { back, .. } => *back,
            Self::Leave { .. } => None,
        }
    }
}

/// What it may take, beyond the mishap, until everybody meets again: a connection, perhaps a
/// second one, and the words of the barrier.
const MEETING: Duration = Duration::from_secs(5);

/// The longest mishap of those that need not end a session.
const LONGEST: Duration = Duration::from_secs(12);

/// The longest of all: beyond every patience.
const TOO_LONG: Duration = Duration::from_secs(40);

/// Whether a session with these mishaps must come to its regular end: even one after another
/// they don't last as long as is waited for.
#[must_use]
pub fn are_survivable(mishaps: &[Mishap], patience: &Patience) -> bool {
    let lasts = mishaps.iter().map(|mishap| Some(mishap.what.lasts()? + MEETING));
    lasts.sum::<Option<Duration>>().is_some_and(|sum| sum < patience.interruption)
}

/// Draws the mishaps of a kind for a scenario.
pub(crate) fn draw(scenario: &Scenario, kind: Mishaps, rng: &mut Rng) -> Vec<Mishap> {
    let mut draw = Draw { scenario, rng };
    match kind {
        Mishaps::None => Vec::new(),
        Mishaps::Outages => draw.several(3, LONGEST / 3, |draw, longest| draw.outage(longest)),
        Mishaps::Stops => draw.several(3, LONGEST / 3, |draw, longest| draw.stop(longest)),
        Mishaps::Cuts => draw.several(2, LONGEST, |draw, longest| draw.cut(longest)),
        Mishaps::Partitions => draw.several(2, LONGEST, |draw, longest| draw.partition(longest)),
        Mishaps::Freezes => draw.several(1, TOO_LONG, |draw, longest| draw.stop(longest)),
        Mishaps::Restarts => draw.several(3, LONGEST / 2, |draw, longest| draw.restart(longest)),
        Mishaps::Losses => draw.several(1, TOO_LONG, |draw, _| draw.loss()),
        Mishaps::Leaves => draw.several(1, TOO_LONG, |draw, _| draw.leave()),
        Mishaps::Troubles => draw.several(4, LONGEST, Draw::trouble),
        Mishaps::Calamities => draw.several(4, TOO_LONG, Draw::calamity),
    }
}

struct Draw<'a> {
    scenario: &'a Scenario,
    rng: &'a mut Rng,
}

impl Draw<'_> {
    /// One to so many mishaps. If none is longer than [`LONGEST`], all of them together are
    /// survivable.
    fn several(
        &mut self,
        most: u32,
        longest: Duration,
        mut one: impl FnMut(&mut Self, Duration) -> What,
    ) -> Vec<Mishap> {
        let count = 1 + self.rng.below(most);
        let patience = self.scenario.patience.interruption;
        let share = patience.saturating_sub(MEETING * (count + 1)) / count;
        let longest = if longest > LONGEST { longest } else { longest.min(share) };
        let mut mishaps = Vec::new();
        for _ in 0..count {
            let when = self.when();
            mishaps.push(Mishap { when, what: one(self, longest) });
        }
        mishaps
    }

    /// Three times in four at a frame, else at a moment; up to some time after the last row.
    fn when(&mut self) -> When {
        if self.rng.below(4) > 0 {
            When::Frame(self.rng.below(self.scenario.frames() + 40))
        } else {
            let most = self.scenario.undisturbed() + Duration::from_secs(3);
            When::At(duration(self.rng, Duration::ZERO, most))
        }
    }

    fn lasts(&mut self, longest: Duration) -> Duration {
        duration(self.rng, Duration::from_millis(100), longest)
    }

    fn seat(&mut self) -> Seat {
        Seat(number(self.rng, self.scenario.game.settings().players))
    }

    fn two(&mut self) -> (Seat, Seat) {
        let players = self.scenario.game.settings().players;
        let first = number(self.rng, players);
        let second = (first + 1 + number(self.rng, players - 1)) % players;
        (Seat(first), Seat(second))
    }

    fn stop(&mut self, longest: Duration) -> What {
        What::Stop { seat: self.seat(), lasts: self.lasts(longest) }
    }

    /// Every link at once, or one direction between two.
    fn outage(&mut self, longest: Duration) -> What {
        let lanes = if self.rng.below(2) == 0 { self.lanes(|_, _| true) } else { vec![self.two()] };
        What::Cut { lanes, lasts: self.lasts(longest) }
    }

    /// Between two in both directions or in one; or all that one sends, receives, or both.
    fn cut(&mut self, longest: Duration) -> What {
        let (one, other) = self.two();
        let lanes = match self.rng.below(6) {
            0 | 1 => vec![(one, other), (other, one)],
            2 => vec![(one, other)],
            3 => self.lanes(|from, _| from == one),
            4 => self.lanes(|_, to| to == one),
            _ => self.lanes(|from, to| from == one || to == one),
        };
        What::Cut { lanes, lasts: self.lasts(longest) }
    }

    /// Two groups, and nothing between them.
    fn partition(&mut self, longest: Duration) -> What {
        let players = self.scenario.game.settings().players;
        let group = 1 + self.rng.below((1 << players) - 2);
        let side = |seat: Seat| group & (1 << seat.0) != 0;
        What::Cut {
            lanes: self.lanes(|from, to| side(from) != side(to)),
            lasts: self.lasts(longest),
        }
    }

    fn lanes(&self, cut: impl Fn(Seat, Seat) -> bool) -> Vec<(Seat, Seat)> {
        let seats = || Seat::all(self.scenario.game.players());
        let lanes = seats().flat_map(|from| seats().map(move |to| (from, to)));
        lanes.filter(|&(from, to)| from != to && cut(from, to)).collect()
    }

    fn restart(&mut self, longest: Duration) -> What {
        What::Kill { seat: self.seat(), back: Some(self.lasts(longest)) }
    }

    fn loss(&mut self) -> What {
        What::Kill { seat: self.seat(), back: None }
    }

    fn leave(&mut self) -> What {
        let reason = [LeaveReason::Quit, LeaveReason::Failure][index(self.rng, 2)];
        What::Leave { seat: self.seat(), reason }
    }

    fn trouble(&mut self, longest: Duration) -> What {
        match self.rng.below(5) {
            0 => self.stop(longest),
            1 => self.cut(longest),
            2 => self.partition(longest),
            _ => self.restart(longest),
        }
    }

    fn calamity(&mut self, longest: Duration) -> What {
        match self.rng.below(12) {
            0 => self.loss(),
            1 => self.leave(),
            _ => {
                let rarely = self.rng.below(4) == 0;
                self.trouble(if rarely { longest } else { LONGEST })
            }
        }
    }
}

fn duration(rng: &mut Rng, least: Duration, most: Duration) -> Duration {
    let ms = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    let above = rng.below(ms(most).saturating_sub(ms(least)));
    least + Duration::from_millis(u64::from(above))
}

#[cfg(test)]
mod tests {
    use super::{MEETING, Mishap, What, When, are_survivable};
    use crate::profile::{ALL, Mishaps};
    use crate::scenario::Scenario;
    use dyad_protocol::Seat;
    use dyad_rollback::peering::Patience;

    #[test]
    fn what_lasts_too_long_is_not_survived() {
        let patience = Patience::default();
        let stop =
            |lasts| Mishap { when: When::Frame(3), what: What::Stop { seat: Seat(0), lasts } };
        let most = patience.interruption - MEETING;
        assert!(!are_survivable(&[stop(most)], &patience));
        assert!(are_survivable(&[stop(most / 2)], &patience));
        assert!(!are_survivable(&[stop(most / 2), stop(most / 2)], &patience));
        let loss = Mishap { when: When::Frame(0), what: What::Kill { seat: Seat(0), back: None } };
        assert!(!are_survivable(&[loss], &patience));
    }

    #[test]
    fn only_some_profiles_are_fatal() {
        for profile in ALL {
            let fatal = matches!(
                profile.mishaps,
                Mishaps::Freezes | Mishaps::Losses | Mishaps::Leaves | Mishaps::Calamities
            );
            let survivable = |seed: &u64| {
                let scenario = Scenario::draw(profile, *seed);
                are_survivable(&scenario.mishaps, &scenario.patience)
            };
            let survivable = (0..100).filter(survivable).count();
            assert_eq!(survivable < 100, fatal, "{}: {survivable}", profile.name);
        }
    }
}
