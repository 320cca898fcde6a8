//! Human games recorded with Overcooked-AI in 2019; the format is described in
//! `fixtures/FORMAT.md`. Positions are (x, y).

use super::{Difference, Matched, Objection, too_early};
use dyad_gridworld::Action;
use dyad_gridworld::encoding::Decoder;
use dyad_gridworld::environment::Environment as _;
use dyad_gridworld::geometry::{Cell, Direction};
use dyad_gridworld::layout::{Layout, Tile};
use dyad_gridworld::overcooked::Item;
use dyad_gridworld::overcooked_ai::variation::Variation;
use dyad_gridworld::overcooked_ai::{Kitchen, Object, Parameters, Rules};
use serde::Deserialize;

/// A line of a file.
#[derive(Deserialize)]
#[serde(tag = "k", rename_all = "lowercase")]
enum Record {
    Trial(Trial),
    Step(Step),
}

/// How a game starts.
#[derive(Deserialize)]
struct Trial {
    /// Absent in the format that is known.
    format: Option<u32>,
    trial: u32,
    grid: Vec<String>,
    #[serde(flatten)]
    state: State,
}

/// One step, and the state after it.
#[derive(Deserialize)]
struct Step {
    t: u32,
    a: String,
    #[serde(flatten)]
    state: State,
    #[serde(default)]
    soups: u16,
}

#[derive(Deserialize)]
struct State {
    players: Vec<(u8, u8, char, String)>,
    objects: Vec<Lying>,
}

/// What lies on a counter or is in a pot: x, y and a letter, and for a soup its number of
/// ingredients and the steps that it has cooked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
enum Lying {
    Soup(u8, u8, char, u8, u16),
    Thing(u8, u8, char),
}

/// The tables of a recorded kitchen.
struct Setting {
    rules: Rules,
}

impl Setting {
    fn new(trial: &Trial) -> Result<Self, Objection> {
        if let Some(format) = trial.format.filter(|&format| format != 1) {
            return Err(Objection::NotARecord(format!("format {format}; format 1 is known")));
        }
        let mut rows: Vec<Vec<char>> =
            trial.grid.iter().map(|row| row.chars().map(tile).collect()).collect();
        for (&(x, y, ..), number) in trial.state.players.iter().zip('1'..) {
            let cell = rows.get_mut(usize::from(y)).and_then(|row| row.get_mut(usize::from(x)));
            match cell {
                Some(cell) if *cell == ' ' => *cell = number,
                _ => return Err(Objection::NotARecord(format!("nobody can stand on ({x}, {y})"))),
            }
        }
        let text: Vec<String> = rows.into_iter().map(String::from_iter).collect();
        let layout = Layout::parse(&text.join("\n")).map_err(Objection::not_a_record)?;
        let players = trial.state.players.len();
        let rules = Rules::new(&Parameters::default(), &layout, players);
        Ok(Self { rules: rules.map_err(Objection::not_a_record)? })
    }

    /// The kitchen in a recorded state, by way of the canonical encoding. The record does not
    /// say of which kind a soup is, and of soups that are carried not how long they cooked: they
    /// are taken for onion soups that were plated at once.
    fn kitchen(&self, state: &State) -> Result<Kitchen, Objection> {
        let mut bytes = Vec::new();
        for (x, y, facing, held) in &state.players {
            let facing = COMPASS.iter().find(|(letter, _)| letter == facing);
            let facing = facing.ok_or_else(|| Objection::not_a_record("no such direction"))?;
            bytes.extend([self.cell(*x, *y)?.0, facing.1.number()]);
            let held = held.chars().next();
            bytes.extend(
                held.map_or(Ok(0), |held| code(held, self.rules.cook_time()))?.to_le_bytes(),
            );
        }
        let at = |cell: Cell| {
            state.objects.iter().find(|lying| {
                let (Lying::Soup(x, y, ..) | Lying::Thing(x, y, _)) = lying;
                self.cell(*x, *y).is_ok_and(|there| there == cell)
            })
        };
        for &pot in self.rules.pot_cells() {
            bytes.extend(match at(pot) {
                None => [0; 4],
                Some(&Lying::Soup(_, _, _, count, cooked)) => {
                    let [low, high] = cooked.to_le_bytes();
                    [Item::Onion as u8, count, low, high]
                }
                Some(Lying::Thing(..)) => return Err(Objection::not_a_record("no soup in a pot")),
            });
        }
        for &counter in self.rules.counter_cells() {
            let object = match at(counter) {
                None => 0,
                Some(&Lying::Soup(_, _, letter, _, cooked)) => code(letter, cooked)?,
                Some(&Lying::Thing(_, _, letter)) => code(letter, 0)?,
            };
            bytes.extend(object.to_le_bytes());
        }
        bytes.extend(0_u16.to_le_bytes());
        let mut decoder = Decoder::new(&bytes);
        let kitchen = Kitchen::decode(&self.rules, &mut decoder);
        let kitchen = kitchen.and_then(|kitchen| decoder.finish().map(|()| kitchen));
        kitchen.map_err(Objection::not_a_record)
    }

    fn cell(&self, x: u8, y: u8) -> Result<Cell, Objection> {
        let outside = || Objection::NotARecord(format!("({x}, {y}) is outside"));
        self.rules.layout().cell(y, x).ok_or_else(outside)
    }

