//! Tables of games, and how a scene's settings are laid over the defaults and under a condition's.

use super::MAX_SEED;
use super::scene::Head;
use crate::read::tree::{Entry, Node, Span, Table as TableNode, Value as NodeValue};
use crate::read::value::{Value, entries, object};
use crate::read::{
    At, Definitions, Described, Named, Reader, Rule, Scope, Slot, Sub, Table as _, items, optional,
    or, tables, within,
};
use crate::words::{EpisodeSeed, PartnerKind, Policy};
use dyad_gridworld::task::TaskSettings;
use serde_json::{Value as Json, json};

tables! {
    /// A game: people, or people and programs, play a task for a number of episodes.
    Gym {
        /// The task, with its parameters: for example `task = { name = "cogrid-overcooked", cook_time = 30 }`.
        task: Task = optional();
        /// The layout: the name of one that comes with the task, or the path of a text file, which starts at the experiment file's folder.
        layout: Option<At<String>> = within(1, 1000);
        /// Or the path of a layout file, whatever its name looks like.
        layout_file: Option<At<String>> = within(1, 1000);
        /// Or several layouts, by name or path: each match draws one of them.
        layouts: Vec<At<String>> = items(1, 100);
        /// Seats, those of programs included.
        players: At<i64> = within(1, 4).or(2);
        /// Who has the other seats.
        partner: Sub<Partner> = optional();
        /// Whether it is to learn the game by: it is played at once with programs in the other seats, and a legend is shown.
        tutorial: At<bool> = or(false);
        /// Steps a second.
        steps_per_second: At<i64> = within(1, 120).or(30);
        /// Steps of an episode.
        max_steps: At<i64> = within(1, 1_000_000).or(1350);
        /// Episodes, one after the other with the same partner.
        episodes: At<i64> = within(1, 1000).or(1);
        /// Seconds before each episode in which actions do not count.
        countdown_seconds: At<f64> = within(1, 600).or(3.0);
        /// Seconds after each episode but the last in which its end stays visible.
        pause_seconds: At<f64> = within(0.1, 600).or(3.0);
        /// Steps between a key press and its effect. More hides a slower network; 1 is the quickest.
        input_delay: At<i64> = within(1, 30).or(2);
        /// Steps that a computer simulates ahead of the last one that it knows everybody's inputs for. Beyond them the game waits.
        prediction_window: At<i64> = within(1, 60).or(16);
        /// Whether a key acts as long as it is held, rather than once. A partner's unknown input is then predicted to go on; else it is predicted to be none.
        held_keys: At<bool> = or(false);
        /// The keys of each action.
        keys: Sub<Keys> = optional();
        /// Whether it makes sounds: where an episode begins and ends, a soup is done and points are earned. Only programs that are built with sounds have any.
        sounds: At<bool> = or(false);
        /// The seed of every match. Drawn for each, if left out.
        seed: Option<At<i64>> = within(0, MAX_SEED);
        /// How episodes get their seeds from the match's.
        episode_seeds: At<EpisodeSeed> = or("derived");
        /// What follows when a player's window loses the focus.
        focus: Sub<Focus> = optional();
        /// How long the game waits for lost connections.
        reconnection: Sub<Reconnection> = optional();
    }

    /// Who has the other seats of a game.
    Partner {
        /// People, or programs. Programs in a tutorial, people otherwise, if left out.
        kind: Option<At<PartnerKind>> = optional();
        /// What a program plays by, for `kind = "program"`. It is `"scripted"`, if left out.
        policy: Option<At<Policy>> = optional();
        /// Whether people are told that a program plays, for `kind = "program"`. They are, if left out; otherwise the study needs a debriefing page.
        announced: Option<At<bool>> = optional();
        /// Seats that programs have, for `kind = "program"`. All but one, if left out.
        seats: Option<At<i64>> = within(1, 3);
    }

    /// The keys of each action, by their places on a keyboard as the W3C names them: `"KeyW"` is the key above S and left of E on every layout. An action that is left out keeps its own.
    Keys {
        /// Up. Else `"ArrowUp"` and `"KeyW"`.
        up: Vec<At<String>> = items(1, 8);
        /// Down. Else `"ArrowDown"` and `"KeyS"`.
        down: Vec<At<String>> = items(1, 8);
        /// Left. Else `"ArrowLeft"` and `"KeyA"`.
        left: Vec<At<String>> = items(1, 8);
        /// Right. Else `"ArrowRight"` and `"KeyD"`.
        right: Vec<At<String>> = items(1, 8);
        /// Pick up, put down and hand over. Else `"Space"`, `"Enter"` and `"NumpadEnter"`.
        pickup_drop: Vec<At<String>> = items(1, 8);
        /// Use the faced cell. Else none: no classic kitchen has such a cell.
        toggle: Vec<At<String>> = items(1, 8);
    }

    /// What follows when a player's window loses the focus.
    Focus {
        /// Seconds after which the player is warned, and the partner told.
        warn_after_seconds: At<f64> = within(0, 3600).or(3.0);
        /// Seconds after which the game ends for all; the player ends as excluded. 0 for never.
        limit_seconds: At<f64> = within(0, 3600).or(30.0);
        /// Whether the game waits for everybody while somebody is away. Else it goes on without them.
        pause: At<bool> = or(false);
        /// Seconds of countdown before a game goes on that has waited.
        countdown_seconds: At<f64> = within(0, 60).or(3.0);
        /// What the player reads as a warning. The program's own words, if left out.
        warning: Option<At<String>> = within(1, 2000);
        /// What the player reads when the game has ended for it.
        message: Option<At<String>> = within(1, 2000);
    }

    /// How long a game waits for lost connections.
    Reconnection {
        /// Seconds in which the first connection must be made.
        connect_seconds: At<i64> = within(5, 600).or(60);
        /// Seconds that a game waits when a connection is lost. An interruption is noticed after two,
        /// and two more are needed to make a connection.
        limit_seconds: At<i64> = within(5, 600).or(30);
        /// Seconds of countdown before it goes on.
        countdown_seconds: At<i64> = within(1, 60).or(3);
    }
}

