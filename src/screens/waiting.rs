//! The waiting room.

use super::page;
use crate::flow::{JoinOptions, Status};
use crate::theme;
use bevy::prelude::{Res, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;

/// Shows the screen. A person sees the keys while there is time to read.
pub fn show(ctx: &Context, status: &Status, has_keys: bool) {
    let (here, needed) = status.waiting.unwrap_or((1, 2));
    page::page(ctx, "waiting", |ui| {
        page::title(ui, &status.title, "Waiting for a partner");
        page::players(ui, here, needed);
        page::text(ui, format!("{here} of {needed} people are here."));
        page::text(ui, "The game starts by itself. Please stay at this window.");
        if let Some(trouble) = &status.lab_trouble {
            page::attention(ui, "The lab is out of reach at the moment.");
            page::remark(ui, page::sentence(trouble));
        }
        if has_keys {
            ui.add_space(theme::GAP);
            page::keys(ui);
        }
    });
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    options: Res<JoinOptions>,
) -> Result {
    show(contexts.ctx_mut()?, &status, options.policy.is_none());
    Ok(())
}
