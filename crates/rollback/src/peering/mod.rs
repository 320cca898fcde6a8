//! The reliable channel of a session: who sits where, the barrier before play, statements about
//! finished episodes, and the closing handshake.
//!
//! ```text
//!            every HELLO heard,           every statement sent,
//!            and ours by everyone         received and acknowledged        linger over
//! Greeting ───────────────────▶ Playing ──────────────────────────▶ Lingering ─────▶ Closed
//! ```
//!
//! The barrier is what keeps the unreliable channel unreliable: in the WebRTC stack below, data
//! that arrives before both ends have opened a channel turns one direction of it ordered and
//! reliable for good. HELLO is repeated because the first message on a fresh channel can be lost,
//! even on a reliable one.
//!
//! A shell tells which connections there are and what they bring, calls [`Peering::poll`] at
//! least ten times a second, and drains [`Peering::poll_send`] and [`Peering::poll_event`] after
//! every call; draining more often is harmless. Time is the duration since any fixed moment.

mod message;

pub use message::{
    Hello, LeaveReason, MAX_MESSAGE, MAX_STATEMENT, Mismatch, PeerMessage, WIRE_VERSION,
};

use dyad_protocol::Seat;
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
/// How long questions are still answered after everything is settled: the partner's last
/// acknowledgement may have to be repeated.
const LINGER: Duration = Duration::from_secs(1);

/// Where a session's peering stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for everyone's HELLO.
    Greeting,
    /// The session runs.
    Playing,
    /// All statements are exchanged; still answering until this moment.
    Lingering {
        /// When it is over.
        until: Duration,
    },
    /// Nothing more will be said.
    Closed,
}

/// What the shell should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The barrier is passed: the ggrs session may start.
    Ready,
    /// A peer that cannot be played with. The session ends.
    Refused(Mismatch),
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
    episodes: u16,
    stage: Stage,
    peers: Vec<Peer>,
    /// Connections whose seat is not known yet, as they have not said HELLO.
    strangers: Vec<Connection>,
    statements: Vec<(u16, Vec<u8>)>,
    next_hello: Duration,
    outbox: VecDeque<(Connection, Vec<u8>)>,
    events: VecDeque<Event>,
    malformed: u64,
}

#[derive(Debug)]
struct Peer {
    seat: Seat,
    connection: Option<Connection>,
    heard_us: bool,
    last_heard: Duration,
    last_said: Duration,
    left: bool,
    received: Vec<u16>,
    acknowledged: Vec<u16>,
    next_sealed: Duration,
}

impl Peering {
    /// The peering of a session with so many `players` and `episodes`. `hello.heard` and
    /// `hello.ready` are filled in here.
    #[must_use]
    pub fn new(hello: Hello, players: usize, episodes: u16, now: Duration) -> Self {
        let others = Seat::all(players).filter(|&seat| seat != hello.seat);
        let peer = |seat| Peer {
            seat,
            connection: None,
            heard_us: false,
            last_heard: now,
            last_said: now,
            left: false,
            received: Vec::new(),
            acknowledged: Vec::new(),
            next_sealed: now,
        };
        Self {
            hello: Hello { heard: 0, ready: false, ..hello },
            episodes,
            stage: Stage::Greeting,
            peers: others.map(peer).collect(),
            strangers: Vec::new(),
            statements: Vec::new(),
            next_hello: now,
            outbox: VecDeque::new(),
            events: VecDeque::new(),
            malformed: 0,
        }
    }

    /// A connection has been made; whose it is, its HELLO will say.
    pub fn connected(&mut self, now: Duration, connection: Connection) {
        self.strangers.push(connection);
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

    /// Takes a message. What cannot be understood is counted and dropped.
    pub fn receive(&mut self, now: Duration, connection: Connection, bytes: &[u8]) {
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
            self.malformed += 1;
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
            PeerMessage::Left { reason } => {
                if !std::mem::replace(&mut self.peers[at].left, true) {
                    self.events.push_back(Event::Left { seat, reason });
                }
            }
            PeerMessage::Alive => {}
            PeerMessage::Hello(_) | PeerMessage::Committed { .. } => self.malformed += 1,
        }
        self.poll(now);
    }

    fn greeted(&mut self, now: Duration, connection: Connection, theirs: &Hello) {
        let taken = |peer: &Peer| peer.connection.is_some_and(|known| known != connection);
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.seat == theirs.seat) else {
            self.malformed += 1;
            return;
        };
        if taken(peer) {
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
        peer.connection = Some(connection);
        peer.last_heard = now;
        peer.heard_us |= theirs.heard & bit(self.hello.seat) != 0;
        self.strangers.retain(|&stranger| stranger != connection);
        self.hello.heard |= bit(theirs.seat);
        // Whoever repeats HELLO still waits for ours. While both wait, the timer answers, or two
        // peers who wait for a third would answer each other without end.
        let unheard = theirs.heard & bit(self.hello.seat) == 0;
        if unheard || (self.hello.ready && !theirs.ready) {
            self.say(now, connection, &PeerMessage::Hello(self.hello.clone()));
        }
        self.poll(now);
    }

    fn sealed(&mut self, now: Duration, at: usize, episode: u16, statement: Vec<u8>) {
        if episode >= self.episodes || statement.len() > MAX_STATEMENT {
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

    /// Repeats what has to be repeated and moves on where time has come. Harmless if nothing is
    /// due.
    pub fn poll(&mut self, now: Duration) {
        match self.stage {
            Stage::Greeting => self.greet(now),
            Stage::Playing => {
                self.repeat_statements(now);
                self.stay_alive(now);
                if self.is_settled() {
                    self.stage = Stage::Lingering { until: now + LINGER };
                }
            }
            Stage::Lingering { until } if now >= until => {
                self.stage = Stage::Closed;
                self.events.push_back(Event::Closed);
            }
            Stage::Lingering { .. } | Stage::Closed => {}
        }
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
        }
    }

    fn repeat_statements(&mut self, now: Duration) {
        for at in 0..self.peers.len() {
            let peer = &mut self.peers[at];
            let Some(connection) = peer.connection else { continue };
            if now < peer.next_sealed {
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
        let episodes = usize::from(self.episodes);
        let complete =
            |peer: &Peer| peer.received.len() == episodes && peer.acknowledged.len() == episodes;
        self.statements.len() == episodes && self.peers.iter().all(complete)
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

fn bit(seat: Seat) -> u8 {
    1_u8.checked_shl(seat.0.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
