//! How to get there: one step, one turn or one press towards a goal, and out of each other's way.
//!
//! A cook walks around others where that is no real detour. Where it is, they have to agree who
//! gives way, without talking: whoever carries the more valuable thing has the right of way.
//! The one who has it stands its ground in some moods and gives way in others, since the other
//! may not be a cook at all.

use super::Mood;
use super::goals::Goal;
use super::scene::{Distances, Scene};
use dyad_gridworld::Action;
use dyad_gridworld::geometry::{Cell, Direction};
use dyad_gridworld::overcooked::Item;

/// The next action towards a goal.
pub(super) fn pursue(scene: &Scene<'_>, goal: Goal, mut mood: Mood) -> Action {
    let Some(target) = goal.cell() else { return make_room(scene, &mut mood) };
    let beside = Direction::ALL.into_iter().find(|&way| scene.ahead(way) == Some(target));
    match beside {
        Some(way) if way != scene.me().facing => turn(way),
        Some(_) if worth_pressing(scene, goal) => Action::PickupDrop,
        Some(_) => Action::Noop,
        None => walk(scene, target, &mut mood),
    }
}

fn worth_pressing(scene: &Scene<'_>, goal: Goal) -> bool {
    match goal {
        // One tick happens before the press takes effect.
        Goal::Await(cell) => scene.pot(cell).is_none_or(|pot| pot.timer <= 1),
        Goal::Use(_) | Goal::Wait => true,
    }
}

fn walk(scene: &Scene<'_>, target: Cell, mood: &mut Mood) -> Action {
    let around = scene.distances_to_use(target, |cell| !scene.is_taken(cell));
    let through = scene.distances_to_use(target, |_| true);
    let here = scene.me().cell.index();
    let detour = match (around[here], through[here]) {
        (Some(around), Some(through)) => around - through,
        (None, Some(_)) => u16::MAX,
        (_, None) => return make_room(scene, mood),
    };
    let stand_ground = mood.insisting && has_right_of_way(scene);
    if detour == 0 || (detour < u16::MAX && !stand_ground) {
        return match descend(scene, &around) {
            Some(way) if !hesitates(scene, way, mood) => turn(way),
            _ => Action::Noop,
        };
    }
    match descend(scene, &through) {
        Some(way) if scene.ahead(way).is_some_and(|cell| scene.is_free(cell)) => turn(way),
        _ if mood.one_in(if stand_ground { 8 } else { 2 }) => sidestep(scene, mood),
        _ => Action::Noop,
    }
}

/// Whether to let somebody else go first who may want the same cell. Two who never did that
/// would stand there for ever, and two who both did as well.
fn hesitates(scene: &Scene<'_>, way: Direction, mood: &mut Mood) -> bool {
    scene.ahead(way).is_some_and(|cell| scene.is_contested(cell)) && mood.one_in(2)
}

/// The first direction in which the distance falls.
fn descend(scene: &Scene<'_>, distances: &Distances) -> Option<Direction> {
    let here = distances[scene.me().cell.index()];
    let distance = |way| scene.ahead(way).and_then(|cell| distances[cell.index()]);
    Direction::ALL.into_iter().find(|&way| distance(way).is_some_and(|there| Some(there) < here))
}

/// Whoever carries more goes first; among equals the lower seat.
fn has_right_of_way(scene: &Scene<'_>) -> bool {
    let mine = (weight(scene.me().held), std::cmp::Reverse(scene.seat()));
    scene.others().all(|(seat, other)| (weight(other.held), std::cmp::Reverse(seat)) < mine)
}

const fn weight(held: Option<Item>) -> u8 {
    match held {
        None => 0,
        Some(Item::Onion | Item::Tomato) => 1,
        Some(Item::Plate) => 2,
        Some(Item::OnionSoup | Item::TomatoSoup) => 3,
    }
}

/// With nothing to do, somebody close by may want to pass.
fn make_room(scene: &Scene<'_>, mood: &mut Mood) -> Action {
    let crowded = Direction::ALL
        .into_iter()
        .filter_map(|way| scene.ahead(way))
        .any(|cell| scene.is_taken(cell));
    if crowded && mood.one_in(2) { sidestep(scene, mood) } else { Action::Noop }
}

/// A step to a random free cell, if there is one.
fn sidestep(scene: &Scene<'_>, mood: &mut Mood) -> Action {
    let is_free = |way: &Direction| scene.ahead(*way).is_some_and(|cell| scene.is_free(cell));
    let free: Vec<Direction> = Direction::ALL.into_iter().filter(is_free).collect();
    let choices = u32::try_from(free.len()).unwrap_or(0);
    free.get(mood.dice.below(choices) as usize).map_or(Action::Noop, |&way| turn(way))
}

/// The action that turns this way, and steps if the cell ahead is free.
const fn turn(way: Direction) -> Action {
    match way {
        Direction::Up => Action::Up,
        Direction::Down => Action::Down,
        Direction::Left => Action::Left,
        Direction::Right => Action::Right,
    }
}
