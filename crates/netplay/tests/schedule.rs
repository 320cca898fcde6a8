//! One and the same schedule of deliveries through the simulator and through `bevy_ggrs` gives
//! identical journals.
//!
//! The schedules lie in `tests/simulation/fixtures`, with what they led to in a ggrs session
//! without Bevy. Here two headless apps follow them: in each round first seat 0 tries a step,
//! then seat 1, and before each try just those of the partner's datagrams arrive that the
//! schedule lists. Compared are all confirmed frames, inputs and digests, and also how often and
//! how deep each side rolled back: no clock decides anything, so even that is the same.

use bevy::MinimalPlugins;
use bevy::prelude::App;
use bevy::time::TimeUpdateStrategy;
use dyad_gridworld::{ConfirmedFrame, Game, PlayerInput, Settings, World};
use dyad_netplay::transport::{Channel, Transport, TransportEvent};
use dyad_netplay::{
    InputSource, MatchSettings, Netplay, NetplayPlugin, RecordItem, Simulation, Stage,
};
use dyad_protocol::{Seat, Seats};
use dyad_rollback::peering::{Connection, Patience};
use dyad_rollback::quality::Probe;
use dyad_rollback::session::Statistics;
use dyad_rollback::{History, SessionParameters};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// See `Schedule` in the simulator's `lockstep`.
#[derive(Deserialize)]
struct Schedule {
    settings: Settings,
    input_delay: u8,
    prediction_window: u8,
    inputs: Vec<[u16; 2]>,
    arrivals: Vec<[Vec<u64>; 2]>,
    totals: [Totals; 2],
    frames: Vec<Frame>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Totals {
    committed: u64,
    rollbacks: u64,
    resimulated: u64,
    deepest: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Frame {
    inputs: [u16; 2],
    digest: String,
}

/// What a peer has sent and what is to arrive there; the test moves it from one to the other.
#[derive(Default)]
struct Mailbox {
    arriving: Vec<TransportEvent>,
    sent: Vec<(Channel, Vec<u8>)>,
}

#[derive(Clone, Default)]
struct Mail(Arc<Mutex<Mailbox>>);

impl Mail {
    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

impl Transport for Mail {
    fn poll(&mut self, _now: Duration) -> Vec<TransportEvent> {
        std::mem::take(&mut self.mailbox().arriving)
    }

    fn send(&mut self, _now: Duration, _to: Connection, channel: Channel, bytes: Vec<u8>) {
        self.mailbox().sent.push((channel, bytes));
    }

    fn reconnect(&mut self, _now: Duration) {
        panic!("nothing interrupts a schedule");
    }
}

/// The clock decides nothing here.
const NEVER: Duration = Duration::from_secs(600);

/// The connection of each to the other.
const CONNECTION: Connection = Connection(0);

/// The inputs of one seat, by the frame that they are given for.
struct Written(std::vec::IntoIter<PlayerInput>);

impl InputSource for Written {
    fn read(&mut self, _world: &World, _seat: Seat) -> PlayerInput {
        self.0.next().unwrap_or_default()
    }
}

struct Player {
    app: App,
    mail: Mail,
    confirmed: Vec<ConfirmedFrame>,
    /// What was sent in the rounds, by their numbers; a step that ends a stall may send nothing.
    sent: BTreeMap<u64, Vec<u8>>,
}

impl Player {
    fn new(schedule: &Schedule, game: &Arc<Game>, seat: Seat) -> Self {
        let settings = MatchSettings {
            game: Arc::clone(game),
            parameters: SessionParameters {
                people: Seats::first(2),
                seat,
                steps_per_second: schedule.settings.steps_per_second,
                input_delay: schedule.input_delay,
                prediction_window: schedule.prediction_window,
            },
            session: "s-schedule".parse().expect("an id"),
            program: "test".to_owned(),
            hold: 30,
            patience: Patience { silence: NEVER, connect: NEVER, ..Patience::default() },
        };
        let inputs = schedule.inputs.iter().map(|bits| PlayerInput::from_bits(bits[seat.index()]));
        let inputs: Vec<_> = inputs.collect();
        let mail = Mail::default();
        mail.mailbox().arriving.push(TransportEvent::Connected(CONNECTION));
        let history = History::new(Arc::clone(game));
        let inputs = Written(inputs.into_iter());
        let netplay = Netplay::new(settings, history, mail.clone(), inputs, Duration::ZERO);
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, NetplayPlugin))
            .insert_resource(Simulation(World::new(Arc::clone(game))))
            .insert_resource(netplay.expect("the parameters are within range"));
        Self { app, mail, confirmed: Vec::new(), sent: BTreeMap::new() }
    }

    fn netplay(&self) -> &Netplay {
        self.app.world().resource::<Netplay>()
    }

    fn statistics(&self) -> Statistics {
        self.netplay().statistics().session
    }

    fn arrive(&self, channel: Channel, bytes: Vec<u8>) {
        let event = TransportEvent::Received { connection: CONNECTION, channel, bytes };
        self.mail.mailbox().arriving.push(event);
    }

    /// One display frame. Keeps the datagram of a tried step; gives `partner` all else at once.
    fn update(&mut self, passed: Duration, partner: &Self) {
        let tries = self.statistics().attempts;
        self.app.insert_resource(TimeUpdateStrategy::ManualDuration(passed));
        self.app.update();
        let tried = self.statistics().attempts > tries;
        let mut netplay = self.app.world_mut().resource_mut::<Netplay>();
        self.confirmed.extend(netplay.take_items().iter().filter_map(|item| match item {
            RecordItem::Frame(committed) => Some(committed.frame),
            _ => None,
        }));
        let sent = std::mem::take(&mut self.mail.mailbox().sent);
        for (channel, bytes) in sent {
            // The clock makes these, and they change nothing.
            if Probe::read(&bytes).is_some() {
                continue;
            }
            if tried && channel == Channel::Unreliable {
                assert!(self.sent.insert(tries, bytes).is_none(), "one datagram a try");
            } else {
                partner.arrive(channel, bytes);
            }
        }
    }
}

/// Lets the two greet and synchronize until one of them may try a step. No time passes.
fn open(players: &mut [Player; 2]) {
    for _ in 0..100 {
        let [first, second] = players;
        first.update(Duration::ZERO, second);
        second.update(Duration::ZERO, first);
        if players.iter().any(|player| player.netplay().stage() == &Stage::Playing) {
            return;
        }
    }
    panic!("no session: {:?}", players[0].netplay().stage());
}

/// One try of `player`, after these of its partner's datagrams have arrived.
fn try_step(player: &mut Player, partner: &Player, arrivals: &[u64], step: Duration) {
    for number in arrivals {
        let datagram = partner.sent.get(number).expect("the simulator's peer sent one");
        player.arrive(Channel::Unreliable, datagram.clone());
    }
    let tries = player.statistics().attempts;
    // `bevy_ggrs` makes a step 10 % longer when it thinks that it is ahead, which it estimates with
    // the system's clock. In small portions of time there is one try all the same.
    for _ in 0..12 {
        if player.statistics().attempts == tries {
            player.update(step / 10, partner);
        }
    }
    assert_eq!(player.statistics().attempts, tries + 1, "a try a round");
}

fn follow(schedule: &Schedule) -> [Player; 2] {
    let game = Game::new(schedule.settings.clone()).expect("a game");
    let mut players = [Seat(0), Seat(1)].map(|seat| Player::new(schedule, &game, seat));
    open(&mut players);
    let speed = u64::from(schedule.settings.steps_per_second);
    let step = Duration::from_nanos(1_000_000_000 / speed);
    for [to_first, to_second] in &schedule.arrivals {
        let [first, second] = &mut players;
        try_step(first, second, to_first, step);
        try_step(second, first, to_second, step);
    }
    players
}

fn check(schedule: &Schedule) {
    let players = follow(schedule);
    for (seat, player) in players.iter().enumerate() {
        let frames: Vec<Frame> = player
            .confirmed
            .iter()
            .map(|frame| Frame {
                inputs: [frame.inputs[0].bits(), frame.inputs[1].bits()],
                digest: frame.digest.to_string(),
            })
            .collect();
        assert_eq!(frames[..], schedule.frames[..frames.len()], "seat {seat}");
        let journal = player.statistics().journal;
        let totals = Totals {
            committed: journal.committed,
            rollbacks: journal.rollbacks,
            resimulated: journal.resimulated,
            deepest: journal.deepest,
        };
        assert_eq!(totals, schedule.totals[seat], "seat {seat}");
        let refused = player.statistics().exchange.last_malformed;
        assert_eq!(refused, None, "seat {seat} refused a datagram");
    }
    let longest = players.iter().map(|player| player.confirmed.len()).max();
    assert_eq!(longest, Some(schedule.frames.len()));
}

/// The schedule in a file of the simulator's.
fn read(name: &str) -> Schedule {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/simulation/fixtures");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json")));
    serde_json::from_str(&text.expect("the simulator keeps it")).expect("a schedule")
}

#[test]
fn late_and_lost_datagrams_give_the_simulators_journal() {
    check(&read("late"));
}

#[test]
fn doubled_and_overtaken_datagrams_give_the_simulators_journal() {
    check(&read("overtaken"));
}

#[test]
fn stalls_and_an_outage_give_the_simulators_journal() {
    check(&read("stalled"));
}

#[test]
fn another_schedule_gives_another_journal() {
    let schedule = read("late");
    let mut changed = read("late");
    for round in &mut changed.arrivals[80..84] {
        *round = Default::default();
    }
    let players = follow(&changed);
    let changed = players.each_ref().map(|player| player.statistics().journal.resimulated);
    assert_ne!(changed, schedule.totals.map(|totals| totals.resimulated));
}
