//! `EXPERIMENTS.md` and the JSON Schema in `assets/experiments/` are current. With `DYAD_UPDATE=1`
//! in the environment, the tests here write them anew.

use crate::raw::{self, form, gym, scene, study};
use crate::read::{Described, Table};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Every table that an author can write, by its name in the page's markers.
fn tables() -> BTreeMap<&'static str, Vec<Described>> {
    fn of<T: Table>() -> (&'static str, Vec<Described>) {
        (T::NAME, T::fields())
    }
    BTreeMap::from([
        of::<raw::File>(),
        of::<raw::Assignment>(),
        of::<raw::Condition>(),
        of::<raw::Block>(),
        of::<study::Network>(),
        of::<study::Matchmaking>(),
        of::<study::WaitingRoom>(),
        of::<study::Dropout>(),
        of::<study::Screening>(),
        of::<study::ScreenRtt>(),
        of::<study::ScreenSystem>(),
        of::<study::ScreenVersion>(),
        of::<study::ScreenDisplay>(),
        of::<study::ScreenFrameRate>(),
        of::<study::ScreenClock>(),
        of::<study::ScreenQuestion>(),
        of::<study::Monitoring>(),
        of::<study::WatchRtt>(),
        of::<study::Completion>(),
        of::<study::Data>(),
        of::<study::Codes>(),
        of::<study::Messages>(),
        of::<scene::Head>(),
        of::<scene::Consent>(),
        of::<scene::Page>(),
        of::<scene::Form>(),
        of::<scene::CompletionPage>(),
        of::<gym::Gym>(),
        of::<gym::Partner>(),
        of::<gym::Keys>(),
        of::<gym::Focus>(),
        of::<gym::Reconnection>(),
        of::<form::QuestionHead>(),
        of::<form::Choice>(),
        of::<form::Choices>(),
        of::<form::Scale>(),
        of::<form::Number>(),
        of::<form::Text>(),
    ])
}

/// A table of the page: a line a field.
fn rows(fields: &[Described]) -> String {
    let mut rows =
        String::from("| field | value | if left out | what it does |\n|---|---|---|---|\n");
    for field in fields {
        let schema = (field.schema)(&field.rule, &mut BTreeMap::new());
        let default = match (&field.rule.default, field.rule.required) {
            (Some(default), _) => format!("`{}`", plain(default)),
            (None, true) => "required".to_owned(),
            (None, false) => "-".to_owned(),
        };
        let words = schema["oneOf"].as_array().into_iter().flatten();
        let words =
            words.map(|word| format!(" `{}`: {}", word["const"], text(&word["description"])));
        let doc: String = std::iter::once(field.doc.trim().to_owned()).chain(words).collect();
        let value = value(&schema);
        let doc = doc.replace('|', "\\|");
        writeln!(rows, "| `{}` | {value} | {default} | {doc} |", field.name).unwrap();
    }
    rows
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

/// A number as somebody writes it.
fn plain(json: &Json) -> String {
    let text = json.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// What a value may be, in words.
fn value(schema: &Json) -> String {
    if schema.get("oneOf").is_some() {
        return "one of these words".to_owned();
    }
    let between = |least: &str, most: &str| match (schema.get(least), schema.get(most)) {
        (Some(least), Some(most)) => format!(", {} to {}", plain(least), plain(most)),
        _ => String::new(),
    };
    match text(&schema["type"]) {
        "boolean" => "`true` or `false`".to_owned(),
        "integer" => format!("whole number{}", between("minimum", "maximum")),
        "number" => format!("number{}", between("minimum", "maximum")),
        "string" if schema.get("maxLength").is_some() => {
            format!("text{} characters", between("minLength", "maxLength"))
        }
        "string" => "text".to_owned(),
        "array" if schema["items"].get("$ref").is_some() => "tables".to_owned(),
        "array" => {
            format!("list of {}s{}", value(&schema["items"]), between("minItems", "maxItems"))
        }
        "object" => "tables by name".to_owned(),
        _ => "table".to_owned(),
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn updating() -> bool {
    std::env::var_os("DYAD_UPDATE").is_some()
}

#[test]
fn the_reference_page_is_current() {
    let path = here("EXPERIMENTS.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut missing = tables();
    let (mut current, mut inside) = (String::new(), false);
    for line in page.lines() {
        let marker = line.strip_prefix("<!-- fields of ").and_then(|it| it.strip_suffix(" -->"));
        inside = (inside || marker.is_some()) && line != "<!-- end -->";
        if let Some(name) = marker {
            let fields = missing.remove(name).unwrap_or_else(|| panic!("no table {name} is left"));
            write!(current, "{line}\n\n{}\n", rows(&fields)).unwrap();
        } else if !inside {
            writeln!(current, "{line}").unwrap();
        }
    }
    assert!(missing.is_empty(), "the page lacks {:?}", missing.keys());
    if updating() {
        std::fs::write(&path, &current).unwrap();
    } else {
        assert!(current == page, "run the test with DYAD_UPDATE=1 to write the page anew");
    }
}

#[test]
fn the_schema_is_current() {
    let path = here("../../assets/experiments/experiment.schema.json");
    let schema = crate::schema();
    if updating() {
        let text = serde_json::to_string_pretty(&schema).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let kept: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(kept == schema, "run the test with DYAD_UPDATE=1 to write the schema anew");
}

/// What a field of the page looks like, so that a change of the format is seen.
#[test]
fn a_row_says_what_a_field_may_be() {
    let rows = rows(&gym::Gym::fields());
    let players = "| `players` | whole number, 1 to 4 | `2` | Seats, those of programs included. |";
    assert!(rows.contains(players), "{rows}");
    assert!(rows.contains("`\"same\"`: All episodes start alike."), "{rows}");
}
