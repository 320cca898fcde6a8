//! What a display frame costs: an ordinary step, and one that rolls back the whole prediction
//! window, through `bevy_ggrs` with save, load, checksum and journal.
//!
//! `cargo bench --workspace --bench rollback`

use bevy::MinimalPlugins;
use bevy::prelude::App;
use bevy::time::TimeUpdateStrategy;
use divan::Bencher;
use dyad_gridworld::rng::Rng;
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Action, Game, PlayerInput, Settings, World, layout};
use dyad_netplay::memory::MemoryTransport;
use dyad_netplay::plugin::on_one_thread;
use dyad_netplay::transport::{Channel, Transport, TransportEvent};
use dyad_netplay::{InputSource, MatchSettings, Netplay, NetplayPlugin, Simulation, Stage};
use dyad_protocol::{Seat, Seats};
use dyad_rollback::peering::{Connection, Patience};
use dyad_rollback::{History, SessionParameters};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const STEPS_PER_SECOND: u16 = 30;
/// Frames that are taken back.
const DEPTH: u8 = 16;
/// The window that allows it: the confirmed frame itself is never taken back.
const WINDOW: u8 = DEPTH + 1;
/// The gate does not count as silence.
const HOUR: Duration = Duration::from_secs(3600);

fn main() {
    let mut app = held_back();
    app.update();
    let depth = app.world().resource::<Netplay>().statistics().session.journal.deepest;
    assert_eq!(depth, u32::from(DEPTH), "the benchmark measures a full rollback");
    divan::main();
}

/// A display frame that simulates one new frame.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn ordinary_frame(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| playing().0).bench_local_values(|mut app| {
        app.update();
        app
    });
}

/// A display frame that takes back 16 frames and simulates them again, and one more.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn rollback_of_16_frames(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(held_back).bench_local_values(|mut app| {
        app.update();
        app
    });
}

/// What the world alone costs in that: 16 steps with a digest each.
#[divan::bench]
fn of_which_16_steps_and_digests(bencher: Bencher<'_, '_>) {
    let world = World::new(game());
    bencher.bench_local(|| {
        let mut world = world.clone();
        for _ in 0..DEPTH {
            world.step(divan::black_box(&[PlayerInput::default(); 2]));
            divan::black_box(world.digest());
        }
        world
    });
}

/// An app whose partner's last 16 inputs have just arrived, all of them predicted wrongly.
fn held_back() -> App {
    let (mut ours, mut theirs, gate) = playing();
    gate.store(true, Ordering::Relaxed);
    for _ in 0..2 * WINDOW {
        ours.update();
        theirs.update();
    }
    gate.store(false, Ordering::Relaxed);
    ours
}

/// Two apps in the middle of an episode, and the gate before the first one's ears.
fn playing() -> (App, App, Arc<AtomicBool>) {
    let gate = Arc::new(AtomicBool::new(false));
    let mut mesh = MemoryTransport::mesh(2).into_iter();
    let mut app = |seat, gate: &Arc<AtomicBool>| {
        let inner = mesh.next().expect("a mesh of two");
        player(seat, Gated { inner, shut: Arc::clone(gate), waiting: Vec::new() })
    };
    let mut ours = app(Seat(0), &gate);
    let mut theirs = app(Seat(1), &Arc::new(AtomicBool::new(false)));
    while frame(&ours) < 60 || frame(&theirs) < 60 {
        ours.update();
        theirs.update();
    }
    (ours, theirs, gate)
}

fn frame(app: &App) -> u32 {
    let netplay = app.world().resource::<Netplay>();
    assert!(!matches!(netplay.stage(), Stage::Ended(_)), "{:?}", netplay.stage());
    netplay.statistics().session.simulated
}

fn game() -> Arc<Game> {
    let name = "cramped_room";
    let settings = Settings {
        task: TaskSettings::default(),
        layout: name.to_owned(),
        layout_text: layout::classic(name).expect("a classic layout").to_owned(),
        players: 2,
        steps_per_second: STEPS_PER_SECOND,
        max_steps: 10_000,
        episodes: 1,
        countdown_frames: 30,
        pause_frames: 1,
        seed: 1,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    };
    Game::new(settings).expect("a game")
}

fn player(seat: Seat, transport: Gated) -> App {
    let game = game();
    let parameters = SessionParameters {
        people: Seats::first(2),
        seat,
        steps_per_second: STEPS_PER_SECOND,
        input_delay: 2,
        prediction_window: WINDOW,
    };
    let settings = MatchSettings {
        game: Arc::clone(&game),
        parameters,
        session: "s-bench".parse().expect("an id"),
        program: "bench".to_owned(),
        hold: 30,
        patience: Patience { silence: HOUR, connect: HOUR, ..Patience::default() },
    };
    let input = Restless(Rng::new(u64::from(seat.0)));
    let history = History::new(Arc::clone(&game));
    let netplay =
        Netplay::new(settings, history, transport, input, Duration::ZERO).expect("a match");
    let mut app = App::new();
    let step = Duration::from_nanos(1_000_000_000 / u64::from(STEPS_PER_SECOND));
    app.add_plugins((MinimalPlugins, NetplayPlugin))
        .insert_resource(TimeUpdateStrategy::ManualDuration(step))
        .insert_resource(Simulation(World::new(game)))
        .insert_resource(netplay);
    on_one_thread(&mut app);
    app
}

/// A player who does something in every frame, so that every prediction of it is wrong.
struct Restless(Rng);

impl InputSource for Restless {
    fn read(&mut self, _world: &World, _seat: Seat) -> PlayerInput {
        let number = u8::try_from(self.0.below(5)).expect("a small number");
        PlayerInput::new(Action::from_number(number).expect("there are seven actions"))
    }
}

/// A transport that keeps what has arrived to itself while its gate is shut.
struct Gated {
    inner: MemoryTransport,
    shut: Arc<AtomicBool>,
    waiting: Vec<TransportEvent>,
}

impl Transport for Gated {
    fn poll(&mut self, now: Duration) -> Vec<TransportEvent> {
        self.waiting.extend(self.inner.poll(now));
        if self.shut.load(Ordering::Relaxed) {
            Vec::new()
        } else {
            std::mem::take(&mut self.waiting)
        }
    }

    fn send(&mut self, now: Duration, connection: Connection, channel: Channel, bytes: Vec<u8>) {
        self.inner.send(now, connection, channel, bytes);
    }

    fn reconnect(&mut self, now: Duration) {
        self.inner.reconnect(now);
    }
}
