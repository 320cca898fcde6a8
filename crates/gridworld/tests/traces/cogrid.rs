//! Games recorded with cogrid; the format is described in `fixtures/FORMAT.md`.

use super::{Difference, Matched, Objection, too_early};
use dyad_gridworld::encoding::Decoder;
use dyad_gridworld::environment::{Environment as _, TaskStep};
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::layout::{Layout, Tile};
use dyad_gridworld::observation::{FEATURES, FeatureVector, Residue};
use dyad_gridworld::overcooked::variation::Variation;
use dyad_gridworld::overcooked::{
    DELIVERED, Item, Kitchen, ONION_IN_POT, Parameters, RewardScheme, Rules, SOUP_IN_DISH,
};
use dyad_gridworld::{Action, Reward};
use serde::Deserialize;

/// A line of a file.
#[derive(Deserialize)]
#[serde(tag = "k", rename_all = "lowercase")]
pub(crate) enum Record {
    Layout(Header),
    Reset(Reset),
    Step(Box<Step>),
}

/// The first line: which kitchen, under which parameters.
#[derive(Deserialize)]
pub(crate) struct Header {
    format: u32,
    ascii: Vec<String>,
    n_agents: usize,
    pub(crate) max_steps: u32,
    cook_time: u16,
    rewards: Weights,
    obs_dim: usize,
}

#[derive(Deserialize)]
struct Weights {
    delivery: Points,
    onion_in_pot: Points,
    soup_in_dish: Points,
    common: bool,
}

/// A reward as the original writes it: `20.0`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "serde_json::Number")]
struct Points(Reward);

impl TryFrom<serde_json::Number> for Points {
    type Error = dyad_gridworld::reward::NotAReward;

    fn try_from(points: serde_json::Number) -> Result<Self, Self::Error> {
        points.to_string().parse().map(Self)
    }
}

/// How an episode starts.
#[derive(Deserialize)]
pub(crate) struct Reset {
    pub(crate) seed: u64,
    #[serde(flatten)]
    pub(crate) state: State,
    #[serde(flatten)]
    seen: Seen,
}

/// One step, and the state after it.
#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) t: u32,
    pub(crate) actions: [u8; 2],
    pub(crate) first: usize,
    #[serde(flatten)]
    pub(crate) state: State,
    #[serde(flatten)]
    seen: Seen,
    rewards: [Points; 2],
    #[serde(default)]
    solo: Option<[Points; 2]>,
    terminated: bool,
    truncated: bool,
}

#[derive(Deserialize)]
pub(crate) struct State {
    agents: [(u8, u8, u8, char); 2],
    pots: Vec<(String, u16, u16)>,
    #[serde(default)]
    counters: Vec<(u8, u8, char)>,
    #[serde(default)]
    floor: Vec<(u8, u8, char)>,
    #[serde(default)]
    residue: Vec<(u8, u8, char)>,
}

/// What the agents saw: checksums, and now and then the numbers that are not 0.
#[derive(Deserialize)]
struct Seen {
    obs_crc: Option<[u32; 2]>,
    obs: Option<[Vec<(usize, f32)>; 2]>,
}

/// The tables of a recorded kitchen.
pub(crate) struct Setting {
    pub(crate) rules: Rules,
    layout: Layout,
    pub(crate) header: Header,
    features: Option<FeatureVector>,
}

impl Setting {
    pub(crate) fn new(header: Header) -> Result<Self, Objection> {
        if header.format != 1 || header.n_agents != 2 {
            let why = format!(
                "format {} with {} agents; format 1 with 2 agents is known",
                header.format, header.n_agents
            );
            return Err(Objection::NotARecord(why));
        }
        let layout = Layout::parse(&header.ascii.join("\n")).map_err(Objection::not_a_record)?;
        let Weights { delivery, onion_in_pot, soup_in_dish, common } = &header.rewards;
        let rewards = RewardScheme {
            delivery: delivery.0,
            onion_in_pot: onion_in_pot.0,
            soup_in_dish: soup_in_dish.0,
            common: *common,
            own_shaping: false,
        };
        let cook_time = header.cook_time;
        let parameters = Parameters { cook_time, rewards, ..Parameters::default() };
        let rules = Rules::new(&parameters, &layout, 2).map_err(Objection::not_a_record)?;
        let features = match header.obs_dim {
            FEATURES => {
                Some(FeatureVector::new(&rules, Residue::Shown).map_err(Objection::not_a_record)?)
            }
            _ => None,
        };
        Ok(Self { rules, layout, header, features })
    }

