//! What the recorded games do not show: rewards, tomatoes, and numbers of players.

use super::{
    DELIVERED, INGREDIENT_IN_POT, Kitchen, Parameters, RewardScheme, Rules, SOUP_IN_DISH,
    USEFUL_DISH,
};
use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::environment::{Environment as _, TaskStep};
use crate::geometry::Cell;
use crate::layout::Layout;
use crate::settings::SettingsError;
use crate::{Action, Reward};

struct Game {
    rules: Rules,
    kitchen: Kitchen,
}

impl Game {
    fn new(grid: &str, players: usize) -> Self {
        let layout = Layout::parse(grid).unwrap();
        let rules = Rules::new(&Parameters::default(), &layout, players).unwrap();
        let kitchen = Kitchen::new(&rules);
        Self { rules, kitchen }
    }

    fn step(&mut self, actions: &[Action]) -> TaskStep {
        self.kitchen.step_exactly(&self.rules, actions)
    }

    /// A step for each letter, in which player 0 does what it says and the others nothing.
    fn play(&mut self, script: &str) -> Vec<TaskStep> {
        let steps = script.chars().map(|letter| {
            let mut actions = vec![Action::Noop; self.rules.players()];
            actions[0] = match letter {
                'r' => Action::Right,
                'l' => Action::Left,
                'u' => Action::Up,
                'd' => Action::Down,
                'p' => Action::PickupDrop,
                _ => Action::Noop,
            };
            self.step(&actions)
        });
        steps.collect()
    }

    fn cells(&self) -> Vec<u8> {
        self.kitchen.agents(&self.rules).iter().map(|agent| agent.cell.0).collect()
    }
}

/// One player cooks and delivers, others are shut in below.
const SOLO: &str = "UOT=@\n1    \n#####\n234##";

#[test]
fn a_soup_is_rewarded_to_who_made_it_and_its_delivery_to_all() {
    let mut game = Game::new(SOLO, 2);
    let cook = ["rup", "lup"].concat().repeat(3);
    let steps = [cook.as_str(), "rrrup", "lllu", "..........", "p", "rrrrup"].map(|script| {
        let steps = game.play(script);
        let events = steps.iter().fold(0, |all, step| all | step.events[0]);
        let rewards = [0, 1].map(|player| steps.iter().map(|s| s.rewards[player]).sum::<Reward>());
        (events, rewards.map(|reward| reward.0 / 1000))
    });
    assert_eq!(steps[0], (INGREDIENT_IN_POT, [9, 0]));
    assert_eq!(steps[1], (USEFUL_DISH, [3, 0]));
    assert_eq!((steps[2], steps[3]), ((0, [0, 0]), (0, [0, 0])));
    assert_eq!(steps[4], (SOUP_IN_DISH, [5, 0]), "{}", game.kitchen.board(&game.rules));
    assert_eq!(steps[5], (DELIVERED, [20, 20]));
    assert_eq!(game.kitchen.deliveries(), 1);
}

#[test]
fn a_soup_is_ready_cook_time_steps_after_its_third_ingredient() {
    let mut game = Game::new("UT=\n1  ", 1);
    game.play(&"ruplup".repeat(3));
    assert_eq!(game.kitchen.pots(&game.rules)[0].cooked(), 1, "already in that step");
    game.play("rrupllu");
    let waited = game.play("...........p");
    assert_eq!(waited.last().unwrap().events[0], 0, "a step too early");
    assert_eq!(game.play("p")[0].events[0], SOUP_IN_DISH);
    let soup = game.kitchen.agents(&game.rules)[0].held.unwrap();
    assert_eq!((soup.item().letter(), soup.cooked()), ('!', 20));
}

#[test]
fn a_dish_is_useful_once_for_each_pot_that_is_begun() {
    let mut game = Game::new("UO=C\n1  2", 2);
    assert_eq!(game.play("rrup")[3].events[0], 0, "nothing is begun");
    game.play("rp");
    let again = game.play("lup");
    assert_eq!(again[2].events[0], 0);
}

