//! From the text of an experiment file to the checked types, collecting every mistake.

use crate::Experiment;
use crate::hints;
use crate::mistake::{Mistake, Mistakes};
use crate::network::{self, Network};
use crate::raw;
use crate::scene::Scene;
use dyad_gridworld::settings::SettingsError;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{FocusRule, Game};
use dyad_protocol::StudyId;
use dyad_protocol::ids::IdError;
use dyad_protocol::lobby::Netcode;
use serde::Deserialize as _;
use std::io;
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;
use toml::Spanned;

/// What the id rules say, as a hint.
const ID_HINT: &str = "ids become folder names: 1 to 64 of a-z, 0-9, '-' and '_', \
                       a letter or digit first";

/// Seeds travel as JSON numbers, which are exact up to here in every language.
const MAX_SEED: i64 = (1 << 53) - 1;

/// See [`Experiment::parse`].
pub(crate) fn experiment(
    text: &str,
    read_layout: impl FnMut(&str) -> io::Result<String>,
) -> Result<Experiment, Mistakes> {
    let file: raw::File =
        toml::from_str(text).map_err(|error| Mistakes(vec![unreadable(text, &error)]))?;
    let mut check = Check { text, read_layout, mistakes: Vec::new() };
    let study: Option<StudyId> = check.id(&file.id);
    let network = file.network.map(|network| check.network(network)).unwrap_or_default();
    check.count_of_scenes(&file.scene);
    let scenes: Vec<Scene> =
        file.scene.into_iter().filter_map(|scene| check.scene(scene)).collect();
    match (study, check.mistakes.is_empty()) {
        (Some(study), true) => {
            let title = file.title.unwrap_or_else(|| study.to_string());
            Ok(Experiment { study, title, network, scenes })
        }
        _ => {
            check.mistakes.sort_by_key(|mistake| mistake.line);
            Err(Mistakes(check.mistakes))
        }
    }
}

/// A mistake that serde or the TOML parser found.
fn unreadable(text: &str, error: &toml::de::Error) -> Mistake {
    let at = error.span().map_or(0, |span| span.start);
    Mistake {
        line: line_at(text, at),
        field: field_at(text, at),
        problem: error.message().trim_end().replace('\n', "; "),
        hint: "assets/experiments/ has complete examples; texts stand in \"quotes\", \
               numbers and true/false do not"
            .to_owned(),
    }
}

/// The line of a byte offset, from 1.
fn line_at(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|&byte| byte == b'\n').count()
}

/// The key before the equals sign of the offset's line; empty where there is none.
fn field_at(text: &str, at: usize) -> String {
    let line = text.lines().nth(line_at(text, at) - 1).unwrap_or_default();
    line.split_once('=').map(|(key, _)| key.trim().to_owned()).unwrap_or_default()
}

struct Check<'a, R> {
    text: &'a str,
    read_layout: R,
    mistakes: Vec<Mistake>,
}

