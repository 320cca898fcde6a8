//! `cargo xtask network-bench`: what a game suffers on a bad network, and what it costs there. Release
//! builds of the real programs, WebRTC, every participant at a computer of its own, and a router
//! between them that delays and loses packets.

use crate::release::{inside_namespaces, median_and_range};
use crate::say;
use anyhow::{Context as _, Result, ensure};
use dyad_impair::Impairment;
use dyad_impair::router::Path;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use system_tests::network::Network;
use system_tests::session::{Client, Lab, Summary};

/// Steps a second, of every game here.
const RATE: u32 = 30;

/// Rows after which the wire is watched: what starts is over by then.
const SETTLED: u32 = 90;

/// How long two computers may take to connect.
const CONNECT: Duration = Duration::from_secs(120);

/// How much longer than its steps a game may take: it waits where the network does.
const SLACK: u32 = 4;

/// What is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct NetworkBench {
    /// Games for each row of the table; the median is printed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub runs: u64,
    /// Seconds that each game lasts, if nothing stalls
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(10..=600))]
    pub seconds: u32,
    /// The network's delay and jitter, one way
    #[arg(long, default_value = "delay=100ms,jitter=20ms", value_name = "SPEC")]
    pub network: String,
    /// Where the games' files are kept, instead of nowhere
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Shares of packets lost, in percent
    #[arg(long, value_delimiter = ',', default_value = "0,5,15", value_name = "PERCENT")]
    pub loss: Vec<u32>,
}

impl NetworkBench {
    fn arguments(&self) -> Vec<String> {
        let loss: Vec<String> = self.loss.iter().map(u32::to_string).collect();
        let out = self.out.as_ref().map(|out| ("--out", out.display().to_string()));
        [
            ("--runs", self.runs.to_string()),
            ("--seconds", self.seconds.to_string()),
            ("--network", self.network.clone()),
            ("--loss", loss.join(",")),
        ]
        .into_iter()
        .chain(out)
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect()
    }

    fn steps(&self) -> u32 {
        self.seconds * RATE
    }

    fn impairment(&self, loss: u32, seed: u64) -> Result<Impairment> {
        let text = format!("{},loss={loss}%,seed={seed}", self.network);
        text.parse().with_context(|| format!("{text:?} describes no network"))
    }

    fn experiment(&self) -> String {
        let steps = self.steps();
        format!(
            "id = \"bench\"\n\n[[scene]]\nid = \"cramped_room\"\nlayout = \"cramped_room\"\n\
             max_steps = {steps}\nepisodes = 1\ncountdown_seconds = 3\n"
        )
    }
}

/// Measures and prints.
///
/// # Errors
/// If something does not build or start, or a game does not end as it should.
pub fn run(bench: &NetworkBench) -> Result<bool> {
    for &loss in &bench.loss {
        bench.impairment(loss, 0)?;
    }
    inside_namespaces("network-bench", &bench.arguments(), || measure(bench))
}

fn measure(bench: &NetworkBench) -> Result<bool> {
    let NetworkBench { network, runs, seconds, .. } = bench;
    say(&format!(
        "\n{network}, {RATE} steps a second; median (smallest to largest) of {runs} games of {seconds} s\n\
         stalled: share of steps, of the side that had more; longest: the longest wait of the game\n\
         bytes a second each way: the game's own, and as packets on the wire\n\n{HEADINGS}"
    ));
    for &loss in &bench.loss {
        let mut games = Vec::new();
        for seed in 1..=bench.runs {
            games.push(play(bench, loss, seed)?);
        }
        say(&row(loss, &games)?);
    }
    Ok(true)
}

const HEADINGS: &str = "  loss            stalled %         longest ms          rollbacks   deepest frames       \
     own bytes/s      wire bytes/s     wire packets/s      to barrier s";

/// What one game gave.
struct Game {
    stalled_percent: f64,
    longest_ms: f64,
    rollbacks: f64,
    deepest: f64,
    own_bytes: f64,
    wire_bytes: f64,
    wire_packets: f64,
    barrier_s: f64,
    /// Whether both sides say that it was played to its end.
    closed: bool,
}

/// Plays one game over this network.
fn play(bench: &NetworkBench, loss: u32, seed: u64) -> Result<Game> {
    let temporary = tempfile::tempdir()?;
    let kept = bench.out.as_ref().map(|out| out.join(format!("loss{loss}-seed{seed}")));
    let directory = kept.as_deref().unwrap_or(temporary.path());
    let network = Network::new(2)?;
    network.set_between_participants(&Path::from(bench.impairment(loss, seed)?));
    let lab = Lab::start_on(&network.lab, directory, &bench.experiment())?;
    let client = |number: usize, name, seed| {
        let arguments = ["--headless", "--policy", "random", "--seed", seed];
        lab.client_on(&network.participants[number], name, &arguments)
    };
    let mut clients = [client(0, "a", "1")?, client(1, "b", "2")?];
    let wire = watch_wire(bench, &network, &mut clients);
    let wire = wire.with_context(|| lab.process.log())?;
    let [a, b] = clients.each_mut().map(|client| client.summary(bench_time(bench)));
    let summaries = [a?, b?];
    ensure!(summaries[0].file(0, "csv")? == summaries[1].file(0, "csv")?, "the tables differ");
    game(bench, &summaries, wire)
}

