//! Schedules of deliveries, to be repeated through Bevy.
//!
//! Two peers take turns: in each round first seat 0 tries a step, then seat 1. A try sends at most
//! one datagram, which has the number of its round, and which datagrams arrive before which try
//! says everything that a network can do to a session. A [`Schedule`] is such a list with what it
//! led to. No clock is in it, and the peers' own stand still, so that ggrs sends nothing because
//! of the time: `bevy_ggrs`, which reads the system's clock, can follow it as well, and a test of
//! netplay makes it.
//!
//! Before the first round the peers greet and synchronize over perfect links, and the first
//! datagrams arrive at once, because the end of the synchronization travels with them. The
//! reliable channel is perfect throughout.

use crate::books::Disk;
use crate::network::Channel;
use crate::peer::{Peer, Stage};
use crate::profile::Profile;
use crate::scenario::{Cast, Scenario};
use crate::script::{Inputs, Script};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Game, Settings, World, layout};
use dyad_impair::{Link, Mode};
use dyad_protocol::Seat;
use dyad_rollback::peering::Connection;
use serde::Serialize;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// The connection of each to the other.
const CONNECTION: Connection = Connection(0);

/// The players of a schedule.
const SEATS: [Seat; 2] = [Seat(0), Seat(1)];

/// A schedule of deliveries, and what it led to. Lists of two are by seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// What it is for, and how it was made.
    pub about: String,
    /// The game.
    pub settings: Settings,
    /// Frames between an input and its effect.
    pub input_delay: u8,
    /// Frames that may be simulated ahead.
    pub prediction_window: u8,
    /// By the frame that they are given for: the bits of both inputs.
    pub inputs: Vec<[u16; 2]>,
    /// By round: the numbers of the partner's datagrams that arrive before the try.
    pub arrivals: Vec<[Vec<u64>; 2]>,
    /// What each journal went through.
    pub totals: [Totals; 2],
    /// The confirmed frames of the peer that has more of them; the other's are their beginning.
    pub frames: Vec<Frame>,
}

/// What a journal went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Frames that left as confirmed.
    pub committed: u64,
    /// Steps in which earlier frames were simulated again.
    pub rollbacks: u64,
    /// Frames that were simulated again.
    pub resimulated: u64,
    /// The most frames simulated again in one step.
    pub deepest: u32,
}

/// A confirmed frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// The bits of both inputs.
    pub inputs: [u16; 2],
    /// Digest of the world.
    pub digest: String,
}

/// The schedules that are kept in `fixtures/`, with their prediction windows.
pub const KEPT: [(Profile, u8); 3] = [
    (kept("late", "delay=150ms,jitter=60ms,loss=10%"), 16),
    (kept("overtaken", "delay=80ms,jitter=60ms,loss=5%,dup=15%,reorder=20%"), 16),
    (kept("stalled", "delay=300ms,jitter=80ms,loss=20%,down=3s..4s"), 8),
];

/// The most rounds of a schedule.
const MOST_ROUNDS: u32 = 1000;

const fn kept(name: &'static str, links: &'static str) -> Profile {
    Profile { name, from_first: links, from_others: links, ..crate::profile::ALL[0] }
}

/// The scenario of a kept schedule.
#[must_use]
pub fn scenario((profile, prediction_window): (Profile, u8)) -> Scenario {
    let scenario = Scenario::plain(profile, 4, game(), Cast::Random);
    Scenario { prediction_window, ..scenario }
}

/// Makes the schedule of a scenario: as many rounds as both need to confirm the last row.
#[must_use]
pub fn make(scenario: &Scenario) -> Schedule {
    let inputs = written(scenario);
    let mut lockstep = Lockstep::new(scenario, &Script::Written(Arc::new(inputs.clone())));
    lockstep.open();
    let rounds = (0..MOST_ROUNDS).map_while(|round| lockstep.round(round));
    let arrivals: Vec<_> = rounds.collect();
    let [first, second] = &lockstep.peers;
    let longer = if confirmed(first) > confirmed(second) { first } else { second };
    let bits = |inputs: &Inputs| [inputs[0].bits(), inputs[1].bits()];
    let frame = |frame: &dyad_gridworld::ConfirmedFrame| Frame {
        inputs: bits(&frame.inputs),
        digest: frame.digest.to_string(),
    };
    Schedule {
        about: format!("{}, made by tests/simulation", scenario.profile.from_first),
        settings: scenario.game.settings().clone(),
        input_delay: scenario.input_delay,
        prediction_window: scenario.prediction_window,
        inputs: inputs.iter().take(arrivals.len()).map(bits).collect(),
        arrivals,
        totals: [totals(first), totals(second)],
        frames: longer.record().frames().map(frame).collect(),
    }
}

fn confirmed(peer: &Peer) -> usize {
    peer.record().frames().count()
}

fn game() -> Arc<Game> {
    let layout = "cramped_room";
    let settings = Settings {
        task: TaskSettings::default(),
        layout: layout.to_owned(),
        layout_text: layout::classic(layout).expect("a classic layout").to_owned(),
        players: 2,
        steps_per_second: 30,
        max_steps: 70,
        episodes: 2,
        countdown_frames: 8,
        pause_frames: 4,
        seed: 11,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    };
    Game::new(settings).expect("all of these are within their ranges")
}

