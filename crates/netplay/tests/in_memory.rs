//! Whole matches between headless apps of one process, over impaired links in memory.
//!
//! The golden property: with inputs that are a function of the seat and the frame they are given
//! for, what is recorded does not depend on the network. Every run is compared with the run
//! over perfect links, which in turn is compared with stepping a world by hand.

use bevy::MinimalPlugins;
use bevy::prelude::App;
use bevy::time::TimeUpdateStrategy;
use dyad_gridworld::{
    Action, ConfirmedFrame, End, Entry, FocusRule, Game, MAX_PLAYERS, Phase, PlayerInput, Settings,
    World, layout, rng::Rng, task::TaskSettings,
};
use dyad_netplay::memory::MemoryTransport;
use dyad_netplay::transport::Impaired;
use dyad_netplay::{
    Ending, InputSource, MatchSettings, Netplay, NetplayPlugin, Program, RecordItem, Simulation,
    Stage, Statistics,
};
use dyad_protocol::{Seat, Seats};
use dyad_rollback::peering::Patience;
use dyad_rollback::{History, SessionParameters};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

const STEPS_PER_SECOND: u16 = 120;
/// Silence after which play is interrupted: shorter than in earnest, for short tests.
const SILENCE: Duration = Duration::from_millis(400);
/// Frames for which the world is held when play resumes.
const HOLD: u32 = 30;

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
        focus: Default::default(),
    })
    .expect("a game")
}

/// The same with a rule about who is away.
fn game_with(focus: FocusRule) -> Arc<Game> {
    let settings = game(2, 3).settings().clone();
    Game::new(Settings { focus, ..settings }).expect("a game")
}

/// A player whose input depends on nothing but its seat and how many frames it was asked for.
struct Scripted {
    seed: u64,
    asked: u64,
    /// Asked for these inputs, seat 1 is away.
    away: Range<u64>,
}

fn scripted(seed: u64, seat: Seat, frame: u64) -> PlayerInput {
    let mut rng = Rng::stream(seed ^ u64::from(seat.0), frame);
    let action = Action::from_number(u8::try_from(rng.below(12)).unwrap_or(6));
    PlayerInput::new(action.unwrap_or(Action::Noop)).with_focus(rng.below(50) > 0)
}

impl InputSource for Scripted {
    fn read(&mut self, _world: &World, seat: Seat) -> PlayerInput {
        self.asked += 1;
        let input = scripted(self.seed, seat, self.asked - 1);
        let away = seat == Seat(1) && self.away.contains(&(self.asked - 1));
        input.with_focus(input.focused() && !away)
    }
}

struct Player {
    app: App,
    transport: MemoryTransport,
    record: Vec<Entry>,
    /// The world after the record.
    replica: World,
    sealed: u16,
}

/// What a player's program is started with.
#[derive(Clone)]
struct Start<'a> {
    game: &'a Arc<Game>,
    seat: u8,
    impairment: &'a str,
    seed: u64,
    away: Range<u64>,
    /// The seats of people; programs have the others.
    people: Seats,
}

/// No programs.
fn everybody(game: &Game) -> Seats {
    Seats::first(game.players())
}

/// A program that looks at nothing but the world.
struct Follower;

impl Program for Follower {
    fn input(&mut self, world: &World, seat: Seat) -> PlayerInput {
        scripted(world.digest().short(), seat, world.frame().into())
    }
}

impl Player {
    /// A player who goes on after `record`, which for a new one is empty.
    fn new(start: Start<'_>, transport: MemoryTransport, record: Vec<Entry>) -> Self {
        let game = start.game;
        let parameters = SessionParameters {
            people: start.people,
            seat: Seat(start.seat),
            steps_per_second: STEPS_PER_SECOND,
            input_delay: 2,
            prediction_window: 16,
        };
        let settings = MatchSettings {
            game: Arc::clone(game),
            parameters,
            session: "s-test".parse().expect("an id"),
            program: "test".to_owned(),
            hold: HOLD,
            patience: Patience { silence: SILENCE, ..Patience::default() },
        };
        let impairment = start.impairment.parse().expect("an impairment");
        let impaired = Impaired::new(transport.clone(), impairment);
        let input = Scripted { seed: start.seed, asked: 0, away: start.away };
        let mut player = Self {
            app: App::new(),
            transport,
            record: Vec::new(),
            replica: World::new(Arc::clone(game)),
            sealed: 0,
        };
        let over: Vec<u16> = record.iter().map(|entry| player.keep(*entry)).collect();
        let history = History::of(Arc::clone(game), &record);
        let netplay = Netplay::new(settings, history, impaired, input, Duration::ZERO);
        let programs = game.players() - start.people.len();
        let programs = (0..programs).map(|_| Box::new(Follower) as Box<dyn Program>);
        let netplay = netplay.expect("a match").with_programs(programs.collect());
        player
            .app
            .add_plugins((MinimalPlugins, NetplayPlugin))
            .insert_resource(TimeUpdateStrategy::Automatic)
            .insert_resource(Simulation(World::new(Arc::clone(game))))
            .insert_resource(netplay);
        player.seal(over.iter().sum());
        player
    }

