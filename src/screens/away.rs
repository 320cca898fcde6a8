//! What is said while somebody is away from the game: to that person, to the others, and in the
//! window's title, which is all that can be seen of a window behind others.

use crate::flow::Screen;
use crate::words::Words;
use bevy::prelude::{Query, Res, State, Window, With};
use bevy::window::PrimaryWindow;
use dyad_gridworld::{Phase, World};
use dyad_netplay::{Netplay, Simulation};
use dyad_protocol::Seat;

/// The window's title as long as there is nothing to say in it.
pub const TITLE: &str = "Dyad";

/// Somebody is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// In a few words.
    pub headline: String,
    /// What follows from it.
    pub line: String,
    /// Whether it stands over the board, as nobody can play or this person does not. Otherwise it
    /// stands above it, for somebody who plays on.
    pub over_board: bool,
}

/// What to say in a world about who is away, to the person on seat `me`. A person learns at once
/// that this window has lost the focus, and of a partner who is away after a moment.
#[must_use]
pub fn absence(world: &World, me: Seat, words: &Words) -> Option<Absence> {
    if world.phase() == Phase::Coasting {
        return None;
    }
    let rule = world.game().settings().focus;
    let mine = world.away().frames(me.index());
    let others = Seat::all(world.game().players()).filter(|&seat| seat != me);
    let theirs = others.map(|seat| world.away().frames(seat.index())).max().unwrap_or(0);
    let waits =
        rule.pause && matches!(world.phase(), Phase::Paused { .. } | Phase::Countdown { .. });
    if mine > 0 {
        let ends = ends_in(world, mine)
            .map(|seconds| words.line_with("away-me-ends", [("seconds", seconds.into())]));
        let goes_on = words.line(if waits { "away-me-waits" } else { "away-me-on" });
        return Some(Absence {
            headline: words.line("away-me"),
            line: [Some(goes_on), ends].into_iter().flatten().collect::<Vec<_>>().join(" "),
            over_board: true,
        });
    }
    let is_told = theirs > 0 && (waits || theirs >= rule.warn_frames);
    is_told.then(|| {
        let ends = ends_in(world, theirs)
            .map(|seconds| words.line_with("away-partner-ends", [("seconds", seconds.into())]));
        let parts = [waits.then(|| words.line("away-partner-waits")), ends];
        Absence {
            headline: words.line(if waits { "away-paused" } else { "away-partner" }),
            line: parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
            over_board: waits,
        }
    })
}

/// Seconds until somebody who has been away for so many frames has been away too long, rounded
/// up.
fn ends_in(world: &World, away: u32) -> Option<u32> {
    let settings = world.game().settings();
    let left = settings.focus.limit?.saturating_sub(away);
    Some(left.div_ceil(u32::from(settings.steps_per_second)))
}

/// The window's title for the person on seat `me`.
#[must_use]
pub fn title(world: &World, me: Seat, words: &Words) -> String {
    let mine = world.away().frames(me.index());
    if mine == 0 || world.phase() == Phase::Coasting {
        return TITLE.to_owned();
    }
    match ends_in(world, mine) {
        Some(seconds) => words.line_with("away-window-ends", [("seconds", seconds.into())]),
        None => words.line("away-window"),
    }
}

/// Keeps the window's title up to date.
pub(super) fn entitle(
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
    screen: Res<State<Screen>>,
    words: Res<Words>,
    game: Option<(Res<Simulation>, Res<Netplay>)>,
) {
    let title = match &game {
        Some((world, netplay)) if *screen.get() == Screen::Game => {
            title(world, netplay.settings().parameters.seat, &words)
        }
        _ => TITLE.to_owned(),
    };
    for mut window in &mut windows {
        // A title that is set anew goes to the window system, whether or not it is another.
        if window.title != title {
            window.title.clone_from(&title);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::view::tests::world_with;
    use crate::words::Words;
    use dyad_gridworld::{FocusRule, PlayerInput, World};
    use dyad_protocol::Seat;

    fn absence(world: &World, me: Seat) -> Option<super::Absence> {
        super::absence(world, me, &Words::english())
    }

    fn title(world: &World, me: Seat) -> String {
        super::title(world, me, &Words::english())
    }

    const ME: Seat = Seat(0);
    const PARTNER: Seat = Seat(1);

    /// The world after its countdown and `frames` more in which seat 1 is away.
    fn away(focus: FocusRule, frames: u32) -> World {
        let mut world = world_with(focus);
        let there = PlayerInput::default();
        for frame in 0..100 + frames {
            world.step(&[there, there.with_focus(frame < 100)]);
        }
        world
    }

    const LIMIT: FocusRule =
        FocusRule { limit: Some(300), pause: false, return_frames: 60, warn_frames: 45 };

    #[test]
    fn who_is_away_is_told_at_once_and_the_partner_after_a_moment() {
        assert_eq!(absence(&away(LIMIT, 0), PARTNER), None);
        let told = absence(&away(LIMIT, 1), PARTNER).expect("at once");
        assert!(told.over_board && told.line.contains("goes on without you"), "{told:?}");
        assert!(told.line.contains("After 10 more seconds"), "{told:?}");
        assert_eq!(absence(&away(LIMIT, 44), ME), None);
        let told = absence(&away(LIMIT, 45), ME).expect("after a second and a half");
        assert!(!told.over_board && told.headline.contains("partner is away"), "{told:?}");
        assert!(told.line.contains("9 more seconds"), "{told:?}");
        let endless = FocusRule { limit: None, ..LIMIT };
        let told = absence(&away(endless, 45), ME).expect("without a limit, too");
        assert_eq!(told.line, "");
    }

    #[test]
    fn a_game_that_waits_says_so_to_both_at_once() {
        let rule = FocusRule { pause: true, ..LIMIT };
        let world = away(rule, 2);
        let told = absence(&world, ME).expect("at once");
        assert!(told.over_board && told.headline == "The game is paused", "{told:?}");
        let told = absence(&world, PARTNER).expect("at once");
        assert!(told.line.contains("waits for you"), "{told:?}");
    }

    #[test]
    fn the_title_calls_back_who_is_away() {
        let world = away(LIMIT, 31);
        assert_eq!(title(&world, PARTNER), "Come back: the game ends in 9 s");
        assert_eq!(title(&world, ME), "Dyad");
        let over = away(LIMIT, 301);
        assert!(over.end().is_some());
        assert_eq!((title(&over, PARTNER).as_str(), absence(&over, PARTNER)), ("Dyad", None));
    }
}
