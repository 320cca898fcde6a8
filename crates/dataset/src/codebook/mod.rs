//! The codebook: every column that a dataset can have, described once. Descriptions for Psych-DS,
//! Frictionless, Croissant, BIDS and Parquet come from here, and tests hold it against the columns
//! that recordings really have.

mod fixed;

use crate::column::{Column, Kind};

/// The actions' numbers.
const ACTIONS: [(&str, &str); 7] = [
    ("0", "up"),
    ("1", "down"),
    ("2", "left"),
    ("3", "right"),
    ("4", "pick up or drop"),
    ("5", "toggle"),
    ("6", "noop"),
];

const DIRECTIONS: [(&str, &str); 4] = [("0", "right"), ("1", "down"), ("2", "left"), ("3", "up")];

const HOLDING: [(&str, &str); 6] = [
    ("nothing", "the hands are empty"),
    ("onion", "an onion"),
    ("tomato", "a tomato"),
    ("plate", "an empty plate"),
    ("onion_soup", "a plate with onion soup"),
    ("tomato_soup", "a plate with tomato soup"),
];

const ITEMS: &str = "Letters: o onion, t tomato, P plate, S onion soup, ! tomato soup.";

/// The column of this name; `None` if no dataset has one.
#[must_use]
pub fn column(name: &str) -> Option<Column> {
    match name.split_once('.') {
        Some((group, rest)) => dotted(name, group, rest),
        None => fixed::column(name),
    }
}

/// Columns of the table of steps that exist for each player, and the task's.
fn dotted(name: &str, group: &str, rest: &str) -> Option<Column> {
    let column = |kind, description| Some(Column::new(name, kind, description));
    if group == "state" {
        return state(name, rest);
    }
    let (player, detail) = rest.split_once('.').map_or((rest, None), |(a, b)| (a, Some(b)));
    let everybody = player == "__all__" && detail.is_none();
    if !everybody && (player.len() != 1 || !player.bytes().all(|it| (b'0'..b'4').contains(&it))) {
        return None;
    }
    match (group, detail) {
        ("terminateds", None) if everybody => {
            column(Kind::Boolean, "Whether the task is over for all players.".to_owned())
        }
        ("truncateds", None) if everybody => {
            column(Kind::Boolean, "Whether the episode has reached its last step.".to_owned())
        }
        _ if everybody => None,
        ("actions", None) => {
            let text = format!("What player {player} did in this step.");
            Some(Column::new(name, Kind::Integer, text).levels(&ACTIONS).range(0, 6))
        }
        ("rewards", None) => {
            let text = format!("The reward of player {player} for this step.");
            Some(Column::new(name, Kind::Number, text).unit("points"))
        }
        ("terminateds", None) => {
            column(Kind::Boolean, format!("Whether the task is over for player {player}."))
        }
        ("truncateds", None) => column(
            Kind::Boolean,
            format!("Whether the episode has reached its last step for player {player}."),
        ),
        ("isFocused", None) => column(
            Kind::Boolean,
            format!(
                "Whether the window of player {player} had the focus, as all computers have it."
            ),
        ),
        ("player_subjects", None) => {
            column(Kind::Text, format!("Pseudonym of the participant who is player {player}."))
        }
        ("infos", Some(info)) => information(name, player, info),
        _ => None,
    }
}

fn information(name: &str, player: &str, info: &str) -> Option<Column> {
    let integer = |text: String| Column::new(name, Kind::Integer, text);
    let earned = |what: &str| {
        let text = format!(
            "What player {player} earned in this step for {what}, before rewards are shared."
        );
        Column::new(name, Kind::Number, text).unit("points")
    };
    Some(match info {
        "row" => integer(format!("The row of player {player} after the step, from 0 at the top."))
            .unit("cells")
            .range(0, 255),
        "col" => {
            integer(format!("The column of player {player} after the step, from 0 at the left."))
                .unit("cells")
                .range(0, 255)
        }
        "direction" => {
            integer(format!("Where player {player} looks after the step.")).levels(&DIRECTIONS)
        }
        "holding" => {
            let text = format!("What player {player} holds after the step.");
            Column::new(name, Kind::Text, text).levels(&HOLDING)
        }
        "arrived" => integer(format!("Whether player {player} has been on a goal."))
            .levels(&[("0", "no"), ("1", "yes")]),
        "delivery_reward" => earned("delivering a soup"),
        "onion_in_pot_reward" => earned("putting an onion into a pot"),
        "ingredient_in_pot_reward" => earned("putting an ingredient into a pot"),
        "useful_dish_reward" => earned("taking a dish when a soup needs one"),
        "soup_in_dish_reward" => earned("filling a soup into a dish"),
        _ => return None,
    })
}

