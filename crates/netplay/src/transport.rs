//! What carries messages between the computers of a match.

use dyad_impair::{Counts, Impairment, Link, Mode};
use dyad_rollback::peering::Connection;
use std::collections::BTreeMap;
use std::time::Duration;

pub use dyad_rollback::session::Channel;

/// What a transport tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportEvent {
    /// There is a new connection to some peer.
    Connected(Connection),
    /// A connection is gone for good.
    Disconnected(Connection),
    /// A message has arrived.
    Received {
        /// On this connection.
        connection: Connection,
        /// On this channel.
        channel: Channel,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// An attempt to connect has failed and is repeated; why, for people.
    Trouble(String),
}

/// How a peer is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Directly.
    Direct,
    /// Through a TURN server.
    Relayed,
}

/// Carries messages. Neither function blocks.
pub trait Transport: Send + Sync + 'static {
    /// What has happened since the last call. Call it at every display frame.
    fn poll(&mut self, now: Duration) -> Vec<TransportEvent>;

    /// Sends a message, if the connection is still there.
    fn send(&mut self, now: Duration, connection: Connection, channel: Channel, bytes: Vec<u8>);

    /// Gives up all connections and makes new ones. Those given up bring nothing more.
    fn reconnect(&mut self, now: Duration);

    /// How a peer is reached, where that is known.
    fn path(&self, _connection: Connection) -> Option<Path> {
        None
    }

    /// What the impairment did, if there is one.
    fn impaired(&self) -> Option<Counts> {
        None
    }
}

impl Transport for Box<dyn Transport> {
    fn poll(&mut self, now: Duration) -> Vec<TransportEvent> {
        (**self).poll(now)
    }

    fn send(&mut self, now: Duration, connection: Connection, channel: Channel, bytes: Vec<u8>) {
        (**self).send(now, connection, channel, bytes);
    }

    fn reconnect(&mut self, now: Duration) {
        (**self).reconnect(now);
    }

    fn path(&self, connection: Connection) -> Option<Path> {
        (**self).path(connection)
    }

    fn impaired(&self) -> Option<Counts> {
        (**self).impaired()
    }
}

/// A transport with a bad network in front of it: what is sent is delayed, lost, doubled and
/// reordered as an [`Impairment`] says. On the reliable channel everything is delayed in order.
pub struct Impaired<T> {
    inner: T,
    impairment: Impairment,
    links: BTreeMap<(Connection, Channel), Link<Vec<u8>>>,
}

impl<T: Transport> Impaired<T> {
    /// Puts an impairment in front of a transport.
    pub const fn new(inner: T, impairment: Impairment) -> Self {
        Self { inner, impairment, links: BTreeMap::new() }
    }

    fn release(&mut self, now: Duration) {
        for (&(connection, channel), link) in &mut self.links {
            while let Some(bytes) = link.poll(now) {
                self.inner.send(now, connection, channel, bytes);
            }
        }
    }
}

impl<T: Transport> Transport for Impaired<T> {
    fn poll(&mut self, now: Duration) -> Vec<TransportEvent> {
        self.release(now);
        self.inner.poll(now)
    }

    fn send(&mut self, now: Duration, connection: Connection, channel: Channel, bytes: Vec<u8>) {
        let number = connection.0 * 2;
        let (mode, link_id) = match channel {
            Channel::Unreliable => (Mode::Datagrams, number),
            Channel::Reliable => (Mode::Ordered, number + 1),
        };
        let new_link = || Link::new(&self.impairment, link_id, mode);
        let link = self.links.entry((connection, channel)).or_insert_with(new_link);
        link.send(now, bytes);
        self.release(now);
    }

    fn reconnect(&mut self, now: Duration) {
        self.inner.reconnect(now);
    }

    fn path(&self, connection: Connection) -> Option<Path> {
        self.inner.path(connection)
    }

    fn impaired(&self) -> Option<Counts> {
        Some(self.links.values().map(Link::counts).sum())
    }
}
