//! The schedules in `fixtures/` are what the simulator makes, and show what they should.
//!
//! `DYAD_WRITE_FIXTURES=1 cargo test --manifest-path tests/simulation/Cargo.toml schedules`
//! writes them anew; netplay's test `schedule` follows them through Bevy.

use dyad_simulation::golden;
use dyad_simulation::lockstep::{KEPT, Schedule, make, scenario};
use dyad_simulation::script::Script;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    folder.join(format!("{name}.json"))
}

#[test]
fn the_kept_ones_are_those_that_are_made() {
    for kept in KEPT {
        let scenario = scenario(kept);
        let made = make(&scenario).to_json();
        let path = path(scenario.profile.name);
        if std::env::var_os("DYAD_WRITE_FIXTURES").is_some() {
            fs::write(&path, &made).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap();
        assert!(made == kept, "{} is not what the simulator makes now", path.display());
    }
}

#[test]
fn they_lead_to_the_session_without_a_network() {
    for kept in KEPT {
        let scenario = scenario(kept);
        let schedule = make(&scenario);
        assert!(schedule.frames.len() > usize::try_from(scenario.frames()).unwrap());
        let mut script = Script::of(&scenario);
        let truth = golden::frames(&scenario, &mut script, schedule.frames.len());
        for (frame, golden) in schedule.frames.iter().zip(truth) {
            assert_eq!(frame.digest, golden.digest.to_string(), "frame {}", golden.frame);
        }
    }
}

/// How many datagrams of a schedule never arrive, arrive again, and arrive after a later one.
fn misfortunes(schedule: &Schedule) -> [u64; 3] {
    let mut misfortunes = [0; 3];
    for seat in 0..2 {
        let arrivals: Vec<u64> =
            schedule.arrivals.iter().flat_map(|round| round[seat].iter().copied()).collect();
        let different: BTreeSet<u64> = arrivals.iter().copied().collect();
        let sent = 0..different.last().copied().unwrap_or(0);
        let overtaken = arrivals.windows(2).filter(|pair| pair[1] < pair[0]);
        misfortunes[0] += sent.filter(|number| !different.contains(number)).count() as u64;
        misfortunes[1] += (arrivals.len() - different.len()) as u64;
        misfortunes[2] += overtaken.count() as u64;
    }
    misfortunes
}

#[test]
fn they_lose_double_overtake_and_stall() {
    let mut sums = [0; 3];
    for kept in KEPT {
        let schedule = make(&scenario(kept));
        let (name, rounds) = (kept.0.name, schedule.arrivals.len());
        for (sum, count) in sums.iter_mut().zip(misfortunes(&schedule)) {
            *sum += count;
        }
        for totals in schedule.totals {
            assert!(totals.rollbacks > 20 && totals.deepest >= 4, "{name}: {totals:?}");
        }
        assert!(name != "stalled" || rounds > schedule.frames.len() + 50, "{rounds} rounds");
    }
    assert!(sums.iter().all(|&count| count > 20), "{sums:?}");
}
