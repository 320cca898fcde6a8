//! Whole games on good and bad networks: a lab, clients, WebRTC. Each ends in records that are
//! equal byte for byte, and in the lab's verdict that they are.

use anyhow::{Context as _, ensure};
use dyad_recording::reference_tool;
use std::path::Path;
use std::time::Duration;
use system_tests::namespace::run_test;
use system_tests::session::{Client, Lab, Summary, dyad};

/// Steps of an episode, at 30 a second.
pub(crate) const STEPS: usize = 240;

pub(crate) fn experiment(episodes: usize) -> String {
    experiment_with("", episodes)
}

/// The same with a further table before the scene.
pub(crate) fn experiment_with(table: &str, episodes: usize) -> String {
    format!(
        "id = \"test\"\ntitle = \"A test\"\n\n{table}\n[[scene]]\nid = \"cramped_room\"\nlayout \
         = \"cramped_room\"\nmax_steps = {STEPS}\nepisodes = {episodes}\ncountdown_seconds = \
         1\npause_seconds = 1\n"
    )
}

/// One client's part in a game.
struct Player<'a> {
    policy: &'a str,
    impair: &'a str,
}

const fn random(impair: &str) -> Player<'_> {
    Player { policy: "random", impair }
}

fn start(lab: &Lab, name: &str, player: &Player<'_>, seed: u64) -> anyhow::Result<Client> {
    let seed = seed.to_string();
    let mut arguments = vec!["--headless", "--policy", player.policy, "--seed", &seed];
    if !player.impair.is_empty() {
        arguments.extend(["--impair", player.impair]);
    }
    lab.client(name, &arguments)
}

/// Waits for a pair of clients and checks everything their game promises. Returns both summaries.
fn finish(lab: &Lab, pair: &mut [Client; 2], episodes: usize) -> anyhow::Result<[Summary; 2]> {
    finish_within(Duration::from_secs(60 + 20 * episodes as u64), lab, pair, episodes)
}

/// The same for games that may take longer.
pub(crate) fn finish_within(
    within: Duration,
    lab: &Lab,
    [a, b]: &mut [Client; 2],
    episodes: usize,
) -> anyhow::Result<[Summary; 2]> {
    let summaries = [a.finish(within)?, b.finish(within)?];
    let [first, second] = &summaries;
    ensure!(first.text("session")? == second.text("session")?, "two different sessions");
    for episode in 0..u16::try_from(episodes)? {
        let table = first.file(episode, "csv")?;
        ensure!(table == second.file(episode, "csv")?, "the tables of episode {episode} differ");
        ensure!(
            first.file(episode, "dlog")? == second.file(episode, "dlog")?,
            "the logs of episode {episode} differ"
        );
        let rows = table.iter().filter(|&&byte| byte == b'\n').count() - 1;
        ensure!(rows == STEPS, "{rows} rows instead of {STEPS}");
    }
    for summary in &summaries {
        for zero in ["desyncs", "datagrams_refused", "messages_refused"] {
            ensure!(summary.count(zero)? == 0, "{zero}: {}", summary.json);
        }
    }
    let verdicts = lab.verdicts("test", first.text("session")?, episodes)?;
    for verdict in verdicts {
        ensure!(verdict["verdict"]["verdict"] == "identical", "{verdict}");
        ensure!(verdict["verdict"]["rows"] == STEPS, "{verdict}");
    }
    satisfies_the_reference_tool(&summaries, episodes)?;
    Ok(summaries)
}

/// The files also satisfy the reference platform's own comparison rules, in both its modes.
fn satisfies_the_reference_tool(summaries: &[Summary; 2], episodes: usize) -> anyhow::Result<()> {
    let [first, second] = summaries;
    let mut files = Vec::new();
    for episode in 0..u16::try_from(episodes)? {
        let (a, b) = (first.file(episode, "csv")?, second.file(episode, "csv")?);
        let complaints = reference_tool::compare_mode(&a, &b)?;
        ensure!(complaints.is_empty(), "{complaints:?}");
        for (summary, table) in [(first, a), (second, b)] {
            files.push((format!("{}_ep{episode}.csv", summary.text("participant")?), table));
        }
    }
    let complaints = reference_tool::directory_mode(&files)?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    Ok(())
}

