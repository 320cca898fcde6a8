//! The window: its settings, and what closing it means.
//!
//! A game goes on whether or not anybody looks at it: the window updates at the same pace when it
//! is unfocused, covered or minimised. Closing it in the middle of a game leaves the game first,
//! and waits until the record is safe.

mod clipboard;
pub mod display;
mod elements;
pub mod engine;
mod measure;
pub mod opening;
mod partner;
mod pictures;

use crate::flow::Screen;
use crate::screens::away::TITLE;
use crate::theme;
use bevy::app::AppExit;
use bevy::prelude::{
    App, ButtonInput, Camera2d, ClearColor, Color, Commands, IntoScheduleConfigs as _, KeyCode,
    MessageReader, MessageWriter, Query, Res, ResMut, Resource, Startup, State,
    SystemCondition as _, Update, Window, WindowPlugin, With, in_state,
};
use bevy::window::{
    ExitCondition, MonitorSelection, PresentMode, PrimaryWindow, WindowCloseRequested, WindowMode,
    WindowResizeConstraints, WindowResolution,
};
use bevy::winit::{UpdateMode, WinitSettings};
use dyad_netplay::Netplay;
use dyad_rollback::peering::LeaveReason;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

/// The pause between updates at most, where the display does not set the pace. Eight times as
/// fine as a step of the game, so that an input or a datagram waits little.
const UPDATE_EVERY: Duration = Duration::from_millis(4);

/// Adds the window to an app that has Bevy's default plugins.
pub fn plugin(app: &mut App) {
    paper(app);
    clipboard::plugin(app);
    display::plugin(app);
    partner::plugin(app);
    app.init_resource::<Closing>().add_systems(
        Update,
        (close, exit_when_saved.run_if(in_state(Screen::Done).or_else(in_state(Screen::Problem))))
            .chain(),
    );
}

/// What developers have asked for.
#[derive(Clone, Debug, Default)]
pub struct Developer {
    /// A directory for pictures of the screens, and what stands in them.
    pub pictures: Option<PathBuf>,
    /// A file for measurements.
    pub measurements: Option<PathBuf>,
}

impl Developer {
    /// Adds it to an app with a window.
    ///
    /// # Errors
    /// If a directory or a file cannot be made.
    pub fn plugin(self, app: &mut App) -> io::Result<()> {
        if let Some(directory) = self.pictures {
            fs::create_dir_all(&directory)?;
            pictures::plugin(app, directory);
        }
        self.measurements.map_or(Ok(()), |file| measure::plugin(app, &file))
    }
}

/// What every window of ours has: a pace, and something to draw on.
pub fn paper(app: &mut App) {
    let pace = UpdateMode::reactive_low_power(UPDATE_EVERY);
    let [r, g, b, _] = theme::PAPER.to_array();
    app.insert_resource(WinitSettings { focused_mode: pace, unfocused_mode: pace })
        .insert_resource(ClearColor(Color::srgb_u8(r, g, b)))
        .add_systems(Startup, |mut commands: Commands| {
            commands.spawn(Camera2d);
        })
        .add_systems(Update, full_screen);
    opening::plugin(app);
}

/// The window of a game.
#[must_use]
pub fn settings() -> WindowPlugin {
    WindowPlugin {
        primary_window: Some(window(TITLE.to_owned())),
        // Closing is for `close` to decide.
        exit_condition: ExitCondition::DontExit,
        close_when_requested: false,
        ..WindowPlugin::default()
    }
}

/// The window of a program that only shows something.
#[must_use]
pub fn viewer_settings(title: String) -> WindowPlugin {
    WindowPlugin { primary_window: Some(window(title)), ..WindowPlugin::default() }
}

fn window(title: String) -> Window {
    Window {
        title,
        name: Some("dyad".to_owned()),
        resolution: WindowResolution::new(1280, 720),
        resize_constraints: WindowResizeConstraints {
            min_width: 800.0,
            min_height: 560.0,
            ..WindowResizeConstraints::default()
        },
        present_mode: PresentMode::AutoVsync,
        ..Window::default()
    }
}

