//! A match that begins over a connection that is there already: the two have measured over it how far they
//! are from each other. Whenever it is of no use, connections are made as for any match.

use crate::transport::{Channel, Path, Transport, TransportEvent};
use dyad_impair::Counts;
use dyad_rollback::peering::Connection;
use std::time::Duration;

/// How long the partner may be silent on it: longer than the match itself takes to make connections anew,
/// and shorter than anybody waits for a match to begin. It may have lost the connection, or never had it.
pub const SILENCE: Duration = Duration::from_secs(3);

/// A connection to the only partner, and the channel on which it is.
pub struct Known {
    /// What carries it.
    pub transport: Box<dyn Transport>,
    /// Which it is.
    pub connection: Connection,
    /// Whether a message belongs to what the connection was made for, and not to the match.
    pub is_earlier: fn(Channel, &[u8]) -> bool,
}

/// Uses a connection that is there, and another transport once that one is of no use.
pub struct Acquainted<T> {
    known: Option<(Known, Heard)>,
    then: T,
    /// The other transport's connections have the numbers from here on.
    first_number: u64,
}

#[derive(Clone, Copy)]
enum Heard {
    /// Nobody has been told of the connection.
    NotYet,
    /// When something came last, or the connection was told of.
    At(Duration),
}

impl<T: Transport> Acquainted<T> {
    /// Begins with the known connection. `then` is not asked for anything while that one is good.
    pub const fn new(known: Known, then: T) -> Self {
        let first_number = known.connection.0 + 1;
        Self { known: Some((known, Heard::NotYet)), then, first_number }
    }

    /// The other transport's connection of this number here.
    const fn outward(&self, Connection(number): Connection) -> Connection {
        Connection(number + self.first_number)
    }

    /// The number there of a connection of the other transport.
    fn inward(&self, Connection(number): Connection) -> Option<Connection> {
        number.checked_sub(self.first_number).map(Connection)
    }

    fn poll_known(&mut self, now: Duration, events: &mut Vec<TransportEvent>) {
        let Some((Known { transport, connection, is_earlier }, heard)) = &mut self.known else {
            return;
        };
        let own = *connection;
        let mut last = match *heard {
            Heard::At(last) => last,
            Heard::NotYet => {
                events.push(TransportEvent::Connected(own));
                now
            }
        };
        let mut is_gone = false;
        for event in transport.poll(now) {
            match event {
                TransportEvent::Received { connection, channel, bytes }
                    if connection == own && !is_earlier(channel, &bytes) =>
                {
                    last = now;
                    events.push(TransportEvent::Received { connection, channel, bytes });
                }
                TransportEvent::Disconnected(connection) if connection == own => is_gone = true,
                _ => {}
            }
        }
        *heard = Heard::At(last);
        if is_gone || now.saturating_sub(last) > SILENCE {
            self.known = None;
            events.push(TransportEvent::Disconnected(own));
        }
    }
}

impl<T: Transport> Transport for Acquainted<T> {
    fn poll(&mut self, now: Duration) -> Vec<TransportEvent> {
        let mut events = Vec::new();
        self.poll_known(now, &mut events);
        if self.known.is_some() {
            return events;
        }
        let others = self.then.poll(now).into_iter().map(|event| match event {
            TransportEvent::Connected(connection) => {
                TransportEvent::Connected(self.outward(connection))
            }
            TransportEvent::Disconnected(connection) => {
                TransportEvent::Disconnected(self.outward(connection))
            }
            TransportEvent::Received { connection, channel, bytes } => {
                let connection = self.outward(connection);
                TransportEvent::Received { connection, channel, bytes }
            }
            TransportEvent::Trouble(reason) => TransportEvent::Trouble(reason),
        });
        events.extend(others.collect::<Vec<_>>());
        events
    }

    fn send(&mut self, now: Duration, connection: Connection, channel: Channel, bytes: Vec<u8>) {
        let inward = self.inward(connection);
        match (&mut self.known, inward) {
            (Some((known, _)), None) if connection == known.connection => {
                known.transport.send(now, connection, channel, bytes);
            }
            (None, Some(connection)) => self.then.send(now, connection, channel, bytes),
            _ => {}
        }
    }

    fn reconnect(&mut self, now: Duration) {
        self.known = None;
        self.then.reconnect(now);
    }