    /// The grid as text.
    pub(crate) fn text(&self) -> String {
        self.header.ascii.join("\n")
    }

    /// The kitchen in a recorded state, by way of the canonical encoding.
    pub(crate) fn kitchen(&self, state: &State) -> Result<Kitchen, Objection> {
        let cell = |row, column| {
            let outside = || Objection::NotARecord(format!("({row}, {column}) is outside"));
            self.layout.cell(row, column).ok_or_else(outside)
        };
        let mut bytes = Vec::new();
        for &(row, column, direction, held) in &state.agents {
            bytes.extend([cell(row, column)?.0, direction, code(held)]);
        }
        for (contents, timer, shown) in &state.pots {
            bytes.extend(contents.chars().map(code));
            bytes.extend(timer.to_le_bytes());
            bytes.extend(shown.to_le_bytes());
        }
        let mut items = vec![0; self.rules.cells()];
        for list in [&state.counters, &state.floor, &state.residue] {
            for &(row, column, item) in list {
                items[cell(row, column)?.index()] = code(item);
            }
        }
        bytes.extend(items);
        bytes.extend(0_u16.to_le_bytes());
        let mut decoder = Decoder::new(&bytes);
        let kitchen = Kitchen::decode(&self.rules, &mut decoder);
        let kitchen = kitchen.and_then(|kitchen| decoder.finish().map(|()| kitchen));
        kitchen.map_err(Objection::not_a_record)
    }

    /// Compares a state and what is seen of it; returns how many checksums it compared.
    fn compare(
        &self,
        kitchen: &Kitchen,
        state: &State,
        seen: &Seen,
        difference: &mut Difference,
    ) -> u32 {
        self.compare_state(kitchen, state, difference);
        let Some(features) = &self.features else { return 0 };
        let mut ours = [[0.0; FEATURES]; 2];
        features.write_both(&self.rules, kitchen, &mut ours);
        for (player, numbers) in ours.iter().enumerate() {
            if let Some(recorded) = seen.obs_crc {
                let what = format!("obs_crc {player}");
                difference.note(&what, &checksum(numbers), &recorded[player]);
            }
            if let Some(recorded) = &seen.obs {
                difference.note(&format!("obs {player}"), &sparse(numbers), &recorded[player]);
            }
        }
        if seen.obs_crc.is_some() { 2 } else { 0 }
    }

    fn compare_state(&self, kitchen: &Kitchen, state: &State, difference: &mut Difference) {
        let rules = &self.rules;
        let agents = kitchen.agents(rules).iter().map(|agent| {
            let (row, column) = self.layout.position(agent.cell);
            (row, column, agent.facing.number(), letter(agent.held))
        });
        let pots = kitchen
            .pots(rules)
            .iter()
            .map(|pot| (String::from_iter(pot.contents.map(letter)), pot.timer, pot.shown));
        let on = |tile: Tile| {
            self.list(|cell| {
                (self.layout.tile(cell) == tile).then(|| kitchen.item(rules, cell)).flatten()
            })
        };
        difference.note("agents", &agents.collect::<Vec<_>>(), &state.agents.to_vec());
        difference.note("pots", &pots.collect::<Vec<_>>(), &state.pots);
        difference.note("counters", &on(Tile::Counter), &state.counters);
        difference.note("floor", &on(Tile::Floor), &state.floor);
        let residue = self.list(|cell| kitchen.residue(rules, cell));
        difference.note("residue", &residue, &state.residue);
    }

    fn list(&self, chosen: impl Fn(Cell) -> Option<Item>) -> Vec<(u8, u8, char)> {
        let found = self.layout.cells().filter_map(|cell| {
            let (row, column) = self.layout.position(cell);
            Some((row, column, chosen(cell)?.letter()))
        });
        found.collect()
    }

    /// Both states as boards.
    fn boards(&self, ours: &Kitchen, recorded: &State) -> String {
        let recorded = match self.kitchen(recorded) {
            Ok(kitchen) => kitchen.board(&self.rules).to_string(),
            Err(_) => "not a possible state\n".to_owned(),
        };
        format!("ours:\n{}recorded:\n{recorded}", ours.board(&self.rules))
    }
}

fn code(letter: char) -> u8 {
    match letter {
        '.' => 0,
        _ => Item::from_letter(letter).map_or(u8::MAX, |item| item as u8),
    }
}

