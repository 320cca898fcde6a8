//! The recorded games from their seeds and actions alone: the generator `cogrid-0.3.2` has to
//! place the agents and decide every step's priority as the original did.

use crate::traces::cogrid::{Record, Reset, Setting, Step};
use crate::{COGRID, fixture};
use dyad_gridworld::overcooked::{Draws, Kitchen, Parameters, Rules};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::{TaskSettings, TaskState};
use dyad_gridworld::{Game, PlayerInput, Settings, World};
use std::io::BufRead as _;

struct Episode {
    reset: Reset,
    steps: Vec<Step>,
}

fn recorded(name: &str) -> (Setting, Vec<Episode>) {
    let mut setting = None;
    let mut episodes: Vec<Episode> = Vec::new();
    for line in fixture(name).lines() {
        let line = line.expect("the fixture is text");
        match serde_json::from_str(&line).expect("the fixture holds records") {
            Record::Layout(header) => setting = Setting::new(header).ok(),
            Record::Reset(reset) => episodes.push(Episode { reset, steps: Vec::new() }),
            Record::Step(step) => episodes.last_mut().expect("a reset first").steps.push(*step),
        }
    }
    (setting.expect("a known format"), episodes)
}

/// A world whose second episode, counted from 0, has a recorded seed: nothing but the seed and
/// the name of the generator comes from the record.
fn world(setting: &Setting, seed: u64, episode: u16) -> World {
    let parameters = Parameters { generator: Draws::Cogrid032, ..Parameters::default() };
    let settings = Settings {
        task: TaskSettings::CogridOvercooked(parameters),
        layout: "recorded".to_owned(),
        layout_text: setting.text(),
        players: 2,
        steps_per_second: 30,
        max_steps: setting.header.max_steps,
        episodes: 3,
        countdown_frames: 0,
        pause_frames: 1,
        seed: seed.wrapping_sub(u64::from(episode)),
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    };
    let mut world = World::new(Game::new(settings).expect("a recorded game"));
    while world.episode() < episode {
        world.step(&[PlayerInput::default(); 2]);
    }
    world
}

fn kitchen(world: &World) -> &Kitchen {
    let TaskState::CogridOvercooked(kitchen) = world.task() else { panic!("another task") };
    kitchen
}

/// The kitchens without their generators, which only one of them has.
fn same(rules: &Rules, ours: &Kitchen, recorded: &Kitchen) -> bool {
    ours.board(rules).to_string() == recorded.board(rules).to_string()
}

#[test]
fn worlds_start_and_go_on_as_recorded() {
    for (name, _) in COGRID {
        let (setting, episodes) = recorded(name);
        for Episode { reset, steps } in &episodes {
            let mut world = world(&setting, reset.seed, 1);
            let start = setting.kitchen(&reset.state).ok().unwrap();
            let place = format!("{name}, seed {}", reset.seed);
            assert!(same(&setting.rules, kitchen(&world), &start), "{place}");
            for step in steps {
                let actions = step.checked_actions().ok().unwrap();
                world.step(&actions.map(PlayerInput::new));
                let after = setting.kitchen(&step.state).ok().unwrap();
                assert!(same(&setting.rules, kitchen(&world), &after), "{place}, {}", step.t);
            }
        }
    }
}

#[test]
fn every_steps_priority_is_the_recorded_one() {
    for (name, _) in COGRID {
        let (setting, episodes) = recorded(name);
        for Episode { reset, steps } in &episodes {
            let world = world(&setting, reset.seed, 0);
            let (mut kitchen, mut unused) = (kitchen(&world).clone(), Default::default());
            for step in steps {
                let order = kitchen.draw_order(&setting.rules, &mut unused);
                assert_eq!(order[0], step.first, "{name}, seed {}, {}", reset.seed, step.t);
            }
        }
    }
}

#[test]
fn a_world_continues_after_its_encoding_in_the_middle_of_a_draw() {
    let (setting, episodes) = recorded("cramped_room");
    let mut world = world(&setting, episodes[0].reset.seed, 0);
    for step in &episodes[0].steps {
        let actions = step.checked_actions().ok().unwrap();
        let mut restored = World::decode(world.game().clone(), world.encode().as_bytes()).unwrap();
        let inputs = actions.map(PlayerInput::new);
        assert_eq!(restored.step(&inputs), world.step(&inputs));
        assert_eq!(restored, world);
    }
}
