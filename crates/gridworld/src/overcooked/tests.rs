//! Rules that two recorded players do not show: other numbers of players, and who gets rewards.

use super::{Item, Kitchen, Parameters, RewardScheme, Rules};
use crate::environment::Environment as _;
use crate::geometry::Cell;
use crate::layout::Layout;
use crate::rng::Rng;
use crate::{Action, MAX_PLAYERS, Reward};

struct Game {
    rules: Rules,
    kitchen: Kitchen,
}

impl Game {
    fn new(grid: &str, players: usize, rewards: RewardScheme) -> Self {
        let parameters = Parameters { rewards, ..Parameters::default() };
        let rules = Rules::new(&parameters, &Layout::parse(grid).unwrap(), players).unwrap();
        let kitchen = Kitchen::start(&rules, 0, &mut Rng::new(1));
        Self { rules, kitchen }
    }

    fn move_all(&mut self, action: Action, order: &[usize]) -> Vec<u8> {
        let actions = vec![action; order.len()];
        self.kitchen.step_in_order(&self.rules, &actions, order);
        self.kitchen.agents(&self.rules).iter().map(|agent| agent.cell.0).collect()
    }
}

#[test]
fn three_in_a_row_follow_each_other_only_behind_those_who_went_before() {
    // Cells 0 to 3; the players stand on 1, 2 and 3 and all go left.
    for (order, expected) in [
        ([0, 1, 2], [0, 1, 2]),
        ([0, 2, 1], [0, 1, 3]),
        ([1, 0, 2], [0, 2, 3]),
        ([1, 2, 0], [0, 2, 3]),
        ([2, 0, 1], [0, 1, 3]),
        ([2, 1, 0], [0, 2, 3]),
    ] {
        let mut game = Game::new(" +++", 3, RewardScheme::default());
        assert_eq!(game.move_all(Action::Left, &order), expected, "{order:?}");
    }
}

#[test]
fn one_of_four_gets_the_cell_that_all_want() {
    // The middle cell has a player on each side.
    for first in 0..4 {
        let mut game = Game::new("#+#\n+ +\n#+#", 4, RewardScheme::default());
        let inwards = [Action::Down, Action::Right, Action::Left, Action::Up];
        let order: Vec<usize> = (0..4).map(|turn| (first + turn) % 4).collect();
        game.kitchen.step_in_order(&game.rules, &inwards, &order);
        for (seat, agent) in game.kitchen.agents(&game.rules).iter().enumerate() {
            assert_eq!(agent.cell == Cell(4), seat == first, "{first}, {seat}");
        }
    }
}

/// One player cooks and delivers, the others are shut in below.
const SOLO: &str = "UO=@\n+   \n####\n+++#";

/// The rewards of all players over an onion soup from the first onion to the delivery.
fn cook_alone(players: usize, rewards: RewardScheme) -> [Reward; MAX_PLAYERS] {
    let mut game = Game::new(SOLO, players, rewards);
    let onion = "rupLup";
    let script = [&onion.repeat(3), &".".repeat(30), "rrupLLup", "rrrup"].concat();
    let mut total = [Reward::ZERO; MAX_PLAYERS];
    let mut rng = Rng::new(0);
    for letter in script.chars() {
        let mut actions = [Action::Noop; MAX_PLAYERS];
        actions[0] = match letter {
            'r' => Action::Right,
            'L' => Action::Left,
            'u' => Action::Up,
            'p' => Action::PickupDrop,
            _ => Action::Noop,
        };
        let step = game.kitchen.step(&game.rules, &actions[..players], &mut rng);
        for (total, reward) in total.iter_mut().zip(step.rewards) {
            *total += reward;
        }
    }
    assert_eq!(game.kitchen.deliveries(), 1, "{}", game.kitchen.board(&game.rules));
    assert_eq!(game.kitchen.residue(&game.rules, Cell(3)), Some(Item::OnionSoup));
    total
}

#[test]
fn soup_is_made_by_one_to_four_players_and_rewards_go_where_the_scheme_says() {
    for players in 1..=MAX_PLAYERS {
        let others = |scheme| cook_alone(players, scheme)[1..players].to_vec();
        let own = |scheme| cook_alone(players, scheme)[0];
        let rest = |reward| vec![reward; players - 1];
        assert_eq!(own(RewardScheme::COGRID_0_3), Reward::points(20 + 9 + 5));
        assert_eq!(others(RewardScheme::COGRID_0_3), rest(Reward::points(34)));
        assert_eq!(own(RewardScheme::COGRID_0_2), Reward(1_000 + 300 + 300));
        assert_eq!(others(RewardScheme::COGRID_0_2), rest(Reward::points(1)));
        assert_eq!(own(RewardScheme::DELIVERIES), Reward::points(1));
        assert_eq!(others(RewardScheme::DELIVERIES), rest(Reward::points(1)));
        assert_eq!(own(RewardScheme::SHAPED), Reward::points(34));
        assert_eq!(others(RewardScheme::SHAPED), rest(Reward::ZERO));
    }
}

#[test]
fn at_an_open_edge_an_item_is_put_down_underfoot() {
    let mut game = Game::new("O\n+", 1, RewardScheme::default());
    let mut rng = Rng::new(0);
    for action in [Action::Up, Action::PickupDrop, Action::Down, Action::PickupDrop] {
        game.kitchen.step(&game.rules, &[action], &mut rng);
    }
    assert_eq!(game.kitchen.item(&game.rules, Cell(1)), Some(Item::Onion));
    assert_eq!(game.kitchen.agents(&game.rules)[0].held, None);
}

#[test]
fn a_board_shows_everything() {
    let mut game = Game::new("UO\n+ ", 1, RewardScheme::default());
    let mut rng = Rng::new(0);
    let actions = [Action::Right, Action::Up, Action::PickupDrop, Action::Left];
    for action in actions {
        game.kitchen.step(&game.rules, &[action], &mut rng);
    }
    let board = game.kitchen.board(&game.rules).to_string();
    assert_eq!(board, "UO\n< \nplayer 0 < at 1,0 holds onion\npot at 0,0: ... timer 30\n");
}
