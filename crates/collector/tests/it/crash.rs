//! The program itself, killed at random moments while many clients send: nothing that it has
//! acknowledged is lost, nothing is doubled, and every client gets rid of its records.

use crate::http::agent;
use crate::support::{Record, registration, token};
use dyad_collector::fsck::fsck;
use dyad_collector::{Registration, Store};
use dyad_gridworld::rng::Rng;
use dyad_protocol::ParticipantId;
use dyad_protocol::records::{DIGEST_HEADER, LENGTH_HEADER, OFFSET_HEADER, SignedReceipt};
use dyad_recording::receipt::is_signed_by;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const CLIENTS: usize = 32;
const EPISODES: u16 = 20;
const KILLS: usize = 24;
/// How long after a receipt it may still run, in microseconds: about what a batch takes.
const RUNS_ON: u32 = 40_000;
/// Longer than all of it takes.
const PATIENCE: Duration = Duration::from_secs(240);

/// Where the collector listens; nowhere while it is down. A new port each time: on one that is free
/// somebody else's connection may end up.
#[derive(Default)]
struct Address(Mutex<Option<SocketAddr>>, Condvar);

impl Address {
    fn set(&self, address: Option<SocketAddr>) {
        *self.0.lock().unwrap() = address;
        self.1.notify_all();
    }

    fn wait(&self) -> SocketAddr {
        let guard = self.0.lock().unwrap();
        let up = self.1.wait_timeout_while(guard, PATIENCE, |address| address.is_none()).unwrap();
        up.0.expect("the collector does not start")
    }
}

fn start(folder: &Path, address: &Address) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_dyad-collector"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder)
        .env("RUST_LOG", "off")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    address.set(Some(line["listening"].as_str().unwrap().parse().unwrap()));
    program
}

fn people() -> Vec<ParticipantId> {
    (0..CLIENTS).map(|number| format!("p-{number}").parse().unwrap()).collect()
}

/// A session of everybody. What they send are no records, which only the verdict is about.
fn enrol(folder: &Path) {
    let mut store = Store::open(folder, 1).unwrap();
    for participant in people() {
        store.enrol(&participant, &token(participant.as_str()), 1).unwrap();
    }
    let keys = vec![registration().keys[0]; CLIENTS];
    let session = Registration { players: people(), keys, episodes: EPISODES, ..registration() };
    store.register(&session, 1).unwrap();
}

fn bundle(rng: &mut Rng) -> Vec<u8> {
    // Some are so large that they come in pieces.
    let length =
        if rng.below(8) == 0 { 300_000 + rng.below(300_000) } else { 1 + rng.below(40_000) };
    (0..length).map(|_| u8::try_from(rng.below(256)).unwrap()).collect()
}

/// One attempt; the receipt if there was one.
fn send(address: SocketAddr, record: &Record) -> Option<SignedReceipt> {
    let url = format!("http://{address}{}", record.name.path());
    let bearer = format!("Bearer token-of-{}", record.name.participant);
    let digest = record.digest.as_str();
    if record.bundle.len() <= 200_000 {
        let request = agent().put(&url).header("authorization", &bearer);
        let mut answer = request.header(DIGEST_HEADER, digest).send(&record.bundle).ok()?;
        assert!(answer.status() == 200 || answer.status() == 503, "{}", answer.status());
        return serde_json::from_slice(&answer.body_mut().read_to_vec().ok()?).ok();
    }
    let asked = agent().get(&url).header("authorization", &bearer).header(DIGEST_HEADER, digest);
    let mut asked = asked.call().ok()?;
    if asked.status() == 200 {
        return serde_json::from_slice(&asked.body_mut().read_to_vec().ok()?).ok();
    }
    let offset = asked.headers().get(OFFSET_HEADER)?.to_str().ok()?;
    let mut offset: usize = offset.parse().unwrap();
    loop {
        let end = record.bundle.len().min(offset + 100_000);
        let request = agent().patch(&url).header("authorization", &bearer);
        let request = request.header(DIGEST_HEADER, digest);
        let request = request.header(OFFSET_HEADER, offset.to_string());
        let request = request.header(LENGTH_HEADER, record.bundle.len().to_string());
        let mut answer = request.send(&record.bundle[offset..end]).ok()?;
        if answer.status() != 202 {
            return serde_json::from_slice(&answer.body_mut().read_to_vec().ok()?).ok();
        }
        offset = end;
    }
}

/// Sends until everything has a receipt.
fn drain(address: &Address, records: &[Record], received: &AtomicUsize) {
    let started = Instant::now();
    for record in records {
        let receipt = loop {
            if let Some(receipt) = send(address.wait(), record) {
                break receipt;
            }
            assert!(started.elapsed() < PATIENCE, "{:?} is not received", record.name);
        };
        assert_eq!(receipt.receipt.digest, record.digest);
        assert!(is_signed_by(&receipt, &receipt.key));
        received.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_collector_that_is_killed_loses_nothing_that_it_has_acknowledged() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed =
        std::env::var("DYAD_SEED").map_or(u64::from(now.subsec_nanos()), |it| it.parse().unwrap());
    println!("DYAD_SEED={seed}");
    let mut rng = Rng::new(seed);
    let folder = tempfile::tempdir().unwrap();
    enrol(folder.path());
    let records: Vec<Vec<Record>> = people()
        .iter()
        .map(|participant| {
            let record = |episode| {
                let mut name = crate::support::name(participant.as_str(), 0);
                name.episode = episode;
                Record::new(name, bundle(&mut rng))
            };
            (0..EPISODES).map(record).collect()
        })
        .collect();
    let address = Address::default();
    let mut program = start(folder.path(), &address);
    let all = CLIENTS * usize::from(EPISODES);
    let received = AtomicUsize::new(0);
    let mut kills = 0;
    thread::scope(|scope| {
        for records in &records {
            scope.spawn(|| drain(&address, records, &received));
        }
        let started = Instant::now();
        while received.load(Ordering::SeqCst) < all {
            assert!(started.elapsed() < PATIENCE, "the clients are not done");
            // A moment within the next few receipts, wherever the others then are.
            let before = received.load(Ordering::SeqCst);
            let some = before + 1 + rng.below(u32::try_from(all / KILLS).unwrap()) as usize;
            while received.load(Ordering::SeqCst) < some.min(all) {
                assert!(started.elapsed() < PATIENCE, "the clients are not done");
                thread::sleep(Duration::from_micros(rng.below(2000).into()));
            }
            // Somewhere between the answers: in the middle of files, folders, the index.
            thread::sleep(Duration::from_micros(rng.below(RUNS_ON).into()));
            program.kill().unwrap();
            address.set(None);
            program.wait().unwrap();
            kills += 1;
            program = start(folder.path(), &address);
        }
    });
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(kills >= KILLS / 3, "{kills} kills");
    let store = Store::open(folder.path(), 50).unwrap();
    for record in records.iter().flatten() {
        let receipt = store.find(&record.name).unwrap().unwrap();
        assert_eq!(receipt.digest, record.digest, "{:?}", record.name);
        let path = folder.path().join(dyad_collector::names::bundle_key(&record.name));
        assert!(std::fs::read(path).unwrap() == record.bundle, "{:?}", record.name);
    }
    drop(store);
    let bundles = std::fs::read_dir(folder.path().join("_bundles/s-1/room")).unwrap();
    assert_eq!(bundles.count(), all, "nothing is doubled");
    let check = fsck(folder.path(), 60).unwrap();
    assert!(check.is_good() && check.good == all, "{check:?}");
    println!("{all} records, {kills} kills");
}
