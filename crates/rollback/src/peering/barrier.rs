//! The barrier before each epoch, and the interruptions that lead back to it.

use super::{Connection, Event, Hello, LeaveReason, Patience, Peer, PeerMessage, Peering, Stage};
use dyad_protocol::Seats;
use std::time::Duration;

/// How often HELLO is repeated.
const HELLO_EVERY: Duration = Duration::from_millis(100);

/// So many round trips of silence are nothing unusual.
const SILENT_ROUND_TRIPS: u32 = 8;

/// The most by which a peer may be ahead of us in epochs. Each is an interruption that we did not
/// notice, so an honest peer is ahead by one.
const MAX_EPOCH_LEAP: u16 = 100;

impl Peering {
    pub(super) fn greeted(&mut self, now: Duration, connection: Connection, theirs: &Hello) {
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

    pub(super) fn greet(&mut self, now: Duration) {
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
    pub(super) fn give_up(&mut self, now: Duration, lost: Seats) {
        if self.stage != Stage::Closed {
            self.lost = lost;
            self.say_to_all(now, &PeerMessage::Left { reason: LeaveReason::Lost { seats: lost } });
            self.stage = Stage::Closed;
            self.events.push_back(Event::GaveUp);
        }
    }

    /// How long the barrier is waited at.
    pub(super) const fn waits_for(&self) -> Duration {
        let Patience { connect, interruption, .. } = self.patience;
        if self.hello.epoch == 0 { connect } else { interruption }
    }

    /// Interrupts play if somebody is missed who is still needed. If the connection was closed,
    /// the other end did it, and comes back on another one that it makes; after mere silence it
    /// is on us to make one.
    pub(super) fn look_for_losses(&mut self, now: Duration) {
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

    /// The silence after which a peer is looked for.
    fn longest_silence(&self) -> Duration {
        let silence = self.patience.silence;
        let long = self.round_trip.unwrap_or_default() * SILENT_ROUND_TRIPS;
        long.clamp(silence, 3 * silence)
    }
}