    fn update(&mut self) {
        self.app.update();
        let items = self.app.world_mut().resource_mut::<Netplay>().take_items();
        let mut over = 0;
        for item in items {
            over += match item {
                RecordItem::Frame(committed) => self.keep(Entry::Frame(committed.frame)),
                RecordItem::Hold(hold) => self.keep(Entry::Hold(hold)),
                RecordItem::Supplied(entry) => self.keep(entry),
                RecordItem::Issued(..) => 0,
            };
        }
        self.seal(over);
    }

    /// Stands in for the recorder. Returns how many episodes ended with the entry.
    fn keep(&mut self, entry: Entry) -> u16 {
        self.record.push(entry);
        match entry {
            Entry::Hold(hold) => {
                assert_eq!(hold.next, self.replica.frame());
                self.replica.hold(hold.frames);
                0
            }
            Entry::Frame(frame) => {
                assert_eq!(frame.frame, self.replica.frame());
                let before = self.replica.episodes_over();
                self.replica.step(&frame.inputs);
                assert_eq!(self.replica.digest(), frame.digest, "frame {}", frame.frame);
                self.replica.episodes_over() - before
            }
        }
    }

    /// An episode is over for this side when it is confirmed.
    fn seal(&mut self, over: u16) {
        let mut netplay = self.app.world_mut().resource_mut::<Netplay>();
        for episode in self.sealed..self.sealed + over {
            netplay.seal(episode, vec![9]);
        }
        self.sealed += over;
    }

    fn frames(&self) -> Vec<ConfirmedFrame> {
        let frame = |entry: &Entry| match entry {
            Entry::Frame(frame) => Some(*frame),
            Entry::Hold(_) => None,
        };
        self.record.iter().filter_map(frame).collect()
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
            let impairment = impairment.trim_start_matches(',');
            let start =
                Start { game: &game, seat, impairment, seed, away: 0..0, people: everybody(&game) };
            Player::new(start, transport, Vec::new())
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
            (player.frames(), statistics)
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
        assert_eq!(statistics.session.desyncs, 0);
        let refused = statistics.session.exchange.last_malformed;
        assert_eq!(refused, None, "an honest peer's datagram was refused");
        assert_eq!(statistics.session.malformed, 0);
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
            assert!(statistics.session.journal.rollbacks > 10, "{statistics:?}");
            let impaired = statistics.impaired.expect("there is an impairment");
            assert!(impaired.dropped > 5 && impaired.duplicated > 0, "{impaired:?}");
        }
    }
}

#[test]
fn three_and_four_players_have_the_same_guarantee() {
    for players in [3, 4] {
        for statistics in check(players, 1, "delay=15ms,jitter=10ms,loss=10%", 5) {
            assert!(statistics.session.journal.rollbacks > 10, "{statistics:?}");
        }
    }
}

/// Every peer computes what programs do, again in every rollback; and it is in everybody's record.
#[test]
fn programs_play_alike_on_all_computers() {
    for (seats, people) in
        [(2, &[0][..]), (2, &[1]), (3, &[0, 1]), (3, &[0, 2]), (4, &[1, 3]), (4, &[1, 2, 3])]
    {
        let game = game(seats, 1);
        let impairment = "delay=15ms,jitter=10ms,loss=10%";
        let people: Seats = people.iter().copied().map(Seat).collect();
        let start = |Seat(seat)| {
            let (game, seed, away) = (&game, 5, 0..0);
            Start { game, seat, impairment, seed, away, people }
        };
        let mesh = MemoryTransport::mesh(people.len()).into_iter();
        let players = people.iter().zip(mesh);
        let mut players: Vec<Player> =
            players.map(|(seat, end)| Player::new(start(seat), end, Vec::new())).collect();
        run_until(&mut players, "the end", |players| players.iter().all(Player::has_ended));
        check_whole(&players, 1, 0);
        let rollbacks = players[0].netplay().statistics().session.journal.rollbacks;
        assert!(people.len() == 1 || rollbacks > 10, "{rollbacks} rollbacks");
        let mut world = World::new(Arc::clone(&game));
        let mut acted = 0;
        for frame in players[0].frames() {
            for seat in Seat::all(seats.into()).filter(|&seat| !people.contains(seat)) {
                let input = Follower.input(&world, seat);
                assert_eq!(frame.inputs[seat.index()], input, "frame {}", frame.frame);
                acted += u32::from(input.action() != Action::Noop);
            }
            world.step(&frame.inputs[..usize::from(seats)]);
        }
        assert!(acted > 50, "the programs did nothing");
    }
}

