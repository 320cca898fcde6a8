//! The event loop: whose display frame comes next, what has arrived there by then, and what
//! befalls whom.
//!
//! Display frames in which nothing can happen are left out: no step is due, nothing arrives, and
//! the last one was not long ago.

use crate::books::Disk;
use crate::mishap::{Mishap, What, When};
use crate::network::{Arrival, Network};
use crate::peer::{Ending, Peer, Stage};
use crate::scenario::Scenario;
use crate::script::Script;
use crate::tally::Tally;
use dyad_gridworld::Digest;
use dyad_gridworld::Entry;
use dyad_gridworld::rng::Rng;
use dyad_impair::Counts;
use dyad_protocol::Seat;
use dyad_rollback::peering::LeaveReason;
use std::time::Duration;

/// From one display frame to the next, at 60 Hz.
const DISPLAY: Duration = Duration::from_nanos(16_666_667);

/// A display frame is left out at most as long as this: peering wants to be polled ten times a
/// second.
const LONGEST_NAP: Duration = Duration::from_millis(80);

/// How much later than the first the last computer may be there.
const LATEST_START_MS: u32 = 500;

/// What came of a scenario.
pub struct Run {
    /// The peers by seat, as they were at the end. That of a player who was lost is what is left
    /// on the disk.
    pub peers: Vec<Peer>,
    /// What each computer went through, by seat, over all runs of its program.
    pub tallies: Vec<Tally>,
    /// What befell it.
    pub events: Events,
    /// What the links did to the datagrams.
    pub datagrams: Counts,
    /// How many connections were made anew.
    pub reconnections: u64,
    /// How long it took, in virtual time.
    pub took: Duration,
    /// Digest over every delivery and every update, and over all records: two runs of one
    /// scenario have the same.
    pub fingerprint: Digest,
}

/// What befell a session. A mishap that came too late is not among it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// All that happened.
    pub mishaps: Vec<Mishap>,
    /// Programs that were started again.
    pub restarts: u32,
    /// Players who were lost for good.
    pub losses: Vec<Seat>,
    /// People who left, and why.
    pub leaves: Vec<(Seat, LeaveReason)>,
    /// Whose program was killed when its record was complete. The others may have ended then, so
    /// it may find nobody.
    pub killed_late: Vec<Seat>,
}

/// A computer, and when it does something.
struct Station {
    peer: Peer,
    /// Whether the program runs.
    on: bool,
    /// When it stands still no longer.
    still_until: Duration,
    last: Duration,
    /// Its next display frame, or when its program is started. `None` for never.
    next: Option<Duration>,
    /// What earlier runs of its program went through.
    past: Tally,
}

impl Station {
    /// Whether its program runs and plays, for all that others can do.
    fn is_up(&self, now: Duration) -> bool {
        self.on && now >= self.still_until && !self.peer.has_ended()
    }

    fn tally(&self) -> Tally {
        self.past.clone() + Tally::of(&self.peer)
    }

    /// Puts the next display frame forward.
    fn wake(&mut self, at: Duration) {
        if self.on && !self.peer.has_ended() {
            let at = on_display(self.last, at.max(self.still_until));
            self.next = self.next.map(|next| next.min(at));
        }
    }
}

/// The first display frame at or after a moment, and after the last one.
fn on_display(last: Duration, at: Duration) -> Duration {
    let frames = at.saturating_sub(last).as_nanos().div_ceil(DISPLAY.as_nanos()).max(1);
    last + DISPLAY * u32::try_from(frames).unwrap_or(u32::MAX)
}

struct Simulation<'a> {
    scenario: &'a Scenario,
    script: Script,
    stations: Vec<Station>,
    network: Network,
    pending: Vec<Mishap>,
    events: Events,
    /// When the last mishap is over.
    healed: Duration,
    /// The most frames that anybody has simulated.
    reached: u32,
    now: Duration,
    rng: Rng,
    trace: blake3::Hasher,
    tell: &'a mut dyn FnMut(Duration, &str),
}

/// Runs a scenario to its end, or to its deadline.
///
/// # Panics
/// Where the code under test does.
#[must_use]
pub fn run(scenario: &Scenario) -> Run {
    run_and_tell(scenario, &mut |_, _| {})
}

/// The same, and tells what befalls whom, and who stands where since when.
///
/// # Panics
/// Where the code under test does.
#[must_use]
pub fn run_and_tell(scenario: &Scenario, tell: &mut dyn FnMut(Duration, &str)) -> Run {
    let mut simulation = Simulation::new(scenario, tell);
    while let Some(at) = simulation.next() {
        let gone = !scenario.is_survivable() || simulation.somebody_completed();
        if simulation.now > simulation.healed + scenario.allowance(gone) {
            break;
        }
        simulation.turn(at);
    }
    simulation.finish()
}

