//! The lab under load, with clients that speak its protocol: what it costs and how long it takes, as
//! a table. `cargo xtask lab-bench` runs it; it starts the lab's program that lies beside it.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it has measured")]

use anyhow::Context as _;
use dyad_experiment::RULES_VERSION;
use dyad_protocol::join::JoinLink;
use dyad_protocol::lobby::{FromClient, FromLab, Hello, Ticket};
use dyad_protocol::study::{Answer, Checked, GameEnd, Greeting};
use dyad_protocol::{PROTOCOL_VERSION, PublicKey, SessionId};
use futures::{SinkExt as _, StreamExt as _};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Nobody is put together: everybody waits for earlier partners.
const WAITING: &str = "id = \"bench\"\n[matchmaking]\nkind = \"reunion\"\nfallback = false\n\
    [waiting_room]\nlimit_seconds = 86400\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n";

/// Who comes first plays first.
const PAIRS: &str = "id = \"bench\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n";

const PATIENCE: Duration = Duration::from_secs(60);

/// Games after which memory is looked at.
const STAGES: [u32; 5] = [100, 200, 500, 1000, 3000];

/// A lab in a process of its own.
struct Lab {
    child: Child,
    link: JoinLink,
    folder: tempfile::TempDir,
}

impl Lab {
    fn start(experiment: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("experiment.toml");
        std::fs::write(&file, experiment)?;
        let own = std::env::current_exe()?;
        let programs = own.parent().and_then(Path::parent).context("no folder of programs")?;
        let mut child = Command::new(programs.join("dyad-signalling"))
            .args(["serve", "--listen", "127.0.0.1:0", "--max-connections", "30000"])
            .args(["--max-per-address", "1000000", "--experiment"])
            .arg(&file)
            .arg("--data")
            .arg(folder.path().join("data"))
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the lab does not start; build it first")?;
        let out = child.stdout.as_mut().context("the lab says nothing")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let line: serde_json::Value = serde_json::from_str(&line)?;
        let link = line["join"].as_str().context("the lab names no link")?.parse()?;
        Ok(Self { child, link, folder })
    }

    /// Memory in KiB, and processor time in clock ticks of 10 ms.
    fn usage(&self) -> anyhow::Result<(u64, u64)> {
        let of = |file| std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id()));
        let status = of("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        let stat = of("stat")?;
        let after_name = stat.rsplit(')').next().context("no statistics")?;
        let ticks = after_name.split_whitespace().skip(11).take(2);
        let ticks = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Ok((kib.context("no memory")?, ticks))
    }

    /// The length of the journal in bytes.
    fn journal(&self) -> anyhow::Result<u64> {
        Ok(std::fs::metadata(self.folder.path().join("data/journal.jsonl"))?.len())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

struct Client {
    socket: WebSocketStream<TcpStream>,
    step: u32,
}

impl Client {
    /// Connects and hears what comes first.
    async fn join(link: &JoinLink, number: u32) -> anyhow::Result<Self> {
        let stream = TcpStream::connect((link.host.as_str(), link.port)).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(2048).write_buffer_size(0);
        let url = link.address("ws", "/lobby");
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        let mut key = [1; 32];
        key[..4].copy_from_slice(&number.to_le_bytes());
        let mut client = Self { socket, step: 0 };
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            program: "bench".to_owned(),
            rules: RULES_VERSION,
            key: PublicKey(key),
            token: link.token.clone(),
            resume: None,
            panel: None,
        };
        client.say(&FromClient::Hello(hello)).await?;
        loop {
            match client.hear().await? {
                FromLab::Scene(scene) => client.step = scene.step,
                FromLab::Refused { message, .. } => anyhow::bail!("refused: {message}"),
                _ => continue,
            }
            return Ok(client);
        }
    }

    async fn say(&mut self, message: &FromClient) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::text(serde_json::to_string(message)?)).await?)
    }

    async fn hear(&mut self) -> anyhow::Result<FromLab> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await?;
            if let Message::Text(text) = message.context("the lab hung up")?? {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let step = self.step;
        self.say(&FromClient::Ready { step }).await
    }

    async fn ticket(&mut self) -> anyhow::Result<Box<Ticket>> {
        loop {
            if let FromLab::Matched { ticket, .. } = self.hear().await? {
                return Ok(ticket);
            }
        }
    }

    /// Says that the connections are good, and that the game is over; hears the end.
    async fn play(&mut self, ticket: &Ticket) -> anyhow::Result<()> {
        let greeting = || Greeting {
            protocol: PROTOCOL_VERSION,
            rules: RULES_VERSION,
            program: "bench".to_owned(),
            game: ticket.game.clone(),
        };
        for of in ticket.players.partners(ticket.seat) {
            let checked = Checked {
                session: ticket.session.clone(),
                of: of.clone(),
                reliable: true,
                unreliable: true,
                own: greeting(),
                partner: greeting(),
            };
            self.say(&FromClient::Checked(Box::new(checked))).await?;
        }
        let session = ticket.session.clone();
        let answer = Answer::Game { session, end: GameEnd::Completed, scores: vec![0] };
        self.say(&FromClient::Done { step: self.step, answer }).await?;
        while !matches!(self.hear().await?, FromLab::Completed(_)) {}
        Ok(())
    }

    /// Waits, pings once a second, and takes what comes; for ever.
    async fn idle(mut self, number: u32) -> anyhow::Result<()> {
        sleep(Duration::from_millis(u64::from(number % 1000))).await;
        let mut pings = interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = pings.tick() => self.say(&FromClient::Ping { nonce: number }).await?,
                message = self.socket.next() => drop(message.context("the lab hung up")??),
            }
        }
    }
}

