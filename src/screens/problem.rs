//! Problem: something went wrong that cannot be mended here. The last resort: what it was, what to do,
//! and where the data is. Whoever was not let in by a lab may try another link.

use super::page;
use super::start::Typed;
use crate::flow::{CurrentMatch, Screen, Status};
use crate::lab::{LabConnection, refused};
use crate::words::Words;
use bevy::app::AppExit;
use bevy::prelude::{Commands, MessageWriter, NextState, Res, ResMut, Result};
use bevy_egui::EguiContexts;
use bevy_egui::egui::{Context, Ui};
use dyad_protocol::lobby::Refusal;
use std::path::Path;

/// What a person does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Closes the program.
    Close,
    /// Gives another link.
    AnotherLink,
}

/// Shows the screen. Returns what the person chooses.
pub fn show(
    ctx: &Context,
    status: &Status,
    records: Option<&Path>,
    words: &Words,
) -> Option<Choice> {
    let mut choice = None;
    page::page(ctx, "problem", |ui| {
        match status.turned_away {
            Some(why) => choice = turned_away(ui, status, why, words),
            None => for_good(ui, status, records, words),
        }
        if page::close_button(ui, words) {
            choice = Some(Choice::Close);
        }
    });
    choice
}

fn for_good(ui: &mut Ui, status: &Status, records: Option<&Path>, words: &Words) {
    page::title(ui, &status.title, &words.line("problem-title"));
    let problem = status.problem.as_deref().map(page::sentence);
    page::attention(ui, problem.unwrap_or_else(|| words.line("problem-unknown")));
    page::text(ui, words.line("problem-text"));
    if let Some(records) = records.filter(|_| !status.closed.is_empty()) {
        let folder = records.display().to_string();
        page::remark(ui, words.line_with("problem-records", [("folder", folder.into())]));
    }
}

fn turned_away(ui: &mut Ui, status: &Status, why: Refusal, words: &Words) -> Option<Choice> {
    page::title(ui, &status.title, &words.line("refused-title"));
    page::text(ui, words.line(refused(why)));
    // For the experimenter.
    if let (Refusal::Version | Refusal::Malformed, Some(said)) = (why, &status.problem) {
        page::remark(ui, page::sentence(said));
    }
    page::quiet_button(ui, &words.line("connecting-elsewhere")).then_some(Choice::AnotherLink)
}

pub(super) fn draw(
    mut commands: Commands,
    mut contexts: EguiContexts,
    mut status: ResMut<Status>,
    mut typed: ResMut<Typed>,
    words: Res<Words>,
    current: Option<Res<CurrentMatch>>,
    mut next: ResMut<NextState<Screen>>,
    mut exit: MessageWriter<AppExit>,
) -> Result {
    let records = current.as_ref().map(|current| current.directory.as_path());
    match show(contexts.ctx_mut()?, &status, records, &words) {
        Some(Choice::Close) => drop(exit.write(AppExit::Success)),
        Some(Choice::AnotherLink) => {
            (status.problem, status.turned_away) = (None, None);
            typed.select = true;
            commands.remove_resource::<LabConnection>();
            next.set(Screen::Start);
        }
        None => {}
    }
    Ok(())
}
