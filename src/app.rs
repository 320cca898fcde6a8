//! The Bevy apps, without a window and with one: which plugins they are made of.

use crate::begin;
use crate::flow::{self, JoinOptions, Screen, Status};
#[cfg(feature = "gamepad")]
use crate::input::gamepad;
use crate::input::keyboard;
use crate::outcome::Outcome;
use crate::record::forensics::{self, ForcedDesync};
use crate::record::identity::Identity;
use crate::record::upload::{Uploader, now_ms};
use crate::replay::{Film, viewer};
use crate::screens;
use crate::settings;
use crate::sound;
use crate::window::engine::Engine;
use crate::window::{self, Developer};
use crate::words::{Language, Words};
use bevy::MinimalPlugins;
use bevy::app::{AppExit, ScheduleRunnerPlugin};
use bevy::log::tracing_subscriber;
use bevy::log::{Level, LogPlugin};
use bevy::prelude::{
    App, IntoScheduleConfigs as _, Last, Local, MessageWriter, Messages, PluginGroup as _, Real,
    Res, Resource, State, SystemCondition as _, Time, Update, World, in_state,
};
use bevy::state::app::{AppExtStates as _, StatesPlugin};
use bevy_egui::EguiPlugin;
use dyad_netplay::NetplayPlugin;
use dyad_netplay::plugin::on_one_thread;
use dyad_protocol::JoinLink;
use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Updates a second without a window: as many as a usual display makes, so that a scripted
/// player meets the network as a person would. More of them cost more: an update without a step
/// is most of what an idle client does.
const HEADLESS_RATE: u32 = 60;

/// How long a headless client waits for a partner at most before it gives up.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Patience(pub Duration);

/// The client without a window.
///
/// # Errors
/// If the operating system gives no thread for the lab or the uploads.
pub fn headless(options: JoinOptions, link: JoinLink, patience: Patience) -> io::Result<App> {
    let mut app = App::new();
    app.add_plugins((
        MinimalPlugins.build().disable::<ScheduleRunnerPlugin>(),
        log_plugin(),
        StatesPlugin,
        NetplayPlugin,
        flow::plugin,
        forensics::plugin,
    ))
    .insert_resource(patience)
    .add_systems(
        Update,
        (
            leave_when_done.run_if(in_state(Screen::Done).or_else(in_state(Screen::Problem))),
            give_up,
        )
            .after(flow::FlowSystems::Advance),
    );
    on_one_thread(&mut app);
    send_unsent(&mut app, &options)?;
    force_desync(&mut app, &options);
    app.insert_resource(Identity::new()?).insert_resource(options);
    begin::connect(app.world_mut(), link)?;
    Ok(app)
}

/// Runs an app without a window to its end. Not by `App::run`, which would keep the world that
/// knows how it went.
pub fn run_headless(app: &mut App) -> AppExit {
    app.finish();
    app.cleanup();
    let period = Duration::from_secs(1) / HEADLESS_RATE;
    loop {
        let began = Instant::now();
        app.update();
        if let Some(exit) = app.should_exit() {
            return exit;
        }
        std::thread::sleep(period.saturating_sub(began.elapsed()));
    }
}

