//! Whole matches between headless apps of one process, over impaired links in memory.
//!
//! The golden property: with inputs that are a function of the seat and the frame they are given
//! for, what is recorded does not depend on the network. Every run is compared with the run
//! over perfect links, which in turn is compared with stepping a world by hand.

use bevy::MinimalPlugins;
use bevy::prelude::App;
use bevy::time::TimeUpdateStrategy;
use dyad_gridworld::{
    Action, ConfirmedFrame, Game, MAX_PLAYERS, PlayerInput, Settings, World, layout, rng::Rng,
    task::TaskSettings,
};
use dyad_netplay::memory::MemoryTransport;
use dyad_netplay::transport::Impaired;
use dyad_netplay::{
    Ending, InputSource, MatchSettings, Netplay, NetplayPlugin, Simulation, Stage, Statistics,
};
use dyad_protocol::Seat;
use dyad_rollback::SessionParameters;
use std::sync::Arc;
use std::time::{Duration, Instant};

const STEPS_PER_SECOND: u16 = 120;

fn game(players: u8, episodes: u16) -> Arc<Game> {
    let layout = "cramped_room";
    Game::new(Settings {
        task: TaskSettings::default(),
        layout: layout.to_owned(),
        layout_text: layout::classic(layout).expect("a classic layout").to_owned(),
        players,
        steps_per_second: STEPS_PER_SECOND,
        max_steps: 150,
        episodes,
        countdown_frames: 30,
        pause_frames: 10,
        seed: 7,
        episode_seeds: dyad_gridworld::settings::EpisodeSeeds::Derived,
    })
    .expect("a game")
}

/// A player whose input depends on nothing but its seat and how many frames it was asked for.
struct Scripted {
    seed: u64,
    asked: u64,
}

fn scripted(seed: u64, seat: Seat, frame: u64) -> PlayerInput {
    let mut rng = Rng::stream(seed ^ u64::from(seat.0), frame);
    let action = Action::from_number(u8::try_from(rng.below(12)).unwrap_or(6));
    PlayerInput::new(action.unwrap_or(Action::Noop)).with_focus(rng.below(50) > 0)
}

impl InputSource for Scripted {
    fn read(&mut self, _world: &World, seat: Seat) -> PlayerInput {
        self.asked += 1;
        scripted(self.seed, seat, self.asked - 1)
    }
}

struct Player {
    app: App,
    record: Vec<ConfirmedFrame>,
    sealed: u16,
}

impl Player {
    fn new(
        game: &Arc<Game>,
        seat: u8,
        transport: MemoryTransport,
        impairment: &str,
        seed: u64,
    ) -> Self {
        let parameters = SessionParameters {
            players: game.players(),
            seat: Seat(seat),
            steps_per_second: STEPS_PER_SECOND,
            input_delay: 2,
            prediction_window: 16,
        };
        let settings = MatchSettings {
            game: Arc::clone(game),
            parameters,
            session: "s-test".parse().expect("an id"),
            program: "test".to_owned(),
            connect_within: Duration::from_secs(60),
            give_up_after: Duration::from_secs(30),
        };
        let impairment = impairment.parse().expect("an impairment");
        let transport = Impaired::new(transport, impairment);
        let input = Scripted { seed, asked: 0 };
        let netplay = Netplay::new(settings, transport, input, Duration::ZERO).expect("a match");
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, NetplayPlugin))
            .insert_resource(TimeUpdateStrategy::Automatic)
            .insert_resource(Simulation(World::new(Arc::clone(game))))
            .insert_resource(netplay);
        Self { app, record: Vec::new(), sealed: 0 }
    }

    fn update(&mut self) {
        self.app.update();
        let mut netplay = self.app.world_mut().resource_mut::<Netplay>();
        let confirmed = netplay.take_confirmed();
        self.record.extend(confirmed.iter().map(|committed| committed.frame));
        // Stands in for the recorder: an episode is over for this side when it is confirmed.
        let mut replica = World::new(Arc::clone(&netplay.settings().game));
        let mut over = 0;
        for frame in &self.record {
            over += u16::from(replica.step(&frame.inputs).is_some_and(|outcome| outcome.last));
            assert_eq!(replica.digest(), frame.digest, "frame {}", frame.frame);
        }
        for episode in self.sealed..over {
            netplay.seal(episode, vec![9]);
        }
        self.sealed = over;
    }

    fn netplay(&self) -> &Netplay {
        self.app.world().resource::<Netplay>()
    }

    fn has_ended(&self) -> bool {
        matches!(self.netplay().stage(), Stage::Ended(_))
    }
}

