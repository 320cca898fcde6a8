//! A page to read, with a button to go on that may have to wait.

use super::{markdown, page};
use crate::lab::pictures::Album;
use crate::words::Words;
use bevy_egui::egui::{Context, Key};
use dyad_experiment::scene::Page;
use std::time::Duration;

/// When somebody opened the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened(pub(super) Option<Duration>);

impl Opened {
    /// How long the button still cannot be used; `now` counts from any fixed moment.
    fn wait(&mut self, page: &Page, now: Duration) -> Duration {
        let since = *self.0.get_or_insert(now);
        page.wait.saturating_sub(now.saturating_sub(since))
    }
}

/// Shows the screen. Returns whether the person goes on.
pub fn show(
    ctx: &Context,
    study: &str,
    content: &Page,
    pictures: &Album,
    state: &mut Opened,
    now: Duration,
    words: &Words,
) -> bool {
    let wait = state.wait(content, now);
    let button = content.button.clone().unwrap_or_else(|| words.line("continue"));
    page::sheet(
        ctx,
        "reading",
        |ui| {
            page::title_left(ui, study, content.title.as_deref().unwrap_or_default());
            markdown::show(ui, "reading", &content.text.markdown, pictures, words);
        },
        |ui| {
            let waits = !wait.is_zero();
            let goes_on = ui.add_enabled_ui(!waits, |ui| page::button(ui, &button, &[])).inner;
            if waits {
                let seconds = wait.as_millis().div_ceil(1000);
                let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
                page::remark(ui, words.line_with("page-wait", [("seconds", seconds.into())]));
                ui.ctx().request_repaint();
            }
            !waits && (goes_on || page::pressed(ui, Key::Enter))
        },
    )
}
