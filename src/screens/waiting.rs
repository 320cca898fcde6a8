//! The waiting room.

use super::page;
use crate::course::{self, Course};
use crate::flow::{JoinOptions, Status};
use crate::input::keyboard::Keyboard;
use crate::input::keymap::Keymap;
use crate::lab::Unreached;
use crate::theme;
use crate::view::hud;
use crate::words::Words;
use bevy::prelude::{Commands, Local, Real, Res, Result, Time, World};
use bevy_egui::EguiContexts;
use bevy_egui::egui::{Context, Key};
use std::time::Duration;

/// What is known of the room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// The study's title.
    pub study: String,
    /// People who are here, and people that a game needs. `None` where a study does not tell.
    pub people: Option<(u32, u32)>,
    /// How long this person waits at most from now on, if there is a limit.
    pub left: Option<Duration>,
    /// Why the lab is not reached, if it is not.
    pub trouble: Option<Unreached>,
    /// The keys of the game, if they are known and a person plays.
    pub keys: Option<Keymap>,
}

/// What the person has done in the room so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Whether the button to leave was pressed, and they are asked once more.
    pub(super) leaving: bool,
}

/// Shows the screen. Returns whether the person leaves.
pub fn show(ctx: &Context, room: &Room, state: &mut Waiting, words: &Words) -> bool {
    let mut leaves = false;
    page::page(ctx, "waiting", |ui| {
        if state.leaving {
            page::title(ui, &room.study, &words.line("waiting-leave-title"));
            page::text(ui, words.line("waiting-leave-text"));
            ui.add_space(theme::GAP);
            let (stay, leave) = (words.line("waiting-stay-here"), words.line("waiting-leave-sure"));
            let [stays, sure] = page::two_buttons(ui, &stay, &leave);
            state.leaving = !stays && !ui.input(|input| input.key_pressed(Key::Escape));
            leaves = sure;
            return;
        }
        page::title(ui, &room.study, &words.line("waiting-title"));
        let (here, needed) = room.people.unwrap_or((1, 2));
        page::players(ui, here, needed);
        if room.people.is_some() {
            let people = [("here", here.into()), ("needed", needed.into())];
            page::text(ui, words.line_with("waiting-count", people));
        }
        page::text(ui, words.line("waiting-stay"));
        if let Some(left) = room.left {
            let seconds = u32::try_from(left.as_secs()).unwrap_or(u32::MAX);
            let time = [("time", hud::clock(seconds).into())];
            page::remark(ui, words.line_with("waiting-left", time));
        }
        if let Some(trouble) = &room.trouble {
            page::attention(ui, words.line("waiting-trouble"));
            page::remark(ui, trouble.sentence(words));
        }
        if let Some(keymap) = &room.keys {
            ui.add_space(theme::GAP / 2.0);
            page::keys(ui, keymap, words);
        }
        state.leaving = page::quiet_button(ui, &words.line("waiting-leave"));
    });
    leaves
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    status: Res<Status>,
    options: Res<JoinOptions>,
    words: Res<Words>,
    mut state: Local<Waiting>,
    time: Res<Time<Real>>,
    course: Res<Course>,
    keyboard: Res<Keyboard>,
    mut commands: Commands,
) -> Result {
    let room = Room {
        study: status.title.clone(),
        people: status.waiting,
        left: status.waits_until.map(|until| until.saturating_sub(time.elapsed())),
        trouble: status.lab_trouble.clone(),
        keys: course
            .controls()
            .filter(|_| options.policy.is_none())
            .map(|controls| keyboard.keymap.with(&controls).0),
    };
    if show(contexts.ctx_mut()?, &room, &mut state, &words) {
        // The lab answers with the end of the study.
        commands.queue(|world: &mut World| course::withdraw(world));
    }
    Ok(())
}