/// Plays a match to its end; returns each player's record and statistics.
fn play(
    players: u8,
    episodes: u16,
    impairment: &str,
    seed: u64,
) -> Vec<(Vec<ConfirmedFrame>, Statistics)> {
    let game = game(players, episodes);
    let mesh = MemoryTransport::mesh(usize::from(players));
    let mut players: Vec<Player> = (0..players)
        .zip(mesh)
        .map(|(seat, transport)| {
            let impairment = format!("{impairment},seed={}", seed * 8 + u64::from(seat));
            Player::new(&game, seat, transport, impairment.trim_start_matches(','), seed)
        })
        .collect();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !players.iter().all(Player::has_ended) {
        assert!(Instant::now() < deadline, "no end: {:?}", players[0].netplay().stage());
        players.iter_mut().for_each(Player::update);
        std::thread::yield_now();
    }
    for player in &players {
        assert_eq!(player.netplay().stage(), &Stage::Ended(Ending::Completed));
    }
    players
        .into_iter()
        .map(|player| {
            let statistics = player.netplay().statistics();
            (player.record, statistics)
        })
        .collect()
}

/// The record without any network: inputs given for a frame take effect two frames later.
fn by_hand(players: u8, episodes: u16, seed: u64, frames: usize) -> Vec<ConfirmedFrame> {
    let mut world = World::new(game(players, episodes));
    let inputs = |frame: u64| {
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        if let Some(asked) = frame.checked_sub(2) {
            for seat in Seat::all(usize::from(players)) {
                inputs[seat.index()] = scripted(seed, seat, asked);
            }
        }
        inputs
    };
    (0..frames as u64)
        .map(|frame| {
            let inputs = inputs(frame);
            world.step(&inputs[..usize::from(players)]);
            let frame = u32::try_from(frame).expect("few frames");
            ConfirmedFrame { frame, inputs, digest: world.digest() }
        })
        .collect()
}

fn check(players: u8, episodes: u16, impairment: &str, seed: u64) -> Vec<Statistics> {
    let records = play(players, episodes, impairment, seed);
    let longest = records.iter().map(|(record, _)| record.len()).max().unwrap_or(0);
    let truth = by_hand(players, episodes, seed, longest);
    for (record, statistics) in &records {
        assert!(record.len() >= 150, "{} frames", record.len());
        assert_eq!(record[..], truth[..record.len()], "{impairment}, seed {seed}");
        assert_eq!(statistics.desyncs, 0);
        let refused = statistics.exchange.last_malformed;
        assert_eq!(refused, None, "an honest peer's datagram was refused");
        assert_eq!(statistics.malformed, 0);
    }
    records.into_iter().map(|(_, statistics)| statistics).collect()
}

#[test]
fn perfect_links_record_what_stepping_by_hand_gives() {
    check(2, 2, "", 1);
}

#[test]
fn the_record_does_not_depend_on_the_network() {
    for seed in 0..3 {
        let bad = "delay=20ms,jitter=15ms,loss=15%,dup=5%,reorder=5%";
        for statistics in check(2, 1, bad, seed) {
            assert!(statistics.journal.rollbacks > 10, "{statistics:?}");
            let impaired = statistics.impaired.expect("there is an impairment");
            assert!(impaired.dropped > 5 && impaired.duplicated > 0, "{impaired:?}");
        }
    }
}

#[test]
fn three_and_four_players_have_the_same_guarantee() {
    for players in [3, 4] {
        for statistics in check(players, 1, "delay=15ms,jitter=10ms,loss=10%", 5) {
            assert!(statistics.journal.rollbacks > 10, "{statistics:?}");
        }
    }
}
