//! WebRTC through matchbox, on a thread of its own.
//!
//! matchbox's message loop panics or ends when a handshake fails, so it runs where that harms
//! nobody, and an attempt that brought no connection is repeated with growing pauses. The
//! loop ends when its channels are dropped, which ends the connections; so the channels live
//! here, and not in the ggrs session.

use crate::relay::Dialler;
use crate::transport::{Channel, Path, Transport, TransportEvent};
use bevy::log::{debug, warn};
use dyad_protocol::HexDigest;
use dyad_protocol::lobby::IceServers;
use dyad_rollback::peering::Connection;
use futures::channel::oneshot;
use futures::future::{self, Either, FutureExt as _};
use matchbox_socket::{ChannelConfig, Error, PeerId, PeerState, RtcIceServerConfig, WebRtcSocket};
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// How long an attempt may take until the first connection. WebRTC needs 0.6 s on a local
/// network, up to 11 s at 15 % loss, and 8 to 25 s with 300 ms one way and 30 % loss.
const ATTEMPT: Duration = Duration::from_secs(30);
/// The same when connections are made anew, for the first and the second attempt: one that began
/// while the cable was out is not worth waiting for.
const NEW_ATTEMPTS: [Duration; 2] = [Duration::from_secs(6), Duration::from_secs(12)];
/// How long the lab's signalling may take to answer.
const SIGNALLING: Duration = Duration::from_secs(5);
/// The same when connections are made anew. TCP doubles its pauses while the cable is out.
const NEW_SIGNALLING: Duration = Duration::from_secs(1);
/// Pauses before the attempts after the first; the last one repeats.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1)];

/// Channels in the order in which both ends add them.
const CHANNELS: [Channel; 2] = [Channel::Unreliable, Channel::Reliable];

/// Where and as whom to connect.
#[derive(Clone, Debug)]
pub struct Signalling {
    /// The room's WebSocket address, token included.
    pub url: String,
    /// The fingerprint of the lab's certificate, if it has one.
    pub cert: Option<HexDigest>,
    /// STUN and TURN servers.
    pub ice: IceServers,
}

/// A mesh of WebRTC connections to everybody in a signalling room.
pub struct WebRtc {
    signalling: Signalling,
    attempt: Attempt,
    attempts: usize,
    /// Whether connections are made anew.
    again: bool,
    /// How long the last connection took that was made.
    took: Duration,
    peers: Vec<(PeerId, Connection)>,
    next_connection: u64,
}

enum Attempt {
    Running(Running),
    Pausing { until: Duration },
}

/// A message loop on its thread. It ends when this is dropped, in whatever it is doing.
struct Running {
    socket: Box<WebRtcSocket>,
    ended: oneshot::Receiver<String>,
    _cancel: oneshot::Sender<()>,
    /// Since when there could have been a connection.
    since: Duration,
}

impl WebRtc {
    /// Begins to connect at the first poll.
    #[must_use]
    pub const fn new(signalling: Signalling) -> Self {
        let attempt = Attempt::Pausing { until: Duration::ZERO };
        Self {
            signalling,
            attempt,
            attempts: 0,
            again: false,
            took: Duration::ZERO,
            peers: Vec::new(),
            next_connection: 0,
        }
    }

    fn start(&mut self, now: Duration) -> Attempt {
        self.attempts += 1;
        let ice = &self.signalling.ice;
        let mut builder = WebRtcSocket::builder(&self.signalling.url);
        let cert = self.signalling.cert.clone();
        if ice.relay_only || cert.is_some() {
            let dialler = Dialler { relay_only: ice.relay_only, cert };
            builder = builder.signaller_builder(Arc::new(dialler));
        }
        let (socket, message_loop) = builder
            .ice_server(RtcIceServerConfig {
                urls: ice.urls.clone(),
                username: ice.username.clone(),
                credential: ice.credential.as_ref().map(|word| word.reveal().to_owned()),
            })
            .add_channel(ChannelConfig::unreliable())
            .add_channel(ChannelConfig::reliable())
            .reconnect_attempts(Some(1))
            .build();
        let (say, ended) = oneshot::channel();
        let (cancel, cancelled) = oneshot::channel();
        let run = move || {
            let guarded = AssertUnwindSafe(message_loop).catch_unwind();
            let end = match futures::executor::block_on(future::select(guarded, cancelled)) {
                Either::Left((Ok(Ok(())), _)) => "the connection was closed".to_owned(),
                Either::Left((Ok(Err(error)), _)) => explain(&error),
                Either::Left((Err(panic), _)) => explain_panic(panic.as_ref()),
                Either::Right(_) => return,
            };
            // Nobody listens any more if the match is over.
            drop(say.send(end));
        };
        match std::thread::Builder::new().name("webrtc".to_owned()).spawn(run) {
            Ok(_handle) => Attempt::Running(Running {
                socket: Box::new(socket),
                ended,
                _cancel: cancel,
                since: now,
            }),
            Err(error) => {
                warn!("no thread for the connection: {error}");
                Attempt::Pausing { until: now + PAUSES[0] }
            }
        }
    }

