//! The parts that screens are made of: a card in the middle of the window, and what stands on it.

use crate::theme::{self, size};
use crate::view::canvas::Spot;
use crate::view::legend::{self, Step};
use crate::view::{cook, hud};
use crate::words::Words;
use bevy_egui::egui::{
    Align, Align2, Area, Button, Color32, Context, CornerRadius, Frame, Id, Key, Label, LayerId,
    Layout, Margin, Painter, ProgressBar, Rect, RichText, Sense, Stroke, Ui, Vec2, vec2,
};
use dyad_protocol::Seat;

/// Width of a page's text, in points.
const WIDTH: f32 = 580.0;

/// Shows a card in the middle of the window.
pub fn page(ctx: &Context, name: &str, content: impl FnOnce(&mut Ui)) {
    let card = Frame::new()
        .fill(theme::CARD)
        .stroke(Stroke::new(1.0, theme::LINE))
        .corner_radius(CornerRadius::same(16))
        .inner_margin(Margin::symmetric(44, 38));
    let width = WIDTH.min(ctx.viewport_rect().width() - 110.0).max(120.0);
    in_the_middle(("page", name)).show(ctx, |ui| {
        card.show(ui, |ui| {
            ui.set_width(width);
            ui.with_layout(Layout::top_down(Align::Center), content);
        });
    });
}

/// An area that is there at once: what is faded in looks as if it were out of use.
fn in_the_middle(name: (&str, &str)) -> Area {
    Area::new(Id::new(name)).anchor(Align2::CENTER_CENTER, Vec2::ZERO).fade_in(false)
}

/// A painter for the whole window, and the window.
#[must_use]
pub fn window(ctx: &Context) -> (Painter, Rect) {
    let rect = ctx.viewport_rect();
    (Painter::new(ctx.clone(), LayerId::background(), rect), rect)
}

/// A page's first words, below the study's title where there is one.
pub fn title(ui: &mut Ui, study: &str, text: &str) {
    if !study.is_empty() {
        ui.add(Label::new(RichText::new(study).size(size::SMALL).color(theme::MUTED)).wrap());
    }
    ui.add(Label::new(RichText::new(text).font(theme::bold(size::TITLE))).wrap());
    ui.add_space(theme::GAP / 2.0);
}

/// A sentence or two.
pub fn text(ui: &mut Ui, text: impl Into<String>) {
    ui.add(Label::new(RichText::new(text.into()).size(size::BODY)).wrap());
}

/// A clause of the program's as a sentence.
#[must_use]
pub fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(char::to_uppercase);
    let end = if clause.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{}{}{end}", first.map(String::from_iter).unwrap_or_default(), letters.as_str())
}

/// A remark of less weight.
pub fn remark(ui: &mut Ui, text: impl Into<String>) {
    let text = RichText::new(text.into()).size(size::SMALL).color(theme::MUTED);
    ui.add(Label::new(text).wrap());
}

/// Something that needs attention.
pub fn attention(ui: &mut Ui, text: impl Into<String>) {
    let text = RichText::new(text.into()).size(size::BODY).color(theme::ATTENTION);
    ui.add(Label::new(text).wrap());
}

/// A button. Returns whether it was clicked, or one of `keys` pressed.
pub fn button(ui: &mut Ui, label: &str, keys: &[Key]) -> bool {
    let clicked = ui.add(Button::new(label).min_size(vec2(150.0, 46.0))).clicked();
    clicked || ui.input(|input| keys.iter().any(|&key| input.key_pressed(key)))
}

/// Two buttons side by side, of which the first is the one to press without further thought.
/// Returns which was clicked.
pub fn two_buttons(ui: &mut Ui, first: &str, second: &str) -> [bool; 2] {
    let mut clicked = [false; 2];
    let width = 190.0;
    ui.allocate_ui_with_layout(
        vec2(2.0 * width + theme::GAP, 46.0),
        Layout::left_to_right(Align::Center),
        |ui| {
            let extent = vec2(width, 46.0);
            clicked[0] = ui.add(Button::new(first).min_size(extent)).clicked();
            clicked[1] = ui.add(quiet(second).min_size(extent)).clicked();
        },
    );
    clicked
}

/// A button that does not ask to be pressed.
pub fn quiet_button(ui: &mut Ui, label: &str) -> bool {
    ui.add(quiet(label).min_size(vec2(120.0, 40.0))).clicked()
}

fn quiet(label: &str) -> Button<'_> {
    let text = RichText::new(label).color(theme::INK);
    Button::new(text).fill(theme::CARD).stroke(Stroke::new(1.0, theme::MUTED))
}

