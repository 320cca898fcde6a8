//! Done: how it went, and that one may go.

use super::completion::{self, End, Leaving, Upload};
use super::page;
use crate::flow::Status;
use crate::lab::pictures::{Album, Library};
use crate::outcome::{AwayTooLong, is_completed};
use crate::words::Words;
use bevy::app::AppExit;
use bevy::prelude::{Local, MessageWriter, Res, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::Context;
use dyad_experiment::Outcome;
use dyad_experiment::rules::Completion;
use dyad_experiment::scene::CompletionPage;
use dyad_netplay::Ending;
use dyad_protocol::study::{self as protocol, Completed};

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
        if !status.closed.is_empty() {
            page::received(ui, status.received.len(), status.closed.len(), words);
        }
        if status.kept() > 0 {
            page::attention(ui, words.line("done-kept"));
            page::text(ui, words.line("done-kept-text"));
        } else if !status.closed.is_empty() {
            page::text(ui, words.line("done-saved"));
        } else {
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

/// Shows how a study has ended that the lab led this person through.
fn show_end(
    ctx: &Context,
    status: &Status,
    completed: &Completed,
    pictures: &Album,
    state: &mut Leaving,
    words: &Words,
) -> bool {
    let Completed { outcome, code, url, title, message } = completed;
    let outcome = experiments(*outcome);
    let completion = Completion {
        url: url.clone(),
        codes: code.iter().map(|code| (outcome, code.clone())).collect(),
        messages: message.iter().map(|message| (outcome, message.clone())).collect(),
    };
    let end = End {
        study: &status.title,
        outcome,
        page: Some(&CompletionPage { title: title.clone(), text: None }),
        completion: &completion,
        // The lab has put it into the address already.
        panel_id: "",
        reason: None,
        pictures,
        upload: Upload {
            all: status.closed.len(),
            saved: status.closed.len(),
            received: status.received.len(),
            trouble: status.kept() > 0 && status.upload_trouble.is_some(),
        },
    };
    completion::show(ctx, &end, state, words)
}

/// An outcome as the lab names it, as experiment files do.
const fn experiments(outcome: protocol::Outcome) -> Outcome {
    match outcome {
        protocol::Outcome::Finished => Outcome::Finished,
        protocol::Outcome::NoPartner => Outcome::NoPartner,
        protocol::Outcome::PartnerLeft => Outcome::PartnerLeft,
        protocol::Outcome::LostConnection => Outcome::LostConnection,
        protocol::Outcome::Excluded => Outcome::Excluded,
        protocol::Outcome::ScreenedOut => Outcome::ScreenedOut,
        protocol::Outcome::Withdrew => Outcome::Withdrew,
    }
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    words: Res<Words>,
    library: Res<Library>,
    mut leaving: Local<Leaving>,
    mut exit: MessageWriter<AppExit>,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let closes = match &status.completed {
        Some(completed) => show_end(ctx, &status, completed, library.album(), &mut leaving, &words),
        None => show(ctx, &status, &words),
    };
    if closes {
        exit.write(AppExit::Success);
    }
    Ok(())
}
