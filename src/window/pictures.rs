//! Pictures of the window: one of each screen as it opens, and one every few seconds of play.
//! A developer's option, used by the tests.

use crate::flow::Screen;
use bevy::prelude::{
    App, Commands, IntoScheduleConfigs as _, Real, Res, ResMut, Resource, State, Time, Update,
};
use bevy::render::view::screenshot::{Screenshot, save_to_disk};
use std::path::PathBuf;
use std::time::Duration;

/// Between two pictures of a game.
const EVERY: Duration = Duration::from_secs(3);
/// Updates after which a new screen is laid out and drawn.
const SETTLED: u32 = 4;

/// Takes pictures of an app's window and puts them into a directory.
pub fn plugin(app: &mut App, directory: PathBuf) {
    let pictures = Pictures { directory, screen: None, updates: 0, next: Duration::ZERO, taken: 0 };
    app.insert_resource(pictures)
        .add_systems(Update, take.after(crate::flow::FlowSystems::Advance));
}

#[derive(Resource)]
struct Pictures {
    directory: PathBuf,
    screen: Option<Screen>,
    updates: u32,
    next: Duration,
    taken: u32,
}

fn take(
    mut commands: Commands,
    mut pictures: ResMut<Pictures>,
    screen: Res<State<Screen>>,
    time: Res<Time<Real>>,
) {
    let screen = *screen.get();
    if pictures.screen != Some(screen) {
        pictures.screen = Some(screen);
        pictures.updates = 0;
    }
    pictures.updates += 1;
    let opened = pictures.updates == SETTLED;
    let due =
        screen == Screen::Game && pictures.updates > SETTLED && time.elapsed() >= pictures.next;
    if !(opened || due) {
        return;
    }
    pictures.next = time.elapsed() + EVERY;
    let name = format!("{:02}-{screen:?}.png", pictures.taken).to_lowercase();
    pictures.taken += 1;
    let path = pictures.directory.join(name);
    commands.spawn(Screenshot::primary_window()).observe(save_to_disk(path));
}
