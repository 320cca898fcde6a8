//! Recorded games of the originals, replayed step by step. Every field that the rules decide is
//! compared: agents, pots with their shown number, items, delivery residue, rewards before and
//! after sharing, flags. The format is described in `fixtures/FORMAT.md`.

use dyad_gridworld::encoding::Decoder;
use dyad_gridworld::environment::{Environment as _, TaskStep};
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::layout::{Layout, Tile};
use dyad_gridworld::overcooked::{
    DELIVERED, Item, Kitchen, ONION_IN_POT, Parameters, Rules, SOUP_IN_DISH,
};
use dyad_gridworld::{Action, Reward};
use flate2::read::GzDecoder;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

#[derive(Deserialize)]
#[serde(tag = "k", rename_all = "lowercase")]
enum Record {
    Layout { ascii: Vec<String> },
    Reset(State),
    Step(Box<Step>),
}

#[derive(Deserialize)]
struct State {
    agents: Vec<(u8, u8, u8, char)>,
    pots: Vec<(String, u16, u16)>,
    #[serde(default)]
    counters: Vec<(u8, u8, char)>,
    #[serde(default)]
    floor: Vec<(u8, u8, char)>,
    #[serde(default)]
    residue: Vec<(u8, u8, char)>,
}

#[derive(Deserialize)]
struct Step {
    t: u32,
    actions: Vec<u8>,
    first: usize,
    #[serde(flatten)]
    state: State,
    rewards: Vec<f64>,
    #[serde(default)]
    solo: Vec<f64>,
    terminated: bool,
    truncated: bool,
}

/// The episode's length in the recorded games.
const RECORDED_MAX_STEPS: u32 = 400;

fn held_code(letter: char) -> u8 {
    Item::from_letter(letter).map_or(0, |item| item as u8)
}

/// The kitchen in a recorded state, through the canonical encoding: what the trace says of a
/// start is complete only if decoding it works.
fn kitchen(rules: &Rules, layout: &Layout, state: &State) -> Kitchen {
    let mut bytes = Vec::new();
    for &(row, column, direction, held) in &state.agents {
        let cell = layout.cell(row, column).expect("an agent stands inside the grid");
        bytes.extend([cell.0, direction, held_code(held)]);
    }
    for (contents, timer, shown) in &state.pots {
        bytes.extend(contents.chars().map(held_code));
        bytes.extend(timer.to_le_bytes());
        bytes.extend(shown.to_le_bytes());
    }
    let loose = |cell: Cell| {
        let lists = [&state.counters, &state.floor, &state.residue];
        lists
            .into_iter()
            .flatten()
            .find(|&&(row, column, _)| layout.cell(row, column) == Some(cell))
    };
    bytes.extend(layout.cells().map(|cell| loose(cell).map_or(0, |&(_, _, item)| held_code(item))));
    bytes.extend(0_u16.to_le_bytes());
    let mut decoder = Decoder::new(&bytes);
    let kitchen = Kitchen::decode(rules, &mut decoder).expect("a recorded state is a state");
    decoder.finish().expect("nothing is left over");
    kitchen
}

/// The difference between a kitchen and a recorded state, as text; empty if there is none.
fn difference(rules: &Rules, layout: &Layout, kitchen: &Kitchen, state: &State) -> String {
    let letter = |item: Option<Item>| item.map_or('.', Item::letter);
    let agents: Vec<_> = kitchen
        .agents(rules)
        .iter()
        .map(|agent| {
            let (row, column) = layout.position(agent.cell);
            (row, column, agent.facing.number(), letter(agent.held))
        })
        .collect();
    let pots: Vec<_> = kitchen
        .pots(rules)
        .iter()
        .map(|pot| (pot.contents.iter().map(|&item| letter(item)).collect(), pot.timer, pot.shown))
        .collect();
    let list = |chosen: &dyn Fn(Cell) -> Option<Item>| -> Vec<(u8, u8, char)> {
        let found = layout.cells().filter_map(|cell| Some((layout.position(cell), chosen(cell)?)));
        found.map(|((row, column), item)| (row, column, item.letter())).collect()
    };
    let on = |tile: Tile| {
        move |cell: Cell| (layout.tile(cell) == tile).then(|| kitchen.item(rules, cell)).flatten()
    };
    let mut difference = String::new();
    let mut compare = |what: &str, ours: String, recorded: String| {
        if ours != recorded {
            difference += &format!("{what}: ours {ours}, recorded {recorded}\n");
        }
    };
    compare("agents", format!("{agents:?}"), format!("{:?}", state.agents));
    let pots: Vec<(String, u16, u16)> = pots;
    compare("pots", format!("{pots:?}"), format!("{:?}", state.pots));
    compare("counters", format!("{:?}", list(&on(Tile::Counter))), format!("{:?}", state.counters));
    compare("floor", format!("{:?}", list(&on(Tile::Floor))), format!("{:?}", state.floor));
    let residue = list(&|cell| kitchen.residue(rules, cell));
    compare("residue", format!("{residue:?}"), format!("{:?}", state.residue));
    difference
}

