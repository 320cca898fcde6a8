//! The reliable channel of a session: who sits where, the barrier before play, interruptions,
//! statements about finished episodes, and the closing handshake.
//!
//! ```text
//!            every HELLO of the epoch heard,      over: every statement sent, everybody SETTLED,
//!            and ours by everyone                 received and acknowledged   or limit over
//! Greeting ────────────────────────────▶ Playing ──────────────────────▶ Lingering ─────▶ Closed
//!    ▲                                      │                                │
//!    └──────────────────────────────────────┴────────────────────────────────┘
//!       silence, a HELLO of a later epoch, or a peer on a new connection
//! ```
//!
//! The barrier is what keeps the unreliable channel unreliable: in the WebRTC stack below, data
//! that arrives before both ends have opened a channel turns one direction of it ordered and
//! reliable for good. HELLO is repeated because the first message on a fresh channel can be lost,
//! even on a reliable one.
//!
//! Each passage of the barrier begins an *epoch*, with a ggrs session of its own. A peer that has
//! heard nothing from another for a while names the next epoch, asks its shell for new
//! connections, and waits at the barrier again; so does a peer whose program was started anew.
//! Nobody plays on in an epoch that somebody has left, so what was confirmed in it by anyone can
//! be given to everyone before the next begins ([`crate::session`]).
//!
//! How many episodes a session has, the game decides: it can end before the last that was planned.
//! The owner says how many there were as soon as its confirmed past tells ([`Peering::over`]).
//!
//! Who has everything says SETTLED, and stays until everybody has said so: another may still need
//! it, as the barrier after an interruption needs everybody. That the last SETTLED arrives, nobody
//! can know; who waits for it in vain has a complete record all the same, and completes.
//!
//! A shell tells which connections there are and what they bring, calls [`Peering::poll`] at
//! least ten times a second, and drains [`Peering::poll_send`] and [`Peering::poll_event`] after
//! every call; draining more often is harmless. Time is the duration since any fixed moment.

mod barrier;
mod closing;
mod message;
mod types;

pub use message::{
    Hello, LeaveReason, MAX_MESSAGE, MAX_STATEMENT, MAX_SUPPLY, Mismatch, PeerMessage, Supplied,
    WIRE_VERSION,
};
pub use types::{Connection, Event, Patience, Stage, Statement};

use crate::history::Position;
use dyad_gridworld::Digest;
use dyad_protocol::{Seat, Seats};
use std::collections::VecDeque;
use std::time::Duration;

/// How often something is said at least, so that silence means something.
const ALIVE_EVERY: Duration = Duration::from_millis(500);

/// The reliable channel's state machine.
#[derive(Debug)]
pub struct Peering {
    hello: Hello,
    /// Episodes that were planned.
    planned: u16,
    /// Episodes that there were, when the session's game is over.
    over: Option<u16>,
    patience: Patience,
    /// To the furthest peer, as far as it is known.
    round_trip: Option<Duration>,
    stage: Stage,
    /// Since when the barrier is waited at.
    waiting_since: Duration,
    /// When connections were last made anew.
    reconnected: Duration,
    /// When a connection last came into being: it gets time to show what it is worth.
    connected: Duration,
    interruptions: u32,
    /// Who was given up.
    lost: Seats,
    peers: Vec<Peer>,
    /// What this side has confirmed. HELLO says what it was when the epoch was named.
    confirmed: (Position, Digest),
    /// Connections whose seat is not known yet, as they have not said HELLO.
    strangers: Vec<Connection>,
    statements: Vec<(u16, Vec<u8>)>,
    next_hello: Duration,
    next_settled: Duration,
    outbox: VecDeque<(Connection, Vec<u8>)>,
    events: VecDeque<Event>,
    malformed: u64,
}

#[derive(Debug)]
struct Peer {
    seat: Seat,
    connection: Option<Connection>,
    /// What it has confirmed, and the digest of its world there, by its HELLO of this epoch.
    at: Option<(Position, Digest)>,
    heard_us: bool,
    last_heard: Duration,
    last_said: Duration,
    left: bool,
    received: Vec<u16>,
    acknowledged: Vec<u16>,
    next_sealed: Duration,
    /// It needs us no more, and we need it no more; and whether that is true of everybody for it.
    settled: Option<bool>,
}

impl Peer {
    /// Forgets what is true of one epoch and one connection. Another run of its program knows
    /// nothing of what was said to the one before.
    fn forget(&mut self) {
        self.at = None;
        self.heard_us = false;
        self.acknowledged.clear();
        self.settled = None;
    }
}

