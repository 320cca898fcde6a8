//! What connects the computers: between any two a connection with a seeded link in each direction
//! of each channel, which can be cut, lost, and made anew.
//!
//! A connection that is made anew is another one: it has new numbers at both ends and links of its
//! own, and what was under way on the one before it never arrives. Making one takes a random time,
//! which passes only while both programs run and nothing is cut between them.

use crate::scenario::Scenario;
use dyad_gridworld::rng::Rng;
use dyad_impair::{Counts, Impairment, Link, Mode};
use dyad_protocol::Seat;
use dyad_rollback::peering::Connection;
pub use dyad_rollback::session::Channel;
use std::collections::VecDeque;
use std::time::Duration;

/// What it takes to make a connection anew, at least and at most.
const MAKING_MS: (u32, u32) = (600, 3000);

/// What it takes to make the first one of a session at most: both ends wait for it.
const FIRST_MS: u32 = 400;

/// What a computer finds when it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// There is a new connection to some seat.
    Connected(Connection),
    /// A connection is gone for good.
    Disconnected(Connection),
    /// A message.
    Message {
        /// The sender.
        from: Seat,
        /// On this connection, as the receiver numbers them.
        connection: Connection,
        /// The channel.
        channel: Channel,
        /// How many were sent before it on this link.
        number: u64,
        /// The content.
        bytes: Vec<u8>,
    },
}

/// Something under way.
#[derive(Clone, Debug)]
struct Packet {
    number: u64,
    bytes: Vec<u8>,
}

/// One direction between two computers.
#[derive(Debug)]
struct Lane {
    impairment: Impairment,
    /// Tells this lane's fortunes from all others'.
    number: u64,
    datagrams: Link<Packet>,
    reliable: Link<Packet>,
    /// What is repeated on the reliable channel until the lane is no longer cut.
    held: VecDeque<Packet>,
    sent: u64,
    cut_until: Duration,
    /// Counters of earlier connections' datagrams, and of datagrams that met a cut.
    past: Counts,
}

impl Lane {
    fn new(impairment: &Impairment, number: u64) -> Self {
        Self {
            impairment: impairment.clone(),
            number,
            datagrams: Link::new(impairment, number * 2, Mode::Datagrams),
            reliable: Link::new(impairment, number * 2 + 1, Mode::Ordered),
            held: VecDeque::new(),
            sent: 0,
            cut_until: Duration::ZERO,
            past: Counts::default(),
        }
    }

    /// Forgets what is under way.
    fn renew(&mut self, generation: u64) {
        let number = (generation << 8) + self.number * 2;
        let link = |number, mode| Link::new(&self.impairment, number, mode);
        let datagrams = link(number, Mode::Datagrams);
        let lost = std::mem::replace(&mut self.datagrams, datagrams);
        let dropped = lost.in_flight() as u64;
        self.reliable = link(number + 1, Mode::Ordered);
        let past = [self.past, lost.counts(), Counts { dropped, ..Counts::default() }];
        self.past = past.into_iter().sum();
        self.held.clear();
        self.sent = 0;
    }

    const fn is_cut(&self, now: Duration) -> bool {
        now.as_nanos() < self.cut_until.as_nanos()
    }

    fn send(&mut self, now: Duration, channel: Channel, bytes: Vec<u8>) {
        let packet = Packet { number: self.sent, bytes };
        self.sent += 1;
        self.release(now);
        match (channel, self.is_cut(now)) {
            (Channel::Unreliable, true) => self.past.sent += 1,
            (Channel::Unreliable, false) => self.datagrams.send(now, packet),
            (Channel::Reliable, true) => self.held.push_back(packet),
            (Channel::Reliable, false) => self.reliable.send(now, packet),
        }
        self.past.dropped += u64::from(channel == Channel::Unreliable && self.is_cut(now));
    }

    fn release(&mut self, now: Duration) {
        if !self.is_cut(now) {
            self.held.drain(..).for_each(|packet| self.reliable.send(now, packet));
        }
    }

