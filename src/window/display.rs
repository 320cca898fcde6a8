//! When pictures of a game are handed to the display: of each key, the record's local table tells how long
//! its effect took to be seen.

use bevy::prelude::{App, IntoScheduleConfigs as _, ResMut, Resource};
use bevy::render::{ExtractSchedule, MainWorld, Render, RenderApp, RenderSystems};
use dyad_netplay::Simulation;
use smol::channel::{Receiver, Sender, bounded};
use std::time::Instant;

/// Pictures that nobody has asked about: more than an update makes.
const QUEUE: usize = 64;

/// A picture that shows more of a game than the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// How many frames the world that it shows has gone through.
    pub frames: u32,
    /// When it was handed to the display.
    pub at: Instant,
}

/// The pictures that were made since the last look. A client without a window makes none.
#[derive(Resource, Debug)]
pub struct Pictures(Receiver<Picture>);

impl Pictures {
    /// Those that were not asked for before.
    pub fn poll(&self) -> impl Iterator<Item = Picture> + '_ {
        std::iter::from_fn(|| self.0.try_recv().ok())
    }
}

/// The renderer's side.
#[derive(Resource)]
struct Making {
    /// The newest frame of which there is a picture.
    before: Option<u32>,
    /// What the picture that is being made shows.
    frames: Option<u32>,
    made: Sender<Picture>,
}

/// Tells an app with a renderer when its pictures are made.
pub(super) fn plugin(app: &mut App) {
    let Some(renderer) = app.get_sub_app_mut(RenderApp) else { return };
    let (made, pictures) = bounded(QUEUE);
    renderer
        .insert_resource(Making { before: None, frames: None, made })
        .add_systems(ExtractSchedule, hand_over)
        .add_systems(Render, tell.after(RenderSystems::Render).before(RenderSystems::Cleanup));
    app.insert_resource(Pictures(pictures));
}

fn hand_over(main: ResMut<MainWorld>, mut making: ResMut<Making>) {
    making.frames = main.get_resource::<Simulation>().map(|world| world.frame());
}

fn tell(mut making: ResMut<Making>) {
    let frames = making.frames;
    if let Some(frames) = frames.filter(|_| frames != making.before) {
        // With a full queue nobody asks, and with a closed one the program ends.
        drop(making.made.try_send(Picture { frames, at: Instant::now() }));
    }
    making.before = frames;
}
