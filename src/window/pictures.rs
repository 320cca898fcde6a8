//! Pictures of the window: one of each screen and scene as it opens, and one every few seconds of play;
//! and what stands in it (`elements.json`). A developer's option, used by the tests.

use super::elements;
use crate::course::Course;
use crate::flow::Screen;
use crate::lab::pictures::Library;
use bevy::prelude::{
    App, Commands, IntoScheduleConfigs as _, Real, Res, ResMut, Resource, State, Time, Update,
};
use bevy::render::view::screenshot::{Screenshot, save_to_disk};
use std::path::PathBuf;
use std::time::Duration;

/// Between two pictures of a game.
const EVERY: Duration = Duration::from_secs(3);
/// Updates after which a new screen is laid out and drawn, once the study's pictures are there.
const SETTLED: u32 = 4;

/// Takes pictures of an app's window and puts them into a directory.
pub(super) fn plugin(app: &mut App, directory: PathBuf) {
    elements::plugin(app, directory.clone());
    let pictures = Pictures { directory, shown: None, updates: 0, next: Duration::ZERO, taken: 0 };
    app.insert_resource(pictures)
        .add_systems(Update, take.after(crate::flow::FlowSystems::Advance));
}

#[derive(Resource)]
struct Pictures {
    directory: PathBuf,
    shown: Option<(Screen, Option<u32>)>,
    updates: u32,
    next: Duration,
    taken: u32,
}

fn take(
    mut commands: Commands,
    mut pictures: ResMut<Pictures>,
    screen: Res<State<Screen>>,
    course: Res<Course>,
    library: Res<Library>,
    time: Res<Time<Real>>,
) {
    let screen = *screen.get();
    let scene = course.open().filter(|_| screen == Screen::Scene);
    let shown = Some((screen, scene.map(|scene| scene.step)));
    if pictures.shown != shown {
        pictures.shown = shown;
        pictures.updates = 0;
    }
    if library.album().is_waiting() {
        return;
    }
    pictures.updates += 1;
    let opened = pictures.updates == SETTLED;
    let due =
        screen == Screen::Game && pictures.updates > SETTLED && time.elapsed() >= pictures.next;
    if !(opened || due) {
        return;
    }
    pictures.next = time.elapsed() + EVERY;
    let what = scene.map_or_else(|| format!("{screen:?}"), |scene| format!("{:?}", scene.kind));
    let name = format!("{:02}-{what}.png", pictures.taken).to_lowercase();
    pictures.taken += 1;
    let path = pictures.directory.join(name);
    commands.spawn(Screenshot::primary_window()).observe(save_to_disk(path));
}
