//! `GoalFinding`: two players walk to a goal. The worked example of `ADDING_AN_ENVIRONMENT.md`.
//!
//! It is CoGrid's `examples/goal_finding.py` (Apache-2.0), "GoalFinding-Simple-V0", with an
//! oddity of the original: it looks who stands on a goal before the step, and pays nobody who
//! has arrived. So who gets there is never paid, and the others are on every following step.
//! [`Payment::OnArrival`] is what was probably meant.

#[cfg(test)]
mod tests;

use crate::encoding::{DecodeError, Decoder, Encoder};
use crate::environment::{Environment, TaskStep, Value};
use crate::geometry::{Cell, Direction};
use crate::layout::{Layout, NamedLayout, Tile};
use crate::rng::Rng;
use crate::settings::SettingsError;
use crate::{Action, MAX_PLAYERS, Reward, overcooked};
use serde::{Deserialize, Serialize};

/// The most goals a layout can have.
pub const MAX_GOALS: usize = 8;

/// The parameters of the task, as they stand in an experiment file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// What a goal is worth.
    pub reward: Reward,
    /// Who is paid, and when.
    pub payment: Payment,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { reward: Reward::points(1), payment: Payment::default() }
    }
}

/// Who is paid for a goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payment {
    /// As in the original: in every step that begins with somebody on a goal, all who have never
    /// been on one. Who has arrived can walk on, and is over only while standing on a goal.
    #[default]
    AsPublished,
    /// Everybody, once, in the step in which somebody arrives. Who has arrived stays there.
    OnArrival,
}

/// The grid and the parameters.
#[derive(Clone, Debug)]
pub struct Rules {
    layout: Layout,
    goals: Vec<Cell>,
    players: usize,
    parameters: Parameters,
}

/// One player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walker {
    /// Where it stands.
    pub cell: Cell,
    /// Where it looks.
    pub facing: Direction,
    /// Whether it has been on a goal.
    pub arrived: bool,
}

/// The state of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    walkers: [Walker; MAX_PLAYERS],
    /// Whether each goal was taken away.
    taken: [bool; MAX_GOALS],
}

impl Walk {
    /// The players, in order of seats.
    #[must_use]
    pub fn walkers<'a>(&'a self, rules: &Rules) -> &'a [Walker] {
        &self.walkers[..rules.players]
    }

    /// Whether there is a goal in a cell.
    #[must_use]
    pub fn is_goal(&self, rules: &Rules, cell: Cell) -> bool {
        rules.goals.iter().zip(self.taken).any(|(&goal, taken)| goal == cell && !taken)
    }

    fn is_free(&self, rules: &Rules, cell: Cell) -> bool {
        rules.layout.tile(cell).is_walkable()
            && self.walkers(rules).iter().all(|walker| walker.cell != cell)
    }

    fn on_goals(&self, rules: &Rules) -> [bool; MAX_PLAYERS] {
        let mut on_goals = [false; MAX_PLAYERS];
        for (on_goal, walker) in on_goals.iter_mut().zip(self.walkers(rules)) {
            *on_goal = self.is_goal(rules, walker.cell);
        }
        on_goals
    }

    /// A move always turns. It leads to the next cell if nobody is there.
    fn turn_and_move(&mut self, rules: &Rules, player: usize, direction: Direction) {
        let cell = self.walkers[player].cell;
        let target = rules.layout.neighbour(cell, direction);
        let target = target.filter(|&target| self.is_free(rules, target));
        self.walkers[player].facing = direction;
        self.walkers[player].cell = target.unwrap_or(cell);
    }

    /// Takes the faced goal away for the rest of the episode.
    fn take_goal(&mut self, rules: &Rules, player: usize) {
        let Walker { cell, facing, .. } = self.walkers[player];
        let faced = rules.layout.neighbour(cell, facing);
        let faced = faced.filter(|&faced| self.is_free(rules, faced));
        if let Some(goal) = rules.goals.iter().position(|&goal| Some(goal) == faced) {
            self.taken[goal] = true;
        }
    }
}

impl Environment for Walk {
    type Parameters = Parameters;
    type Rules = Rules;

    const TILES: &'static [Tile] = &[Tile::Floor, Tile::Wall, Tile::Goal];
    const AIMS: &'static [Tile] = &[Tile::Goal];
    const LAYOUTS: &'static [NamedLayout] =
        &[("simple", include_str!("../../../../assets/layouts/goal_finding/simple.txt"))];

    fn encode_parameters(parameters: &Parameters, bytes: &mut Vec<u8>) {
        bytes.extend(parameters.reward.0.to_le_bytes());
        bytes.push(u8::from(parameters.payment == Payment::OnArrival));
    }