    fn compare(&self, kitchen: &Kitchen, state: &State) -> Difference {
        let mut difference = Difference::default();
        let position = |cell| {
            let (row, column) = self.rules.layout().position(cell);
            (column, row)
        };
        let players = kitchen.agents(&self.rules).iter().map(|agent| {
            let (x, y) = position(agent.cell);
            let facing = COMPASS.iter().find(|(_, way)| *way == agent.facing);
            let held = agent.held.map(|held| letter(held.item()).to_string());
            (x, y, facing.expect("all four are there").0, held.unwrap_or_default())
        });
        difference.note("players", &players.collect(), &state.players);
        let mut recorded = state.objects.clone();
        recorded.sort_unstable();
        difference.note("objects", &self.lying(kitchen), &recorded);
        difference
    }

    /// Everything in pots and on counters, sorted.
    fn lying(&self, kitchen: &Kitchen) -> Vec<Lying> {
        let layout = self.rules.layout();
        let on_counters = self.rules.counter_cells().iter().filter_map(|&cell| {
            let (y, x) = layout.position(cell);
            let object = kitchen.object(cell)?;
            Some(match (object.item(), object.cooked()) {
                (item, cooked) if item.is_soup() => Lying::Soup(x, y, 's', 3, cooked),
                (item, _) => Lying::Thing(x, y, letter(item)),
            })
        });
        let pots = kitchen.pots(&self.rules).iter().zip(self.rules.pot_cells());
        let in_pots = pots.filter_map(|(pot, &cell)| {
            let (y, x) = layout.position(cell);
            let count = u8::try_from(pot.contents().iter().flatten().count()).ok()?;
            (count > 0).then(|| Lying::Soup(x, y, 's', count, pot.cooked()))
        });
        let mut lying: Vec<Lying> = on_counters.chain(in_pots).collect();
        lying.sort_unstable();
        lying
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

const COMPASS: [(char, Direction); 4] =
    [('N', Direction::Up), ('S', Direction::Down), ('W', Direction::Left), ('E', Direction::Right)];

/// A letter of a recorded grid as one of a layout. What is in neither stays as it is, for the
/// layout's parser to refuse.
fn tile(letter: char) -> char {
    let tiles = [
        (' ', Tile::Floor),
        ('X', Tile::Counter),
        ('P', Tile::Pot),
        ('O', Tile::OnionStack),
        ('T', Tile::TomatoStack),
        ('D', Tile::PlateStack),
        ('S', Tile::Delivery),
    ];
    tiles.iter().find(|(known, _)| *known == letter).map_or('?', |(_, tile)| tile.letter())
}

const fn letter(item: Item) -> char {
    match item {
        Item::Onion => 'o',
        Item::Tomato => 't',
        Item::Plate => 'd',
        Item::OnionSoup | Item::TomatoSoup => 's',
    }
}

/// The canonical code of an object.
fn code(recorded: char, cooked: u16) -> Result<u16, Objection> {
    let known = Item::ALL.into_iter().find(|&item| letter(item) == recorded);
    let item = known.ok_or_else(|| Objection::NotARecord(format!("{recorded:?} is no object")))?;
    let cooked = if item.is_soup() { cooked } else { 0 };
    Ok(Object::code(Some(Object::cooked_for(item, cooked))))
}

impl Step {
    fn actions(&self) -> Result<Vec<Action>, Objection> {
        let action = |letter| {
            Ok(match letter {
                'N' => Action::Up,
                'S' => Action::Down,
                'W' => Action::Left,
                'E' => Action::Right,
                'I' => Action::PickupDrop,
                '.' => Action::Noop,
                other => return Err(Objection::NotARecord(format!("{other:?} is no action"))),
            })
        };
        self.a.chars().map(action).collect()
    }
}

/// A file in the course of being replayed.
#[derive(Default)]
pub(crate) struct Replay {
    game: Option<(Setting, Kitchen)>,
    t: u32,
}

impl Replay {
    /// Replays one line, and counts it if it matches.
    pub(crate) fn record<V: Variation>(
        &mut self,
        line: &str,
        matched: &mut Matched,
    ) -> Result<(), Objection> {
        match serde_json::from_str(line).map_err(Objection::not_a_record)? {
            Record::Trial(trial) => self.start(&trial, matched),
            Record::Step(step) => self.step::<V>(&step, matched),
        }
    }

    fn start(&mut self, trial: &Trial, matched: &mut Matched) -> Result<(), Objection> {
        let setting = Setting::new(trial)?;
        let kitchen = setting.kitchen(&trial.state)?;
        let difference = setting.compare(&kitchen, &trial.state);
        difference.found(|| format!("the start of trial {}", trial.trial), String::new)?;
        self.game = Some((setting, kitchen));
        self.t = 0;
        matched.episodes += 1;
        Ok(())
    }

    fn step<V: Variation>(&mut self, step: &Step, matched: &mut Matched) -> Result<(), Objection> {
        let (setting, kitchen) = self.game.as_mut().ok_or_else(|| too_early("trial"))?;
        let actions = step.actions()?;
        if step.t != self.t + 1 || actions.len() != setting.rules.players() {
            let why = format!("step {} with {} actions after step {}", step.t, step.a, self.t);
            return Err(Objection::NotARecord(why));
        }
        let before = kitchen.deliveries();
        kitchen.step_varied::<V>(&setting.rules, &actions);
        let soups = kitchen.deliveries() - before;
        let mut difference = setting.compare(kitchen, &step.state);
        difference.note("soups", &soups, &step.soups);
        let place = || format!("step {}, actions {:?}", step.t, step.a);
        difference.found(place, || setting.boards(kitchen, &step.state))?;
        self.t = step.t;
        matched.steps += 1;
        matched.soups += u32::from(soups);
        Ok(())
    }
}
