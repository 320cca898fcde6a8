//! Players: a body of another shape and hue for each seat, so that nobody needs the colours; with
//! a cook's hat, apron and what the cook carries, or without.

use super::canvas::Spot;
use super::kitchen;
use super::sprite::{Sprite, atlas};
use super::units;
use bevy_egui::egui::{Vec2, vec2};
use dyad_gridworld::geometry::Direction;
use dyad_gridworld::overcooked::Item;
use dyad_protocol::Seat;

/// What is seen of a cook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cook {
    /// Where it looks.
    pub facing: Direction,
    /// What it carries.
    pub held: Option<Item>,
}

/// The pictures of a seat.
struct Dress {
    down: Sprite,
    up: Sprite,
    right: Sprite,
    hat: Sprite,
    /// The rim of one's own player, without a hat and with it.
    rims: [Sprite; 2],
}

const DRESSES: [Dress; 4] = [
    Dress {
        down: atlas::BODY_ROUND_DOWN,
        up: atlas::BODY_ROUND_UP,
        right: atlas::BODY_ROUND_RIGHT,
        hat: atlas::HAT_ROUND,
        rims: [atlas::RIM_ROUND, atlas::RIM_COOK_ROUND],
    },
    Dress {
        down: atlas::BODY_SQUARE_DOWN,
        up: atlas::BODY_SQUARE_UP,
        right: atlas::BODY_SQUARE_RIGHT,
        hat: atlas::HAT_SQUARE,
        rims: [atlas::RIM_SQUARE, atlas::RIM_COOK_SQUARE],
    },
    Dress {
        down: atlas::BODY_TRIANGLE_DOWN,
        up: atlas::BODY_TRIANGLE_UP,
        right: atlas::BODY_TRIANGLE_RIGHT,
        hat: atlas::HAT_TRIANGLE,
        rims: [atlas::RIM_TRIANGLE, atlas::RIM_COOK_TRIANGLE],
    },
    Dress {
        down: atlas::BODY_HEXAGON_DOWN,
        up: atlas::BODY_HEXAGON_UP,
        right: atlas::BODY_HEXAGON_RIGHT,
        hat: atlas::HAT_HEXAGON,
        rims: [atlas::RIM_HEXAGON, atlas::RIM_COOK_HEXAGON],
    },
];

const fn dress(seat: Seat) -> &'static Dress {
    &DRESSES[seat.0 as usize % DRESSES.len()]
}

/// Where hands and the thing between them are while a cook carries something.
struct Grip {
    item: Vec2,
    hands: [Vec2; 2],
}

const fn grip(facing: Direction) -> Grip {
    match facing {
        Direction::Down => {
            Grip { item: units(32.0, 52.0), hands: [units(19.0, 54.0), units(45.0, 54.0)] }
        }
        Direction::Up => {
            Grip { item: units(32.0, -6.0), hands: [units(19.0, 0.0), units(45.0, 0.0)] }
        }
        Direction::Right => {
            Grip { item: units(57.0, 47.0), hands: [units(46.0, 53.0), units(63.0, 53.0)] }
        }
        Direction::Left => {
            Grip { item: units(7.0, 47.0), hands: [units(18.0, 53.0), units(1.0, 53.0)] }
        }
    }
}

/// Where idle hands are.
const fn idle(facing: Direction) -> [Vec2; 2] {
    match facing {
        Direction::Down => [units(14.0, 48.0), units(50.0, 48.0)],
        Direction::Up => [units(14.0, 46.0), units(50.0, 46.0)],
        Direction::Right => [units(24.0, 50.0), units(46.0, 50.0)],
        Direction::Left => [units(40.0, 50.0), units(18.0, 50.0)],
    }
}

/// Where a player stands in a cell: a little above its lower edge, so that a rim stays in it.
fn standing<'a>(cell: &Spot<'a>) -> Spot<'a> {
    cell.part(units(32.0, 29.0), 1.0)
}

/// Draws a cook in its cell. One's own has a white rim.
pub fn paint(spot: &Spot<'_>, seat: Seat, cook: Cook, is_me: bool) {
    let Cook { facing, held } = cook;
    let spot = &standing(spot);
    spot.sprite(atlas::SHADOW);
    if is_me {
        rim(spot, seat, facing, true);
    }
    let behind = facing == Direction::Up && held.is_some();
    if behind {
        hands(spot, facing, held);
    }
    body(spot, seat, facing);
    let apron = match facing {
        Direction::Up => atlas::APRON_UP,
        Direction::Down => atlas::APRON_DOWN,
        Direction::Left | Direction::Right => atlas::APRON_RIGHT,
    };
    turned(spot, apron, facing);
    turned(spot, dress(seat).hat, facing);
    if !behind {
        hands(spot, facing, held);
    }
}

/// Draws a player without anything of a kitchen.
pub fn paint_walker(spot: &Spot<'_>, seat: Seat, facing: Direction, is_me: bool) {
    let spot = &standing(spot);
    spot.sprite(atlas::SHADOW);
    if is_me {
        rim(spot, seat, facing, false);
    }
    body(spot, seat, facing);
    hands(spot, facing, None);
}

/// Draws a player within a square: the sign of a seat.
pub fn badge(spot: &Spot<'_>, seat: Seat, is_me: bool) {
    let cook = Cook { facing: Direction::Down, held: None };
    paint(&spot.part(vec2(0.5, 0.54), 0.92), seat, cook, is_me);
}

fn hands(spot: &Spot<'_>, facing: Direction, held: Option<Item>) {
    let grip = grip(facing);
    if let Some(item) = held {
        spot.sprite_at(kitchen::sprite(item), grip.item, 0.8);
    }
    for hand in if held.is_some() { grip.hands } else { idle(facing) } {
        spot.sprite_at(atlas::HAND, hand, 1.0);
    }
}

fn body(spot: &Spot<'_>, seat: Seat, facing: Direction) {
    let dress = dress(seat);
    let sprite = match facing {
        Direction::Up => dress.up,
        Direction::Down => dress.down,
        Direction::Left | Direction::Right => dress.right,
    };
    turned(spot, sprite, facing);
}

fn rim(spot: &Spot<'_>, seat: Seat, facing: Direction, is_cook: bool) {
    turned(spot, dress(seat).rims[usize::from(is_cook)], facing);
}

/// What is drawn looking right looks left in a mirror.
fn turned(spot: &Spot<'_>, sprite: Sprite, facing: Direction) {
    if facing == Direction::Left { spot.mirrored(sprite) } else { spot.sprite(sprite) }
}
