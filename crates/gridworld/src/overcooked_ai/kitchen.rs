//! The state of an episode, and how it starts and is encoded.

use super::{LAYOUTS, MAX_CELLS, Object, Parameters, Rules, columns};
use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::environment::{Environment, TaskStep, Value};
use crate::geometry::{Cell, Direction};
use crate::layout::{Layout, NamedLayout, Tile};
use crate::overcooked::{self, Item, MAX_POTS, POT_CAPACITY, item_code, item_from_code};
use crate::rng::Rng;
use crate::settings::SettingsError;
use crate::{Action, MAX_PLAYERS};

/// One cook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Where it stands.
    pub cell: Cell,
    /// Where it looks.
    pub facing: Direction,
    /// What it carries.
    pub held: Option<Object>,
}

/// One pot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pot {
    pub(super) ingredient: Option<Item>,
    pub(super) count: u8,
    pub(super) cooked: u16,
}

impl Pot {
    /// What is in it: up to three ingredients of one kind.
    #[must_use]
    pub fn contents(&self) -> [Option<Item>; POT_CAPACITY] {
        let mut contents = [None; POT_CAPACITY];
        contents[..usize::from(self.count)].fill(self.ingredient);
        contents
    }

    /// Steps that the soup has cooked: 0 before there are three ingredients, 1 after the step
    /// that brought the third.
    #[must_use]
    pub const fn cooked(&self) -> u16 {
        self.cooked
    }

    /// Whether it holds three ingredients, cooking or cooked.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.count as usize == POT_CAPACITY
    }

    /// Whether a dish takes the soup.
    #[must_use]
    pub const fn is_ready(&self, rules: &Rules) -> bool {
        self.is_full() && self.cooked >= rules.cook_time()
    }

    fn decode(bytes: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let ingredient = bytes.named("ingredient", item_from_code)?;
        let pot = Self { ingredient, count: bytes.u8()?, cooked: bytes.u16()? };
        let possible = match pot {
            Self { ingredient: None, count, cooked } => count == 0 && cooked == 0,
            Self { ingredient: Some(item), count, cooked } => {
                let cooking = usize::from(count) == POT_CAPACITY && cooked <= super::MAX_COOKED;
                let filling = (1..POT_CAPACITY).contains(&usize::from(count)) && cooked == 0;
                item.is_ingredient() && (cooking || filling)
            }
        };
        if possible { Ok(pot) } else { Err(bytes.invalid("soup")) }
    }
}

/// The state of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kitchen {
    pub(super) agents: [Agent; MAX_PLAYERS],
    pub(super) pots: [Pot; MAX_POTS],
    /// What lies on counters.
    pub(super) objects: [Option<Object>; MAX_CELLS],
    pub(super) deliveries: u16,
}

impl Kitchen {
    /// A kitchen in which nothing has happened. Players start on the layout's start cells and
    /// look up.
    #[must_use]
    pub fn new(rules: &Rules) -> Self {
        let mut agents = [Agent { cell: Cell(0), facing: Direction::Up, held: None }; MAX_PLAYERS];
        for (agent, &spawn) in agents[..rules.players()].iter_mut().zip(rules.layout().spawns()) {
            agent.cell = spawn;
        }
        let pots = [Pot::default(); MAX_POTS];
        Self { agents, pots, objects: [None; MAX_CELLS], deliveries: 0 }
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

    /// What lies in a cell; only counters hold anything.
    #[must_use]
    pub fn object(&self, cell: Cell) -> Option<Object> {
        self.objects.get(cell.index()).copied().flatten()
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
            let held = Object::decode(bytes)?;
            self.agents[seat] = Agent { cell, facing, held };
        }
        Ok(())
    }
}

impl Environment for Kitchen {
    type Parameters = Parameters;
    type Rules = Rules;

    const TILES: &'static [Tile] = <overcooked::Kitchen as Environment>::TILES;
    const AIMS: &'static [Tile] = <overcooked::Kitchen as Environment>::AIMS;
    const LAYOUTS: &'static [NamedLayout] = LAYOUTS;

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

    fn start(rules: &Rules, _seed: u64, _rng: &mut Rng) -> Self {
        Self::new(rules)
    }

    fn step(&mut self, rules: &Rules, actions: &[Action], _rng: &mut Rng) -> TaskStep {
        self.step_exactly(rules, actions)
    }

    fn encode(&self, rules: &Rules, out: &mut Encoder) {
        for agent in self.agents(rules) {
            out.u8(agent.cell.0);
            out.u8(agent.facing.number());
            out.u16(Object::code(agent.held));
        }
        for pot in self.pots(rules) {
            out.u8(item_code(pot.ingredient));
            out.u8(pot.count);
            out.u16(pot.cooked);
        }
        for &cell in rules.counter_cells() {
            out.u16(Object::code(self.object(cell)));
        }
        out.u16(self.deliveries);
    }

    fn decode(rules: &Rules, bytes: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut kitchen = Self::new(rules);
        kitchen.decode_agents(rules, bytes)?;
        for pot in &mut kitchen.pots[..rules.pot_cells().len()] {
            *pot = Pot::decode(bytes)?;
        }
        for &cell in rules.counter_cells() {
            kitchen.objects[cell.index()] = Object::decode(bytes)?;
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

    fn letter(&self, rules: &Rules, cell: Cell) -> char {
        self.shown(rules, cell)
    }
}