    fn poll(&mut self, now: Duration) -> Option<(Channel, Packet)> {
        self.release(now);
        if self.is_cut(now) {
            while self.datagrams.poll(now).is_some() {
                self.past.dropped += 1;
            }
            return None;
        }
        let datagram = self.datagrams.poll(now).map(|packet| (Channel::Unreliable, packet));
        datagram.or_else(|| Some((Channel::Reliable, self.reliable.poll(now)?)))
    }

    /// When there may be something to look for.
    fn next_arrival(&self) -> Option<Duration> {
        let held = (!self.held.is_empty()).then_some(self.cut_until);
        let due = [self.datagrams.next_deadline(), self.reliable.next_deadline()];
        let due = due.into_iter().flatten().min().map(|due| due.max(self.cut_until));
        held.into_iter().chain(due).min()
    }

    fn counts(&self) -> Counts {
        [self.past, self.datagrams.counts()].into_iter().sum()
    }
}

/// The connection between two computers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// There is none, and nobody makes one.
    None,
    /// It is there in so much undisturbed time.
    Making(Duration),
    /// It is there.
    Up,
}

/// Two computers.
#[derive(Debug)]
struct Pair {
    ends: [usize; 2],
    generation: u64,
    state: State,
    rng: Rng,
}

/// Everything between the computers of a session.
#[derive(Debug)]
pub struct Network {
    players: usize,
    /// By receiver, then sender.
    lanes: Vec<Lane>,
    pairs: Vec<Pair>,
    /// By receiver.
    notices: Vec<VecDeque<Arrival>>,
    now: Duration,
    made: u64,
}

