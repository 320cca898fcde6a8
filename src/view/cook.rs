//! A cook: a shape and a hue for each seat, where it looks, and what it carries.

use super::canvas::Spot;
use super::kitchen::paint_item;
use crate::theme;
use bevy_egui::egui::{Color32, Vec2, vec2};
use dyad_gridworld::geometry::Direction;
use dyad_gridworld::overcooked::Agent;
use dyad_protocol::Seat;
use std::f32::consts::TAU;

const MIDDLE: Vec2 = vec2(0.5, 0.5);
/// From the middle of the body to its edge.
const RADIUS: f32 = 0.32;

/// Draws a cook in its cell. One's own has a white rim.
pub fn paint(spot: &Spot<'_>, seat: Seat, agent: &Agent, is_me: bool) {
    let ahead = direction(agent.facing);
    let aside = ahead.rot90();
    let hand = |side: f32| MIDDLE + ahead * 0.31 + aside * side * 0.19;
    if is_me {
        rim(spot, seat);
    }
    for side in [-1.0, 1.0] {
        spot.disc(hand(side), 0.085, theme::INK);
        spot.disc(hand(side), 0.065, tone(seat));
    }
    badge(spot, seat, false);
    for side in [-1.0, 1.0] {
        let eye = MIDDLE + ahead * 0.13 + aside * side * 0.12;
        spot.disc(eye, 0.075, Color32::WHITE);
        spot.disc(eye + ahead * 0.03, 0.04, theme::INK);
    }
    if let Some(item) = agent.held {
        paint_item(spot, MIDDLE + ahead * 0.37, 0.78, item);
    }
}

/// Draws the body alone: the sign of a player.
pub fn badge(spot: &Spot<'_>, seat: Seat, is_me: bool) {
    if is_me {
        rim(spot, seat);
    }
    body(spot, seat, RADIUS, theme::INK);
    body(spot, seat, RADIUS - 0.03, tone(seat));
}

/// What marks one's own player.
fn rim(spot: &Spot<'_>, seat: Seat) {
    body(spot, seat, RADIUS + 0.07, theme::INK);
    body(spot, seat, RADIUS + 0.05, Color32::WHITE);
}

/// A player's colour.
#[must_use]
pub fn tone(seat: Seat) -> Color32 {
    theme::PLAYERS[seat.index() % theme::PLAYERS.len()]
}

/// Seat by seat another shape, so that nobody needs the colours.
fn body(spot: &Spot<'_>, seat: Seat, radius: f32, color: Color32) {
    match seat.index() % theme::PLAYERS.len() {
        0 => spot.disc(MIDDLE, radius, color),
        1 => spot.block(MIDDLE, Vec2::splat(radius * 1.8), 0.1, color),
        2 => regular(spot, 3, radius * 1.2, color),
        _ => regular(spot, 6, radius, color),
    }
}

fn regular(spot: &Spot<'_>, corners: u8, radius: f32, color: Color32) {
    let points: Vec<Vec2> = (0..corners)
        .map(|corner| {
            let turn = f32::from(corner) / f32::from(corners) - 0.25;
            MIDDLE + Vec2::angled(turn * TAU) * radius
        })
        .collect();
    spot.polygon(&points, color, 0.0, color);
}

const fn direction(facing: Direction) -> Vec2 {
    match facing {
        Direction::Right => vec2(1.0, 0.0),
        Direction::Down => vec2(0.0, 1.0),
        Direction::Left => vec2(-1.0, 0.0),
        Direction::Up => vec2(0.0, -1.0),
    }
}
