//! The routes, over real connections.

use crate::faults::{Bad, How, store_on};
use crate::support::{Record, name, play, registration, token};
use dyad_collector::{Collector, CollectorThread, Notice, Store, http};
use dyad_protocol::PublicKey;
use dyad_protocol::records::{DIGEST_HEADER, MAX_BUNDLE, Rejection, SignedReceipt};
use dyad_recording::receipt::is_signed_by;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
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

    fn with(mut store: Store) -> Self {
        for participant in registration().participants {
            store.enrol(&participant, &token(participant.as_str()), 1).unwrap();
        }
        // Fails after a restart, since the store knows it.
        drop(store.register(&registration(), 1));
        let key = store.key().public();
        let (tell, notices) = sync_channel(64);
        let (collector, thread) =
            Collector::start(store, move |notice| tell.send(notice).unwrap()).unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, http::routes(collector)).await });
        Self { address, key, notices, runtime, thread }
    }

    pub(crate) fn stop(self) {
        self.runtime.shutdown_background();
        Runtime::new().unwrap().block_on(self.thread.ended()).unwrap();
    }

    fn put(&self, record: &Record, token: &str) -> (u16, String) {
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
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
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
fn what_is_refused_and_how() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let records = play();
    let (record, body) = (&records[0], &records[0].bundle[..]);
    let (path, digest) = (record.name.path(), record.digest.as_str());
    let zeros = "00".repeat(32);
    assert_eq!(server.put(record, "token-of-p-a").0, 200);
    let other = "/v1/records/s-9/room/p-a/0";
    let late = name("p-a", 9).path();
    let mine = Some("token-of-p-a");
    /// Status, path, token, digest, body.
    type Case<'a> = (u16, &'a str, Option<&'a str>, &'a str, &'a [u8]);
    let cases: [Case<'_>; 13] = [
        (401, &path, None, digest, body),
        (401, &path, Some("wrong"), digest, body),
        (401, &path, Some("not a token!"), digest, body),
        (403, &path, Some("token-of-p-b"), digest, body),
        (403, other, mine, digest, body),
        (403, &late, mine, digest, body),
        (400, "/v1/records/s-1/room/p-a/x", mine, digest, body),
        (400, "/v1/records/s-1/room/..%2f..%2fp-a/0", mine, digest, body),
        (400, "/v1/records/s-1/%00/p-a/0", mine, digest, body),
        (404, "/v1/records/s-1/room/p-a", mine, digest, body),
        (400, &path, mine, "no digest", body),
        (422, &path, mine, &zeros, body),
        (409, &path, mine, records[1].digest.as_str(), &records[1].bundle),
    ];
    for (status, path, token, digest, body) in cases {
        let answer = server.put_raw(path, token, digest, body);
        assert_eq!(answer.0, status, "{path} {token:?}: {}", answer.1);
        if status != 404 {
            let rejection: Rejection = serde_json::from_str(&answer.1).unwrap();
            assert!(rejection.message.len() > 10, "{status}: {}", rejection.message);
        }
    }
    assert_eq!(server.head(record, "token-of-p-b").0, 403);
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

#[test]
fn what_is_too_large_is_refused_by_its_announcement() {
    use std::io::{Read as _, Write as _};
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    write!(
        stream,
        "PUT {} HTTP/1.1\r\nhost: lab\r\nauthorization: Bearer token-of-p-a\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        name("p-a", 0).path(),
        MAX_BUNDLE + 1
    )
    .unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    server.stop();
}