/// Updates all players until `done`, or fails.
fn run_until(players: &mut [Player], what: &str, done: impl Fn(&[Player]) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done(players) {
        let stages = || players.iter().map(|player| player.netplay().stage().clone());
        assert!(Instant::now() < deadline, "{what}: {:?}", stages().collect::<Vec<_>>());
        players.iter_mut().for_each(Player::update);
        std::thread::yield_now();
    }
}

/// All records are equal entry for entry, and whole: so many resumptions, all rows.
fn check_whole(players: &[Player], episodes: u32, resumptions: usize) {
    let first = &players[0];
    for player in players {
        assert_eq!(player.netplay().stage(), &Stage::Ended(Ending::Completed));
        let common = player.record.len().min(first.record.len());
        assert_eq!(player.record[..common], first.record[..common]);
        assert_eq!(u32::from(player.sealed), episodes);
        let holds = player.record.iter().filter(|entry| matches!(entry, Entry::Hold(_)));
        assert_eq!(holds.count(), resumptions);
    }
}

fn two_players<'a>(game: &'a Arc<Game>, impairment: &'a str) -> Vec<Player> {
    let mesh = MemoryTransport::mesh(2).into_iter();
    let start =
        |seat| Start { game, seat, impairment, seed: 3, away: 0..0, people: everybody(game) };
    (0..2).zip(mesh).map(|(seat, end)| Player::new(start(seat), end, Vec::new())).collect()
}

#[test]
fn a_lost_connection_is_made_anew_and_play_goes_on() {
    let game = game(2, 2);
    let mut players = two_players(&game, "delay=5ms,jitter=5ms,down=900ms..2s");
    run_until(&mut players, "the end", |players| players.iter().all(Player::has_ended));
    check_whole(&players, 2, 1);
    for player in &players {
        let statistics = player.netplay().statistics();
        assert_eq!(statistics.session.interruptions, 1, "{statistics:?}");
        assert!(statistics.interrupted > Duration::from_millis(500), "{statistics:?}");
    }
}

/// One program is killed and started again with what it had on disk, some frames short of what it
/// had confirmed; at every part of the session.
#[test]
fn a_program_that_is_started_again_goes_on_where_it_was() {
    for (frame, lost) in [(3, 0), (40, 1), (100, 70), (180, 12), (205, 30)] {
        let game = game(2, 2);
        let impairment = "delay=5ms,jitter=5ms,loss=5%";
        let mut players = two_players(&game, impairment);
        run_until(&mut players, "play", |players| players[1].replica.frame() >= frame);
        let killed = players.pop().expect("there are two");
        let mut left = killed.record;
        left.truncate(left.len().saturating_sub(lost));
        // The other may have confirmed less than the killed one had.
        let owed = players[0].record.len().saturating_sub(left.len());
        let transport = killed.transport.replacement();
        drop(killed.app);
        let start = Start {
            game: &game,
            seat: 1,
            impairment,
            seed: 3,
            away: 0..0,
            people: everybody(&game),
        };
        players.push(Player::new(start, transport, left));
        run_until(&mut players, "the end", |players| players.iter().all(Player::has_ended));
        check_whole(&players, 2, 1);
        assert!(players[1].netplay().statistics().session.supplied >= owed as u64);
    }
}

#[test]
fn a_program_that_is_killed_again_and_again_loses_nothing() {
    let game = game(2, 1);
    let mut players = two_players(&game, "");
    for round in 1..=4_u32 {
        let killed_at = 30 + 40 * round;
        run_until(&mut players, "play", |players| {
            players.iter().all(|player| player.replica.frame() >= killed_at)
        });
        // They take turns.
        let at = (round % 2) as usize;
        let transport = players[at].transport.replacement();
        let record = std::mem::take(&mut players[at].record);
        let seat = u8::try_from(at).expect("two seats");
        let start = Start {
            game: &game,
            seat,
            impairment: "",
            seed: 3,
            away: 0..0,
            people: everybody(&game),
        };
        players[at] = Player::new(start, transport, record);
    }
    run_until(&mut players, "the end", |players| players.iter().all(Player::has_ended));
    check_whole(&players, 1, 4);
}

