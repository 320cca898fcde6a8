//! How a task is played, in a row of pictures with a few words each, for people who see it for
//! the first time. What it says comes from the rules of the game at hand.

use super::canvas::Spot;
use super::kitchen::{self, Pot};
use super::sprite::atlas;
use super::{cook, units};
use crate::theme::{self, size};
use crate::words::Words;
use bevy_egui::egui::{Align2, Painter, Rect, Vec2, pos2, vec2};
use dyad_gridworld::geometry::Direction;
use dyad_gridworld::layout::Tile;
use dyad_gridworld::overcooked::{Item, POT_CAPACITY};
use dyad_gridworld::task::TaskRules;
use dyad_gridworld::{Game, Reward};
use dyad_protocol::Seat;

/// Height of a legend, in points.
pub const HEIGHT: f32 = 84.0;
/// The most width that a step of it takes.
const STEP_WIDTH: f32 = 126.0;
/// Side of a picture.
const PICTURE: f32 = 56.0;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is shown.
    pub picture: Picture,
    /// What is said below it.
    pub words: String,
}

/// A picture of a legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Picture {
    /// Ingredients.
    Ingredients([Option<Item>; POT_CAPACITY]),
    /// A pot.
    Pot(Pot),
    /// A thing.
    Item(Item),
    /// The place for finished soups.
    Delivery,
    /// A player.
    Player(Seat),
    /// A goal.
    Goal,
}

/// What a game's players have to do, step by step. Nothing for a task that has no legend. `me` is
/// the seat of the person who reads it.
#[must_use]
pub fn steps(game: &Game, me: Seat, words: &Words) -> Vec<Step> {
    match game.rules() {
        TaskRules::CogridOvercooked(rules) => {
            recipe(game, rules.cook_time(), rules.rewards().delivery, words)
        }
        TaskRules::OvercookedAi2019(rules) => {
            recipe(game, rules.cook_time(), rules.rewards().delivery, words)
        }
        _ if game.layout().tiles().contains(&Tile::Goal) => walk(me, words),
        _ => Vec::new(),
    }
}

/// From ingredients to a delivered soup.
fn recipe(game: &Game, cook_time: u16, delivery: Reward, words: &Words) -> Vec<Step> {
    let has = |tile| game.layout().tiles().contains(&tile);
    let (item, name, mixed) = match (has(Tile::OnionStack), has(Tile::TomatoStack)) {
        (true, true) => (Item::Onion, "legend-of-one-kind", true),
        (false, true) => (Item::Tomato, "legend-tomatoes", false),
        _ => (Item::Onion, "legend-onions", false),
    };
    let soup = if item == Item::Tomato { Item::TomatoSoup } else { Item::OnionSoup };
    let mut shown = [Some(item); POT_CAPACITY];
    if mixed {
        shown = [Some(Item::Onion), None, Some(Item::Tomato)];
    }
    let full = Pot { contents: [Some(item); POT_CAPACITY], done: Some(0.6) };
    let seconds = seconds(cook_time, game.settings().steps_per_second);
    let step = |picture, words| Step { picture, words };
    vec![
        step(Picture::Ingredients(shown), words.line_with(name, [("count", POT_CAPACITY.into())])),
        step(Picture::Pot(full), words.line_with("legend-cook", [("seconds", seconds.into())])),
        step(Picture::Item(Item::Plate), words.line("legend-plate")),
        step(Picture::Item(soup), words.line("legend-fill")),
        step(
            Picture::Delivery,
            match delivery {
                Reward::ZERO => words.line("legend-deliver"),
                points => {
                    words.line_with("legend-deliver-for", [("points", points.to_string().into())])
                }
            },
        ),
    ]
}

fn walk(me: Seat, words: &Words) -> Vec<Step> {
    vec![
        Step { picture: Picture::Player(me), words: words.line("legend-you") },
        Step { picture: Picture::Goal, words: words.line("legend-flag") },
    ]
}

/// Steps of the game as seconds, to a tenth.
fn seconds(steps: u16, steps_per_second: u16) -> String {
    let tenths = (u32::from(steps) * 10).div_ceil(u32::from(steps_per_second.max(1)));
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}

/// The width that a legend takes where there is room for it.
#[must_use]
pub const fn width(steps: &[Step]) -> f32 {
    steps.len() as f32 * STEP_WIDTH
}

