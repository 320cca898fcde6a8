//! The screens, one file each. A screen draws what the flow and the simulation say, in a
//! function of plain values that needs no window; the system around it only fetches them.

pub mod away;
pub mod comfort;
pub mod completion;
pub mod connecting;
pub mod consent;
pub mod done;
pub mod form;
pub mod game;
pub mod markdown;
pub mod meeting;
pub mod page;
pub mod pictures;
pub mod problem;
pub mod reading;
pub mod saving;
pub mod scene;
pub mod screening;
pub mod start;
pub mod waiting;
pub mod warning;

#[cfg(test)]
mod looks;
#[cfg(test)]
mod tests;

use crate::flow::{FlowSystems, Screen};
use crate::lab::pictures::Library;
use crate::theme;
use crate::words::{Language, Words};
use bevy::prelude::{
    Added, App, IntoScheduleConfigs as _, Query, Res, ResMut, State, Update, in_state, not,
    resource_changed,
};
use bevy_egui::{EguiContext, EguiPrimaryContextPass};

/// Adds all screens to an app with a window.
pub fn plugin(app: &mut App) {
    app.init_resource::<start::Typed>()
        .init_resource::<scene::Draft>()
        .init_resource::<Library>()
        .init_resource::<Language>();
    let words = app.world().resource::<Language>().words();
    app.insert_resource(words);
    game::plugin(app);
    app.add_systems(
        Update,
        (
            speak.run_if(resource_changed::<Language>),
            dress,
            away::entitle,
            scene::fetch_pictures.after(FlowSystems::Lab),
        ),
    );
    app.add_systems(
        EguiPrimaryContextPass,
        (
            start::draw.run_if(in_state(Screen::Start)),
            connecting::draw.run_if(in_state(Screen::Connecting)),
            scene::draw.run_if(in_state(Screen::Scene)),
            scene::draw_way_out.run_if(in_state(Screen::Scene)),
            waiting::draw.run_if(in_state(Screen::Waiting)),
            meeting::draw.run_if(in_state(Screen::Meeting)),
            game::draw.run_if(in_state(Screen::Game)),
            saving::draw.run_if(in_state(Screen::Saving)),
            done::draw.run_if(in_state(Screen::Done)),
            problem::draw.run_if(in_state(Screen::Problem)),
            comfort::draw.run_if(not(in_state(Screen::Game))),
            warning::draw.run_if(playing_or_waiting),
        ),
    );
}

/// Whether a word of the lab's is of use: before a game or in one.
fn playing_or_waiting(screen: Res<State<Screen>>) -> bool {
    matches!(screen.get(), Screen::Scene | Screen::Waiting | Screen::Meeting | Screen::Game)
}

/// Takes the words of another language, once the study's is known.
fn speak(language: Res<Language>, mut words: ResMut<Words>) {
    *words = language.words();
}

/// Gives a window its look before anything is drawn in it: fonts only count from the next pass.
pub(crate) fn dress(mut contexts: Query<&mut EguiContext, Added<EguiContext>>) {
    for mut context in &mut contexts {
        theme::apply(context.get_mut());
    }
}
