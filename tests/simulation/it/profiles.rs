//! Every profile over many seeds: two to four players, one to three episodes, several layouts,
//! speeds and input delays.

use dyad_simulation::profile::by_name;
use dyad_simulation::summary::{HEADER, Summary};
use dyad_simulation::trial::{Failed, attempt};

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
}

#[test]
fn lan() {
    let summary = sessions("lan");
    assert!(summary.stalls == 0 && summary.deepest <= 2, "{summary:?}");
}

#[test]
fn wan() {
    assert!(sessions("wan").rollbacks > 1000);
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
    // A second of silence can only have passed on the virtual clock.
    assert!(summary.stalls > 1000 && summary.interruptions > 10, "{summary:?}");
}

#[test]
fn stops() {
    let summary = sessions("stops");
    assert!(summary.stalls > 1000 && summary.interruptions > 10, "{summary:?}");
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
