//! A partner that is a program: said for as long as one plays with it, if the study wants it said.

use crate::flow::{CurrentMatch, Screen};
use crate::theme::{self, size};
use crate::view::hud;
use crate::words::Words;
use bevy::prelude::{App, IntoScheduleConfigs as _, Res, Result, in_state};
use bevy_egui::egui::{
    Align2, Area, Context, CornerRadius, Frame, Id, Margin, Order, RichText, vec2,
};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};
use dyad_protocol::lobby::Ticket;

/// Adds what is said to an app with a window.
pub(super) fn plugin(app: &mut App) {
    app.add_systems(EguiPrimaryContextPass, draw.run_if(in_state(Screen::Game)));
}

/// What is said of the programs in a game; `None` if nothing.
fn announcement(ticket: &Ticket, words: &Words) -> Option<String> {
    let players = &ticket.players;
    let programs = players.programs().filter(|(_, program)| program.announced).count();
    let partners = players.programs().count() + players.partners(ticket.seat).count();
    match (programs, partners) {
        (0, _) => None,
        (1, 1) => Some(words.line("partner-program")),
        (all, partners) if all == partners => Some(words.line("partner-programs")),
        _ => Some(words.line("partner-program-among")),
    }
}

/// Shows a line below the time that is left.
fn show(ctx: &Context, line: &str) {
    let card = Frame::new()
        .fill(theme::CARD)
        .corner_radius(CornerRadius::same(10))
        .inner_margin(Margin::symmetric(14, 7));
    Area::new(Id::new("partner"))
        .order(Order::Foreground)
        .interactable(false)
        .anchor(Align2::RIGHT_TOP, vec2(-theme::GAP, hud::TOP))
        .show(ctx, |ui| {
            card.show(ui, |ui| {
                ui.label(RichText::new(line).font(theme::font(size::SMALL)).color(theme::INK));
            });
        });
}

fn draw(mut contexts: EguiContexts, current: Res<CurrentMatch>, words: Res<Words>) -> Result {
    if let Some(line) = announcement(&current.ticket, &words) {
        show(contexts.ctx_mut()?, &line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::announcement;
    use crate::words::Words;
    use dyad_protocol::lobby::Ticket;
    use serde_json::json;

    #[test]
    fn programs_are_announced_if_the_study_says_so() {
        let words = Words::of("en").unwrap();
        let said = |people: usize, announced: &[bool]| {
            let program = |announced| json!({ "policy": "scripted", "announced": announced });
            let person = |id: &&str| json!({ "participant": id, "key": "1a".repeat(32) });
            let programs = announced.iter().map(program);
            let people = ["p-a", "p-b", "p-c"][..people].iter().map(person);
            let ticket: Ticket = serde_json::from_value(json!({
                "study": "s", "session": "s-1", "scene": "a", "seat": 0,
                "players": people.chain(programs).collect::<Vec<_>>(),
                "settings": {}, "game": "0a".repeat(32), "room": "r", "room_token": "t",
                "netcode": { "input_delay": 2, "prediction_window": 16 },
            }))
            .unwrap();
            announcement(&ticket, &words)
        };
        assert_eq!(said(2, &[]), None);
        assert_eq!(said(1, &[false]), None, "the study tells it afterwards");
        assert_eq!(said(1, &[true]).unwrap(), words.line("partner-program"));
        assert_eq!(said(1, &[true, true]).unwrap(), words.line("partner-programs"));
        assert_eq!(said(2, &[true]).unwrap(), words.line("partner-program-among"));
    }
}
