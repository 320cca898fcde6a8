//! A kitchen as text for people: in test failures and in tools.

use super::{Kitchen, Object, Rules};
use crate::geometry::Cell;
use crate::overcooked::Item;
use std::fmt::{self, Display, Formatter};

impl Kitchen {
    /// What a cell shows: an agent, else what lies there, else its tile.
    pub(super) fn shown(&self, rules: &Rules, cell: Cell) -> char {
        let agent = self.agents(rules).iter().find(|agent| agent.cell == cell);
        match (agent, self.object(cell)) {
            (Some(agent), _) => agent.facing.arrow(),
            (None, Some(object)) => object.item().letter(),
            (None, None) => rules.layout().tile(cell).letter(),
        }
    }

    /// The kitchen as text: the grid with the layout's letters, objects by their letter and
    /// agents as arrows, then a line for each agent and each pot.
    #[must_use]
    pub const fn board<'a>(&'a self, rules: &'a Rules) -> impl Display + 'a {
        Board { kitchen: self, rules }
    }
}

struct Board<'a> {
    kitchen: &'a Kitchen,
    rules: &'a Rules,
}

impl Display for Board<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { kitchen, rules } = self;
        let layout = rules.layout();
        let letters: Vec<char> = layout.cells().map(|cell| kitchen.shown(rules, cell)).collect();
        for row in letters.chunks(usize::from(layout.width())) {
            writeln!(f, "{}", String::from_iter(row))?;
        }
        for (seat, agent) in kitchen.agents(rules).iter().enumerate() {
            let (row, column) = layout.position(agent.cell);
            let held = agent.held.map(Object::item).map_or("nothing", Item::name);
            writeln!(f, "player {seat} {} at {row},{column} holds {held}", agent.facing.arrow())?;
        }
        for (pot, &cell) in kitchen.pots(rules).iter().zip(rules.pot_cells()) {
            let (row, column) = layout.position(cell);
            let contents = pot.contents().map(|item| item.map_or('.', Item::letter));
            let contents = String::from_iter(contents);
            writeln!(f, "pot at {row},{column}: {contents} cooked {}", pot.cooked())?;
        }
        Ok(())
    }
}
