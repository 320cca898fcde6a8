//! The Bevy app: which plugins it is made of.

use crate::flow::{self, CurrentMatch, JoinOptions, Screen, Status};
use crate::lab::LabConnection;
use crate::record::upload::Uploader;
use bevy::MinimalPlugins;
use bevy::app::{AppExit, ScheduleRunnerPlugin};
use bevy::log::tracing_subscriber;
use bevy::log::{Level, LogPlugin};
use bevy::prelude::{
    App, IntoScheduleConfigs as _, MessageWriter, PluginGroup as _, Real, Res, Resource, State,
    SystemCondition as _, Time, Update, in_state,
};
use bevy::state::app::StatesPlugin;
use dyad_netplay::{Netplay, NetplayPlugin};
use std::io::IsTerminal as _;
use std::time::Duration;

/// Updates a second without a window: enough that a datagram waits little, few enough that an
/// idle client costs little.
const HEADLESS_RATE: u32 = 120;

/// How long a headless client waits for a partner at most before it gives up.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Patience(pub Duration);

/// The client without a window.
///
/// # Errors
/// If the operating system gives no thread for the lab or the uploads.
pub fn headless(options: JoinOptions, patience: Patience) -> std::io::Result<App> {
    let mut app = App::new();
    let period = Duration::from_secs(1) / HEADLESS_RATE;
    app.add_plugins((
        MinimalPlugins.set(ScheduleRunnerPlugin::run_loop(period)),
        log_plugin(),
        StatesPlugin,
        NetplayPlugin,
        flow::plugin,
    ))
    .insert_resource(patience)
    .add_systems(
        Update,
        (
            leave_when_done.run_if(in_state(Screen::Done).or_else(in_state(Screen::Problem))),
            give_up.run_if(in_state(Screen::Connecting).or_else(in_state(Screen::Waiting))),
        )
            .after(flow::FlowSystems::Advance),
    );
    connect(&mut app, options)?;
    Ok(app)
}

fn log_plugin() -> LogPlugin {
    LogPlugin {
        level: Level::INFO,
        // The libraries below say much that means nothing to a person, and addresses.
        filter: "warn,dyad=info,matchbox_socket=error,webrtc=error,rtc=off".to_owned(),
        fmt_layer: |_app| {
            let colours = std::io::stderr().is_terminal();
            let layer = tracing_subscriber::fmt::Layer::default()
                .with_ansi(colours)
                .with_writer(std::io::stderr);
            Some(Box::new(layer))
        },
        ..LogPlugin::default()
    }
}

/// Connects to the lab and starts sending what earlier sessions left unsent.
fn connect(app: &mut App, options: JoinOptions) -> std::io::Result<()> {
    let uploader = Uploader::start()?;
    options.spool.unsent().into_iter().for_each(|record| uploader.send(record));
    app.insert_resource(LabConnection::open(options.link.clone())?)
        .insert_resource(uploader)
        .insert_resource(options);
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
    mut exit: MessageWriter<AppExit>,
) {
    if time.elapsed() > patience.0 {
        let reason = status.lab_trouble.as_deref().unwrap_or("no partner came");
        bevy::log::error!("gave up after {} s: {reason}", patience.0.as_secs());
        exit.write(AppExit::error());
    }
}

/// How the session of an app went, as JSON; `None` if there was none.
#[must_use]
pub fn summary(app: &App) -> Option<serde_json::Value> {
    let world = app.world();
    let current = world.get_resource::<CurrentMatch>()?;
    let netplay = world.get_resource::<Netplay>()?;
    let status = world.get_resource::<Status>()?;
    let mut summary = flow::summary(current, netplay, status);
    summary["closed"] = status.closed.into();
    summary["received"] = status.received.into();
    summary["problem"] = status.problem.clone().into();
    let verdicts = status.verdicts.iter().map(|(episode, verdict)| {
        serde_json::json!({ "episode": episode, "verdict": verdict.to_string() })
    });
    summary["verdicts"] = verdicts.collect();
    Some(summary)
}
