//! Every profile over many seeds: two to four players, one to three episodes, several layouts,
//! speeds and input delays, and what befalls them.

use dyad_gridworld::{Phase, World};
use dyad_simulation::profile::by_name;
use dyad_simulation::summary::{HEADER, Summary};
use dyad_simulation::trial::{Failed, attempt};
use dyad_simulation::{Scenario, simulation};

/// Seeds of each profile; `cargo xtask sim` runs others.
const SEEDS: u64 = 40;

/// Runs and checks the profile's seeds; a failure names the seed and the command to repeat it.
#[expect(
    clippy::print_stdout,
    reason = "the coverage is what a person wants to see of these tests"
)]
fn sessions(profile: &str) -> Summary {
    let profile = by_name(profile).expect("a profile");
    let mut summary = Summary::default();
    let mut failed = Vec::new();
    for seed in 0..SEEDS {
        match attempt(profile, seed) {
            Ok(one) => summary += one,
            Err(failure) => failed.push(failure),
        }
    }
    println!("{:<13}{HEADER}\n{:<13}{summary}", "", profile.name);
    let failed: Vec<String> = failed.iter().map(Failed::to_string).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    summary
}

#[test]
fn perfect() {
    let summary = sessions("perfect");
    assert!(summary.deepest <= 1 && summary.stalls + summary.dropped == 0, "{summary:?}");
    assert_eq!(summary.interruptions + summary.reconnections, 0, "{summary:?}");
}

#[test]
fn lan() {
    let summary = sessions("lan");
    assert!(summary.stalls == 0 && summary.deepest <= 2, "{summary:?}");
    assert_eq!(summary.interruptions, 0, "{summary:?}");
}

#[test]
fn wan() {
    let summary = sessions("wan");
    assert!(summary.rollbacks > 1000 && summary.interruptions == 0, "{summary:?}");
}

#[test]
fn jitter() {
    let summary = sessions("jitter");
    assert!(summary.rollbacks > 1000 && summary.reordered > 1000, "{summary:?}");
}

#[test]
fn loss() {
    let summary = sessions("loss");
    let percent = summary.dropped * 100 / summary.sent;
    assert!(summary.rollbacks > 1000 && (13..=17).contains(&percent), "{summary:?}");
}

#[test]
fn chaos() {
    let summary = sessions("chaos");
    assert!(summary.rollbacks > 1000 && summary.reordered > 1000, "{summary:?}");
}

#[test]
fn asymmetric() {
    let summary = sessions("asymmetric");
    assert!(summary.rollbacks > 1000 && summary.deepest > 8, "{summary:?}");
}

#[test]
fn loss_one_way() {
    let summary = sessions("one-way-loss");
    assert!(summary.rollbacks > 1000 && summary.dropped > 1000, "{summary:?}");
}

#[test]
fn far() {
    let summary = sessions("far");
    assert!(summary.rollbacks > 1000 && summary.stalls > 1000, "{summary:?}");
}

#[test]
fn outages() {
    let summary = sessions("outages");
    // Two seconds of silence can only have passed on the virtual clock.
    assert!(summary.stalls > 1000 && summary.interruptions > 10, "{summary:?}");
    assert!(summary.reconnections > 10 && summary.supplied > 10, "{summary:?}");
}

#[test]
fn stops() {
    let summary = sessions("stops");
    assert!(summary.stalls > 1000 && summary.interruptions > 10, "{summary:?}");
}

#[test]
fn cuts() {
    let summary = sessions("cuts");
    assert!(summary.reconnections > 50 && summary.supplied > 100, "{summary:?}");
}

#[test]
fn partitions() {
    let summary = sessions("partitions");
    assert!(summary.interruptions > 50 && summary.reconnections > 50, "{summary:?}");
}

#[test]
fn freezes() {
    let summary = sessions("freezes");
    assert!(summary.interruptions > 20 && summary.reconnections > 20, "{summary:?}");
}

#[test]
fn restarts() {
    let summary = sessions("restarts");
    assert!(summary.restarts > 50 && summary.supplied > 50, "{summary:?}");
}

#[test]
fn losses() {
    let summary = sessions("losses");
    assert!(summary.losses > 30 && summary.interruptions > 30, "{summary:?}");
}

#[test]
fn leaves() {
    let summary = sessions("leaves");
    // Hardly anybody has to find out by silence: who leaves says so.
    assert!(summary.losses > 30 && summary.interruptions < 5, "{summary:?}");
}

#[test]
fn troubles() {
    let summary = sessions("troubles");
    assert!(summary.restarts > 20 && summary.interruptions > 50, "{summary:?}");
}

#[test]
fn calamities() {
    let summary = sessions("calamities");
    assert!(summary.restarts > 10 && summary.losses > 5, "{summary:?}");
}

/// How many of the profile's sessions have a game that waits for who is away, and how many frames
/// of theirs it waited.
fn waits(profile: &str) -> (usize, usize) {
    let profile = by_name(profile).expect("a profile");
    let scenarios = (0..SEEDS).map(|seed| Scenario::draw(profile, seed));
    let waiting = scenarios.filter(|scenario| scenario.game.settings().focus.pause);
    let frames = waiting.map(|scenario| {
        let run = simulation::run(&scenario);
        let mut world = World::new(scenario.game.clone());
        let waited = run.peers[0].record().frames().filter(|frame| {
            world.step(&frame.inputs);
            matches!(world.phase(), Phase::Paused { .. })
        });
        waited.count()
    });
    let frames: Vec<usize> = frames.collect();
    (frames.len(), frames.iter().sum())
}

#[test]
fn absences() {
    let summary = sessions("absences");
    assert!(summary.rollbacks > 500 && summary.interruptions == 0, "{summary:?}");
    assert!((10..=35).contains(&summary.deserted), "some end early, some don't: {summary:?}");
    let (games, frames) = waits("absences");
    assert!(games > 10 && frames > 1000, "{frames} frames of {games} games were waited");
}

#[test]
fn absences_in_trouble() {
    let summary = sessions("absences-troubles");
    assert!(summary.restarts > 10 && summary.interruptions > 30, "{summary:?}");
    assert!((10..=35).contains(&summary.deserted), "{summary:?}");
}

#[test]
fn a_failure_names_the_command_that_repeats_it() {
    let reason = dyad_simulation::trial::Reason::Panic("overslept".to_owned());
    let text = Failed { profile: "loss", seed: 17, reason }.to_string();
    assert_eq!(
        text,
        "loss, seed 17: panic: overslept\n  \
         repeat: cargo xtask sim --seeds 17..18 --profile loss"
    );
}