impl<'a> Simulation<'a> {
    fn new(scenario: &'a Scenario, tell: &'a mut dyn FnMut(Duration, &str)) -> Self {
        let mut rng = Rng::stream(scenario.seed, 1);
        let script = Script::of(scenario);
        let seats = Seat::all(scenario.game.players());
        let stations = seats.map(|seat| {
            // Computers differ in when they start and in when their displays refresh.
            let start = Duration::from_micros(u64::from(rng.below(LATEST_START_MS * 1000)));
            let peer = Peer::new(scenario, seat, script.clone(), Disk::new(), start);
            let past = Tally::default();
            let still_until = Duration::ZERO;
            Station { peer, on: false, still_until, last: start, next: Some(start), past }
        });
        Self {
            stations: stations.collect(),
            scenario,
            script,
            network: Network::new(scenario),
            pending: scenario.mishaps.clone(),
            events: Events::default(),
            healed: Duration::ZERO,
            reached: 0,
            now: Duration::ZERO,
            rng,
            trace: blake3::Hasher::new(),
            tell,
        }
    }

    /// Whether somebody is gone, with all that it needs, perhaps without the others' knowledge.
    fn somebody_completed(&self) -> bool {
        let completed = Stage::Ended(Ending::Completed);
        self.stations.iter().any(|station| station.peer.stage() == completed)
    }

    /// The station whose turn is next, if anybody still plays.
    fn next(&self) -> Option<usize> {
        let due = self.stations.iter().enumerate();
        let due = due.filter_map(|(at, station)| Some((station.next?, at)));
        due.min().map(|(_, at)| at)
    }

    fn turn(&mut self, at: usize) {
        let Some(now) = self.stations[at].next else { return };
        let before = std::mem::replace(&mut self.now, now);
        let stations = &self.stations;
        if self.network.advance(now, |seat| stations[seat].is_up(before)) {
            self.wake_all();
        }
        self.let_happen();
        // What happened may have taken the turn from it.
        if self.stations[at].next == Some(now) {
            self.update(at);
        }
    }

    fn update(&mut self, at: usize) {
        let (now, seat) = (self.now, seat(at));
        if !std::mem::replace(&mut self.stations[at].on, true) {
            self.stations[at].last = now;
            self.network.restart(seat);
        }
        let ahead = self.is_ahead(at);
        let station = &mut self.stations[at];
        let before = station.peer.standing();
        while let Some(arrival) = self.network.poll(now, seat) {
            match arrival {
                Arrival::Connected(connection) => station.peer.connected(now, connection),
                Arrival::Disconnected(connection) => station.peer.disconnected(connection),
                Arrival::Message { from, connection, channel, number, bytes } => {
                    note(&mut self.trace, now, [u64::from(from.0), u64::from(seat.0), number]);
                    station.peer.receive(now, connection, channel, &bytes);
                }
            }
        }
        station.peer.update(now, now.saturating_sub(station.last), ahead);
        if station.peer.standing() != before {
            (self.tell)(now, &station.peer.in_words());
        }
        station.last = now;
        let frame = station.peer.frame();
        let confirmed = station.peer.record().entries().len() as u64;
        note(&mut self.trace, now, [at as u64, u64::from(frame), confirmed]);
        self.reached = self.reached.max(frame);
        self.after_update(at);
    }

    /// Sends, reconnects, and finds out when to come back.
    fn after_update(&mut self, at: usize) {
        let (now, station) = (self.now, &mut self.stations[at]);
        let mut said = false;
        while let Some((connection, channel, bytes)) = station.peer.poll_send() {
            self.network.send(now, seat(at), connection, channel, bytes);
            said = true;
        }
        if station.peer.take_reconnect() {
            self.network.reconnect(seat(at));
            said = true;
        }
        let station = &mut self.stations[at];
        if station.peer.has_ended() {
            station.next = None;
        } else {
            let nap = station.peer.until_step().map_or(LONGEST_NAP, |step| step.min(LONGEST_NAP));
            station.next = Some(on_display(now, now + nap));
        }
        if said {
            self.wake_all();
        } else if let Some(arrival) = self.network.next_arrival(seat(at)) {
            self.stations[at].wake(arrival);
        }
    }

    /// Lets everybody look at what arrives.
    fn wake_all(&mut self) {
        for (at, station) in self.stations.iter_mut().enumerate() {
            if let Some(arrival) = self.network.next_arrival(seat(at)) {
                station.wake(arrival);
            }
        }
    }

