//! Saving: the game is over, records are on their way to the lab.

use super::page;
use crate::flow::Status;
use crate::theme;
use crate::words::Words;
use bevy::prelude::{Res, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;
use dyad_netplay::{Ending, Netplay};

/// Shows the screen. `episodes` is how many records are to be expected.
pub fn show(ctx: &Context, status: &Status, episodes: usize, words: &Words) {
    page::page(ctx, "saving", |ui| {
        page::title(ui, &status.title, &words.line("saving-title"));
        page::saved(ui, status.closed.len(), episodes, words);
        page::received(ui, status.received.len(), episodes, words);
        ui.add_space(theme::GAP / 2.0);
        if status.upload_trouble.is_none() {
            page::text(ui, words.line("saving-stay"));
        } else {
            page::attention(ui, words.line("saving-trouble"));
            page::text(ui, words.line("saving-not-lost"));
        }
    });
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    netplay: Option<Res<Netplay>>,
    words: Res<Words>,
) -> Result {
    let over = netplay.map_or(0, |netplay| usize::from(netplay.confirmed().episodes_over()));
    show(contexts.ctx_mut()?, &status, expected(&status, over), &words);
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
