//! Random games.

use dyad_gridworld::goal_finding::{self, Payment};
use dyad_gridworld::layout::{CLASSIC, FURTHER};
use dyad_gridworld::overcooked::{Draws, Kitchen, Parameters, RewardScheme, Rules};
use dyad_gridworld::overcooked_ai;
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::{TaskRules, TaskSettings, TaskState};
use dyad_gridworld::{FocusRule, Game, MAX_PLAYERS, PlayerInput, Settings, World};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

/// A frame's inputs from arbitrary bits.
pub(crate) type Frame = [PlayerInput; MAX_PLAYERS];

/// Settings of a game in which things happen: short cooking, short episodes.
pub(crate) fn settings(layout: &str, text: &str, players: u8, seed: u64) -> Settings {
    Settings {
        task: TaskSettings::default(),
        layout: layout.to_owned(),
        layout_text: text.to_owned(),
        players,
        steps_per_second: 30,
        max_steps: 150,
        episodes: 3,
        countdown_frames: 2,
        pause_frames: 2,
        seed,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    }
}

/// A grid of any tiles, half of them floor, open edges and all.
fn grid() -> impl Strategy<Value = String> {
    let tile = prop_oneof![
        12 => Just(' '),
        3 => Just('C'),
        2 => Just('U'),
        2 => Just('O'),
        1 => Just('T'),
        2 => Just('='),
        2 => Just('@'),
        1 => Just('#'),
    ];
    (1..=7_usize, 1..=11_usize).prop_flat_map(move |(rows, columns)| {
        vec(vec(tile.clone(), columns).prop_map(String::from_iter), rows)
            .prop_map(|rows| rows.join("\n"))
    })
}

fn any_layout() -> impl Strategy<Value = String> {
    let known: Vec<String> =
        CLASSIC.iter().chain(&FURTHER).map(|(_, text)| (*text).to_owned()).collect();
    prop_oneof![prop::sample::select(known), grid()]
}

/// A game of the given numbers of players.
pub(crate) fn game(players: impl Strategy<Value = u8>) -> impl Strategy<Value = Arc<Game>> {
    let scheme = prop::sample::select(RewardScheme::PRESETS.to_vec());
    let draws = prop_oneof![Just(Draws::SplitMix64), Just(Draws::Cogrid032)];
    let parts = (any_layout(), players, any::<u64>(), 1..8_u16, scheme, draws);
    parts.prop_filter_map(
        "a kitchen with room",
        |(text, players, seed, cook_time, scheme, draws)| {
            let mut settings = settings("random", &text, players, seed);
            let rewards = scheme.1;
            let parameters = Parameters { cook_time, rewards, generator: draws };
            settings.task = TaskSettings::CogridOvercooked(parameters);
            Game::new(settings).ok()
        },
    )
}

/// Marks the first cells of floor as start cells, as far as players go.
fn with_spawns(grid: &str, players: u8) -> String {
    let mut numbers = ('1'..).take(usize::from(players));
    let mark = |letter| if letter == ' ' { numbers.next().unwrap_or(' ') } else { letter };
    grid.chars().map(mark).collect()
}

/// A game of Overcooked-AI.
pub(crate) fn overcooked_ai(
    players: impl Strategy<Value = u8>,
) -> impl Strategy<Value = Arc<Game>> {
    let known: Vec<String> =
        overcooked_ai::LAYOUTS.iter().map(|(_, text)| (*text).to_owned()).collect();
    let layout = prop_oneof![prop::sample::select(known), grid()];
    let scheme = prop::sample::select(overcooked_ai::RewardScheme::PRESETS.to_vec());
    let parts = (layout, players, any::<u64>(), 1..8_u16, scheme);
    parts.prop_filter_map("a kitchen with room", |(text, players, seed, cook_time, scheme)| {
        let marked = text.contains('1');
        let text = if marked { text } else { with_spawns(&text, players) };
        let parameters = overcooked_ai::Parameters { cook_time, rewards: scheme.1 };
        let task = TaskSettings::OvercookedAi2019(parameters);
        Game::new(Settings { task, ..settings("random", &text, players, seed) }).ok()
    })
}

/// A game of `GoalFinding`.
fn goal_finding(players: impl Strategy<Value = u8>) -> impl Strategy<Value = Arc<Game>> {
    let tile = prop_oneof![8 => Just(' '), 1 => Just('G'), 1 => Just('#')];
    let row = || vec(tile.clone(), 5).prop_map(String::from_iter);
    let payment = prop_oneof![Just(Payment::AsPublished), Just(Payment::OnArrival)];
    let parts = ([row(), row(), row(), row()], players, any::<u64>(), payment);
    parts.prop_filter_map("a field with room", |(rows, players, seed, payment)| {
        let text = with_spawns(&rows.join("\n"), players);
        let parameters = goal_finding::Parameters { payment, ..Default::default() };
        let task = TaskSettings::GoalFinding(parameters);
        Game::new(Settings { task, ..settings("random", &text, players, seed) }).ok()
    })
}

/// A game of any task, with any rule about players who are away.
pub(crate) fn any_task() -> impl Strategy<Value = Arc<Game>> {
    let game =
        prop_oneof![2 => game(1..=4_u8), 2 => overcooked_ai(1..=4_u8), 1 => goal_finding(1..=4_u8)];
    (game, focus_rule()).prop_map(|(game, focus)| {
        Game::new(Settings { focus, ..game.settings().clone() }).expect("a game")
    })
}

/// Any rule about players who are away; half of them are none.
pub(crate) fn focus_rule() -> impl Strategy<Value = FocusRule> {
    let limit = prop::option::of(1..60_u32);
    let rule = (limit, any::<bool>(), 1..10_u32).prop_map(|(limit, pause, return_frames)| {
        FocusRule { limit, pause, return_frames, warn_frames: 0 }
    });
    prop_oneof![Just(FocusRule::default()), rule]
}

/// Inputs: mostly actions that do something, and some of any bits at all.
pub(crate) fn frames(most: usize) -> impl Strategy<Value = Vec<Frame>> {
    let input = prop_oneof![
        9 => (1..=5_u16).prop_map(PlayerInput::from_bits),
        1 => any::<u16>().prop_map(PlayerInput::from_bits),
    ];
    vec([input.clone(), input.clone(), input.clone(), input], 0..most)
}

pub(crate) fn rules(world: &World) -> &Rules {
    let TaskRules::CogridOvercooked(rules) = world.game().rules() else { panic!("another task") };
    rules
}

pub(crate) fn kitchen(world: &World) -> &Kitchen {
    let TaskState::CogridOvercooked(kitchen) = world.task() else { panic!("another task") };
    kitchen
}
