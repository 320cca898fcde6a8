//! Done: how it went, and that one may go.

use super::{page, scene};
use crate::flow::Status;
use crate::outcome::{AwayTooLong, is_completed};
use crate::words::Words;
use bevy::app::AppExit;
use bevy::prelude::{MessageWriter, Res, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;
use dyad_netplay::Ending;

/// Shows the screen. Returns whether the person closes the program.
pub fn show(ctx: &Context, status: &Status, words: &Words) -> bool {
    let mut close = false;
    page::page(ctx, "done", |ui| {
        match why_early(status) {
            None => page::title(ui, &status.title, &words.line("done-title")),
            Some(why) => {
                page::title(ui, &status.title, &words.line("done-early"));
                page::text(ui, words.line(why));
            }
        }
        scene::last_words(ui, status);
        if !status.closed.is_empty() {
            page::received(ui, status.received.len(), status.closed.len(), words);
        }
        if status.kept() > 0 {
            page::attention(ui, words.line("done-kept"));
            page::text(ui, words.line("done-kept-text"));
        } else if !status.closed.is_empty() {
            page::text(ui, words.line("done-saved"));
        } else if status.completed.is_none() {
            page::text(ui, words.line("done-nothing"));
        }
        close = page::close_button(ui, words);
    });
    close
}

/// Why a match ended before all of it was played, as a key of the catalogue; `None` if it did not.
fn why_early(status: &Status) -> Option<&'static str> {
    let ending = status.ending.as_ref().filter(|_| !is_completed(status))?;
    Some(match (status.away, ending) {
        (Some(AwayTooLong::Me), _) => "ended-me-away",
        (Some(AwayTooLong::Partner), _) => "ended-partner-away",
        (Some(AwayTooLong::Both), _) => "ended-both-away",
        (None, Ending::Completed) => return None,
        (None, Ending::PartnerLeft { .. }) => "ended-partner-left",
        (None, Ending::PartnerLost) => "ended-partner-lost",
        (None, Ending::NotConnected) => "ended-not-connected",
        (None, Ending::NotResumed(_)) => "ended-not-resumed",
        (None, Ending::Refused(_)) => "ended-refused",
        (None, Ending::Left(_)) => "ended-left",
    })
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    words: Res<Words>,
    mut exit: MessageWriter<AppExit>,
) -> Result {
    if show(contexts.ctx_mut()?, &status, &words) {
        exit.write(AppExit::Success);
    }
    Ok(())
}
