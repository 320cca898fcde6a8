//! What each screen says, found in the shapes that it draws. No window and no GPU are needed.

mod person;
mod study;

pub(super) use person::{
    Session, consent, experiment, input, room, status, view, words, world_without_partner,
};

use crate::flow::{Status, Warning};
use crate::lab::Unreached;
use crate::outcome::{AwayTooLong, reason};
use crate::screens::game::{Notice, View};
use crate::screens::problem::Choice;
use crate::screens::waiting::{Room, Waiting};
use crate::screens::{
    comfort, connecting, done, game, meeting, problem, saving, start, waiting, warning,
};
use crate::theme;
use crate::theme::comfort::Comfort;
use crate::view::legend;
use crate::view::tests::{shapes, world_after};
use crate::words::Words;
use bevy_egui::egui::{Context, Event, Key, Modifiers, RawInput, Rect, Shape, pos2, vec2};
use dyad_gridworld::{PlayerInput, World};
use dyad_netplay::Ending;
use dyad_protocol::Seat;
use dyad_protocol::lobby::Refusal;
use dyad_rollback::peering::LeaveReason;
use person::{said, says};
use std::path::Path;
use std::time::Duration;

#[test]
fn a_link_is_asked_for_and_a_wrong_one_explained() {
    let mut typed = start::Typed::default();
    says("Welcome to Dyad", |ctx| start::show(ctx, &mut typed, &words()));

    typed.link = "http://example.org".to_owned();
    let ctx = Context::default();
    theme::apply(&ctx);
    let enter = Event::Key {
        key: Key::Enter,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    let mut link = None;
    for events in [vec![], vec![], vec![enter.clone()]] {
        shapes(&ctx, input(events), |ctx| link = start::show(ctx, &mut typed, &words()));
    }
    assert_eq!(link, None);
    let mistake = typed.mistake.clone().unwrap();
    assert!(mistake.contains("dyad://"), "{mistake}");
    says(&mistake, |ctx| start::show(ctx, &mut typed, &words()));

    typed.link = "10.0.0.1:99".to_owned();
    shapes(&ctx, input(vec![enter]), |ctx| link = start::show(ctx, &mut typed, &words()));
    assert_eq!(link.map(|link| link.port), Some(99));
}

#[test]
fn the_last_link_is_there_and_another_takes_its_place() {
    let mut typed = start::Typed::known("dyad://10.0.0.1:99/join".to_owned());
    let mut session = Session::new();
    for _ in 0..3 {
        session.pass(Vec::new(), |ctx| start::show(ctx, &mut typed, &words()));
    }
    let link = session.key(Key::Enter, |ctx| start::show(ctx, &mut typed, &words()));
    assert_eq!(link.map(|link| link.port), Some(99), "it can be used as it is");
    typed = start::Typed::known("dyad://10.0.0.1:99/join".to_owned());
    let mut session = Session::new();
    for _ in 0..3 {
        session.pass(Vec::new(), |ctx| start::show(ctx, &mut typed, &words()));
    }
    let other = Event::Paste("10.0.0.2:7".to_owned());
    session.pass(vec![other], |ctx| start::show(ctx, &mut typed, &words()));
    assert_eq!(typed.link, "10.0.0.2:7");
}

#[test]
fn a_warning_stands_there_until_it_is_seen() {
    let slow = Warning { message: None, at: Duration::ZERO };
    says("Your connection has become slow.", |ctx| warning::show(ctx, &slow, &words()));
    let own = Warning { message: Some("Please sit down.".to_owned()), ..slow };
    says("Please sit down.", |ctx| warning::show(ctx, &own, &words()));
    let mut session = Session::new();
    let mut click = |label: &str| session.click(label, |ctx| warning::show(ctx, &own, &words()));
    assert_eq!(click("Please sit down."), [false, false]);
    assert_eq!(click("All right"), [false, true]);
}

#[test]
fn another_language_is_a_click_away() {
    let mut session = Session::new();
    let mut click =
        |words: &Words, label: &str| session.click(label, |ctx| comfort::show(ctx, words))[1];
    assert_eq!(click(&words(), "DE"), Some("de"));
    assert_eq!(click(&Words::of("de").unwrap(), "EN"), Some("en"));
}

#[test]
fn a_lab_out_of_reach_is_no_dead_end() {
    let quiet = said(|ctx| connecting::show(ctx, "10.0.0.1:99", None, &words()));
    assert!(quiet.contains("10.0.0.1:99") && !quiet.contains("another link"), "{quiet}");
    says("Nothing listens at this address; is the lab running, and is the address right?", |ctx| {
        connecting::show(ctx, "10.0.0.1:99", Some(&Unreached::NothingListens), &words());
    });
    says("Use another link", |ctx| {
        connecting::show(ctx, "10.0.0.1:99", Some(&Unreached::NothingListens), &words());
    });
}

#[test]
fn the_waiting_room_counts_and_shows_the_keys() {
    let show =
        |room: &Room| said(|ctx| waiting::show(ctx, room, &mut Waiting::default(), &words()));
    let all = Room { left: Some(Duration::from_secs(125)), ..room() };
    let said_of_all = show(&all);
    for words in ["A study", "1 of 2 people are here.", "Space", "walk", "2:05 more"] {
        assert!(said_of_all.contains(words), "{words}: {said_of_all}");
    }
    let of_a_program = show(&Room { keys: None, people: None, ..room() });
    assert!(!of_a_program.contains("Space"), "{of_a_program}");
    assert!(!of_a_program.contains("people"), "the count is hidden: {of_a_program}");
}

#[test]
fn who_leaves_the_waiting_room_is_asked_once() {
    let mut state = Waiting::default();
    let mut session = Session::new();
    let mut click =
        |label: &str| session.click(label, |ctx| waiting::show(ctx, &room(), &mut state, &words()));
    assert_eq!(click("Leave"), [false, false]);
    assert_eq!(click("Keep waiting"), [false, false]);
    assert_eq!(click("Leave"), [false, false]);
    assert_eq!(click("Leave").last(), Some(&true));
}

#[test]
fn meeting_admits_when_it_takes_long() {
    says("Your game begins", |ctx| meeting::show_alone(ctx, "", &[], &words()));
    says("Partner found", |ctx| meeting::show(ctx, "", 2, Duration::ZERO, &[], &words()));
    says("longer than usual", |ctx| {
        meeting::show(ctx, "", 2, Duration::from_secs(20), &[], &words());
    });
}

#[test]
fn the_game_counts_down_then_shows_points_and_time() {
    let show = |frames, notice| {
        let world = world_after(frames);
        said(move |ctx| {
            game::show(ctx, &View { notice, ..view(&world, 0) }, &words());
        })
    };
    let lines = |said: &str| said.lines().map(str::to_owned).collect::<Vec<_>>();
    let has = |said: &str, line: &str| lines(said).iter().any(|found| found == line);
    for (frames, number) in [(0, "3"), (29, "3"), (30, "2"), (60, "1"), (89, "1")] {
        let said = show(frames, Notice::None);
        assert!(has(&said, number), "{frames}: {said}");
    }
    let playing = show(90, Notice::None);
    for line in ["Round", "1 of 2", "Points", "0", "Time left", "0:05", "You", "Partner"] {
        assert!(has(&playing, line), "{line}: {playing}");
    }
    assert!(!has(&playing, "1"), "{playing}");
    assert!(show(30, Notice::None).contains("3 onions"), "how to cook");
    assert!(!playing.contains("3 onions"), "{playing}");
    assert!(has(&show(91, Notice::None), "0:05"));
    assert!(has(&show(120, Notice::None), "0:04"));
    assert!(show(90, Notice::Waiting).contains("Waiting for your partner"));
    assert!(show(240, Notice::None).contains("Round 1 is over"));
    assert!(show(1000, Notice::None).contains("That was the last round"));
}

#[test]
fn the_connection_is_explained_to_who_points_at_it() {
    let world = world_after(100);
    let mut session = Session::new();
    let mut show = |ctx: &Context| game::show(ctx, &view(&world, 0), &words());
    let (placed, ()) = session.pass(Vec::new(), &mut show);
    let said = |placed: Vec<(String, Rect)>| {
        placed.into_iter().any(|(text, _)| text == "The connection is good (23 ms there and back)")
    };
    let name = placed.iter().find(|(text, _)| text == "Partner").unwrap().1;
    assert!(!said(placed), "nothing else is said during play");
    let over = Event::PointerMoved(name.right_center() + vec2(22.0, 0.0));
    session.pass(vec![over], &mut show);
    assert!(said(session.pass(Vec::new(), &mut show).0));
}

#[test]
fn text_is_made_larger_by_a_click_or_a_key() {
    let mut session = Session::new();
    let words = Words::english();
    let larger = |ctx: &Context| {
        comfort::show(ctx, &words);
        Comfort::of(ctx)
    };
    let set = session.pass(Vec::new(), larger).1;
    assert_eq!(set, Comfort::default());
    // The large letter of the two.
    session.click("A", larger);
    assert_eq!(session.pass(Vec::new(), larger).1.larger, 1);
    let minus = Event::Key {
        key: Key::Minus,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::CTRL | Modifiers::COMMAND,
    };
    let ctrl = Event::ModifiersChanged(Modifiers::CTRL | Modifiers::COMMAND);
    session.pass(vec![ctrl, minus], larger);
    assert_eq!(session.pass(Vec::new(), larger).1, Comfort::default());
}

#[test]
fn the_game_tells_who_is_away_and_counts_down_when_everybody_is_back() {
    let show = |world: &World, me| said(|ctx| game::show(ctx, &view(world, me), &words()));
    let world = world_without_partner(false, 60);
    assert!(show(&world, 0).contains("Your partner is away. If that lasts for 8 more seconds"));
    assert!(show(&world, 1).contains("Click here to come back to the game"));
    let mut world = world_without_partner(true, 60);
    let paused = show(&world, 0);
    assert!(paused.contains("The game is paused"), "{paused}");
    assert!(!paused.lines().any(|line| line == "2"), "nothing counts down yet: {paused}");
    world.step(&[PlayerInput::default(); 2]);
    let back = show(&world, 0);
    assert!(!back.contains("paused") && back.lines().any(|line| line == "2"), "{back}");
    let over = world_without_partner(true, 300);
    assert!(show(&over, 0).contains("The game is over"));
    assert!(show(&over, 0).contains("Your partner was away for too long."));
    assert!(show(&over, 1).contains("You were away from the game for too long."));
}

#[test]
fn saving_tells_the_truth() {
    let mut status = Status {
        closed: [0, 1].into(),
        received: [0].into(),
        ending: Some(Ending::Completed),
        ..status()
    };
    says("Saved on this computer: 2 of 3", |ctx| saving::show(ctx, &status, 3, &words()));
    says("Received by the lab: 1 of 3", |ctx| saving::show(ctx, &status, 3, &words()));
    assert_eq!(saving::expected(&status, 3), 3);
    status.upload_trouble = Some("the lab is away".to_owned());
    says("The lab has not received everything yet", |ctx| saving::show(ctx, &status, 3, &words()));
    says("Nothing is lost", |ctx| saving::show(ctx, &status, 3, &words()));
    status.ending = Some(Ending::PartnerLost);
    assert_eq!(saving::expected(&status, 3), 2, "there is no third record to come");
}

#[test]
fn the_end_is_told_as_it_was() {
    let completed = Status {
        closed: [0, 1].into(),
        received: [0, 1].into(),
        ending: Some(Ending::Completed),
        ..status()
    };
    says("Everything is saved", |ctx| done::show(ctx, &completed, &words()));
    let kept = Status { received: [0].into(), ..completed.clone() };
    let said_of_kept = said(|ctx| done::show(ctx, &kept, &words()));
    assert!(said_of_kept.contains("safe on this computer"), "{said_of_kept}");
    assert!(!said_of_kept.contains("Everything is saved"), "{said_of_kept}");
    let left = Ending::PartnerLeft { seat: Seat(1), reason: LeaveReason::Quit };
    let left = Status { ending: Some(left), ..completed };
    says("Your partner left.", |ctx| done::show(ctx, &left, &words()));
    for (away, told) in [
        (AwayTooLong::Me, "You were away from the game for too long."),
        (AwayTooLong::Partner, "Your partner was away for too long."),
    ] {
        let status = Status { ending: Some(Ending::Completed), away: Some(away), ..left.clone() };
        says(told, |ctx| done::show(ctx, &status, &words()));
        says("The game ended early", |ctx| done::show(ctx, &status, &words()));
        assert_eq!(reason(&status), Some("focus"));
    }
}

#[test]
fn a_problem_says_what_to_do_and_where_the_data_is() {
    let mut status = Status { problem: Some("the disk is full".to_owned()), ..status() };
    let directory = Path::new("/records/here");
    says("The disk is full.", |ctx| problem::show(ctx, &status, Some(directory), &words()));
    let without = said(|ctx| problem::show(ctx, &status, Some(directory), &words()));
    assert!(!without.contains("/records/here"), "nothing is saved there: {without}");
    status.closed = [0].into();
    says("/records/here", |ctx| problem::show(ctx, &status, Some(directory), &words()));
}

#[test]
fn who_is_not_let_in_may_try_another_link() {
    for (why, told) in [
        (Refusal::Version, "do not fit together"),
        (Refusal::Token, "does not know the link"),
        (Refusal::Malformed, "does not understand this program"),
        (Refusal::Duplicate, "in another window"),
        (Refusal::Closed, "takes nobody at the moment"),
    ] {
        let status = Status {
            problem: Some("the lab's own words".to_owned()),
            turned_away: Some(why),
            ..Status::default()
        };
        says(told, |ctx| problem::show(ctx, &status, None, &words()));
        let mut session = Session::new();
        let mut click =
            |label| session.click(label, |ctx| problem::show(ctx, &status, None, &words()))[1];
        assert_eq!(click("Use another link"), Some(Choice::AnotherLink), "{why:?}");
        assert_eq!(click("Close"), Some(Choice::Close), "{why:?}");
    }
}

/// Where the text of a screen is, in a window of a size.
fn words_in(window: Rect, show: &dyn Fn(&Context)) -> Vec<(String, Rect)> {
    let ctx = Context::default();
    theme::apply(&ctx);
    let mut words = Vec::new();
    for _ in 0..4 {
        let input = RawInput { screen_rect: Some(window), ..RawInput::default() };
        words.clear();
        for shape in shapes(&ctx, input, show) {
            if let Shape::Text(text) = shape {
                words.push((text.galley.text().to_owned(), text.visual_bounding_rect()));
            }
        }
    }
    words
}

#[test]
fn every_screen_fits_the_smallest_window_in_every_language() {
    for language in Words::LANGUAGES {
        fits(&Words::of(language).unwrap());
    }
}

fn fits(words: &Words) {
    let small = Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 560.0));
    let status = Status {
        waiting: Some((1, 2)),
        closed: [0].into(),
        lab_trouble: Some(Unreached::HungUp),
        upload_trouble: Some("the lab does not answer".to_owned()),
        problem: Some("this program plays the lab's game by other rules; ask for another".into()),
        ..status()
    };
    let world = world_after(100);
    let (remark, paused) = (world_without_partner(false, 60), world_without_partner(true, 60));
    let records = Path::new("/home/somebody/.local/share/dyad/records/study/session/scene");
    type Draw<'a> = &'a dyn Fn(&Context);
    let (counting, steps) = (world_after(30), legend::steps(world.game(), Seat(0), words));
    let screens: [(&str, Draw<'_>); 10] = [
        ("connecting", &|ctx| {
            connecting::show(ctx, "10.0.0.1:99", Some(&Unreached::NoAnswer), words);
        }),
        ("waiting", &|ctx| {
            let room = Room { trouble: status.lab_trouble.clone(), ..room() };
            waiting::show(ctx, &room, &mut Waiting::default(), words);
        }),
        ("meeting", &|ctx| {
            meeting::show(ctx, "A study", 2, Duration::from_secs(20), &steps, words);
        }),
        ("countdown", &|ctx| {
            game::show(ctx, &view(&counting, 0), words);
        }),
        ("game", &|ctx| game::show(ctx, &view(&world, 0), words)),
        ("remark", &|ctx| {
            game::show(ctx, &view(&remark, 0), words);
        }),
        ("paused", &|ctx| {
            game::show(ctx, &view(&paused, 1), words);
        }),
        ("saving", &|ctx| saving::show(ctx, &status, 3, words)),
        ("done", &|ctx| {
            done::show(ctx, &status, words);
        }),
        ("problem", &|ctx| {
            problem::show(ctx, &status, Some(records), words);
        }),
    ];
    for (name, show) in screens {
        let said = words_in(small, show);
        assert!(said.len() > 2, "{name} says nothing");
        for (at, (text, rect)) in said.iter().enumerate() {
            assert!(small.contains_rect(*rect), "{name}: {text:?} at {rect}");
            for (other, taken) in &said[..at] {
                // The countdown's number is drawn with a rim, in copies.
                let copies = text == other;
                assert!(
                    copies || !taken.shrink(1.0).intersects(rect.shrink(1.0)),
                    "{name}: {text:?} on {other:?}"
                );
            }
        }
    }
}
