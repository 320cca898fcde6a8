//! What a window costs, measured inside the program: how long a key takes to show its effect, and a picture
//! to be made. A developer's option; `cargo xtask window-figures` reads the file, which has these lines:
//!
//! ```text
//! opened,MS               the first picture on which nothing is missing: milliseconds since 1970
//! key,PICTURES,US         from a key that walks to the picture with the avatar in its new cell
//! picture,US,US,US        in a game: since the picture before, the program's own work on this one, and the
//!                         steps of the game in that
//! ```
//!
//! A key arrives when the program hears of it, at the beginning of an update. A picture is made when it has
//! been handed to the window system. What the graphics driver does is no work of the program's own.

use crate::flow::Screen;
use crate::view::board;
use bevy::input::ButtonState;
use bevy::input::keyboard::KeyboardInput;
use bevy::prelude::{
    App, First, IntoScheduleConfigs as _, KeyCode, Last, Local, MessageReader, PreUpdate, Res,
    ResMut, Resource, State,
};
use bevy::render::render_resource::PipelineCache;
use bevy::render::{ExtractSchedule, MainWorld, Render, RenderApp, RenderSystems};
use bevy_egui::egui::Vec2;
use dyad_netplay::{Netplay, NetplaySystems, Simulation};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// A key without an effect by then walked against something.
const FORGET_AFTER: Duration = Duration::from_secs(1);

/// Where lines go, and how many pictures were made.
#[derive(Resource, Clone)]
struct Log {
    file: Arc<File>,
    pictures: Arc<AtomicU64>,
}

impl Log {
    fn line(&self, text: &str) {
        // Whoever reads the file notices what is missing.
        drop(self.file.as_ref().write_all(format!("{text}\n").as_bytes()));
    }
}

/// A key that walks: when it arrived, after how many pictures, and where the avatar was.
#[derive(Clone, Copy, Debug)]
struct Press {
    at: Instant,
    pictures: u64,
    from: Vec2,
}

/// The update that is going on.
#[derive(Resource)]
struct Update {
    began: Instant,
    before: Instant,
    steps_began: Instant,
    steps: Duration,
    /// Not yet to be seen.
    pressed: Option<Press>,
    /// To be seen from this update on.
    effective: Option<Press>,
}

/// The key whose effect is on the picture that is being made.
#[derive(Resource, Default)]
struct Shown(Option<Press>);

/// Measures an app's window, and writes to a new file what it finds.
///
/// # Errors
/// If the file cannot be made.
pub(super) fn plugin(app: &mut App, file: &Path) -> io::Result<()> {
    let log = Log { file: Arc::new(File::create(file)?), pictures: Arc::default() };
    let now = Instant::now();
    app.insert_resource(log.clone()).insert_resource(Update {
        began: now,
        before: now,
        steps_began: now,
        steps: Duration::ZERO,
        pressed: None,
        effective: None,
    });
    app.add_systems(First, begin)
        .add_systems(PreUpdate, listen.before(NetplaySystems::Receive))
        .add_systems(PreUpdate, look.after(NetplaySystems::Commit))
        .add_systems(Last, end);
    if let Some(renderer) = app.get_sub_app_mut(RenderApp) {
        renderer
            .insert_resource(log)
            .init_resource::<Shown>()
            .add_systems(ExtractSchedule, hand_over)
            .add_systems(Render, made.after(RenderSystems::Render).before(RenderSystems::Cleanup));
    }
    Ok(())
}

fn begin(mut update: ResMut<Update>) {
    update.before = std::mem::replace(&mut update.began, Instant::now());
}

/// Where this client's avatar is.
fn place(world: &Simulation, netplay: &Netplay) -> Option<Vec2> {
    board::places(world).get(netplay.settings().parameters.seat.index()).copied()
}

fn listen(
    mut update: ResMut<Update>,
    mut keys: MessageReader<KeyboardInput>,
    log: Res<Log>,
    game: Option<(Res<Simulation>, Res<Netplay>)>,
) {
    let walks = |key: &KeyboardInput| {
        let code = matches!(key.key_code, KeyCode::ArrowLeft | KeyCode::ArrowRight);
        code && key.state == ButtonState::Pressed && !key.repeat
    };
    let has_pressed = keys.read().filter(|key| walks(key)).count() > 0;
    let at = update.began;
    update.pressed.take_if(|press| at.saturating_duration_since(press.at) > FORGET_AFTER);
    let from = game.and_then(|(world, netplay)| place(&world, &netplay));
    if let Some(from) = from.filter(|_| has_pressed && update.pressed.is_none()) {
        let pictures = log.pictures.load(Ordering::Relaxed);
        update.pressed = Some(Press { at, pictures, from });
    }
    update.steps_began = Instant::now();
}

/// Whether the world that is drawn now shows what the key did.
fn look(mut update: ResMut<Update>, game: Option<(Res<Simulation>, Res<Netplay>)>) {
    update.steps = update.steps_began.elapsed();
    let here = game.and_then(|(world, netplay)| place(&world, &netplay));
    if let Some(here) = here
        && let Some(press) = update.pressed.take_if(|press| press.from != here)
    {
        update.effective = Some(press);
    }
}

fn end(update: Res<Update>, log: Res<Log>, screen: Res<State<Screen>>) {
    if *screen.get() == Screen::Game {
        let between = update.began.saturating_duration_since(update.before);
        let [between, work, steps] =
            [between, update.began.elapsed(), update.steps].map(|it| it.as_micros());
        log.line(&format!("picture,{between},{work},{steps}"));
    }
}

fn hand_over(mut main: ResMut<MainWorld>, mut shown: ResMut<Shown>) {
    shown.0 = main.resource_mut::<Update>().effective.take();
}

/// A picture was handed to the window system.
fn made(
    mut shown: ResMut<Shown>,
    log: Res<Log>,
    pipelines: Res<PipelineCache>,
    mut is_open: Local<bool>,
) {
    let number = log.pictures.fetch_add(1, Ordering::Relaxed) + 1;
    // Without its pipeline, a thing is left out.
    let is_whole = pipelines.pipelines().count() > 0 && pipelines.waiting_pipelines().count() == 0;
    if is_whole && !*is_open {
        *is_open = true;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        log.line(&format!("opened,{}", now.as_millis()));
    }
    if let Some(press) = shown.0.take() {
        let pictures = number.saturating_sub(press.pictures);
        log.line(&format!("key,{pictures},{}", press.at.elapsed().as_micros()));
    }
}