/// How many of how many, in words and as a bar.
fn progress(ui: &mut Ui, line: &str, done: usize, of: usize) {
    let part = done.min(of) as f32 / of.max(1) as f32;
    let tone = if done >= of { theme::GOOD } else { theme::ACCENT };
    ui.with_layout(Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        text(ui, line);
        ui.visuals_mut().extreme_bg_color = theme::LINE;
        ui.add(ProgressBar::new(part).desired_height(12.0).fill(tone));
    });
}

/// How many records are saved on this computer.
pub fn saved(ui: &mut Ui, done: usize, of: usize, words: &Words) {
    let line = words.line_with("saving-here", [("done", done.into()), ("all", of.into())]);
    progress(ui, &line, done, of);
}

/// How many records the lab has received.
pub fn received(ui: &mut Ui, done: usize, of: usize, words: &Words) {
    let line = words.line_with("saving-lab", [("done", done.into()), ("all", of.into())]);
    progress(ui, &line, done, of);
}

/// The keys that play.
pub fn keys(ui: &mut Ui, words: &Words) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 52.0), Sense::hover());
    hud::paint_keys(ui.painter(), rect, words);
}

/// How the game is played, in pictures.
pub fn legend(ui: &mut Ui, steps: &[Step]) {
    if !steps.is_empty() {
        let extent = vec2(ui.available_width(), legend::HEIGHT);
        let (rect, _) = ui.allocate_exact_size(extent, Sense::hover());
        legend::paint(ui.painter(), rect, steps);
    }
}

/// Players side by side: those who are there yet in their colours, a slow breath in place of
/// those who are not.
pub fn players(ui: &mut Ui, present: u32, needed: u32) {
    let seats: Vec<Seat> = Seat::all(needed.clamp(1, 4) as usize).collect();
    let side = 96.0;
    let breadth = seats.iter().map(|_| side).sum::<f32>();
    let (rect, _) = ui.allocate_exact_size(vec2(breadth, side), Sense::hover());
    // One breath in four seconds.
    let breath = ui.input(|input| (input.time * std::f64::consts::TAU / 4.0).sin());
    let breath = remap(breath);
    for (position, seat) in (0_u32..).zip(seats) {
        let center = rect.left_center() + vec2(side * (f32::from(seat.0) + 0.5), 0.0);
        let spot = Spot::new(ui.painter(), Rect::from_center_size(center, Vec2::splat(side)));
        if position < present {
            cook::badge(&spot, seat, false);
        } else {
            let tone = theme::LINE.lerp_to_gamma(theme::MUTED, breath * 0.5);
            spot.ring(vec2(0.5, 0.5), 0.24 + 0.04 * breath, 0.04, tone);
        }
    }
    ui.ctx().request_repaint();
}

/// From a sine to 0..1, as a number that egui takes.
fn remap(sine: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "a picture needs no more precision")]
    let sine = sine as f32;
    sine.mul_add(0.5, 0.5)
}

/// A message over the board, with the board still to be seen around it.
pub fn over_board(ctx: &Context, name: &str, headline: &str, line: &str) {
    let card = Frame::new()
        .fill(theme::CARD)
        .stroke(Stroke::new(1.0, theme::LINE))
        .corner_radius(CornerRadius::same(14))
        .inner_margin(Margin::symmetric(36, 24));
    in_the_middle(("over", name)).show(ctx, |ui| {
        card.show(ui, |ui| {
            ui.set_max_width(420.0);
            ui.with_layout(Layout::top_down(Align::Center), |ui| {
                ui.label(RichText::new(headline).font(theme::bold(size::FIGURE)));
                if !line.is_empty() {
                    text(ui, line);
                }
            });
        });
    });
}

/// Large text with a rim, over anything.
pub fn over_everything(painter: &Painter, rect: Rect, text: &str) {
    let font = theme::bold(size::COUNTDOWN);
    let at = rect.center();
    for turn in 0_u8..12 {
        let out = Vec2::angled(f32::from(turn) / 12.0 * std::f32::consts::TAU) * 5.0;
        painter.text(at + out, Align2::CENTER_CENTER, text, font.clone(), theme::INK);
    }
    painter.text(at, Align2::CENTER_CENTER, text, font, Color32::WHITE);
}

/// The button that closes the program, at the end of a page. Returns whether it was pressed.
pub(super) fn close_button(ui: &mut Ui, words: &Words) -> bool {
    ui.add_space(theme::GAP);
    let pressed = button(ui, &words.line("close"), &[Key::Escape]);
    remark(ui, words.line("close-key"));
    pressed
}
