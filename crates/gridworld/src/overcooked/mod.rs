//! CoGrid's Overcooked: two or more cooks put three onions into a pot, wait, plate the soup and
//! carry it to the delivery zone.
//!
//! The rules are those of cogrid 0.3.x and 0.2.1 (Apache-2.0), whose step functions agree: what
//! differs between the versions is layouts, reward weights and random draws. They are checked
//! step by step against recorded games of cogrid 0.3.2 (`tests/oracle.rs`). Behaviour that may
//! look like a mistake is the original's, and says so.
//!
//! - [`Parameters`]: what can be set; [`Rules`]: the tables made from them and the layout;
//! - [`Kitchen`]: the state of an episode;
//! - `step.rs`: one step; `many.rs`: one step of many kitchens; `draws.rs`: its random draws; `columns.rs`: what stands in a table;
//!   `board.rs`: the state as text for people.

mod board;
mod columns;
mod draws;
mod many;
mod parameters;
mod rules;
mod step;
#[cfg(test)]
mod tests;
#[doc(hidden)]
pub mod variation;

pub use draws::Order;
pub(crate) use draws::order;
pub use parameters::{Draws, Parameters, RewardScheme};
pub use rules::{MAX_POTS, Rules};
pub use step::{DELIVERED, ONION_IN_POT, SOUP_IN_DISH};

use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::environment::{Environment, TaskStep, Value};
use crate::geometry::{Cell, Direction, MAX_CELLS};
use crate::layout::{KITCHENS, Layout, NamedLayout, Tile};
use crate::numpy;
use crate::rng::Rng;
use crate::settings::SettingsError;
use crate::{Action, MAX_PLAYERS};

/// Ingredients a pot takes.
pub const POT_CAPACITY: usize = 3;

/// Something that can be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Item {
    /// An onion.
    Onion = 1,
    /// A tomato.
    Tomato = 2,
    /// An empty plate.
    Plate = 3,
    /// A plate of onion soup.
    OnionSoup = 4,
    /// A plate of tomato soup.
    TomatoSoup = 5,
}

impl Item {
    /// All items.
    pub const ALL: [Self; 5] =
        [Self::Onion, Self::Tomato, Self::Plate, Self::OnionSoup, Self::TomatoSoup];

    /// The letter in recorded games and in the columns: `o` onion, `t` tomato, `P` plate,
    /// `S` onion soup, `!` tomato soup.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Onion => 'o',
            Self::Tomato => 't',
            Self::Plate => 'P',
            Self::OnionSoup => 'S',
            Self::TomatoSoup => '!',
        }
    }

    /// The word in the columns.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Onion => "onion",
            Self::Tomato => "tomato",
            Self::Plate => "plate",
            Self::OnionSoup => "onion_soup",
            Self::TomatoSoup => "tomato_soup",
        }
    }

    /// The item with this letter.
    #[must_use]
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.letter() == letter)
    }

    /// Whether it is a soup of either kind.
    #[must_use]
    pub const fn is_soup(self) -> bool {
        matches!(self, Self::OnionSoup | Self::TomatoSoup)
    }

    /// Whether it can go into a pot.
    #[must_use]
    pub const fn is_ingredient(self) -> bool {
        matches!(self, Self::Onion | Self::Tomato)
    }
}

/// One cook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Where it stands.
    pub cell: Cell,
    /// Where it looks.
    pub facing: Direction,
    /// What it carries.
    pub held: Option<Item>,
}

/// One pot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pot {
    /// What is in it, first things first.
    pub contents: [Option<Item>; POT_CAPACITY],
    /// Steps until the soup is ready. The cook time while nothing cooks; 0 with three
    /// ingredients means ready.
    pub timer: u16,
    /// The number that CoGrid keeps for the pot in its state map, n + n * timer with n
    /// ingredients, as it was before the last step's interactions. It has no effect on play;
    /// observations show it.
    pub shown: u16,
}

impl Pot {
    const fn empty(cook_time: u16) -> Self {
        Self { contents: [None; POT_CAPACITY], timer: cook_time, shown: 0 }
    }