/// Plays one game and checks it.
fn play(players: [Player<'_>; 2], episodes: usize) -> anyhow::Result<[Summary; 2]> {
    let directory = tempfile::tempdir()?;
    let lab = Lab::start(directory.path(), &experiment(episodes))?;
    let [a, b] = &players;
    let mut pair = [start(&lab, "a", a, 1)?, start(&lab, "b", b, 2)?];
    finish(&lab, &mut pair, episodes).with_context(|| {
        let [a, b] = &pair;
        format!("{}\n{}\n{}", lab.process.log(), a.process.log(), b.process.log())
    })
}

/// The lobby, signalling and uploads over TLS, by the fingerprint in the link.
#[test]
fn over_tls() {
    run_test("games::over_tls", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start_secured(directory.path(), &experiment(1))?;
        ensure!(lab.link.contains("cert="), "{}", lab.link);
        let player = random("");
        let mut pair = [start(&lab, "a", &player, 1)?, start(&lab, "b", &player, 2)?];
        finish(&lab, &mut pair, 1).with_context(|| {
            let [a, b] = &pair;
            format!("{}\n{}\n{}", lab.process.log(), a.process.log(), b.process.log())
        })?;
        Ok(())
    });
}

pub(crate) fn rolled_back(summaries: &[Summary; 2]) -> anyhow::Result<()> {
    for summary in summaries {
        let rollbacks = summary.count("rollbacks")?;
        ensure!(rollbacks > 10, "only {rollbacks} rollbacks: the test did not test anything");
    }
    Ok(())
}

fn dropped(summaries: &[Summary; 2]) -> anyhow::Result<()> {
    for summary in summaries {
        let impaired = &summary.json["impaired"];
        let (sent, dropped) = (impaired["sent"].as_u64(), impaired["dropped"].as_u64());
        let (sent, dropped) = sent.zip(dropped).context("no counts of the impairment")?;
        ensure!(dropped * 20 > sent, "{dropped} of {sent} datagrams lost");
    }
    Ok(())
}

#[test]
fn idle_players() {
    run_test("games::idle_players", || {
        let idle = || Player { policy: "idle", impair: "" };
        play([idle(), idle()], 1).map(drop)
    });
}

#[test]
fn active_players() {
    run_test("games::active_players", || play([random(""), random("")], 1).map(drop));
}

#[test]
fn active_players_with_100_ms_each_way() {
    run_test("games::active_players_with_100_ms_each_way", || {
        rolled_back(&play([random("delay=100ms"), random("delay=100ms")], 1)?)
    });
}

#[test]
fn active_players_with_200_ms_each_way() {
    run_test("games::active_players_with_200_ms_each_way", || {
        rolled_back(&play([random("delay=200ms"), random("delay=200ms")], 1)?)
    });
}

#[test]
fn near_against_far() {
    run_test("games::near_against_far", || {
        rolled_back(&play([random("delay=50ms"), random("delay=200ms")], 1)?)
    });
}

#[test]
fn jitter() {
    run_test("games::jitter", || {
        let bad = "delay=100ms,jitter=75ms";
        rolled_back(&play([random(bad), random(bad)], 1)?)
    });
}

#[test]
fn loss_with_idle_players() {
    run_test("games::loss_with_idle_players", || {
        let bad = || Player { policy: "idle", impair: "delay=50ms,loss=15%" };
        dropped(&play([bad(), bad()], 1)?)
    });
}

#[test]
fn loss_with_active_players() {
    run_test("games::loss_with_active_players", || {
        let bad = "delay=50ms,loss=15%,dup=1%,reorder=5%";
        let summaries = play([random(bad), random(bad)], 1)?;
        dropped(&summaries)?;
        rolled_back(&summaries)
    });
}

#[test]
fn three_episodes_in_one_session() {
    run_test("games::three_episodes_in_one_session", || {
        rolled_back(&play([random("delay=120ms"), random("delay=120ms")], 3)?)
    });
}

#[test]
fn three_games_at_once() {
    run_test("games::three_games_at_once", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let names = ["a", "b", "c", "d", "e", "f"];
        let mut clients = Vec::new();
        for (seed, name) in (0..).zip(names) {
            clients.push(start(&lab, name, &random("delay=40ms"), seed)?);
        }
        let within = Duration::from_secs(90);
        let mut by_session: std::collections::BTreeMap<String, Vec<Summary>> = Default::default();
        for client in &mut clients {
            let summary = client.finish(within)?;
            by_session.entry(summary.text("session")?.to_owned()).or_default().push(summary);
        }
        ensure!(by_session.len() == 3, "{} sessions", by_session.len());
        for (session, summaries) in &by_session {
            let [a, b] = &summaries[..] else { anyhow::bail!("{} players", summaries.len()) };
            ensure!(a.file(0, "csv")? == b.file(0, "csv")?, "the tables of {session} differ");
            let verdicts = lab.verdicts("test", session, 1)?;
            ensure!(verdicts[0]["verdict"]["verdict"] == "identical", "{verdicts:?}");
        }
        Ok(())
    });
}

