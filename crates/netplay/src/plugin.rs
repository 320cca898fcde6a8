//! The systems of a match, and their order.
//!
//! ```text
//! PreUpdate   Receive          take what has arrived; start or stop the ggrs session
//!             RunGgrsSystems   bevy_ggrs: ReadInputs ─▶ Save/Load/Advance ...
//!                              └ GgrsSchedule: step the world, then journal the frame
//!             Commit           take what is final; send
//! ```
//!
//! A match exists while the [`Netplay`] resource does. `bevy_ggrs` removes the session resource
//! from the world while a step is tried, so nothing inside may ask for it.

use crate::session::{Netplay, Turn};
use bevy::app::{MainScheduleOrder, RunFixedMainLoop};
use bevy::ecs::message::{MessageRegistry, ShouldUpdateMessages};
use bevy::ecs::schedule::{ScheduleLabel, SingleThreadedExecutor};
use bevy::platform::collections::HashMap;
use bevy::prelude::{
    App, Commands, Deref, DerefMut, First, IntoScheduleConfigs as _, Last, Plugin, PostUpdate,
    PreUpdate, Real, Res, ResMut, Resource, StateTransition, SystemSet, Time, Update,
    resource_exists,
};
use bevy_ggrs::prelude::{
    GgrsPlugin, GgrsSchedule, PlayerInputs, ReadInputs, RollbackApp as _, RollbackFrameRate,
    Session,
};
use bevy_ggrs::{
    ConfirmedFrameCount, LoadWorld, LocalInputs, LocalPlayers, RollbackFrameCount, RunGgrsSystems,
    SaveWorld,
};
use dyad_gridworld::World;
use dyad_rollback::DyadConfig;
use ggrs::InputStatus;
use std::time::Instant;

/// The world as it is simulated, predictions included: the one rolled-back resource. Draw it,
/// never record it.
#[derive(Resource, Clone, Debug, Deref, DerefMut)]
pub struct Simulation(pub World);

/// The order of netplay within `PreUpdate`, and its place in the rollback schedule.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetplaySystems {
    /// Before the rollback schedules: what has arrived is taken.
    Receive,
    /// Within the rollback schedule: a frame is simulated and journaled, first time or again.
    Step,
    /// After the rollback schedules: what is final is taken, and what is to be said is sent.
    Commit,
}

/// Adds netplay to an app, windowed or headless. It does nothing until a [`Netplay`] resource
/// and a [`Simulation`] are inserted together.
pub struct NetplayPlugin;

impl Plugin for NetplayPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(GgrsPlugin::<DyadConfig>::default())
            .insert_resource(StepBegan(Instant::now()))
            .rollback_resource_with_clone::<Simulation>()
            .checksum_resource::<Simulation>(|world| world.digest().short())
            .configure_sets(
                PreUpdate,
                (NetplaySystems::Receive, RunGgrsSystems, NetplaySystems::Commit).chain(),
            )
            .add_systems(
                PreUpdate,
                (
                    receive.in_set(NetplaySystems::Receive),
                    after_step.in_set(NetplaySystems::Commit),
                )
                    .run_if(resource_exists::<Netplay>),
            )
            .add_systems(ReadInputs, read_inputs)
            .add_systems(GgrsSchedule, step.in_set(NetplaySystems::Step));
        one_thread(app, ReadInputs);
        one_thread(app, SaveWorld);
        one_thread(app, LoadWorld);
        one_thread(app, GgrsSchedule);
    }
}

/// Runs an app's own schedules on the calling thread: its systems are many and short, and handing them to
/// others costs more than they do. Drawing keeps its threads. Bevy's own fixed steps are left out: the
/// game's are netplay's, and theirs, 64 times a second, are as dear as the game itself.
pub fn on_one_thread(app: &mut App) {
    one_thread(app, First);
    one_thread(app, PreUpdate);
    one_thread(app, StateTransition);
    one_thread(app, Update);
    one_thread(app, PostUpdate);
    one_thread(app, Last);
    let mut order = app.world_mut().resource_mut::<MainScheduleOrder>();
    order.labels.retain(|label| *label != RunFixedMainLoop.intern());
    // They would say when everybody has seen a message; so it is every update.
    app.world_mut().resource_mut::<MessageRegistry>().should_update = ShouldUpdateMessages::Always;
}

