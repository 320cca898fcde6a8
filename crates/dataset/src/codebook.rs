//! The codebook: every column that a dataset can have, described once. Descriptions for Psych-DS,
//! Frictionless, Croissant, BIDS and Parquet come from here, and tests hold it against the columns
//! that recordings really have.

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

const VERDICTS: [(&str, &str); 6] = [
    ("identical", "finished, and equal byte for byte on all computers"),
    ("prefix", "cut short, with the same rows on all computers"),
    ("prefix_with_tail", "cut short, with further rows on some computers"),
    ("diverged", "the records contradict each other"),
    ("one_side_only", "only some participants' records are there"),
    ("invalid", "a record that cannot be trusted"),
];

/// How logs end.
const ENDINGS: [(&str, &str); 4] = [
    ("complete", "closed with the signed statements of all players"),
    ("one_side", "closed by this side alone, with what the others had last said"),
    ("cut", "not closed: the program or the computer stopped"),
    ("damaged", "goes on with bytes that are no entry"),
];

const ITEMS: &str = "Letters: o onion, t tomato, P plate, S onion soup, ! tomato soup.";

/// Columns with fixed names: name, kind, unit, description.
const FIXED: [(&str, Kind, Option<&str>, &str); 63] = [
    // The shared table of steps, and what others share with it.
    ("episode_num", Kind::Integer, None, "The episode of the session, from 0."),
    ("t", Kind::Integer, Some("steps"), "The step within the episode, from 0; empty outside play."),
    // The table of what one computer saw of each frame.
    (
        "frame",
        Kind::Integer,
        Some("frames"),
        "The frame, from 0 at the start of the session; countdowns and pauses count.",
    ),
    ("episode", Kind::Integer, None, "The episode of the session, from 0; empty after the last."),
    (
        "wall_ms",
        Kind::Integer,
        Some("ms"),
        "Wall clock of this computer when the frame was first stepped, since 1970 in UTC.",
    ),
    (
        "monotonic_us",
        Kind::Integer,
        Some("us"),
        "Monotonic clock at the same moment, since the program started.",
    ),
    ("step_us", Kind::Integer, Some("us"), "How long the step took, rollbacks included."),
    (
        "key_event_us",
        Kind::Integer,
        Some("us"),
        "When the key event behind this frame's own input arrived, on the monotonic clock; empty without a key.",
    ),
    (
        "input_to_display_us",
        Kind::Integer,
        Some("us"),
        "From that key event until its effect was handed to the display; empty where that is unknown.",
    ),
    (
        "speculated",
        Kind::Boolean,
        None,
        "Whether the frame was first stepped with a predicted input.",
    ),
    (
        "rollback_depth",
        Kind::Integer,
        Some("frames"),
        "How many frames were simulated again in this step.",
    ),
    (
        "rtt_us",
        Kind::Integer,
        Some("us"),
        "Round trip to the partner; empty as long as it is unknown.",
    ),
    (
        "frames_ahead",
        Kind::Integer,
        Some("frames"),
        "How many frames this side is ahead of the partner; negative if behind.",
    ),
    ("stalled", Kind::Boolean, None, "Whether the game waited for the partner before this frame."),
    ("stalled_us", Kind::Integer, Some("us"), "How long it waited."),
    (
        "focused",
        Kind::Boolean,
        None,
        "Whether this computer's window had the focus, by its own clock.",
    ),
    (
        "partner_focused",
        Kind::Boolean,
        None,
        "Whether the partner's window was last known to have the focus; empty if unknown.",
    ),
    // Tables over all sessions.
    ("study", Kind::Text, None, "The study."),
    ("session", Kind::Text, None, "The session: one match of participants in one scene."),
    ("scene", Kind::Text, None, "The scene of the study that was played."),
    ("participant", Kind::Text, None, "Pseudonym of the participant, issued by the lab."),
    (
        "seat",
        Kind::Integer,
        None,
        "The participant's place in the session: the number in the columns' names of the table of steps.",
    ),
    (
        "public_key",
        Kind::Text,
        None,
        "Ed25519 key by which this seat's signatures are checked, in hexadecimal digits, as the lab registered it.",
    ),
    (
        "sessions",
        Kind::Integer,
        None,
        "Sessions of this dataset in which the participant has a seat.",
    ),
    (
        "records",
        Kind::Integer,
        None,
        "Records of episodes that came from the participant's computer.",
    ),
    (
        "rows_recorded",
        Kind::Integer,
        Some("rows"),
        "Rows of the tables that these records lead to.",
    ),
    ("registered", Kind::Time, None, "When the lab registered the session, in UTC."),
    (
        "task",
        Kind::Text,
        None,
        "The task whose rules were played; empty without a readable record.",
    ),
    ("layout", Kind::Text, None, "The layout's name; its text is in the logs."),
    ("players", Kind::Integer, None, "Number of players."),
    ("steps_per_second", Kind::Integer, Some("1/s"), "Steps in a second of play."),
    ("max_steps", Kind::Integer, Some("steps"), "Steps of an episode at most."),
    ("episodes_planned", Kind::Integer, None, "Episodes that were to be played."),
    ("episodes_recorded", Kind::Integer, None, "Episodes of which this dataset has a record."),
    (
        "seed",
        Kind::Integer,
        None,
        "Seed of the session; every chance in it comes from this number.",
    ),
    ("rules", Kind::Integer, None, "Version of the rules, by which the logs simulate again."),
    ("program", Kind::Text, None, "The program that wrote the logs, and its version."),
    (
        "game",
        Kind::Text,
        None,
        "BLAKE3 digest of all settings of the game, in hexadecimal digits; equal games have equal ones.",
    ),
    ("verdict", Kind::Text, None, "What comparing all participants' records of the episode gave."),
    (
        "rows",
        Kind::Integer,
        Some("rows"),
        "Rows that all sides have: those of the episode's table of steps.",
    ),
    ("rows_longest", Kind::Integer, Some("rows"), "Rows of the longest record."),
    (
        "finished",
        Kind::Boolean,
        None,
        "Whether the episode was played to its end on some computer.",
    ),
    (
        "diverged_frame",
        Kind::Integer,
        Some("frames"),
        "The first frame at which records contradict each other; empty if none do.",
    ),
    (
        "diverged_column",
        Kind::Text,
        None,
        "The first column that differs there; empty if none does.",
    ),
    ("message", Kind::Text, None, "Why a record cannot be trusted; empty otherwise."),
    (
        "steps_file",
        Kind::Text,
        None,
        "Path of the episode's table of steps; empty where there are no rows that all sides have.",
    ),
    ("received", Kind::Time, None, "When the record was on the lab's disk, in UTC."),
    (
        "bundle_bytes",
        Kind::Integer,
        Some("bytes"),
        "Length of the archive in which the record came.",
    ),
    (
        "bundle_blake3",
        Kind::Text,
        None,
        "BLAKE3 digest of that archive, in hexadecimal digits; the lab's receipt names it.",
    ),
    ("ending", Kind::Text, None, "How the log ends; empty where there is no log to read."),
    ("record_rows", Kind::Integer, Some("rows"), "Rows of the table that this log leads to."),
    (
        "record_frames",
        Kind::Integer,
        Some("frames"),
        "Frames in this log; countdowns and pauses count.",
    ),
    (
        "interruptions",
        Kind::Integer,
        None,
        "Times that the session was held and went on during this log.",
    ),
    (
        "chain_head",
        Kind::Text,
        None,
        "Head of the log's BLAKE3 chain in hexadecimal digits; equal heads are equal histories.",
    ),
    ("local_rows", Kind::Integer, Some("rows"), "Rows of the table of what this computer saw."),
    (
        "rtt_us_median",
        Kind::Integer,
        Some("us"),
        "Median of rtt_us over the frames that have it; empty if none has.",
    ),
    (
        "rtt_us_p95",
        Kind::Integer,
        Some("us"),
        "95th percentile of rtt_us, by nearest rank; empty if no frame has it.",
    ),
    ("rollback_depth_max", Kind::Integer, Some("frames"), "Greatest rollback_depth."),
    (
        "speculated_frames",
        Kind::Integer,
        Some("frames"),
        "Frames that were first stepped with a predicted input.",
    ),
    ("stalled_us_total", Kind::Integer, Some("us"), "Sum of stalled_us."),
    (
        "unfocused_frames",
        Kind::Integer,
        Some("frames"),
        "Frames during which this computer's window had not the focus.",
    ),
    (
        "input_to_display_us_median",
        Kind::Integer,
        Some("us"),
        "Median of input_to_display_us over the frames that have it; empty if none has.",
    ),
    (
        "local_flaw",
        Kind::Text,
        None,
        "Why the table of what this computer saw is not among the tables; empty if it is. It is then in data/raw as it came.",
    ),
];

/// The column of this name; `None` if no dataset has one.
#[must_use]
pub fn column(name: &str) -> Option<Column> {
    match name.split_once('.') {
        Some((group, rest)) => dotted(name, group, rest),
        None => fixed(name),
    }
}

fn fixed(name: &str) -> Option<Column> {
    let (_, kind, unit, description) = FIXED.iter().find(|(fixed, ..)| *fixed == name)?;
    let mut column = Column::new(name, *kind, *description);
    column.unit = *unit;
    Some(match name {
        "verdict" => column.levels(&VERDICTS),
        "ending" => column.levels(&ENDINGS),
        "seat" => column.range(0, 3),
        "players" => column.range(1, 4),
        "frames_ahead" | "seed" => column,
        _ if *kind == Kind::Integer => column.range(0, i64::MAX),
        _ => column,
    })
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
    use super::{FIXED, column};
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
