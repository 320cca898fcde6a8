//! The command line. Exit codes: 0 good, 1 the answer is no or it did not work, 2 wrong use.

use crate::app::{self, Patience};
use crate::commands;
use crate::flow::{JoinOptions, Status};
use crate::input::PolicyChoice;
use crate::record::spool::Spool;
use anyhow::Context as _;
use bevy::app::AppExit;
use clap::{Args, Parser, Subcommand};
use dyad_impair::Impairment;
use dyad_netplay::Ending;
use dyad_protocol::JoinLink;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

/// Play in a Dyad study, and look at its records.
#[derive(Debug, Parser)]
#[command(name = "dyad", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Join a lab by its link and play.
    Join(Join),
    /// Simulate a log again.
    Replay(commands::Replay),
    /// Check logs: chain, checksums, re-simulation; several also against each other.
    Verify(commands::Verify),
    /// Compare two tables; exit code 1 names the first difference.
    Compare(commands::Compare),
    /// Records that the lab has not received yet.
    Spool(commands::SpoolArguments),
}

/// What a person chose for playing.
#[derive(Debug, Args)]
struct Join {
    /// The join link (`dyad://HOST:PORT/join?token=…`), a `.join` file, or HOST:PORT.
    link: String,
    /// Play without a window; needs --policy.
    #[arg(long, requires = "policy")]
    headless: bool,
    /// Who plays: idle, random, scripted, or keys:FILE (CSV: frame,key).
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
    /// Print how the session went to stdout, as JSON.
    #[arg(long)]
    json: bool,
    /// Without a window: seconds to wait for a partner.
    #[arg(long, default_value_t = 600)]
    patience: u64,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Join(join) => join.run(),
        Command::Replay(replay) => replay.run(),
        Command::Verify(verify) => verify.run(),
        Command::Compare(compare) => compare.run(),
        Command::Spool(spool) => spool.run(),
    };
    outcome.unwrap_or_else(|error| {
        say(&format!("dyad: {error:#}"));
        ExitCode::from(2)
    })
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

/// A join link as typed: the link itself, or a file that holds it.
fn read_link(text: &str) -> anyhow::Result<JoinLink> {
    let file = text.ends_with(".join");
    let from_file = file.then(|| std::fs::read_to_string(text)).transpose();
    let content = from_file.with_context(|| format!("cannot read {text}"))?;
    let link = content.as_deref().and_then(|content| content.lines().next()).unwrap_or(text);
    link.parse().with_context(|| format!("{link:?} is no join link"))
}

impl Join {
    fn run(self) -> anyhow::Result<ExitCode> {
        let options = JoinOptions {
            link: read_link(&self.link)?,
            spool: spool(self.data)?,
            impairment: self.impair,
            policy: self.policy,
            seed: self.seed,
            started: SystemTime::now(),
        };
        let patience = Patience(Duration::from_secs(self.patience));
        anyhow::ensure!(self.headless, "this build has no window yet: add --headless --policy ..");
        // The app takes the program's end into its own hands; what it found out is in its world.
        let mut app = app::headless(options, patience)?;
        let exit = run(&mut app);
        if self.json {
            print(&app::summary(&app).unwrap_or_default().to_string())?;
        }
        Ok(report(&app, &exit))
    }
}

/// Runs an app to its end and keeps its world.
fn run(app: &mut bevy::app::App) -> AppExit {
    app.finish();
    app.cleanup();
    let period = Duration::from_secs(1) / 120;
    loop {
        let began = std::time::Instant::now();
        app.update();
        if let Some(exit) = app.should_exit() {
            return exit;
        }
        std::thread::sleep(period.saturating_sub(began.elapsed()));
    }
}

/// Tells the person how it went; returns the exit code.
fn report(app: &bevy::app::App, exit: &AppExit) -> ExitCode {
    let Some(status) = app.world().get_resource::<Status>() else { return ExitCode::FAILURE };
    if let Some(problem) = &status.problem {
        say(&format!("dyad: {problem}"));
    }
    for mark in &status.marks {
        say(&format!("dyad: {mark}"));
    }
    let kept = status.closed.saturating_sub(status.received);
    if kept > 0 {
        let reason = status.upload_trouble.as_deref().unwrap_or("the lab did not answer in time");
        say(&format!(
            "dyad: {kept} of {} episodes are saved on this computer but not at the lab yet \
             ({reason}); they are sent at the next start, or with `dyad spool send`",
            status.closed
        ));
    }
    if let Some(ending) = &status.ending
        && *ending != Ending::Completed
    {
        say(&format!("dyad: the session ended early: {}", explain(ending)));
    }
    let completed = status.ending == Some(Ending::Completed);
    if exit.is_success() && completed && kept == 0 && status.problem.is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn explain(ending: &Ending) -> String {
    match ending {
        Ending::Completed => "every episode was played".to_owned(),
        Ending::PartnerLeft { .. } => "your partner left".to_owned(),
        Ending::PartnerLost => "the connection to your partner was lost".to_owned(),
        Ending::NotConnected(reason) => format!(
            "your partner's computer was not reached{}",
            reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default()
        ),
        Ending::Refused(mismatch) => mismatch.to_string(),
        Ending::Left(_) => "you left".to_owned(),
    }
}
