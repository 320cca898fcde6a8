//! Observations, against slow and plain versions of them that look at one cell at a time and
//! check the edges of the grid at each look.

use crate::games::{frames, game, kitchen, rules, settings};
use dyad_gridworld::geometry::{Cell, Direction};
use dyad_gridworld::layout::{Layout, Tile};
use dyad_gridworld::observation::{
    FEATURES, FeatureVector, GridPlanes, ObservationError, PLANES, Residue,
};
use dyad_gridworld::overcooked::{Item, Kitchen, Pot, Rules};
use dyad_gridworld::task::TaskRules;
use dyad_gridworld::{Game, World};
use proptest::prelude::*;

struct Sight<'a> {
    layout: &'a Layout,
    rules: &'a Rules,
    kitchen: &'a Kitchen,
    residue: Residue,
}

const SIDES: [Direction; 4] = [Direction::Right, Direction::Left, Direction::Down, Direction::Up];
const HANDS: [Item; 5] =
    [Item::Onion, Item::OnionSoup, Item::Plate, Item::Tomato, Item::TomatoSoup];
/// Masks as (cogrid's type id, tile, item).
const MASKS: [(u16, Option<Tile>, Option<Item>); 10] = [
    (2, Some(Tile::Counter), None),
    (7, Some(Tile::Delivery), None),
    (8, None, Some(Item::Onion)),
    (9, None, Some(Item::OnionSoup)),
    (11, Some(Tile::OnionStack), None),
    (12, None, Some(Item::Plate)),
    (13, Some(Tile::PlateStack), None),
    (15, None, Some(Item::Tomato)),
    (16, None, Some(Item::TomatoSoup)),
    (18, Some(Tile::TomatoStack), None),
];

/// Empty, partial, cooking, ready.
fn status(pot: &Pot) -> [bool; 4] {
    let full = pot.count() == 3;
    let (empty, ready) = (pot.count() == 0, pot.timer == 0);
    [empty, !empty && !full, full && !ready, full && ready]
}

impl Sight<'_> {
    fn pot(&self, cell: Cell) -> Option<&Pot> {
        let index = self.rules.pot_cells().iter().position(|&pot| pot == cell)?;
        Some(&self.kitchen.pots(self.rules)[index])
    }

    fn own(&self, player: usize) -> Vec<f32> {
        let agents = self.kitchen.agents(self.rules);
        let (agent, other) = (agents[player], agents[1 - player]);
        let at = |cell| {
            let (row, column) = self.layout.position(cell);
            (f32::from(row), f32::from(column))
        };
        let (row, column) = at(agent.cell);
        let beside = SIDES.map(|side| self.layout.neighbour(agent.cell, side));
        let near = |test: &dyn Fn(Cell) -> bool| beside.map(|cell| cell.is_some_and(test));
        let mut bits = Vec::from(Direction::ALL.map(|side| agent.facing == side));
        bits.extend(HANDS.map(|item| agent.held == Some(item)));
        bits.extend(near(&|cell| self.layout.tile(cell) == Tile::Counter));
        for kind in 0..4 {
            bits.extend(near(&|cell| self.pot(cell).is_some_and(|pot| status(pot)[kind])));
        }
        let mut out: Vec<f32> = bits.into_iter().map(number).collect();
        for index in 0..2 {
            let Some(&cell) = self.rules.pot_cells().get(index) else {
                out.extend([0.0; 12]);
                continue;
            };
            let pot = self.pot(cell).expect("a pot's cell");
            let [empty, partial, cooking, ready] = status(pot);
            let count = |item| pot.contents.iter().filter(|&&slot| slot == Some(item)).count();
            let timer = if cooking { f32::from(pot.timer) } else { -1.0 };
            let (pot_row, pot_column) = at(cell);
            out.extend([true, ready, empty, cooking, partial].map(number));
            out.extend([Item::Onion, Item::Tomato].map(|item| count(item) as f32));
            out.extend([timer, row - pot_row, column - pot_column, pot_row, pot_column]);
        }
        let (other_row, other_column) = at(other.cell);
        out.extend([row - other_row, column - other_column, row, column]);
        let walkable = |cell| {
            self.layout.tile(cell) == Tile::Floor && self.kitchen.item(self.rules, cell).is_none()
        };
        out.extend(near(&walkable).map(number));
        out
    }

    fn masks(&self) -> Vec<f32> {
        let mut out = Vec::new();
        for (id, tile, item) in MASKS {
            for row in 0..7 {
                for column in 0..11 {
                    let lit = self.layout.cell(row, column).is_some_and(|cell| {
                        let there = self.kitchen.item(self.rules, cell);
                        let kept = match self.residue {
                            Residue::Shown => self.kitchen.residue(self.rules, cell),
                            Residue::Hidden => None,
                        };
                        tile == Some(self.layout.tile(cell))
                            || item.is_some() && (there == item || kept == item)
                            || self.pot(cell).is_some_and(|pot| pot.shown == id)
                    });
                    out.push(number(lit));
                }
            }
        }
        out
    }
}

