//! Games over networks that are bad below WebRTC, where it does not know: each participant at a
//! computer of its own, and a router between them.

use crate::games::{self, experiment, experiment_with};
use anyhow::{Context as _, ensure};
use dyad_impair::router::{self, Bottleneck, Traffic};
use std::io::Write as _;
use std::net::UdpSocket;
use std::time::{Duration, Instant};
use system_tests::network::{Network, run_test};
use system_tests::require::skip;
use system_tests::session::{Client, Lab, Summary};
use system_tests::turn::{self, TurnServer};

/// How long computers may take to connect over a bad network, and to play their first row.
const CONNECT: Duration = Duration::from_secs(90);

/// How long a whole game may take, on the worst of the networks here.
const WITHIN: Duration = Duration::from_secs(900);

/// What the lab and its relay share.
const SECRET: &str = "a secret of two";

/// The row at which games are interrupted.
const MIDDLE: usize = 60;

fn path(impairment: &str) -> anyhow::Result<router::Path> {
    let impairment: dyad_impair::Impairment = impairment.parse()?;
    Ok(impairment.into())
}

/// A lab and two clients, each at a computer of its own.
struct Game {
    network: Network,
    lab: Lab,
    clients: [Client; 2],
    _directory: tempfile::TempDir,
}

impl Game {
    /// Starts everything on this network.
    fn start(network: Network, experiment: &str) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start_on(&network.lab, directory.path(), experiment)?;
        let client = |number: usize, name, seed| {
            let arguments = ["--headless", "--policy", "random", "--seed", seed];
            lab.client_on(&network.participants[number], name, &arguments)
        };
        let clients = [client(0, "a", "1")?, client(1, "b", "2")?];
        Ok(Self { network, lab, clients, _directory: directory })
    }

    /// Waits until the middle of the game.
    fn wait_for_rows(&mut self, rows: usize) -> anyhow::Result<()> {
        let [a, b] = &mut self.clients;
        a.wait_for_rows(rows, CONNECT)?;
        b.wait_for_rows(rows, CONNECT)
    }

    /// Waits for the end, and checks everything that a game promises.
    fn finish(&mut self) -> anyhow::Result<[Summary; 2]> {
        let Self { lab, clients, .. } = self;
        games::finish_within(WITHIN, lab, clients, 1).with_context(|| {
            let [a, b] = &self.clients;
            let log =
                format!("{}\n{}\n{}", self.lab.process.log(), a.process.log(), b.process.log());
            format!("{:?}\n{log}", self.traffic())
        })
    }

    /// What the participants sent to each other.
    fn traffic(&self) -> [Traffic; 2] {
        let [a, b] = [0, 1].map(|number: usize| self.network.participants[number].host());
        let router = self.network.router();
        [router.traffic(a, b), router.traffic(b, a)]
    }
}

/// Plays one game over this path and checks it.
fn play(path: &router::Path) -> anyhow::Result<(Game, [Summary; 2])> {
    play_experiment(path, &experiment(1))
}

fn play_experiment(path: &router::Path, experiment: &str) -> anyhow::Result<(Game, [Summary; 2])> {
    let network = Network::new(2)?;
    network.set_between_participants(path);
    let mut game = Game::start(network, experiment)?;
    let summaries = game.finish()?;
    games::rolled_back(&summaries)?;
    Ok((game, summaries))
}

/// A socket on a participant's computer.
fn socket(network: &Network, participant: usize) -> anyhow::Result<UdpSocket> {
    let computer = &network.participants[participant];
    let address = computer.address();
    let socket = computer.inside(|| Ok(UdpSocket::bind((address, 0))?))?;
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    Ok(socket)
}

/// Sends a datagram; how long it took, or `None` if it did not arrive.
fn travel(from: &UdpSocket, to: &UdpSocket) -> anyhow::Result<Option<Duration>> {
    let sent = Instant::now();
    from.send_to(b"hello", to.local_addr()?)?;
    let mut buffer = [0; 16];
    match to.recv_from(&mut buffer) {
        Ok((length, sender)) => {
            ensure!(&buffer[..length] == b"hello" && sender == from.local_addr()?, "{sender}");
            Ok(Some(sent.elapsed()))
        }
        Err(_timeout) => Ok(None),
    }
}

