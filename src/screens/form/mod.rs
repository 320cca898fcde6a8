//! A form: questions below each other, checked while somebody answers. Nothing is sent before all
//! answers are answers, and what is missing is shown where it is.

pub mod draft;
mod mark;
mod question;
mod scale;
#[cfg(test)]
pub(super) mod tests;

pub use draft::Draft;

use super::{markdown, page};
use crate::lab::pictures::Album;
use crate::theme;
use crate::words::Words;
use bevy_egui::egui::{Align, Context};
use dyad_experiment::form::{Answer, Form};
use dyad_experiment::ids::QuestionId;
use std::collections::BTreeMap;

/// The answers to a form. Questions that were left out are not in it.
pub type Answers = BTreeMap<QuestionId, Answer>;

/// Shows the screen. Returns the answers once they are sent. `own_seed` is the person's, from which
/// the order of options follows.
pub fn show(
    ctx: &Context,
    study: &str,
    form: &Form,
    pictures: &Album,
    own_seed: u64,
    draft: &mut Draft,
    words: &Words,
) -> Option<Answers> {
    let open = draft.open(form);
    let reveal = draft.reveal.take();
    let asked = draft.asked;
    let send = form.button.clone().unwrap_or_else(|| words.line("form-send"));
    let title = form.title.clone().unwrap_or_else(|| words.line("form-title"));
    let entries = &mut draft.entries;
    let sent = page::sheet(
        ctx,
        "form",
        |ui| {
            page::title_left(ui, study, &title);
            if let Some(text) = &form.text {
                markdown::show(ui, "form", &text.markdown, pictures, words);
            }
            for asked_question in &form.questions {
                ui.add_space(theme::GAP);
                let entry = entries.entry(asked_question.id.clone()).or_default();
                let sheet = question::Sheet { pictures, own_seed, asked, words };
                let response = question::show(ui, asked_question, entry, &sheet);
                if reveal.as_ref() == Some(&asked_question.id) {
                    response.scroll_to_me(Some(Align::Center));
                }
            }
            ui.add_space(theme::GAP);
        },
        |ui| {
            if asked && open > 0 {
                let missing = words.line_with("form-missing", [("count", open.into())]);
                page::attention(ui, missing);
            }
            page::button(ui, &send, &[])
        },
    );
    if !sent {
        return None;
    }
    draft.send(form)
}
