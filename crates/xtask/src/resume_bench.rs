//! `cargo xtask resume-bench`: how long it takes until a game that was interrupted goes on. Release builds
//! of the real programs over WebRTC, every participant at a computer of its own.

use crate::release::{inside_namespaces, median_and_range};
use crate::say;
use anyhow::{Context as _, Result};
use dyad_impair::Impairment;
use dyad_impair::router::Path;
use std::time::{Duration, Instant};
use system_tests::network::Network;
use system_tests::session::{Client, Lab};

/// Rows after which a game is interrupted.
const MIDDLE: usize = 60;
/// How long the cable is out, or a program stopped.
const ABSENCE: Duration = Duration::from_secs(5);
/// How long anything here may take.
const WITHIN: Duration = Duration::from_secs(60);
/// What a client says when its game goes on. The countdown begins then.
const GOES_ON: &str = "play goes on";
const EXPERIMENT: &str = "id = \"bench\"\n\n[[scene]]\nid = \"cramped_room\"\nlayout = \"cramped_room\"\n\
                          max_steps = 9000\nepisodes = 1\ncountdown_seconds = 1\n";

/// What is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct ResumeBench {
    /// Games for each row of the table; the median is printed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,
    /// The network between the participants
    #[arg(long, default_value = "delay=20ms,jitter=5ms", value_name = "SPEC")]
    pub network: String,
}

/// An interruption: when it was over, so that the game could go on.
type Interrupt = fn(&mut Game) -> Result<Instant>;

const INTERRUPTIONS: [(&str, Interrupt); 3] = [
    ("cable out for 5 s, from the moment it is back", cable_out),
    ("program stopped for 5 s, from the moment it runs again", stopped),
    ("program killed, from its next start", killed),
];

/// Measures and prints.
///
/// # Errors
/// If something does not build or start, or a game does not go on.
pub fn run(bench: &ResumeBench) -> Result<bool> {
    let network: Impairment = bench.network.parse()?;
    let arguments = ["--runs", &bench.runs.to_string(), "--network", &bench.network];
    inside_namespaces("resume-bench", &arguments.map(str::to_owned), || {
        say(&format!(
            "\n{}; seconds until play goes on, its countdown not counted: median (smallest to \
             largest) of {} games\n",
            bench.network, bench.runs
        ));
        for (name, interrupt) in INTERRUPTIONS {
            let took = (0..bench.runs).map(|run| measure(&network, run, interrupt));
            let (median, range) = median_and_range(took.collect::<Result<_>>()?);
            say(&format!("{name:<56} {median:>5} {range}"));
        }
        Ok(true)
    })
}

struct Game {
    network: Network,
    lab: Lab,
    a: Client,
    b: Client,
}

fn client(lab: &Lab, network: &Network, number: usize, name: &str) -> Result<Client> {
    let seed = number.to_string();
    let arguments = ["--headless", "--policy", "random", "--seed", &seed];
    lab.client_on(&network.participants[number], name, &arguments)
}

/// Seconds from the end of an interruption until the game goes on.
fn measure(impairment: &Impairment, run: u32, interrupt: Interrupt) -> Result<f64> {
    let directory = tempfile::tempdir()?;
    let network = Network::new(2)?;
    let impairment = Impairment { seed: run.into(), ..impairment.clone() };
    network.set_between_participants(&Path::from(impairment));
    let lab = Lab::start_on(&network.lab, directory.path(), EXPERIMENT)?;
    let (a, b) = (client(&lab, &network, 0, "a")?, client(&lab, &network, 1, "b")?);
    let mut game = Game { network, lab, a, b };
    game.a.wait_for_rows(MIDDLE, WITHIN)?;
    game.b.wait_for_rows(MIDDLE, WITHIN)?;
    let over = interrupt(&mut game)?;
    game.a.process.wait_for_words(GOES_ON, WITHIN).with_context(|| game.lab.process.log())?;
    Ok(over.elapsed().as_secs_f64())
}

fn cable_out(game: &mut Game) -> Result<Instant> {
    let host = game.network.participants[0].host();
    let mut router = game.network.router();
    router.set_down(host, true);
    std::thread::sleep(ABSENCE);
    router.set_down(host, false);
    Ok(Instant::now())
}

fn stopped(game: &mut Game) -> Result<Instant> {
    game.b.process.stand_still(true)?;
    std::thread::sleep(ABSENCE);
    game.b.process.stand_still(false)?;
    Ok(Instant::now())
}

fn killed(game: &mut Game) -> Result<Instant> {
    game.b.process.kill()?;
    let started = Instant::now();
    game.b = client(&game.lab, &game.network, 1, "b")?;
    Ok(started)
}
