//! The end of a study, however it came: what to say, the code, and where the data is.

use super::{markdown, page};
use crate::lab::pictures::Album;
use crate::theme::{self, size};
use crate::words::Words;
use bevy_egui::egui::{
    Align2, Context, CornerRadius, FontId, Key, OpenUrl, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    WidgetType, vec2,
};
use dyad_experiment::Outcome;
use dyad_experiment::rules::Completion;
use dyad_experiment::scene::CompletionPage;

/// How a study ended for somebody.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// The study's title.
    pub study: &'a str,
    /// The outcome.
    pub outcome: Outcome,
    /// The study's last page, if it has one; for those who finish.
    pub page: Option<&'a CompletionPage>,
    /// Codes and messages.
    pub completion: &'a Completion,
    /// What the panel calls this person.
    pub panel_id: &'a str,
    /// Why the last game has ended, where that says more than the outcome. It stands for the outcome's
    /// title and message.
    pub reason: Option<&'a str>,
    /// Pictures of texts.
    pub pictures: &'a Album,
    /// Where the data is.
    pub upload: Upload,
}

/// Where the records are, in their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upload {
    /// There are so many.
    pub all: usize,
    /// Saved on this computer.
    pub saved: usize,
    /// Received by the lab.
    pub received: usize,
    /// Whether sending them waits for something.
    pub trouble: bool,
}

/// What somebody has done on the last page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leaving {
    /// Whether they have copied the code.
    pub(super) copied: bool,
}

/// Shows the screen. Returns whether the person closes the program.
pub fn show(ctx: &Context, end: &End<'_>, state: &mut Leaving, words: &Words) -> bool {
    page::sheet(
        ctx,
        "completion",
        |ui| {
            page::title_left(ui, end.study, &title(end, words));
            markdown::show(ui, "completion", &text(end, words), end.pictures, words);
            if let Some(code) = end.completion.codes.get(&end.outcome) {
                ui.add_space(theme::GAP / 2.0);
                self::code(ui, code, end, state, words);
            }
            if end.upload.all > 0 {
                ui.add_space(theme::GAP / 2.0);
                upload(ui, &end.upload, words);
            }
        },
        |ui| {
            let close = words.line("close");
            let is_safe = end.upload.received >= end.upload.all;
            let clicked = if is_safe {
                page::button(ui, &close, &[])
            } else {
                page::quiet_button(ui, &close)
            };
            clicked || page::pressed(ui, Key::Escape)
        },
    )
}

/// The key of an outcome's title, and that of its text.
const fn keys(outcome: Outcome) -> [&'static str; 2] {
    match outcome {
        Outcome::Finished => ["end-finished-title", "end-finished-text"],
        Outcome::NoPartner => ["end-no-partner-title", "end-no-partner-text"],
        Outcome::PartnerLeft => ["end-partner-left-title", "end-partner-left-text"],
        Outcome::LostConnection => ["end-lost-connection-title", "end-lost-connection-text"],
        Outcome::Excluded => ["end-excluded-title", "end-excluded-text"],
        Outcome::ScreenedOut => ["end-screened-out-title", "end-screened-out-text"],
        Outcome::Withdrew => ["end-withdrew-title", "end-withdrew-text"],
    }
}

fn own_page<'a>(end: &End<'a>) -> Option<&'a CompletionPage> {
    end.page.filter(|_| end.outcome == Outcome::Finished)
}

fn title(end: &End<'_>, words: &Words) -> String {
    let own = own_page(end).and_then(|page| page.title.clone());
    let usual = if end.reason.is_some() { "end-game-title" } else { keys(end.outcome)[0] };
    own.unwrap_or_else(|| words.line(usual))
}

/// The page's own text, or the reason, or the outcome's message, or else the program's words.
fn text(end: &End<'_>, words: &Words) -> String {
    let own = own_page(end).and_then(|page| page.text.as_ref()).map(|text| text.markdown.as_str());
    let message = end.completion.messages.get(&end.outcome).map(String::as_str);
    let said = own.or(end.reason).or(message);
    said.map_or_else(|| words.line(keys(end.outcome)[1]), str::to_owned)
}

/// The code, with what one does with it.
fn code(ui: &mut Ui, code: &str, end: &End<'_>, state: &mut Leaving, words: &Words) {
    page::text(ui, words.line("end-code-text"));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 64.0), Sense::hover());
    let label = words.line("end-code");
    response
        .widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, format!("{label}: {code}")));
    let painter = ui.painter();
    painter.rect_filled(rect, CornerRadius::same(8), theme::PAPER);
    let border = Stroke::new(1.0, theme::LINE);
    painter.rect_stroke(rect, CornerRadius::same(8), border, StrokeKind::Inside);
    // As large as it fits.
    let mut font = FontId::monospace(size::FIGURE);
    let width = |font: &FontId| painter.layout_no_wrap(code.to_owned(), font.clone(), theme::INK);
    while width(&font).size().x > rect.width() - 24.0 && font.size > 9.0 {
        font.size -= 1.0;
    }
    painter.text(rect.center(), Align2::CENTER_CENTER, code, font, theme::INK);
    let copy = words.line(if state.copied { "end-copied" } else { "end-copy" });
    let url = end.completion.url(end.outcome, end.panel_id);
    let open = words.line("end-open");
    let copied = match &url {
        Some(url) => {
            let [opens, copies] = page::two_buttons(ui, &open, &copy);
            if opens {
                ui.ctx().open_url(OpenUrl::new_tab(url));
            }
            page::remark(ui, words.line("end-open-text"));
            copies
        }
        None => page::quiet_button(ui, &copy),
    };
    if copied {
        ui.ctx().copy_text(code.to_owned());
        state.copied = true;
    }
}

/// How much of the data is where, and what follows from it.
fn upload(ui: &mut Ui, upload: &Upload, words: &Words) {
    page::saved(ui, upload.saved, upload.all, words);
    page::received(ui, upload.received, upload.all, words);
    if upload.received >= upload.all {
        page::text(ui, words.line("done-saved"));
    } else if upload.trouble {
        page::attention(ui, words.line("saving-trouble"));
        page::text(ui, words.line("saving-not-lost"));
    } else {
        page::text(ui, words.line("end-wait-for-lab"));
    }
}
