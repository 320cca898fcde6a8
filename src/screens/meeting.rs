//! Meeting: a partner is found, the two computers connect; or the game begins with programs alone.

use super::page;
use crate::flow::Status;
use crate::theme;
use crate::view::legend::{self, Step};
use crate::words::Words;
use bevy::prelude::{Real, Res, Result, Time};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;
use dyad_netplay::Netplay;
use std::time::Duration;

/// After this long a person is told that it takes longer than it should.
const USUALLY_WITHIN: Duration = Duration::from_secs(8);

/// Shows the screen, and how the game is played that comes.
pub fn show(
    ctx: &Context,
    study: &str,
    players: u32,
    since: Duration,
    steps: &[Step],
    words: &Words,
) {
    page::page(ctx, "meeting", |ui| {
        page::title(ui, study, &words.line("meeting-title"));
        page::players(ui, players, players);
        page::text(ui, words.line("meeting-text"));
        if since > USUALLY_WITHIN {
            ui.add_space(theme::GAP);
            page::attention(ui, words.line("meeting-long"));
        } else {
            page::remark(ui, words.line("meeting-soon"));
        }
        page::legend(ui, steps);
    });
}

/// Shows the screen of somebody who plays with programs alone: there is nobody to connect to.
pub fn show_alone(ctx: &Context, study: &str, steps: &[Step], words: &Words) {
    page::page(ctx, "meeting", |ui| {
        page::title(ui, study, &words.line("meeting-alone"));
        page::legend(ui, steps);
    });
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    netplay: Res<Netplay>,
    time: Res<Time<Real>>,
    words: Res<Words>,
) -> Result {
    let since = time.elapsed().saturating_sub(netplay.statistics().milestones.matched);
    let settings = netplay.settings();
    let players = u32::from(settings.game.settings().players);
    let steps = legend::steps(&settings.game, settings.parameters.seat, &words);
    let ctx = contexts.ctx_mut()?;
    if settings.parameters.people.len() == 1 {
        show_alone(ctx, &status.title, &steps, &words);
    } else {
        show(ctx, &status.title, players, since, &steps, &words);
    }
    Ok(())
}