/// Both players' inputs for as many frames as there can be.
fn written(scenario: &Scenario) -> Vec<Inputs> {
    let mut script = Script::of(scenario);
    let world = World::new(Arc::clone(&scenario.game));
    let inputs = |frame| {
        let mut inputs = Inputs::default();
        for seat in SEATS {
            inputs[seat.index()] = script.input(&world, seat, frame);
        }
        inputs
    };
    (0..MOST_ROUNDS).map(inputs).collect()
}

fn totals(peer: &Peer) -> Totals {
    let dyad_rollback::journal::Totals { committed, rollbacks, resimulated, deepest } =
        peer.statistics().journal;
    Totals { committed, rollbacks, resimulated, deepest }
}

/// Something that arrives at the next display frame. Datagrams of the rounds have numbers.
struct Arrival {
    number: Option<u64>,
    channel: Channel,
    bytes: Vec<u8>,
}

struct Lockstep {
    peers: [Peer; 2],
    /// The numbered datagrams that are under way, by receiver.
    links: [Link<(u64, Vec<u8>)>; 2],
    /// What arrives at the next display frame, by receiver.
    at_once: [Vec<Arrival>; 2],
    /// The time on the links.
    now: Duration,
    step: Duration,
    /// Frames up to the last row.
    frames: usize,
}

impl Lockstep {
    fn new(scenario: &Scenario, script: &Script) -> Self {
        let peer = |seat: Seat| {
            let mut peer = Peer::new(scenario, seat, script.clone(), Disk::new(), Duration::ZERO);
            peer.connected(Duration::ZERO, CONNECTION);
            peer
        };
        let speed = u64::from(scenario.game.settings().steps_per_second);
        Self {
            peers: SEATS.map(peer),
            links: [0, 1]
                .map(|to| Link::new(&scenario.links[1 - to][to], to as u64, Mode::Datagrams)),
            at_once: [Vec::new(), Vec::new()],
            now: Duration::ZERO,
            step: Duration::from_nanos(1_000_000_000 / speed),
            frames: usize::try_from(scenario.frames()).unwrap_or(usize::MAX),
        }
    }

    /// Lets the peers greet and synchronize until one of them may try a step.
    fn open(&mut self) {
        for _ in 0..100 {
            for seat in SEATS {
                self.update(seat, Duration::ZERO);
            }
            if self.peers.iter().any(|peer| peer.stage() == Stage::Playing) {
                return;
            }
        }
        unreachable!("peers over perfect links synchronize in a few display frames");
    }

    /// One try of each; returns what arrived before it. `None` if both have everything.
    fn round(&mut self, round: u32) -> Option<[Vec<u64>; 2]> {
        let complete = |peer: &Peer| confirmed(peer) > self.frames;
        if self.peers.iter().all(complete) {
            return None;
        }
        self.now = self.step * round;
        Some(SEATS.map(|seat| {
            let at = seat.index();
            while let Some((number, bytes)) = self.links[at].poll(self.now) {
                let (number, channel) = (Some(number), Channel::Unreliable);
                self.at_once[at].push(Arrival { number, channel, bytes });
            }
            let arrivals = self.at_once[at].iter().filter_map(|arrival| arrival.number).collect();
            self.update(seat, self.step);
            assert_eq!(self.peers[at].statistics().attempts, u64::from(round) + 1, "a try a round");
            arrivals
        }))
    }

    /// One display frame of a peer, and where its messages go.
    fn update(&mut self, seat: Seat, passed: Duration) {
        let (at, other) = (seat.index(), SEATS[1 - seat.index()]);
        let peer = &mut self.peers[at];
        for Arrival { channel, bytes, .. } in self.at_once[at].drain(..) {
            peer.receive(Duration::ZERO, CONNECTION, channel, &bytes);
        }
        let tries = peer.statistics().attempts;
        peer.update(Duration::ZERO, passed, false);
        let tried = peer.statistics().attempts > tries;
        while let Some((_, channel, bytes)) = peer.poll_send() {
            let number = (tried && channel == Channel::Unreliable).then_some(tries);
            match number {
                Some(number @ 1..) => self.links[other.index()].send(self.now, (number, bytes)),
                _ => self.at_once[other.index()].push(Arrival { number, channel, bytes }),
            }
        }
    }
}

impl Schedule {
    /// The schedule as JSON, in a form that people can read and compare: a round or a frame a
    /// line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let value = serde_json::to_value(self).expect("nothing in a schedule has no JSON");
        let fields = value.as_object().expect("a struct is an object");
        let mut text = String::from("{\n");
        for (at, (name, value)) in fields.iter().enumerate() {
            let comma = if at + 1 < fields.len() { "," } else { "" };
            match value.as_array().filter(|list| list.len() > 2) {
                Some(list) => {
                    let lines: Vec<String> = list.iter().map(ToString::to_string).collect();
                    write!(text, "\"{name}\": [\n{}\n]{comma}\n", lines.join(",\n"))
                }
                None => writeln!(text, "\"{name}\": {value}{comma}"),
            }
            .expect("a string takes any text");
        }
        text + "}\n"
    }
}
