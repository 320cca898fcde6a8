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

mod message;

pub use message::{
    Hello, LeaveReason, MAX_MESSAGE, MAX_STATEMENT, MAX_SUPPLY, Mismatch, PeerMessage, Supplied,
    WIRE_VERSION,
};

use crate::history::Position;
use dyad_gridworld::Digest;
use dyad_protocol::{Seat, Seats};
use std::collections::VecDeque;
use std::time::Duration;

/// One transport connection, as the shell numbers them. A peer that reconnects gets a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection(pub u64);

/// How often HELLO is repeated.
const HELLO_EVERY: Duration = Duration::from_millis(100);
/// How often an unacknowledged statement is repeated.
const SEALED_EVERY: Duration = Duration::from_millis(250);
/// How often something is said at least, so that silence means something.
const ALIVE_EVERY: Duration = Duration::from_millis(500);
/// How often SETTLED is repeated.
const SETTLED_EVERY: Duration = Duration::from_millis(250);
/// How long SETTLED is repeated after everybody has said it, and said to have heard it of all.
const LINGER: Duration = Duration::from_secs(1);
/// How long it is repeated where the latter does not come: the other end may be gone.
const LINGER_MOST: Duration = Duration::from_secs(5);

/// So many round trips of silence are nothing unusual.
const SILENT_ROUND_TRIPS: u32 = 8;

/// The most by which a peer may be ahead of us in epochs. Each is an interruption that we did not
/// notice, so an honest peer is ahead by one.
const MAX_EPOCH_LEAP: u16 = 100;

/// How long what is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until the first barrier is passed.
    pub connect: Duration,
    /// Silence of a peer after which play is interrupted and new connections are made. Three times as
    /// long where the round trip is long: see [`Peering::round_trip`].
    pub silence: Duration,
    /// An interruption after which the session is given up.
    pub interruption: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(60),
            silence: Duration::from_secs(2),
            interruption: Duration::from_secs(30),
        }
    }
}

/// Where a session's peering stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for everyone's HELLO of this epoch.
    Greeting,
    /// The epoch runs.
    Playing,
    /// Nothing is missing here any more; somebody else may still need us.
    Lingering {
        /// When it is over at the latest.
        until: Duration,
    },
    /// Nothing more will be said.
    Closed,
}

