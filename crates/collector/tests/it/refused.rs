//! Requests that are refused, all in tables: by whom, for what, and how they are made.

use crate::http::Server;
use crate::support::{Record, name, play};
use dyad_collector::Store;
use dyad_collector::http::Limits;
use dyad_protocol::records::{DIGEST_HEADER, LENGTH_HEADER, MAX_BUNDLE, MAX_PIECE, OFFSET_HEADER};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Sends bytes as they are, since clients tidy up what they send; the status of the answer.
fn raw(server: &Server, head: &str, body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "{head}\r\nhost: lab\r\nconnection: close\r\n\r\n").unwrap();
    // The answer may come before all of it is sent.
    drop(stream.write_all(body));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("{head}: {answer}"))
}

fn head(method: &str, path: &str, token: &str, record: &Record) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    if !token.is_empty() {
        head += &format!("authorization: Bearer {token}\r\n");
    }
    let length = record.bundle.len();
    head += &format!("{DIGEST_HEADER}: {}\r\n{OFFSET_HEADER}: 0\r\n", record.digest);
    head + &format!("{LENGTH_HEADER}: {length}\r\ncontent-length: {length}")
}

/// Everything under a folder that is a record or a part of one.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let mut folders = ["_bundles", "_partial"].map(|name| folder.join(name)).to_vec();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn strangers_and_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    // Good at another lab, or at this one before its folder was made anew.
    let mut other = Store::open(elsewhere.path(), 1).unwrap();
    other.enrol(&"p-a".parse().unwrap(), &"of-another-lab".parse().unwrap(), 1).unwrap();
    let record = &play()[0];
    let long = "x".repeat(129);
    for (status, token, path) in [
        (401, "", name("p-a", 0).path()),
        (401, "wrong", name("p-a", 0).path()),
        (401, "of-another-lab", name("p-a", 0).path()),
        (401, "not a token!", name("p-a", 0).path()),
        (401, &long, name("p-a", 0).path()),
        (403, "token-of-p-b", name("p-a", 0).path()),
        (403, "token-of-p-a", name("p-b", 0).path()),
        (403, "token-of-p-a", name("p-a", 9).path()),
        (403, "token-of-p-a", name("p-a", 0).path().replace("s-1", "s-2")),
        (403, "token-of-p-a", name("p-a", 0).path().replace("room", "other")),
    ] {
        for method in ["PUT", "PATCH", "GET", "HEAD"] {
            let body = if matches!(method, "PUT" | "PATCH") { &record.bundle[..] } else { b"" };
            let mut head = head(method, &path, token, record);
            if body.is_empty() {
                head = head.replace(&format!("content-length: {}", record.bundle.len()), "x: y");
            }
            assert_eq!(raw(&server, &head, body), status, "{method} {path} by {token:?}");
        }
    }
    assert_eq!(kept(folder.path()), [""; 0].map(PathBuf::from));
    server.stop();
}

#[test]
fn path_tricks_in_every_id() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let record = &play()[0];
    let long = "x".repeat(65);
    let tricks = [
        "..",
        ".",
        "%2e%2e",
        "..%2f..%2fp-a",
        "a%2fb",
        "a%5cb",
        "%00",
        "a%00",
        "A",
        "-x",
        "%20",
        "~",
        "%c3%a9",
        "%ff",
        "a;b",
        "a:b",
        "con%2e",
        &long,
    ];
    for place in 0..4 {
        for trick in tricks {
            let mut parts = ["s-1", "room", "p-a", "0"];
            parts[place] = trick;
            let path = format!("/v1/records/{}", parts.join("/"));
            for method in ["PUT", "PATCH"] {
                let head = head(method, &path, "token-of-p-a", record);
                let status = raw(&server, &head, &record.bundle);
                assert!(matches!(status, 400 | 404), "{method} {path}: {status}");
            }
        }
    }
    for episode in ["-1", "65536", "+1", "01", "1e3", "0x1", ""] {
        let path = format!("/v1/records/s-1/room/p-a/{episode}");
        let status = raw(&server, &head("PUT", &path, "token-of-p-a", record), &record.bundle);
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
    assert_eq!(kept(folder.path()), [""; 0].map(PathBuf::from));
    assert_eq!(
        std::fs::read_dir(folder.path().parent().unwrap())
            .unwrap()
            .flatten()
            .filter(|it| it.file_name() == "p-a")
            .count(),
        0
    );
    server.stop();
}

