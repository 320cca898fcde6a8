//! Games: task, layouts, partners, keys, and times as numbers of frames.

use super::study::seconds;
use super::{Check, narrow, plain};
use crate::gym::{Focus, Gym, Layout, Programs};
use crate::hints;
use crate::keys::{self, Keys};
use crate::mistake::Warning;
use crate::raw::gym as raw;
use crate::read::At;
use crate::read::suggest;
use crate::read::tree::{self, Span, Value};
use crate::rules::Program;
use crate::words::{EpisodeSeed, PartnerKind, Policy};
use dyad_gridworld::settings::{EpisodeSeeds, SettingsError};
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Action, FocusRule, Game};
use dyad_protocol::SceneId;
use dyad_protocol::lobby::{Netcode, Reconnection};
use serde::Deserialize as _;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Check<R> {
    /// A game, or `None` if it has mistakes that leave nothing to go on with.
    pub(super) fn gym(&mut self, id: Option<&SceneId>, raw: &raw::Gym, span: &Span) -> Option<Gym> {
        let task = self.task(&raw.task);
        let layouts = self.layouts(span, task.as_ref(), raw);
        let programs = self.partner(raw);
        let keys = self.keys(&raw.keys, &raw.keys.span);
        let speed = *raw.steps_per_second;
        let focus = self.focus(&raw.focus, &raw.focus.span, speed);
        let (id, task, layouts) = (id?, task?, layouts?);
        let gym = Gym {
            id: id.clone(),
            task,
            layouts: layouts.iter().map(|(layout, _)| layout.clone()).collect(),
            players: narrow(*raw.players),
            programs,
            tutorial: *raw.tutorial,
            steps_per_second: narrow(speed),
            max_steps: narrow(*raw.max_steps),
            episodes: narrow(*raw.episodes),
            countdown_frames: frames(*raw.countdown_seconds, speed),
            pause_frames: frames(*raw.pause_seconds, speed),
            netcode: Netcode {
                input_delay: narrow(*raw.input_delay),
                prediction_window: narrow(*raw.prediction_window),
            },
            held_keys: *raw.held_keys,
            keys,
            sounds: *raw.sounds,
            seed: raw.seed.as_ref().map(|seed| narrow(**seed)),
            episode_seeds: match *raw.episode_seeds {
                EpisodeSeed::Derived => EpisodeSeeds::Derived,
                EpisodeSeed::Same => EpisodeSeeds::Same,
            },
            focus,
            reconnection: Reconnection {
                connect_seconds: narrow(*raw.reconnection.connect_seconds),
                limit_seconds: narrow(*raw.reconnection.limit_seconds),
                countdown_seconds: narrow(*raw.reconnection.countdown_seconds),
            },
        };
        let task_span = raw.task.0.as_ref().map_or(span, |node| &node.span);
        let mut playable = true;
        for (layout, span) in &layouts {
            playable &= self.playable(&gym, layout, task_span, span);
        }
        if gym.seed.is_some() && gym.layouts.len() > 1 {
            self.warnings.push(Warning::FixedLayout { scene: gym.id.clone() });
        }
        playable.then_some(gym)
    }

    fn task(&mut self, raw: &raw::Task) -> Option<TaskSettings> {
        let Some(node) = &raw.0 else { return Some(TaskSettings::default()) };
        TaskSettings::deserialize(tree::json(node))
            .map_err(|error| {
                let problem = error.to_string().trim_end().replace('\n', "; ");
                // The message quotes the parameter that it is about.
                let parameter = match &node.value {
                    Value::Table(table) => table.0.iter().find(|entry| {
                        entry.key != "name" && problem.contains(&format!("`{}`", entry.key))
                    }),
                    _ => None,
                };
                let span = parameter.map_or(&node.span, |entry| &entry.key_span);
                self.wrong(span, "task", problem.clone(), &hints::task());
            })
            .ok()
    }

    /// The layouts, with the places where they are named.
    fn layouts(
        &mut self,
        span: &Span,
        task: Option<&TaskSettings>,
        raw: &raw::Gym,
    ) -> Option<Vec<(Layout, Span)>> {
        let one = raw.layout.as_ref().map(|it| ("layout", it));
        let file = raw.layout_file.as_ref().map(|it| ("layout_file", it));
        let several = raw.layouts.iter().map(|it| ("layouts", it));
        let all: Vec<_> = one.into_iter().chain(file).chain(several).collect();
        let Some(&(first, _)) = all.first() else {
            if raw::LAYOUTS.iter().any(|field| self.reader.is_mistaken(span, field)) {
                return None;
            }
            let hint = format!("add layout = \"NAME\": {}", hints::layouts(task));
            self.reader.missing(span, "layout", hint);
            return None;
        };
        if let Some((field, other)) = all.iter().find(|(field, _)| *field != first) {
            let problem = format!("there is a {first} as well");
            self.wrong(&other.span, field, problem, "remove one of the two");
            return None;
        }
        self.twice(all.iter().map(|(_, layout)| *layout), first);
        let mut layouts = Vec::new();
        for (field, name) in &all {
            let layout = match *field {
                "layout_file" => self.layout_file(field, name),
                _ => self.layout_by_name(field, task?, name),
            };
            layouts.extend(layout.map(|layout| (layout, name.span.clone())));
        }
        (layouts.len() == all.len()).then_some(layouts)
    }

    /// A layout that comes with the task, or else the path of a file.
    fn layout_by_name(
        &mut self,
        field: &str,
        task: &TaskSettings,
        layout: &At<String>,
    ) -> Option<Layout> {
        let name = &layout.value;
        if let Some((_, text)) = task.layouts().iter().find(|(known, _)| known == name) {
            return Some(Layout { name: name.clone(), text: (*text).to_owned() });
        }
        if name.contains(['/', '\\']) || name.ends_with(".txt") {
            return self.layout_file(field, layout);
        }
        let problem = format!("the task {} has no layout {name:?}", task.name());
        let near = suggest::did_you_mean(name, task.layouts().iter().map(|(known, _)| *known));
        let all = hints::layouts(Some(task));
        let hint = near.map_or(all.clone(), |near| format!("{near} {all}"));
        self.wrong(&layout.span, field, problem, &hint);
        None
    }

    fn layout_file(&mut self, field: &str, file: &At<String>) -> Option<Layout> {
        let text = self.include_text(field, file)?;
        let name = Path::new(&file.value).file_stem().unwrap_or_default();
        Some(Layout { name: name.to_string_lossy().into_owned(), text })
    }

    fn partner(&mut self, raw: &raw::Gym) -> Option<Programs> {
        let raw::Partner { kind, policy, announced, seats } = &raw.partner.table;
        let usual = if *raw.tutorial { PartnerKind::Program } else { PartnerKind::Person };
        let players = *raw.players;
        let at = kind.as_ref().map_or(&raw.players.span, |kind| &kind.span);
        if kind.as_ref().map_or(usual, |kind| **kind) == PartnerKind::Person {
            let given = [
                ("policy", policy.as_ref().map(|it| &it.span)),
                ("announced", announced.as_ref().map(|it| &it.span)),
                ("seats", seats.as_ref().map(|it| &it.span)),
            ];
            for (field, span) in given {
                let Some(span) = span else { continue };
                let hint = "write kind = \"program\", or remove the line";
                self.wrong(span, &format!("partner.{field}"), "the partner is a person", hint);
            }
            if *raw.tutorial && players > 1 {
                let problem = "a tutorial is played with programs, not with people";
                let hint = "remove the line, or write tutorial = false";
                self.wrong(at, "partner.kind", problem, hint);
            }
            return None;
        }
        if players == 1 {
            if kind.is_some() {
                let problem = "there is no seat for a program";
                self.wrong(at, "partner.kind", problem, "write players = 2, or more");
            }
            return None;
        }
        let taken = seats.as_ref().map_or(players - 1, |seats| **seats);
        if let Some(seats) = seats
            && taken >= players
        {
            let problem = format!("{taken} of {players} players leave no seat for a person");
            self.wrong(&seats.span, "partner.seats", problem, "write fewer, or more players");
        } else if let Some(seats) = seats
            && *raw.tutorial
            && players - taken > 1
        {
            let problem = "a tutorial is for one person at a time";
            self.wrong(&seats.span, "partner.seats", problem, "leave the line out");
        }
        let program = Program {
            policy: policy.as_ref().map_or(Policy::Scripted, |it| **it),
            announced: announced.as_ref().is_none_or(|it| **it),
        };
        Some(Programs { seats: narrow(taken.min(players - 1)), program })
    }

    fn keys(&mut self, raw: &raw::Keys, span: &Span) -> Keys {
        let raw::Keys { up, down, left, right, pickup_drop, toggle } = raw;
        let fields = [
            ("up", Action::Up, up),
            ("down", Action::Down, down),
            ("left", Action::Left, left),
            ("right", Action::Right, right),
            ("pickup_drop", Action::PickupDrop, pickup_drop),
            ("toggle", Action::Toggle, toggle),
        ];
        let mut own = BTreeMap::new();
        let mut seen: Vec<&str> = Vec::new();
        for (field, action, keys) in fields {
            for key in keys {
                let field = format!("keys.{field}");
                if let Some(hint) = keys::unknown(key) {
                    let problem = format!("{:?} is no key", key.value);
                    self.wrong(&key.span, &field, problem, &hint);
                } else if seen.contains(&key.as_str()) {
                    let problem = format!("{:?} is given twice", key.value);
                    self.wrong(&key.span, &field, problem, "a key has one action");
                }
                seen.push(key);
            }
            if !keys.is_empty() {
                own.insert(action.number(), keys.iter().map(|key| key.value.clone()).collect());
            }
        }
        let keys = Keys::new(own);
        if let Some((field, _, _)) = fields.iter().find(|(_, action, _)| {
            keys.of(*action).is_empty() && !Keys::default().of(*action).is_empty()
        }) {
            let problem = "its usual keys have other actions, and it has none of its own";
            let hint = format!("add {field} = [\"KEY\"]");
            self.wrong(span, &format!("keys.{field}"), problem, &hint);
        }
        keys
    }

    fn focus(&mut self, raw: &raw::Focus, table: &Span, speed: i64) -> Focus {
        let (mut warn, limit) = (*raw.warn_after_seconds, *raw.limit_seconds);
        if limit > 0.0 && warn > limit && raw.warn_after_seconds.span == *table {
            // A default makes way for what was written.
            warn = limit;
        } else if limit > 0.0 && warn > limit {
            let problem = format!("the game has ended after {limit} seconds already");
            let hint = "warn earlier, or make limit_seconds larger";
            self.wrong(&raw.warn_after_seconds.span, "focus.warn_after_seconds", problem, hint);
        }
        if *raw.pause && limit <= 0.0 {
            let problem = "the game would wait without end for somebody who does not come back";
            let hint = "give limit_seconds, such as 30: who is away for longer ends the game";
            self.wrong(&raw.pause.span, "focus.pause", problem, hint);
        }
        let rule = FocusRule {
            limit: (limit > 0.0).then(|| frames(limit, speed)),
            pause: *raw.pause,
            return_frames: frames(*raw.countdown_seconds, speed).max(1),
            warn_frames: frames(warn, speed),
        };
        Focus { rule, warning: plain(raw.warning.as_ref()), message: plain(raw.message.as_ref()) }
    }

    /// Whether gridworld makes a game of it: the layout and the task's parameters are what can
    /// still be wrong.
    fn playable(&mut self, gym: &Gym, layout: &Layout, task: &Span, span: &Span) -> bool {
        let error = match Game::new(gym.settings_in(layout, 0)) {
            Ok(game) => {
                let odd = game.warnings().into_iter();
                let of = |warning| Warning::Layout {
                    scene: gym.id.clone(),
                    layout: layout.name.clone(),
                    warning,
                };
                self.warnings.extend(odd.map(of));
                return true;
            }
            Err(error) => error,
        };
        let legend = "assets/layouts/README.md has the legend, and examples lie beside it";
        let (place, field, hint) = match error {
            SettingsError::OutOfRange { .. } => {
                (task, "task", "leave the parameter out for its default")
            }
            SettingsError::TooMany { .. } => (span, "layout", "take a smaller layout"),
            SettingsError::Layout { .. }
            | SettingsError::ForeignTile { .. }
            | SettingsError::NoSpawns { .. } => (span, "layout", legend),
        };
        self.wrong(place, field, error.to_string(), hint);
        false
    }
}

/// A time in seconds as a whole number of frames, rounded up.
fn frames(time: f64, steps_per_second: i64) -> u32 {
    let frames = (seconds(time).as_millis() * narrow::<u128>(steps_per_second)).div_ceil(1000);
    u32::try_from(frames).unwrap_or(u32::MAX)
}
