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
pub const HEIGHT: f32 = 102.0;
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
    /// What it is worth, if it is worth anything.
    pub points: Option<String>,
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
            let rewards = rules.rewards();
            let points = Points {
                ingredient: rewards.onion_in_pot,
                plate: Reward::ZERO,
                soup: rewards.soup_in_dish,
                delivery: rewards.delivery,
            };
            recipe(game, rules.cook_time(), points, words)
        }
        TaskRules::OvercookedAi2019(rules) => {
            let rewards = rules.rewards();
            let points = Points {
                ingredient: rewards.ingredient_in_pot,
                plate: rewards.useful_dish,
                soup: rewards.soup_in_dish,
                delivery: rewards.delivery,
            };
            recipe(game, rules.cook_time(), points, words)
        }
        _ if game.layout().tiles().contains(&Tile::Goal) => walk(me, words),
        _ => Vec::new(),
    }
}

/// What the score gains by each step.
struct Points {
    /// Each time that an ingredient comes into a pot.
    ingredient: Reward,
    /// For a plate that is needed.
    plate: Reward,
    /// For a soup on a plate.
    soup: Reward,
    delivery: Reward,
}

/// From ingredients to a delivered soup.
fn recipe(game: &Game, cook_time: u16, points: Points, words: &Words) -> Vec<Step> {
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
    let worth = |points: Reward, line| match points {
        Reward::ZERO => None,
        points => Some(words.line_with(line, [("points", points.to_string().into())])),
    };
    let gather = words.line_with(name, [("count", POT_CAPACITY.into())]);
    let cook = words.line_with("legend-cook", [("seconds", seconds.into())]);
    vec![
        Step {
            picture: Picture::Ingredients(shown),
            words: gather,
            points: worth(points.ingredient, "legend-points-each"),
        },
        Step { picture: Picture::Pot(full), words: cook, points: None },
        Step {
            picture: Picture::Item(Item::Plate),
            words: words.line("legend-plate"),
            points: worth(points.plate, "legend-points-if-needed"),
        },
        Step {
            picture: Picture::Item(soup),
            words: words.line("legend-fill"),
            points: worth(points.soup, "legend-points"),
        },
        Step {
            picture: Picture::Delivery,
            words: words.line("legend-deliver"),
            points: worth(points.delivery, "legend-points"),
        },
    ]
}

fn walk(me: Seat, words: &Words) -> Vec<Step> {
    let step = |picture, line| Step { picture, words: words.line(line), points: None };
    vec![step(Picture::Player(me), "legend-you"), step(Picture::Goal, "legend-flag")]
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
        let square = Rect::from_center_size(middle - vec2(0.0, 20.0), Vec2::splat(side));
        picture(&Spot::new(painter, square), step.picture);
        if number > 0 {
            arrow(
                painter,
                Rect::from_center_size(square.center() - vec2(width / 2.0, 0.0), Vec2::splat(16.0)),
            );
        }
        let line = |text: &str, below, color| {
            let font = theme::font(size::SMALL);
            painter.text(middle + vec2(0.0, below), Align2::CENTER_CENTER, text, font, color);
        };
        line(&step.words, 20.0, theme::INK);
        if let Some(points) = &step.points {
            line(points, 37.0, theme::MUTED);
        }
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

    fn points(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.points.as_deref().unwrap_or_default()).collect()
    }

    #[test]
    fn a_recipe_is_that_of_the_rules() {
        let parameters = overcooked::Parameters { cook_time: 45, ..Default::default() };
        let game = game(TaskSettings::CogridOvercooked(parameters), "CCUCC\nO+ +O\nC=C@C");
        let steps_of_it = steps(&game, Seat(0));
        let expected = ["3 onions", "cook for 1.5 s", "take a plate", "fill it", "deliver"];
        assert_eq!(words(&steps_of_it), expected);
        assert_eq!(points(&steps_of_it), ["+3 each", "", "", "+5", "+20"]);
        assert_eq!(steps_of_it[3].picture, Picture::Item(Item::OnionSoup));
        let free = overcooked_ai::RewardScheme {
            delivery: dyad_gridworld::Reward::ZERO,
            ..overcooked_ai::RewardScheme::OVERCOOKED_AI
        };
        let parameters = overcooked_ai::Parameters { cook_time: 20, rewards: free };
        let text = "CCUCC\nT1 2T\nC=C@C";
        let game = super::super::tests::game(TaskSettings::OvercookedAi2019(parameters), text);
        let steps = steps(&game, Seat(0));
        let expected = ["3 tomatoes", "cook for 0.7 s", "take a plate", "fill it", "deliver"];
        assert_eq!(words(&steps), expected);
        assert_eq!(points(&steps), ["+3 each", "", "+3 if needed", "+5", ""]);
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
