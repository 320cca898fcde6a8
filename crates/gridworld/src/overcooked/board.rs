//! A kitchen as text for people: in test failures and in tools.

use super::{Agent, Item, Kitchen, Rules};
use crate::geometry::{Cell, Direction};
use std::fmt::{self, Display, Formatter};

impl Kitchen {
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
    fn letter(&self, index: usize) -> char {
        let cell = Cell(u8::try_from(index).expect("a grid has at most 256 cells"));
        let agent = self.kitchen.agents(self.rules).iter().find(|agent| agent.cell == cell);
        match (agent, self.kitchen.items[index]) {
            (Some(agent), _) => arrow(agent.facing),
            (None, Some(item)) => item.letter(),
            (None, None) => self.rules.tile(cell).letter(),
        }
    }

    fn agent(&self, f: &mut Formatter<'_>, seat: usize, agent: &Agent) -> fmt::Result {
        let (row, column) = self.rules.position(agent.cell);
        let held = agent.held.map_or("nothing", Item::name);
        writeln!(f, "player {seat} {} at {row},{column} holds {held}", arrow(agent.facing))
    }
}

impl Display for Board<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let width = self.rules.width();
        for row in 0..self.rules.height() {
            let line: String =
                (row * width..(row + 1) * width).map(|index| self.letter(index)).collect();
            writeln!(f, "{line}")?;
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

const fn arrow(direction: Direction) -> char {
    match direction {
        Direction::Right => '>',
        Direction::Down => 'v',
        Direction::Left => '<',
        Direction::Up => '^',
    }
}