fn bench_time(bench: &NetworkBench) -> Duration {
    Duration::from_secs(u64::from(bench.seconds * SLACK) + 60)
}

/// Bytes and packets a second, each way, in the middle of a game.
fn watch_wire(
    bench: &NetworkBench,
    network: &Network,
    clients: &mut [Client; 2],
) -> Result<(f64, f64)> {
    let sent = || {
        let [a, b] = [0, 1].map(|number: usize| network.participants[number].host());
        let router = network.router();
        let both = [router.traffic(a, b), router.traffic(b, a)];
        let sum = |count: fn(&dyad_impair::router::Traffic) -> u64| {
            both.iter().map(count).sum::<u64>() as f64 / 2.0
        };
        (sum(|traffic| traffic.bytes), sum(|traffic| traffic.packets), Instant::now())
    };
    let [client, _] = clients;
    client.wait_for_rows(SETTLED as usize, CONNECT)?;
    let (bytes, packets, began) = sent();
    client.wait_for_rows((bench.steps() - SETTLED) as usize, bench_time(bench))?;
    let (bytes_then, packets_then, ended) = sent();
    let seconds = (ended - began).as_secs_f64();
    Ok(((bytes_then - bytes) / seconds, (packets_then - packets) / seconds))
}

fn game(bench: &NetworkBench, summaries: &[Summary; 2], wire: (f64, f64)) -> Result<Game> {
    let count = |name: &str| -> Result<[f64; 2]> {
        let [a, b] = summaries.each_ref().map(|summary| summary.count(name));
        Ok([a? as f64, b? as f64])
    };
    let most = |[a, b]: [f64; 2]| a.max(b);
    let [stalls, attempts] = [count("stalls")?, count("attempts")?];
    let seconds = count("frames")?.map(|frames| frames / f64::from(RATE));
    let bytes = count("datagram_bytes_sent")?;
    let barrier = summaries[0].json["start_ms"]["barrier"].as_f64();
    let matched = summaries[0].json["start_ms"]["matched"].as_f64();
    let (barrier, matched) = barrier.zip(matched).context("no times of the start")?;
    let longest = summaries.each_ref().map(|summary| longest_wait_ms(bench, summary));
    let [a, b] = longest;
    Ok(Game {
        stalled_percent: most([0, 1].map(|side: usize| stalls[side] / attempts[side] * 100.0)),
        longest_ms: most([a?, b?]),
        rollbacks: most(count("rollbacks")?),
        deepest: most(count("deepest_rollback")?),
        own_bytes: (bytes[0] / seconds[0] + bytes[1] / seconds[1]) / 2.0,
        wire_bytes: wire.0,
        wire_packets: wire.1,
        barrier_s: (barrier - matched) / 1000.0,
        closed: summaries.iter().all(|summary| summary.json["completed"] == true),
    })
}

/// The longest wait before a row of the game, from the local table.
fn longest_wait_ms(bench: &NetworkBench, summary: &Summary) -> Result<f64> {
    let name = format!("{}_ep0.csv", summary.text("participant")?);
    let text = fs::read_to_string(summary.records.join("local").join(name))?;
    let mut lines = text.lines();
    let column = lines.next().and_then(|names| names.split(',').position(|it| it == "stalled_us"));
    let column = column.context("the local table has no column stalled_us")?;
    let waits: Vec<f64> =
        lines.filter_map(|line| line.split(',').nth(column)?.parse().ok()).collect();
    ensure!(waits.len() >= bench.steps() as usize, "the local table is too short");
    Ok(waits.into_iter().fold(0.0, f64::max) / 1000.0)
}

fn row(loss: u32, games: &[Game]) -> Result<String> {
    let columns: [fn(&Game) -> f64; 8] = [
        |game| game.stalled_percent,
        |game| game.longest_ms,
        |game| game.rollbacks,
        |game| game.deepest,
        |game| game.own_bytes,
        |game| game.wire_bytes,
        |game| game.wire_packets,
        |game| game.barrier_s,
    ];
    let mut text = format!("{loss:>4} %");
    for column in columns {
        let (middle, range) = median_and_range(games.iter().map(column).collect());
        write!(text, " {middle:>6} {range:<12}")?;
    }
    let open = games.iter().filter(|game| !game.closed).count();
    if open > 0 {
        write!(text, "  ({open} not closed by both)")?;
    }
    Ok(text)
}
