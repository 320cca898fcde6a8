//! The same seed gives the same run, bit for bit: every delivery, every update, every record.

use dyad_simulation::profile::{ALL, by_name};
use dyad_simulation::summary::Summary;
use dyad_simulation::{Scenario, simulation};

#[test]
fn a_seed_is_a_run() {
    for profile in ALL {
        for seed in 100..104 {
            let [first, second] = [(); 2].map(|()| simulation::run(&Scenario::draw(profile, seed)));
            assert_eq!(first.fingerprint, second.fingerprint, "{}, seed {seed}", profile.name);
            assert_eq!(Summary::of(&first), Summary::of(&second), "{}, seed {seed}", profile.name);
        }
    }
}

#[test]
fn the_thread_and_the_time_of_day_do_not_matter() {
    let scenario = Scenario::draw(by_name("chaos").expect("a profile"), 5);
    let fingerprint = |scenario: &Scenario| simulation::run(scenario).fingerprint;
    let here = fingerprint(&scenario);
    instant::advance(std::time::Duration::from_secs(3600));
    assert_eq!(fingerprint(&scenario), here);
    let there = std::thread::scope(|scope| {
        scope.spawn(|| fingerprint(&scenario)).join().expect("no panic")
    });
    assert_eq!(there, here);
}

#[test]
fn another_seed_is_another_run() {
    let profile = by_name("loss").expect("a profile");
    let run = |seed| simulation::run(&Scenario::draw(profile, seed)).fingerprint;
    assert_ne!(run(1), run(2));
}