const fn number(bit: bool) -> f32 {
    if bit { 1.0 } else { 0.0 }
}

proptest! {
    #[test]
    fn features_are_what_a_plain_look_gives(
        game in game(2..=2_u8),
        frames in frames(200),
        residue in prop_oneof![Just(Residue::Shown), Just(Residue::Hidden)],
    ) {
        let mut world = World::new(game);
        let features = FeatureVector::new(rules(&world), residue).unwrap();
        for frame in &frames {
            world.step(frame);
            let (layout, rules, kitchen) = (world.game().layout(), rules(&world), kitchen(&world));
            let sight = Sight { layout, rules, kitchen, residue };
            let mut both = [[f32::NAN; FEATURES]; 2];
            features.write_both(rules, kitchen, &mut both);
            for (player, seen) in both.iter().enumerate() {
                let plain = [sight.own(player), sight.own(1 - player), sight.masks()].concat();
                prop_assert_eq!(&seen[..], &plain[..]);
                let mut alone = [f32::NAN; FEATURES];
                features.write(rules, kitchen, player, &mut alone);
                prop_assert_eq!(&alone[..], &plain[..]);
            }
        }
    }

    /// From its planes a kitchen can be told whole.
    #[test]
    fn planes_show_everything_that_matters(game in game(1..=4_u8), frames in frames(200)) {
        let mut world = World::new(game);
        let planes = GridPlanes::new(rules(&world));
        let [_, rows, columns] = planes.shape();
        let cells = rows * columns;
        let mut out = vec![u8::MAX; PLANES * cells];
        for frame in &frames {
            world.step(frame);
            let (rules, kitchen) = (rules(&world), kitchen(&world));
            for player in 0..rules.players() {
                planes.write(rules, kitchen, player, &mut out);
                for index in 0..cells {
                    let column: Vec<u8> =
                        (0..PLANES).map(|plane| out[plane * cells + index]).collect();
                    let cell = Cell(u8::try_from(index).unwrap());
                    prop_assert_eq!(column, plain_column(rules, kitchen, player, cell));
                }
            }
        }
    }
}

fn plain_column(rules: &Rules, kitchen: &Kitchen, player: usize, cell: Cell) -> Vec<u8> {
    let tiles = [
        Tile::Wall,
        Tile::Counter,
        Tile::Pot,
        Tile::OnionStack,
        Tile::TomatoStack,
        Tile::PlateStack,
        Tile::Delivery,
    ];
    let mut agents = kitchen.agents(rules).iter().enumerate();
    let here = agents.find(|(_, agent)| agent.cell == cell);
    let groups = [true, false]
        .map(|own| here.filter(|&(seat, _)| (seat == player) == own).map(|(_, agent)| agent));
    let mut bits: Vec<bool> = groups.map(|agent| agent.is_some()).to_vec();
    for agent in groups {
        bits.extend(Direction::ALL.map(|side| agent.is_some_and(|agent| agent.facing == side)));
    }
    for agent in groups {
        bits.extend(Item::ALL.map(|item| agent.is_some_and(|agent| agent.held == Some(item))));
    }
    bits.extend(Item::ALL.map(|item| kitchen.item(rules, cell) == Some(item)));
    bits.extend(tiles.map(|tile| rules.tile(cell) == tile));
    let pot = (rules.tile(cell) == Tile::Pot).then(|| kitchen.pot_in(rules, cell));
    bits.extend([1, 2, 3].map(|count| pot.is_some_and(|pot| pot.count() == count)));
    bits.push(pot.is_some_and(|pot| pot.contents.contains(&Some(Item::Tomato))));
    bits.push(pot.is_some_and(|pot| status(pot)[3]));
    let mut column: Vec<u8> = bits.into_iter().map(u8::from).collect();
    let cooking = pot.filter(|pot| status(pot)[2]);
    column.push(cooking.map_or(0, |pot| u8::try_from(pot.timer).unwrap_or(u8::MAX)));
    column
}

fn refusal(text: &str, players: u8) -> Option<ObservationError> {
    let game = Game::new(settings("x", text, players, 1)).expect("a game");
    let TaskRules::CogridOvercooked(rules) = game.rules() else { panic!("another task") };
    FeatureVector::new(rules, Residue::Shown).err()
}

#[test]
fn kitchens_without_a_feature_vector_are_refused() {
    let grid = |rows: usize, columns: usize| vec![" ".repeat(columns); rows].join("\n");
    assert_eq!(refusal(&grid(7, 11), 2), None);
    let too_large = |rows, columns| Some(ObservationError::GridTooLarge { rows, columns });
    assert_eq!(refusal(&grid(8, 11), 2), too_large(8, 11));
    assert_eq!(refusal(&grid(7, 12), 2), too_large(7, 12));
    for players in [1, 3, 4] {
        let expected = ObservationError::NotTwoPlayers { players: players.into() };
        assert_eq!(refusal(&grid(3, 3), players), Some(expected));
    }
}
