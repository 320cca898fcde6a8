//! The event loop: whose display frame comes next, and what has arrived there by then.

use crate::network::{Network, Packet};
use crate::peer::{Peer, Stage};
use crate::scenario::{Fault, Scenario};
use crate::script::Script;
use dyad_gridworld::Digest;
use dyad_gridworld::rng::Rng;
use dyad_impair::{Counts, Outage};
use dyad_protocol::Seat;
use std::time::Duration;

/// From one display frame to the next, at 60 Hz.
const DISPLAY: Duration = Duration::from_nanos(16_666_667);

/// How much later than the first the last computer may be there.
const LATEST_START_MS: u32 = 500;

/// What came of a scenario.
pub struct Run {
    /// The peers by seat, as they were at the end.
    pub peers: Vec<Peer>,
    /// What the links did to the datagrams.
    pub datagrams: Counts,
    /// How long it took, in virtual time.
    pub took: Duration,
    /// Digest over every delivery and every update, and over all records: two runs of one
    /// scenario have the same.
    pub fingerprint: Digest,
}

/// A peer, and when it does something.
struct Station {
    peer: Peer,
    last: Duration,
    next: Duration,
    stops: Vec<Outage>,
}

struct Simulation {
    stations: Vec<Station>,
    network: Network,
    now: Duration,
    trace: blake3::Hasher,
}

/// Runs a scenario to its end, or to its deadline.
///
/// # Panics
/// Where the code under test does.
#[must_use]
pub fn run(scenario: &Scenario) -> Run {
    let mut simulation = Simulation::new(scenario);
    let deadline = scenario.deadline();
    while let Some(at) = simulation.next().filter(|_| simulation.now <= deadline) {
        simulation.update(at);
    }
    simulation.finish()
}

impl Simulation {
    fn new(scenario: &Scenario) -> Self {
        let mut rng = Rng::stream(scenario.seed, 1);
        let script = Script::of(scenario);
        let seats = Seat::all(scenario.game.players());
        let stations = seats.map(|seat| {
            // Computers differ in when they start and in when their displays refresh.
            let start = Duration::from_micros(u64::from(rng.below(LATEST_START_MS * 1000)));
            let peer = Peer::new(scenario, seat, script.clone(), start);
            Station { peer, last: start, next: start, stops: stops(scenario, seat) }
        });
        let stations = stations.collect();
        let network = Network::new(scenario);
        Self { stations, network, now: Duration::ZERO, trace: blake3::Hasher::new() }
    }

    /// The station whose turn is next, if anybody still plays.
    fn next(&self) -> Option<usize> {
        let running = self.stations.iter().enumerate();
        let running = running.filter(|(_, station)| !station.peer.stage().is_over());
        running.min_by_key(|(at, station)| (station.next, *at)).map(|(at, _)| at)
    }

    fn update(&mut self, at: usize) {
        let ahead = self.is_ahead(at);
        let station = &mut self.stations[at];
        let (now, seat) = (station.next, seat(at));
        while let Some(packet) = self.network.poll(now, seat) {
            let Packet { from, channel, number, bytes } = packet;
            note(&mut self.trace, now, [u64::from(from.0), u64::from(seat.0), number]);
            station.peer.receive(now, from, channel, &bytes);
        }
        station.peer.update(now, now.saturating_sub(station.last), ahead);
        while let Some(outgoing) = station.peer.poll_send() {
            self.network.send(now, seat, outgoing);
        }
        let confirmed = station.peer.confirmed().len() as u64;
        note(&mut self.trace, now, [at as u64, u64::from(station.peer.frame()), confirmed]);
        station.last = now;
        station.next = resumed(&station.stops, now + DISPLAY);
        self.now = now;
    }

    /// Whether a peer is more than a frame ahead of another: what ggrs estimates over pings, and
    /// only over real ones.
    fn is_ahead(&self, at: usize) -> bool {
        let frames = self.stations.iter().map(|station| station.peer.frame());
        let slowest = frames.min().unwrap_or_default();
        self.stations[at].peer.stage() == &Stage::Playing
            && self.stations[at].peer.frame() > slowest + 1
    }

    fn finish(self) -> Run {
        let mut trace = self.trace;
        let peers: Vec<Peer> = self.stations.into_iter().map(|station| station.peer).collect();
        for files in peers.iter().flat_map(|peer| peer.record().files().values()) {
            trace.update(&files.log);
            trace.update(&files.table);
        }
        Run {
            datagrams: self.network.datagrams(),
            peers,
            took: self.now,
            fingerprint: Digest(*trace.finalize().as_bytes()),
        }
    }
}

fn seat(at: usize) -> Seat {
    Seat(u8::try_from(at).expect("there are at most four seats"))
}

fn stops(scenario: &Scenario, seat: Seat) -> Vec<Outage> {
    let stop = |fault: &Fault| match *fault {
        Fault::Stop { seat: whose, from, to } if whose == seat => Some(Outage { from, to }),
        _ => None,
    };
    scenario.faults.iter().filter_map(stop).collect()
}

/// The first moment from `at` on at which a computer does not stand still.
fn resumed(stops: &[Outage], at: Duration) -> Duration {
    let covering = stops.iter().filter(|stop| stop.covers(at)).map(|stop| stop.to).max();
    covering.map_or(at, |later| resumed(stops, later))
}

fn note(trace: &mut blake3::Hasher, now: Duration, values: [u64; 3]) {
    trace.update(&now.as_nanos().to_le_bytes());
    for value in values {
        trace.update(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::resumed;
    use dyad_impair::Outage;
    use std::time::Duration;

    #[test]
    fn a_computer_resumes_after_all_of_its_stops() {
        let s = Duration::from_secs;
        let stops = [(4, 6), (1, 3), (3, 5)].map(|(from, to)| Outage { from: s(from), to: s(to) });
        let expected = [(0, 0), (1, 6), (5, 6), (6, 6)];
        for (at, then) in expected {
            assert_eq!(resumed(&stops, s(at)), s(then));
        }
    }
}