#[test]
fn the_network_does_what_it_is_told() {
    run_test("network::the_network_does_what_it_is_told", || {
        let mut network = Network::new(2)?;
        let (a, b) = (socket(&network, 0)?, socket(&network, 1)?);
        ensure!(travel(&a, &b)?.is_some(), "a perfect cable loses nothing");
        network.set_between_participants(&path("delay=100ms")?);
        let took = travel(&a, &b)?.context("it arrives")?;
        ensure!((100..400).contains(&took.as_millis()), "{took:?} instead of 100 ms");

        let host = network.participants[1].host();
        network.router().set_down(host, true);
        ensure!(travel(&a, &b)?.is_none(), "b is cut off");
        network.router().set_down(host, false);
        network.block_between_participants(true);
        ensure!(travel(&a, &b)?.is_none(), "the way is blocked");
        network.block_between_participants(false);
        ensure!(travel(&a, &b)?.is_some(), "the way is open again");

        network.change_address(1)?;
        ensure!(travel(&a, &b)?.is_none(), "nobody has this address any more");
        let moved = socket(&network, 1)?;
        ensure!(moved.local_addr()?.ip() != b.local_addr()?.ip(), "it has moved");
        ensure!(travel(&a, &moved)?.is_some() && travel(&moved, &a)?.is_some(), "it is back");
        Ok(())
    });
}

#[test]
fn delay_and_jitter() {
    run_test("network::delay_and_jitter", || {
        play(&path("delay=100ms,jitter=20ms,seed=1")?).map(drop)
    });
}

#[test]
fn loss_of_5_percent() {
    run_test("network::loss_of_5_percent", || lossy("delay=50ms,loss=5%,seed=2", 0.05));
}

#[test]
fn loss_of_15_percent() {
    run_test("network::loss_of_15_percent", || lossy("delay=50ms,loss=15%,seed=3", 0.15));
}

/// Plays over a network that loses this share, and checks that it did.
fn lossy(impairment: &str, share: f64) -> anyhow::Result<()> {
    let (game, _) = play(&path(impairment)?)?;
    for traffic in game.traffic() {
        let lost = traffic.link.dropped as f64 / traffic.packets as f64;
        ensure!((lost - share).abs() < share / 2.0, "{traffic:?}");
    }
    Ok(())
}

#[test]
fn reordering() {
    run_test("network::reordering", || {
        let (game, _) = play(&path("delay=50ms,reorder=20%,dup=5%,seed=4")?)?;
        for traffic in game.traffic() {
            ensure!(traffic.link.reordered * 10 > traffic.packets, "{traffic:?}");
            ensure!(traffic.link.duplicated * 40 > traffic.packets, "{traffic:?}");
        }
        Ok(())
    });
}

#[test]
fn a_narrow_path() {
    run_test("network::a_narrow_path", || {
        // Less than WebRTC would like while it connects, a little more than a game needs.
        let bottleneck = Bottleneck { bits_per_second: 128_000, queue: Duration::from_millis(200) };
        let narrow = router::Path { bottleneck: Some(bottleneck), ..path("delay=100ms,seed=5")? };
        let (game, _) = play(&narrow)?;
        // The narrow part was used to a good part of its width.
        for traffic in game.traffic() {
            ensure!(traffic.bytes > 50_000, "{traffic:?}");
        }
        Ok(())
    });
}

