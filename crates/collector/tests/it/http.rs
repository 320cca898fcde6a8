//! The routes, over real connections.

use crate::faults::{Bad, How, store_on};
use crate::support::{Record, play, registration, token};
use dyad_collector::http::Limits;
use dyad_collector::owner::now_ms;
use dyad_collector::{Collector, CollectorThread, Notice, Store, http};
use dyad_protocol::PublicKey;
use dyad_protocol::records::{DIGEST_HEADER, Rejection, SignedReceipt};
use dyad_recording::receipt::is_signed_by;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) key: PublicKey,
    notices: Receiver<Notice>,
    runtime: Runtime,
    thread: CollectorThread,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::with(Store::open(folder, 1).unwrap())
    }

    fn with(store: Store) -> Self {
        Self::with_limits(store, Limits::default())
    }

    pub(crate) fn with_limits(mut store: Store, limits: Limits) -> Self {
        for participant in registration().players {
            store.enrol(&participant, &token(participant.as_str()), 1).unwrap();
        }
        // Now, or the books of so old a session are closed before anything comes. It fails after a restart,
        // since the store knows the session.
        drop(store.register(&registration(), now_ms()));
        Self::of(store, limits)
    }

    /// With a store in which nobody and nothing is registered anew.
    pub(crate) fn start_as_it_is(folder: &Path) -> Self {
        Self::of(Store::open(folder, 1).unwrap(), Limits::default())
    }

    fn of(store: Store, limits: Limits) -> Self {
        let key = store.key().public();
        let (tell, notices) = sync_channel(64);
        let (collector, thread) =
            Collector::start(store, move |notice| tell.send(notice).unwrap()).unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            axum::serve(listener, http::routes_within(collector, limits)).await
        });
        Self { address, key, notices, runtime, thread }
    }

    pub(crate) fn stop(self) {
        self.runtime.shutdown_background();
        Runtime::new().unwrap().block_on(self.thread.ended()).unwrap();
    }

    pub(crate) fn put(&self, record: &Record, token: &str) -> (u16, String) {
        self.put_raw(&record.name.path(), Some(token), record.digest.as_str(), &record.bundle)
    }

    fn put_raw(&self, path: &str, token: Option<&str>, digest: &str, body: &[u8]) -> (u16, String) {
        let mut request = agent().put(format!("http://{}{path}", self.address));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = request.header(DIGEST_HEADER, digest).send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    fn head(&self, record: &Record, token: &str) -> (u16, Option<String>) {
        let request = agent().head(format!("http://{}{}", self.address, record.name.path()));
        let answer = request.header("authorization", format!("Bearer {token}")).call().unwrap();
        let digest = answer.headers().get(DIGEST_HEADER);
        (answer.status().as_u16(), digest.map(|digest| digest.to_str().unwrap().to_owned()))
    }
}

pub(crate) fn agent() -> ureq::Agent {
    let agent = ureq::Agent::config_builder().http_status_as_error(false);
    agent.timeout_global(Some(Duration::from_secs(30))).build().into()
}

#[test]
fn an_upload_gets_a_receipt_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let records = play();
    let server = Server::start(folder.path());
    assert_eq!(server.head(&records[0], "token-of-p-a"), (404, None));
    let (status, first) = server.put(&records[0], "token-of-p-a");
    assert_eq!(status, 200, "{first}");
    let receipt: SignedReceipt = serde_json::from_str(&first).unwrap();
    assert!(is_signed_by(&receipt, &server.key));
    let receipt = receipt.receipt;
    assert_eq!(
        (receipt.name, receipt.digest),
        (records[0].name.clone(), records[0].digest.clone())
    );
    assert_eq!(server.put(&records[0], "token-of-p-a"), (200, first.clone()));
    server.stop();

    let server = Server::start(folder.path());
    assert_eq!(server.put(&records[0], "token-of-p-a"), (200, first), "after a restart");
    let digest = Some(records[0].digest.to_string());
    assert_eq!(server.head(&records[0], "token-of-p-a"), (200, digest));
    server.stop();
}

#[test]
fn the_lab_hears_of_receipts_and_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    for record in play() {
        let owner = format!("token-of-{}", record.name.participant);
        assert_eq!(server.put(&record, &owner).0, 200);
    }
    let mut verdicts = Vec::new();
    while verdicts.len() < 2 {
        if let Notice::Judged { episode, verdict, .. } = server.notices.recv().unwrap() {
            verdicts.push((episode, verdict.to_string()));
        }
    }
    let identical = "identical (20 rows)".to_owned();
    assert_eq!(verdicts, [(0, identical.clone()), (1, identical)]);
    server.stop();
}

#[test]
fn a_refusal_says_what_to_do_and_a_contradiction_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let records = play();
    assert_eq!(server.put(&records[0], "token-of-p-a").0, 200);
    let path = records[0].name.path();
    let cases = [
        (401, None, &records[0]),
        (401, Some("wrong"), &records[0]),
        (403, Some("token-of-p-b"), &records[0]),
        (409, Some("token-of-p-a"), &records[1]),
    ];
    for (status, token, record) in cases {
        let answer = server.put_raw(&path, token, record.digest.as_str(), &record.bundle);
        assert_eq!(answer.0, status, "{token:?}: {}", answer.1);
        let rejection: Rejection = serde_json::from_str(&answer.1).unwrap();
        assert!(rejection.message.len() > 10, "{status}: {}", rejection.message);
    }
    let kept = std::fs::read_dir(folder.path().join("_bundles/s-1/room")).unwrap();
    assert_eq!(kept.count(), 2, "the first record and the contradicting one");
    server.stop();
}

#[test]
fn a_full_disk_is_no_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let bad = Bad::new(u32::MAX, How::Refused);
    let server = Server::with(store_on(folder.path(), &bad));
    let record = &play()[0];
    bad.set_full(true);
    let (status, said) = server.put(record, "token-of-p-a");
    assert_eq!(status, 507, "{said}");
    assert!(said.contains("not stored"), "{said}");
    assert_eq!(server.head(record, "token-of-p-a").0, 404);
    bad.set_full(false);
    assert_eq!(server.put(record, "token-of-p-a").0, 200, "there is room again");
    server.stop();
}
