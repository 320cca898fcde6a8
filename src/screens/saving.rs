//! Saving: the game is over, records are on their way to the lab.

use super::page;
use crate::flow::Status;
use crate::theme;
use bevy::prelude::{Res, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;
use dyad_netplay::{Ending, Netplay};

/// Shows the screen. `episodes` is how many records are to be expected.
pub fn show(ctx: &Context, status: &Status, episodes: usize) {
    page::page(ctx, "saving", |ui| {
        page::title(ui, &status.title, "Saving your game");
        page::progress(ui, "Saved on this computer", status.closed.len(), episodes);
        page::progress(ui, "Received by the lab", status.received.len(), episodes);
        ui.add_space(theme::GAP / 2.0);
        if status.upload_trouble.is_none() {
            page::text(ui, "Please leave this window open for a moment.");
        } else {
            page::attention(ui, "The lab has not received everything yet.");
            page::text(
                ui,
                "Nothing is lost: what is saved on this computer is sent the next time Dyad \
                 starts.",
            );
        }
    });
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    netplay: Option<Res<Netplay>>,
) -> Result {
    let over = netplay.map_or(0, |netplay| usize::from(netplay.confirmed().episodes_over()));
    show(contexts.ctx_mut()?, &status, expected(&status, over));
    Ok(())
}

/// Records to be expected: of every episode that is `over`, or those there are if the match did
/// not come to its end.
#[must_use]
pub fn expected(status: &Status, over: usize) -> usize {
    match status.ending {
        Some(Ending::Completed) => over,
        _ => status.closed.len(),
    }
}