#[test]
fn the_worst_that_is_still_played() {
    run_test("network::the_worst_that_is_still_played", || {
        // Three of ten packets lost each way: WebRTC alone may need several attempts.
        let patient = "[scene.reconnection]\nconnect_seconds = 600\nlimit_seconds = 300\n";
        let experiment = experiment(1) + patient;
        let (game, summaries) =
            play_experiment(&path("delay=300ms,loss=30%,seed=6")?, &experiment)?;
        for traffic in game.traffic() {
            ensure!(traffic.link.dropped * 5 > traffic.packets, "{traffic:?}");
        }
        for summary in &summaries {
            let stalled = summary.count("stalls")? as f64 / summary.count("attempts")? as f64;
            let interruptions = summary.count("interruptions")?;
            drop(writeln!(
                std::io::stderr(),
                "{:.0} % of the steps waited, {interruptions} interruptions",
                stalled * 100.0
            ));
        }
        Ok(())
    });
}

/// Interrupts a game in its middle, and checks that it goes on and ends as if nothing had been.
fn interrupted(interrupt: impl FnOnce(&mut Network) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let network = Network::new(2)?;
    network.set_between_participants(&path("delay=50ms,jitter=10ms,seed=7")?);
    let mut game = Game::start(network, &experiment(1))?;
    game.wait_for_rows(MIDDLE)?;
    interrupt(&mut game.network)?;
    let back = Instant::now();
    let interrupted_at = game.clients[1].rows();
    game.wait_for_rows(interrupted_at + 1)?;
    let after = back.elapsed().as_secs_f64();
    drop(writeln!(std::io::stderr(), "play went on {after:.1} s after the link was back"));
    games::rolled_back(&game.finish()?)
}

#[test]
fn a_cable_that_is_out_for_5_seconds() {
    run_test("network::a_cable_that_is_out_for_5_seconds", || {
        interrupted(|network| {
            let host = network.participants[0].host();
            network.router().set_down(host, true);
            // How long it is out is what is tested.
            std::thread::sleep(Duration::from_secs(5));
            network.router().set_down(host, false);
            Ok(())
        })
    });
}

#[test]
fn another_address_in_the_middle_of_a_game() {
    run_test("network::another_address_in_the_middle_of_a_game", || {
        interrupted(|network| network.change_address(0))
    });
}

/// Plays a game through a relay at the lab's computer.
fn relayed(network: Network, relay_only: bool) -> anyhow::Result<[Traffic; 2]> {
    let directory = tempfile::tempdir()?;
    let server = TurnServer::start(&network.lab, directory.path(), SECRET)?;
    let file = directory.path().join("turn.secret");
    std::fs::write(&file, SECRET)?;
    let (url, file) = (server.url(), file.display());
    let table = format!(
        "[network]\nturn = [\"{url}\"]\nturn_secret_file = \"{file}\"\n\
         relay_only = {relay_only}\n"
    );
    let mut game = Game::start(network, &experiment_with(&table, 1))?;
    let summaries = game.finish().with_context(|| server.process.output().unwrap_or_default())?;
    let relayed = summaries.each_ref().map(|summary| summary.json["relayed"].as_bool());
    ensure!(relayed == [Some(true); 2], "{relayed:?}");
    Ok(game.traffic())
}

/// Runs a test that needs a TURN server.
fn run_turn_test(name: &str, test: impl FnOnce() -> anyhow::Result<()>) {
    run_test(name, || match turn::available() {
        Ok(()) => test(),
        Err(why) => {
            skip("turn", &why);
            Ok(())
        }
    });
}

#[test]
fn a_relay_where_firewalls_block_the_direct_way() {
    run_turn_test("network::a_relay_where_firewalls_block_the_direct_way", || {
        let network = Network::new(2)?;
        network.block_between_participants(true);
        for traffic in relayed(network, false)? {
            ensure!(traffic.packets > 0, "the direct way was not even tried");
            ensure!(traffic.packets == traffic.refused, "something went through: {traffic:?}");
        }
        Ok(())
    });
}

#[test]
fn only_the_relay_if_the_lab_says_so() {
    run_turn_test("network::only_the_relay_if_the_lab_says_so", || {
        let traffic = relayed(Network::new(2)?, true)?;
        // The direct way is open, and nobody has told anybody an address to try.
        ensure!(traffic.iter().all(|traffic| traffic.packets == 0), "{traffic:?}");
        Ok(())
    });
}
