//! `cargo xtask demo`: the whole system on this machine. A lab, two clients, the episodes of
//! `assets/experiments/demo.toml`, uploads, and the lab's verdict.
//!
//! It runs in a network namespace of its own, like the tests: nothing leaves this machine and
//! nothing of its network is used. Where namespaces are not permitted it says so, and runs on
//! the machine's own addresses only if it is asked to.

use crate::say;
use anyhow::{Context as _, Result, ensure};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use system_tests::binaries;
use system_tests::namespace;
use system_tests::session::{Client, Lab, Summary};

/// What a person chose for the demo.
#[derive(Clone, Debug, clap::Args)]
pub struct Demo {
    /// Both clients are scripted and have no window
    #[arg(long)]
    pub headless: bool,
    /// Where the records go; by default a new folder among the temporary files
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// A bad network between the two, such as "delay=80ms,jitter=20ms,loss=5%"
    #[arg(long, value_name = "SPEC")]
    pub impair: Option<String>,
    /// Use this machine's own network addresses where a private network is not permitted
    #[arg(long)]
    pub open: bool,
}

/// Runs the demo. Whether every verdict is "identical".
///
/// # Errors
/// If something does not build or start, or a record is missing.
pub fn run(root: &Path, demo: &Demo) -> Result<bool> {
    let out = match &demo.out {
        Some(out) => out.clone(),
        None => tempfile::Builder::new().prefix("dyad-demo-").tempdir()?.keep(),
    };
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let out = out.canonicalize()?;
    if namespace::is_inside() {
        namespace::set_up()?;
        return play(root, demo, &out);
    }
    // Asked before the build, which may replace this very program.
    let program = env::current_exe()?;
    say("building (the first time takes a quarter of an hour) ...");
    let binaries = binaries::build()?;
    if let Err(why) = namespace::available() {
        ensure!(demo.open, "{why}; with --open the demo uses this machine's own addresses");
        return play(root, demo, &out);
    }
    let mut command = namespace::command(program);
    command.env(binaries::DIRECTORY, binaries).arg("demo").arg("--out").arg(&out);
    if demo.headless {
        command.arg("--headless");
    }
    if let Some(impair) = &demo.impair {
        command.args(["--impair", impair]);
    }
    Ok(command.stdin(Stdio::null()).status()?.success())
}

fn play(root: &Path, demo: &Demo, out: &Path) -> Result<bool> {
    let experiment = fs::read_to_string(root.join("assets/experiments/demo.toml"))?;
    let lab = Lab::start(out, &experiment)?;
    say(&format!("the lab is up: {}", lab.link));
    let impair = demo.impair.iter().flat_map(|spec| ["--impair", spec]);
    let scripted = |seed| {
        let fixed = ["--headless", "--policy", "scripted", "--seed", seed];
        fixed.into_iter().chain(impair.clone()).collect::<Vec<_>>()
    };
    let partner = lab.client("partner", &scripted("1"))?;
    let player = if demo.headless {
        lab.client("player", &scripted("2"))?
    } else {
        say("a window opens: arrow keys or WASD move, Space or Enter picks up and puts down");
        lab.client("player", &impair.clone().collect::<Vec<_>>())?
    };
    say("two clients are joining ...");
    let mut clients = [player, partner];
    let summaries = finish(&mut clients)?;
    report(&lab, &summaries, out)
}

/// Waits for both clients.
fn finish(clients: &mut [Client; 2]) -> Result<[Summary; 2]> {
    let [player, partner] = clients;
    // A person may take a while to read; a scripted pair is done in a minute.
    let within = Duration::from_secs(15 * 60);
    Ok([player.finish(within)?, partner.finish(within)?])
}

/// Says how it went; whether every verdict is "identical".
fn report(lab: &Lab, summaries: &[Summary; 2], out: &Path) -> Result<bool> {
    let [player, partner] = summaries;
    let session = player.text("session")?;
    let episodes = usize::try_from(player.count("closed")?)?;
    let judged = lab.verdicts("demo", session, episodes)?;
    let mut good = episodes > 0;
    let mut text = format!("\nsession {session}\n\nepisode   rows  soups  tables  verdict\n");
    for (episode, judged) in (0_u16..).zip(&judged) {
        let tables = [player.file(episode, "csv")?, partner.file(episode, "csv")?];
        let equal = tables[0] == tables[1];
        let verdict = judged["verdict"]["verdict"].as_str().unwrap_or("none");
        good &= equal && verdict == "identical";
        let rows = tables[0].iter().filter(|&&byte| byte == b'\n').count() - 1;
        let soups = deliveries(&tables[0]).unwrap_or_default();
        let equal = if equal { "equal" } else { "DIFFER" };
        writeln!(text, "{episode:>7}  {rows:>5}  {soups:>5}  {equal:>6}  {verdict}")?;
    }
    text.push_str(
        "\n           frames  rollbacks  deepest  stalls  round trip  first frame after\n",
    );
    for (name, summary) in [("player", player), ("partner", partner)] {
        let count = |field| summary.count(field);
        let first_frame = summary.json["start_ms"]["first_frame"].as_f64().unwrap_or_default();
        let round_trip = summary.json["rtt_ms"].as_f64();
        let round_trip = round_trip.map_or("unknown".to_owned(), |ms| format!("{ms:.1} ms"));
        writeln!(
            text,
            "{name:<9}  {:>6}  {:>9}  {:>7}  {:>6}  {round_trip:>10}  {first_frame:>9.0} ms",
            count("frames")?,
            count("rollbacks")?,
            count("deepest_rollback")?,
            count("stalls")?,
        )?;
    }
    writeln!(text, "\nthe lab's files: {}", lab.data.join("demo").join(session).display())?;
    writeln!(text, "everything:      {}", out.display())?;
    say(&text);
    Ok(good)
}

/// Soups delivered in an episode, from its table's last row.
fn deliveries(table: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(table).ok()?;
    let column = text.lines().next()?.split(',').position(|name| name == "state.deliveries")?;
    text.lines().last()?.split(',').nth(column)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::deliveries;

    #[test]
    fn soups_are_read_from_the_last_row() {
        assert_eq!(deliveries(b"t,state.deliveries\n0,0\n1,3\n"), Some(3));
        assert_eq!(deliveries(b"t\n0\n"), None);
    }
}