/// F11 fills the screen that the window is on, and once more gives the rest back.
fn full_screen(
    keys: Res<ButtonInput<KeyCode>>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
) {
    if !keys.just_pressed(KeyCode::F11) {
        return;
    }
    for mut window in &mut windows {
        window.mode = match window.mode {
            WindowMode::Windowed => WindowMode::BorderlessFullscreen(MonitorSelection::Current),
            _ => WindowMode::Windowed,
        };
    }
}

/// Whether the person has asked to close the window.
#[derive(Resource, Default)]
struct Closing(bool);

/// The first request in a game leaves it, and the program ends when all is saved. Anywhere else,
/// and at the second request, it ends at once; what is recorded by then is on the disk.
fn close(
    mut requests: MessageReader<WindowCloseRequested>,
    mut closing: ResMut<Closing>,
    screen: Res<State<Screen>>,
    netplay: Option<ResMut<Netplay>>,
    mut exit: MessageWriter<AppExit>,
) {
    if requests.read().count() == 0 {
        return;
    }
    let asked_before = std::mem::replace(&mut closing.0, true);
    match (screen.get(), netplay) {
        (Screen::Meeting | Screen::Game, Some(mut netplay)) if !asked_before => {
            netplay.leave(LeaveReason::Quit);
        }
        (Screen::Saving, _) if !asked_before => {}
        _ => {
            exit.write(AppExit::Success);
        }
    }
}

fn exit_when_saved(closing: Res<Closing>, mut exit: MessageWriter<AppExit>) {
    if closing.0 {
        exit.write(AppExit::Success);
    }
}

#[cfg(test)]
mod tests {
    use super::{Closing, Screen, close, full_screen};
    use bevy::MinimalPlugins;
    use bevy::prelude::{App, ButtonInput, Entity, KeyCode, Update, Window};
    use bevy::state::app::{AppExtStates as _, StatesPlugin};
    use bevy::window::{PrimaryWindow, WindowCloseRequested, WindowMode};

    /// Whether a program on this screen ends after each of so many requests to close its window.
    fn ends<const N: usize>(screen: Screen) -> [bool; N] {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .insert_state(screen)
            .add_message::<WindowCloseRequested>()
            .init_resource::<Closing>()
            .add_systems(Update, close);
        app.update();
        assert_eq!(app.should_exit(), None, "nobody has asked yet");
        std::array::from_fn(|_| {
            app.world_mut().write_message(WindowCloseRequested { window: Entity::PLACEHOLDER });
            app.update();
            app.should_exit().is_some()
        })
    }

    #[test]
    fn a_window_without_a_game_closes_at_once() {
        for screen in [Screen::Start, Screen::Connecting, Screen::Waiting, Screen::Done] {
            assert_eq!(ends(screen), [true], "{screen:?}");
        }
    }

    #[test]
    fn saving_is_only_cut_short_by_asking_twice() {
        assert_eq!(ends(Screen::Saving), [false, true]);
    }

    #[test]
    fn f11_fills_the_screen_and_gives_it_back() {
        let mut app = App::new();
        app.init_resource::<ButtonInput<KeyCode>>().add_systems(Update, full_screen);
        let window = app.world_mut().spawn((Window::default(), PrimaryWindow)).id();
        let mut press = |key| {
            let mut keys = app.world_mut().resource_mut::<ButtonInput<KeyCode>>();
            keys.reset_all();
            keys.press(key);
            app.update();
            app.world().get::<Window>(window).unwrap().mode
        };
        assert_eq!(press(KeyCode::F10), WindowMode::Windowed);
        assert!(matches!(press(KeyCode::F11), WindowMode::BorderlessFullscreen(_)));
        assert_eq!(press(KeyCode::F11), WindowMode::Windowed);
    }
}
