//! Pictures differ where the world differs, and nowhere else.

use super::{board, hud};
use crate::theme;
use bevy_egui::egui::{Context, LayerId, Painter, RawInput, Rect, Shape, pos2, vec2};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::{Action, FocusRule, Game, PlayerInput, Settings, World};
use dyad_protocol::Seat;

/// A world at its very beginning: 3 s of countdown, two episodes of 5 s.
pub(crate) fn world() -> World {
    world_with(FocusRule::default())
}

/// The same with a rule about players who are away.
pub(crate) fn world_with(focus: FocusRule) -> World {
    let layout = "cramped_room";
    let settings = Settings {
        task: Default::default(),
        layout: layout.to_owned(),
        layout_text: dyad_gridworld::layout::classic(layout).unwrap().to_owned(),
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
    World::new(Game::new(settings).unwrap())
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

fn picture(world: &World, area: Rect) -> (Vec<String>, Rect) {
    let ctx = Context::default();
    theme::apply(&ctx);
    let mut bounds = Rect::NOTHING;
    let shapes = shapes(&ctx, RawInput::default(), |ctx| {
        let painter = Painter::new(ctx.clone(), LayerId::background(), Rect::EVERYTHING);
        bounds = board::paint(&painter, area, world, Seat(0));
    });
    let drawn = shapes.iter().filter(|shape| !matches!(shape, Shape::Noop));
    (drawn.map(|shape| format!("{shape:?}")).collect(), bounds)
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
