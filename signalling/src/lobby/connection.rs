//! The shell of one lobby connection: frames in and out, round trips measured, nothing decided.

use super::owner::{Admission, Door, Input};
use super::{ConnectionId, Event};
use crate::flood::Bucket;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use dyad_protocol::lobby::{FromClient, FromLab, MAX_FROM_CLIENT, MAX_FROM_LAB};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, timeout};

/// Messages that wait for a connection. One that does not take them is dropped.
const QUEUE: usize = 32;

/// How often the lab makes sure that a silent client is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// After how long a silence a client counts as gone.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a client may take to accept a message, and to hang up after it was told to.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// Messages that a client may send at once, and in each second. What is more counts as not
/// understood.
const BURST: u32 = 400;
const PER_SECOND: u32 = 50;

/// The route `/lobby`.
pub(crate) async fn upgrade(
    State(door): State<Door>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let admission = match door.enter(from.ip()) {
        Ok(admission) => admission,
        Err(full) => {
            let words = "too many connections; try again later";
            let status = StatusCode::TOO_MANY_REQUESTS;
            let status = if full { StatusCode::SERVICE_UNAVAILABLE } else { status };
            return (status, words).into_response();
        }
    };
    // The library's default buffers are 128 KiB for each connection.
    upgrade
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_FROM_LAB)
        .max_message_size(MAX_FROM_CLIENT)
        .max_frame_size(MAX_FROM_CLIENT)
        .on_upgrade(move |socket| serve(socket, door, admission))
}

async fn serve(mut socket: WebSocket, door: Door, admission: Admission) {
    let id = admission.id;
    let (queue, mut outgoing) = mpsc::channel(QUEUE);
    if door.inputs.send(Input::Open(id, queue)).await.is_ok() {
        Line::new(id, &door).exchange(&mut socket, &mut outgoing).await;
        // The owner may be gone, and then nobody asks.
        drop(door.inputs.send(Input::Event(Event::Closed(id))).await);
    }
    // The other side may be gone, and then needs no goodbye.
    drop(timeout(SEND_WITHIN, hang_up(&mut socket)).await);
    drop(admission);
}

/// Ends a connection so that the last word arrives. With anything unread, the system would reset it, and
/// the other side could lose what it has not read yet.
async fn hang_up(socket: &mut WebSocket) {
    if socket.send(Message::Close(None)).await.is_ok() {
        while let Some(Ok(_)) = socket.recv().await {}
    }
}

/// A connection that is up.
struct Line<'a> {
    id: ConnectionId,
    door: &'a Door,
    began: Instant,
    heard: Instant,
    allowance: Bucket,
    /// The last ping, and when it was sent, as long as it is not answered.
    ping: (u64, Option<Instant>),
    /// Pings that follow at once.
    first_pings: u32,
    /// Goes with each thing that the client has said until the owner has dealt with it.
    pending: Arc<()>,
}

/// What a frame of the client's leads to.
enum Heard {
    Nothing,
    /// The owner is told.
    Event(Event),
    /// It is answered here.
    Answer(Message),
}

impl<'a> Line<'a> {
    fn new(id: ConnectionId, door: &'a Door) -> Self {
        let began = Instant::now();
        let allowance = Bucket::full(BURST, PER_SECOND, Duration::ZERO);
        let first_pings = door.first_pings;
        let (ping, pending) = ((0, None), Arc::default());
        Self { id, door, began, heard: began, allowance, ping, first_pings, pending }
    }

    /// Runs until either side has enough of the other.
    async fn exchange(mut self, socket: &mut WebSocket, outgoing: &mut mpsc::Receiver<String>) {
        let mut pings = interval(PING_EVERY);
        loop {
            let frame = tokio::select! {
                frame = socket.recv() => {
                    self.heard = Instant::now();
                    let Some(Ok(frame)) = frame else { return };
                    let measured = matches!(&frame, Message::Pong(echo) if self.answers(echo));
                    let heard = if measured {
                        self.round_trip()
                    } else {
                        // In this order: what follows from the one is in the other.
                        let has_all = self.is_settled() && outgoing.is_empty();
                        self.understand(frame, has_all)
                    };
                    match heard {
                        Heard::Answer(answer) => answer,
                        Heard::Event(event) => {
                            if !self.tell(event).await {
                                return;
                            }
                            if !measured || self.first_pings == 0 {
                                continue;
                            }
                            self.first_pings -= 1;
                            self.next_ping()
                        }
                        Heard::Nothing => continue,
                    }
                }
                text = outgoing.recv() => match text {
                    Some(text) => Message::Text(text.into()),
                    None => return,
                },
                _ = pings.tick() => self.next_ping(),
            };
            let accepted = timeout(SEND_WITHIN, socket.send(frame)).await;
            if !matches!(accepted, Ok(Ok(()))) || self.heard.elapsed() > SILENCE {
                return;
            }
        }
    }

    /// Returns whether the owner is there to hear it.
    async fn tell(&self, event: Event) -> bool {
        self.door.inputs.send(Input::Said(event, Arc::clone(&self.pending))).await.is_ok()
    }

    /// Whether the owner has dealt with everything that the client has said.
    fn is_settled(&mut self) -> bool {
        Arc::get_mut(&mut self.pending).is_some()
    }

    fn next_ping(&mut self) -> Message {
        self.ping = (self.ping.0 + 1, Some(Instant::now()));
        Message::Ping(Bytes::copy_from_slice(&self.ping.0.to_be_bytes()))
    }

    fn answers(&self, echo: &Bytes) -> bool {
        self.ping.1.is_some() && echo[..] == self.ping.0.to_be_bytes()
    }

    /// The last ping is answered.
    fn round_trip(&mut self) -> Heard {
        let Some(sent) = self.ping.1.take() else { return Heard::Nothing };
        let rtt_ms = u32::try_from(sent.elapsed().as_millis()).unwrap_or(u32::MAX);
        Heard::Event(Event::RoundTrip(self.id, rtt_ms))
    }

    /// A client that pings when all is dealt with that it has said, and that has all that was said to it, is
    /// answered at once. Otherwise the owner answers: in either case, what it said before the ping is done.
    fn understand(&mut self, frame: Message, has_all: bool) -> Heard {
        let id = self.id;
        let message = match frame {
            Message::Text(text) => serde_json::from_str::<FromClient>(&text).ok(),
            Message::Binary(_) => None,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Heard::Nothing,
        };
        let allowed = self.allowance.take(self.began.elapsed());
        match message.filter(|_| allowed) {
            Some(FromClient::Ping { nonce }) if has_all => {
                Heard::Answer(Message::Text(text(&FromLab::Pong { nonce }).into()))
            }
            Some(message) => Heard::Event(Event::Said(id, message)),
            None => Heard::Event(Event::Garbled(id)),
        }
    }
}

/// A message as it goes to a client.
pub(super) fn text(message: &FromLab) -> String {
    serde_json::to_string(message).expect("a message is plain data")
}