/// So many people wait and ping once a second.
async fn waiting(people: u32) -> anyhow::Result<()> {
    let lab = Lab::start(WAITING)?;
    let before = lab.usage()?.0;
    let mut idle = JoinSet::new();
    let began = Instant::now();
    for number in 0..people {
        let mut client = Client::join(&lab.link, number).await?;
        client.ready().await?;
        idle.spawn(client.idle(number));
    }
    println!("{people} people came in {:.1} s", began.elapsed().as_secs_f64());
    // The last of the announcements that everybody gets.
    sleep(Duration::from_secs(5)).await;
    let ((memory, from), since) = (lab.usage()?, Instant::now());
    sleep(Duration::from_secs(10)).await;
    let ticks = lab.usage()?.1 - from;
    anyhow::ensure!(idle.try_join_next().is_none(), "somebody was dropped");
    let each = (memory - before) as f64 / f64::from(people);
    let core = ticks as f64 / 100.0 / since.elapsed().as_secs_f64();
    println!("  memory for each connection   {each:.1} KiB");
    println!("  of one core, waiting         {:.1} %", core * 100.0);
    Ok(())
}

/// When somebody was ready, and when they got a ticket of which session.
struct Met {
    session: SessionId,
    ready: Instant,
    ticket: Instant,
}

/// Pairs come within a time, at moments that are spread over it, each person alone; how long is it from
/// the second's arrival to the match?
async fn matching(pairs: u32, within: Duration) -> anyhow::Result<()> {
    let lab = Lab::start(PAIRS)?;
    let (mut people, began) = (JoinSet::new(), Instant::now());
    for number in 0..2 * pairs {
        // Multiples of a number that has no divisor in common with theirs: each place comes once.
        let place = number * 7919 % (2 * pairs);
        let (at, link) = (began + within * place / (2 * pairs), lab.link.clone());
        people.spawn(async move {
            sleep_until(at).await;
            let mut client = Client::join(&link, number).await?;
            let ready = Instant::now();
            client.ready().await?;
            let ticket = client.ticket().await?;
            let met = Met { session: ticket.session.clone(), ready, ticket: Instant::now() };
            client.play(&ticket).await?;
            anyhow::Ok(met)
        });
    }
    let mut sessions = BTreeMap::<SessionId, Vec<Met>>::new();
    while let Some(met) = people.join_next().await {
        let met = met??;
        sessions.entry(met.session.clone()).or_default().push(met);
    }
    let took = |both: &Vec<Met>| {
        let second = both.iter().map(|met| met.ready).max();
        both.iter().map(|met| met.ticket).max().zip(second).map(|(last, second)| last - second)
    };
    let mut took: Vec<_> = sessions.values().filter_map(took).collect();
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    println!("{pairs} pairs, within {} s", within.as_secs());
    println!("  from the second to the match {:.1} ms median, {:.1} ms p99", at(50), at(99));
    Ok(())
}

/// So many games at once, by people who have not come before.
async fn games(lab: &Lab, first: u32, games: u32) -> anyhow::Result<()> {
    let mut playing = JoinSet::new();
    for number in 2 * first..2 * (first + games) {
        let link = lab.link.clone();
        playing.spawn(async move {
            let mut client = Client::join(&link, number).await?;
            client.ready().await?;
            let ticket = client.ticket().await?;
            client.play(&ticket).await
        });
    }
    while let Some(played) = playing.join_next().await {
        played??;
    }
    Ok(())
}

/// Many games at once.
async fn burst(all: u32) -> anyhow::Result<()> {
    let lab = Lab::start(PAIRS)?;
    let began = Instant::now();
    games(&lab, 0, all).await?;
    println!("{all} games at once");
    println!("  started and ended within     {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// Games, some at a time: what is left of them in memory, and what is written down of them.
async fn ended(stages: &[u32]) -> anyhow::Result<()> {
    const AT_ONCE: u32 = 50;
    let lab = Lab::start(PAIRS)?;
    let empty = lab.journal()?;
    println!("games, {AT_ONCE} at a time");
    let (mut played, mut first) = (0, None);
    for stage in stages {
        while played < *stage {
            games(&lab, played, AT_ONCE).await?;
            if [50, 500].contains(&(played + AT_ONCE)) {
                let people = 2 * (played + AT_ONCE);
                let each = (lab.journal()? - empty) / u64::from(people);
                println!("  journal of {people:>4} people       {each} bytes each");
            }
            played += AT_ONCE;
        }
        // Connections that were closed are gone from the lab.
        sleep(Duration::from_secs(1)).await;
        let memory = lab.usage()?.0;
        let more = memory as f64 / *first.get_or_insert(memory) as f64 * 100.0 - 100.0;
        println!("  memory after {played:>4}            {memory} KiB ({more:+.1} %)");
    }
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let people = std::env::args().nth(1).map_or(Ok(10_000), |text| text.parse())?;
    matching(100, Duration::from_secs(10)).await?;
    burst(200).await?;
    ended(&STAGES).await?;
    waiting(people).await
}