    fn rules(
        parameters: &Parameters,
        layout: &Layout,
        players: usize,
    ) -> Result<Rules, SettingsError> {
        let goals: Vec<Cell> = layout.cells_with(Tile::Goal).collect();
        if layout.spawns().len() < players {
            return Err(SettingsError::NoSpawns { task: "goal-finding", players });
        }
        if goals.len() > MAX_GOALS {
            let found = goals.len();
            return Err(SettingsError::TooMany { what: "goals", found, most: MAX_GOALS });
        }
        Ok(Rules { layout: layout.clone(), goals, players, parameters: parameters.clone() })
    }

    fn start(rules: &Rules, _seed: u64, rng: &mut Rng) -> Self {
        let nobody = Walker { cell: Cell(0), facing: Direction::Right, arrived: false };
        let mut walkers = [nobody; MAX_PLAYERS];
        for (walker, &cell) in walkers[..rules.players].iter_mut().zip(rules.layout.spawns()) {
            let facing = Direction::ALL[rng.below(4) as usize];
            *walker = Walker { cell, facing, arrived: false };
        }
        Self { walkers, taken: [false; MAX_GOALS] }
    }

    fn step(&mut self, rules: &Rules, actions: &[Action], rng: &mut Rng) -> TaskStep {
        let Parameters { reward, payment } = rules.parameters;
        let (before, stood) = (self.walkers, self.on_goals(rules));
        let stays = |player: usize| payment == Payment::OnArrival && before[player].arrived;
        for &player in &overcooked::order(rules.players, rng)[..rules.players] {
            if let Some(direction) = actions[player].direction().filter(|_| !stays(player)) {
                self.turn_and_move(rules, player, direction);
            }
        }
        for (player, &action) in actions.iter().enumerate() {
            if action == Action::PickupDrop && !stays(player) {
                self.take_goal(rules, player);
            }
        }
        let stands = self.on_goals(rules);
        let mut step = TaskStep::default();
        let mut earned = Reward::ZERO;
        for player in 0..rules.players {
            self.walkers[player].arrived |= stands[player];
            let comes = stands[player] && !before[player].arrived;
            let (earns, over) = match payment {
                Payment::AsPublished => (stood[player], stands[player]),
                Payment::OnArrival => (comes, self.walkers[player].arrived),
            };
            step.terminated[player] = over;
            step.events[player] = u8::from(comes);
            earned += if earns { reward } else { Reward::ZERO };
        }
        for (paid, walker) in step.rewards[..rules.players].iter_mut().zip(before) {
            if payment == Payment::OnArrival || !walker.arrived {
                (*paid, step.score) = (earned, earned);
            }
        }
        step
    }

    fn encode(&self, rules: &Rules, out: &mut Encoder) {
        for walker in self.walkers(rules) {
            out.put(&[walker.cell.0, walker.facing.number(), u8::from(walker.arrived)]);
        }
        self.taken[..rules.goals.len()].iter().for_each(|&taken| out.u8(u8::from(taken)));
    }

    fn decode(rules: &Rules, bytes: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let bit = |byte| [false, true].get(usize::from(byte)).copied();
        let mut walk = Self::start(rules, 0, &mut Rng::default());
        for seat in 0..rules.players {
            let known = |&cell: &Cell| {
                cell.index() < rules.layout.tiles().len()
                    && rules.layout.tile(cell).is_walkable()
                    && walk.walkers[..seat].iter().all(|other| other.cell != cell)
            };
            let cell = bytes.named("free cell", |cell| Some(Cell(cell)).filter(known))?;
            let facing = bytes.named("direction", Direction::from_number)?;
            let arrived = bytes.named("arrival", bit)?;
            walk.walkers[seat] = Walker { cell, facing, arrived };
        }
        for taken in &mut walk.taken[..rules.goals.len()] {
            *taken = bytes.named("goal", bit)?;
        }
        Ok(walk)
    }

    fn info_names(_rules: &Rules) -> &'static [&'static str] {
        &["row", "col", "direction", "arrived"]
    }

    fn info_values(
        &self,
        rules: &Rules,
        player: usize,
        _step: &TaskStep,
        put: &mut dyn FnMut(Value<'_>),
    ) {
        let Walker { cell, facing, arrived } = self.walkers[player];
        let (row, column) = rules.layout.position(cell);
        for number in [row, column, facing.number(), u8::from(arrived)] {
            put(Value::Int(number.into()));
        }
    }

    fn state_names(_rules: &Rules) -> Vec<String> {
        vec!["goals".to_owned()]
    }

    fn state_values(&self, rules: &Rules, put: &mut dyn FnMut(Value<'_>)) {
        let left = rules.goals.iter().filter(|&&goal| self.is_goal(rules, goal)).count();
        put(Value::Int(i64::try_from(left).unwrap_or(i64::MAX)));
    }

    fn letter(&self, rules: &Rules, cell: Cell) -> char {
        match self.walkers(rules).iter().find(|walker| walker.cell == cell) {
            Some(walker) => walker.facing.arrow(),
            None if self.is_goal(rules, cell) => Tile::Goal.letter(),
            None if rules.layout.tile(cell).is_walkable() => Tile::Floor.letter(),
            None => rules.layout.tile(cell).letter(),
        }
    }
}