fn thousandths(rewards: &[f64]) -> Vec<Reward> {
    // The recorded rewards are whole points.
    let exact = |points: f64| (-100..100).find(|&whole| f64::from(whole) == points);
    let whole = |&points: &f64| exact(points).expect("a whole number of points");
    rewards.iter().map(|points| Reward::points(whole(points))).collect()
}

fn solo(rules: &Rules, step: &TaskStep, player: usize) -> Reward {
    let scheme = rules.rewards();
    [
        (DELIVERED, scheme.delivery),
        (ONION_IN_POT, scheme.onion_in_pot),
        (SOUP_IN_DISH, scheme.soup_in_dish),
    ]
    .into_iter()
    .filter(|&(event, _)| step.events[player] & event != 0)
    .map(|(_, reward)| reward)
    .sum()
}

/// Replays a file; returns steps and soups.
fn replay(path: &Path) -> (u32, u32) {
    let file = BufReader::new(GzDecoder::new(File::open(path).expect("the fixture is there")));
    let mut game: Option<(Rules, Layout)> = None;
    let mut world: Option<Kitchen> = None;
    let (mut steps, mut soups) = (0, 0);
    for (number, line) in file.lines().enumerate() {
        let line = line.expect("the fixture is gzip of text");
        let place = || format!("{}, line {}", path.display(), number + 1);
        match serde_json::from_str(&line).unwrap_or_else(|error| panic!("{}: {error}", place())) {
            Record::Layout { ascii } => {
                let layout = Layout::parse(&ascii.join("\n")).expect("a recorded layout");
                let rules = Rules::new(&Parameters::default(), &layout, 2).expect("it fits");
                game = Some((rules, layout));
            }
            Record::Reset(state) => {
                let (rules, layout) = game.as_ref().expect("the layout comes first");
                world = Some(kitchen(rules, layout, &state));
            }
            Record::Step(step) => {
                let (rules, layout) = game.as_ref().expect("the layout comes first");
                let kitchen = world.as_mut().expect("a reset comes before steps");
                let actions: Vec<Action> = step
                    .actions
                    .iter()
                    .map(|&number| Action::from_number(number).expect("a cardinal action"))
                    .collect();
                let order = [step.first, 1 - step.first];
                let before = kitchen.deliveries();
                let ours = kitchen.step_in_order(rules, &actions, &order);
                soups += u32::from(kitchen.deliveries() - before);
                let difference = difference(rules, layout, kitchen, &step.state);
                assert!(difference.is_empty(), "{}:\n{difference}", place());
                assert_eq!(ours.rewards[..2], thousandths(&step.rewards), "{}", place());
                let earned = if step.solo.is_empty() { vec![0.0; 2] } else { step.solo };
                let solo: Vec<Reward> = (0..2).map(|player| solo(rules, &ours, player)).collect();
                assert_eq!(solo, thousandths(&earned), "{}", place());
                assert_eq!(ours.terminated[..2], [step.terminated; 2], "{}", place());
                assert_eq!(step.truncated, step.t >= RECORDED_MAX_STEPS, "{}", place());
                steps += 1;
            }
        }
    }
    (steps, soups)
}

#[test]
fn cramped_room_replays_step_by_step() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cogrid/cramped_room.jsonl.gz");
    let (steps, soups) = replay(&path);
    assert_eq!(steps, 4_000);
    assert_eq!(soups, 57, "the soups that FORMAT.md counts");
}
