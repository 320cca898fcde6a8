//! Digests of long games. They are the same on every machine; a change of the rules, of the
//! encoding or of the generator shows here, and has to come with a new `RULES_VERSION`.

use crate::games::settings;
use dyad_gridworld::goal_finding::{self, Payment};
use dyad_gridworld::overcooked::{Draws, Parameters};
use dyad_gridworld::rng::Rng;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Action, Game, PlayerInput, World};

/// The digests of a game and of its world after 400 frames of random actions, two players.
fn digests_of_a_long_game(task: TaskSettings, name: &str, text: &str) -> String {
    let mut settings = settings(name, text, 2, 2026);
    settings.task = task;
    let mut world = World::new(Game::new(settings).expect("a game"));
    let mut rng = Rng::new(1);
    let mut input = || PlayerInput::new(Action::ALL[rng.below(7) as usize]);
    for _ in 0..400 {
        world.step(&[input(), input()]);
    }
    format!("{:016x} {:016x}", world.game().digest().short(), world.digest().short())
}

/// The tasks with a letter for each variant.
fn variants() -> Vec<(Vec<char>, Vec<TaskSettings>)> {
    let cogrid = [Draws::SplitMix64, Draws::Cogrid032].map(|generator| {
        TaskSettings::CogridOvercooked(Parameters { generator, ..Parameters::default() })
    });
    let people = TaskSettings::OvercookedAi2019(Default::default());
    let goals = [Payment::AsPublished, Payment::OnArrival].map(|payment| {
        TaskSettings::GoalFinding(goal_finding::Parameters { payment, ..Default::default() })
    });
    vec![
        (vec!['s', 'c'], cogrid.to_vec()),
        (vec!['a'], vec![people]),
        (vec!['p', 'o'], goals.to_vec()),
    ]
}

#[test]
fn long_games_end_in_the_committed_digests() {
    let mut table = String::new();
    for (letters, tasks) in variants() {
        for (name, text) in tasks[0].layouts() {
            for (letter, task) in letters.iter().zip(&tasks) {
                let digests = digests_of_a_long_game(task.clone(), name, text);
                table += &format!("{digests} {letter} {name}\n");
            }
        }
    }
    assert_eq!(table, include_str!("golden.txt"), "game and world, by variant and layout");
}

#[test]
fn every_task_has_golden_digests() {
    let named =
        |task: &TaskSettings| variants().iter().any(|(_, tasks)| tasks[0].name() == task.name());
    assert!(TaskSettings::all().iter().all(named));
}
