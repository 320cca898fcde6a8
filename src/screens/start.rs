//! Start: where a person without a link on the command line gives one.

use super::page;
use crate::begin;
use crate::flow::{Screen, Status};
use crate::lab;
use crate::theme;
use crate::words::Words;
use bevy::prelude::{Commands, MessageReader, NextState, Res, ResMut, Resource, Result, World};
use bevy::window::FileDragAndDrop;
use bevy_egui::EguiContexts;
use bevy_egui::egui::text::{CCursor, CCursorRange};
use bevy_egui::egui::{Context, Key, Margin, TextEdit};
use dyad_protocol::JoinLink;

/// What has been typed so far, and what was wrong with it.
#[derive(Resource, Clone, Debug, Default)]
pub struct Typed {
    /// The link.
    pub link: String,
    /// Why it was not taken, in the program's terms.
    pub mistake: Option<String>,
    /// Whether the text is to be selected, so that what is typed or pasted next takes its place: a link
    /// that was there before, or a wrong one.
    pub select: bool,
}

impl Typed {
    /// The link of the lab that this computer was at last.
    #[must_use]
    pub const fn known(link: String) -> Self {
        Self { link, mistake: None, select: true }
    }
}

/// Shows the screen. Returns the link once it is a good one.
pub fn show(ctx: &Context, typed: &mut Typed, words: &Words) -> Option<JoinLink> {
    let mut submitted = false;
    page::page(ctx, "start", |ui| {
        page::title(ui, "", &words.line("start-title"));
        page::text(ui, words.line("start-text"));
        ui.add_space(theme::GAP);
        let field = TextEdit::singleline(&mut typed.link)
            .hint_text("dyad://192.168.1.20:8642/join")
            .char_limit(500)
            .text_color(theme::INK)
            .margin(Margin::symmetric(14, 12))
            .desired_width(f32::INFINITY);
        let mut shown = field.show(ui);
        let field = &shown.response;
        if std::mem::take(&mut typed.select) {
            let whole =
                CCursorRange::two(CCursor::new(0), CCursor::new(typed.link.chars().count()));
            shown.state.cursor.set_char_range(Some(whole));
            shown.state.store(ui.ctx(), field.id);
        }
        if field.changed() {
            typed.mistake = None;
        }
        if !field.has_focus() && ui.memory(|memory| memory.focused().is_none()) {
            field.request_focus();
        }
        if let Some(mistake) = &typed.mistake {
            page::attention(ui, words.line("start-mistake"));
            page::remark(ui, page::sentence(mistake));
        }
        ui.add_space(theme::GAP);
        submitted = page::button(ui, &words.line("start-join"), &[Key::Enter]);
        page::remark(ui, words.line("start-drop"));
    });
    if !submitted || typed.link.trim().is_empty() {
        return None;
    }
    match lab::read_link(typed.link.trim()) {
        Ok(link) => Some(link),
        Err(error) => {
            typed.mistake = Some(format!("{error:#}"));
            // What is pasted next takes its place.
            typed.select = true;
            None
        }
    }
}

pub(super) fn draw(
    mut commands: Commands,
    mut contexts: EguiContexts,
    mut typed: ResMut<Typed>,
    mut status: ResMut<Status>,
    mut dropped: MessageReader<FileDragAndDrop>,
    mut next: ResMut<NextState<Screen>>,
    words: Res<Words>,
) -> Result {
    for file in dropped.read() {
        if let FileDragAndDrop::DroppedFile { path_buf, .. } = file {
            typed.link = path_buf.to_string_lossy().into_owned();
        }
    }
    if let Some(link) = show(contexts.ctx_mut()?, &mut typed, &words) {
        status.lab_trouble = None;
        commands.queue(move |world: &mut World| begin::connect(world, link));
        next.set(Screen::Connecting);
    }
    Ok(())
}
