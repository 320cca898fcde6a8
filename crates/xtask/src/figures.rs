//! `cargo xtask figures`: what a client costs and how fast it starts, measured on release builds of
//! the real programs, or on those in the directory that `DYAD_BINARIES` names: a lab and two headless
//! clients, over WebRTC, in a private network.

use crate::say;
use anyhow::{Context as _, Result, ensure};
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{env, fs};
use system_tests::binaries;
use system_tests::namespace;
use system_tests::session::{Client, Lab, Summary};

/// How many games are measured.
const GAMES: usize = 5;
/// How long the processor time of a running client is watched.
const WATCHED: Duration = Duration::from_secs(10);
/// From the match to the middle of the game's first seconds: what starts is over by then.
const SETTLED: Duration = Duration::from_secs(5);

const EXPERIMENT: &str = "id = \"figures\"\n\n[[scene]]\nid = \"cramped_room\"\n\
                          layout = \"cramped_room\"\nmax_steps = 450\nepisodes = 1\n\
                          countdown_seconds = 3\n";

/// What one game gave.
struct Game {
    share_of_core: f64,
    memory_mib: f64,
    summary: Summary,
}

/// Measures and prints.
///
/// # Errors
/// If something does not build or start.
pub fn run() -> Result<bool> {
    if !namespace::is_inside() {
        let program = env::current_exe()?;
        say("building with optimisation (the first time takes half an hour) ...");
        let binaries = binaries::build_release()?;
        namespace::available().map_err(anyhow::Error::msg)?;
        let mut command = namespace::command(program);
        command.env(binaries::DIRECTORY, binaries).arg("figures");
        return Ok(command.stdin(Stdio::null()).status()?.success());
    }
    namespace::set_up()?;
    let directory = tempfile::tempdir()?;
    let mut games = Vec::new();
    for number in 0..GAMES {
        say(&format!("game {} of {GAMES} ...", number + 1));
        let folder = directory.path().join(number.to_string());
        fs::create_dir(&folder)?;
        let lab = Lab::start(&folder, EXPERIMENT)?;
        games.push(measure(&lab)?);
    }
    say(&report(&games)?);
    Ok(true)
}

fn measure(lab: &Lab) -> Result<Game> {
    let player =
        |name, seed| lab.client(name, &["--headless", "--policy", "scripted", "--seed", seed]);
    let mut clients = [player("a", "1")?, player("b", "2")?];
    std::thread::sleep(SETTLED);
    let [client, _] = &clients;
    let (began, before) = (Instant::now(), client.process.processor_time()?);
    std::thread::sleep(WATCHED);
    let used = client.process.processor_time()?.saturating_sub(before);
    let share_of_core = used.as_secs_f64() / began.elapsed().as_secs_f64();
    let memory_mib = client.process.memory_kib()? as f64 / 1024.0;
    let finish = |client: &mut Client| client.finish(Duration::from_secs(120));
    let [summary, other] = clients.each_mut().map(finish);
    other?;
    Ok(Game { share_of_core, memory_mib, summary: summary? })
}

fn report(games: &[Game]) -> Result<String> {
    let mut text = format!("\nmedian (smallest to largest) of {GAMES} games\n\n");
    let mut row = |name: &str, unit: &str, values: &mut dyn Iterator<Item = f64>| -> Result<()> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        ensure!(values.len() == GAMES, "{name} was not measured in every game");
        let (least, middle, most) = (values[0], values[GAMES / 2], values[GAMES - 1]);
        writeln!(text, "{name:<44} {middle:>8.1} {unit:<10} ({least:.1} to {most:.1})")?;
        Ok(())
    };
    row(
        "headless client, 30 steps a second",
        "% of a core",
        &mut games.iter().map(|game| game.share_of_core * 100.0),
    )?;
    row("its memory", "MiB", &mut games.iter().map(|game| game.memory_mib))?;
    let start = |game: &Game, part: &str| {
        let at = &game.summary.json["start_ms"][part];
        at.as_f64().with_context(|| format!("no {part} in {}", game.summary.json))
    };
    let parts: [(&str, &str, Option<&str>); 6] = [
        ("launch of the program", "launch", None),
        ("... to the welcome by the lab", "welcomed", None),
        ("... to the match", "matched", Some("welcomed")),
        ("... to the WebRTC connection", "connected", Some("matched")),
        ("... to the barrier passed", "barrier", Some("connected")),
        ("... to the first simulated frame", "first_frame", Some("barrier")),
    ];
    for (name, part, since) in parts {
        let values: Result<Vec<f64>> = games
            .iter()
            .map(|game| Ok(start(game, part)? - since.map_or(Ok(0.0), |since| start(game, since))?))
            .collect();
        row(name, "ms", &mut values?.into_iter())?;
    }
    let whole: Result<Vec<f64>> =
        games.iter().map(|game| Ok(start(game, "launch")? + start(game, "first_frame")?)).collect();
    row("from `dyad join` to the first simulated frame", "ms", &mut whole?.into_iter())?;
    Ok(text)
}
