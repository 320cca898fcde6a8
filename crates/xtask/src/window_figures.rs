//! `cargo xtask window-figures`: what the window costs and how quick it is, on a display without a GPU.
//! Release builds of the real programs; real key events; times taken inside the program.

use crate::release::{inside_namespaces, median_and_range};
use crate::say;
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use system_tests::display::{self, Display};
use system_tests::session::{Client, Lab};

/// What is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct WindowFigures {
    /// Games for each input delay
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,
    /// Keys pressed in each game
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=1000))]
    pub keys: u32,
}

/// The input delays that keys are measured at, in steps.
const DELAYS: [u32; 2] = [1, 2];
/// How long anything here may take.
const WITHIN: Duration = Duration::from_secs(60);
/// Rows after which what starts is over.
const SETTLED: usize = 60;
/// How long the effect of a key is waited for: one that walks against something has none.
const EFFECT_WITHIN: Duration = Duration::from_secs(2);
/// How often is looked whether it is there. What looks takes time from what is measured.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What one game gave.
#[derive(Debug, Default, PartialEq)]
struct Game {
    /// From the start of the program to the first whole picture, in milliseconds.
    opened: f64,
    memory_mib: f64,
    /// From keys to the pictures that show their effect: in pictures, and in milliseconds.
    keys: Vec<[f64; 2]>,
    /// Of each picture: milliseconds since the one before, of the program's own work, and of steps.
    pictures: Vec<[f64; 3]>,
}

/// Measures and prints.
///
/// # Errors
/// If something does not build or start, or there is no display to be had.
pub fn run(figures: &WindowFigures) -> Result<bool> {
    let WindowFigures { runs, keys } = figures;
    let arguments = ["--runs", &runs.to_string(), "--keys", &keys.to_string()];
    inside_namespaces("window-figures", &arguments.map(str::to_owned), || measure(figures))
}

fn measure(figures: &WindowFigures) -> Result<bool> {
    display::available().map_err(anyhow::Error::msg)?;
    let mut all = Vec::new();
    for delay in DELAYS {
        let mut games = Vec::new();
        for run in 1..=figures.runs {
            say(&format!("input delay {delay}, game {run} of {} ...", figures.runs));
            games.push(play(delay, figures.keys)?);
        }
        let keys: Vec<[f64; 2]> = games.iter().flat_map(|game| game.keys.clone()).collect();
        say(&about_keys(delay, &keys));
        all.extend(games);
    }
    say(&about_pictures(&all));
    Ok(true)
}

/// In a kitchen with a room for each, where nobody stands in anybody's way.
fn experiment(delay: u32) -> String {
    format!(
        "id = \"figures\"\n\n[[scene]]\nid = \"kitchen\"\nlayout = \"asymmetric_advantages\"\n\
         max_steps = 30000\ncountdown_seconds = 1\ninput_delay = {delay}\n"
    )
}

/// One game of a person in a window with somebody who stands still.
fn play(delay: u32, keys: u32) -> Result<Game> {
    let directory = tempfile::tempdir()?;
    let lab = Lab::start(directory.path(), &experiment(delay))?;
    let display = Display::start(directory.path())?;
    let file = directory.path().join("measured.csv");
    let option = file.to_str().context("a path of ours is text")?;
    let started = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let person = lab.client_in_window("person", &display, &["--measure", option])?;
    display.focus_window()?;
    let partner = lab.client("partner", &["--headless", "--policy", "idle"])?;
    for client in [&person, &partner] {
        client.wait_for_rows(SETTLED, WITHIN)?;
    }
    for key in 0..keys {
        let before = read(&fs::read_to_string(&file)?)?.keys.len();
        display.press(if key % 2 == 0 { "Right" } else { "Left" })?;
        let pressed = Instant::now();
        while pressed.elapsed() < EFFECT_WITHIN
            && read(&fs::read_to_string(&file)?)?.keys.len() == before
        {
            thread::sleep(LOOK_EVERY);
        }
        // The next one comes at another moment of a step.
        thread::sleep(Duration::from_millis(u64::from(key * 7 % 34)));
    }
    finish(&person, &file, keys, started)
}

