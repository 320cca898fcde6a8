//! A word of the lab's to somebody who plays or waits: a calm line at the top of the window, for a
//! while, or until it has been seen.

use crate::flow::{Status, Warning};
use crate::theme::{self, size};
use crate::words::Words;
use bevy::prelude::{Real, Res, ResMut, Result, Time};
use bevy_egui::EguiContexts;
use bevy_egui::egui::{
    Align2, Area, Button, Context, CornerRadius, Frame, Id, Label, Margin, Order, RichText, Stroke,
    vec2,
};
use std::time::Duration;

/// How long it stands there.
const FOR: Duration = Duration::from_secs(20);
/// Width of its text, in points.
const WIDTH: f32 = 500.0;

/// Shows a warning. Returns whether the person has seen it.
pub fn show(ctx: &Context, warning: &Warning, words: &Words) -> bool {
    let message = warning.message.clone().unwrap_or_else(|| words.line("warning-slow"));
    let width = WIDTH.min(ctx.viewport_rect().width() - 260.0).max(120.0);
    let area = Area::new(Id::new("warning")).order(Order::Foreground).fade_in(false);
    // Above the board: of that, nothing may be hidden while somebody plays.
    let area = area.anchor(Align2::CENTER_TOP, vec2(0.0, theme::GAP));
    let card = Frame::new()
        .fill(theme::CARD)
        .stroke(Stroke::new(1.5, theme::ATTENTION))
        .corner_radius(CornerRadius::same(10))
        .inner_margin(Margin::symmetric(18, 9));
    let shown = area.show(ctx, |ui| {
        let line = |ui: &mut bevy_egui::egui::Ui| {
            let text = RichText::new(message).size(size::SMALL).color(theme::INK);
            ui.scope(|ui| {
                ui.set_max_width(width);
                ui.add(Label::new(text).wrap());
            });
            ui.add_space(theme::GAP);
            let seen =
                RichText::new(words.line("warning-seen")).size(size::SMALL).color(theme::INK);
            let seen = Button::new(seen).fill(theme::CARD).stroke(Stroke::new(1.0, theme::MUTED));
            ui.add(seen).clicked()
        };
        card.show(ui, |ui| ui.horizontal(line).inner).inner
    });
    shown.inner
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    mut status: ResMut<Status>,
    time: Res<Time<Real>>,
    words: Res<Words>,
) -> Result {
    let Some(warning) = &status.warning else { return Ok(()) };
    let is_old = time.elapsed().saturating_sub(warning.at) > FOR;
    if is_old || show(contexts.ctx_mut()?, warning, &words) {
        status.warning = None;
    }
    Ok(())
}
