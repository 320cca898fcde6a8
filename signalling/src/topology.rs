//! matchbox's signalling with the rules of [`crate::rooms`]: the run of one WebSocket.

use crate::rooms::SharedRooms;
use async_trait::async_trait;
use axum::Router;
use dyad_protocol::Token;
use futures::StreamExt as _;
use matchbox_protocol::PeerRequest;
use matchbox_signaling::common_logic::parse_request;
use matchbox_signaling::{
    ClientRequestError, NoCallbacks, SignalingServerBuilder, SignalingTopology, WsStateMeta,
};
use std::net::{Ipv4Addr, SocketAddr};

/// Messages that one connection may pass on. Connecting takes a few dozen; matchbox's queues
/// know no limit of their own.
const MAX_SIGNALS: u32 = 2000;

/// The longest signal that is passed on, in bytes. A description of a connection has a few thousand.
const MAX_SIGNAL: usize = 64 * 1024;

/// Messages that are not understood, after which a connection ends.
const MAX_MALFORMED: u32 = 100;

struct Seats;

#[async_trait]
impl SignalingTopology<NoCallbacks, SharedRooms> for Seats {
    async fn state_machine(upgrade: WsStateMeta<NoCallbacks, SharedRooms>) {
        let WsStateMeta { room, peer_id, sender, mut receiver, state: rooms, .. } = upgrade;
        if !rooms.enter(&room, peer_id, sender) {
            return;
        }
        let (mut signals, mut malformed) = (0, 0);
        while signals < MAX_SIGNALS && malformed < MAX_MALFORMED {
            let Some(request) = receiver.next().await else { break };
            match parse_request(request) {
                Ok(PeerRequest::KeepAlive) => {}
                Ok(PeerRequest::Signal { receiver, data }) => {
                    signals += 1;
                    let short = data.to_string().len() <= MAX_SIGNAL;
                    if !short || !rooms.relay(&room, peer_id, receiver, data) {
                        malformed += 1;
                    }
                }
                Err(ClientRequestError::Json(_) | ClientRequestError::UnsupportedType(_)) => {
                    malformed += 1;
                }
                Err(ClientRequestError::Axum(_) | ClientRequestError::Close) => break,
            }
        }
        rooms.leave(&room, peer_id);
    }
}

/// The route `/{room}`, which lets in who has the password of a seat as the parameter `token`.
#[expect(clippy::result_large_err, reason = "matchbox's callback returns an HTTP response")]
pub(crate) fn routes(rooms: &SharedRooms) -> Router {
    let (admitting, naming) = (rooms.clone(), rooms.clone());
    // The address is not used: the routes are served by a server of ours.
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut routes = Router::new();
    let server = SignalingServerBuilder::new(nowhere, Seats, rooms.clone())
        .on_connection_request(move |request| {
            let token = request.query_params.get("token").and_then(|token| token.parse().ok());
            let admitted = request.path.zip(token).is_some_and(|(room, token): (_, Token)| {
                admitting.admit(request.origin, &room, &token)
            });
            Ok(admitted)
        })
        .on_id_assignment(move |(origin, peer)| naming.name(origin, peer))
        .build_with(|router| {
            routes = router.clone();
            router
        });
    // Its only other part is a way to shut down, which ours has.
    drop(server);
    routes
}