impl Network {
    /// The network of a scenario.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let players = scenario.game.players();
        let ends = |to| (0..players).map(move |from| (from, to));
        let lanes = (0..players).flat_map(ends).enumerate();
        let lanes = lanes
            .map(|(number, (from, to))| Lane::new(&scenario.links[from][to], number as u64))
            .collect();
        let pairs = (0..players).flat_map(|b| (0..b).map(move |a| [a, b])).enumerate();
        let pair = |(number, ends)| {
            let mut rng = Rng::stream(scenario.seed ^ 0x7061_6972, number as u64);
            let making = Duration::from_millis(u64::from(rng.below(FIRST_MS)));
            Pair { ends, generation: 0, state: State::Making(making), rng }
        };
        Self {
            players,
            lanes,
            pairs: pairs.map(pair).collect(),
            notices: vec![VecDeque::new(); players],
            now: Duration::ZERO,
            made: 0,
        }
    }

    /// Lets time pass. `runs` says of each computer whether its program takes part in making
    /// connections. Returns whether a connection was made.
    pub fn advance(&mut self, now: Duration, runs: impl Fn(usize) -> bool) -> bool {
        let passed = now.saturating_sub(self.now);
        self.now = now;
        let mut made = false;
        for at in 0..self.pairs.len() {
            let Pair { ends: [a, b], state: State::Making(left), .. } = self.pairs[at] else {
                continue;
            };
            let [there, back] = [(a, b), (b, a)].map(|(from, to)| to * self.players + from);
            let cut = self.lanes[there].is_cut(now) || self.lanes[back].is_cut(now);
            if cut || !runs(a) || !runs(b) {
                continue;
            }
            let left = left.saturating_sub(passed);
            self.pairs[at].state = if left.is_zero() { State::Up } else { State::Making(left) };
            if left.is_zero() {
                made = true;
                self.made += 1;
                for (end, far) in [(a, b), (b, a)] {
                    let connection = self.connection(end, far);
                    self.notices[end].push_back(Arrival::Connected(connection));
                }
            }
        }
        made
    }

    fn pair(&self, a: usize, b: usize) -> usize {
        let (a, b) = (a.min(b), a.max(b));
        b * b.saturating_sub(1) / 2 + a
    }

    /// The current connection between two, as the first numbers it: the later, the higher.
    fn connection(&self, end: usize, far: usize) -> Connection {
        let generation = self.pairs[self.pair(end, far)].generation;
        Connection(generation * self.players as u64 + far as u64)
    }

    /// The program on a seat gives up all of its connections and makes new ones. The other ends
    /// may be told at once, or find out by themselves.
    pub fn reconnect(&mut self, seat: Seat) {
        let me = seat.index();
        self.notices[me].clear();
        for far in (0..self.players).filter(|&far| far != me) {
            self.lose(me, far, 2);
            self.make(me, far);
        }
    }

    /// The program on a seat is started after an earlier one was killed.
    pub fn restart(&mut self, seat: Seat) {
        let me = seat.index();
        for far in (0..self.players).filter(|&far| far != me) {
            if self.pairs[self.pair(me, far)].state == State::None {
                self.make(me, far);
            }
        }
    }

    /// Begins to make another connection between two.
    fn make(&mut self, me: usize, far: usize) {
        let at = self.pair(me, far);
        let pair = &mut self.pairs[at];
        let (least, most) = MAKING_MS;
        let making = u64::from(least + pair.rng.below(most - least));
        pair.generation += 1;
        pair.state = State::Making(Duration::from_millis(making));
        let generation = pair.generation;
        for lane in [far * self.players + me, me * self.players + far] {
            self.lanes[lane].renew(generation);
        }
    }

    /// The program on a seat is killed. What it has sent still arrives.
    pub fn kill(&mut self, seat: Seat) {
        let me = seat.index();
        self.notices[me].clear();
        for far in (0..self.players).filter(|&far| far != me) {
            self.lose(me, far, 4);
            let at = self.pair(me, far);
            self.pairs[at].state = State::None;
        }
    }

    /// Tells the far end in one of so many cases that its connection is gone.
    fn lose(&mut self, me: usize, far: usize, one_in: u32) {
        let (at, gone) = (self.pair(me, far), self.connection(far, me));
        let told = self.pairs[at].rng.below(one_in) == 0;
        if told && self.pairs[at].state == State::Up {
            self.notices[far].push_back(Arrival::Disconnected(gone));
        }
    }

    /// Nothing goes from one seat to another until a moment. What was sent on the reliable channel
    /// goes afterwards.
    pub fn cut(&mut self, from: Seat, to: Seat, until: Duration) {
        let lane = &mut self.lanes[to.index() * self.players + from.index()];
        lane.cut_until = lane.cut_until.max(until);
    }

    /// Sends something on a connection, if it is still there.
    pub fn send(
        &mut self,
        now: Duration,
        from: Seat,
        connection: Connection,
        channel: Channel,
        bytes: Vec<u8>,
    ) {
        let far = Self::far(self.players, connection);
        let up = self.pairs[self.pair(from.index(), far)].state == State::Up;
        if up && self.connection(from.index(), far) == connection {
            self.lanes[far * self.players + from.index()].send(now, channel, bytes);
        }
    }

    /// The seat at the other end of a connection.
    fn far(players: usize, connection: Connection) -> usize {
        usize::try_from(connection.0 % players as u64).unwrap_or_default()
    }

    /// The next thing that has arrived at a seat.
    pub fn poll(&mut self, now: Duration, to: Seat) -> Option<Arrival> {
        let me = to.index();
        if let Some(notice) = self.notices[me].pop_front() {
            return Some(notice);
        }
        for from in 0..self.players {
            if let Some((channel, packet)) = self.lanes[me * self.players + from].poll(now) {
                let connection = self.connection(me, from);
                let from = Seat(u8::try_from(from).expect("there are at most four seats"));
                let Packet { number, bytes } = packet;
                return Some(Arrival::Message { from, connection, channel, number, bytes });
            }
        }
        None
    }

    /// When there may be something to look for at a seat, as far as is known now.
    #[must_use]
    pub fn next_arrival(&self, to: Seat) -> Option<Duration> {
        if !self.notices[to.index()].is_empty() {
            return Some(Duration::ZERO);
        }
        let lanes = &self.lanes[to.index() * self.players..][..self.players];
        lanes.iter().filter_map(Lane::next_arrival).min()
    }

    /// What has happened to datagrams, over all connections.
    #[must_use]
    pub fn datagrams(&self) -> Counts {
        self.lanes.iter().map(Lane::counts).sum()
    }

    /// How many connections were made anew.
    #[must_use]
    pub const fn remade(&self) -> u64 {
        self.made.saturating_sub(self.pairs.len() as u64)
    }
}
