//! The parts that screens are made of: a card in the middle of the window, and what stands on it.

use crate::input::keymap::Keymap;
use crate::theme::{self, size};
use crate::view::canvas::Spot;
use crate::view::legend::{self, Step};
use crate::view::{cook, keycaps};
use crate::words::Words;
use bevy_egui::egui::{
    Align, Align2, Area, Button, Color32, Context, CornerRadius, Event, Frame, Id, Key, Label,
    LayerId, Layout, Margin, Painter, ProgressBar, Rect, RichText, ScrollArea, Sense, Stroke, Ui,
    Vec2, WidgetInfo, WidgetType, vec2,
};
use dyad_protocol::Seat;

/// Width of a page's text, in points.
const WIDTH: f32 = 580.0;
/// Width of a sheet's text.
const SHEET: f32 = 720.0;
/// Height for the buttons below a sheet.
const FOOT: f32 = 84.0;

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

/// Shows a card for texts and forms: what does not fit scrolls, and buttons stand below it, always
/// to be seen. Page Up and Page Down scroll, and the arrows while nothing has the focus.
pub fn sheet<F>(
    ctx: &Context,
    name: &str,
    body: impl FnOnce(&mut Ui),
    foot: impl FnOnce(&mut Ui) -> F,
) -> F {
    let window = ctx.viewport_rect();
    let card = Frame::new()
        .fill(theme::CARD)
        .stroke(Stroke::new(1.0, theme::LINE))
        .corner_radius(CornerRadius::same(16))
        .inner_margin(Margin { left: 44, right: 26, top: 30, bottom: 22 });
    let width = SHEET.min(window.width() - 110.0).max(120.0);
    let height = (window.height() - FOOT - 100.0).max(120.0);
    let shown = in_the_middle(("sheet", name)).show(ctx, |ui| {
        // An area offers the height that it had before; a sheet may grow.
        ui.set_max_height(window.height());
        let framed = card.show(ui, |ui| {
            ui.set_width(width);
            ui.set_max_height(window.height());
            let area = ScrollArea::vertical().id_salt(name).max_height(height);
            area.auto_shrink([false, true]).show(ui, |ui| {
                scroll_by_keys(ui, height);
                // Clear of the bar, whether or not there is one.
                ui.set_width(width - 18.0);
                body(ui);
            });
            ui.add_space(theme::GAP);
            // In the middle of the card, whose right margin begins left of the bar.
            let middle = Layout::top_down(Align::Center);
            ui.allocate_ui_with_layout(vec2(width - 18.0, 0.0), middle, foot).inner
        });
        framed.inner
    });
    shown.inner
}

fn scroll_by_keys(ui: &Ui, page: f32) {
    let free = ui.memory(|memory| memory.focused().is_none());
    let down = ui.input(|input| {
        let pressed = |key, way: f32| if input.key_pressed(key) { way } else { 0.0 };
        let pages = pressed(Key::PageDown, 1.0) - pressed(Key::PageUp, 1.0);
        let lines = pressed(Key::ArrowDown, 1.0) - pressed(Key::ArrowUp, 1.0);
        pages * (page - 40.0) + if free { lines * 60.0 } else { 0.0 }
    });
    if down != 0.0 {
        ui.scroll_with_delta(vec2(0.0, -down));
    }
}

/// Whether a key was pressed in this pass, and is not just held, while nothing else wants it.
#[must_use]
pub fn pressed(ui: &Ui, key: Key) -> bool {
    let free = ui.memory(|memory| memory.focused().is_none());
    let is_press = |event: &Event| matches!(event, Event::Key { key: it, pressed: true, repeat: false, .. } if *it == key);
    free && ui.input(|input| input.events.iter().any(is_press))
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

/// A sheet's first words, below the study's title where there is one. None are none.
pub fn title_left(ui: &mut Ui, study: &str, text: &str) {
    if !study.is_empty() {
        ui.add(Label::new(RichText::new(study).size(size::SMALL).color(theme::MUTED)).wrap());
    }
    if !text.is_empty() {
        ui.add(Label::new(RichText::new(text).font(theme::bold(size::TITLE))).wrap());
        ui.add_space(theme::GAP / 2.0);
    }
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

/// The same below what it is about.
pub fn attention_left(ui: &mut Ui, text: impl Into<String>) {
    let text = RichText::new(text.into()).size(size::SMALL).color(theme::ATTENTION);
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
    let font = theme::font(size::BODY);
    let width = |label: &str| {
        let galley = ui.painter().layout_no_wrap(label.to_owned(), font.clone(), theme::INK);
        (galley.size().x + 2.0 * ui.spacing().button_padding.x + 4.0).max(190.0)
    };
    let widths = [width(first), width(second)];
    let extent = vec2(widths[0] + theme::GAP + widths[1], 46.0);
    let row = ui.allocate_ui_with_layout(extent, Layout::left_to_right(Align::Center), |ui| {
        let one = ui.add(Button::new(first).min_size(vec2(widths[0], 46.0)));
        let other = ui.add(quiet(second).min_size(vec2(widths[1], 46.0)));
        [one.clicked(), other.clicked()]
    });
    row.inner
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
pub fn keys(ui: &mut Ui, keymap: &Keymap, words: &Words) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 52.0), Sense::hover());
    keycaps::paint(ui.painter(), rect, Align::Center, keymap, words);
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

/// Tells assistive technology what is painted somewhere.
pub fn tell(ctx: &Context, name: &str, rect: Rect, text: &str) {
    let area = Area::new(Id::new(("told", name))).fixed_pos(rect.min).interactable(false);
    area.show(ctx, |ui| {
        let (_, response) = ui.allocate_exact_size(rect.size(), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, text));
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
