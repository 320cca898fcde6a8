//! Uploads to the lab, and the verdict in the lobby.

use crate::support::{lab, pair};
use dyad_collector::store::digest;
use dyad_protocol::Token;
use dyad_protocol::lobby::FromLab;
use dyad_protocol::records::{DIGEST_HEADER, RecordName, SignedReceipt, Verdict};
use std::net::SocketAddr;

/// Uploads bytes as a record and returns the status and the receipt.
pub(crate) async fn upload(
    address: SocketAddr,
    name: RecordName,
    token: Token,
    body: &'static [u8],
) -> (u16, Option<SignedReceipt>) {
    let call = move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent
            .put(format!("http://{address}{}", name.path()))
            .header(DIGEST_HEADER, digest(body).as_str())
            .header("authorization", format!("Bearer {}", token.reveal()))
            .send(body)
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).ok())
    };
    tokio::task::spawn_blocking(call).await.unwrap()
}

#[tokio::test]
async fn the_verdict_reaches_both() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let mut pair = pair(&lab).await;
    for (client, ticket) in &pair {
        let name = RecordName {
            session: ticket.session.clone(),
            scene: ticket.scene.clone(),
            participant: client.participant.clone(),
            episode: 0,
        };
        let late = RecordName { episode: 1, ..name.clone() };
        let (address, token) = (lab.address(), client.resume.clone());
        assert_eq!(upload(address, late, token.clone(), b"x").await.0, 403, "one episode only");
        let (status, receipt) = upload(address, name.clone(), token, b"no record").await;
        assert_eq!((status, receipt.unwrap().receipt.name), (200, name));
    }
    for (client, ticket) in &mut pair {
        let FromLab::Verdict { session, episode, verdict, .. } = client.hear().await else {
            panic!("no verdict");
        };
        assert_eq!((session, episode), (ticket.session.clone(), 0));
        assert!(matches!(verdict, Verdict::Invalid { .. }), "{verdict}");
    }
    lab.stop().await;
}
