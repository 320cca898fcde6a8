//! Problem: what went wrong, what to do, and where the data is.

use super::page;
use crate::flow::{CurrentMatch, Status};
use crate::words::Words;
use bevy::app::AppExit;
use bevy::prelude::{MessageWriter, Res, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;
use std::path::Path;

/// Shows the screen. Returns whether the person closes the program.
pub fn show(ctx: &Context, status: &Status, records: Option<&Path>, words: &Words) -> bool {
    let mut close = false;
    page::page(ctx, "problem", |ui| {
        page::title(ui, &status.title, &words.line("problem-title"));
        let problem = status.problem.as_deref().map(page::sentence);
        page::attention(ui, problem.unwrap_or_else(|| words.line("problem-unknown")));
        page::text(ui, words.line("problem-text"));
        if let Some(records) = records.filter(|_| !status.closed.is_empty()) {
            let folder = records.display().to_string();
            page::remark(ui, words.line_with("problem-records", [("folder", folder.into())]));
        }
        close = page::close_button(ui, words);
    });
    close
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    words: Res<Words>,
    current: Option<Res<CurrentMatch>>,
    mut exit: MessageWriter<AppExit>,
) -> Result {
    let records = current.as_ref().map(|current| current.directory.as_path());
    if show(contexts.ctx_mut()?, &status, records, &words) {
        exit.write(AppExit::Success);
    }
    Ok(())
}
