//! Connecting: the lab has not answered yet.

use super::page;
use super::start::Typed;
use crate::flow::{Screen, Status};
use crate::lab::{LabConnection, Unreached};
use crate::theme;
use crate::words::Words;
use bevy::prelude::{Commands, NextState, Res, ResMut, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;

/// Shows the screen. Returns whether the person wants to give another link.
pub fn show(ctx: &Context, address: &str, trouble: Option<&Unreached>, words: &Words) -> bool {
    let mut elsewhere = false;
    page::page(ctx, "connecting", |ui| {
        page::title(ui, "", &words.line("connecting-title"));
        page::players(ui, 0, 1);
        page::remark(ui, address);
        if let Some(trouble) = trouble {
            ui.add_space(theme::GAP);
            page::attention(ui, words.line("connecting-trouble"));
            page::remark(ui, trouble.sentence(words));
            page::text(ui, words.line("connecting-patience"));
            ui.add_space(theme::GAP);
            elsewhere = page::quiet_button(ui, &words.line("connecting-elsewhere"));
        }
    });
    elsewhere
}

pub(super) fn draw(
    mut commands: Commands,
    mut contexts: EguiContexts,
    lab: Option<Res<LabConnection>>,
    status: Res<Status>,
    mut typed: ResMut<Typed>,
    words: Res<Words>,
    mut next: ResMut<NextState<Screen>>,
) -> Result {
    let address = lab.map(|lab| format!("{}:{}", lab.link().host, lab.link().port));
    let address = address.unwrap_or_default();
    if show(contexts.ctx_mut()?, &address, status.lab_trouble.as_ref(), &words) {
        typed.select = true;
        commands.remove_resource::<LabConnection>();
        next.set(Screen::Start);
    }
    Ok(())
}
