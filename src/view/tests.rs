//! Pictures differ where the world differs, and nowhere else.

use super::board::{Letters, Look, TaskView as _};
use super::canvas::Canvas;
use super::motion::{Moment, Motion};
use super::{board, hud};
use crate::theme;
use bevy_egui::egui::{Context, LayerId, Painter, RawInput, Rect, Shape, pos2, vec2};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{
    Action, FocusRule, Game, PlayerInput, Settings, World, goal_finding, overcooked_ai,
};
use dyad_protocol::Seat;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A game: 3 s of countdown, two episodes of 5 s.
pub(crate) fn game(task: TaskSettings, layout_text: &str) -> Arc<Game> {
    game_with(task, layout_text, FocusRule::default())
}

/// The same with a rule about players who are away.
fn game_with(task: TaskSettings, layout_text: &str, focus: FocusRule) -> Arc<Game> {
    let settings = Settings {
        task,
        layout: "a layout".to_owned(),
        layout_text: layout_text.to_owned(),
        players: 2,
        steps_per_second: 30,
        max_steps: 150,
        episodes: 2,
        countdown_frames: 90,
        pause_frames: 60,
        seed: 7,
        episode_seeds: EpisodeSeeds::Derived,
        focus,
    };
    Game::new(settings).unwrap()
}

/// A kitchen of `CoGrid`'s.
pub(crate) fn kitchen(layout_text: &str) -> Arc<Game> {
    game(TaskSettings::default(), layout_text)
}

/// A walk to a flag.
pub(crate) fn goal_finding() -> Arc<Game> {
    let task = TaskSettings::GoalFinding(goal_finding::Parameters::default());
    let layout = task.layouts()[0].1;
    game(task, layout)
}

/// A world at its very beginning.
pub(crate) fn world() -> World {
    World::new(kitchen(dyad_gridworld::layout::classic("cramped_room").unwrap()))
}

/// The same with a rule about players who are away.
pub(crate) fn world_with(focus: FocusRule) -> World {
    let layout = dyad_gridworld::layout::classic("cramped_room").unwrap();
    World::new(game_with(TaskSettings::default(), layout, focus))
}

/// The same world some idle frames later.
pub(crate) fn world_after(frames: u32) -> World {
    let mut world = world();
    for _ in 0..frames {
        world.step(&[PlayerInput::default(); 2]);
    }
    world
}

/// One pass of drawing, without a window: the shapes that come of it.
pub(crate) fn shapes(ctx: &Context, input: RawInput, mut show: impl FnMut(&Context)) -> Vec<Shape> {
    let mut output = ctx.run_ui(input, |ui| show(ui.ctx()));
    // No GPU is there to take them.
    output.textures_delta.clear();
    output.shapes.into_iter().map(|clipped| clipped.shape).collect()
}

fn drawn(mut draw: impl FnMut(&Painter)) -> Vec<String> {
    let ctx = Context::default();
    theme::apply(&ctx);
    let shapes = shapes(&ctx, RawInput::default(), |ctx| {
        draw(&Painter::new(ctx.clone(), LayerId::background(), Rect::EVERYTHING));
    });
    let drawn = shapes.iter().filter(|shape| !matches!(shape, Shape::Noop));
    drawn.map(|shape| format!("{shape:?}")).collect()
}

fn picture_in(world: &World, area: Rect, motion: &Motion) -> (Vec<String>, Rect) {
    let mut bounds = Rect::NOTHING;
    let shapes = drawn(|painter| bounds = board::paint(painter, area, world, Seat(0), motion));
    (shapes, bounds)
}

fn picture(world: &World, area: Rect) -> (Vec<String>, Rect) {
    picture_in(world, area, &Motion::default())
}

fn area() -> Rect {
    Rect::from_min_size(pos2(3.3, 7.9), vec2(801.5, 500.2))
}

#[test]
fn equal_worlds_give_equal_pictures() {
    assert_eq!(picture(&world(), area()), picture(&world(), area()));
    assert_eq!(picture(&world_after(1), area()).0, picture(&world(), area()).0, "nobody moved");
}

#[test]
fn a_step_shows() {
    let mut world = world_after(90);
    let before = picture(&world, area()).0;
    for action in [Action::Up, Action::Left, Action::Down, Action::Right] {
        world.step(&[PlayerInput::new(action), PlayerInput::default()]);
    }
    assert_ne!(picture(&world, area()).0, before);
}