/// Which fields say the layout: one of them at most.
pub(crate) const LAYOUTS: [&str; 3] = ["layout", "layout_file", "layouts"];

/// What a condition cannot change: whom a scene brings together must be known before.
const FIXED: [&str; 2] = ["players", "tutorial"];

/// A game with what conditions change.
#[derive(Clone, Debug)]
pub(crate) struct GymFile {
    pub(crate) base: Gym,
    /// The game in conditions that change something of it.
    pub(crate) in_conditions: Vec<(At<String>, Span, Gym)>,
}

/// See [`super::scene::read`]. The head of the scene is known.
pub(crate) fn read(
    reader: &mut Reader,
    scope: &Scope<'_>,
    head: &Head,
    defaults: Option<&Node>,
    conditions: &[(Option<At<String>>, &Named)],
) -> GymFile {
    let defaults = defaults.and_then(|node| table(node)).cloned().unwrap_or_default();
    let table = over(&defaults, &of_gym(scope.table));
    let base = Scope { table: &table, span: scope.span.clone(), path: String::new() };
    let base = Gym::read(reader, &base);
    let mut in_conditions = Vec::new();
    for (condition, settings) in conditions {
        let own = |(scene, _): &&(At<String>, Node)| {
            head.id.as_ref().is_some_and(|id| id.value == scene.value)
        };
        let own =
            settings.0.iter().find(own).and_then(|(_, node)| Some((node, self::table(node)?)));
        if let (Some(condition), Some((node, settings))) = (condition, own) {
            let table = over(&table, settings);
            let scope = Scope { table: &table, span: node.span.clone(), path: String::new() };
            let gym = Gym::read(reader, &scope);
            in_conditions.push((condition.clone(), node.span.clone(), gym));
        }
    }
    GymFile { base, in_conditions }
}

