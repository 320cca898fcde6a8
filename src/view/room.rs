//! The room that a layout describes: its floor, and the counters and walls around, which stand a
//! little above it. What is solid goes on from cell to cell without a gap; where one can stand
//! before it, one sees its front.

use super::canvas::{Canvas, Spot};
use super::sprite::{Sprite, atlas};
use dyad_gridworld::geometry::{Cell, Direction};
use dyad_gridworld::layout::{Layout, Tile};

/// Draws the room, without what stands and lies in it.
pub fn paint(canvas: &Canvas<'_>, layout: &Layout) {
    for cell in layout.cells() {
        let (row, column) = layout.position(cell);
        let spot = canvas.cell(row, column);
        let tile = layout.tile(cell);
        if tile.is_walkable() {
            floor(&spot, layout, cell);
        } else {
            solid(&spot, layout, cell, tile);
        }
    }
}

fn floor(spot: &Spot<'_>, layout: &Layout, cell: Cell) {
    let (row, column) = layout.position(cell);
    let light = (row + column).is_multiple_of(2);
    spot.sprite(if light { atlas::FLOOR_LIGHT } else { atlas::FLOOR_DARK });
    if !is_open(layout, cell, Direction::Up) {
        spot.sprite(atlas::SHADE);
    }
}

fn solid(spot: &Spot<'_>, layout: &Layout, cell: Cell, tile: Tile) {
    spot.sprite(if tile == Tile::Wall { atlas::WALL } else { atlas::COUNTER });
    if is_open(layout, cell, Direction::Down) {
        spot.sprite(front(tile));
        spot.sprite(atlas::EDGE_BOTTOM);
    }
    if is_open(layout, cell, Direction::Up) {
        spot.sprite(atlas::EDGE_TOP);
    }
    if is_open(layout, cell, Direction::Left) {
        spot.sprite(atlas::EDGE_SIDE);
    }
    if is_open(layout, cell, Direction::Right) {
        spot.mirrored(atlas::EDGE_SIDE);
    }
}

const fn front(tile: Tile) -> Sprite {
    match tile {
        Tile::Wall => atlas::WALL_FRONT,
        Tile::Pot => atlas::STOVE_FRONT,
        Tile::Delivery => atlas::DELIVERY_FRONT,
        _ => atlas::COUNTER_FRONT,
    }
}

/// Whether a cell's neighbour leaves it open to view: floor, or nothing.
fn is_open(layout: &Layout, cell: Cell, direction: Direction) -> bool {
    layout.neighbour(cell, direction).is_none_or(|next| layout.tile(next).is_walkable())
}