#[test]
fn a_partner_who_does_not_come_back_is_given_up() {
    let game = game(2, 1);
    let mut players = two_players(&game, "");
    run_until(&mut players, "play", |players| players[0].replica.frame() >= 60);
    players.truncate(1);
    let interrupted = |players: &[Player]| players[0].netplay().stage() == &Stage::Interrupted;
    run_until(&mut players, "an interruption", interrupted);
    assert!(players[0].netplay().patience_left() > Some(Duration::from_secs(20)));
    let confirmed = players[0].record.len();
    assert!(confirmed >= 60);
}

/// Plays a game of three planned episodes in which seat 1 is away for some of the inputs that it is
/// asked for, on bad links. Both sides' records are equal up to the end. Returns the world there,
/// and in how many frames it waited.
fn play_without_one(focus: FocusRule, away: &Range<u64>, seed: u64) -> (World, u32) {
    let game = game_with(focus);
    let mesh = MemoryTransport::mesh(2).into_iter();
    let links = |seat| {
        let seed = seed * 8 + u64::from(seat);
        format!("delay=20ms,jitter=15ms,loss=15%,dup=5%,reorder=5%,seed={seed}")
    };
    let player = |(seat, end)| {
        let impairment = &links(seat);
        let start = Start {
            game: &game,
            seat,
            impairment,
            seed,
            away: away.clone(),
            people: everybody(&game),
        };
        Player::new(start, end, Vec::new())
    };
    let mut players: Vec<Player> = (0..2).zip(mesh).map(player).collect();
    run_until(&mut players, "the end", |players| players.iter().all(Player::has_ended));
    let mut ends = Vec::new();
    for player in &players {
        let statistics = player.netplay().statistics();
        assert_eq!(player.netplay().stage(), &Stage::Ended(Ending::Completed), "seed {seed}");
        assert!(statistics.session.journal.rollbacks > 10, "seed {seed}: {statistics:?}");
        assert_eq!((statistics.session.desyncs, statistics.session.malformed), (0, 0));
        let (mut world, mut waited) = (World::new(Arc::clone(&game)), 0);
        for frame in player.frames() {
            world.step(&frame.inputs[..2]);
            waited += u32::from(matches!(world.phase(), Phase::Paused { .. }));
            assert_eq!(world.digest(), frame.digest, "seed {seed}, frame {}", frame.frame);
            if world.end().is_some() {
                break;
            }
        }
        assert_eq!(player.sealed, world.episodes_over(), "seed {seed}");
        assert!(player.netplay().confirmed().end().is_some(), "seed {seed}");
        ends.push((world, waited));
    }
    assert_eq!(ends[0], ends[1], "seed {seed}: both sides end in the same frame");
    ends.swap_remove(0)
}

#[test]
fn who_is_away_too_long_ends_the_session_in_the_same_frame_for_both() {
    // In the middle of the first episode, and from its last steps into the second.
    for (away, limit, episodes, t) in [(60..500, 60, 1, 92), (150..500, 90, 2, 22)] {
        for seed in 0..3 {
            let rule = FocusRule { limit: Some(limit), ..FocusRule::default() };
            let (world, waited) = play_without_one(rule, &away, seed);
            let who = [false, true, false, false];
            assert_eq!(world.end(), Some(End::AwayTooLong { who }), "seed {seed}");
            // They may have been in another window for a frame before, by chance.
            assert_eq!((world.episodes_over(), waited), (episodes, 0), "seed {seed}");
            assert!((t - 3..=t).contains(&world.t()), "seed {seed}: {} rows", world.t());
        }
    }
}

#[test]
fn a_game_that_waits_for_somebody_goes_on_alike_on_both_sides() {
    for seed in 0..3 {
        let rule = FocusRule { limit: Some(200), pause: true, return_frames: 5, warn_frames: 0 };
        let (world, waited) = play_without_one(rule, &(90..190), seed);
        assert_eq!((world.end(), world.episodes_over()), (Some(End::Completed), 3), "seed {seed}");
        assert!(waited > 110, "seed {seed}: {waited} frames");
    }
}
