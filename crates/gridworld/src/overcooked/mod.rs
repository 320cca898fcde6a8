//! CoGrid's Overcooked: two or more cooks put three onions into a pot, wait, plate the soup and
//! carry it to the delivery zone.
//!
//! The rules are those of cogrid 0.3.x and 0.2.1 (Apache-2.0), whose step functions agree: what
//! differs between the versions is layouts, reward weights and random draws. They are checked
//! step by step against recorded games of cogrid 0.3.2 (`tests/oracle.rs`). Behaviour that may
//! look like a mistake is the original's, and says so.
//!
//! - [`rules`](Rules): parameters and the tables made from the layout;
//! - [`Kitchen`]: the state of an episode;
//! - `step.rs`: one step; `columns.rs`: what of it stands in a table.

mod columns;
mod rules;
mod step;

pub use rules::{MAX_POTS, Parameters, RewardScheme, Rules};
pub use step::{DELIVERED, ONION_IN_POT, SOUP_IN_DISH};

use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::environment::{Environment, TaskStep, Value};
use crate::geometry::{Cell, Direction, MAX_CELLS};
use crate::layout::Tile;
use crate::rng::Rng;
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
}

impl Kitchen {
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
}

impl Environment for Kitchen {
    type Rules = Rules;

    /// Marked spawns are taken in row-major order; without them every agent draws one of the
    /// cells that are still free. Directions are always drawn.
    fn start(rules: &Rules, rng: &mut Rng) -> Self {
        let mut free: Vec<Cell> = rules.free_cells().to_vec();
        let mut draw = |n: usize| rng.below(u32::try_from(n).unwrap_or(u32::MAX)) as usize;
        let mut agents =
            [Agent { cell: Cell(0), facing: Direction::Right, held: None }; MAX_PLAYERS];
        for (seat, agent) in agents[..rules.players()].iter_mut().enumerate() {
            agent.cell = match rules.spawns().get(seat) {
                Some(&spawn) => spawn,
                None => free.remove(draw(free.len())),
            };
            agent.facing = Direction::ALL[draw(Direction::ALL.len())];
        }
        Self {
            agents,
            pots: [Pot::empty(rules.cook_time()); MAX_POTS],
            items: [None; MAX_CELLS],
            deliveries: 0,
        }
    }

    fn step(&mut self, rules: &Rules, actions: &[Action], rng: &mut Rng) -> TaskStep {
        let order = step::priority(rules.players(), rng);
        self.step_in_order(rules, actions, &order[..rules.players()])
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
    }

    fn decode(rules: &Rules, bytes: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut kitchen = Self::start(rules, &mut Rng::new(0));
        for agent in &mut kitchen.agents[..rules.players()] {
            let floor = |cell| Some(Cell(cell)).filter(|&cell| rules.is_floor(cell));
            agent.cell = bytes.named("floor cell", floor)?;
            agent.facing = bytes.named("direction", Direction::from_number)?;
            agent.held = bytes.named("item", item_from_code)?;
        }
        for pot in &mut kitchen.pots[..rules.pot_cells().len()] {
            for slot in &mut pot.contents {
                *slot = bytes.named("item", item_from_code)?;
            }
            pot.timer = bytes.u16()?;
            pot.shown = bytes.u16()?;
        }
        for item in &mut kitchen.items[..rules.cells()] {
            *item = bytes.named("item", item_from_code)?;
        }
        kitchen.deliveries = bytes.u16()?;
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
}

const fn item_code(item: Option<Item>) -> u8 {
    match item {
        None => 0,
        Some(item) => item as u8,
    }
}

fn item_from_code(code: u8) -> Option<Option<Item>> {
    match code {
        0 => Some(None),
        _ => Item::ALL.get(usize::from(code) - 1).map(|&item| Some(item)),
    }
}