impl Peering {
    /// The peering with those in `others`, for at most so many episodes. `hello.heard` and
    /// `hello.ready` are filled in here.
    #[must_use]
    pub fn new(
        hello: Hello,
        others: Seats,
        planned: u16,
        patience: Patience,
        now: Duration,
    ) -> Self {
        let peer = |seat| Peer {
            seat,
            connection: None,
            at: None,
            heard_us: false,
            last_heard: now,
            last_said: now,
            left: false,
            received: Vec::new(),
            acknowledged: Vec::new(),
            next_sealed: now,
            settled: None,
        };
        Self {
            confirmed: (hello.position, hello.state),
            hello: Hello { heard: Seats::default(), ready: false, ..hello },
            planned,
            over: None,
            patience,
            round_trip: None,
            stage: Stage::Greeting,
            waiting_since: now,
            reconnected: now,
            connected: now,
            interruptions: 0,
            lost: Seats::default(),
            peers: others.iter().map(peer).collect(),
            strangers: Vec::new(),
            statements: Vec::new(),
            next_hello: now,
            next_settled: now,
            outbox: VecDeque::new(),
            events: VecDeque::new(),
            malformed: 0,
        }
    }

    /// A connection has been made; whose it is, its HELLO will say.
    pub fn connected(&mut self, now: Duration, connection: Connection) {
        self.strangers.push(connection);
        self.connected = now;
        self.next_hello = now;
        self.poll(now);
    }

    /// A connection is gone. The peer behind it may come back on another one.
    pub fn disconnected(&mut self, connection: Connection) {
        self.strangers.retain(|&stranger| stranger != connection);
        for peer in &mut self.peers {
            if peer.connection == Some(connection) {
                peer.connection = None;
            }
        }
    }

    /// Tells what is confirmed on this side, and the digest of the world there. It is said at the
    /// next barrier.
    pub const fn confirmed(&mut self, position: Position, state: Digest) {
        self.confirmed = (position, state);
    }

    /// The session's game is over: by what is confirmed on this side it had so many episodes, and
    /// a statement on each is all that is waited for.
    pub const fn over(&mut self, episodes: u16) {
        self.over = Some(episodes);
    }

    /// The epoch that runs or is waited for.
    #[must_use]
    pub const fn epoch(&self) -> u16 {
        self.hello.epoch
    }