/// Plays a game by the keys `^v<>` and `x` for each player, a step each, and counts how many of
/// the worlds that come of it look different.
fn different_pictures(game: Arc<Game>, keys: [&str; 2]) -> usize {
    let mut world = World::new(game);
    for _ in 0..90 {
        world.step(&[PlayerInput::default(); 2]);
    }
    let mut pictures = BTreeSet::from([picture(&world, area()).0]);
    let action = |key| match key {
        '^' => Action::Up,
        'v' => Action::Down,
        '<' => Action::Left,
        '>' => Action::Right,
        'x' => Action::PickupDrop,
        _ => Action::Noop,
    };
    for (one, other) in keys[0].chars().zip(keys[1].chars()) {
        world.step(&[one, other].map(|key| PlayerInput::new(action(key))));
        pictures.insert(picture(&world, area()).0);
    }
    pictures.len()
}

#[test]
fn every_thing_that_happens_in_a_kitchen_shows() {
    // Player 1 takes onions from its left into the pot above it: turned, taken, turned, put in,
    // three times, and then the soup is further at every step. Player 2 takes a plate.
    let text = "CUC=C\nO1#2C\nCCCCC";
    let task = TaskSettings::OvercookedAi2019(overcooked_ai::Parameters {
        cook_time: 5,
        ..overcooked_ai::Parameters::default()
    });
    let keys = ["<x^x<x^x<x^x......", "..................^x"];
    let steps = 12 + 5;
    assert_eq!(different_pictures(game(task, text), [keys[0], &keys[1][..keys[0].len()]]), steps);
    let one_more = different_pictures(kitchen(text), ["<x^x<>", "..^x>>"]);
    assert_eq!(one_more, 7);
}

#[test]
fn every_step_to_a_flag_shows() {
    assert_eq!(different_pictures(goal_finding(), ["^^^^>>", "......"]), 7);
}

#[test]
fn a_task_without_a_view_is_shown_in_letters() {
    let show = |world: &World| {
        drawn(|painter| {
            let canvas = Canvas::fit(painter, area(), 4, 5);
            Letters { world }.paint(&canvas, &Look { me: Seat(0), places: &[] });
        })
    };
    let mut world = world_after(90);
    let before = show(&world);
    assert!(before.concat().contains('U'), "the pot's letter");
    for action in [Action::Up, Action::Left] {
        world.step(&[PlayerInput::new(action), PlayerInput::default()]);
    }
    assert_ne!(show(&world), before);
}

#[test]
fn an_avatar_on_its_way_is_between_its_cells_and_the_world_stays_as_it_is() {
    let mut world = World::new(kitchen("CCCCC\nC1 2C\nCU=O@"));
    for _ in 0..90 {
        world.step(&[PlayerInput::default(); 2]);
    }
    let moment = Moment {
        episode: 0,
        length: Duration::from_millis(16),
        step: Duration::from_millis(33),
        corrected: false,
        me: Seat(0),
    };
    let mut motion = Motion::default();
    motion.follow(&board::places(&world), moment);
    world.step(&[PlayerInput::new(Action::Right), PlayerInput::default()]);
    let digest = world.digest();
    motion.follow(&board::places(&world), moment);
    let on_its_way = picture_in(&world, area(), &motion).0;
    assert_ne!(on_its_way, picture(&world, area()).0);
    motion.follow(&board::places(&world), moment);
    motion.follow(&board::places(&world), moment);
    assert_eq!(picture_in(&world, area(), &motion).0, picture(&world, area()).0, "it arrived");
    assert_eq!(world.digest(), digest);
}

#[test]
fn the_board_stays_in_its_area_on_whole_pixels() {
    for extent in [vec2(801.5, 500.2), vec2(333.0, 900.0), vec2(40.0, 40.0)] {
        let area = Rect::from_min_size(pos2(3.3, 7.9), extent);
        let (_, bounds) = picture(&world(), area);
        assert!(area.expand(1.0).contains_rect(bounds), "{bounds} in {area}");
        for edge in [bounds.left(), bounds.top(), bounds.width() / 5.0, bounds.height() / 4.0] {
            assert!((edge - edge.round()).abs() < 1e-3, "{bounds}");
        }
    }
}

#[test]
fn clocks_read_as_people_read_them() {
    assert_eq!([0, 9, 60, 61, 600].map(hud::clock), ["0:00", "0:09", "1:00", "1:01", "10:00"]);
    assert_eq!(hud::seconds_left(&world()), 5);
    assert_eq!(hud::countdown(&world()), Some(3));
    assert_eq!(hud::countdown(&world_after(90)), None);
}
