//! Worlds in a batch, against the same worlds one by one.

use crate::games::any_task;
use dyad_gridworld::batch::{Batch, Progress};
use dyad_gridworld::rng::Rng;
use dyad_gridworld::{Action, Game, Outcome, PlayerInput, Settings, World};
use proptest::prelude::*;
use std::sync::Arc;

/// Seeds of worlds that have little in common.
fn seeds(first: u64, worlds: usize) -> Vec<u64> {
    (0..worlds as u64).map(|world| first.wrapping_add(world * world)).collect()
}

/// The world that a batch's world with this seed is to be equal to, with more episodes than a
/// test plays.
fn alone(game: &Game, seed: u64) -> World {
    let settings = Settings { seed, episodes: 1000, ..game.settings().clone() };
    World::new(Game::new(settings).expect("as good as before"))
}

/// Joint actions of all worlds: mostly moves and picking up.
fn joint(rng: &mut Rng, worlds: usize, players: usize) -> Vec<Action> {
    (0..worlds * players).map(|_| Action::ALL[rng.below(7) as usize]).collect()
}

/// Steps a world with nothing pressed until its actions count, then once with `actions`.
fn step_alone(world: &mut World, actions: &[Action]) -> Outcome {
    let inputs: Vec<PlayerInput> = actions.iter().copied().map(PlayerInput::new).collect();
    loop {
        if let Some(outcome) = world.step(&inputs) {
            return outcome;
        }
    }
}

proptest! {
    #[test]
    fn a_batch_is_its_worlds_one_by_one(
        game in any_task(),
        worlds in prop_oneof![Just(1_usize), 2..20_usize, 60..140_usize],
        steps in 1..330_usize,
        seed in any::<u64>(),
    ) {
        let seeds = seeds(seed, worlds);
        let mut batch = Batch::new(Arc::clone(&game), seeds.iter().copied());
        let mut singles: Vec<World> = seeds.iter().map(|&seed| alone(&game, seed)).collect();
        let mut rng = Rng::new(seed);
        for _ in 0..steps {
            let actions = joint(&mut rng, worlds, game.players());
            batch.step(&actions);
            let mut ended = Vec::new();
            let each = singles.iter_mut().zip(actions.chunks(game.players())).enumerate();
            for (index, (world, actions)) in each {
                let outcome = step_alone(world, actions);
                prop_assert_eq!(batch.outcome(index), Some(outcome));
                prop_assert_eq!(batch.steps()[index], outcome.task);
                prop_assert_eq!(&batch.states().state(index), world.task());
                let (episode, t, score) = (u64::from(world.episode()), world.t(), world.score());
                prop_assert_eq!(batch.progress()[index], Progress { episode, t, score });
                ended.extend(outcome.last.then_some(index));
            }
            prop_assert_eq!(batch.ended(), &ended);
            // To go on with or without a look at how the next episode starts is the same.
            if rng.below(2) == 0 {
                batch.go_on();
                prop_assert!(batch.ended().is_empty());
            }
        }
    }
}

/// In the step after an episode's last one the next is played, from its start.
#[test]
fn episodes_follow_each_other_without_end() {
    let settings = crate::games::settings("two", "+ +", 2, 7);
    let game = Game::new(Settings { max_steps: 2, episodes: 1, ..settings }).unwrap();
    let mut batch = Batch::new(game, [7, 8]);
    assert!(!batch.is_empty());
    assert_eq!(batch.outcome(0), None, "no step yet");
    for step in 0..10 {
        batch.step(&[Action::Noop; 4]);
        let outcome = batch.outcome(1).unwrap();
        assert_eq!((outcome.episode, outcome.t), (step / 2, u32::from(step % 2)));
        assert_eq!(outcome.last, step % 2 == 1);
        assert_eq!(batch.ended().len(), if outcome.last { 2 } else { 0 });
    }
    batch.go_on();
    assert_eq!(batch.outcome(0), None, "the next episode has not begun");
    assert_eq!(batch.progress()[0], Progress { episode: 5, ..Progress::default() });
}

#[test]
#[should_panic(expected = "actions of 2 worlds x 2 players")]
fn a_wrong_number_of_actions_is_refused() {
    let game = Game::new(crate::games::settings("two", "+ +", 2, 7)).unwrap();
    Batch::new(game, [1, 2]).step(&[Action::Noop; 3]);
}

#[cfg(feature = "rayon")]
mod parallel {
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn threads_change_nothing(
            game in any_task(),
            worlds in prop_oneof![0..10_usize, 1000..3000_usize],
            seed in any::<u64>(),
        ) {
            let mut one = Batch::new(Arc::clone(&game), seeds(seed, worlds));
            let mut many = one.clone();
            let mut rng = Rng::new(seed);
            // Longer than an episode.
            for _ in 0..160 {
                let actions = joint(&mut rng, worlds, game.players());
                one.step(&actions);
                many.step_parallel(&actions);
                prop_assert_eq!(one.steps(), many.steps());
                prop_assert_eq!(one.ended(), many.ended());
            }
            prop_assert_eq!(one.progress(), many.progress());
            for world in 0..worlds {
                prop_assert_eq!(one.states().state(world), many.states().state(world));
            }
        }
    }
}
