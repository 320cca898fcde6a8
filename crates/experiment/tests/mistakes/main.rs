//! Every kind of mistake in an experiment file: where it is found, and what is said about it.

mod people;
mod scenes;
mod study;

use dyad_experiment::{Experiment, Mistake};
use std::io;

/// Files that are there: a text, a picture, and things that are neither.
fn files(name: &str) -> io::Result<Vec<u8>> {
    match name {
        "text.md" => Ok(b"Read ![this](missing.png).".to_vec()),
        "picture.png" => Ok(b"\x89PNG\r\n\x1a\n...".to_vec()),
        "picture.gif" => Ok(b"GIF89a".to_vec()),
        "latin1.md" => Ok(b"caf\xe9".to_vec()),
        "large.png" => Ok(vec![0; 4 * 1024 * 1024 + 1]),
        "foreign.txt" => Ok(b"#+G\n+U ".to_vec()),
        _ => Err(io::Error::new(io::ErrorKind::NotFound, format!("no {name} here"))),
    }
}

fn mistakes(text: &str) -> Vec<Mistake> {
    let Err(mistakes) = Experiment::parse(text, files) else { panic!("accepted:\n{text}") };
    mistakes.0
}

/// Line and column, from 1, of each mark in the text, and the text without marks.
fn places(marked: &str) -> (Vec<(usize, usize)>, String) {
    let mut places = Vec::new();
    let mut text = String::new();
    for part in marked.split_inclusive('^') {
        text.push_str(part.trim_end_matches('^'));
        if part.ends_with('^') {
            let line_start = text.rfind('\n').map_or(0, |at| at + 1);
            places.push((1 + text.matches('\n').count(), 1 + text[line_start..].chars().count()));
        }
    }
    (places, text)
}

/// The file has exactly one mistake: at the mark, in this field, with this in its problem or hint.
#[track_caller]
fn one(marked: &str, field: &str, said: &str) {
    let (places, text) = places(marked);
    let found = mistakes(&text);
    let [mistake] = &found[..] else { panic!("{text}\n{found:#?}") };
    assert_eq!([(mistake.line, mistake.column)], places[..], "{text}\n{mistake}");
    assert_eq!(mistake.field, field, "{text}\n{mistake}");
    assert!(format!("{mistake}").contains(said), "{said}: {mistake}");
    assert!(!mistake.hint.is_empty(), "{mistake}");
}

const GAME: &str = "[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n";
const FILE: &str = "id = \"s\"\n";

/// In the game's own table.
#[track_caller]
fn in_game(line: &str, field: &str, said: &str) {
    one(&format!("{FILE}{GAME}{line}\n"), field, said);
}

/// Above the game.
#[track_caller]
fn in_study(lines: &str, field: &str, said: &str) {
    one(&format!("{FILE}{lines}\n{GAME}"), field, said);
}

/// A form with this question after the game.
#[track_caller]
fn in_question(lines: &str, field: &str, said: &str) {
    let form = "[[scene]]\nid = \"f\"\nkind = \"form\"\n[[scene.question]]\nid = \"q\"\n";
    one(&format!("{FILE}{GAME}{form}{lines}\n"), field, said);
}

/// After the game.
#[track_caller]
fn after_game(lines: &str, field: &str, said: &str) {
    one(&format!("{FILE}{GAME}{lines}\n"), field, said);
}

#[test]
fn text_that_is_no_toml() {
    in_game("players = ^2 2", "players", "complete examples");
    // What else is wrong is told as well, but nothing that may only be missing for the same reason.
    let found =
        mistakes("id = \nlanguage = 3\n[[scene]]\nid = \"a\"\nplayers = 9\nlayout = \"x\"\n");
    let places: Vec<_> = found.iter().map(|m| (m.line, m.column, m.field.as_str())).collect();
    assert_eq!(places, [(1, 6, "id"), (2, 12, "language"), (5, 11, "players")], "{found:#?}");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let (places, text) = places(
        "id = ^\"A B\"\nnetwork = { stun = [^\"http://x\"] }\n[[scene]]\nid = \"a\"\nlayout = \
         ^\"nowhere\"\nplayers = ^0\n^[[scene]]\nid = \"b\"\n^wibble = 1\n",
    );
    let found = mistakes(&text);
    let found_places: Vec<_> = found.iter().map(|m| (m.line, m.column)).collect();
    assert_eq!(found_places, places, "{found:#?}");
    let fields: Vec<_> = found.iter().map(|m| m.field.as_str()).collect();
    assert_eq!(fields, ["id", "network.stun", "layout", "players", "layout", "wibble"]);
}

/// What stands in defaults and conditions is read once for each scene, and told once.
#[test]
fn a_mistake_that_counts_for_several_scenes_is_told_once() {
    let again = GAME.replace("\"a\"", "\"b\"");
    let defaults = "[defaults]\nepisodes = ^0\nfocus = { limit_seconds = ^-1 }\n";
    let (places, text) = places(&format!("{FILE}{defaults}{GAME}{again}"));
    let found = mistakes(&text);
    assert_eq!(found.iter().map(|m| (m.line, m.column)).collect::<Vec<_>>(), places, "{found:#?}");
}

#[test]
fn a_file_names_itself_before_each_of_its_mistakes() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let error = Experiment::load(&path).unwrap_err().to_string();
    let prefix = format!("{}:1:", path.display());
    assert!(error.starts_with(&prefix), "{error}");
    let missing = Experiment::load(&path.join("missing")).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read "), "{missing}");
}