impl<R: FnMut(&str) -> io::Result<String>> Check<'_, R> {
    fn mistake(&mut self, span: Range<usize>, field: &str, problem: String, hint: &str) {
        let line = line_at(self.text, span.start);
        let (field, hint) = (field.to_owned(), hint.to_owned());
        self.mistakes.push(Mistake { line, field, problem, hint });
    }

    fn id<T: FromStr<Err = IdError>>(&mut self, text: &Spanned<String>) -> Option<T> {
        text.as_ref()
            .parse()
            .map_err(|error| {
                self.mistake(text.span(), "id", format!("{:?} {error}", text.as_ref()), ID_HINT);
            })
            .ok()
    }

    fn network(&mut self, network: Spanned<raw::Network>) -> Network {
        let table = network.span();
        let raw::Network { stun, turn, turn_secret_file, relay_only } = network.into_inner();
        let turns_at = turn.first().map_or_else(|| table.clone(), Spanned::span);
        let network = Network {
            stun: self.servers("stun", stun),
            turn: self.servers("turn", turn),
            turn_secret_file: turn_secret_file.as_ref().map(|file| file.as_ref().into()),
            relay_only: relay_only.as_ref().is_some_and(|only| *only.as_ref()),
        };
        if network.turn.is_empty() {
            let turn = "add turn = [\"turn:HOST:3478\"], the address of a TURN server";
            if let Some(only) = relay_only.filter(|only| *only.as_ref()) {
                let problem = "there is no TURN server to relay".to_owned();
                self.mistake(only.span(), "network.relay_only", problem, turn);
            }
            if let Some(file) = turn_secret_file {
                let problem = "there is no TURN server to share a secret with".to_owned();
                self.mistake(file.span(), "network.turn_secret_file", problem, turn);
            }
        } else if turn_secret_file.is_none() {
            let problem = "it is missing, and a TURN server serves nobody without".to_owned();
            let hint = "add turn_secret_file = \"FILE\": a text file with the server's secret, \
                        which coturn calls static-auth-secret";
            self.mistake(turns_at, "network.turn_secret_file", problem, hint);
        }
        network
    }

    fn servers(&mut self, scheme: &str, urls: Vec<Spanned<String>>) -> Vec<String> {
        for url in &urls {
            if let Some(problem) = network::problem(url.as_ref(), scheme) {
                let hint = "an address looks like \"stun:192.168.1.20:3478\" or \
                            \"turn:turn.example.org:3478\"; all of it goes over UDP";
                self.mistake(url.span(), &format!("network.{scheme}"), problem, hint);
            }
        }
        urls.into_iter().map(Spanned::into_inner).collect()
    }

    fn count_of_scenes(&mut self, scenes: &[Spanned<raw::Scene>]) {
        let hint = "describe the game in one [[scene]] table";
        match scenes {
            [] => self.mistake(0..0, "scene", "there is none".to_owned(), hint),
            [_] => {}
            [_, second, ..] => {
                let problem = "this version plays exactly one scene".to_owned();
                self.mistake(second.span(), "scene", problem, hint);
            }
        }
    }

    /// A scene, or `None` if it has mistakes.
    fn scene(&mut self, scene: Spanned<raw::Scene>) -> Option<Scene> {
        let span = scene.span();
        let before = self.mistakes.len();
        let raw = scene.into_inner();
        self.kind(raw.kind.as_ref());
        let id = self.id(&raw.id);
        let places = Places {
            task: raw.task.as_ref().map_or_else(|| span.clone(), Spanned::span),
            layout: [&raw.layout, &raw.layout_file]
                .into_iter()
                .flatten()
                .next()
                .map_or_else(|| span.clone(), Spanned::span),
        };
        let task = self.task(raw.task);
        let layout = self.layout(span, task.as_ref(), raw.layout, raw.layout_file);
        let steps_per_second: u16 =
            self.number("steps_per_second", raw.steps_per_second, 30, 1..=120);
        let speed = u32::from(steps_per_second);
        let netcode = Netcode {
            input_delay: self.number("input_delay", raw.input_delay, 2, 1..=30),
            prediction_window: self.number("prediction_window", raw.prediction_window, 16, 1..=60),
        };
        let players = self.number("players", raw.players, 2, 1..=4);
        let max_steps = self.number("max_steps", raw.max_steps, 1350, 1..=1_000_000);
        let episodes = self.number("episodes", raw.episodes, 1, 1..=1000);
        let countdown_frames = self.frames("countdown_s", raw.countdown_s, 3.0, 1.0, speed);
        let pause_frames = self.frames("pause_s", raw.pause_s, 3.0, 0.1, speed);
        let focus = self.focus(raw.focus, speed);
        let seed = raw.seed.map(|seed| self.number("seed", Some(seed), 0, 0..=MAX_SEED));
        let (id, task, (layout, layout_text)) = (id?, task?, layout?);
        let scene = Scene {
            id,
            task,
            layout,
            layout_text,
            players,
            steps_per_second,
            max_steps,
            episodes,
            countdown_frames,
            pause_frames,
            netcode,
            held_keys: raw.held_keys,
            seed,
            episode_seeds: raw.episode_seeds,
            focus,
        };
        (self.mistakes.len() == before && self.playable(&scene, places)).then_some(scene)
    }

    /// The rule of a `[scene.focus]` table; nothing is done without one.
    fn focus(&mut self, focus: Option<Spanned<raw::Focus>>, speed: u32) -> FocusRule {
        let Some(focus) = focus else { return FocusRule::default() };
        let span = focus.span();
        let raw::Focus { limit_s, pause, return_s, warn_after_s } = focus.into_inner();
        if pause && limit_s.is_none() {
            let problem = "the game would wait without end for somebody who does not come back";
            let hint = "add limit_s = 30: who is away for longer ends the session";
            self.mistake(span, "focus.limit_s", problem.to_owned(), hint);
        }
        FocusRule {
            limit: limit_s.map(|limit| self.frames("focus.limit_s", Some(limit), 30.0, 1.0, speed)),
            pause,
            return_frames: self.frames("focus.return_s", return_s, 2.0, 0.1, speed),
            warn_frames: self.frames("focus.warn_after_s", warn_after_s, 3.0, 0.1, speed),
        }
    }

    fn kind(&mut self, kind: Option<&Spanned<String>>) {
        let Some(kind) = kind else { return };
        if kind.as_ref() != "gym" {
            let problem = format!("{:?} is no kind of scene", kind.as_ref());
            self.mistake(kind.span(), "kind", problem, "the only kind so far is \"gym\"");
        }
    }

    fn task(&mut self, task: Option<Spanned<toml::Table>>) -> Option<TaskSettings> {
        let Some(task) = task else { return Some(TaskSettings::default()) };
        let span = task.span();
        TaskSettings::deserialize(task.into_inner())
            .map_err(|error| {
                let problem = error.message().trim_end().replace('\n', "; ");
                self.mistake(span, "task", problem, &hints::task());
            })
            .ok()
    }

    /// The layout's name and text.
    fn layout(
        &mut self,
        scene: Range<usize>,
        task: Option<&TaskSettings>,
        layout: Option<Spanned<String>>,
        file: Option<Spanned<String>>,
    ) -> Option<(String, String)> {
        match (layout, file) {
            (Some(layout), None) => self.layout_by_name(task?, &layout),
            (None, Some(file)) => self.layout_file("layout_file", &file),
            (None, None) => {
                let hint = format!("add layout = \"NAME\": {}", hints::layouts(task));
                self.mistake(scene, "layout", "it is missing".to_owned(), &hint);
                None
            }
            (Some(_), Some(file)) => {
                let problem = "there is a layout as well".to_owned();
                self.mistake(file.span(), "layout_file", problem, "remove one of the two");
                None
            }
        }
    }

    /// A layout that comes with the task, or else the path of a file.
    fn layout_by_name(
        &mut self,
        task: &TaskSettings,
        layout: &Spanned<String>,
    ) -> Option<(String, String)> {
        let name = layout.as_ref();
        if let Some((_, text)) = task.layouts().iter().find(|(known, _)| known == name) {
            return Some((name.clone(), (*text).to_owned()));
        }
        if name.contains(['/', '\\']) || name.ends_with(".txt") {
            return self.layout_file("layout", layout);
        }
        let problem = format!("the task {} has no layout {name:?}", task.name());
        self.mistake(layout.span(), "layout", problem, &hints::layouts(Some(task)));
        None
    }

    fn layout_file(&mut self, field: &str, file: &Spanned<String>) -> Option<(String, String)> {
        let text = (self.read_layout)(file.as_ref())
            .map_err(|error| {
                let problem = format!("cannot read {:?}: {error}", file.as_ref());
                let hint = "the path starts at the experiment file's folder";
                self.mistake(file.span(), field, problem, hint);
            })
            .ok()?;
        let name = Path::new(file.as_ref()).file_stem().unwrap_or_default();
        Some((name.to_string_lossy().into_owned(), text))
    }

    /// A number in its range; zero where there is a mistake.
    fn number<T: TryFrom<i64> + Default>(
        &mut self,
        field: &str,
        value: Option<Spanned<i64>>,
        default: i64,
        range: RangeInclusive<i64>,
    ) -> T {
        let number = value.as_ref().map_or(default, |value| *value.as_ref());
        if let Some(value) = value.filter(|_| !range.contains(&number)) {
            let problem = format!("must be {} to {}, not {number}", range.start(), range.end());
            let hint = format!("leave the line out for {default}");
            self.mistake(value.span(), field, problem, &hint);
            return T::default();
        }
        T::try_from(number).unwrap_or_default()
    }

    /// A time in seconds as a whole number of frames, rounded up.
    fn frames(
        &mut self,
        field: &str,
        value: Option<Spanned<f64>>,
        default: f64,
        least: f64,
        steps_per_second: u32,
    ) -> u32 {
        const MOST: f64 = 600.0;
        let seconds = value.as_ref().map_or(default, |value| *value.as_ref());
        if let Some(value) = value.filter(|_| !(least..=MOST).contains(&seconds)) {
            let problem = format!("must be {least} to {MOST} seconds, not {seconds}");
            let hint = format!("leave the line out for {default}");
            self.mistake(value.span(), field, problem, &hint);
            return 0;
        }
        let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let frames = (time.as_millis() * u128::from(steps_per_second)).div_ceil(1000);
        u32::try_from(frames).unwrap_or(u32::MAX)
    }

    /// Whether gridworld makes a game of it: the layout and the task's parameters are what can
    /// still be wrong.
    fn playable(&mut self, scene: &Scene, places: Places) -> bool {
        let Err(error) = Game::new(scene.settings(0)) else { return true };
        let legend = "assets/layouts/README.md has the legend, and examples lie beside it";
        let (place, field, hint) = match error {
            SettingsError::OutOfRange { .. } => {
                (places.task, "task", "leave the parameter out for its default")
            }
            SettingsError::TooMany { .. } => (places.layout, "layout", "take a smaller layout"),
            SettingsError::Layout { .. }
            | SettingsError::ForeignTile { .. }
            | SettingsError::NoSpawns { .. } => (places.layout, "layout", legend),
        };
        self.mistake(place, field, error.to_string(), hint);
        false
    }
}

/// Where what makes a game stands in the file.
struct Places {
    task: Range<usize>,
    layout: Range<usize>,
}