    /// How many ingredients are in it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.contents.iter().flatten().count()
    }

    /// Whether it holds three ingredients, cooking or cooked.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.contents[POT_CAPACITY - 1].is_some()
    }

    /// Whether a plate takes the soup.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.is_full() && self.timer == 0
    }

    /// Whether ingredients are of one kind and lie without a gap, as the rules put them.
    fn is_possible(contents: [Option<Item>; POT_CAPACITY]) -> bool {
        contents.iter().flatten().all(|item| item.is_ingredient())
            && contents.windows(2).all(|pair| pair[1].is_none() || pair[1] == pair[0])
    }

    fn decode(bytes: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut contents = [None; POT_CAPACITY];
        for slot in &mut contents {
            *slot = bytes.named("item", item_from_code)?;
        }
        if !Self::is_possible(contents) {
            return Err(bytes.invalid("contents of a pot"));
        }
        Ok(Self { contents, timer: bytes.u16()?, shown: bytes.u16()? })
    }
}

/// The state of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kitchen {
    pub(crate) agents: [Agent; MAX_PLAYERS],
    pub(crate) pots: [Pot; MAX_POTS],
    /// Loose items: on counters, on the floor, and in delivery cells the first soup that was
    /// delivered there (CoGrid 0.3.x leaves its id behind; observations show it).
    pub(crate) items: [Option<Item>; MAX_CELLS],
    pub(crate) deliveries: u16,
    /// The original's generator, where the original's draws are asked for.
    cogrid: Option<numpy::Generator>,
}

impl Kitchen {
    /// Agents before they are placed.
    const NOBODY: [Agent; MAX_PLAYERS] =
        [Agent { cell: Cell(0), facing: Direction::Right, held: None }; MAX_PLAYERS];

    /// A kitchen in which nothing has happened.
    const fn unused(
        rules: &Rules,
        agents: [Agent; MAX_PLAYERS],
        cogrid: Option<numpy::Generator>,
    ) -> Self {
        Self {
            agents,
            pots: [Pot::empty(rules.cook_time()); MAX_POTS],
            items: [None; MAX_CELLS],
            deliveries: 0,
            cogrid,
        }
    }

    /// Draws who moves first in the next step. [`Environment::step`] does it; only who takes a
    /// step apart needs it.
    #[inline]
    pub fn draw_order(&mut self, rules: &Rules, rng: &mut Rng) -> Order {
        match &mut self.cogrid {
            None => order(rules.players(), rng),
            Some(generator) => draws::cogrid_order(rules.players(), generator),
        }
    }

    /// The cooks, in order of seats.
    #[must_use]
    pub fn agents<'a>(&'a self, rules: &Rules) -> &'a [Agent] {
        &self.agents[..rules.players()]
    }

    /// The pots, in row-major order of their cells ([`Rules::pot_cells`]).
    #[must_use]
    pub fn pots<'a>(&'a self, rules: &Rules) -> &'a [Pot] {
        &self.pots[..rules.pot_cells().len()]
    }

    /// The pot in a pot's cell.
    ///
    /// # Panics
    /// If there is no pot in that cell: ask [`Rules::tile`] first.
    #[must_use]
    pub fn pot_in(&self, rules: &Rules, cell: Cell) -> &Pot {
        assert_eq!(rules.tile(cell), Tile::Pot, "a pot's cell");
        &self.pots[rules.pot_at(cell)]
    }

    /// What lies on a counter or on the floor.
    #[must_use]
    pub fn item(&self, rules: &Rules, cell: Cell) -> Option<Item> {
        match rules.tile(cell) {
            Tile::Delivery => None,
            _ => self.items[cell.index()],
        }
    }

    /// The kind of soup that was first delivered to a delivery cell.
    #[must_use]
    pub fn residue(&self, rules: &Rules, cell: Cell) -> Option<Item> {
        (rules.tile(cell) == Tile::Delivery).then(|| self.items[cell.index()]).flatten()
    }

    /// Soups delivered in this episode.
    #[must_use]
    pub const fn deliveries(&self) -> u16 {
        self.deliveries
    }

    fn decode_agents(&mut self, rules: &Rules, bytes: &mut Decoder<'_>) -> Result<(), DecodeError> {
        for seat in 0..rules.players() {
            let free = |&cell: &Cell| {
                rules.is_floor(cell) && self.agents[..seat].iter().all(|other| other.cell != cell)
            };
            let cell = bytes.named("free cell", |cell| Some(Cell(cell)).filter(free))?;
            let facing = bytes.named("direction", Direction::from_number)?;
            let held = bytes.named("item", item_from_code)?;
            self.agents[seat] = Agent { cell, facing, held };
        }
        Ok(())
    }
}

impl Environment for Kitchen {
    type Parameters = Parameters;
    type Rules = Rules;