    /// What is due befalls those whom it is meant for.
    fn let_happen(&mut self) {
        let (now, reached) = (self.now, self.reached);
        let due = |mishap: &Mishap| match mishap.when {
            When::At(moment) => moment <= now,
            When::Frame(frame) => frame <= reached,
        };
        while let Some(at) = self.pending.iter().position(due) {
            let mishap = self.pending.remove(at);
            (self.tell)(now, &format!("{mishap:?}"));
            self.happen(&mishap.what);
            self.events.mishaps.push(mishap);
        }
    }

    fn happen(&mut self, what: &What) {
        let now = self.now;
        let until = now + what.lasts().unwrap_or_default();
        self.healed = self.healed.max(until);
        match what {
            What::Cut { lanes, .. } => {
                for &(from, to) in lanes {
                    self.network.cut(from, to, until);
                }
            }
            What::Stop { seat, .. } => {
                let station = &mut self.stations[seat.index()];
                if station.on {
                    station.still_until = station.still_until.max(until);
                    station.next = station.next.map(|next| next.max(station.still_until));
                }
            }
            What::Kill { seat, back } => self.kill(*seat, back.map(|_| until)),
            What::Leave { seat, reason } => {
                let station = &mut self.stations[seat.index()];
                if station.is_up(now) {
                    station.peer.leave(now, *reason);
                    self.events.leaves.push((*seat, *reason));
                    self.after_update(seat.index());
                }
            }
        }
    }

    fn kill(&mut self, seat: Seat, back: Option<Duration>) {
        let station = &mut self.stations[seat.index()];
        // A program that is about to be started can be lost once more, and for good; one that is lost
        // cannot.
        let never_comes = back.is_none() && station.next.is_some();
        if (!station.on && !never_comes) || station.peer.has_ended() {
            return;
        }
        if station.peer.record().is_whole() {
            self.events.killed_late.push(seat);
        }
        let books = station.peer.record().books();
        let at_risk = u32::try_from(books.at_risk()).unwrap_or(u32::MAX - 1);
        let lost = usize::try_from(self.rng.below(at_risk + 1)).unwrap_or_default();
        let disk = books.left_after(lost);
        station.on = false;
        station.next = back;
        self.network.kill(seat);
        self.wake_all();
        match back {
            Some(back) => {
                self.restart(seat, disk, back);
                self.events.restarts += 1;
            }
            None => {
                self.stations[seat.index()].peer.keep(self.scenario, disk);
                self.events.losses.push(seat);
            }
        }
    }

    /// Prepares the program that will be started in the place of the one that was killed.
    fn restart(&mut self, seat: Seat, disk: Disk, back: Duration) {
        let station = &mut self.stations[seat.index()];
        station.past = station.tally();
        station.peer = Peer::new(self.scenario, seat, self.script.clone(), disk, back);
        station.still_until = Duration::ZERO;
    }

    /// Whether a peer is more than a frame ahead of another: what ggrs estimates over pings, and
    /// only over real ones.
    fn is_ahead(&self, at: usize) -> bool {
        let playing = self.stations.iter().map(|station| &station.peer);
        let playing = playing.filter(|peer| peer.until_step().is_some());
        let slowest = playing.map(Peer::frame).min().unwrap_or_default();
        let peer = &self.stations[at].peer;
        peer.frame() > slowest + 1 && peer.stage() == Stage::Playing
    }

    fn finish(self) -> Run {
        let mut trace = self.trace;
        for station in &self.stations {
            let record = station.peer.record();
            for entry in record.entries() {
                let digest = match entry {
                    Entry::Frame(frame) => frame.digest,
                    Entry::Hold(hold) => Digest::of(&hold.epoch.to_le_bytes()),
                };
                trace.update(&digest.0);
            }
            for files in record.books().files().values() {
                trace.update(&files.log);
                trace.update(&files.table);
            }
        }
        Run {
            tallies: self.stations.iter().map(Station::tally).collect(),
            events: self.events,
            datagrams: self.network.datagrams(),
            reconnections: self.network.remade(),
            peers: self.stations.into_iter().map(|station| station.peer).collect(),
            took: self.now,
            fingerprint: Digest(*trace.finalize().as_bytes()),
        }
    }
}

fn seat(at: usize) -> Seat {
    Seat(u8::try_from(at).expect("there are at most four seats"))
}

fn note(trace: &mut blake3::Hasher, now: Duration, values: [u64; 3]) {
    trace.update(&now.as_nanos().to_le_bytes());
    for value in values {
        trace.update(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{DISPLAY, on_display};
    use std::time::Duration;

    #[test]
    fn displays_refresh_at_their_own_moments() {
        let last = Duration::from_millis(5);
        assert_eq!(on_display(last, Duration::ZERO), last + DISPLAY);
        assert_eq!(on_display(last, last + DISPLAY), last + DISPLAY);
        let later = last + DISPLAY + Duration::from_nanos(1);
        assert_eq!(on_display(last, later), last + DISPLAY * 2);
    }
}
