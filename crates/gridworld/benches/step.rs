//! What a step, an observation, a clone and a digest cost: cramped room, random actions.
//!
//! ```text
//! cargo bench -p dyad-gridworld --bench step
//! cargo bench -p dyad-gridworld --bench step --features rayon
//! ```
//!
//! A sample of the benchmarks that step is 65,536 steps of a world, in episodes of 1000 steps.
//! Joint actions are drawn before the clock starts, as many as a sample needs, so that no
//! processor learns them by heart; a line's second row says how many steps that is in a second.
//! `compare_originals.py` runs this beside the original programs, on one core.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use dyad_gridworld::batch::Batch;
use dyad_gridworld::layout::{CLASSIC, classic};
use dyad_gridworld::observation::{FEATURES, FeatureVector, Residue};
use dyad_gridworld::overcooked::{Kitchen, Rules};
use dyad_gridworld::rng::Rng;
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::{TaskRules, TaskSettings, TaskState, TaskStates};
use dyad_gridworld::{Action, Game, PlayerInput, Settings, World};
use std::sync::Arc;

const STEPS: usize = 1 << 16;
const PLAYERS: usize = 2;
/// Sizes of batches: first-level cache, second-level cache, main memory.
const WORLDS: [u64; 3] = [64, 1024, 16_384];

fn main() {
    print_sizes();
    divan::main();
}

#[expect(clippy::print_stdout, reason = "a benchmark's figures go there")]
fn print_sizes() {
    println!("a world in memory: {} bytes", size_of::<World>());
    for (name, _) in CLASSIC {
        let bytes = World::new(game(name)).encode().as_bytes().len();
        println!("encoded, {name}: {bytes} bytes");
    }
}

fn game(layout: &str) -> Arc<Game> {
    let settings = Settings {
        task: TaskSettings::default(),
        layout: layout.to_owned(),
        layout_text: classic(layout).expect("a classic layout").to_owned(),
        players: 2,
        steps_per_second: 30,
        max_steps: 1000,
        // More than a sample plays, so that no sample measures the idle end of a session.
        episodes: 100,
        countdown_frames: 0,
        pause_frames: 1,
        seed: 1,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    };
    Game::new(settings).expect("good settings")
}

fn cramped_room() -> Arc<Game> {
    game("cramped_room")
}

/// Random joint actions, by step and by seat.
fn actions() -> Vec<Action> {
    let mut rng = Rng::new(5);
    (0..STEPS * PLAYERS).map(|_| Action::ALL[rng.below(7) as usize]).collect()
}

fn inputs() -> Vec<[PlayerInput; PLAYERS]> {
    let actions = actions();
    let (joint, _) = actions.as_chunks();
    joint.iter().map(|joint: &[Action; PLAYERS]| joint.map(PlayerInput::new)).collect()
}

fn rules(game: &Game) -> &Rules {
    let TaskRules::CogridOvercooked(rules) = game.rules() else { panic!("another task") };
    rules
}

fn kitchens(batch: &Batch) -> &[Kitchen] {
    let TaskStates::CogridOvercooked(kitchens) = batch.states() else { panic!("another task") };
    kitchens
}

#[divan::bench]
fn single(bencher: Bencher<'_, '_>) {
    let (world, inputs) = (World::new(cramped_room()), inputs());
    let bencher = bencher.counter(ItemsCount::new(STEPS)).with_inputs(|| world.clone());
    bencher.bench_local_refs(|world| {
        for both in &inputs {
            black_box(&world.step(both));
        }
    });
}

#[divan::bench]
fn single_with_both_observations(bencher: Bencher<'_, '_>) {
    let (world, inputs) = (World::new(cramped_room()), inputs());
    let rules = rules(world.game());
    let features = FeatureVector::new(rules, Residue::Shown).expect("a classic layout");
    let mut seen = Box::new([[0.0; FEATURES]; PLAYERS]);
    let bencher = bencher.counter(ItemsCount::new(STEPS)).with_inputs(|| world.clone());
    bencher.bench_local_refs(|world| {
        for both in &inputs {
            black_box(&world.step(both));
            let TaskState::CogridOvercooked(kitchen) = world.task() else { panic!("another task") };
            features.write_both(rules, kitchen, &mut seen);
            black_box(&mut seen);
        }
    });
}

#[divan::bench(args = WORLDS)]
fn batched(bencher: Bencher<'_, '_>, worlds: u64) {
    let (mut batch, actions) = (Batch::new(cramped_room(), 0..worlds), actions());
    bencher.counter(ItemsCount::new(STEPS)).bench_local(|| {
        for joint in actions.chunks(PLAYERS * batch.len()) {
            batch.step(joint);
            black_box(batch.steps());
        }
    });
}

#[cfg(feature = "rayon")]
#[divan::bench(args = WORLDS)]
fn batched_on_all_cores(bencher: Bencher<'_, '_>, worlds: u64) {
    let (mut batch, actions) = (Batch::new(cramped_room(), 0..worlds), actions());
    bencher.counter(ItemsCount::new(STEPS)).bench_local(|| {
        for joint in actions.chunks(PLAYERS * batch.len()) {
            batch.step_parallel(joint);
            black_box(batch.steps());
        }
    });
}

#[divan::bench(args = [64, 1024])]
fn batched_with_both_observations(bencher: Bencher<'_, '_>, worlds: u64) {
    let (mut batch, actions) = (Batch::new(cramped_room(), 0..worlds), actions());
    let game = Arc::clone(batch.game());
    let features = FeatureVector::new(rules(&game), Residue::Shown).expect("a classic layout");
    let mut seen = vec![[[0.0; FEATURES]; PLAYERS]; batch.len()];
    bencher.counter(ItemsCount::new(STEPS)).bench_local(|| {
        for joint in actions.chunks(PLAYERS * batch.len()) {
            batch.step(joint);
            batch.go_on();
            features.write_many(rules(&game), kitchens(&batch), &mut seen);
            black_box((batch.steps(), &mut seen));
        }
    });
}

#[divan::bench]
fn clone(bencher: Bencher<'_, '_>) {
    let world = World::new(cramped_room());
    bencher.bench_local(|| {
        black_box(black_box(&world).clone());
    });
}

#[divan::bench]
fn digest(bencher: Bencher<'_, '_>) {
    let world = World::new(cramped_room());
    bencher.bench_local(|| black_box(&world).digest());
}