    fn pause(&self, now: Duration) -> Attempt {
        let pause = PAUSES[self.attempts.saturating_sub(1).min(PAUSES.len() - 1)];
        Attempt::Pausing { until: now + pause }
    }

    fn drain(&mut self, now: Duration, events: &mut Vec<TransportEvent>) {
        let Attempt::Running(Running { socket, since, .. }) = &mut self.attempt else { return };
        // An error means that the loop has ended, which the receiver tells with its reason.
        for (peer, state) in socket.try_update_peers().unwrap_or_default() {
            match state {
                PeerState::Connected => {
                    self.took = now.saturating_sub(*since);
                    let connection = Connection(self.next_connection);
                    self.next_connection += 1;
                    self.peers.push((peer, connection));
                    events.push(TransportEvent::Connected(connection));
                }
                // Either the channels are closed, or the peer has merely left the signalling
                // server; so it is a hint, and silence decides.
                PeerState::Disconnected => {
                    debug!("a peer has left or its channels are closed");
                    // If it was never connected, it will try again, and that takes its time.
                    if self.peers.is_empty() {
                        *since = now;
                    }
                }
            }
        }
        for (index, channel) in CHANNELS.into_iter().enumerate() {
            let Ok(open) = socket.get_channel_mut(index) else { continue };
            for (peer, bytes) in open.receive() {
                let Some(&(_, connection)) = self.peers.iter().find(|(known, _)| *known == peer)
                else {
                    continue;
                };
                let bytes = bytes.into();
                events.push(TransportEvent::Received { connection, channel, bytes });
            }
        }
    }

    fn has_failed(&mut self, now: Duration) -> Option<String> {
        let Attempt::Running(Running { socket, ended, since, .. }) = &mut self.attempt else {
            return None;
        };
        if let Ok(Some(reason)) = ended.try_recv() {
            return Some(reason);
        }
        let passed = now.saturating_sub(*since);
        let attempt = NEW_ATTEMPTS.get(self.attempts.saturating_sub(1)).filter(|_| self.again);
        // What took long once takes long again.
        let attempt = (*attempt.unwrap_or(&ATTEMPT)).max(2 * self.took);
        let signalling = if self.again { NEW_SIGNALLING } else { SIGNALLING };
        if passed > signalling && socket.id().is_none() {
            return Some("the lab machine was not reached in time".to_owned());
        }
        let overdue = self.peers.is_empty() && passed > attempt;
        overdue.then(|| "the partner's computer was not reached in time".to_owned())
    }
}

impl Transport for WebRtc {
    fn poll(&mut self, now: Duration) -> Vec<TransportEvent> {
        if matches!(self.attempt, Attempt::Pausing { until } if now >= until) {
            self.attempt = self.start(now);
        }
        let mut events = Vec::new();
        self.drain(now, &mut events);
        if let Some(reason) = self.has_failed(now) {
            self.attempt = self.pause(now);
            events.extend(self.peers.drain(..).map(|(_, gone)| TransportEvent::Disconnected(gone)));
            events.push(TransportEvent::Trouble(reason));
        }
        events
    }

    fn send(&mut self, _now: Duration, connection: Connection, channel: Channel, bytes: Vec<u8>) {
        let Attempt::Running(Running { socket, .. }) = &mut self.attempt else { return };
        let Some(&(peer, _)) = self.peers.iter().find(|(_, known)| *known == connection) else {
            return;
        };
        let index = CHANNELS.iter().position(|&known| known == channel).unwrap_or(0);
        if let Ok(open) = socket.get_channel_mut(index) {
            // A closed channel shows as the end of the loop.
            drop(open.try_send(bytes.into(), peer));
        }
    }

    fn reconnect(&mut self, now: Duration) {
        self.peers.clear();
        self.attempts = 0;
        self.again = true;
        self.attempt = Attempt::Pausing { until: now };
    }

    fn path(&self, connection: Connection) -> Option<Path> {
        let Attempt::Running(Running { socket, .. }) = &self.attempt else { return None };
        let (peer, _) = self.peers.iter().find(|(_, known)| *known == connection)?;
        let relayed = socket.is_relayed(*peer)?;
        Some(if relayed { Path::Relayed } else { Path::Direct })
    }
}

fn explain(error: &Error) -> String {
    match error {
        Error::ConnectionFailed(_) => {
            "the lab machine does not answer; is the address right and the network up?".to_owned()
        }
        Error::Disconnected(_) => "the lab machine closed the connection".to_owned(),
    }
}

/// What a panic inside the WebRTC stack means for a person. The common one is a computer
/// without a route for multicast, such as a network without a gateway.
fn explain_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    if text.contains("No such device") || text.contains("Network is unreachable") {
        return "this computer's network has no gateway, which WebRTC needs; set a default \
                gateway (any address of the local network will do) and try again"
            .to_owned();
    }
    format!("the connection attempt failed ({text})")
}
