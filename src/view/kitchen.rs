//! Overcooked: floor, counters, pots, stacks, delivery, and what lies about.

use super::board::TaskView;
use super::canvas::{Canvas, Spot};
use super::cook;
use crate::theme::kitchen as colour;
use bevy_egui::egui::{Color32, Vec2, vec2};
use dyad_gridworld::Game;
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::layout::Tile;
use dyad_gridworld::overcooked::{Item, Kitchen, POT_CAPACITY, Pot, Rules};
use dyad_protocol::Seat;

const MIDDLE: Vec2 = vec2(0.5, 0.5);

/// A kitchen to draw.
#[derive(Clone, Copy, Debug)]
pub struct KitchenView<'a> {
    /// Its state.
    pub kitchen: &'a Kitchen,
    /// Its tables.
    pub rules: &'a Rules,
}

impl TaskView for KitchenView<'_> {
    fn paint(&self, canvas: &Canvas<'_>, game: &Game, me: Seat) {
        let spot = |cell: Cell| {
            let (row, column) = self.rules.position(cell);
            canvas.cell(row, column)
        };
        for cell in game.layout().cells() {
            let (row, column) = self.rules.position(cell);
            let tone = (row + column) % 2;
            tile(&spot(cell), self.rules.tile(cell), colour::FLOOR[usize::from(tone)]);
            if let Some(item) = self.kitchen.item(self.rules, cell) {
                paint_item(&spot(cell), MIDDLE, 1.0, item);
            }
        }
        for (&cell, state) in self.rules.pot_cells().iter().zip(self.kitchen.pots(self.rules)) {
            pot(&spot(cell), state, self.rules.cook_time());
        }
        for (seat, agent) in Seat::all(self.rules.players()).zip(self.kitchen.agents(self.rules)) {
            cook::paint(&spot(agent.cell), seat, agent, seat == me);
        }
    }
}

fn tile(spot: &Spot<'_>, tile: Tile, floor: Color32) {
    match tile {
        Tile::Floor | Tile::Goal => spot.fill(floor),
        Tile::Wall => spot.fill(colour::WALL),
        Tile::Counter => counter(spot),
        Tile::Pot => {
            counter(spot);
            spot.block(MIDDLE, vec2(0.8, 0.8), 0.1, colour::IRON);
        }
        Tile::OnionStack => stack(spot, Item::Onion),
        Tile::TomatoStack => stack(spot, Item::Tomato),
        Tile::PlateStack => {
            counter(spot);
            for height in [0.07, 0.0, -0.07] {
                paint_item(spot, vec2(0.5, 0.5 + height), 1.0, Item::Plate);
            }
        }
        Tile::Delivery => delivery(spot),
    }
}

fn counter(spot: &Spot<'_>) {
    spot.fill(colour::COUNTER_EDGE);
    spot.block(vec2(0.5, 0.475), vec2(0.97, 0.92), 0.05, colour::COUNTER);
}

/// A crate that never runs out.
fn stack(spot: &Spot<'_>, item: Item) {
    counter(spot);
    spot.block(MIDDLE, vec2(0.76, 0.76), 0.06, colour::WOOD);
    for at in [vec2(0.35, 0.36), vec2(0.65, 0.36), vec2(0.35, 0.62), vec2(0.65, 0.62), MIDDLE] {
        paint_item(spot, at, 0.8, item);
    }
}

/// A hatch with a bell.
fn delivery(spot: &Spot<'_>) {
    counter(spot);
    spot.block(MIDDLE, vec2(0.84, 0.84), 0.08, colour::DELIVERY);
    let bell = |at: Vec2, size: Vec2| spot.block(at, size, 0.03, colour::CHINA);
    spot.disc(vec2(0.5, 0.57), 0.22, colour::CHINA);
    spot.block(vec2(0.5, 0.685), vec2(0.52, 0.23), 0.0, colour::DELIVERY);
    bell(vec2(0.5, 0.635), vec2(0.56, 0.07));
    spot.disc(vec2(0.5, 0.32), 0.045, colour::CHINA);
}