/// What the shell should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The barrier is passed: the epoch may begin.
    Ready,
    /// The epoch is over before its time: its ggrs session has to stop. The next one waits at the
    /// barrier.
    Interrupted,
    /// Somebody is not reached: all connections should be made anew.
    Reconnect,
    /// Nobody came within the time that was given for it.
    GaveUp,
    /// A peer that cannot be played with. The session ends.
    Refused(Mismatch),
    /// A peer asks for what it lacks.
    Ask {
        /// Who.
        seat: Seat,
        /// What it has.
        from: Position,
    },
    /// A peer gives what we lack.
    Supply {
        /// Who.
        seat: Seat,
        /// After what.
        from: Position,
        /// What comes next; nothing if that is no longer known.
        entries: Vec<Supplied>,
    },
    /// A peer's statement about an episode, each once.
    Sealed {
        /// Whose.
        seat: Seat,
        /// The episode.
        episode: u16,
        /// The statement.
        statement: Vec<u8>,
    },
    /// What a peer has on disk.
    Committed {
        /// Whose.
        seat: Seat,
        /// The statement.
        statement: Vec<u8>,
    },
    /// A peer left before the end.
    Left {
        /// Who.
        seat: Seat,
        /// Why.
        reason: LeaveReason,
    },
    /// Everything is exchanged and answered; the connection may be closed.
    Closed,
}

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

    /// The silence after which a peer is looked for.
    fn longest_silence(&self) -> Duration {
        let silence = self.patience.silence;
        let long = self.round_trip.unwrap_or_default() * SILENT_ROUND_TRIPS;
        long.clamp(silence, 3 * silence)
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
                self.events.push_back(Event::Committed { seat, statement });
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

    fn greeted(&mut self, now: Duration, connection: Connection, theirs: &Hello) {
        let leap = theirs.epoch.saturating_sub(self.hello.epoch);
        let Some(at) = self.peers.iter().position(|peer| peer.seat == theirs.seat) else {
            self.malformed += 1;
            return;
        };
        if self.stage == Stage::Closed {
            return;
        }
        if leap > MAX_EPOCH_LEAP {
            self.malformed += 1;
            return;
        }
        if let Some(mismatch) = self.hello.mismatch(theirs) {
            // Said once more, so that the other side can tell its person, too.
            self.say(now, connection, &PeerMessage::Hello(self.hello.clone()));
            if self.stage == Stage::Greeting {
                self.stage = Stage::Closed;
                self.events.push_back(Event::Refused(mismatch));
            }
            return;
        }
        let is_new = self.peers[at].connection.replace(connection) != Some(connection);
        self.peers[at].last_heard = now;
        self.strangers.retain(|&stranger| stranger != connection);
        if leap > 0 {
            self.begin_epoch(now, theirs.epoch);
        } else if is_new && self.stage != Stage::Greeting {
            // Whatever epoch it thinks of, it does not play in ours: it lost the connection that
            // ours was played on, or is another run of its program.
            self.begin_epoch(now, self.hello.epoch.saturating_add(1));
        } else if is_new {
            self.peers[at].forget();
            self.hello.heard = self.hello.heard.without(theirs.seat);
        }
        if theirs.epoch < self.hello.epoch {
            self.say(now, connection, &PeerMessage::Hello(self.hello.clone()));
            return;
        }
        let peer = &mut self.peers[at];
        peer.at = Some((theirs.position, theirs.state));
        let hears_us = theirs.heard.contains(self.hello.seat);
        peer.heard_us |= hears_us;
        self.hello.heard = self.hello.heard.with(theirs.seat);
        // Whoever repeats HELLO still waits for ours. While both wait, the timer answers, or two
        // peers who wait for a third would answer each other without end.
        if !hears_us || (self.hello.ready && !theirs.ready) {
            self.say(now, connection, &PeerMessage::Hello(self.hello.clone()));
        }
        self.poll(now);
    }

    /// Goes back to the barrier, or stays there, for another epoch.
    fn begin_epoch(&mut self, now: Duration, epoch: u16) {
        if self.stage != Stage::Greeting {
            self.stage = Stage::Greeting;
            self.waiting_since = now;
            self.interruptions += 1;
            self.events.push_back(Event::Interrupted);
        }
        // What was not taken yet is of an epoch that is over.
        let over = |event: &Event| {
            matches!(event, Event::Ready | Event::Ask { .. } | Event::Supply { .. })
        };
        self.events.retain(|event| !over(event));
        let (position, state) = self.confirmed;
        let hello = self.hello.clone();
        self.hello =
            Hello { epoch, position, state, heard: Seats::default(), ready: false, ..hello };
        self.next_hello = now;
        for peer in &mut self.peers {
            peer.forget();
        }
    }

    fn sealed(&mut self, now: Duration, at: usize, episode: u16, statement: Vec<u8>) {
        if episode >= self.over.unwrap_or(self.planned) || statement.len() > MAX_STATEMENT {
            self.malformed += 1;
            return;
        }
        let peer = &mut self.peers[at];
        let seat = peer.seat;
        let connection = peer.connection;
        if !peer.received.contains(&episode) {
            peer.received.push(episode);
            self.events.push_back(Event::Sealed { seat, episode, statement });
        }
        if let Some(connection) = connection {
            self.say(now, connection, &PeerMessage::SealedAck { episode });
        }
    }

    fn settled(&mut self, at: usize, everybody: bool) {
        self.peers[at].settled = Some(everybody);
    }

    /// States what this side's record of a finished episode holds.
    pub fn seal(&mut self, now: Duration, episode: u16, statement: Vec<u8>) {
        debug_assert!(statement.len() <= MAX_STATEMENT, "a statement is at most 1 KiB");
        self.statements.push((episode, statement));
        for peer in &mut self.peers {
            peer.next_sealed = now;
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

    fn linger(&mut self, now: Duration) {
        let everybody = self.peers.iter().all(|peer| peer.settled.is_some());
        if now >= self.next_settled {
            self.next_settled = now + SETTLED_EVERY;
            self.say_to_all(now, &PeerMessage::Settled { everybody });
        }
        let everybody_knows = self.peers.iter().all(|peer| peer.settled == Some(true));
        match &mut self.stage {
            Stage::Lingering { until } if everybody => {
                let longest = if everybody_knows { LINGER } else { LINGER_MOST };
                *until = (*until).min(now + longest);
            }
            _ => self.look_for_losses(now),
        }
    }

    fn close(&mut self) {
        self.stage = Stage::Closed;
        self.events.push_back(Event::Closed);
    }

    fn greet(&mut self, now: Duration) {
        if now >= self.next_hello {
            self.next_hello = now + HELLO_EVERY;
            let hello = PeerMessage::Hello(self.hello.clone());
            let known = self.peers.iter().filter_map(|peer| peer.connection);
            let everyone: Vec<Connection> = known.chain(self.strangers.iter().copied()).collect();
            for connection in everyone {
                self.say(now, connection, &hello);
            }
        }
        if self.peers.iter().all(|peer| peer.connection.is_some() && peer.heard_us) {
            self.stage = Stage::Playing;
            self.hello.ready = true;
            self.events.push_back(Event::Ready);
        } else {
            self.lose_patience(now);
        }
    }

    /// A connection on which nothing comes is no connection; one that was closed by the other end
    /// and not replaced is made from here, once; and nobody is waited for without end.
    fn lose_patience(&mut self, now: Duration) {
        // Nobody knows yet how far a peer is that was never heard.
        let again = match self.round_trip {
            Some(_) => 2 * self.longest_silence(),
            None => 4 * self.patience.silence,
        };
        let is_over = |since: Duration| now.saturating_sub(since.max(self.connected)) >= again;
        let mute = |peer: &Peer| {
            let connected = peer.connection.is_some() || !self.strangers.is_empty();
            connected && is_over(peer.last_heard.max(self.reconnected))
        };
        let left_alone = self.reconnected < self.waiting_since
            && self.peers.iter().any(|peer| peer.connection.is_none())
            && is_over(self.waiting_since);
        if left_alone || self.peers.iter().any(mute) {
            self.reconnect(now);
        }
        if now.saturating_sub(self.waiting_since) > self.waits_for() {
            if self.is_whole() {
                self.close();
            } else {
                let missed = self.peers.iter().filter(|peer| peer.at.is_none() || !peer.heard_us);
                let lost = missed.map(|peer| peer.seat).collect();
                self.give_up(now, lost);
            }
        }
    }

    /// Ends the session because of those who are missed, and tells the others of whom, so that they
    /// neither wait on nor have to guess.
    fn give_up(&mut self, now: Duration, lost: Seats) {
        if self.stage != Stage::Closed {
            self.lost = lost;
            self.say_to_all(now, &PeerMessage::Left { reason: LeaveReason::Lost { seats: lost } });
            self.stage = Stage::Closed;
            self.events.push_back(Event::GaveUp);
        }
    }

    /// How long the barrier is waited at.
    const fn waits_for(&self) -> Duration {
        let Patience { connect, interruption, .. } = self.patience;
        if self.hello.epoch == 0 { connect } else { interruption }
    }

    /// Interrupts play if somebody is missed who is still needed. If the connection was closed,
    /// the other end did it, and comes back on another one that it makes; after mere silence it
    /// is on us to make one.
    fn look_for_losses(&mut self, now: Duration) {
        let needed = || self.peers.iter().filter(|peer| peer.settled.is_none());
        let longest = self.longest_silence();
        let is_silent = |peer: &Peer| now.saturating_sub(peer.last_heard) >= longest;
        let silent = needed().any(is_silent);
        if silent || needed().any(|peer| peer.connection.is_none()) {
            self.begin_epoch(now, self.hello.epoch.saturating_add(1));
            if silent {
                self.reconnect(now);
            }
        }
    }

    fn reconnect(&mut self, now: Duration) {
        self.reconnected = now;
        self.strangers.clear();
        self.hello.heard = Seats::default();
        for peer in &mut self.peers {
            peer.connection = None;
            peer.forget();
        }
        self.events.push_back(Event::Reconnect);
    }

    fn repeat_statements(&mut self, now: Duration) {
        for at in 0..self.peers.len() {
            let peer = &mut self.peers[at];
            let Some(connection) = peer.connection else { continue };
            // Who has settled has acknowledged everything.
            if now < peer.next_sealed || peer.settled.is_some() {
                continue;
            }
            peer.next_sealed = now + SEALED_EVERY;
            let acknowledged = peer.acknowledged.clone();
            let open =
                self.statements.iter().filter(|(episode, _)| !acknowledged.contains(episode));
            let open: Vec<_> = open.cloned().collect();
            for (episode, statement) in open {
                self.say(now, connection, &PeerMessage::Sealed { episode, statement });
            }
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

    /// Whether every episode's statement has gone out and come in on every side.
    fn is_settled(&self) -> bool {
        let has_ours = |peer: &Peer| peer.settled.is_some() || self.are_all(&peer.acknowledged);
        self.is_whole() && self.peers.iter().all(has_ours)
    }

    /// Whether every episode's statement was made here and has come from everybody.
    fn is_whole(&self) -> bool {
        let stated: Vec<u16> = self.statements.iter().map(|(episode, _)| *episode).collect();
        self.are_all(&stated) && self.peers.iter().all(|peer| self.are_all(&peer.received))
    }

    /// Whether these are all episodes that there were. Nobody knows before the game is over.
    fn are_all(&self, episodes: &[u16]) -> bool {
        self.over.is_some_and(|over| (0..over).all(|episode| episodes.contains(&episode)))
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
