//! Every random draw of a kitchen: where cooks start, where they look, and who moves first.

use super::{Agent, Kitchen, Rules};
use crate::MAX_PLAYERS;
use crate::geometry::{Cell, Direction};
use crate::numpy::Generator;
use crate::rng::Rng;

/// The players, the one who moves first in front; only as many as play have a meaning.
pub type Order = [usize; MAX_PLAYERS];

const IN_ORDER_OF_SEATS: Order = [0, 1, 2, 3];

/// Marked spawns are taken in row-major order; without them every agent draws one of the cells
/// that are still free. Directions are always drawn.
pub(super) fn start(rules: &Rules, rng: &mut Rng) -> [Agent; MAX_PLAYERS] {
    let mut draw = |n: usize| rng.below(u32::try_from(n).unwrap_or(u32::MAX)) as usize;
    let mut agents = Kitchen::NOBODY;
    let mut free = rules.free_cells().to_vec();
    for (seat, agent) in agents[..rules.players()].iter_mut().enumerate() {
        agent.cell = start_cell(rules, seat, &mut free, &mut draw);
        agent.facing = Direction::ALL[draw(Direction::ALL.len())];
    }
    agents
}

/// The same in cogrid 0.3.2: start cells come from the episode's generator, which is kept for
/// the steps; directions from a second one with the same seed. The first one draws a direction
/// for each agent, too, which the original then discards.
pub(super) fn cogrid_start(rules: &Rules, seed: u64) -> ([Agent; MAX_PLAYERS], Generator) {
    let mut generator = Generator::new(seed);
    let mut draw = |n: usize| below(&mut generator, n);
    let mut agents = Kitchen::NOBODY;
    let mut free = rules.free_cells().to_vec();
    for (seat, agent) in agents[..rules.players()].iter_mut().enumerate() {
        agent.cell = start_cell(rules, seat, &mut free, &mut draw);
        draw(Direction::ALL.len());
    }
    let mut directions = keyed(seed);
    for agent in &mut agents[..rules.players()] {
        agent.facing = Direction::ALL[below(&mut directions, Direction::ALL.len())];
    }
    (agents, generator)
}

fn start_cell(
    rules: &Rules,
    seat: usize,
    free: &mut Vec<Cell>,
    draw: &mut dyn FnMut(usize) -> usize,
) -> Cell {
    match rules.spawns().get(seat) {
        Some(&spawn) => spawn,
        None => free.remove(draw(free.len())),
    }
}

/// A random order of the players.
#[inline]
pub(crate) fn order(players: usize, rng: &mut Rng) -> Order {
    if players == 2 {
        // The common case, without a multiplication.
        let first = usize::from(rng.next_u64() >> 63 == 1);
        return [first, 1 - first, 2, 3];
    }
    let mut order = IN_ORDER_OF_SEATS;
    for last in (1..players).rev() {
        let bound = u32::try_from(last + 1).unwrap_or(1);
        order.swap(last, rng.below(bound) as usize);
    }
    order
}

/// The same in cogrid 0.3.2: each step draws a key, and the key's own generator a permutation,
/// whose i-th number is the rank of player i.
#[cold]
pub(super) fn cogrid_order(players: usize, generator: &mut Generator) -> Order {
    let key = generator.below(1 << 31);
    let mut ranks = IN_ORDER_OF_SEATS;
    keyed(key).shuffle(&mut ranks[..players]);
    let mut order = IN_ORDER_OF_SEATS;
    for (player, &rank) in ranks[..players].iter().enumerate() {
        order[rank] = player;
    }
    order
}

/// cogrid's generator of a key, after the draw that it makes for the next key.
fn keyed(key: u64) -> Generator {
    let mut generator = Generator::new(key);
    generator.below((1 << 63) - 1);
    generator
}

fn below(generator: &mut Generator, n: usize) -> usize {
    usize::try_from(generator.below(n as u64)).expect("less than n")
}
