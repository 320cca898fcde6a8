//! Somebody in front of a screen: what they read, and what they press. No window and no GPU are needed.

use crate::flow::Status;
use crate::input::keymap::Keymap;
use crate::screens::game::{Notice, View};
use crate::screens::waiting::Room;
use crate::theme;
use crate::view::connection::{Connection, Grade};
use crate::view::motion::Motion;
use crate::view::tests::{shapes, world_with};
use crate::words::Words;
use bevy_egui::egui::{
    Context, Event, Key, Modifiers, PointerButton, Pos2, RawInput, Rect, Shape, pos2, vec2,
};
use dyad_experiment::scene::Consent;
use dyad_experiment::{Content, Experiment};
use dyad_gridworld::{FocusRule, PlayerInput, World};
use dyad_protocol::Seat;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

/// All text of a picture, a line each.
pub(in crate::screens) fn text_of(shape: &Shape, lines: &mut Vec<String>) {
    match shape {
        Shape::Text(text) => lines.push(text.galley.text().to_owned()),
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| text_of(shape, lines)),
        _ => {}
    }
}

pub(in crate::screens) fn input(events: Vec<Event>) -> RawInput {
    let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, 720.0));
    RawInput { screen_rect: Some(screen), events, ..RawInput::default() }
}

/// What a screen says once it is laid out.
pub(in crate::screens) fn said<T>(mut show: impl FnMut(&Context) -> T) -> String {
    let ctx = Context::default();
    theme::apply(&ctx);
    // An area is measured in its first pass and shown from the second on.
    let mut lines = Vec::new();
    for _ in 0..3 {
        lines.clear();
        let shapes = shapes(&ctx, input(Vec::new()), |ctx| {
            show(ctx);
        });
        shapes.iter().for_each(|shape| text_of(shape, &mut lines));
    }
    lines.join("\n")
}

/// A person in front of a screen.
pub(in crate::screens) struct Session {
    ctx: Context,
}

impl Session {
    pub(in crate::screens) fn new() -> Self {
        let ctx = Context::default();
        theme::apply(&ctx);
        let mut session = Self { ctx };
        // Fonts count from the second pass on.
        session.pass(Vec::new(), |_| {});
        session
    }

    /// One pass with some events: what is said where, and what comes of it.
    pub(in crate::screens) fn pass<T>(
        &mut self,
        events: Vec<Event>,
        mut show: impl FnMut(&Context) -> T,
    ) -> (Vec<(String, Rect)>, T) {
        let mut result = None;
        let shapes = shapes(&self.ctx, input(events), |ctx| result = Some(show(ctx)));
        let mut words = Vec::new();
        shapes.iter().for_each(|shape| placed(shape, &mut words));
        (words, result.expect("a pass shows the screen"))
    }

    /// Clicks on the last text of these letters once the screen is laid out. Returns what came of
    /// the press and of the release.
    #[track_caller]
    pub(in crate::screens) fn click<T>(
        &mut self,
        label: &str,
        mut show: impl FnMut(&Context) -> T,
    ) -> [T; 2] {
        self.pass(Vec::new(), &mut show);
        self.pass(Vec::new(), &mut show);
        let (words, _) = self.pass(Vec::new(), &mut show);
        let found = words.iter().rfind(|(text, _)| text == label);
        let Some((_, rect)) = found else { panic!("{label:?} is not in {words:?}") };
        self.click_at(rect.center(), show)
    }

    /// Clicks somewhere.
    pub(in crate::screens) fn click_at<T>(
        &mut self,
        pos: Pos2,
        mut show: impl FnMut(&Context) -> T,
    ) -> [T; 2] {
        let modifiers = Modifiers::NONE;
        let button = |pressed| Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers,
        };
        let events = [vec![Event::PointerMoved(pos), button(true)], vec![button(false)]];
        events.map(|events| self.pass(events, &mut show).1)
    }

    /// Presses a key and lets it go.
    pub(in crate::screens) fn key<T>(
        &mut self,
        key: Key,
        mut show: impl FnMut(&Context) -> T,
    ) -> T {
        let press = |pressed| Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: Modifiers::NONE,
        };
        let result = self.pass(vec![press(true)], &mut show).1;
        self.pass(vec![press(false)], &mut show);
        result
    }
}

/// All text of a picture with its places.
pub(in crate::screens) fn placed(shape: &Shape, words: &mut Vec<(String, Rect)>) {
    match shape {
        Shape::Text(text) => {
            words.push((text.galley.text().to_owned(), text.visual_bounding_rect()));
        }
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| placed(shape, words)),
        _ => {}
    }
}

#[track_caller]
pub(in crate::screens) fn says<T>(what: &str, show: impl FnMut(&Context) -> T) {
    let said = said(show);
    assert!(said.contains(what), "{what:?} is not in:\n{said}");
}

pub(in crate::screens) fn words() -> Words {
    Words::english()
}

/// Avatars where they are.
static STILL: LazyLock<Motion> = LazyLock::new(Motion::default);

/// The keys where nothing else is said.
static USUAL: LazyLock<Keymap> = LazyLock::new(Keymap::default);

/// A world as the person on a seat sees it.
pub(in crate::screens) fn view(world: &World, me: u8) -> View<'_> {
    let rtt = Some(Duration::from_millis(23));
    let connection = Some(Connection { grade: Some(Grade::Good), rtt });
    let notice = Notice::None;
    let keymap = Some(&*USUAL);
    View { world, motion: &STILL, me: Seat(me), keymap, notice, connection, trace: None }
}

pub(in crate::screens) fn room() -> Room {
    let study = "A study".to_owned();
    Room { study, people: Some((1, 2)), keys: Some(Keymap::default()), ..Room::default() }
}

pub(in crate::screens) fn status() -> Status {
    Status { title: "A study".to_owned(), ..Status::default() }
}

/// A world of a game that waits for whoever is away, or does not; seat 1 is, since so many frames.
pub(in crate::screens) fn world_without_partner(pause: bool, frames: u32) -> World {
    let rule = FocusRule { limit: Some(300), pause, return_frames: 60, warn_frames: 30 };
    let mut world = world_with(rule);
    for frame in 0..100 + frames {
        let there = PlayerInput::default();
        world.step(&[there, there.with_focus(frame < 100)]);
    }
    world
}

/// The experiment file that shows most.
pub(in crate::screens) fn experiment() -> Experiment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/experiments/two_speeds.toml");
    Experiment::load(&path).unwrap()
}

pub(in crate::screens) fn consent() -> Consent {
    let study = experiment();
    let mut consents = study.scenes().iter().filter_map(|scene| match &scene.content {
        Content::Consent(consent) => Some(consent.clone()),
        _ => None,
    });
    consents.next().unwrap()
}