/// Reads what the program has measured.
fn finish(person: &Client, file: &Path, keys: u32, started: Duration) -> Result<Game> {
    let memory_mib = person.process.memory_kib()? as f64 / 1024.0;
    let mut game = read(&fs::read_to_string(file)?)?;
    let (had, enough) = (game.keys.len(), usize::try_from(keys)? * 8 / 10);
    ensure!(had >= enough, "of {keys} keys only {had} had an effect");
    ensure!(game.opened > 0.0, "there was no whole picture");
    game.opened -= started.as_secs_f64() * 1000.0;
    Ok(Game { memory_mib, ..game })
}

/// Reads a file of measurements. The last line may be on its way.
fn read(text: &str) -> Result<Game> {
    let mut game = Game::default();
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    for line in whole.lines() {
        let mut cells = line.split(',');
        let kind = cells.next().unwrap_or_default();
        let numbers: Vec<f64> = cells.map(str::parse).collect::<Result<_, _>>()?;
        match (kind, numbers.as_slice()) {
            ("opened", &[at]) => game.opened = at,
            ("key", &[pictures, us]) => game.keys.push([pictures, us / 1000.0]),
            ("picture", &[between, work, steps]) => {
                game.pictures.push([between, work, steps].map(|us| us / 1000.0));
            }
            _ => anyhow::bail!("{line:?} is no measurement"),
        }
    }
    Ok(game)
}

/// The value that this share of them does not exceed.
fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place among them"
    )]
    let at = (values.len() as f64 * share).ceil() as usize;
    values.get(at.clamp(1, values.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

fn median_and_p99(values: impl Iterator<Item = f64> + Clone) -> String {
    let [middle, most] = [0.5, 0.99].map(|share| quantile(values.clone(), share));
    format!("{middle:>7.2}  p99 {most:>7.2}")
}

fn about_keys(delay: u32, keys: &[[f64; 2]]) -> String {
    let pictures = median_and_p99(keys.iter().map(|key| key[0]));
    let ms = median_and_p99(keys.iter().map(|key| key[1]));
    let number = keys.len();
    format!(
        "\ninput delay {delay}: from a key to the picture that shows its effect, {number} keys\n\
         pictures     {pictures}\nmilliseconds {ms}\n"
    )
}

fn about_pictures(games: &[Game]) -> String {
    let of = |at: usize| games.iter().flat_map(move |game| &game.pictures).map(move |it| it[at]);
    let lines =
        [("between two pictures", 0), ("the program's own work", 1), ("... of which steps", 2)]
            .map(|(name, at)| format!("{name:<24} {}\n", median_and_p99(of(at))));
    let range = |values: Vec<f64>| {
        let (median, range) = median_and_range(values);
        format!("{median:>7}  {range}")
    };
    let opened = range(games.iter().map(|game| game.opened).collect());
    let memory = range(games.iter().map(|game| game.memory_mib).collect());
    format!(
        "the game's screen at 1280x720, milliseconds a picture, {} pictures\n{}\n\
         from start to the first whole picture, ms: {opened}\n\
         memory in a game, the graphics driver's included, MiB: {memory}",
        of(0).count(),
        lines.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::{Game, quantile, read};

    #[test]
    fn a_file_of_measurements_is_read_up_to_its_last_whole_line() {
        let text = "opened,1700000000000\npicture,16000,900,100\nkey,4,66500\nkey,5,7";
        let game = read(text).unwrap();
        let expected = Game {
            opened: 1.7e12,
            memory_mib: 0.0,
            keys: vec![[4.0, 66.5]],
            pictures: vec![[16.0, 0.9, 0.1]],
        };
        assert_eq!(game, expected);
        assert!(read("window,1\n").is_err() && read("key,1\n").is_err());
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let of = |share| quantile((1..=200).map(f64::from), share);
        assert_eq!((of(0.5), of(0.99), of(1.0)), (100.0, 198.0, 200.0));
        assert_eq!(quantile([7.0].into_iter(), 0.99), 7.0);
    }
}
