//! What a step, a clone, a digest and an observation cost, cramped room, random actions.
//!
//! ```text
//! cargo bench -p dyad-gridworld --bench step
//! ```
//!
//! A sample of the first two is ten episodes of 1000 steps with random joint actions, which are
//! drawn before the clock starts; a line's second row says how many steps that is in a second.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use dyad_gridworld::layout::classic;
use dyad_gridworld::observation::{FEATURES, FeatureVector, Residue};
use dyad_gridworld::rng::Rng;
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::{TaskRules, TaskSettings, TaskState};
use dyad_gridworld::{Action, Game, PlayerInput, Settings, World};
use std::sync::Arc;

const STEPS: usize = 10_000;

fn main() {
    divan::main();
}

fn game() -> Arc<Game> {
    let settings = Settings {
        task: TaskSettings::default(),
        layout: "cramped_room".to_owned(),
        layout_text: classic("cramped_room").expect("a classic layout").to_owned(),
        players: 2,
        steps_per_second: 30,
        max_steps: 1000,
        // More than a sample plays, so that no sample measures the idle end of a session.
        episodes: 20,
        countdown_frames: 0,
        pause_frames: 1,
        seed: 1,
        episode_seeds: EpisodeSeeds::Derived,
    };
    Game::new(settings).expect("good settings")
}

/// Random joint actions, drawn before the clock starts.
fn inputs() -> Vec<[PlayerInput; 2]> {
    let mut rng = Rng::new(5);
    let mut input = || PlayerInput::new(Action::ALL[rng.below(7) as usize]);
    (0..STEPS).map(|_| [input(), input()]).collect()
}

#[divan::bench]
fn steps(bencher: Bencher<'_, '_>) {
    let (world, inputs) = (World::new(game()), inputs());
    let bencher = bencher.counter(ItemsCount::new(STEPS)).with_inputs(|| world.clone());
    bencher.bench_local_refs(|world| {
        for both in &inputs {
            black_box(world.step(both));
        }
    });
}

#[divan::bench]
fn steps_with_both_observations(bencher: Bencher<'_, '_>) {
    let (world, inputs) = (World::new(game()), inputs());
    let TaskRules::CogridOvercooked(rules) = world.game().rules();
    let features = FeatureVector::new(rules, Residue::Shown).expect("a classic layout");
    let mut seen = Box::new([[0.0; FEATURES]; 2]);
    let bencher = bencher.counter(ItemsCount::new(STEPS)).with_inputs(|| world.clone());
    bencher.bench_local_refs(|world| {
        for both in &inputs {
            black_box(world.step(both));
            let TaskState::CogridOvercooked(kitchen) = world.task();
            features.write_both(rules, kitchen, &mut seen);
            black_box(&mut seen);
        }
    });
}

#[divan::bench]
fn clone(bencher: Bencher<'_, '_>) {
    let world = World::new(game());
    bencher.bench_local(|| black_box(&world).clone());
}

#[divan::bench]
fn digest(bencher: Bencher<'_, '_>) {
    let world = World::new(game());
    bencher.bench_local(|| black_box(&world).digest());
}