fn letter(item: Option<Item>) -> char {
    item.map_or('.', Item::letter)
}

fn checksum(numbers: &[f32]) -> u32 {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    crc32fast::hash(&bytes)
}

fn sparse(numbers: &[f32]) -> Vec<(usize, f32)> {
    let numbers = numbers.iter().copied().enumerate();
    numbers.filter(|&(_, number)| number != 0.0).collect()
}

/// What a player earned before sharing.
fn solo(rules: &Rules, step: &TaskStep, player: usize) -> Points {
    let scheme = rules.rewards();
    let deeds = [
        (DELIVERED, scheme.delivery),
        (ONION_IN_POT, scheme.onion_in_pot),
        (SOUP_IN_DISH, scheme.soup_in_dish),
    ];
    let done = deeds.into_iter().filter(|&(event, _)| step.events[player] & event != 0);
    Points(done.map(|(_, reward)| reward).sum())
}

/// A file in the course of being replayed.
#[derive(Default)]
pub(crate) struct Replay {
    setting: Option<Setting>,
    kitchen: Option<Kitchen>,
}

impl Replay {
    /// Replays one line, and counts it if it matches.
    pub(crate) fn record<V: Variation>(
        &mut self,
        line: &str,
        matched: &mut Matched,
    ) -> Result<(), Objection> {
        match serde_json::from_str(line).map_err(Objection::not_a_record)? {
            Record::Layout(header) => {
                self.setting = Some(Setting::new(header)?);
                self.kitchen = None;
                Ok(())
            }
            Record::Reset(reset) => self.reset(&reset, matched),
            Record::Step(step) => self.step::<V>(&step, matched),
        }
    }

    fn reset(&mut self, reset: &Reset, matched: &mut Matched) -> Result<(), Objection> {
        let setting = self.setting.as_ref().ok_or_else(|| too_early("layout"))?;
        let kitchen = setting.kitchen(&reset.state)?;
        let mut difference = Difference::default();
        let seen = setting.compare(&kitchen, &reset.state, &reset.seen, &mut difference);
        let place = || format!("the start of the episode with seed {}", reset.seed);
        difference.found(place, String::new)?;
        matched.observations += seen;
        matched.episodes += 1;
        self.kitchen = Some(kitchen);
        Ok(())
    }

    fn step<V: Variation>(&mut self, step: &Step, matched: &mut Matched) -> Result<(), Objection> {
        let setting = self.setting.as_ref().ok_or_else(|| too_early("layout"))?;
        let kitchen = self.kitchen.as_mut().ok_or_else(|| too_early("reset"))?;
        let actions = step.checked_actions()?;
        let order = [step.first, 1 - step.first];
        let before = kitchen.deliveries();
        let ours = kitchen.step_varied::<V>(&setting.rules, &actions, &order);
        let mut difference = Difference::default();
        let seen = setting.compare(kitchen, &step.state, &step.seen, &mut difference);
        compare_outcome(setting, step, &ours, &mut difference);
        let place = || format!("step {}, actions {:?}", step.t, step.actions);
        difference.found(place, || setting.boards(kitchen, &step.state))?;
        matched.observations += seen;
        matched.steps += 1;
        matched.soups += u32::from(kitchen.deliveries() - before);
        Ok(())
    }
}

impl Step {
    /// The actions, if they and the priority are ones.
    pub(crate) fn checked_actions(&self) -> Result<[Action; 2], Objection> {
        let action = |number: u8| {
            let unknown = || Objection::NotARecord(format!("{number} is no action"));
            Action::from_number(number).ok_or_else(unknown)
        };
        if self.first > 1 {
            return Err(Objection::NotARecord(format!("there is no agent {}", self.first)));
        }
        Ok([action(self.actions[0])?, action(self.actions[1])?])
    }
}

fn compare_outcome(setting: &Setting, step: &Step, ours: &TaskStep, difference: &mut Difference) {
    let points = |player: usize| Points(ours.rewards[player]);
    difference.note("rewards", &[points(0), points(1)], &step.rewards);
    let nothing = || [Points(Reward::ZERO), Points(Reward::ZERO)];
    let earned = [0, 1].map(|player| solo(&setting.rules, ours, player));
    difference.note("solo", &earned, &step.solo.clone().unwrap_or_else(nothing));
    difference.note("terminated", &(ours.terminated[..2] == [true; 2]), &step.terminated);
    difference.note("truncated", &(step.t >= setting.header.max_steps), &step.truncated);
}