/// The client in a window. Without a link it begins by asking for one.
///
/// The window takes the app with it when it closes; how the session went is received from the
/// other end.
///
/// # Errors
/// If the operating system gives no thread for the lab or the uploads, or no file for developers.
pub fn windowed(
    options: JoinOptions,
    link: Option<JoinLink>,
    language: Language,
    developer: Developer,
) -> io::Result<(App, Receiver<Outcome>)> {
    let (sender, outcome) = sync_channel(1);
    let mut app = App::new();
    app.add_plugins((
        Engine { log: log_plugin(), window: window::settings() },
        EguiPlugin::default(),
        NetplayPlugin,
        flow::plugin,
        forensics::plugin,
        keyboard::plugin,
        window::plugin,
    ))
    .insert_resource(language)
    .insert_resource(Report(sender))
    .add_plugins(screens::plugin)
    .add_systems(Last, report);
    sound::plugin(&mut app);
    #[cfg(feature = "gamepad")]
    gamepad::plugin(&mut app);
    settings::plugin(&mut app, options.spool.root());
    on_one_thread(&mut app);
    developer.plugin(&mut app)?;
    send_unsent(&mut app, &options)?;
    force_desync(&mut app, &options);
    app.insert_resource(Identity::new()?).insert_resource(options);
    match link {
        Some(link) => begin::connect(app.world_mut(), link)?,
        None => drop(app.insert_state(Screen::Start)),
    }
    Ok((app, outcome))
}

/// A window in which a recorded game is looked at.
pub fn viewer(film: Film, title: String) -> App {
    let mut app = App::new();
    app.add_plugins((
        Engine { log: log_plugin(), window: window::viewer_settings(title) },
        EguiPlugin::default(),
    ));
    window::paper(&mut app);
    viewer::plugin(&mut app, film);
    app
}

/// Makes this computer's world wrong from a frame on, if a developer asked for it.
fn force_desync(app: &mut App, options: &JoinOptions) {
    if let Some(frame) = options.force_desync {
        app.insert_resource(ForcedDesync(frame));
    }
}

fn log_plugin() -> LogPlugin {
    LogPlugin {
        level: Level::INFO,
        // The libraries below say much that means nothing to a person, and addresses.
        filter: "warn,dyad=info,matchbox_socket=error,webrtc=error,rtc=off,wgpu=error,\
                 wgpu_hal=off,bevy_winit=error,winit=error"
            .to_owned(),
        fmt_layer: |_app| {
            let colours = io::stderr().is_terminal();
            let layer = tracing_subscriber::fmt::Layer::default()
                .with_ansi(colours)
                .with_writer(io::stderr);
            Some(Box::new(layer))
        },
        ..LogPlugin::default()
    }
}

/// Starts sending what earlier sessions left unsent, and asking whether copies of what the lab has may
/// stay. Sessions in which the program or the computer stopped are not over before their lab says so.
fn send_unsent(app: &mut App, options: &JoinOptions) -> io::Result<()> {
    options.spool.delete_old(now_ms());
    let uploader = Uploader::start()?;
    let records = options.spool.unsent().into_iter().chain(options.spool.kept());
    records.for_each(|record| uploader.send(record));
    app.insert_resource(uploader);
    Ok(())
}

fn leave_when_done(screen: Res<State<Screen>>, mut exit: MessageWriter<AppExit>) {
    let good = *screen.get() == Screen::Done;
    exit.write(if good { AppExit::Success } else { AppExit::error() });
}

fn give_up(
    patience: Res<Patience>,
    time: Res<Time<Real>>,
    status: Res<Status>,
    screen: Res<State<Screen>>,
    mut since: Local<Duration>,
    mut exit: MessageWriter<AppExit>,
) {
    if !matches!(screen.get(), Screen::Connecting | Screen::Scene | Screen::Waiting) {
        *since = time.elapsed();
    }
    if time.elapsed().saturating_sub(*since) > patience.0 {
        let reason = status.lab_trouble.as_ref().map_or_else(
            || "no partner came".to_owned(),
            |reason| reason.sentence(&Words::english()),
        );
        bevy::log::error!("gave up after {} s: {reason}", patience.0.as_secs());
        exit.write(AppExit::error());
    }
}

/// Where a windowed app leaves its outcome.
#[derive(Resource)]
struct Report(SyncSender<Outcome>);

/// The last moment at which the world is still there.
fn report(world: &mut World) {
    if !world.resource::<Messages<AppExit>>().is_empty() {
        // Full means that it was reported before.
        drop(world.resource::<Report>().0.try_send(Outcome::of(world)));
    }
}
