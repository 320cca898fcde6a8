//! A question with what it is answered by.

use super::draft::{Entry, Slip};
use super::{mark, scale};
use crate::lab::pictures::Album;
use crate::screens::{markdown, page, pictures};
use crate::theme::{self, size};
use crate::words::Words;
use bevy_egui::egui::{
    Align, Align2, CornerRadius, Frame, Margin, Rect, Response, RichText, ScrollArea, Sense,
    Stroke, StrokeKind, TextEdit, TextureHandle, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use dyad_experiment::form::{AnswerError, Options, Question, QuestionKind};

/// No text is longer than this, so that nothing that is pasted stops the program. Far more than any
/// question takes.
const LONGEST: usize = 50_000;
/// Room for a picture of an option.
const THUMBNAIL: f32 = 96.0;

/// What all questions of a form have in common.
pub(super) struct Sheet<'a> {
    pub(super) pictures: &'a Album,
    pub(super) own_seed: u64,
    /// Whether somebody tried to send the form.
    pub(super) asked: bool,
    pub(super) words: &'a Words,
}

/// Shows a question. Returns its place.
pub(super) fn show(
    ui: &mut Ui,
    question: &Question,
    entry: &mut Entry,
    sheet: &Sheet<'_>,
) -> Response {
    let words = sheet.words;
    let slip = entry.answer(question).err();
    let missing = sheet.asked && slip.is_some();
    let border = if missing { theme::ATTENTION } else { theme::LINE };
    let frame = Frame::new()
        .stroke(Stroke::new(if missing { 1.5 } else { 1.0 }, border))
        .corner_radius(CornerRadius::same(10))
        .inner_margin(Margin::symmetric(18, 14));
    frame
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 8.0;
            let id = question.id.as_str();
            markdown::show(ui, id, &question.text.markdown, sheet.pictures, words);
            if let Some(path) = &question.picture {
                let most = vec2(ui.available_width(), 220.0);
                pictures::show(ui, path, "", most, sheet.pictures, words);
            }
            let mut hints: Vec<String> = mark::hint(&question.kind, words).into_iter().collect();
            if !question.required {
                hints.push(words.line("form-optional"));
            }
            if !hints.is_empty() {
                page::remark(ui, hints.join(" "));
            }
            answer(ui, question, entry, sheet);
            if let Some(slip) = &slip {
                complain(ui, slip, question, entry, sheet);
            }
        })
        .response
}

/// Says what is wrong once it is time: what may become right by typing on is a remark until
/// somebody leaves the question, and what is missing is none before the form is sent.
fn complain(ui: &mut Ui, slip: &Slip, question: &Question, entry: &Entry, sheet: &Sheet<'_>) {
    let line = mark::complaint(slip, &question.kind, &entry.typed, sheet.words);
    let is_missing = *slip == Slip::Answer(AnswerError::Missing);
    let is_count = matches!(slip, Slip::Answer(AnswerError::Count { .. }));
    if sheet.asked || (entry.left && !is_missing) || mark::is_final(slip, &entry.typed) {
        page::attention_left(ui, line);
    } else if !is_missing && !is_count {
        page::remark(ui, line);
    }
}

fn answer(ui: &mut Ui, question: &Question, entry: &mut Entry, sheet: &Sheet<'_>) {
    let said = question.text.markdown.as_str();
    match &question.kind {
        QuestionKind::Choice(options) => choices(ui, question, options, false, entry, sheet),
        QuestionKind::Choices { options, .. } => {
            choices(ui, question, options, true, entry, sheet);
        }
        QuestionKind::Scale { points, labels } => {
            scale::show(ui, said, *points, labels, &mut entry.point, sheet.words);
        }
        QuestionKind::Number { unit, .. } => {
            ui.horizontal(|ui| {
                field(ui, said, &mut entry.typed, &mut entry.left, 1, 180.0, "");
                if let Some(unit) = unit {
                    ui.label(RichText::new(unit).size(size::BODY).color(theme::INK));
                }
            });
        }
        QuestionKind::Text { lines, max_length, .. } => {
            let width = ui.available_width();
            field(ui, said, &mut entry.typed, &mut entry.left, *lines, width, "");
            let length = entry.typed.chars().count();
            // Only where somebody might come near it.
            if length * 2 > *max_length as usize {
                let count = [("length", length.into()), ("most", (*max_length).into())];
                page::remark(ui, sheet.words.line_with("form-text-count", count));
            }
        }
    }
}