/// Draws a legend in the middle of an area.
pub fn paint(painter: &Painter, area: Rect, steps: &[Step]) {
    let count = steps.len().max(1) as f32;
    let width = (area.width() / count).min(STEP_WIDTH);
    let left = area.center().x - width * count / 2.0;
    for (number, step) in steps.iter().enumerate() {
        let middle = pos2(left + width * (number as f32 + 0.5), area.center().y);
        let side = PICTURE.min(width - 22.0);
        let square = Rect::from_center_size(middle - vec2(0.0, 11.0), Vec2::splat(side));
        picture(&Spot::new(painter, square), step.picture);
        if number > 0 {
            arrow(
                painter,
                Rect::from_center_size(square.center() - vec2(width / 2.0, 0.0), Vec2::splat(16.0)),
            );
        }
        let font = theme::font(size::SMALL);
        let below = middle + vec2(0.0, 29.0);
        painter.text(below, Align2::CENTER_CENTER, &step.words, font, theme::INK);
    }
}

fn arrow(painter: &Painter, square: Rect) {
    let tip = [vec2(0.3, 0.1), vec2(0.7, 0.5), vec2(0.3, 0.9)];
    Spot::new(painter, square).line(&tip, 0.2, theme::MUTED);
}

fn picture(spot: &Spot<'_>, picture: Picture) {
    match picture {
        Picture::Ingredients(items) => {
            let places = [units(17.0, 40.0), units(32.0, 24.0), units(47.0, 40.0)];
            for at in [1, 0, 2] {
                if let Some(item) = items[at] {
                    spot.sprite_at(kitchen::sprite(item), places[at], 0.95);
                }
            }
        }
        Picture::Pot(pot) => {
            // On a hob, whose drawing ends above the lower edge of a cell.
            let spot = spot.part(units(32.0, 39.0), 1.0);
            spot.sprite(atlas::STOVE);
            kitchen::paint_pot(&spot, &pot);
        }
        Picture::Item(item) => spot.sprite_at(kitchen::sprite(item), units(32.0, 32.0), 1.4),
        Picture::Delivery => spot.sprite_at(atlas::DELIVERY, units(32.0, 39.0), 1.0),
        Picture::Player(seat) => cook::paint_walker(spot, seat, Direction::Right, false),
        Picture::Goal => spot.sprite(atlas::GOAL),
    }
}

#[cfg(test)]
mod tests {
    use super::{Picture, Step, seconds};
    use crate::view::tests::{game, goal_finding, kitchen};
    use crate::words::Words;
    use dyad_gridworld::overcooked::Item;
    use dyad_gridworld::task::TaskSettings;
    use dyad_gridworld::{overcooked, overcooked_ai};
    use dyad_protocol::Seat;

    fn steps(game: &dyad_gridworld::Game, me: Seat) -> Vec<Step> {
        super::steps(game, me, &Words::english())
    }

    fn words(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.words.as_str()).collect()
    }

    #[test]
    fn a_recipe_is_that_of_the_rules() {
        let parameters = overcooked::Parameters { cook_time: 45, ..Default::default() };
        let game = game(TaskSettings::CogridOvercooked(parameters), "CCUCC\nO+ +O\nC=C@C");
        let steps_of_it = steps(&game, Seat(0));
        let expected = ["3 onions", "cook for 1.5 s", "take a plate", "fill it", "deliver: 20"];
        assert_eq!(words(&steps_of_it), expected);
        assert_eq!(steps_of_it[3].picture, Picture::Item(Item::OnionSoup));
        let free = overcooked_ai::RewardScheme {
            delivery: dyad_gridworld::Reward::ZERO,
            ..Default::default()
        };
        let parameters = overcooked_ai::Parameters { cook_time: 20, rewards: free };
        let text = "CCUCC\nT1 2T\nC=C@C";
        let game = super::super::tests::game(TaskSettings::OvercookedAi2019(parameters), text);
        let expected = ["3 tomatoes", "cook for 0.7 s", "take a plate", "fill it", "deliver"];
        assert_eq!(words(&steps(&game, Seat(0))), expected);
    }

    #[test]
    fn where_there_are_both_a_soup_is_of_one_kind() {
        let game = kitchen("CCUCC\nO+ +T\nC=C@C");
        assert_eq!(words(&steps(&game, Seat(0)))[0], "3 of one kind");
    }

    #[test]
    fn walkers_have_a_flag() {
        let steps = steps(&goal_finding(), Seat(1));
        assert_eq!(steps[0].picture, Picture::Player(Seat(1)));
        assert_eq!(steps[1].picture, Picture::Goal);
    }

    #[test]
    fn seconds_are_rounded_up_to_a_tenth() {
        let cases = [(30, 30, "1"), (20, 30, "0.7"), (45, 30, "1.5"), (1000, 7, "142.9")];
        for (steps, speed, expected) in cases {
            assert_eq!(seconds(steps, speed), expected);
        }
    }
}
