//! What stands around the board: episode, score and time above; who is who and the keys below.

use super::canvas::Spot;
use super::{cook, keycaps, write};
use crate::input::keymap::Keymap;
use crate::theme::{self, size};
use crate::words::Words;
use bevy_egui::egui::{
    Align, Align2, Color32, CornerRadius, Painter, Pos2, Rect, Stroke, StrokeKind, Vec2, vec2,
};
use dyad_gridworld::{Phase, World};
use dyad_protocol::Seat;

/// Height of the strip above the board, in points.
pub const TOP: f32 = 84.0;
/// Height of the strip below it.
pub const BOTTOM: f32 = 68.0;
/// Empty margin at the sides.
const MARGIN: f32 = 28.0;

/// Seconds of the current episode that are left, rounded up.
#[must_use]
pub fn seconds_left(world: &World) -> u32 {
    let settings = world.game().settings();
    let left = settings.max_steps.saturating_sub(world.t());
    left.div_ceil(u32::from(settings.steps_per_second))
}

/// The number that a countdown shows, if one is running.
#[must_use]
pub fn countdown(world: &World) -> Option<u32> {
    let speed = u32::from(world.game().settings().steps_per_second);
    match world.phase() {
        // A game that resumes counts down once more.
        _ if world.held() > 0 => Some(world.held().div_ceil(speed)),
        // So does one that waited for somebody, when everybody is back.
        Phase::Countdown { left } | Phase::Paused { left } if !is_waiting(world) => {
            Some(left.div_ceil(speed))
        }
        _ => None,
    }
}

/// Whether the game stands still because somebody is away.
fn is_waiting(world: &World) -> bool {
    world.game().settings().focus.pause && world.away().anybody()
}

/// The episode's points as a number that lines of words take.
#[must_use]
pub fn points(world: &World) -> f64 {
    f64::from(world.score().0) / 1000.0
}

/// Minutes and seconds.
#[must_use]
pub fn clock(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Draws the strip above the board.
pub fn paint_top(painter: &Painter, strip: Rect, world: &World, words: &Words) {
    let strip = strip.shrink2(vec2(MARGIN, 0.0));
    let episodes = world.game().settings().episodes;
    let episode = match episodes {
        1 => String::new(),
        _ => words.line_with(
            "game-round-of",
            [("round", (world.episode() + 1).into()), ("rounds", episodes.into())],
        ),
    };
    let score = world.score().to_string();
    let time = clock(seconds_left(world));
    let hurry = seconds_left(world) <= 5 && world.phase() == Phase::Playing;
    let time_tone = if hurry { theme::ATTENTION } else { theme::INK };
    if !episode.is_empty() {
        let label = words.line("game-round");
        figure(painter, strip.left_center(), Align2::LEFT_CENTER, &label, &episode, theme::INK);
    }
    let label = words.line("game-points");
    figure(painter, strip.center(), Align2::CENTER_CENTER, &label, &score, theme::INK);
    let label = words.line("game-time-left");
    figure(painter, strip.right_center(), Align2::RIGHT_CENTER, &label, &time, time_tone);
}

/// Draws a remark over the upper edge of the board: something to know while one plays on.
pub fn paint_remark(painter: &Painter, board: Rect, headline: &str, line: &str) {
    let text = if line.is_empty() { headline.to_owned() } else { format!("{headline}. {line}") };
    let font = theme::font(size::SMALL);
    let wrap = board.width() - 2.0 * MARGIN;
    let galley = painter.layout(text, font, theme::ATTENTION, wrap.max(120.0));
    let size = galley.size() + vec2(28.0, 14.0);
    let card = Rect::from_center_size(board.center_top() + vec2(0.0, size.y / 2.0 + 6.0), size);
    let rounding = CornerRadius::same(10);
    painter.rect_filled(card, rounding, theme::CARD);
    painter.rect_stroke(card, rounding, Stroke::new(1.0, theme::LINE), StrokeKind::Inside);
    painter.galley(card.min + vec2(14.0, 7.0), galley, theme::ATTENTION);
}

/// A figure with its label above.
fn figure(painter: &Painter, at: Pos2, align: Align2, label: &str, text: &str, tone: Color32) {
    let (above, below) = (at - vec2(0.0, 19.0), at + vec2(0.0, 11.0));
    painter.text(above, align, label, theme::font(size::SMALL), theme::MUTED);
    painter.text(below, align, text, theme::bold(size::FIGURE), tone);
}

/// Draws who is who at the left of the strip below the board. Returns the point behind them.
pub fn paint_people(
    painter: &Painter,
    strip: Rect,
    world: &World,
    me: Seat,
    words: &Words,
) -> Pos2 {
    let mut at = strip.left_center() + vec2(MARGIN, 0.0);
    for seat in Seat::all(world.game().players()) {
        let word = words.line(if seat == me { "you" } else { "partner" });
        let square = Rect::from_center_size(at + vec2(17.0, 0.0), Vec2::splat(44.0));
        cook::badge(&Spot::new(painter, square), seat, seat == me);
        at = write(painter, at + vec2(42.0, 0.0), &word, theme::font(size::SMALL), theme::INK);
        at += vec2(22.0, 0.0);
    }
    at
}

/// Draws the keys at the right of a strip. A player without keys is a program.
pub fn paint_controls(painter: &Painter, strip: Rect, keymap: Option<&Keymap>, words: &Words) {
    let strip = strip.with_max_x(strip.right() - MARGIN);
    if let Some(keymap) = keymap {
        keycaps::paint(painter, strip, Align::RIGHT, keymap, words);
    } else {
        let font = theme::font(size::SMALL);
        let line = words.line("game-program-plays");
        painter.text(strip.right_center(), Align2::RIGHT_CENTER, line, font, theme::MUTED);
    }
}
