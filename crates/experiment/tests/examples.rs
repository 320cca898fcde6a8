//! The examples, and the schema that editors check them by.

mod schema;

use dyad_experiment::{Content, Experiment};
use dyad_gridworld::Game;
use schema::misfits;
use std::fs;
use std::path::{Path, PathBuf};

/// The example files with their texts.
fn examples() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/experiments");
    let files = folder.read_dir().expect("the examples").map(|entry| entry.expect("a file").path());
    let is_example = |path: &PathBuf| path.extension().is_some_and(|it| it == "toml");
    let mut files: Vec<_> = files.filter(is_example).collect();
    files.sort();
    assert_eq!(files.len(), 7, "{files:?}");
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).expect("a text"));
    files.into_iter().map(read).collect()
}

#[test]
fn the_examples_are_right() {
    let mut kinds = std::collections::BTreeSet::new();
    for (path, text) in examples() {
        assert!(text.starts_with("#:schema ./experiment.schema.json\n"), "{}", path.display());
        let experiment = Experiment::load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(experiment.warnings(), [], "{}", path.display());
        for gym in experiment.scenes().iter().filter_map(|scene| scene.gym()) {
            assert!(gym.variants().all(|(_, gym)| Game::new(gym.settings(1)).is_ok()));
        }
        kinds.extend(experiment.scenes().iter().map(|scene| match scene.content {
            Content::Consent(_) => "consent",
            Content::Page(_) => "page",
            Content::Form(_) => "form",
            Content::Gym(_) => "gym",
            Content::Completion(_) => "completion",
        }));
    }
    assert_eq!(kinds.len(), 5, "every kind of scene has an example: {kinds:?}");
}

fn of_text(text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().expect("TOML");
    misfits(&dyad_experiment::schema(), &serde_json::to_value(table).expect("no date"))
}

#[test]
fn the_examples_fit_the_schema() {
    for (path, text) in examples() {
        assert_eq!(of_text(&text), [""; 0], "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses_of_a_single_field() {
    let wrong = [
        "players = 5",
        "players = \"two\"",
        "playerz = 2",
        "kind = \"chess\"",
        "countdown_seconds = 0.5",
        "episode_seeds = \"other\"",
        "layouts = []",
        "partner = { kind = \"robot\" }",
        "focus = { limit = 3 }",
        "task = { name = \"chess\" }",
        "kind = \"form\"",
    ];
    for line in wrong {
        let file =
            format!("id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n{line}\n");
        assert!(Experiment::parse(&file, |_| Ok(Vec::new())).is_err(), "{line}");
        assert_ne!(of_text(&file), [""; 0], "{line}");
    }
    assert_ne!(of_text("id = \"s\"\n"), [""; 0]);
}
