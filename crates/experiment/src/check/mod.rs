//! From the text of an experiment file to the checked types, collecting every mistake.
//!
//! First the text is read into the tables of `raw/`, which finds unknown fields, wrong types and
//! numbers out of range. Where the text is TOML at all, the other files of this folder then give
//! the tables their meaning, which finds the rest.

mod data;
mod debriefing;
mod files;
mod gym;
mod order;
mod questions;
mod scenes;
mod study;

use crate::mistake::{Mistake, Mistakes, Warning};
use crate::raw::{self, scene};
use crate::read::suggest;
use crate::read::tree::{self, Span, SyntaxError};
use crate::read::{At, Found, Reader, Scope};
use crate::scene::Scene;
use crate::text::Pictures;
use crate::{Experiment, Presentation};
use dyad_gridworld::Digest;
use dyad_protocol::ids::IdError;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::str::FromStr;

/// What the id rules say, as a hint.
const ID_HINT: &str = "ids become names of folders and columns: 1 to 64 of a-z, 0-9, '-' and '_', \
                       a letter or digit first";

/// See [`Experiment::parse`].
pub(crate) fn experiment(
    text: &str,
    read: impl FnMut(&str) -> io::Result<Vec<u8>>,
) -> Result<Experiment, Mistakes> {
    let (table, syntax) = tree::parse(text);
    let mut reader = Reader::default();
    let scope = Scope { table: &table, span: 0..0, path: String::new() };
    let file: raw::File = reader.table(&scope);
    let conditions: Vec<_> =
        file.condition.iter().map(|it| (it.id.clone(), &it.settings.0)).collect();
    let read_scene = |node| scene::read(&mut reader, node, file.defaults.0.as_ref(), &conditions);
    let scenes: Vec<scene::Scene> = file.scene.0.iter().filter_map(read_scene).collect();
    if !syntax.is_empty() {
        return Err(unreadable(text, &syntax, reader.found));
    }
    let mut check = Check {
        reader,
        read,
        digests: BTreeMap::new(),
        pictures: Pictures::new(),
        warnings: Vec::new(),
    };
    let experiment = check.file(text, &file, &scenes);
    let Check { reader, mut warnings, .. } = check;
    match (experiment, reader.found.is_empty()) {
        (Some(experiment), true) => {
            // A scene is read again for each condition.
            let mut seen = Vec::new();
            warnings.retain(|warning| {
                let new = !seen.contains(warning);
                seen.push(warning.clone());
                new
            });
            Ok(Experiment { warnings, ..experiment })
        }
        (_, _) => Err(sorted(text, reader.found)),
    }
}

/// The places that are no TOML, and what is wrong elsewhere with what could be read. What seems
/// to be missing may only not have been read.
fn unreadable(text: &str, syntax: &[SyntaxError], found: Vec<Found>) -> Mistakes {
    let places = Places::new(text);
    let line = |span: &Span| places.of(span.start).0;
    let broken: BTreeSet<usize> = syntax.iter().map(|error| line(&error.span)).collect();
    let mut all: Vec<Found> = found
        .into_iter()
        .filter(|found| !found.missing && !broken.contains(&line(&found.span)))
        .collect();
    all.extend(syntax.iter().map(|error| {
        Found {
            span: error.span.clone(),
            field: places.field(error.span.start),
            problem: error.message.clone(),
            hint:
                "assets/experiments/ has complete examples; texts stand in \"quotes\", numbers and \
                   true/false do not"
                    .to_owned(),
            missing: false,
        }
    }));
    sorted(text, all)
}

fn sorted(text: &str, mut found: Vec<Found>) -> Mistakes {
    let places = Places::new(text);
    found.sort_by_key(|found| found.span.start);
    let mut mistakes: Vec<Mistake> = Vec::new();
    for Found { span, field, problem, hint, .. } in found {
        let (line, column) = places.of(span.start);
        let mistake = Mistake { line, column, field, problem, hint };
        // Settings are read again for each scene and condition that they are a part of.
        let again = |it: &Mistake| {
            it.problem == mistake.problem
                && (it.field.ends_with(&mistake.field) || mistake.field.ends_with(&it.field))
        };
        let here = mistakes.iter().rev().take_while(|it| (it.line, it.column) == (line, column));
        if !here.into_iter().any(again) {
            mistakes.push(mistake);
        }
    }
    Mistakes(mistakes)
}

