//! Acknowledged uploads a second, with 1 and with 64 clients, beside what the disk can do:
//! `cargo bench -p dyad-collector`.
//!
//! The aims: with one client at least 0.2 episodes for each flush that the disk makes in the same time,
//! and with 64 clients five times the rate of one. An upload is the whole way: HTTP over loopback,
//! unpacking, digest, files, index, signed receipt. Unpacking into tidy files and verdicts come after the
//! receipts, when nothing more arrives, so they are no part of it.

use dyad_collector::owner::now_ms;
use dyad_collector::store::digest;
use dyad_collector::{Collector, Registration, Store, http};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{
    Action, ConfirmedFrame, FocusRule, Game, MAX_PLAYERS, Phase, PlayerInput, Settings, World,
};
use dyad_protocol::records::{DIGEST_HEADER, ENCODING, LENGTH_HEADER};
use dyad_protocol::{HexDigest, ParticipantId, Seat};
use dyad_recording::local::{Row, put_header};
use dyad_recording::log::SessionInfo;
use dyad_recording::{Bundle, Effect, KeyPair, Recorder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::{Read as _, Write as _, stdout};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A classic episode: 45 seconds at 30 steps a second.
const STEPS: u32 = 1350;

/// How long each measurement takes.
const MEASURE: Duration = Duration::from_secs(5);

/// Episodes of a session, and sessions for all clients together: more than are sent.
const EPISODES: u16 = 20;
const SESSIONS: usize = 1280;

/// As many clients as send at the same time.
const MANY: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    // Without this argument a test run only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let mut arguments = std::env::args().skip_while(|argument| argument != "--clients").skip(1);
    if let (Some(clients), Some(folder)) = (arguments.next(), arguments.next()) {
        let measured = uploads(Path::new(&folder), &bundle(), clients.parse()?)?;
        say(&format!("{} {}", measured.rate, measured.cpu_ms));
        return Ok(());
    }
    // On the disk that builds use: the folder for temporary files may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let bundle = bundle();
    let packed = pack(&bundle.pack()?);
    let raw = bundle.pack()?.len();
    say(&format!(
        "an episode of {STEPS} rows: {:.0} kB, {:.0} kB on the way",
        raw as f64 / 1e3,
        packed.len() as f64 / 1e3
    ));
    let before = flushes(folder.path(), raw)?;
    let (one, many) = (apart(folder.path(), 1)?, apart(folder.path(), MANY)?);
    let after = flushes(folder.path(), raw)?;
    let disk = (before + after) / 2.0;
    say(&format!("the disk alone: {disk:.0} files of that size flushed a second"));
    let each = one.rate / disk;
    say(&format!("1 client: {one}, {each:.2} for each flush (aim 0.20)"));
    say(&format!("{MANY} clients: {many}, {:.1} times one client (aim 5)", many.rate / one.rate));
    Ok(())
}

/// How fast uploads were.
#[derive(Clone, Copy)]
struct Measured {
    /// Acknowledged uploads a second.
    rate: f64,
    /// What the clients and the collector together used of processors for one, in milliseconds; the disk's
    /// part of the time is the rest. None where the system does not say.
    cpu_ms: f64,
}

impl Display for Measured {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} uploads/s, {:.1} ms of a processor each", self.rate, self.cpu_ms)
    }
}

/// What this program has used so far of processors, where the system says so.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // User and system time are the 12th and 13th number after the name, in hundredths.
    let mut numbers = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || numbers.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((next()? + next()?) * 10))
}

