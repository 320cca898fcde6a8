//! The window in which a recorded game is looked at.

use super::film::{Event, Film};
use super::playback::Playback;
use crate::screens::{self, page};
use crate::theme::{self, size};
use crate::view::canvas::Spot;
use crate::view::motion::{Moment, Motion};
use crate::view::{board, cook, hud};
use crate::words::Words;
use bevy::prelude::{App, Real, Res, ResMut, Resource, Result, Time, Update};
use bevy_egui::egui::{
    Align2, Color32, Context, CornerRadius, Key, Painter, Pos2, Rect, Sense, Ui, Vec2, pos2, vec2,
};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};
use dyad_gridworld::{Phase, World};
use dyad_protocol::Seat;
use std::time::Duration;

/// Height of the strip with the timeline, in points.
const CONTROLS: f32 = 96.0;
/// Steps that Page Up and Page Down leap.
const LEAP: isize = 30;
/// Nobody here plays.
const NOBODY: Seat = Seat(u8::MAX);

/// A film that is shown, and where it stands.
#[derive(Resource)]
pub struct Show {
    film: Film,
    playback: Playback,
    motion: Motion,
}

impl Show {
    /// A film from its beginning.
    #[must_use]
    pub const fn new(film: Film, step: Duration) -> Self {
        let playback = Playback::new(film.end(), step);
        Self { film, playback, motion: Motion::with_smoothing(Duration::ZERO) }
    }
}

/// Adds a film to an app with a window.
pub fn plugin(app: &mut App, film: Film) {
    let step = film.step();
    app.insert_resource(Show::new(film, step))
        .add_systems(Update, screens::dress)
        .add_systems(EguiPrimaryContextPass, draw);
}

fn draw(mut contexts: EguiContexts, mut show: ResMut<Show>, time: Res<Time<Real>>) -> Result {
    let ctx = contexts.ctx_mut()?;
    show.playback.pass(time.delta());
    let Show { film, playback, motion } = &mut *show;
    steer(ctx, film, playback);
    let world = film.world(playback.place());
    motion.follow(&board::places(world), moment(world, film, playback, time.delta()));
    show_board(ctx, film, playback.place(), motion, CONTROLS);
    controls(ctx, film, playback);
    if playback.runs() {
        ctx.request_repaint();
    }
    Ok(())
}

/// Avatars glide while the film runs, at its speed; one that stands still shows true cells.
fn moment(world: &World, film: &Film, playback: &Playback, since: Duration) -> Moment {
    let still = !playback.runs();
    Moment {
        episode: world.episode(),
        length: if still { Duration::MAX } else { since },
        step: film.step().div_f64(playback.speed()),
        corrected: false,
        me: NOBODY,
    }
}

/// The keys.
fn steer(ctx: &Context, film: &Film, playback: &mut Playback) {
    let pressed = |key| ctx.input(|input| input.key_pressed(key));
    if pressed(Key::Space) {
        playback.toggle();
    }
    for (key, steps) in
        [(Key::ArrowLeft, -1), (Key::ArrowRight, 1), (Key::PageUp, -LEAP), (Key::PageDown, LEAP)]
    {
        if pressed(key) {
            playback.step_on(steps);
        }
    }
    if pressed(Key::ArrowUp) {
        playback.faster();
    }
    if pressed(Key::ArrowDown) {
        playback.slower();
    }
    let place = playback.place();
    let landmark = if pressed(Key::N) {
        film.next_mark(place)
    } else if pressed(Key::P) {
        film.previous_mark(place)
    } else if pressed(Key::Home) {
        Some(0)
    } else if pressed(Key::End) {
        Some(film.end())
    } else {
        None
    };
    if let Some(place) = landmark {
        playback.jump(place);
    }
}

/// Draws the game at a place, with avatars on their way, and room for so many points of controls
/// below.
pub fn show_board(ctx: &Context, film: &Film, place: usize, motion: &Motion, controls: f32) {
    let (painter, rect) = page::window(ctx);
    let world = film.world(place);
    let rect = rect.with_max_y(rect.bottom() - controls);
    let (top, rest) = rect.split_top_bottom_at_y(rect.top() + hud::TOP);
    let (middle, bottom) = rest.split_top_bottom_at_y(rest.bottom() - hud::BOTTOM);
    // In English for everybody: researchers share these pictures.
    hud::paint_top(&painter, top, world, &Words::english());
    let area = middle.shrink2(vec2(theme::GAP, theme::GAP / 2.0));
    board::paint(&painter, area, world, NOBODY, motion);
    paint_people(&painter, bottom, film, place);
}

/// Who is who, and where in the session this is.
fn paint_people(painter: &Painter, strip: Rect, film: &Film, place: usize) {
    let world = film.world(place);
    let mut at = strip.left_center() + vec2(28.0, 0.0);
    for (seat, participant) in Seat::all(film.participants().len()).zip(film.participants()) {
        let square = Rect::from_center_size(at + vec2(17.0, 0.0), Vec2::splat(44.0));
        cook::badge(&Spot::new(painter, square), seat, false);
        let end = text(painter, at + vec2(42.0, 0.0), participant.as_str(), theme::INK);
        at = end + vec2(22.0, 0.0);
    }
    let words = match film.frame_before(place) {
        Some(frame) => format!("frame {frame}, {}", phase(world)),
        None => "before the first frame".to_owned(),
    };
    let font = theme::font(size::SMALL);
    let right = strip.right_center() - vec2(28.0, 0.0);
    painter.text(right, Align2::RIGHT_CENTER, words, font, theme::MUTED);
}

