//! Runs sessions in virtual time and prints what they went through. `cargo xtask sim` starts it.

use anyhow::{Result, anyhow};
use clap::Parser;
use dyad_simulation::check::check;
use dyad_simulation::profile::{self, Profile};
use dyad_simulation::summary::{HEADER, Summary};
use dyad_simulation::trial::{Failed, attempt};
use dyad_simulation::{Scenario, simulation};
use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Parser)]
#[command(about = "Whole sessions in virtual time under seeded faults; exit code 1 if one fails")]
struct Arguments {
    /// From the first seed up to, without, the second; each in every profile
    #[arg(long, value_name = "A..B", value_parser = range, default_value = "0..20")]
    seeds: Range<u64>,
    /// One kind of network and of mishaps instead of all
    #[arg(long, value_name = "NAME", value_parser = profile_named)]
    profile: Option<Profile>,
    /// Tell the story of the first seed's session in the first profile, and run no other
    #[arg(long)]
    story: bool,
    /// Sessions at a time; as many as there are processors if not given
    #[arg(long)]
    jobs: Option<u8>,
}

fn range(text: &str) -> Result<Range<u64>> {
    let wrong = || anyhow!("write two numbers, the first smaller, such as 0..20");
    let number = |text: &str| text.parse::<u64>().map_err(|_unreadable| wrong());
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let range = number(from)?..number(to)?;
    if range.is_empty() { Err(wrong()) } else { Ok(range) }
}

fn profile_named(name: &str) -> Result<Profile> {
    let names = profile::ALL.map(|profile| profile.name).join(", ");
    profile::by_name(name).ok_or_else(|| anyhow!("there are {names}"))
}

/// What came of the seeds of one profile.
#[derive(Default)]
struct Outcome {
    summary: Summary,
    failed: Vec<Failed>,
    /// Time that processors were busy.
    busy: Duration,
}

fn main() -> ExitCode {
    let Arguments { seeds, profile, story, jobs } = Arguments::parse();
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let jobs = jobs.map_or(processors, usize::from).max(1);
    let profiles = profile.map_or_else(|| profile::ALL.to_vec(), |profile| vec![profile]);
    if story {
        return tell(profiles[0], seeds.start);
    }
    say(&format!("{:<13}{HEADER}  frames/s", ""));
    let mut total = Outcome::default();
    for profile in profiles {
        let outcome = run(profile, &seeds, jobs);
        report(profile.name, &outcome);
        total.add(outcome);
    }
    report("all", &total);
    for failed in &total.failed {
        say(&failed.to_string());
    }
    match total.failed.len() {
        0 => ExitCode::SUCCESS,
        failed => {
            say(&format!("{failed} sessions failed"));
            ExitCode::from(1)
        }
    }
}

/// Runs one session, and tells what happens in it while it does.
fn tell(profile: Profile, seed: u64) -> ExitCode {
    let scenario = Scenario::draw(profile, seed);
    say(&format!("{}: {:?}", profile.from_first, scenario.mishaps));
    let mut say_when =
        |when: Duration, what: &str| say(&format!("{:9.3} {what}", when.as_secs_f64()));
    let run = simulation::run_and_tell(&scenario, &mut say_when);
    match check(&scenario, &run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::from(1)
        }
    }
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.summary += other.summary;
        self.failed.extend(other.failed);
        self.busy += other.busy;
    }
}

fn report(name: &str, Outcome { summary, busy, .. }: &Outcome) {
    let frames = u128::from(summary.frames) * 1000 / busy.as_millis().max(1);
    say(&format!("{name:<13}{summary}{frames:>10}"));
}

fn run(profile: Profile, seeds: &Range<u64>, jobs: usize) -> Outcome {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut outcome = Outcome::default();
        let began = Instant::now();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            match attempt(profile, seed) {
                Ok(summary) => outcome.summary += summary,
                Err(failed) => outcome.failed.push(failed),
            }
        }
        outcome.busy = began.elapsed();
        outcome
    };
    let mut all = Outcome::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            all.add(worker.join().expect("a seed's panic is caught"));
        }
    });
    all.failed.sort_by_key(|failed| failed.seed);
    all
}

#[expect(clippy::print_stderr, reason = "what is for people goes to stderr, here and nowhere else")]
fn say(text: &str) {
    eprintln!("{text}");
}
