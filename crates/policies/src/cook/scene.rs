//! What a cook sees: the kitchen, and who can get where in it.

use super::kitchen::Kitchen;
use dyad_gridworld::World;
use dyad_gridworld::geometry::{Cell, Direction, MAX_CELLS};
use dyad_gridworld::layout::{Layout, Tile};
use dyad_gridworld::overcooked::{Agent, Item, Pot};
use std::collections::VecDeque;

/// What a place costs more, in steps, while somebody stands in the way to it.
const IN_THE_WAY: u16 = 16;

/// Steps to every cell of the grid; `None` where one can't get.
pub(super) type Distances = [Option<u16>; MAX_CELLS];

/// A kitchen through the eyes of one player.
pub(super) struct Scene<'a> {
    layout: &'a Layout,
    kitchen: Kitchen,
    me: usize,
    /// Each player's walks, as if nobody else were there.
    walks: Vec<Distances>,
    /// My walks around the others, unless I expect them to move anyway.
    clear: Option<Distances>,
}

impl<'a> Scene<'a> {
    /// The scene that the player in seat `me` sees, if it is in a kitchen. Where the others are
    /// counts for the costs of my walks only if I don't expect them to move.
    pub(super) fn new(world: &'a World, me: usize, expecting_them_to_move: bool) -> Option<Self> {
        let (layout, kitchen) = (world.game().layout(), Kitchen::of(world)?);
        let mut scene = Self { layout, kitchen, me, walks: Vec::new(), clear: None };
        let agents = scene.kitchen.agents.iter();
        scene.walks = agents.map(|agent| scene.distances([agent.cell], |_| true)).collect();
        if !expecting_them_to_move {
            scene.clear = Some(scene.distances([scene.me().cell], |cell| !scene.is_taken(cell)));
        }
        Some(scene)
    }

    /// The player whose scene this is.
    pub(super) fn me(&self) -> &Agent {
        &self.kitchen.agents[self.me]
    }

    /// My seat.
    pub(super) const fn seat(&self) -> usize {
        self.me
    }

    /// The others with their seats.
    pub(super) fn others(&self) -> impl Iterator<Item = (usize, &Agent)> {
        self.kitchen.agents.iter().enumerate().filter(|(seat, _)| *seat != self.me)
    }

    /// All pots with their cells.
    pub(super) fn pots(&self) -> impl Iterator<Item = (Cell, &Pot)> {
        self.kitchen.pots.iter().map(|(cell, pot)| (*cell, pot))
    }

    /// The pot in a cell.
    pub(super) fn pot(&self, cell: Cell) -> Option<&Pot> {
        self.pots().find(|(at, _)| *at == cell).map(|(_, pot)| pot)
    }

    /// The cells with this tile.
    pub(super) fn cells_with(&self, tile: Tile) -> impl Iterator<Item = Cell> {
        self.layout.cells_with(tile)
    }

    /// What lies about, on counters and on the floor.
    pub(super) fn loose(&self) -> impl Iterator<Item = (Cell, Item)> {
        self.kitchen.loose.iter().copied()
    }

    /// Counters with nothing on them.
    pub(super) fn free_counters(&self) -> impl Iterator<Item = Cell> {
        self.cells_with(Tile::Counter).filter(|&cell| !self.kitchen.holds(cell))
    }

    /// Steps until a player can use a cell, the others ignored; `None` if it is out of reach.
    pub(super) fn reach(&self, seat: usize, cell: Cell) -> Option<u16> {
        self.beside(cell).filter_map(|beside| self.walks[seat][beside.index()]).min()
    }

    /// Whether I can use a cell, once the others are out of the way.
    pub(super) fn in_reach(&self, cell: Cell) -> bool {
        self.reach(self.me, cell).is_some()
    }

    /// What it costs me to get to use a cell, dearer while others stand in the way.
    pub(super) fn cost(&self, cell: Cell) -> Option<u16> {
        let reach = self.reach(self.me, cell)?;
        let Some(clear) = &self.clear else { return Some(reach) };
        let clear = self.beside(cell).filter_map(|beside| clear[beside.index()]).min();
        clear.or(Some(reach + IN_THE_WAY))
    }

    /// Whether others stand in every way to use a cell, and I don't expect them to move.
    pub(super) fn is_cut_off(&self, cell: Cell) -> bool {
        self.clear
            .as_ref()
            .is_some_and(|clear| self.beside(cell).all(|beside| clear[beside.index()].is_none()))
    }

    /// The cheapest of some cells for me; the first in row-major order among equals.
    pub(super) fn nearest(&self, cells: impl Iterator<Item = Cell>) -> Option<Cell> {
        cells.filter_map(|cell| Some((self.cost(cell)?, cell))).min().map(|(_, cell)| cell)
    }

    /// Whether a player can't get to where I am: we share counters at best.
    pub(super) fn is_apart(&self, seat: usize) -> bool {
        self.walks[seat][self.me().cell.index()].is_none()
    }

    /// The floor cells from which a cell can be used.
    fn beside(&self, cell: Cell) -> impl Iterator<Item = Cell> {
        Direction::ALL
            .into_iter()
            .filter_map(move |direction| self.layout.neighbour(cell, direction))
            .filter(|&beside| self.layout.tile(beside) == Tile::Floor)
    }

    /// Whether a cell can be walked on, as far as things are concerned.
    fn is_walkable(&self, cell: Cell) -> bool {
        self.layout.tile(cell) == Tile::Floor && !self.kitchen.holds(cell)
    }

    /// Whether somebody else stands on a cell.
    pub(super) fn is_taken(&self, cell: Cell) -> bool {
        self.others().any(|(_, other)| other.cell == cell)
    }

    /// Whether I could step on a cell right now.
    pub(super) fn is_free(&self, cell: Cell) -> bool {
        self.is_walkable(cell) && !self.is_taken(cell)
    }

    /// Whether a step onto a cell may fail because somebody else can step there, too.
    pub(super) fn is_contested(&self, cell: Cell) -> bool {
        self.kitchen.both_stay
            && self.others().any(|(_, other)| self.beside(cell).any(|beside| beside == other.cell))
    }

    /// The neighbour of my cell in a direction.
    pub(super) fn ahead(&self, direction: Direction) -> Option<Cell> {
        self.layout.neighbour(self.me().cell, direction)
    }

    /// Steps from every cell to where `cell` can be used, through walkable cells that `open`
    /// allows.
    pub(super) fn distances_to_use(&self, cell: Cell, open: impl Fn(Cell) -> bool) -> Distances {
        let starts = self.beside(cell).filter(|&start| self.is_walkable(start) && open(start));
        self.distances(starts, &open)
    }

    /// Breadth first from some cells, through walkable cells that `open` allows.
    fn distances(
        &self,
        starts: impl IntoIterator<Item = Cell>,
        open: impl Fn(Cell) -> bool,
    ) -> Distances {
        let mut distances = [None; MAX_CELLS];
        let mut queue: VecDeque<(Cell, u16)> = starts.into_iter().map(|cell| (cell, 0)).collect();
        for &(start, _) in &queue {
            distances[start.index()] = Some(0);
        }
        while let Some((cell, steps)) = queue.pop_front() {
            for next in self.beside(cell) {
                if distances[next.index()].is_none() && self.is_walkable(next) && open(next) {
                    distances[next.index()] = Some(steps + 1);
                    queue.push_back((next, steps + 1));
                }
            }
        }
        distances
    }
}
