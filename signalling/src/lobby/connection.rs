//! The shell of one lobby connection: frames in and out, nothing decided.

use super::owner::{Door, Input};
use super::{ConnectionId, Event};
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use dyad_protocol::lobby::{FromClient, MAX_MESSAGE};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, interval, timeout};

/// Messages that wait for a connection. One that does not take them is dropped.
const QUEUE: usize = 32;

/// How often the lab makes sure that a silent client is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// After how long a silence a client counts as gone.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a client may take to accept a message.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// The route `/lobby`.
pub(crate) async fn upgrade(State(door): State<Door>, upgrade: WebSocketUpgrade) -> Response {
    let Some((id, permit)) = door.enter() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the lab is full").into_response();
    };
    // The library's default buffers are 128 KiB for each connection.
    upgrade
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_MESSAGE)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| serve(socket, id, door, permit))
}

async fn serve(mut socket: WebSocket, id: ConnectionId, door: Door, permit: OwnedSemaphorePermit) {
    let (queue, mut outgoing) = mpsc::channel(QUEUE);
    if door.inputs.send(Input::Open(id, queue)).await.is_ok() {
        exchange(&mut socket, id, &door, &mut outgoing).await;
        // The owner may be gone, and then nobody asks.
        drop(door.inputs.send(Input::Event(Event::Closed(id))).await);
    }
    // The other side may be gone, and then needs no goodbye.
    drop(timeout(SEND_WITHIN, socket.send(Message::Close(None))).await);
    drop(permit);
}

/// Runs until either side has enough of the other.
async fn exchange(
    socket: &mut WebSocket,
    id: ConnectionId,
    door: &Door,
    outgoing: &mut mpsc::Receiver<String>,
) {
    let mut pings = interval(PING_EVERY);
    let mut heard = Instant::now();
    loop {
        let frame = tokio::select! {
            frame = socket.recv() => {
                heard = Instant::now();
                let Some(Ok(frame)) = frame else { return };
                let Some(event) = understand(id, frame) else { continue };
                if door.inputs.send(Input::Event(event)).await.is_err() {
                    return;
                }
                continue;
            }
            text = outgoing.recv() => match text {
                Some(text) => Message::Text(text.into()),
                None => return,
            },
            _ = pings.tick() => Message::Ping(axum::body::Bytes::new()),
        };
        let accepted = timeout(SEND_WITHIN, socket.send(frame)).await;
        if !matches!(accepted, Ok(Ok(()))) || heard.elapsed() > SILENCE {
            return;
        }
    }
}

fn understand(id: ConnectionId, frame: Message) -> Option<Event> {
    match frame {
        Message::Text(text) => Some(match serde_json::from_str::<FromClient>(&text) {
            Ok(message) => Event::Said(id, message),
            Err(_not_a_message) => Event::Garbled(id),
        }),
        Message::Binary(_) => Some(Event::Garbled(id)),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => None,
    }
}