#[test]
fn ten_sessions_on_one_lab() {
    run_test("games::ten_sessions_on_one_lab", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let mut memory = Vec::new();
        for session in 0..10_u64 {
            let names = [format!("a{session}"), format!("b{session}")];
            let [a, b] = &names;
            let mut pair = [
                start(&lab, a, &random(""), session)?,
                start(&lab, b, &random(""), session + 100)?,
            ];
            let summaries = finish(&lab, &mut pair, 1)?;
            memory.push(lab.process.memory_kib()?);
            no_longer_steps(&summaries)?;
        }
        let (third, tenth) = (memory[2], memory[9]);
        ensure!(tenth * 10 <= third * 11, "the lab's memory grows: {memory:?} KiB");
        Ok(())
    });
}

/// A session's steps were tried as often as they had to: a client that cannot keep the pace tries
/// more often than it moves.
fn no_longer_steps(summaries: &[Summary; 2]) -> anyhow::Result<()> {
    for summary in summaries {
        let (attempts, stalls) = (summary.count("attempts")?, summary.count("stalls")?);
        ensure!(stalls * 10 <= attempts, "{stalls} of {attempts} steps stalled");
    }
    Ok(())
}

#[test]
fn a_flipped_byte_is_found() {
    run_test("games::a_flipped_byte_is_found", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment(1))?;
        let mut pair = [start(&lab, "a", &random(""), 1)?, start(&lab, "b", &random(""), 2)?];
        let [a, b] = finish(&lab, &mut pair, 1)?;
        let mut table = a.file(0, "csv")?;
        let text = String::from_utf8(table.clone())?;
        let row = text.lines().nth(101).context("a hundred rows")?;
        let cell = text.find(row).context("the row is in the text")?;
        table[cell] = if table[cell] == b'0' { b'1' } else { b'0' };
        let forged = directory.path().join("forged.csv");
        std::fs::write(&forged, &table)?;
        let honest = b.records.join(format!("{}_ep0.csv", b.text("participant")?));
        let output = dyad(&["compare", path(&forged)?, path(&honest)?])?;
        ensure!(output.status.code() == Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(said.contains("100") && said.contains("actions.0"), "{said}");

        let log = a.records.join(format!("{}_ep0.dlog", a.text("participant")?));
        let good = dyad(&["verify", path(&log)?])?;
        ensure!(good.status.code() == Some(0), "{good:?}");
        let derived = directory.path().join("derived.csv");
        ensure!(dyad(&["replay", path(&log)?, "--csv", path(&derived)?])?.status.success());
        ensure!(std::fs::read(&derived)? == a.file(0, "csv")?, "the derived table differs");
        pictures(&log, directory.path())?;
        let mut bytes = std::fs::read(&log)?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let broken = directory.path().join("broken.dlog");
        std::fs::write(&broken, bytes)?;
        let bad = dyad(&["verify", path(&broken)?])?;
        ensure!(bad.status.code() == Some(1), "{bad:?}");
        Ok(())
    });
}

/// Pictures of a recorded game need no display; a frame that the log lacks is no picture.
fn pictures(log: &Path, directory: &Path) -> anyhow::Result<()> {
    let (png, gif) = (directory.join("frame.png"), directory.join("game.gif"));
    let size = ["--size", "320x240"];
    let arguments = ["replay", path(log)?, "--png", "100", path(&png)?, "--gif", path(&gif)?];
    let output = dyad(&[&arguments[..], &size].concat())?;
    ensure!(output.status.success(), "{output:?}");
    let size_of = |file: &Path, width: usize, height: usize, big: bool| {
        let bytes = std::fs::read(file)?;
        let number = |at: usize| {
            let pair = [bytes[at], bytes[at + 1]];
            if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
        };
        Ok::<_, anyhow::Error>((number(width), number(height)))
    };
    // Where the formats keep their sides.
    ensure!(size_of(&png, 18, 22, true)? == (320, 240), "the PNG has another size");
    ensure!(size_of(&gif, 6, 8, false)? == (320, 240), "the GIF has another size");
    let nowhere = directory.join("nowhere.png");
    let output = dyad(&["replay", path(log)?, "--png", "4000000", path(&nowhere)?])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(!output.status.success() && said.contains("the log has the frames"), "{output:?}");
    ensure!(!nowhere.exists(), "a picture of a frame that is not there");
    Ok(())
}

fn path(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a path of ours is text")
}