    const TILES: &'static [Tile] = &[
        Tile::Floor,
        Tile::Wall,
        Tile::Counter,
        Tile::Pot,
        Tile::OnionStack,
        Tile::TomatoStack,
        Tile::PlateStack,
        Tile::Delivery,
    ];
    const AIMS: &'static [Tile] = &[Tile::Pot, Tile::Delivery];
    const LAYOUTS: &'static [NamedLayout] = &KITCHENS;

    fn encode_parameters(parameters: &Parameters, bytes: &mut Vec<u8>) {
        parameters.encode(bytes);
    }

    fn rules(
        parameters: &Parameters,
        layout: &Layout,
        players: usize,
    ) -> Result<Rules, SettingsError> {
        Rules::new(parameters, layout, players)
    }

    fn start(rules: &Rules, seed: u64, rng: &mut Rng) -> Self {
        match rules.draws() {
            Draws::SplitMix64 => Self::unused(rules, draws::start(rules, rng), None),
            Draws::Cogrid032 => {
                let (agents, generator) = draws::cogrid_start(rules, seed);
                Self::unused(rules, agents, Some(generator))
            }
        }
    }

    #[inline]
    fn step(&mut self, rules: &Rules, actions: &[Action], rng: &mut Rng) -> TaskStep {
        let order = self.draw_order(rules, rng);
        self.step_in_order(rules, actions, &order[..rules.players()])
    }

    fn step_many(
        rules: &Rules,
        kitchens: &mut [Self],
        actions: &[Action],
        rngs: &mut [Rng],
        steps: &mut [TaskStep],
    ) {
        match rules.players() {
            1 => many::step_many::<1>(rules, kitchens, actions, rngs, steps),
            2 => many::step_many::<2>(rules, kitchens, actions, rngs, steps),
            3 => many::step_many::<3>(rules, kitchens, actions, rngs, steps),
            _ => many::step_many::<MAX_PLAYERS>(rules, kitchens, actions, rngs, steps),
        }
    }

    fn encode(&self, rules: &Rules, out: &mut Encoder) {
        for agent in self.agents(rules) {
            out.u8(agent.cell.0);
            out.u8(agent.facing.number());
            out.u8(item_code(agent.held));
        }
        for pot in self.pots(rules) {
            pot.contents.iter().for_each(|&item| out.u8(item_code(item)));
            out.u16(pot.timer);
            out.u16(pot.shown);
        }
        for &item in &self.items[..rules.cells()] {
            out.u8(item_code(item));
        }
        out.u16(self.deliveries);
        if let Some(generator) = &self.cogrid {
            generator.encode(out);
        }
    }

    fn decode(rules: &Rules, bytes: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut kitchen = Self::unused(rules, Self::NOBODY, None);
        kitchen.decode_agents(rules, bytes)?;
        for pot in &mut kitchen.pots[..rules.pot_cells().len()] {
            *pot = Pot::decode(bytes)?;
        }
        for (index, item) in kitchen.items[..rules.cells()].iter_mut().enumerate() {
            let fits = |&item: &Option<Item>| rules.can_lie(item, index);
            *item = bytes.named("item", |code| item_from_code(code).filter(fits))?;
        }
        kitchen.deliveries = bytes.u16()?;
        if rules.draws() == Draws::Cogrid032 {
            kitchen.cogrid = Some(numpy::Generator::decode(bytes)?);
        }
        Ok(kitchen)
    }

    fn info_names(_rules: &Rules) -> &'static [&'static str] {
        columns::INFO_NAMES
    }

    fn info_values(
        &self,
        rules: &Rules,
        player: usize,
        step: &TaskStep,
        put: &mut dyn FnMut(Value<'_>),
    ) {
        columns::info_values(self, rules, player, step, put);
    }

    fn state_names(rules: &Rules) -> Vec<String> {
        columns::state_names(rules)
    }

    fn state_values(&self, rules: &Rules, put: &mut dyn FnMut(Value<'_>)) {
        columns::state_values(self, rules, put);
    }

    fn letter(&self, rules: &Rules, cell: Cell) -> char {
        self.shown(rules, cell)
    }
}

/// An item's byte in encodings; 0 is nothing.
pub(crate) const fn item_code(item: Option<Item>) -> u8 {
    match item {
        None => 0,
        Some(item) => item as u8,
    }
}

/// The item, or nothing, that a byte stands for.
pub(crate) fn item_from_code(code: u8) -> Option<Option<Item>> {
    match code {
        0 => Some(None),
        _ => Item::ALL.get(usize::from(code) - 1).map(|&item| Some(item)),
    }
}
