//! Problem: what went wrong, what to do, and where the data is.

use super::page;
use crate::flow::{CurrentMatch, Status};
use bevy::app::AppExit;
use bevy::prelude::{MessageWriter, Res, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;
use std::path::Path;

/// Shows the screen. Returns whether the person closes the program.
pub fn show(ctx: &Context, status: &Status, records: Option<&Path>) -> bool {
    let mut close = false;
    page::page(ctx, "problem", |ui| {
        page::title(ui, &status.title, "This did not work");
        let problem = status.problem.as_deref().unwrap_or("the program cannot go on");
        page::attention(ui, page::sentence(problem));
        page::text(
            ui,
            "Please show this to the experimenter. Closing Dyad and opening your link again may \
             help.",
        );
        if let Some(records) = records.filter(|_| !status.closed.is_empty()) {
            page::remark(ui, format!("Your game so far is saved in {}", records.display()));
        }
        close = page::close_button(ui);
    });
    close
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    current: Option<Res<CurrentMatch>>,
    mut exit: MessageWriter<AppExit>,
) -> Result {
    let records = current.as_ref().map(|current| current.directory.as_path());
    if show(contexts.ctx_mut()?, &status, records) {
        exit.write(AppExit::Success);
    }
    Ok(())
}
