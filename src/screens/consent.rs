//! Consent: the text, and two answers. Whoever declines is asked kindly once more, and ends.

use super::{markdown, page};
use crate::lab::pictures::Album;
use crate::words::Words;
use bevy_egui::egui::Context;
use dyad_experiment::scene::Consent;
use dyad_gridworld::Digest;
use std::time::SystemTime;

/// What somebody decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether they agreed.
    pub agreed: bool,
    /// The digest of the exact text that they saw.
    pub text: Digest,
    /// When, by this computer's clock.
    pub at: SystemTime,
}

/// Where somebody is with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whether they have declined, and may still go back.
    pub(super) declining: bool,
}

/// Shows the screen. Returns the decision once it is made; `now` is its time.
pub fn show(
    ctx: &Context,
    study: &str,
    consent: &Consent,
    pictures: &Album,
    state: &mut Reading,
    now: SystemTime,
    words: &Words,
) -> Option<Decision> {
    let decided = |agreed| Decision { agreed, text: consent.text.digest(), at: now };
    if state.declining {
        let [ends, back] = decline(ctx, consent, pictures, words);
        state.declining = !back;
        return ends.then(|| decided(false));
    }
    let label = |own: &Option<String>, key| own.clone().unwrap_or_else(|| words.line(key));
    let (agree, decline) =
        (label(&consent.agree, "consent-agree"), label(&consent.decline, "consent-decline"));
    let title = label(&consent.title, "consent-title");
    let [agrees, declines] = page::sheet(
        ctx,
        "consent",
        |ui| {
            page::title_left(ui, study, &title);
            markdown::show(ui, "consent", &consent.text.markdown, pictures, words);
        },
        |ui| page::two_buttons(ui, &agree, &decline),
    );
    state.declining = declines;
    agrees.then(|| decided(true))
}

/// Asks who has declined. Returns whether they end, and whether they go back to the text.
fn decline(ctx: &Context, consent: &Consent, pictures: &Album, words: &Words) -> [bool; 2] {
    page::sheet(
        ctx,
        "declined",
        |ui| {
            page::title_left(ui, "", &words.line("consent-sure-title"));
            match &consent.declined {
                Some(text) => markdown::show(ui, "declined", &text.markdown, pictures, words),
                None => page::text(ui, words.line("consent-sure-text")),
            }
        },
        |ui| {
            let (end, back) = (words.line("consent-sure-end"), words.line("consent-sure-back"));
            page::two_buttons(ui, &end, &back)
        },
    )
}
