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
use dyad_dataset::{Options, export, export_study, parallel, store, verify};
use dyad_gridworld::rng::Rng;
use dyad_protocol::Seat;
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::io::{self, Write as _, stdout};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// A classic episode: 45 seconds at 30 steps a second.
const STEPS: u32 = 1350;

/// Sessions of two episodes.
const SESSIONS: u32 = 500;

/// Sessions of all fates, in whose dataset bytes are flipped, and how many.
const MIXED: u32 = 200;
const FLIPS: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    // Without this argument a test run only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    damaged(folder.path())?;
    let store = folder.path().join("store");
    let (made, ()) = timed(|| {
        support::receive(&store, &support::finished(SESSIONS, STEPS, 2));
        Ok(())
    })?;
    let episodes = SESSIONS * 2;
    say(&format!("{episodes} episodes of {STEPS} rows, played and received in {made}"));
    simulate(&store)?;
    let cores = parallel::cores();
    let counts = if cores.get() == 1 { vec![cores] } else { vec![NonZeroUsize::MIN, cores] };
    for jobs in counts {
        let out = folder.path().join(format!("out-{jobs}"));
        let (took, exported) =
            timed(|| Ok(export(&store, &out, &Options::default(), jobs, &|_, _| {})?))?;
        say(&format!(
            "export, {jobs} jobs: {took}, {} files, {:.0} MB",
            exported.files,
            exported.bytes as f64 / 1e6
        ));
        let (took, check) = timed(|| Ok(verify(&out, jobs, &|_, _| {})?))?;
        assert!(check.is_good(), "{:?}", check.findings);
        let rate = took.millions(check.frames);
        say(&format!(
            "verify a dataset, {jobs} jobs: {took}, {rate:.2} M recorded steps/s a core, with all digests and comparisons"
        ));
    }
    Ok(())
}

/// Verifies a dataset of sessions of all tasks and fates, and then with one bit flipped somewhere, again
/// and again: each is found, and its file named.
fn damaged(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (store, out, cores) = (folder.join("mixed"), folder.join("mixed-out"), parallel::cores());
    let mut plans = support::mixed(MIXED - 1);
    plans.push(support::alone(MIXED, Seat(0)));
    support::make_store(&store, &plans);
    export_study(&store, &out, &Options::default(), support::study(), cores, &|_, _| {})?;
    let (took, check) = timed(|| Ok(verify(&out, cores, &|_, _| {})?))?;
    assert!(check.is_good(), "{:?}", check.findings);
    let files = files(&out)?;
    say(&format!("a dataset of {MIXED} sessions, {} files, verifies in {took}", files.len()));
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let mut rng = Rng::new(seed);
    for _ in 0..FLIPS {
        let path = &files[rng.below(u32::try_from(files.len())?) as usize];
        let good = fs::read(path)?;
        let (mut bad, at) = (good.clone(), rng.below(u32::try_from(good.len())?) as usize);
        bad[at] ^= 1 << rng.below(8);
        fs::write(path, bad)?;
        let name = path.strip_prefix(&out)?.display().to_string();
        let found = verify(&out, cores, &|_, _| {})?.findings;
        assert!(
            found.iter().any(|it| it.path == name),
            "seed {seed}: byte {at} of {name}: {found:?}"
        );
        fs::write(path, good)?;
    }
    say(&format!(
        "{FLIPS} bits flipped in it one by one (seed {seed}): each is found, its file named"
    ));
    Ok(())
}

/// All files in a folder and those in it.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

/// Only the simulation, of records that are in memory, on one core.
fn simulate(folder: &Path) -> Result<(), Box<dyn Error>> {
    let snapshot = Snapshot::read(folder)?;
    let entries = store::entries(&snapshot, &Options::default());
    let some = entries.into_iter().take(100).map(|entry| store::load(folder, entry));
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
        took.millions(recorded),
        took.millions(simulated),
    ));
    Ok(())
}

/// How long something took: by the clock, and on processors, which says what it costs on a machine
/// that does other things too.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    cpu: Option<Duration>,
}

impl Display for Took {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2?}", self.wall)?;
        self.cpu.map_or(Ok(()), |cpu| write!(f, " ({cpu:.2?} on processors)"))
    }
}

impl Took {
    /// Millions a second of a processor, or of the clock where the former is unknown.
    fn millions(self, count: u64) -> f64 {
        count as f64 / self.cpu.unwrap_or(self.wall).as_secs_f64() / 1e6
    }
}

fn timed<T>(work: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<(Took, T), Box<dyn Error>> {
    let (start, before) = (Instant::now(), processor_time());
    let done = work()?;
    let cpu = processor_time().zip(before).map(|(now, before)| now - before);
    Ok((Took { wall: start.elapsed(), cpu }, done))
}

/// What this program has used so far of processors, where the system says so.
fn processor_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // User and system time are the 12th and 13th number after the name, in hundredths.
    let mut numbers = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || numbers.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((next()? + next()?) * 10))
}

fn say(line: &str) {
    writeln!(stdout(), "{line}").expect("somebody reads the figures");
}
