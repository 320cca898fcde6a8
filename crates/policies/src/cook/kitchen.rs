//! What a cook needs to know of a kitchen, whichever task's it is.

use dyad_gridworld::World;
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::overcooked::{self, Agent, Item, Pot};
use dyad_gridworld::overcooked_ai::{self, Object};
use dyad_gridworld::task::{TaskRules, TaskState};

/// A kitchen in CoGrid's terms.
pub(super) struct Kitchen {
    pub(super) agents: Vec<Agent>,
    pub(super) pots: Vec<(Cell, Pot)>,
    /// What lies on counters and on the floor, row by row.
    pub(super) loose: Vec<(Cell, Item)>,
    /// Whether two who want the same cell both stay where they are.
    pub(super) both_stay: bool,
}

impl Kitchen {
    /// The kitchen of a world, if its task has one.
    pub(super) fn of(world: &World) -> Option<Self> {
        match (world.task(), world.game().rules()) {
            (TaskState::CogridOvercooked(kitchen), TaskRules::CogridOvercooked(rules)) => {
                Some(cogrid(world, kitchen, rules))
            }
            (TaskState::OvercookedAi2019(kitchen), TaskRules::OvercookedAi2019(rules)) => {
                Some(overcooked_ai(kitchen, rules))
            }
            _ => None,
        }
    }

    /// Whether something lies in a cell.
    pub(super) fn holds(&self, cell: Cell) -> bool {
        self.loose.iter().any(|(there, _)| *there == cell)
    }
}

fn cogrid(world: &World, kitchen: &overcooked::Kitchen, rules: &overcooked::Rules) -> Kitchen {
    let pots = rules.pot_cells().iter().copied().zip(kitchen.pots(rules).iter().copied());
    let lying = |cell| Some((cell, kitchen.item(rules, cell)?));
    Kitchen {
        agents: kitchen.agents(rules).to_vec(),
        pots: pots.collect(),
        loose: world.game().layout().cells().filter_map(lying).collect(),
        both_stay: false,
    }
}

/// CoGrid's pots tick before players interact and these after, so a soup is a step further from
/// its plate than its count says.
fn overcooked_ai(kitchen: &overcooked_ai::Kitchen, rules: &overcooked_ai::Rules) -> Kitchen {
    let agents = kitchen.agents(rules).iter().map(|agent| Agent {
        cell: agent.cell,
        facing: agent.facing,
        held: agent.held.map(Object::item),
    });
    let pots = rules.pot_cells().iter().zip(kitchen.pots(rules)).map(|(&cell, pot)| {
        let timer = (rules.cook_time() + 1).saturating_sub(pot.cooked());
        (cell, Pot { contents: pot.contents(), timer, shown: 0 })
    });
    let lying = |&cell: &Cell| Some((cell, kitchen.object(cell)?.item()));
    Kitchen {
        agents: agents.collect(),
        pots: pots.collect(),
        loose: rules.counter_cells().iter().filter_map(lying).collect(),
        both_stay: true,
    }
}
