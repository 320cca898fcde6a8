//! All catalogues say the same things, and what the program asks for.

use super::{CATALOGUES, Language, Words};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The keys of a catalogue, each with the values that it names.
fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let is_key = line.starts_with(|letter: char| letter.is_ascii_lowercase());
        if let Some((key, _)) = line.split_once('=').filter(|_| is_key) {
            key.trim().clone_into(&mut current);
            let is_new = keys.insert(current.clone(), BTreeSet::new()).is_none();
            assert!(is_new, "{current} is there twice");
        }
        for value in line.split('$').skip(1) {
            let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
            let name: String = value.chars().take_while(|&letter| is_part(letter)).collect();
            keys.get_mut(&current).unwrap().insert(name);
        }
    }
    keys
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every text in quotes of the program's source that looks like a key, and those right behind
/// `line(` and `line_with(`, which must be one.
fn named() -> (BTreeSet<String>, BTreeSet<String>) {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let (mut quoted, mut asked) = (BTreeSet::new(), BTreeSet::new());
    for file in files.iter().filter(|file| !file.ends_with("words/tests.rs")) {
        let text = fs::read_to_string(file).unwrap();
        let pieces: Vec<&str> = text.split('"').collect();
        for pair in pieces.windows(2) {
            let (before, piece) = (pair[0].trim_end(), pair[1]);
            let is_key = |letter: char| letter.is_ascii_lowercase() || letter == '-';
            if !piece.is_empty() && piece.chars().all(is_key) {
                quoted.insert(piece.to_owned());
                if before.ends_with(".line(") || before.ends_with(".line_with(") {
                    asked.insert(piece.to_owned());
                }
            }
        }
    }
    (quoted, asked)
}

#[test]
fn catalogues_have_the_same_keys_with_the_same_values() {
    let english = keys(CATALOGUES[0].1);
    assert!(english.len() > 50, "{} keys", english.len());
    for (language, text) in CATALOGUES {
        assert_eq!(keys(text), english, "{language}");
        assert_eq!(Words::of(language).unwrap().language(), language);
    }
}

#[test]
fn what_is_asked_for_is_there_and_what_is_there_is_asked_for() {
    let english = keys(CATALOGUES[0].1);
    let (quoted, asked) = named();
    assert!(asked.len() > 50, "{asked:?}");
    let missing: Vec<_> = asked.iter().filter(|key| !english.contains_key(*key)).collect();
    assert!(missing.is_empty(), "in no catalogue: {missing:?}");
    let idle: Vec<_> = english.keys().filter(|key| !quoted.contains(*key)).collect();
    assert!(idle.is_empty(), "nobody asks for {idle:?}");
}

#[test]
fn every_line_can_be_said() {
    for (language, text) in CATALOGUES {
        let words = Words::of(language).unwrap();
        for (key, values) in keys(text) {
            // Numbers suit everywhere. A line with a value that is not given is an error inside.
            let values: fluent_bundle::FluentArgs<'_> =
                values.iter().map(|value| (value.as_str(), super::Value::from(3))).collect();
            let line = words.format(&key, Some(&values));
            assert!(!line.trim().is_empty() && line != key, "{language}: {key}");
            assert!(!line.contains(['{', '}', '\u{2068}']), "{language}: {line}");
        }
    }
}

#[test]
fn numbers_have_their_words() {
    let say = |language, seconds: u32| {
        Words::of(language).unwrap().line_with("away-partner-ends", [("seconds", seconds.into())])
    };
    assert_eq!(say("en", 1), "If that lasts for 1 more second, the game ends.");
    assert_eq!(say("en", 20), "If that lasts for 20 more seconds, the game ends.");
    assert_eq!(say("de", 1), "Wenn das noch 1 Sekunde dauert, endet das Spiel.");
}

#[test]
fn the_language_is_the_persons_or_the_studys_or_the_systems() {
    for name in ["de", "de-AT", "de_DE.UTF-8", "DE"] {
        assert_eq!(Words::of(name).map(|words| words.language()), Some("de"), "{name}");
    }
    for name in ["", "tlh", "C", "POSIX", "no language at all"] {
        assert!(Words::of(name).is_none(), "{name}");
    }
    assert_eq!(Words::first_of(["tlh", "de", "en"]).language(), "de");
    assert_eq!(Words::first_of([]).language(), "en");
    let language = |asked: &str, study: &str| {
        let language =
            Language { asked: Some(asked.to_owned()), study: Some(study.to_owned()), chosen: None };
        language.words().language()
    };
    assert_eq!(language("en", "de"), "en");
    assert_eq!(language("tlh", "de"), "de");
    assert_eq!(language("tlh", "fr"), "en", "not the system's: all read the study's texts");
}