/// Runs a schedule on the calling thread. The rollback schedules run dozens of times in a
/// display frame and hold a handful of short systems each: handing them to other threads costs
/// several times what they do.
fn one_thread(app: &mut App, schedule: impl ScheduleLabel) {
    app.edit_schedule(schedule, |schedule| {
        schedule.set_executor(SingleThreadedExecutor::new());
    });
}

/// When the rollback schedules began to run in this display frame.
#[derive(Resource)]
struct StepBegan(Instant);

/// Takes away what is left of an earlier match, before another one begins in the same app.
pub fn clear(world: &mut bevy::prelude::World) {
    world.remove_resource::<Session<DyadConfig>>();
    world.remove_resource::<Netplay>();
}

fn receive(
    mut commands: Commands,
    mut netplay: ResMut<Netplay>,
    mut world: ResMut<Simulation>,
    mut began: ResMut<StepBegan>,
    time: Res<Time<Real>>,
) {
    for turn in netplay.receive(time.elapsed()) {
        match turn {
            Turn::Start(session, start) => {
                let speed = netplay.settings().parameters.steps_per_second;
                world.0 = *start;
                commands.insert_resource(RollbackFrameRate(usize::from(speed)));
                // An earlier session may have left its counters behind.
                commands.insert_resource(RollbackFrameCount(0));
                commands.insert_resource(ConfirmedFrameCount(-1));
                commands.insert_resource(Session::P2P(*session));
            }
            Turn::Stop(confirmed) => {
                world.0 = *confirmed;
                commands.remove_resource::<Session<DyadConfig>>();
            }
        }
    }
    began.0 = Instant::now();
}

fn read_inputs(
    mut commands: Commands,
    mut netplay: ResMut<Netplay>,
    world: Res<Simulation>,
    frame: Res<RollbackFrameCount>,
    players: Res<LocalPlayers>,
) {
    let frame = u32::try_from(frame.0).expect("frames count from 0 on");
    let input = netplay.offer_input(frame, &world);
    let inputs: HashMap<_, _> = players.0.iter().map(|&player| (player, input)).collect();
    commands.insert_resource(LocalInputs::<DyadConfig>(inputs));
}

/// One frame, first time or again. Journaling is the last thing that happens in it.
fn step(
    mut world: ResMut<Simulation>,
    mut netplay: ResMut<Netplay>,
    inputs: Res<PlayerInputs<DyadConfig>>,
    frame: Res<RollbackFrameCount>,
) {
    let mut speculated = false;
    for (_, status) in inputs.iter() {
        assert!(
            *status != InputStatus::Disconnected,
            "ggrs disconnected a player, which it was told never to do"
        );
        speculated |= *status == InputStatus::Predicted;
    }
    let by_seat = netplay.inputs(&world, inputs.iter().map(|&(input, _)| input));
    let by_seat = &by_seat[..world.game().players()];
    world.step(by_seat);
    // bevy_ggrs counts a frame up before it runs it.
    let frame = u32::try_from(frame.0 - 1).expect("frames are simulated from 0 on");
    netplay.simulated(frame, by_seat, speculated, &world);
}

fn after_step(
    mut netplay: ResMut<Netplay>,
    session: Option<ResMut<Session<DyadConfig>>>,
    frame: Res<RollbackFrameCount>,
    confirmed: Res<ConfirmedFrameCount>,
    began: Res<StepBegan>,
) {
    let mut session = session;
    let running = match session.as_deref_mut() {
        Some(Session::P2P(session)) => Some(session),
        _ => None,
    };
    // Without a session there are no frames.
    let frame = u32::try_from(frame.0).unwrap_or(0);
    netplay.after_step(frame, confirmed.0, began.0.elapsed(), running);
}