fn text(painter: &Painter, at: Pos2, words: &str, tone: Color32) -> Pos2 {
    let font = theme::font(size::SMALL);
    let rect = painter.text(at, Align2::LEFT_CENTER, words, font, tone);
    pos2(rect.right(), at.y)
}

fn phase(world: &World) -> String {
    match world.phase() {
        _ if world.held() > 0 => "resuming".to_owned(),
        Phase::Countdown { .. } => "countdown".to_owned(),
        // Counted as in the table.
        Phase::Playing => match world.t().checked_sub(1) {
            Some(t) => format!("step {t}"),
            None => "the first step is next".to_owned(),
        },
        Phase::Paused { .. } => "waiting for who is away".to_owned(),
        Phase::Between { .. } => "between rounds".to_owned(),
        Phase::Coasting => "after the last round".to_owned(),
    }
}

/// The strip with the buttons and the timeline.
fn controls(ctx: &Context, film: &Film, playback: &mut Playback) {
    let window = ctx.viewport_rect();
    let strip = window.with_min_y(window.bottom() - CONTROLS);
    bevy_egui::egui::Area::new("controls".into()).fixed_pos(strip.min).fade_in(false).show(
        ctx,
        |ui| {
            ui.set_width(strip.width());
            let (rect, _) = ui.allocate_exact_size(strip.size(), Sense::hover());
            ui.painter().rect_filled(rect, CornerRadius::ZERO, theme::CARD);
            let (line, buttons) =
                rect.shrink2(vec2(28.0, 8.0)).split_top_bottom_at_y(rect.top() + 40.0);
            timeline(ui, line, film, playback);
            ui.put(buttons, |ui: &mut Ui| {
                ui.horizontal_centered(|ui| buttons_row(ui, film, playback)).response
            });
        },
    );
}

fn buttons_row(ui: &mut Ui, film: &Film, playback: &mut Playback) {
    ui.spacing_mut().button_padding = vec2(12.0, 5.0);
    if ui.button(if playback.runs() { "Pause" } else { "Play" }).clicked() {
        playback.toggle();
    }
    if ui.button("◀").on_hover_text("One step back (←)").clicked() {
        playback.step_on(-1);
    }
    if ui.button("▶").on_hover_text("One step on (→)").clicked() {
        playback.step_on(1);
    }
    if ui.button("−").on_hover_text("Slower (↓)").clicked() {
        playback.slower();
    }
    page::remark(ui, format!("{} ×", playback.speed()));
    if ui.button("+").on_hover_text("Faster (↑)").clicked() {
        playback.faster();
    }
    let next = film.next_mark(playback.place());
    if ui.button("Next mark").on_hover_text("N; P goes back").clicked()
        && let Some(place) = next
    {
        playback.jump(place);
    }
    match film.broken() {
        Some(error) => page::attention(ui, page::sentence(&error.to_string())),
        None => legend(ui),
    }
}

/// What the colours on the timeline mean.
fn legend(ui: &mut Ui) {
    for (tone, words) in [
        (theme::GOOD, "points"),
        (theme::ATTENTION, "focus lost"),
        (theme::INK, "resumed"),
        (theme::ACCENT, "rollbacks"),
    ] {
        ui.add_space(theme::GAP / 2.0);
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(12.0), Sense::hover());
        ui.painter().rect_filled(rect, 3.0, tone);
        page::remark(ui, words);
    }
}

/// The film from left to right: what happened where, and where it stands. A click goes there.
fn timeline(ui: &Ui, area: Rect, film: &Film, playback: &mut Playback) {
    let end = film.end().max(1) as f32;
    let at = |place: usize| area.left() + area.width() * place as f32 / end;
    let response = ui.interact(area, ui.id().with("timeline"), Sense::click_and_drag());
    if let Some(pointer) = response.interact_pointer_pos() {
        let share = ((pointer.x - area.left()) / area.width()).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place")]
        playback.jump((share * end).round() as usize);
    }
    let painter = ui.painter();
    let track = Rect::from_center_size(area.center(), vec2(area.width(), 6.0));
    painter.rect_filled(track, 3.0, theme::LINE);
    painter.rect_filled(track.with_max_x(at(playback.place())), 3.0, theme::MUTED);
    let mut away: Vec<Option<usize>> = vec![None; film.participants().len()];
    for mark in film.marks() {
        let x = at(mark.place);
        let bar = |top: f32, bottom: f32, tone| {
            let rect =
                Rect::from_x_y_ranges(x - 1.0..=x + 1.0, track.top() + top..=track.top() + bottom);
            painter.rect_filled(rect, CornerRadius::ZERO, tone);
        };
        match mark.what {
            Event::Scored => {
                painter.circle_filled(pos2(x, track.top() - 7.0), 4.0, theme::GOOD);
            }
            Event::Resumed => bar(-12.0, 14.0, theme::INK),
            Event::Rollback(depth) => bar(7.0, 7.0 + f32::from(depth.min(10)), theme::ACCENT),
            Event::FocusLost(seat) => away[seat.index()] = Some(mark.place),
            Event::FocusBack(seat) => {
                if let Some(since) = away[seat.index()].take() {
                    absence(painter, track, at(since), x);
                }
            }
        }
    }
    for since in away.into_iter().flatten() {
        absence(painter, track, at(since), at(film.end()));
    }
    let knob = pos2(at(playback.place()), track.center().y);
    painter.circle_filled(knob, 8.0, theme::INK);
    painter.circle_filled(knob, 5.0, theme::CARD);
}

fn absence(painter: &Painter, track: Rect, from: f32, to: f32) {
    painter.rect_filled(
        track.with_min_x(from).with_max_x(to.max(from + 2.0)),
        3.0,
        theme::ATTENTION,
    );
}