/// Where lines begin, to say where an offset lies.
struct Places<'a> {
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        let after_newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, lines: std::iter::once(0).chain(after_newlines).collect() }
    }

    /// Line and column of a byte offset, from 1; columns are characters.
    fn of(&self, at: usize) -> (usize, usize) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let line = self.lines.partition_point(|start| *start <= at);
        (line, 1 + self.text[self.lines[line - 1]..at].chars().count())
    }

    /// The key before the equals sign of the offset's line; empty where there is none.
    fn field(&self, at: usize) -> String {
        let start = self.lines[self.of(at).0 - 1];
        let line = self.text[start..].lines().next().unwrap_or_default();
        line.split_once('=').map(|(key, _)| key.trim().to_owned()).unwrap_or_default()
    }
}

struct Check<R> {
    reader: Reader,
    read: R,
    /// Digests of the files that the experiment includes, by path.
    digests: BTreeMap<String, Digest>,
    pictures: Pictures,
    warnings: Vec<Warning>,
}

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Check<R> {
    fn wrong(&mut self, span: &Span, field: &str, problem: impl Into<String>, hint: &str) {
        self.reader.wrong(span, field, problem.into(), hint.to_owned());
    }

    fn file(
        &mut self,
        text: &str,
        file: &raw::File,
        raw_scenes: &[scene::Scene],
    ) -> Option<Experiment> {
        let study = self.id(file.id.as_ref(), "id");
        let presentation = self.presentation(file);
        let network = self.network(file.network.as_ref());
        let conditions = self.conditions(file, raw_scenes);
        let scenes: Vec<Option<Scene>> =
            raw_scenes.iter().map(|scene| self.scene(scene, &conditions)).collect();
        self.scene_ids(raw_scenes);
        let items = self.items(file, raw_scenes, &scenes);
        let rules = self.rules(file, raw_scenes, &scenes);
        let completion = self.completion(&file.completion);
        let mut data = self.data(&file.data, raw_scenes);
        let assignment = self.assignment(file, raw_scenes, &scenes, &items);
        self.completion_last(raw_scenes);
        self.has_game(raw_scenes);
        self.debriefing(file, raw_scenes, &scenes, &items, &conditions);
        let scenes: Option<Vec<Scene>> = scenes.into_iter().collect();
        let (study, mut scenes): (dyad_protocol::StudyId, _) = (study?, scenes?);
        data.notice = self.notice(file, &data, network.relay_only, &mut scenes);
        Some(Experiment {
            title: file.title.as_ref().map_or_else(|| study.to_string(), |it| it.value.clone()),
            study,
            presentation,
            network,
            rules,
            completion,
            data,
            assignment,
            conditions,
            digest: self.digest(text),
            pictures: std::mem::take(&mut self.pictures),
            scenes,
            items: items.unwrap_or_default(),
            warnings: Vec::new(),
        })
    }

    fn presentation(&mut self, file: &raw::File) -> Presentation {
        if let Some(language) = file.language.as_ref().filter(|language| !is_language(language)) {
            let hint = "a language is written like \"en\", \"de\" or \"pt-BR\" (BCP 47)";
            let problem = format!("{:?} is no language", language.value);
            self.wrong(&language.span, "language", problem, hint);
        }
        Presentation {
            language: file.language.as_ref().map(|language| language.value.clone()),
            sounds: *file.sounds,
            motion_easing: std::time::Duration::from_millis(narrow(*file.motion_easing_ms)),
        }
    }

    fn id<T: FromStr<Err = IdError>>(&mut self, id: Option<&At<String>>, field: &str) -> Option<T> {
        let id = id?;
        id.value
            .parse()
            .map_err(|error| {
                self.wrong(&id.span, field, format!("{:?} {error}", id.value), ID_HINT);
            })
            .ok()
    }

    /// A mistake for a name that nothing has.
    fn nothing<'a>(
        &mut self,
        name: &At<String>,
        field: &str,
        what: &str,
        names: impl Iterator<Item = &'a str> + Clone,
    ) {
        let problem = format!("there is no {what} {:?}", name.value);
        let hint = suggest::did_you_mean(&name.value, names.clone()).unwrap_or_else(|| {
            let all = suggest::list(names);
            if all.is_empty() {
                format!("there is no {what} at all")
            } else {
                format!("there is {all}")
            }
        });
        self.wrong(&name.span, field, problem, &hint);
    }

    /// Mistakes for ids that are given twice.
    fn twice<'a>(&mut self, ids: impl Iterator<Item = &'a At<String>>, field: &str) {
        let mut seen: Vec<&str> = Vec::new();
        for id in ids {
            if seen.contains(&id.value.as_str()) {
                let problem = format!("{:?} is given twice", id.value);
                self.wrong(&id.span, field, problem, "give each its own id");
            }
            seen.push(&id.value);
        }
    }

    fn scene_ids(&mut self, scenes: &[scene::Scene]) {
        self.twice(scenes.iter().filter_map(|scene| scene.head.id.as_ref()), "id");
    }

    fn has_game(&mut self, scenes: &[scene::Scene]) {
        let may_be = |it: &scene::Scene| matches!(it.body, None | Some(scene::Body::Gym(_)));
        if let Some(first) = scenes.first().filter(|_| !scenes.iter().any(may_be)) {
            let hint = "add a [[scene]] with a layout, such as layout = \"cramped_room\"";
            self.wrong(&first.span, "scene", "there is no game", hint);
        }
    }

    fn completion_last(&mut self, scenes: &[scene::Scene]) {
        for (at, scene) in scenes.iter().enumerate() {
            if !matches!(scene.body, Some(scene::Body::Completion(_))) {
                continue;
            }
            let head = &scene.head;
            let hint = "everybody who finishes comes to the completion page, once, at the end";
            if at + 1 < scenes.len() {
                let problem = "the completion page is not the last scene";
                self.wrong(&scene.span, "scene", problem, hint);
            }
            if let Some(block) = &head.block {
                self.wrong(&block.span, "block", "the completion page is in no block", hint);
            }
            if let Some(first) = head.conditions.first() {
                let problem = "the completion page is for all conditions";
                self.wrong(&first.span, "conditions", problem, hint);
            }
            if *head.repeats != 1 {
                let problem = "the completion page comes once";
                self.wrong(&head.repeats.span, "repeats", problem, hint);
            }
        }
    }
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// A number whose range was checked when it was read; zero where it was out of it.
fn narrow<T: TryFrom<i64> + Default>(number: i64) -> T {
    T::try_from(number).unwrap_or_default()
}

fn plain(text: Option<&At<String>>) -> Option<String> {
    text.map(|text| text.value.clone())
}

#[cfg(test)]
mod tests {
    use super::{Places, is_language};

    #[test]
    fn places_are_lines_and_characters() {
        let text = "a\nüb\n";
        let places: Vec<_> = (0..=text.len()).map(|at| Places::new(text).of(at)).collect();
        assert_eq!(places, [(1, 1), (1, 2), (2, 1), (2, 1), (2, 2), (2, 3), (3, 1)]);
        assert_eq!(Places::new(text).of(99), (3, 1));
    }

    #[test]
    fn languages_are_tags() {
        assert!(["en", "de-AT", "pt-BR", "zh-Hans-CN", "yue"].into_iter().all(is_language));
        for wrong in ["", "EN", "english", "en-", "en_GB", "d", "en-ü"] {
            assert!(!is_language(wrong), "{wrong}");
        }
    }
}