    /// What the peers said at this epoch's barrier to have confirmed, and the digests of their
    /// worlds there, in order of seats.
    pub fn positions(&self) -> impl Iterator<Item = (Seat, Position, Digest)> + '_ {
        let said = self.peers.iter().filter_map(|peer| peer.at.map(|at| (peer.seat, at)));
        said.map(|(seat, (position, state))| (seat, position, state))
    }

    /// How often play was interrupted.
    #[must_use]
    pub const fn interruptions(&self) -> u32 {
        self.interruptions
    }

    /// Who was not reached for so long that the session was given up, as far as it is known; another
    /// peer may have missed and named them.
    pub fn lost(&self) -> impl Iterator<Item = Seat> {
        self.lost.iter()
    }

    /// When an interruption ends the session, if play is interrupted.
    #[must_use]
    pub fn interrupted_until(&self) -> Option<Duration> {
        let interrupted = self.stage == Stage::Greeting && self.hello.epoch > 0;
        interrupted.then(|| self.waiting_since + self.waits_for())
    }

    /// The connection to the peer on a seat.
    #[must_use]
    pub fn connection(&self, seat: Seat) -> Option<Connection> {
        self.peers.iter().find(|peer| peer.seat == seat)?.connection
    }

    /// The seat behind a connection, once it has said HELLO.
    #[must_use]
    pub fn seat(&self, connection: Connection) -> Option<Seat> {
        let mut peers = self.peers.iter();
        Some(peers.find(|peer| peer.connection == Some(connection))?.seat)
    }

    /// Anything has come from a seat, on either channel: it is alive.
    pub fn heard(&mut self, now: Duration, seat: Seat) {
        if let Some(peer) = self.peers.iter_mut().find(|peer| peer.seat == seat) {
            peer.last_heard = now;
        }
    }

    /// Tells the round trip to the furthest peer, if it is known. Where it is long, a silence says
    /// less: what WebRTC sends again, it sends after a multiple of it, and new connections take
    /// longest just there.
    pub const fn round_trip(&mut self, round_trip: Option<Duration>) {
        self.round_trip = round_trip;
    }

    /// How long the most silent peer has been silent.
    #[must_use]
    pub fn silence(&self, now: Duration) -> Duration {
        let silences = self.peers.iter().map(|peer| now.saturating_sub(peer.last_heard));
        silences.max().unwrap_or_default()
    }

    /// Where the peering stands.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Messages that were dropped because no honest peer sends them.
    #[must_use]
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Takes a message. What cannot be understood is counted and dropped. What comes on a
    /// connection that was given up, or that nobody told of, is nobody's.
    pub fn receive(&mut self, now: Duration, connection: Connection, bytes: &[u8]) {
        let strange = self.strangers.contains(&connection);
        if !strange && self.seat(connection).is_none() {
            return;
        }
        let message = (bytes.len() <= MAX_MESSAGE).then(|| postcard::take_from_bytes(bytes).ok());
        let Some(Some((message, []))) = message else {
            self.malformed += 1;
            return;
        };
        if let PeerMessage::Hello(hello) = message {
            self.greeted(now, connection, &hello);
            return;
        }
        let Some(at) = self.peers.iter().position(|peer| peer.connection == Some(connection))
        else {
            // Its HELLO was lost, and will be repeated.
            return;
        };
        self.peers[at].last_heard = now;
        let seat = self.peers[at].seat;
        match message {
            PeerMessage::Sealed { episode, statement } => {
                self.sealed(now, at, episode, statement);
            }
            PeerMessage::SealedAck { episode } => {
                let known = self.statements.iter().any(|(sealed, _)| *sealed == episode);
                let acknowledged = &mut self.peers[at].acknowledged;
                if known && !acknowledged.contains(&episode) {
                    acknowledged.push(episode);
                }
            }
            PeerMessage::Committed { statement } if statement.len() <= MAX_STATEMENT => {
                let stated = Statement::Committed { seat, bytes: statement };
                self.events.push_back(Event::Stated(stated));
            }
            PeerMessage::Settled { everybody } => self.settled(at, everybody),
            // It has nothing more to say that we need.
            PeerMessage::Left { .. } if self.is_whole() => self.settled(at, true),
            PeerMessage::Left { reason: LeaveReason::Lost { seats } } => self.give_up(now, seats),
            PeerMessage::Left { reason } => {
                if !std::mem::replace(&mut self.peers[at].left, true) {
                    self.events.push_back(Event::Left { seat, reason });
                }
            }
            PeerMessage::Alive => {}
            PeerMessage::Ask { epoch, from } if epoch == self.hello.epoch => {
                self.events.push_back(Event::Ask { seat, from });
            }
            PeerMessage::Supply { epoch, from, entries }
                if epoch == self.hello.epoch && entries.len() <= MAX_SUPPLY =>
            {
                self.events.push_back(Event::Supply { seat, from, entries });
            }
            // Of an epoch that is over.
            PeerMessage::Ask { .. } | PeerMessage::Supply { .. } => {}
            PeerMessage::Hello(_) | PeerMessage::Committed { .. } => self.malformed += 1,
        }
        self.poll(now);
    }

    /// States what this side has on disk.
    pub fn committed(&mut self, now: Duration, statement: &[u8]) {
        self.say_to_all(now, &PeerMessage::Committed { statement: statement.to_vec() });
    }

    /// Says that this side leaves before the end.
    pub fn leave(&mut self, now: Duration, reason: LeaveReason) {
        self.say_to_all(now, &PeerMessage::Left { reason });
    }

    /// Asks the peer on a seat for what comes after `from`.
    pub fn ask(&mut self, now: Duration, seat: Seat, from: Position) {
        self.say_to(now, seat, &PeerMessage::Ask { epoch: self.hello.epoch, from });
    }

    /// Gives the peer on a seat what it has asked for.
    pub fn supply(&mut self, now: Duration, seat: Seat, from: Position, entries: Vec<Supplied>) {
        let epoch = self.hello.epoch;
        self.say_to(now, seat, &PeerMessage::Supply { epoch, from, entries });
    }

    fn say_to(&mut self, now: Duration, seat: Seat, message: &PeerMessage) {
        if let Some(connection) = self.connection(seat) {
            self.say(now, connection, message);
        }
    }

    /// Repeats what has to be repeated and moves on where time has come. Harmless if nothing is
    /// due.
    pub fn poll(&mut self, now: Duration) {
        match self.stage {
            Stage::Greeting => self.greet(now),
            Stage::Playing => {
                self.repeat_statements(now);
                self.stay_alive(now);
                if self.is_settled() {
                    self.stage = Stage::Lingering { until: now + self.patience.interruption };
                    self.next_settled = now;
                    self.linger(now);
                } else {
                    self.look_for_losses(now);
                }
            }
            Stage::Lingering { until } if now >= until => self.close(),
            Stage::Lingering { .. } => self.linger(now),
            Stage::Closed => {}
        }
    }

    fn stay_alive(&mut self, now: Duration) {
        let silent = |peer: &&Peer| now.saturating_sub(peer.last_said) >= ALIVE_EVERY;
        let silent: Vec<Connection> =
            self.peers.iter().filter(silent).filter_map(|peer| peer.connection).collect();
        for connection in silent {
            self.say(now, connection, &PeerMessage::Alive);
        }
    }

    fn say_to_all(&mut self, now: Duration, message: &PeerMessage) {
        let connections: Vec<Connection> =
            self.peers.iter().filter_map(|peer| peer.connection).collect();
        for connection in connections {
            self.say(now, connection, message);
        }
    }

    fn say(&mut self, now: Duration, connection: Connection, message: &PeerMessage) {
        let bytes = postcard::to_stdvec(message).expect("these messages always serialize");
        self.outbox.push_back((connection, bytes));
        for peer in &mut self.peers {
            if peer.connection == Some(connection) {
                peer.last_said = now;
            }
        }
    }

    /// The next message to send, and to whom.
    #[must_use]
    pub fn poll_send(&mut self) -> Option<(Connection, Vec<u8>)> {
        self.outbox.pop_front()
    }

    /// The next thing that happened.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

#[cfg(test)]
mod tests;
