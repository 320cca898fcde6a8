//! What exporting and verifying cost: `cargo bench -p dyad-dataset`.
//!
//! The aims: an export of 1,000 episodes of 1,350 rows in less than 20 s, and at least a million
//! recorded steps a second and core re-simulated. Two records of an episode with the same log
//! are simulated once, so both numbers are printed: steps as recorded, and as simulated.

#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use dyad_collector::Snapshot;
use dyad_dataset::session::{Episode, Session};
use dyad_dataset::{Options, export, parallel, store, verify};
use std::error::Error;
use std::io::{Write as _, stdout};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

/// A classic episode: 45 seconds at 30 steps a second.
const STEPS: u32 = 1350;

/// Sessions of two episodes.
const SESSIONS: u32 = 500;

fn main() -> Result<(), Box<dyn Error>> {
    // Without this argument a test run only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("store");
    let (made, ()) =
        timed(|| Ok(support::receive(&store, &support::finished(SESSIONS, STEPS, 2))))?;
    let episodes = SESSIONS * 2;
    say(&format!("{episodes} episodes of {STEPS} rows, played and received in {made:.1?}"));
    simulate(&store)?;
    let cores = parallel::cores();
    let counts = if cores.get() == 1 { vec![cores] } else { vec![NonZeroUsize::MIN, cores] };
    for jobs in counts {
        let out = folder.path().join(format!("out-{jobs}"));
        let (took, exported) =
            timed(|| Ok(export(&store, &out, &Options::default(), jobs, &|_, _| {})?))?;
        say(&format!(
            "export, {jobs} jobs: {took:.2?}, {} files, {:.0} MB",
            exported.files,
            exported.bytes as f64 / 1e6
        ));
        let (took, check) = timed(|| Ok(verify(&out, jobs, &|_, _| {})?))?;
        assert!(check.is_good(), "{:?}", check.findings);
        let rate = millions(check.frames, took) / jobs.get() as f64;
        say(&format!(
            "verify a dataset, {jobs} jobs: {took:.2?}, {rate:.2} M recorded steps/s a core, with all digests and comparisons"
        ));
    }
    Ok(())
}

/// Only the simulation, of records that are in memory, on one core.
fn simulate(folder: &Path) -> Result<(), Box<dyn Error>> {
    let snapshot = Snapshot::read(folder)?;
    let entries = store::entries(&snapshot, &Options::default());
    let some = entries.into_iter().take(50).map(|entry| store::load(folder, entry));
    let sessions: Vec<Session> = some.collect::<Result<_, _>>()?;
    let bundles: Vec<_> =
        sessions.into_iter().flat_map(|session| session.episodes).map(|it| it.bundles).collect();
    let (took, (recorded, simulated)) = timed(|| {
        let (mut recorded, mut simulated) = (0, 0);
        for bundles in bundles {
            let episode = Episode::new(0, bundles, Vec::new());
            let logs = episode.checked.iter().filter_map(|it| it.as_deref().ok());
            let frames: Vec<_> = logs.map(|report| report.log.frames.len() as u64).collect();
            recorded += frames.iter().sum::<u64>();
            simulated += frames[0];
        }
        Ok((recorded, simulated))
    })?;
    say(&format!(
        "re-simulation on one core: {:.2} M recorded steps/s, {:.2} M simulated steps/s, with tables, chains and signatures",
        millions(recorded, took),
        millions(simulated, took),
    ));
    Ok(())
}

fn timed<T>(
    work: impl FnOnce() -> Result<T, Box<dyn Error>>,
) -> Result<(Duration, T), Box<dyn Error>> {
    let start = Instant::now();
    let done = work()?;
    Ok((start.elapsed(), done))
}

fn millions(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64() / 1e6
}

fn say(line: &str) {
    writeln!(stdout(), "{line}").expect("somebody reads the figures");
}
