//! A scale, on which nothing is chosen before somebody touches it: circles for a few points, a line
//! for many.

use super::question::follow_focus;
use crate::theme::{self, size};
use crate::words::Words;
use bevy_egui::egui::text::LayoutJob;
use bevy_egui::egui::{
    Align, CornerRadius, EventFilter, Key, Painter, Rect, Response, Sense, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo, WidgetType, pos2, vec2,
};

/// Up to so many points are circles.
const CIRCLES: u32 = 11;
/// Height of the scale itself.
const HEIGHT: f32 = 46.0;
/// From the edge to the first point.
const INSET: f32 = 30.0;

/// Shows a scale with its labels. `said` is the question, for who does not see it.
pub(super) fn show(
    ui: &mut Ui,
    said: &str,
    points: u32,
    labels: &[String],
    point: &mut Option<u32>,
    words: &Words,
) {
    let extent = vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(extent, Sense::click_and_drag());
    follow_focus(&response);
    let line = Rect::from_min_max(
        pos2(rect.left() + INSET, rect.top()),
        pos2(rect.right() - INSET, rect.bottom()),
    );
    steer(ui, &response, line, points, point);
    response.widget_info(|| {
        let place = point.map_or(String::new(), |at| {
            words.line_with("form-scale-point", [("point", at.into()), ("points", points.into())])
        });
        let mut info = WidgetInfo::labeled(WidgetType::Slider, true, format!("{said} {place}"));
        info.value = point.map(f64::from);
        info
    });
    let painter = ui.painter();
    if response.has_focus() {
        let stroke = Stroke::new(2.5, theme::INK);
        painter.rect_stroke(rect, CornerRadius::same(8), stroke, StrokeKind::Inside);
    }
    paint(painter, line, points, *point, &response);
    below(ui, line, labels);
}

/// Takes the pointer and the keys.
fn steer(ui: &Ui, response: &Response, line: Rect, points: u32, point: &mut Option<u32>) {
    if response.is_pointer_button_down_on() || response.clicked() {
        if let Some(pointer) = response.interact_pointer_pos() {
            *point = Some(nearest(line, points, pointer.x));
        }
        response.request_focus();
    }
    if !response.has_focus() {
        return;
    }
    let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    // From nothing, both arrows go to the middle.
    let middle = points.div_ceil(2);
    if pressed(Key::ArrowRight) {
        *point = Some(point.map_or(middle, |at| (at + 1).min(points)));
    }
    if pressed(Key::ArrowLeft) {
        *point = Some(point.map_or(middle, |at| at.saturating_sub(1).max(1)));
    }
    if pressed(Key::Home) {
        *point = Some(1);
    }
    if pressed(Key::End) {
        *point = Some(points);
    }
}

/// Where a point is, from left to right.
fn place(line: Rect, points: u32, point: u32) -> f32 {
    let share = point.saturating_sub(1) as f32 / points.saturating_sub(1).max(1) as f32;
    line.left() + line.width() * share
}

fn nearest(line: Rect, points: u32, x: f32) -> u32 {
    let last = points.saturating_sub(1) as f32;
    let share = ((x - line.left()) / line.width().max(1.0)).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    let steps = (share * last).round() as u32;
    (steps + 1).min(points)
}

fn paint(painter: &Painter, line: Rect, points: u32, point: Option<u32>, response: &Response) {
    let middle = line.center().y;
    let track = Rect::from_center_size(line.center(), vec2(line.width(), 4.0));
    painter.rect_filled(track, 2.0, theme::LINE);
    let over = response.hover_pos().map(|pointer| nearest(line, points, pointer.x));
    if points <= CIRCLES {
        for at in 1..=points {
            let center = pos2(place(line, points, at), middle);
            let (fill, edge) = match (point == Some(at), over == Some(at)) {
                (true, _) => (theme::ACCENT, theme::ACCENT),
                (_, true) => (theme::PAPER, theme::ACCENT),
                _ => (theme::CARD, theme::MUTED),
            };
            painter.circle(center, 13.0, fill, Stroke::new(2.0, edge));
            if point == Some(at) {
                painter.circle_filled(center, 5.0, theme::CARD);
            }
        }
        return;
    }
    for end in [line.left(), line.right()] {
        let tick = Rect::from_center_size(pos2(end, middle), vec2(3.0, 18.0));
        painter.rect_filled(tick, 1.0, theme::MUTED);
    }
    if let Some(over) = over.filter(|_| point.is_none()) {
        let center = pos2(place(line, points, over), middle);
        painter.circle_stroke(center, 13.0, Stroke::new(2.0, theme::ACCENT));
    }
    if let Some(point) = point {
        let center = pos2(place(line, points, point), middle);
        painter.circle_filled(center, 13.0, theme::ACCENT);
        painter.circle_filled(center, 5.0, theme::CARD);
    }
}

/// The labels, as far apart as each other; the first and the last begin and end with the line.
fn below(ui: &mut Ui, line: Rect, labels: &[String]) {
    if labels.is_empty() {
        return;
    }
    let gaps = labels.len().saturating_sub(1).max(1) as f32;
    let room = (line.width() / gaps).min(line.width() / 2.0) - 8.0;
    let galley = |at: usize, label: &str| {
        let font = theme::font(size::SMALL);
        let mut job = LayoutJob::simple(label.to_owned(), font, theme::INK, room.max(40.0));
        job.halign = match at {
            0 => Align::LEFT,
            _ if at + 1 == labels.len() => Align::RIGHT,
            _ => Align::Center,
        };
        ui.painter().layout_job(job)
    };
    let galleys: Vec<_> = labels.iter().enumerate().map(|(at, label)| galley(at, label)).collect();
    let height = galleys.iter().map(|galley| galley.size().y).fold(0.0, f32::max);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    for (at, galley) in galleys.into_iter().enumerate() {
        let x = line.left() + line.width() * at as f32 / gaps;
        let x = match at {
            0 => x - INSET / 2.0,
            _ if at + 1 == labels.len() => x + INSET / 2.0,
            _ => x,
        };
        ui.painter().galley(pos2(x, rect.top()), galley, theme::INK);
    }
}
