//! A transport between apps of one process, for tests: what one sends, the other finds at its
//! next poll.

use crate::transport::{Channel, Transport, TransportEvent};
use dyad_rollback::peering::Connection;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

type Queue = Arc<Mutex<VecDeque<TransportEvent>>>;

/// One end of a mesh in memory.
#[derive(Debug)]
pub struct MemoryTransport {
    me: u64,
    queues: Vec<Queue>,
}

impl MemoryTransport {
    /// The ends of a mesh of so many peers, all connected. A peer knows another as the
    /// connection with the other's number.
    #[must_use]
    pub fn mesh(peers: usize) -> Vec<Self> {
        let queues: Vec<Queue> = (0..peers).map(|_| Queue::default()).collect();
        let ends = (0..peers as u64).map(|me| Self { me, queues: queues.clone() });
        let ends: Vec<Self> = ends.collect();
        for end in &ends {
            for other in (0..peers as u64).filter(|&other| other != end.me) {
                end.push(end.me, TransportEvent::Connected(Connection(other)));
            }
        }
        ends
    }

    fn push(&self, peer: u64, event: TransportEvent) {
        let queue = usize::try_from(peer).ok().and_then(|peer| self.queues.get(peer));
        if let Some(queue) = queue {
            queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
        }
    }
}

impl Transport for MemoryTransport {
    fn poll(&mut self, _now: Duration) -> Vec<TransportEvent> {
        let mine = usize::try_from(self.me).ok().and_then(|me| self.queues.get(me));
        mine.map_or_else(Vec::new, |queue| {
            queue.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
        })
    }

    fn send(&mut self, _now: Duration, connection: Connection, channel: Channel, bytes: Vec<u8>) {
        let from = Connection(self.me);
        self.push(connection.0, TransportEvent::Received { connection: from, channel, bytes });
    }
}
