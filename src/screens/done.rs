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
        (Some(who), _) => who.key(),
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
    let reason = what_happened(status, outcome).filter(|_| message.is_none());
    let reason = reason.map(|key| words.line(key));
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
        reason: reason.as_deref(),
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

/// What happened in the last game that says more than the outcome does, as a key of the catalogue. Of a
/// game before the program was started again, nothing is known.
const fn what_happened(status: &Status, outcome: Outcome) -> Option<&'static str> {
    match (outcome, status.away, &status.ending) {
        (Outcome::Excluded, Some(AwayTooLong::Me | AwayTooLong::Both), _) => Some("end-away-text"),
        // Of the two rules that exclude, it was the other one.
        (Outcome::Excluded, None, Some(_)) => Some("end-slow-text"),
        (Outcome::PartnerLeft, Some(AwayTooLong::Partner), _) => Some("end-partner-away-text"),
        (Outcome::PartnerLeft, None, Some(Ending::PartnerLost | Ending::NotResumed(_))) => {
            Some("end-partner-lost-text")
        }
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::what_happened;
    use crate::flow::Status;
    use crate::outcome::AwayTooLong;
    use dyad_experiment::Outcome;
    use dyad_netplay::Ending;
    use dyad_protocol::Seat;
    use dyad_rollback::peering::LeaveReason;

    #[test]
    fn an_early_end_is_put_down_to_what_happened() {
        let said = |outcome, away, ending| {
            what_happened(&Status { away, ending, ..Status::default() }, outcome)
        };
        let (done, lost) = (Some(Ending::Completed), Some(Ending::PartnerLost));
        let (me, partner) = (Some(AwayTooLong::Me), Some(AwayTooLong::Partner));
        assert_eq!(said(Outcome::Excluded, me, done.clone()), Some("end-away-text"));
        assert_eq!(said(Outcome::PartnerLeft, partner, done), Some("end-partner-away-text"));
        assert_eq!(said(Outcome::PartnerLeft, None, lost), Some("end-partner-lost-text"));
        let quit = Some(Ending::PartnerLeft { seat: Seat(1), reason: LeaveReason::Quit });
        assert_eq!(said(Outcome::PartnerLeft, None, quit), None, "the outcome says all of it");
        let dismissed = Some(Ending::Left(LeaveReason::Quit));
        assert_eq!(said(Outcome::Excluded, None, dismissed), Some("end-slow-text"));
        assert_eq!(said(Outcome::Excluded, None, None), None, "nobody played since the start");
    }
}
