//! The command line. Exit codes: 0 good, 1 the answer is no or it did not work, 2 wrong use.

use crate::app::{self, Patience};
use crate::commands;
use crate::flow::JoinOptions;
use crate::input::PolicyChoice;
use crate::lab;
use crate::outcome::Outcome;
use crate::record::spool::Spool;
use crate::window::Developer;
use crate::window::opening::{self, NoWindow};
use crate::words::{Language, Words};
use anyhow::Context as _;
use bevy::app::AppExit;
use clap::{Parser, Subcommand};
use dyad_impair::Impairment;
use dyad_protocol::JoinLink;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Play in a Dyad study, and look at its records.
#[derive(Debug, Parser)]
#[command(name = "dyad", version)]
struct Arguments {
    /// Without a command: join, by a link that is asked for.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Join a lab and play.
    Join(Box<Join>),
    /// Look at a recorded game: in a window, or as a table, a PNG or a GIF.
    Replay(commands::Replay),
    /// Check logs: chain, checksums, re-simulation; several also against each other.
    Verify(commands::Verify),
    /// Compare two tables; exit code 1 names the first difference.
    Compare(commands::Compare),
    /// Records that the lab has not received yet.
    Spool(commands::SpoolArguments),
}

/// What a person chose for playing.
#[derive(Debug, Parser)]
struct Join {
    /// The join link (`dyad://HOST:PORT/join?token=…`), a `.join` file, or HOST:PORT. Without it
    /// the window asks for one.
    link: Option<String>,
    /// Play without a window; needs a link and --policy.
    #[arg(long, requires_all = ["link", "policy"])]
    headless: bool,
    /// Who plays, if not the person at the keyboard: idle, random, scripted, or keys:FILE (CSV:
    /// frame,key; from the key blur on the window has not the focus, until focus).
    #[arg(long)]
    policy: Option<PolicyChoice>,
    /// Seed of the scripted player.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where records are kept, instead of the platform's data directory.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Developer option: rehearse on a bad network, such as
    /// "delay=100ms,jitter=30ms,loss=15%,dup=1%,reorder=5%,seed=7".
    #[arg(long)]
    impair: Option<Impairment>,
    /// Developer option: make this computer's world wrong before this frame, to see that it is
    /// noticed.
    #[arg(long, value_name = "FRAME", hide = true)]
    developer_force_desync: Option<u32>,
    /// Milliseconds over which the picture eases what the network put right; 0 turns that off. The
    /// game itself is always exact.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u16).range(..=100))]
    smoothing: Option<u16>,
    /// The language of the window's own words, such as en or de, whatever the study says.
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    language: Option<String>,
    /// Print how the session went to stdout, as JSON.
    #[arg(long)]
    json: bool,
    /// Without a window: seconds to wait for a partner.
    #[arg(long, default_value_t = 600)]
    patience: u64,
    /// Developer option: put pictures of the window's screens into this directory.
    #[arg(long, value_name = "DIR", hide = true, conflicts_with = "headless")]
    screenshot_dir: Option<PathBuf>,
    /// Developer option: write to this file how long keys and pictures take.
    #[arg(long, value_name = "FILE", hide = true, conflicts_with = "headless")]
    measure: Option<PathBuf>,
}

/// When the program began to run.
static LAUNCHED: OnceLock<Instant> = OnceLock::new();

/// When the program began to run, if it was started as a program.
#[must_use]
pub fn launched() -> Option<Instant> {
    LAUNCHED.get().copied()
}

/// Runs the program.
pub fn main() -> ExitCode {
    LAUNCHED.get_or_init(Instant::now);
    let outcome = match Arguments::parse().command {
        None => Join::parse_from(["dyad"]).run(),
        Some(Command::Join(join)) => join.run(),
        Some(Command::Replay(replay)) => replay.run(),
        Some(Command::Verify(verify)) => verify.run(),
        Some(Command::Compare(compare)) => compare.run(),
        Some(Command::Spool(spool)) => spool.run(),
    };
    outcome.unwrap_or_else(|error| {
        say(&format!("dyad: {error:#}"));
        ExitCode::from(2)
    })
}

/// A language that there are words in.
fn language(text: &str) -> Result<String, String> {
    let known = || format!("there are words in {}", Words::LANGUAGES.join(", "));
    Words::of(text).map(|_| text.to_owned()).ok_or_else(known)
}

/// Says something to the person at the terminal.
pub(crate) fn say(text: &str) {
    // A terminal that is gone hears nothing.
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Prints a result for programs.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("cannot write to stdout")
}

/// The data directory that was asked for, or the platform's.
pub(crate) fn spool(data: Option<PathBuf>) -> anyhow::Result<Spool> {
    data.map(Spool::at)
        .or_else(Spool::of_this_user)
        .context("this computer names no data directory; choose one with --data DIR")
}

impl Join {
    fn run(self) -> anyhow::Result<ExitCode> {
        let link = self.link.as_deref().map(lab::read_link).transpose()?;
        let options = JoinOptions {
            spool: spool(self.data)?,
            impairment: self.impair,
            policy: self.policy,
            seed: self.seed,
            force_desync: self.developer_force_desync,
            smoothing: self.smoothing.map(|ms| Duration::from_millis(ms.into())),
        };
        // Better now than when a partner is waiting.
        if let Err(error) = options.spool.check() {
            say(&format!("dyad: {error}"));
            return Ok(ExitCode::FAILURE);
        }
        let (outcome, exit) = match link {
            Some(link) if self.headless => {
                let patience = Patience(Duration::from_secs(self.patience));
                play_headless(options, link, patience)?
            }
            link => {
                let language = Language { asked: self.language, ..Language::default() };
                let developer =
                    Developer { pictures: self.screenshot_dir, measurements: self.measure };
                match play_in_window(options, link, language, developer)? {
                    Ok(played) => played,
                    Err(no_window) => {
                        say(&format!("dyad: {no_window}"));
                        return Ok(ExitCode::FAILURE);
                    }
                }
            }
        };
        if self.json {
            print(&outcome.json().to_string())?;
        }
        Ok(outcome.report(&exit))
    }
}

fn play_headless(
    options: JoinOptions,
    link: JoinLink,
    patience: Patience,
) -> anyhow::Result<(Outcome, AppExit)> {
    let mut app = app::headless(options, link, patience)?;
    let exit = app::run_headless(&mut app);
    Ok((Outcome::of(app.world()), exit))
}

fn play_in_window(
    options: JoinOptions,
    link: Option<JoinLink>,
    language: Language,
    developer: Developer,
) -> anyhow::Result<Result<(Outcome, AppExit), NoWindow>> {
    let has_display = !cfg!(target_os = "linux") || std::env::var_os("DISPLAY").is_some();
    anyhow::ensure!(
        has_display,
        "there is no display to open a window on; to play without one, add --headless --policy .."
    );
    let played = opening::open(|| -> std::io::Result<_> {
        let (mut app, outcome) = app::windowed(options, link, language, developer)?;
        let exit = app.run();
        Ok((outcome.try_recv().unwrap_or_default(), exit))
    });
    match played {
        Ok(played) => Ok(Ok(played?)),
        Err(no_window) => Ok(Err(no_window)),
    }
}
