//! Connections: those that say nothing, and those that are too many.

use axum::Router;
use axum::routing::get;
use dyad_collector::serve::{Limits, Server};
use dyad_collector::tls::Certificate;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    fn start(limits: Limits, certificate: Option<&Certificate>) -> Self {
        let tls = certificate.map(|it| it.acceptor().unwrap());
        let router = Router::new().route("/", get(|| async { "here" }));
        let (stop, stopped) = oneshot::channel::<()>();
        let (say, heard) = std::sync::mpsc::sync_channel(1);
        let serve = async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            say.send(listener.local_addr().unwrap()).unwrap();
            let server = Server { router, tls, limits };
            server.run(listener, async { drop(stopped.await) }).await;
        };
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(serve);
        };
        let thread = std::thread::Builder::new().spawn(run).unwrap();
        Self { address: heard.recv().unwrap(), stop, thread }
    }

    fn dial(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

/// Asks for the page on a connection that stays open; whether it came.
fn asks(stream: &mut TcpStream) -> bool {
    let asked = write!(stream, "GET / HTTP/1.1\r\nhost: lab\r\n\r\n");
    let mut answer = Vec::new();
    while asked.is_ok() && !answer.ends_with(b"here") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => answer.push(byte[0]),
            _ => break,
        }
    }
    answer.ends_with(b"here")
}

/// Whether the other side closes, rather than this side losing its patience.
fn is_closed(stream: &mut TcpStream) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), TimedOut | WouldBlock),
    }
}

#[test]
fn who_says_nothing_or_half_of_it_is_hung_up_on() {
    let short = Duration::from_millis(100);
    let server = Running::start(Limits { header: short, ..Limits::default() }, None);
    for part in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: la"] {
        let mut stream = server.dial();
        stream.write_all(part.as_bytes()).unwrap();
        assert!(is_closed(&mut stream), "{part:?}");
    }
    assert!(asks(&mut server.dial()));
    server.stop();

    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::own(folder.path()).unwrap();
    let limits = Limits { handshake: short, ..Limits::default() };
    let server = Running::start(limits, Some(&certificate));
    let mut silent = server.dial();
    assert!(is_closed(&mut silent), "TLS that does not begin");
    let mut clear = server.dial();
    assert!(!asks(&mut clear) && is_closed(&mut clear), "no TLS at all");
    server.stop();
}

#[test]
fn one_address_has_so_many_connections_and_no_more() {
    let server = Running::start(Limits { per_address: 2, ..Limits::default() }, None);
    let (mut one, mut two) = (server.dial(), server.dial());
    assert!(asks(&mut one) && asks(&mut two));
    let mut three = server.dial();
    assert!(!asks(&mut three), "the third is closed");
    assert!(asks(&mut one), "the others are not");
    server.stop();
}

#[test]
fn who_comes_when_all_places_are_taken_waits_for_one() {
    let server = Running::start(Limits { connections: 1, ..Limits::default() }, None);
    let mut one = server.dial();
    assert!(asks(&mut one));
    let mut two = server.dial();
    write!(two, "GET / HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n").unwrap();
    two.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(!is_closed(&mut two), "it is not answered yet");
    drop(one);
    two.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    two.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("here"), "{answer}");
    server.stop();
}