fn pot(spot: &Spot<'_>, pot: &Pot, cook_time: u16) {
    let tomato = pot.contents[0] == Some(Item::Tomato);
    let soup = if tomato { colour::TOMATO_SOUP } else { colour::ONION_SOUP };
    for side in [0.12, 0.88] {
        spot.block(vec2(side, 0.5), vec2(0.12, 0.14), 0.04, colour::STEEL);
    }
    spot.disc(MIDDLE, 0.36, colour::STEEL);
    spot.disc(MIDDLE, 0.3, colour::HOLLOW);
    if pot.is_full() {
        spot.disc(MIDDLE, 0.29, soup);
    }
    if pot.is_ready() {
        spot.ring(MIDDLE, 0.36, 0.07, colour::READY);
        steam(spot);
    } else if pot.is_full() {
        let done = 1.0 - f32::from(pot.timer) / f32::from(cook_time.max(1));
        spot.ring(MIDDLE, 0.36, 0.07, colour::HOLLOW);
        spot.arc(MIDDLE, 0.36, done, 0.07, colour::COOKING);
        ingredients(spot, pot);
    } else {
        ingredients(spot, pot);
    }
}

/// What is in a pot, and the room that is left.
fn ingredients(spot: &Spot<'_>, pot: &Pot) {
    let places: [Vec2; POT_CAPACITY] = [vec2(0.5, 0.385), vec2(0.39, 0.57), vec2(0.61, 0.57)];
    for (at, content) in places.into_iter().zip(pot.contents) {
        match content {
            Some(item) => paint_item(spot, at, 0.62, item),
            None => spot.ring(at, 0.07, 0.015, colour::STEEL.gamma_multiply(0.5)),
        }
    }
}

fn steam(spot: &Spot<'_>) {
    for x in [0.4, 0.5, 0.6] {
        let points = [-2.0_f32, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]
            .map(|along| vec2(x + 0.022 * (along * 1.6).sin(), 0.5 + 0.065 * along));
        spot.line(&points, 0.03, colour::CHINA);
    }
}

/// Draws an item around a point of a square; `scale` 1 is its size on a counter.
pub fn paint_item(spot: &Spot<'_>, center: Vec2, scale: f32, item: Item) {
    let spot = spot.part(center, scale);
    match item {
        Item::Onion => onion(&spot),
        Item::Tomato => tomato(&spot),
        Item::Plate => plate(&spot),
        Item::OnionSoup => {
            plate(&spot);
            spot.disc(MIDDLE, 0.17, colour::ONION_SOUP);
            spot.disc(vec2(0.45, 0.47), 0.045, colour::ONION);
            spot.disc(vec2(0.56, 0.54), 0.045, colour::ONION);
        }
        Item::TomatoSoup => {
            plate(&spot);
            spot.disc(MIDDLE, 0.17, colour::TOMATO_SOUP);
            spot.disc(vec2(0.5, 0.5), 0.05, colour::LEAF);
        }
    }
}

fn onion(spot: &Spot<'_>) {
    let body = vec2(0.5, 0.53);
    for (side, lift) in [(-0.05, 0.1), (0.0, 0.14), (0.05, 0.1)] {
        spot.line(&[vec2(0.5, 0.38), vec2(0.5 + side, 0.38 - lift)], 0.035, colour::LEAF);
    }
    spot.disc(body, 0.185, colour::ONION_LINE);
    spot.disc(body, 0.16, colour::ONION);
    spot.ellipse(body, vec2(0.085, 0.16), 0.018, colour::ONION_LINE);
    spot.line(&[vec2(0.5, 0.37), vec2(0.5, 0.69)], 0.018, colour::ONION_LINE);
}

fn tomato(spot: &Spot<'_>) {
    spot.disc(vec2(0.5, 0.52), 0.19, colour::TOMATO_SOUP);
    spot.disc(vec2(0.5, 0.52), 0.165, colour::TOMATO);
    for out in [vec2(-0.1, -0.05), vec2(0.1, -0.05), vec2(0.0, -0.12)] {
        spot.line(&[vec2(0.5, 0.4), vec2(0.5, 0.4) + out], 0.05, colour::LEAF);
    }
}

fn plate(spot: &Spot<'_>) {
    spot.disc(MIDDLE, 0.27, colour::CHINA_SHADE);
    spot.disc(MIDDLE, 0.25, colour::CHINA);
    spot.ring(MIDDLE, 0.17, 0.015, colour::CHINA_SHADE);
}