const fn table(node: &Node) -> Option<&TableNode> {
    match &node.value {
        NodeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// The entries of a scene that are a game's.
fn of_gym(table: &TableNode) -> TableNode {
    let head = Head::fields();
    let is_head = |entry: &&Entry| head.iter().any(|field| field.name == entry.key);
    TableNode(table.0.iter().filter(|entry| !is_head(entry)).cloned().collect())
}

/// Settings laid over others. A task stands whole, and what says a layout in another way goes.
fn over(under: &TableNode, over: &TableNode) -> TableNode {
    let mut under = under.clone();
    if over.get("task").is_some() {
        under.0.retain(|entry| entry.key != "task");
    }
    if LAYOUTS.iter().any(|field| over.get(field).is_some()) {
        under.0.retain(|entry| !LAYOUTS.contains(&entry.key.as_str()));
    }
    under.under(over)
}

/// The table `[defaults]`, not read yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defaults(pub(crate) Option<Node>);

impl Value for Defaults {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        let Some(node) = slot.node else { return Self(None) };
        let Some(table) = entries(reader, slot, node) else { return Self(None) };
        settings(reader, node, table, &format!("{}.", slot.path), &[]);
        Self(Some(node.clone()))
    }

    fn schema(_: &Rule, definitions: &mut Definitions) -> Json {
        partial("Defaults", &[], definitions)
    }
}

/// Mistakes in settings that are laid over or under others.
fn settings(reader: &mut Reader, node: &Node, table: &TableNode, path: &str, without: &[&str]) {
    let scope = Scope { table, span: node.span.clone(), path: path.to_owned() };
    reader.unknown(&scope, &fields(without), |key| {
        let fixed = without.contains(&key);
        fixed.then(|| format!("{key} is the same in all conditions: write it into the scene"))
    });
    Gym::read(reader, &Scope { path: String::new(), ..scope });
}

fn fields(without: &[&str]) -> Vec<Described> {
    let mut fields = Gym::fields();
    fields.retain(|field| !without.contains(&field.name));
    fields
}

fn partial(name: &'static str, without: &[&str], definitions: &mut Definitions) -> Json {
    if !definitions.contains_key(name) {
        let schema = object("Settings of games.", &fields(without), definitions);
        definitions.insert(name, schema);
    }
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// What conditions change of games, by scene, not read yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides(pub(crate) Named);

impl Value for Overrides {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        let named = Named::read(reader, slot);
        for (scene, node) in &named.0 {
            let path = format!("{}.{}.", slot.path, scene.value);
            match table(node) {
                Some(table) => settings(reader, node, table, &path, &FIXED),
                None => {
                    entries(reader, slot, node);
                }
            }
        }
        Self(named)
    }

    fn schema(_: &Rule, definitions: &mut Definitions) -> Json {
        json!({ "type": "object", "additionalProperties": partial("Override", &FIXED, definitions) })
    }
}

/// The task, not read yet: gridworld knows tasks.
#[derive(Clone, Debug)]
pub(crate) struct Task(pub(crate) Option<Node>);

impl Value for Task {
    fn read(_: &mut Reader, slot: &Slot<'_>) -> Self {
        Self(slot.node.cloned())
    }

    /// From each task's default parameters.
    fn schema(_: &Rule, definitions: &mut Definitions) -> Json {
        let tasks = TaskSettings::all().into_iter().map(|task| {
            let parameters = serde_json::to_value(&task).expect("settings are plain data");
            let parameters = parameters.as_object().expect("a task is a table").iter();
            let properties = parameters.map(|(name, default)| {
                let schema = match default {
                    Json::String(_) if name == "name" => json!({ "const": default }),
                    // Rewards are a preset's name or a table of their own.
                    Json::String(_) | Json::Object(_) => json!({ "default": default }),
                    Json::Bool(_) => json!({ "type": "boolean", "default": default }),
                    _ => json!({ "type": "integer", "default": default }),
                };
                (name.clone(), schema)
            });
            let properties: serde_json::Map<_, _> = properties.collect();
            json!({ "type": "object", "properties": properties, "required": ["name"] })
        });
        let tasks: Vec<_> = tasks.collect();
        definitions.insert("Task", json!({ "description": "A task.", "oneOf": tasks }));
        json!({ "$ref": "#/definitions/Task" })
    }
}