#[test]
fn only_equal_ingredients_go_into_a_pot_and_nothing_on_the_floor() {
    let mut game = Game::new("UOT\n1  ", 1);
    game.play("ruplup");
    let refused = game.play("rruplup");
    assert!(refused.iter().all(|step| step.events[0] == 0));
    assert_eq!(game.kitchen.pots(&game.rules)[0].contents().iter().flatten().count(), 1);
    let held = |game: &Game| game.kitchen.agents(&game.rules)[0].held;
    assert!(held(&game).is_some());
    game.play("dp");
    assert!(held(&game).is_some(), "an item is not put over the edge of the grid");
    game.play("r.lrp");
    assert!(held(&game).is_some(), "nor on the floor");
}

#[test]
fn a_collision_of_any_two_stops_everybody() {
    let mut game = Game::new("12  3", 3);
    let (left, right, stay) = (Action::Left, Action::Right, Action::Noop);
    game.step(&[right, left, left]);
    assert_eq!(game.cells(), [0, 1, 4], "the first two would change places");
    game.step(&[right, stay, left]);
    assert_eq!(game.cells(), [0, 1, 4], "the second is in the way");
    game.step(&[right, right, stay]);
    assert_eq!(game.cells(), [1, 2, 4], "following works");
    game.step(&[stay, right, left]);
    assert_eq!(game.cells(), [1, 2, 4], "two want one cell");
    game.step(&[left, stay, left]);
    assert_eq!(game.cells(), [0, 2, 3]);
}

#[test]
fn layouts_that_do_not_fit_are_refused() {
    let refused = |grid: &str, players| {
        let layout = Layout::parse(grid).unwrap();
        Rules::new(&Parameters::default(), &layout, players).err()
    };
    let missing = SettingsError::NoSpawns { task: "overcooked-ai-2019", players: 2 };
    assert_eq!(refused("1  U", 2), Some(missing));
    let large = [&"C".repeat(65), "\n1", &" ".repeat(64)].concat();
    let too_many = |what, found, most| Some(SettingsError::TooMany { what, found, most });
    assert_eq!(refused(&large, 1), too_many("cells", 130, 128));
    assert_eq!(refused("1UUUUUUUUU", 1), too_many("pots", 9, 8));
    let layout = Layout::parse("1U").unwrap();
    let hot = Parameters { cook_time: 0, rewards: RewardScheme::SPARSE };
    assert!(matches!(Rules::new(&hot, &layout, 1), Err(SettingsError::OutOfRange { .. })));
}

#[test]
fn bytes_that_are_no_kitchen_are_refused() {
    let game = Game::new("UC\n1 ", 1);
    let mut bytes = Encoder::default();
    game.kitchen.encode(&game.rules, &mut bytes);
    let bytes = bytes.as_bytes().to_vec();
    // The player: cell, direction, held; the pot: ingredient, count, cooked; the counter.
    for (at, value, field) in [
        (0, 0, "free cell"),
        (1, 4, "direction"),
        (2, 6, "object"),
        (2, 9, "object"),
        (4, 6, "ingredient"),
        (4, 1, "soup"),
        (4, 3, "soup"),
        (5, 1, "soup"),
        (6, 1, "soup"),
        (8, 7, "object"),
    ] {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        match Kitchen::decode(&game.rules, &mut Decoder::new(&bytes)) {
            Err(DecodeError::Invalid { field: found, .. }) => assert_eq!(found, field, "byte {at}"),
            other => panic!("byte {at} as {value}: {other:?}"),
        }
    }
}

#[test]
fn letters_show_what_is_there_now() {
    let mut game = Game::new("UOC\n1  ", 1);
    game.play("ruprup");
    let letters = (0..6).map(|cell| game.kitchen.letter(&game.rules, Cell(cell)));
    assert_eq!(String::from_iter(letters), "UOo  ^");
    let board = game.kitchen.board(&game.rules).to_string();
    let lines = "UOo\n  ^\nplayer 0 ^ at 1,2 holds nothing\npot at 0,0: ... cooked 0\n";
    assert_eq!(board, lines);
}
