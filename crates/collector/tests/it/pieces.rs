//! Large bundles in pieces, and compressed bodies, over real connections.

use crate::http::{Server, agent};
use crate::support::{Record, name};
use dyad_protocol::records::{
    DIGEST_HEADER, ENCODING, LENGTH_HEADER, MAX_PIECE, OFFSET_HEADER, SignedReceipt,
};
use dyad_recording::receipt::is_signed_by;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// A record of 600,000 bytes that hardly repeat.
fn large() -> Record {
    let bytes = (0..75_000_u64).flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    Record::new(name("p-a", 0), bytes.collect())
}

/// Status, offset and body of an answer.
type Answer = (u16, Option<u64>, String);

fn answer(sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut answer = sent.unwrap();
    let offset = answer.headers().get(OFFSET_HEADER);
    let offset = offset.map(|offset| offset.to_str().unwrap().parse().unwrap());
    (answer.status().as_u16(), offset, answer.body_mut().read_to_string().unwrap())
}

fn ask(server: &Server, record: &Record) -> Answer {
    let request = agent().get(format!("http://{}{}", server.address, record.name.path()));
    let request = request.header("authorization", "Bearer token-of-p-a");
    answer(request.header(DIGEST_HEADER, record.digest.as_str()).call())
}

fn piece(server: &Server, record: &Record, offset: usize, bytes: &[u8], packed: bool) -> Answer {
    let url = format!("http://{}{}", server.address, record.name.path());
    let mut request = agent()
        .patch(url)
        .header("authorization", "Bearer token-of-p-a")
        .header(DIGEST_HEADER, record.digest.as_str())
        .header(OFFSET_HEADER, offset.to_string())
        .header(LENGTH_HEADER, record.bundle.len().to_string());
    if packed {
        request = request.header("content-encoding", ENCODING);
        return answer(request.send(compress_to_vec(bytes, CompressionLevel::Fastest)));
    }
    answer(request.send(bytes))
}

#[test]
fn a_bundle_comes_in_pieces_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let record = large();
    let mut server = Server::start(folder.path());
    let mut packed = false;
    let mut offset = 0;
    loop {
        let asked = ask(&server, &record);
        assert_eq!((asked.0, asked.1), (404, Some(offset as u64)));
        let end = record.bundle.len().min(offset + MAX_PIECE);
        packed = !packed;
        let (status, stands, body) =
            piece(&server, &record, offset, &record.bundle[offset..end], packed);
        if end == record.bundle.len() {
            assert_eq!((status, stands), (200, None), "{body}");
            let receipt: SignedReceipt = serde_json::from_str(&body).unwrap();
            assert!(is_signed_by(&receipt, &server.key));
            assert_eq!(receipt.receipt.digest, record.digest);
            let (status, _, again) = ask(&server, &record);
            assert_eq!((status, &again), (200, &body));
            break;
        }
        assert_eq!((status, stands), (202, Some(end as u64)), "{body}");
        // The same again, and something from elsewhere: told where to go on.
        for from in [offset, end + 1] {
            let (status, stands, _) = piece(&server, &record, from, b"x", false);
            assert_eq!((status, stands), (409, Some(end as u64)));
        }
        server.stop();
        server = Server::start(folder.path());
        offset = end;
    }
    let stored = std::fs::read(folder.path().join("_bundles/s-1/room/p-a_ep0.tar")).unwrap();
    assert_eq!(stored, record.bundle);
    server.stop();
    let parts = std::fs::read_dir(folder.path().join("_partial/s-1/room")).unwrap();
    assert_eq!(parts.count(), 0);
}

#[test]
fn pieces_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let record = large();
    let long = vec![0; MAX_PIECE + 1];
    assert_eq!(piece(&server, &record, 0, &long, false).0, 413);
    assert_eq!(piece(&server, &record, 0, &long, true).0, 413);
    assert_eq!(piece(&server, &record, 0, b"", false).0, 400);
    let short = Record::new(record.name.clone(), b"short".to_vec());
    assert_eq!(piece(&server, &short, 0, b"longer", false).0, 400);
    // What was put together is not what was announced, perhaps by a loss of power: from the start.
    assert_eq!(piece(&server, &short, 0, b"sho", false).0, 202);
    assert_eq!(piece(&server, &short, 3, b"wn", false).0, 422);
    assert_eq!(ask(&server, &short).1, Some(0));
    // Another bundle of the same record takes the place of one that is not whole.
    assert_eq!(piece(&server, &short, 0, b"sho", false).0, 202);
    assert_eq!(piece(&server, &record, 0, b"x", false).0, 202);
    assert_eq!(ask(&server, &short).1, Some(0));
    server.stop();
}

#[test]
fn a_bundle_that_was_all_there_when_the_collector_was_stopped_gets_its_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let record = large();
    let length = record.bundle.len();
    let parts = folder.path().join("_partial/s-1/room");
    std::fs::create_dir_all(&parts).unwrap();
    let part = parts.join(format!("p-a_ep0.{}", record.digest));
    // After a loss of power it may be as long as the bundle and hold something else.
    std::fs::write(&part, vec![0; length]).unwrap();
    assert_eq!(ask(&server, &record).1, Some(length as u64));
    assert_eq!(piece(&server, &record, length, b"", false).0, 422);
    assert_eq!(ask(&server, &record).1, Some(0));
    std::fs::write(&part, vec![0; length + 1]).unwrap();
    assert_eq!(piece(&server, &record, 0, b"x", false).1, Some(0));
    assert_eq!(ask(&server, &record).1, Some(0));
    std::fs::write(&part, &record.bundle).unwrap();
    assert_eq!(piece(&server, &record, length, b"", false).0, 200);
    assert_eq!(ask(&server, &record).0, 200);
    server.stop();
}

#[test]
fn bodies_may_be_compressed_but_not_bombs() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let record = Record::new(name("p-a", 1), b"0,6,0,0.1\n".repeat(20_000));
    let packed = compress_to_vec(&record.bundle[..], CompressionLevel::Fastest);
    assert!(packed.len() < record.bundle.len() / 20, "{}", packed.len());
    let put = |coding: &str, length: usize, body: &[u8]| {
        let request = agent().put(format!("http://{}{}", server.address, record.name.path()));
        let request = request.header("authorization", "Bearer token-of-p-a");
        let request = request.header(DIGEST_HEADER, record.digest.as_str());
        let request = request.header("content-encoding", coding);
        answer(request.header(LENGTH_HEADER, length.to_string()).send(body)).0
    };
    assert_eq!(put("gzip", record.bundle.len(), &packed), 415);
    assert_eq!(put(ENCODING, record.bundle.len() - 1, &packed), 413);
    assert_eq!(put(ENCODING, record.bundle.len(), &record.bundle[..1000]), 400);
    assert_eq!(put(ENCODING, record.bundle.len(), &packed), 200);
    let stored = std::fs::read(folder.path().join("_bundles/s-1/room/p-a_ep1.tar")).unwrap();
    assert_eq!(stored, record.bundle);
    server.stop();
}