fn state(name: &str, state: &str) -> Option<Column> {
    let count = |text: &str| Column::new(name, Kind::Integer, text).range(0, i64::MAX);
    let text = |text: String| Column::new(name, Kind::Text, text);
    let lying = |place: &str| {
        text(format!(
            "What lies {place} after the step, as row:column:letter, separated by spaces; none if nothing does. {ITEMS}"
        ))
    };
    if let Some((pot, detail)) = state.strip_prefix("pot").and_then(|pot| pot.split_once('.')) {
        let _: u8 = pot.parse().ok()?;
        return Some(match detail {
            "contents" => text(format!(
                "What is in pot {pot} after the step, a letter for each place, a dot for an empty one. {ITEMS}"
            )),
            "timer" => count("Steps until the soup in this pot is cooked.").unit("steps"),
            "cooked" => count("Steps that the soup in this pot has cooked.").unit("steps"),
            _ => return None,
        });
    }
    Some(match state {
        "score" => {
            let text =
                "What all players have earned together since the session began, each point once.";
            Column::new(name, Kind::Number, text).unit("points")
        }
        "deliveries" => count("Soups delivered in the episode so far.").unit("soups"),
        "goals" => count("Goals that are still there.").unit("goals"),
        "counters" => lying("on counters"),
        "floor" => lying("on the floor"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::column;
    use super::fixed::FIXED;
    use crate::column::Kind;
    use dyad_gridworld::environment::Value;
    use dyad_gridworld::settings::EpisodeSeeds;
    use dyad_gridworld::task::TaskSettings;
    use dyad_gridworld::{Game, PlayerInput, Settings, World};
    use dyad_recording::{local, table};
    use std::collections::BTreeSet;
    use std::sync::Arc;

    /// A game of every task on every layout, for as many players as there can be.
    fn games() -> Vec<Arc<Game>> {
        let mut games = Vec::new();
        for task in TaskSettings::all() {
            for (layout, text) in task.layouts() {
                for players in [2, 4] {
                    let settings = Settings {
                        task: task.clone(),
                        layout: (*layout).to_owned(),
                        layout_text: (*text).to_owned(),
                        players,
                        steps_per_second: 30,
                        max_steps: 5,
                        episodes: 1,
                        countdown_frames: 0,
                        pause_frames: 1,
                        seed: 1,
                        episode_seeds: EpisodeSeeds::Derived,
                        focus: Default::default(),
                    };
                    games.extend(Game::new(settings).ok());
                }
            }
        }
        games
    }

    #[test]
    fn every_column_of_every_game_is_described() {
        let games = games();
        assert!(games.len() >= 9, "{}", games.len());
        for game in games {
            for name in table::names(&game) {
                let column = column(&name).unwrap_or_else(|| panic!("{name} is not described"));
                assert!(column.name == name && column.description.ends_with('.'), "{column:?}");
            }
        }
    }

    #[test]
    fn the_types_are_those_of_the_tasks() {
        for game in games() {
            let mut world = World::new(Arc::clone(&game));
            let outcome = (0..9).find_map(|_| world.step(&[PlayerInput::default(); 4])).unwrap();
            let mut values = Vec::new();
            world.info_values(0, &outcome.task, &mut |value| values.push(kind(value)));
            world.state_values(&mut |value| values.push(kind(value)));
            let infos = game.rules().info_names().iter().map(|info| format!("infos.0.{info}"));
            let states = World::state_names(game.rules()).into_iter();
            let names = infos.chain(states.map(|state| format!("state.{state}")));
            for (name, kind) in names.zip(values) {
                assert_eq!(column(&name).unwrap().kind, kind, "{name}");
            }
        }
    }

    fn kind(value: Value<'_>) -> Kind {
        match value {
            Value::Int(_) => Kind::Integer,
            Value::Reward(_) => Kind::Number,
            Value::Text(_) => Kind::Text,
        }
    }

    #[test]
    fn local_columns_are_described_and_no_name_twice() {
        for name in local::NAMES {
            assert!(column(name).is_some(), "{name}");
        }
        let names: BTreeSet<_> = FIXED.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), FIXED.len());
    }

    #[test]
    fn unknown_columns_are_not_made_up() {
        for name in [
            "",
            "actions",
            "actions.4",
            "actions.x",
            "infos.0.age",
            "state.pot.contents",
            "rewards.__all__",
            "other",
        ] {
            assert_eq!(column(name), None, "{name}");
        }
    }
}
