//! A kitchen as text for people: in test failures and in tools.

use super::{Agent, Item, Kitchen, Rules};
use crate::geometry::Cell;
use std::fmt::{self, Display, Formatter};

impl Kitchen {
    /// What a cell shows: an agent, else a loose item, else its tile.
    pub(super) fn shown(&self, rules: &Rules, cell: Cell) -> char {
        let agent = self.agents(rules).iter().find(|agent| agent.cell == cell);
        match (agent, self.items[cell.index()]) {
            (Some(agent), _) => agent.facing.arrow(),
            (None, Some(item)) => item.letter(),
            (None, None) => rules.tile(cell).letter(),
        }
    }

    /// The kitchen as text: the grid with the layout's letters, loose items by their letter and
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

impl Board<'_> {
    fn agent(&self, f: &mut Formatter<'_>, seat: usize, agent: &Agent) -> fmt::Result {
        let (row, column) = self.rules.position(agent.cell);
        let held = agent.held.map_or("nothing", Item::name);
        writeln!(f, "player {seat} {} at {row},{column} holds {held}", agent.facing.arrow())
    }
}

impl Display for Board<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let cells = (0..).take(self.rules.cells()).map(Cell);
        let letters: Vec<char> = cells.map(|cell| self.kitchen.shown(self.rules, cell)).collect();
        for row in letters.chunks(self.rules.width()) {
            writeln!(f, "{}", String::from_iter(row))?;
        }
        for (seat, agent) in self.kitchen.agents(self.rules).iter().enumerate() {
            self.agent(f, seat, agent)?;
        }
        for (pot, &cell) in self.kitchen.pots(self.rules).iter().zip(self.rules.pot_cells()) {
            let (row, column) = self.rules.position(cell);
            let contents = pot.contents.map(|item| item.map_or('.', Item::letter));
            let contents = String::from_iter(contents);
            writeln!(f, "pot at {row},{column}: {contents} timer {}", pot.timer)?;
        }
        Ok(())
    }
}
