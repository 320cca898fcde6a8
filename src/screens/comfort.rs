//! The corner of every page in which text is made larger or smaller, contrast stronger, and another
//! language chosen.

use crate::theme::comfort::Comfort;
use crate::theme::{self, size};
use crate::words::{Language, Words};
use bevy::prelude::{Res, ResMut, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::{
    Align2, Area, Context, CornerRadius, Id, Order, Response, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo, WidgetType, vec2,
};

/// Shows the corner. Returns the language that was chosen.
pub fn show(ctx: &Context, words: &Words) -> Option<&'static str> {
    let next = words.next();
    let mut chosen = None;
    let comfort = Comfort::of(ctx);
    let area = Area::new(Id::new("comfort")).order(Order::Foreground).fade_in(false);
    area.anchor(Align2::RIGHT_BOTTOM, vec2(-10.0, -10.0)).show(ctx, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let sizes = [
                ("text-smaller", size::SMALL - 2.5, comfort.with_smaller_text()),
                ("text-larger", size::BODY + 2.0, comfort.with_larger_text()),
            ];
            for (key, letter, target) in sizes {
                let response = square(ui, &words.line(key), target.is_some());
                let tone = if target.is_some() { theme::INK } else { theme::LINE };
                let middle = response.rect.center();
                ui.painter().text(middle, Align2::CENTER_CENTER, "A", theme::bold(letter), tone);
                if let Some(target) = target.filter(|_| response.clicked()) {
                    target.set(ctx);
                }
            }
            let key = if comfort.contrast { "contrast-usual" } else { "contrast-more" };
            let response = square(ui, &words.line(key), true);
            half_moon(ui, &response);
            if response.clicked() {
                Comfort { contrast: !comfort.contrast, ..comfort }.set(ctx);
            }
            let response = square(ui, &next.line("language-name"), true);
            let (middle, name) = (response.rect.center(), next.language().to_uppercase());
            let font = theme::bold(size::SMALL - 2.5);
            ui.painter().text(middle, Align2::CENTER_CENTER, name, font, theme::INK);
            chosen = response.clicked().then(|| next.language());
        });
    });
    chosen
}

/// A small button to draw on.
fn square(ui: &mut Ui, label: &str, enabled: bool) -> Response {
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(30.0, 30.0), sense);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, enabled, label));
    let round = CornerRadius::same(6);
    let stroke = match (response.has_focus(), response.hovered() && enabled) {
        (true, _) => Stroke::new(2.5, theme::INK),
        (_, true) => Stroke::new(1.5, theme::ACCENT),
        _ => Stroke::new(1.0, theme::LINE),
    };
    ui.painter().rect(rect, round, theme::CARD, stroke, StrokeKind::Inside);
    response.on_hover_text(label)
}

/// A disc of which one half is filled.
fn half_moon(ui: &Ui, response: &Response) {
    let middle = response.rect.center();
    let half = (0_u8..=12).map(|step| {
        let turn = std::f32::consts::PI * (f32::from(step) / 12.0 - 0.5);
        middle + vec2(turn.cos(), turn.sin()) * 8.0
    });
    let painter = ui.painter();
    painter.add(Shape::convex_polygon(half.collect(), theme::INK, Stroke::NONE));
    painter.circle_stroke(middle, 8.0, Stroke::new(1.5, theme::INK));
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    words: Res<Words>,
    mut language: ResMut<Language>,
) -> Result {
    if let Some(chosen) = show(contexts.ctx_mut()?, &words) {
        language.choose(chosen);
    }
    Ok(())
}