    fn path(&self, connection: Connection) -> Option<Path> {
        match (&self.known, self.inward(connection)) {
            (Some((known, _)), None) => known.transport.path(connection),
            (_, Some(connection)) => self.then.path(connection),
            (None, None) => None,
        }
    }

    fn impaired(&self) -> Option<Counts> {
        match &self.known {
            Some((known, _)) => known.transport.impaired(),
            None => self.then.impaired(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Acquainted, Channel, Connection, Known, SILENCE, Transport, TransportEvent};
    use crate::memory::MemoryTransport;
    use std::time::Duration;

    const NOW: Duration = Duration::from_secs(5);

    /// Two who have measured, and can connect otherwise; what the first of them sees on either.
    fn two() -> [Acquainted<MemoryTransport>; 2] {
        let (known, then) = (MemoryTransport::mesh(2), MemoryTransport::mesh(2));
        let both = known.into_iter().zip(then).map(|(mut known, then)| {
            let events = known.poll(NOW);
            let [TransportEvent::Connected(connection)] = events[..] else { panic!("{events:?}") };
            let is_earlier = |_: Channel, bytes: &[u8]| bytes == b"hello";
            let transport: Box<dyn Transport> = Box::new(known);
            Acquainted::new(Known { transport, connection, is_earlier }, then)
        });
        let Ok(both) = both.collect::<Vec<_>>().try_into() else { panic!("there are two") };
        both
    }

    fn connected(transport: &mut impl Transport, now: Duration) -> Option<Connection> {
        let mut connected = transport.poll(now).into_iter().filter_map(|event| match event {
            TransportEvent::Connected(connection) => Some(connection),
            _ => None,
        });
        connected.next_back()
    }

    fn received(transport: &mut impl Transport, now: Duration) -> Vec<Vec<u8>> {
        let events = transport.poll(now).into_iter();
        events
            .filter_map(|event| match event {
                TransportEvent::Received { bytes, .. } => Some(bytes),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn what_is_there_is_used_as_long_as_it_is_heard() {
        let [mut one, mut two] = two();
        let (mine, theirs) = (connected(&mut one, NOW), connected(&mut two, NOW));
        let (mine, theirs) = (mine.expect("at once"), theirs.expect("at once"));
        let mut now = NOW;
        for _ in 0..9 {
            now += SILENCE / 2;
            one.send(now, mine, Channel::Reliable, b"hello".to_vec());
            one.send(now, mine, Channel::Reliable, b"of the match".to_vec());
            two.send(now, theirs, Channel::Unreliable, b"and this".to_vec());
            assert_eq!(received(&mut two, now), [b"of the match"], "not what was before it");
            assert_eq!(received(&mut one, now), [b"and this"]);
        }
        assert_eq!(connected(&mut one, now), None, "once");
    }

    #[test]
    fn who_hears_nothing_on_it_connects_as_for_any_match() {
        let [mut one, mut two] = two();
        let old = connected(&mut one, NOW).expect("at once");
        assert!(connected(&mut two, NOW).is_some());
        let later = NOW + SILENCE + Duration::from_millis(1);
        let events = one.poll(later);
        assert_eq!(events[0], TransportEvent::Disconnected(old));
        let TransportEvent::Connected(new) = events[1] else { panic!("{events:?}") };
        assert_ne!(new, old, "another connection");
        // The other one is told to by its match.
        two.reconnect(later);
        let theirs = connected(&mut two, later);
        let new = connected(&mut one, later).unwrap_or(new);
        one.send(later, old, Channel::Reliable, b"lost".to_vec());
        one.send(later, new, Channel::Reliable, b"here".to_vec());
        assert_eq!(received(&mut two, later), [b"here"]);
        two.send(later, theirs.expect("a new one"), Channel::Reliable, b"there".to_vec());
        assert_eq!(received(&mut one, later), [b"there"]);
    }

    #[test]
    fn time_that_has_leapt_is_no_silence() {
        let [mut one, mut two] = two();
        let mine = connected(&mut one, NOW).expect("at once");
        connected(&mut two, NOW);
        one.send(NOW, mine, Channel::Reliable, b"before it slept".to_vec());
        let later = NOW + 9 * SILENCE;
        assert_eq!(received(&mut two, later), [b"before it slept"]);
        assert_eq!(connected(&mut two, later), None, "it is good");
    }
}