/// A field to type in. What does not fit on its lines scrolls inside, so that what is said of it
/// stays in sight.
fn field(
    ui: &mut Ui,
    label: &str,
    text: &mut String,
    left: &mut bool,
    lines: u8,
    width: f32,
    hint: &str,
) {
    let edit = if lines == 1 { TextEdit::singleline(text) } else { TextEdit::multiline(text) };
    let edit = edit
        .desired_rows(lines.into())
        .desired_width(width)
        .char_limit(LONGEST)
        .hint_text(hint)
        .text_color(theme::INK)
        .margin(Margin::symmetric(12, 9));
    let response = if lines == 1 {
        ui.add(edit)
    } else {
        let height = f32::from(lines.min(12)) * size::BODY * 1.4 + 20.0;
        let area = ScrollArea::vertical().id_salt(ui.next_auto_id());
        // Also where the sheet ends: what does not fit there scrolls into sight.
        let area = area.max_height(height).min_scrolled_height(height);
        area.show(ui, |ui| ui.add(edit)).inner
    };
    // For who does not see what stands above.
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(label));
    *left |= response.lost_focus();
    follow_focus(&response);
}

/// Scrolls to what gets the focus, so that the keyboard is enough.
pub(super) fn follow_focus(response: &Response) {
    if response.gained_focus() {
        response.scroll_to_me(Some(Align::Center));
    }
}

fn choices(
    ui: &mut Ui,
    question: &Question,
    options: &Options,
    several: bool,
    entry: &mut Entry,
    sheet: &Sheet<'_>,
) {
    let kind = if several { WidgetType::Checkbox } else { WidgetType::RadioButton };
    for at in options.order(&question.id, sheet.own_seed) {
        let picture =
            options.pictures.get(at).and_then(|it| pictures::texture(ui.ctx(), it, sheet.pictures));
        let chosen = entry.chosen.contains(&at);
        if option(ui, &options.options[at], chosen, kind, picture.as_ref()).clicked() {
            if several && chosen {
                entry.chosen.remove(&at);
            } else {
                choose(entry, several);
                entry.chosen.insert(at);
            }
        }
    }
    if let Some(label) = &options.other {
        if option(ui, label, entry.other, kind, None).clicked() {
            let chosen = !(several && entry.other);
            if chosen {
                choose(entry, several);
            }
            entry.other = chosen;
        }
        if entry.other {
            let width = ui.available_width();
            let hint = sheet.words.line("form-other-hint");
            field(ui, label, &mut entry.other_text, &mut entry.left, 1, width, &hint);
        }
    }
}

/// One answer takes the place of another where only one can be given.
fn choose(entry: &mut Entry, several: bool) {
    if !several {
        entry.chosen.clear();
        entry.other = false;
    }
}

/// An option as a row to click on.
fn option(
    ui: &mut Ui,
    label: &str,
    chosen: bool,
    kind: WidgetType,
    picture: Option<&TextureHandle>,
) -> Response {
    let width = ui.available_width();
    let beside = picture.map_or(0.0, |_| THUMBNAIL + theme::GAP);
    let font = theme::font(size::BODY);
    let wrap = (width - 64.0 - beside).max(60.0);
    let galley = ui.painter().layout(label.to_owned(), font, theme::INK, wrap);
    let height =
        (galley.size().y + 20.0).max(if picture.is_some() { THUMBNAIL + 14.0 } else { 0.0 });
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(kind, true, chosen, label));
    follow_focus(&response);
    let painter = ui.painter();
    let round = CornerRadius::same(8);
    let fill = if chosen {
        theme::CHOSEN
    } else if response.hovered() {
        theme::PAPER
    } else {
        theme::CARD
    };
    let stroke = match (response.has_focus(), chosen) {
        (true, _) => Stroke::new(2.5, theme::INK),
        (_, true) => Stroke::new(1.5, theme::ACCENT),
        _ => Stroke::new(1.0, theme::LINE),
    };
    painter.rect(rect, round, fill, stroke, StrokeKind::Inside);
    let middle = pos2(rect.left() + 24.0, rect.center().y);
    let tone = if chosen { theme::ACCENT } else { theme::MUTED };
    if kind == WidgetType::Checkbox {
        let square = Rect::from_center_size(middle, vec2(20.0, 20.0));
        painter.rect_stroke(
            square,
            CornerRadius::same(4),
            Stroke::new(2.0, tone),
            StrokeKind::Inside,
        );
        if chosen {
            let tick = [vec2(-5.0, 0.0), vec2(-1.5, 4.0), vec2(5.5, -4.5)].map(|it| middle + it);
            painter.line(tick.to_vec(), Stroke::new(2.5, tone));
        }
    } else {
        painter.circle_stroke(middle, 9.5, Stroke::new(2.0, tone));
        if chosen {
            painter.circle_filled(middle, 5.0, tone);
        }
    }
    let mut left = rect.left() + 48.0;
    if let Some(picture) = picture {
        let extent = picture.size_vec2();
        let scale = (THUMBNAIL / extent.x).min(THUMBNAIL / extent.y).min(1.0);
        let middle = pos2(left + THUMBNAIL / 2.0, rect.center().y);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let place = Rect::from_center_size(middle, extent * scale);
        painter.image(picture.id(), place, whole, bevy_egui::egui::Color32::WHITE);
        left += beside;
    }
    let at = Align2::LEFT_CENTER.anchor_size(pos2(left, rect.center().y), galley.size());
    painter.galley(at.min, galley, theme::INK);
    response
}
