//! Signalling rooms: which seats there are, who sits in them, and who may say what to whom.
//!
//! A room is opened for one session, with a password for each seat. Of each pair of people one
//! side is told of the other, the one who was there first: it makes the offer. A seat holds one
//! connection; a newer one takes the place of an older one, for somebody whose connection broke
//! without a word. A room is gone when its session is over.

use axum::extract::ws::Message;
use dyad_protocol::Token;
use matchbox_protocol::{JsonPeerEvent, PeerId};
use matchbox_signaling::SignalingState;
use matchbox_signaling::common_logic::{SignalingChannel, try_send};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
struct Seat {
    token: Token,
    /// Who is about to enter: admitted, but the WebSocket is not up yet.
    expected: Option<PeerId>,
    occupant: Option<(PeerId, SignalingChannel)>,
}

type Room = Vec<Seat>;

/// All rooms.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    rooms: BTreeMap<String, Room>,
    /// Admitted, but without a peer id yet. matchbox links the two only by the address of the
    /// connection, and asks for both within one call, so nothing stays here.
    admitted: BTreeMap<SocketAddr, (String, usize)>,
}

impl Rooms {
    fn open(&mut self, room: &str, passwords: &[Token]) {
        let seat = |token: &Token| Seat { token: token.clone(), expected: None, occupant: None };
        self.rooms.insert(room.to_owned(), passwords.iter().map(seat).collect());
    }

    fn close(&mut self, room: &str) {
        for seat in self.rooms.remove(room).into_iter().flatten() {
            if let Some((_, channel)) = seat.occupant {
                hang_up(&channel);
            }
        }
    }

    /// Whether this token opens a seat of this room; if so, for this connection.
    fn admit(&mut self, origin: SocketAddr, room: &str, token: &Token) -> bool {
        let seats = self.rooms.get(room).into_iter().flatten();
        let Some(seat) = seats.into_iter().position(|seat| seat.token.matches(token)) else {
            return false;
        };
        self.admitted.insert(origin, (room.to_owned(), seat));
        true
    }

    /// The admitted connection has got its peer id.
    fn name(&mut self, origin: SocketAddr, peer: PeerId) {
        let Some((room, seat)) = self.admitted.remove(&origin) else { return };
        if let Some(seat) = self.rooms.get_mut(&room).and_then(|room| room.get_mut(seat)) {
            seat.expected = Some(peer);
        }
    }

    /// The connection is up: the peer takes its seat. False if it has none.
    fn enter(&mut self, room: &str, peer: PeerId, channel: SignalingChannel) -> bool {
        let Some(seats) = self.rooms.get_mut(room) else { return false };
        let Some(at) = seats.iter().position(|seat| seat.expected == Some(peer)) else {
            return false;
        };
        seats[at].expected = None;
        let before = seats[at].occupant.take();
        for (_, other) in occupants(seats) {
            if let Some((old, _)) = &before {
                tell(other, &JsonPeerEvent::PeerLeft(*old));
            }
            tell(other, &JsonPeerEvent::NewPeer(peer));
        }
        if let Some((_, old)) = before {
            hang_up(&old);
        }
        seats[at].occupant = Some((peer, channel));
        true
    }

    fn leave(&mut self, room: &str, peer: PeerId) {
        let Some(seats) = self.rooms.get_mut(room) else { return };
        // If a newer connection has the seat, the others have heard of it then.
        let left =
            seats.iter_mut().any(|seat| seat.occupant.take_if(|(it, _)| *it == peer).is_some());
        for (_, other) in occupants(seats).filter(|_| left) {
            tell(other, &JsonPeerEvent::PeerLeft(peer));
        }
    }

    /// Passes on what a peer says to another of the same room. False if there is no such other.
    fn relay(&self, room: &str, from: PeerId, to: PeerId, data: serde_json::Value) -> bool {
        let Some(seats) = self.rooms.get(room) else { return false };
        let find = |peer| occupants(seats).find(|(occupant, _)| *occupant == peer);
        let (Some(_), Some((_, channel))) = (find(from), find(to)) else { return false };
        tell(channel, &JsonPeerEvent::Signal { sender: from, data });
        true
    }
}

fn occupants(seats: &[Seat]) -> impl Iterator<Item = (PeerId, &SignalingChannel)> {
    seats.iter().filter_map(|seat| seat.occupant.as_ref()).map(|(peer, channel)| (*peer, channel))
}

fn tell(channel: &SignalingChannel, event: &JsonPeerEvent) {
    // A channel whose connection is gone is cleared away by that connection's own task.
    drop(try_send(channel, Message::Text(event.to_string().into())));
}

fn hang_up(channel: &SignalingChannel) {
    drop(try_send(channel, Message::Close(None)));
}

/// The rooms as matchbox's callbacks share them. They are asked for an answer at once and from
/// any thread, so there is a lock here, held for a few lookups and never across a wait.
#[derive(Clone, Debug, Default)]
pub struct SharedRooms(Arc<Mutex<Rooms>>);

impl SignalingState for SharedRooms {}

impl SharedRooms {
    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // Every change is a single insertion or removal: a panic leaves no room half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a room with a seat for each of these passwords.
    pub fn open(&self, room: &str, passwords: &[Token]) {
        self.lock().open(room, passwords);
    }

    /// Closes a room and everybody's connection to it.
    pub fn close(&self, room: &str) {
        self.lock().close(room);
    }

    /// Closes all rooms whose names begin so.
    pub fn close_all(&self, beginning: &str) {
        let mut rooms = self.lock();
        let those = rooms.rooms.range(beginning.to_owned()..);
        let those = those.map(|(room, _)| room.clone());
        let those: Vec<_> = those.take_while(|room| room.starts_with(beginning)).collect();
        those.iter().for_each(|room| rooms.close(room));
    }

    /// How many rooms are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().rooms.len()
    }

    pub(crate) fn admit(&self, origin: SocketAddr, room: &str, token: &Token) -> bool {
        self.lock().admit(origin, room, token)
    }

    pub(crate) fn name(&self, origin: SocketAddr, peer: PeerId) {
        self.lock().name(origin, peer);
    }

    pub(crate) fn enter(&self, room: &str, peer: PeerId, channel: SignalingChannel) -> bool {
        self.lock().enter(room, peer, channel)
    }

    pub(crate) fn leave(&self, room: &str, peer: PeerId) {
        self.lock().leave(room, peer);
    }

    pub(crate) fn relay(
        &self,
        room: &str,
        from: PeerId,
        to: PeerId,
        data: serde_json::Value,
    ) -> bool {
        self.lock().relay(room, from, to, data)
    }
}
