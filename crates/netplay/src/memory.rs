//! A transport between apps of one process, for tests: what one sends, the other finds at its
//! next poll.

use crate::transport::{Channel, Transport, TransportEvent};
use dyad_rollback::peering::Connection;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One end of a mesh in memory. A clone is the same end.
#[derive(Clone, Debug)]
pub struct MemoryTransport {
    me: usize,
    mesh: Arc<Mutex<Mesh>>,
}

/// What all ends share. A connection's number tells the peer and the generation of the pair's
/// connection; what is sent on an earlier one is lost.
#[derive(Debug)]
struct Mesh {
    peers: usize,
    queues: Vec<VecDeque<TransportEvent>>,
    /// By the smaller and the greater number of the two.
    generations: Vec<Vec<u64>>,
}

impl Mesh {
    fn connection(&self, me: usize, other: usize) -> Connection {
        let generation = self.generations[me.min(other)][me.max(other)];
        Connection(generation * self.peers as u64 + other as u64)
    }

    /// Tells both ends of a pair of their connection.
    fn connect(&mut self, me: usize, other: usize) {
        for (end, far) in [(me, other), (other, me)] {
            let connection = self.connection(end, far);
            self.queues[end].push_back(TransportEvent::Connected(connection));
        }
    }
}

impl MemoryTransport {
    /// The ends of a mesh of so many peers, all connected.
    #[must_use]
    pub fn mesh(peers: usize) -> Vec<Self> {
        let mut mesh = Mesh {
            peers,
            queues: vec![VecDeque::new(); peers],
            generations: vec![vec![0; peers]; peers],
        };
        for other in 0..peers {
            (0..other).for_each(|me| mesh.connect(me, other));
        }
        let mesh = Arc::new(Mutex::new(mesh));
        (0..peers).map(|me| Self { me, mesh: Arc::clone(&mesh) }).collect()
    }

    /// Another end in the place of this one, as a program that was started anew would make it.
    #[must_use]
    pub fn replacement(&self) -> Self {
        self.lock().queues[self.me].clear();
        let mut end = Self { me: self.me, mesh: Arc::clone(&self.mesh) };
        end.reconnect(Duration::ZERO);
        end
    }

    fn lock(&self) -> MutexGuard<'_, Mesh> {
        self.mesh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for MemoryTransport {
    fn poll(&mut self, _now: Duration) -> Vec<TransportEvent> {
        self.lock().queues[self.me].drain(..).collect()
    }

    fn send(&mut self, _now: Duration, connection: Connection, channel: Channel, bytes: Vec<u8>) {
        let mut mesh = self.lock();
        let other = usize::try_from(connection.0 % mesh.peers as u64).unwrap_or(self.me);
        if mesh.connection(self.me, other) == connection {
            let connection = mesh.connection(other, self.me);
            let event = TransportEvent::Received { connection, channel, bytes };
            mesh.queues[other].push_back(event);
        }
    }

    fn reconnect(&mut self, _now: Duration) {
        let mut mesh = self.lock();
        for other in (0..mesh.peers).filter(|&other| other != self.me) {
            mesh.generations[self.me.min(other)][self.me.max(other)] += 1;
            mesh.connect(self.me, other);
        }
    }
}