fn say(line: &str) {
    writeln!(stdout(), "{line}").expect("somebody reads this");
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// Files a second that are written and flushed one after the other.
fn flushes(folder: &Path, length: usize) -> std::io::Result<f64> {
    let bytes = vec![7; length];
    let path = folder.join("flushed");
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < MEASURE / 2 {
        let mut file = File::create(&path)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// The same as [`uploads`] in a process of its own, whose end leaves nobody busy with what was received.
fn apart(folder: &Path, clients: usize) -> Result<Measured, Box<dyn Error>> {
    let mut program = Command::new(std::env::current_exe()?);
    let program = program.args(["--bench", "--clients", &clients.to_string()]);
    let output = program.arg(folder.join(clients.to_string())).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let (rate, cpu_ms) = text.trim().split_once(' ').ok_or("the program has said nothing")?;
    Ok(Measured { rate: rate.parse()?, cpu_ms: cpu_ms.parse()? })
}

/// Acknowledged uploads a second of so many clients, each of which sends the next record when it has
/// the receipt for the one before.
fn uploads(folder: &Path, bundle: &Bundle, clients: usize) -> Result<Measured, Box<dyn Error>> {
    let mut store = Store::open(folder, 1)?;
    let id =
        |number: usize| -> ParticipantId { format!("p-{number}").parse().expect("an identifier") };
    // One more than clients, if they are odd: sessions are of two.
    let people: Vec<ParticipantId> = (0..clients.next_multiple_of(2)).map(id).collect();
    for participant in &people {
        store.enrol(participant, &format!("token-of-{participant}").parse()?, 1)?;
    }
    for (pair, players) in people.chunks(2).enumerate() {
        for number in 0..SESSIONS / clients {
            let registration = Registration {
                study: "study".parse()?,
                session: format!("s-{pair}-{number}").parse()?,
                scene: "room".parse()?,
                players: players.to_vec(),
                keys: vec![key().public(); 2],
                episodes: EPISODES,
                game: digest(b"any"),
            };
            store.register(&registration, now_ms())?;
        }
    }
    let (collector, collector_thread) = Collector::start(store, |_| {})?;
    let runtime = Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    runtime.spawn(async move { axum::serve(listener, http::routes(collector)).await });
    let (before, start, bytes) = (processor_time(), Instant::now(), bundle.pack()?);
    // The same bytes everywhere: a store does not look into them before it has answered.
    let (digest, packed) = (digest(&bytes), pack(&bytes));
    let sent = thread::scope(|scope| {
        let client = |number: usize| {
            let (digest, packed, length) = (&digest, &packed, bytes.len());
            scope.spawn(move || client(address, number, digest, packed, length, start))
        };
        let clients: Vec<_> = (0..clients).map(client).collect();
        clients.into_iter().map(|it| it.join().expect("a client that ends")).sum::<u32>()
    });
    let rate = f64::from(sent) / start.elapsed().as_secs_f64();
    let used = processor_time().zip(before).map(|(now, before)| now - before).unwrap_or_default();
    let cpu_ms = used.as_secs_f64() * 1e3 / f64::from(sent.max(1));
    runtime.shutdown_background();
    drop(collector_thread);
    Ok(Measured { rate, cpu_ms })
}

/// Sends until the time is over; how many receipts came.
fn client(
    address: SocketAddr,
    number: usize,
    digest: &HexDigest,
    packed: &[u8],
    length: usize,
    start: Instant,
) -> u32 {
    let mut stream = TcpStream::connect(address).expect("a collector that listens");
    stream.set_nodelay(true).expect("a TCP connection");
    let (mut count, mut answer) = (0, vec![0; 4096]);
    while start.elapsed() < MEASURE {
        let (session, episode) = (count / u32::from(EPISODES), count % u32::from(EPISODES));
        let mut request = format!(
            "PUT /v1/records/s-{}-{session}/room/p-{number}/{episode} HTTP/1.1\r\nhost: lab\r\n\
             authorization: Bearer token-of-p-{number}\r\n{DIGEST_HEADER}: {digest}\r\n\
             {LENGTH_HEADER}: {length}\r\ncontent-encoding: {ENCODING}\r\n\
             content-length: {}\r\n\r\n",
            number / 2,
            packed.len()
        )
        .into_bytes();
        request.extend_from_slice(packed);
        stream.write_all(&request).expect("a collector that reads");
        let mut read = 0;
        while !answer[..read].ends_with(b"}") {
            let more = stream.read(&mut answer[read..]).expect("an answer");
            assert!(more > 0, "the collector has hung up");
            read += more;
        }
        assert!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer[..read])
        );
        count += 1;
    }
    count
}

fn key() -> KeyPair {
    KeyPair::from_seed(&[1; 32])
}

/// One side's record of an episode, as a client makes it.
fn bundle() -> Bundle {
    let layout = dyad_gridworld::layout::classic("cramped_room").expect("a classic layout");
    let game = Game::new(Settings {
        task: TaskSettings::default(),
        layout: "cramped_room".to_owned(),
        layout_text: layout.to_owned(),
        players: 2,
        steps_per_second: 30,
        max_steps: STEPS,
        episodes: 1,
        countdown_frames: 3,
        pause_frames: 2,
        seed: 7,
        episode_seeds: EpisodeSeeds::Derived,
        focus: FocusRule::default(),
    });
    let game = game.expect("settings of ours");
    let participant: ParticipantId = "p-0".parse().expect("an identifier");
    let info = SessionInfo {
        program: "dyad 0.1.0".to_owned(),
        study: "study".parse().expect("an identifier"),
        id: "s-1".parse().expect("an identifier"),
        scene: "room".parse().expect("an identifier"),
        participants: vec![participant.clone(), "p-1".parse().expect("an identifier")],
        keys: vec![key().public(); 2],
    };
    let mut recorder = Recorder::new(info, Seat(0), &game, key()).expect("a good session");
    let mut world = World::new(Arc::clone(&game));
    let (mut log, mut table, mut local) = (Vec::new(), Vec::new(), Vec::new());
    put_header(&mut local);
    while world.phase() != Phase::Coasting {
        let frame = world.frame();
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        for (seat, input) in (0..).zip(&mut inputs[..2]) {
            let number = u8::try_from((frame * 5 + seat * 3 + frame / 7) % 7).expect("below 7");
            *input = PlayerInput::new(Action::from_number(number).expect("an action"));
        }
        world.step(&inputs);
        let confirmed = ConfirmedFrame { frame, inputs, digest: world.digest() };
        recorder.confirmed(&confirmed).expect("in order");
        Row {
            frame,
            wall_ms: u64::from(frame) * 33,
            rtt_us: Some(20_000 + frame % 977),
            ..Row::default()
        }
        .put(&mut local);
    }
    recorder.end();
    while let Some(effect) = recorder.poll_effect() {
        match effect {
            Effect::Log { bytes, .. } => log.extend(bytes),
            Effect::Table { bytes, .. } => table.extend(bytes),
            _ => {}
        }
    }
    Bundle { participant, episode: 0, log, table, local, divergence: None }
}