#[test]
fn oversized_and_broken() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let record = &play()[0];
    let good = head("PUT", &record.name.path(), "token-of-p-a", record);
    let length = record.bundle.len();
    let sized = |method: &str, length: usize| {
        let head = head(method, &record.name.path(), "token-of-p-a", record);
        head.replace(
            &format!("content-length: {}", record.bundle.len()),
            &format!("content-length: {length}"),
        )
    };
    let digest = format!("{DIGEST_HEADER}: {}", record.digest);
    let zstd = good.clone() + "\r\ncontent-encoding: zstd";
    for (status, head, what) in [
        (413, sized("PUT", MAX_BUNDLE + 1), "announced too long"),
        (413, sized("PATCH", MAX_PIECE + 1), "a piece announced too long"),
        (400, good.replace(&digest, "x: y"), "no digest"),
        (400, good.replace(&digest, &format!("{DIGEST_HEADER}: 00")), "a short digest"),
        (422, good.replace(record.digest.as_str(), &"00".repeat(32)), "another digest"),
        (400, zstd, "not compressed"),
        (415, good.clone() + "\r\ncontent-encoding: br", "another coding"),
        (
            400,
            good.replace("PUT", "PATCH").replace(&format!("{OFFSET_HEADER}: 0"), "x: y"),
            "no offset",
        ),
        (
            400,
            good.replace("PUT", "PATCH").replace(&format!("{LENGTH_HEADER}: {length}"), "x: y"),
            "no length",
        ),
        (
            400,
            good.replace("PUT", "PATCH")
                .replace(&format!("{LENGTH_HEADER}: {length}"), &format!("{LENGTH_HEADER}: 1")),
            "a piece beyond the end",
        ),
        (
            413,
            good.replace("PUT", "PATCH").replace(
                &format!("{LENGTH_HEADER}: {length}"),
                &format!("{LENGTH_HEADER}: {}", u64::MAX),
            ),
            "a bundle too long",
        ),
        (405, good.replace("PUT", "DELETE"), "another method"),
    ] {
        assert_eq!(raw(&server, &head, &record.bundle), status, "{what}: {head}");
    }
    // Without an announcement it is counted as it comes.
    let chunked = good.replace(&format!("content-length: {length}"), "transfer-encoding: chunked");
    let piece = vec![b'x'; 1 << 20];
    let mut body = Vec::new();
    for _ in 0..=MAX_BUNDLE / piece.len() {
        body.extend_from_slice(b"100000\r\n");
        body.extend_from_slice(&piece);
        body.extend_from_slice(b"\r\n");
    }
    assert_eq!(raw(&server, &chunked, &body), 413, "too long without saying so");
    assert_eq!(kept(folder.path()), [""; 0].map(PathBuf::from));
    assert_eq!(raw(&server, &good, &record.bundle), 200);
    server.stop();
}

#[test]
fn slow_and_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { body: Duration::from_millis(200), ..Limits::default() };
    let server = Server::with_limits(Store::open(folder.path(), 1).unwrap(), limits);
    let record = &play()[0];
    for method in ["PUT", "PATCH"] {
        let head = head(method, &record.name.path(), "token-of-p-a", record);
        // Half of it, and then nothing more.
        assert_eq!(raw(&server, &head, &record.bundle[..100]), 408, "{method}");
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "{head}\r\nhost: lab\r\n\r\n").unwrap();
        stream.write_all(&record.bundle[..100]).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    }
    assert_eq!(kept(folder.path()), [""; 0].map(PathBuf::from));
    let head = head("PUT", &record.name.path(), "token-of-p-a", record);
    assert_eq!(raw(&server, &head, &record.bundle), 200, "the next one is served");
    server.stop();
}
