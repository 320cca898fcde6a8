//! Signalling rooms: who gets in, who hears whom.

use crate::support::{Socket, lab, pair};
use dyad_protocol::lobby::{FromClient, Ticket};
use dyad_signalling::Lab;
use serde_json::{Value, json};

async fn enter(lab: &Lab, ticket: &Ticket) -> Result<Peer, u16> {
    let path = format!("/signal/{}?token={}", ticket.room, ticket.room_token.reveal());
    let mut socket = Socket::dial(lab.address(), &path).await?;
    let id = event(&mut socket, "IdAssigned").await;
    Ok(Peer { socket, id: id.as_str().unwrap().to_owned() })
}

struct Peer {
    socket: Socket,
    id: String,
}

/// The next event, which has to be of this kind.
async fn event(socket: &mut Socket, kind: &str) -> Value {
    let text = socket.receive().await.unwrap_or_else(|| panic!("hung up instead of {kind}"));
    let event: Value = serde_json::from_str(&text).unwrap();
    event.get(kind).unwrap_or_else(|| panic!("{kind} expected: {event}")).clone()
}

impl Peer {
    async fn signal(&mut self, receiver: &str, data: Value) {
        let request = json!({ "Signal": { "receiver": receiver, "data": data } });
        self.socket.send(&request.to_string()).await;
    }
}

#[tokio::test]
async fn the_two_of_a_game_reach_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let [(_, a), (_, b)] = pair(&lab).await;
    let mut first = enter(&lab, &a).await.ok().unwrap();
    let mut second = enter(&lab, &b).await.ok().unwrap();
    assert_eq!(event(&mut first.socket, "NewPeer").await, json!(second.id));
    first.socket.send("\"KeepAlive\"").await;
    first.socket.send("nonsense").await;
    first.signal(&second.id, json!({ "offer": 1 })).await;
    // The first thing the second one hears is the offer: only one side is told of the other.
    let heard = event(&mut second.socket, "Signal").await;
    assert_eq!(heard, json!({ "sender": first.id, "data": { "offer": 1 } }));
    second.signal(&first.id, json!("answer")).await;
    let heard = event(&mut first.socket, "Signal").await;
    assert_eq!(heard, json!({ "sender": second.id, "data": "answer" }));
    drop(second);
    event(&mut first.socket, "PeerLeft").await;
    lab.stop().await;
}

#[tokio::test]
async fn strangers_stay_outside() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let [(mut one, a), (mut other, b)] = pair(&lab).await;
    let mut first = enter(&lab, &a).await.ok().unwrap();
    for path in [
        format!("/signal/{}", a.room),
        format!("/signal/{}?token=wrong", a.room),
        format!("/signal/elsewhere?token={}", a.room_token.reveal()),
        format!("/signal/?token={}", a.room_token.reveal()),
        format!("/signal?token={}", a.room_token.reveal()),
    ] {
        let refused = Socket::dial(lab.address(), &path).await.err();
        assert!(matches!(refused, Some(401 | 404)), "{path}: {refused:?}");
    }
    // Another game's people are strangers too, even by their peer id.
    for client in [&mut one, &mut other] {
        client.say(FromClient::Withdraw).await;
        client.settle().await;
    }
    assert_eq!(first.socket.receive().await, None, "the room is closed");
    assert_eq!(enter(&lab, &b).await.err(), Some(401), "for good");
    assert_eq!(lab.rooms(), 0);
    lab.stop().await;
}

#[tokio::test]
async fn games_do_not_hear_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let [(_one, a), (_two, _)] = pair(&lab).await;
    let [(_three, c), (_four, d)] = pair(&lab).await;
    assert_ne!(a.room, c.room);
    let mut outsider = enter(&lab, &a).await.ok().unwrap();
    let mut first = enter(&lab, &c).await.ok().unwrap();
    outsider.signal(&first.id, json!("psst")).await;
    // The lab deals with one connection's messages in order: now it is done with the whisper.
    let own = outsider.id.clone();
    outsider.signal(&own, json!("echo")).await;
    event(&mut outsider.socket, "Signal").await;
    let second = enter(&lab, &d).await.ok().unwrap();
    // The first thing heard is not the whisper.
    assert_eq!(event(&mut first.socket, "NewPeer").await, json!(second.id));
    lab.stop().await;
}

#[tokio::test]
async fn a_newer_connection_takes_the_seat() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let [(_one, a), (_two, b)] = pair(&lab).await;
    let mut first = enter(&lab, &a).await.ok().unwrap();
    let mut lost = enter(&lab, &b).await.ok().unwrap();
    assert_eq!(event(&mut first.socket, "NewPeer").await, json!(lost.id));
    let again = enter(&lab, &b).await.ok().unwrap();
    assert_eq!(event(&mut first.socket, "PeerLeft").await, json!(lost.id));
    assert_eq!(event(&mut first.socket, "NewPeer").await, json!(again.id));
    assert_eq!(lost.socket.receive().await, None);
    // Once: when the lab is done with the old connection, the next thing heard is an echo.
    assert_eq!(lost.socket.receive().await, None, "the end of the stream");
    let own = first.id.clone();
    first.signal(&own, json!("echo")).await;
    event(&mut first.socket, "Signal").await;
    lab.stop().await;
}

#[test]
fn the_examples_of_protocol_md_are_matchbox_messages() {
    use matchbox_protocol::{JsonPeerEvent, JsonPeerRequest};
    const PAGE: &str = include_str!("../../../crates/protocol/PROTOCOL.md");
    let (mut events, mut requests) = (0, 0);
    for block in PAGE.split("\n```json ").skip(1) {
        let (kind, rest) = block.split_once('\n').unwrap();
        let text = rest.split("\n```").next().unwrap();
        match kind {
            "signal-lab" => {
                text.parse::<JsonPeerEvent>().unwrap_or_else(|error| panic!("{error}: {text}"));
                events += 1;
            }
            "signal-client" => {
                text.parse::<JsonPeerRequest>().unwrap_or_else(|error| panic!("{error}: {text}"));
                requests += 1;
            }
            _ => {}
        }
    }
    assert_eq!((events, requests), (4, 2));
}
