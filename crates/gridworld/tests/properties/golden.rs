//! Digests of long games. They are the same on every machine; a change of the rules, of the
//! encoding or of the generator shows here, and has to come with a new `RULES_VERSION`.

use crate::games::settings;
use dyad_gridworld::layout::{CLASSIC, FURTHER};
use dyad_gridworld::overcooked::{Draws, Parameters};
use dyad_gridworld::rng::Rng;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Action, Game, PlayerInput, World};

/// The digest after 400 frames of random actions, two players.
fn digest_of_a_long_game(name: &str, text: &str, generator: Draws) -> String {
    let mut settings = settings(name, text, 2, 2026);
    settings.task =
        TaskSettings::CogridOvercooked(Parameters { generator, ..Parameters::default() });
    let mut world = World::new(Game::new(settings).expect("a game"));
    let mut rng = Rng::new(1);
    let mut input = || PlayerInput::new(Action::ALL[rng.below(7) as usize]);
    for _ in 0..400 {
        world.step(&[input(), input()]);
    }
    format!("{:016x} {:016x}", world.game().digest().short(), world.digest().short())
}

#[test]
fn long_games_end_in_the_committed_digests() {
    let mut table = String::new();
    for (name, text) in CLASSIC.into_iter().chain(FURTHER) {
        for (letter, generator) in [('s', Draws::SplitMix64), ('c', Draws::Cogrid032)] {
            let digests = digest_of_a_long_game(name, text, generator);
            table += &format!("{digests} {letter} {name}\n");
        }
    }
    assert_eq!(table, include_str!("golden.txt"), "game and world, by generator and layout");
}
