//! Done: how it went, and that one may go.

use super::{page, scene};
use crate::flow::Status;
use crate::outcome::ended_early;
use bevy::app::AppExit;
use bevy::prelude::{MessageWriter, Res, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;

/// Shows the screen. Returns whether the person closes the program.
pub fn show(ctx: &Context, status: &Status) -> bool {
    let mut close = false;
    page::page(ctx, "done", |ui| {
        match ended_early(status) {
            None => page::title(ui, &status.title, "Thank you"),
            Some(why) => {
                page::title(ui, &status.title, "The game ended early");
                page::text(ui, page::sentence(&why));
            }
        }
        scene::last_words(ui, status);
        if !status.closed.is_empty() {
            page::progress(ui, "Received by the lab", status.received.len(), status.closed.len());
        }
        if status.kept() > 0 {
            page::attention(ui, "Some of your game has not reached the lab yet.");
            page::text(
                ui,
                "It is safe on this computer and is sent the next time Dyad starts. Please tell \
                 the experimenter.",
            );
        } else if !status.closed.is_empty() {
            page::text(ui, "Everything is saved. You can close this window now.");
        } else if status.completed.is_none() {
            page::text(ui, "Nothing was recorded. Please tell the experimenter.");
        }
        close = page::close_button(ui);
    });
    close
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    mut exit: MessageWriter<AppExit>,
) -> Result {
    if show(contexts.ctx_mut()?, &status) {
        exit.write(AppExit::Success);
    }
    Ok(())
}
