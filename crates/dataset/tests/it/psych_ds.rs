//! The rules of Psych-DS, checked by ourselves: its own validator cannot be had everywhere.

use crate::exports::{export_to, files, folder};
use crate::support::mixed;
use dyad_dataset::Options;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Keywords that the standard names; others are only warned of.
const KEYWORDS: [&str; 9] = [
    "study",
    "site",
    "subject",
    "session",
    "task",
    "condition",
    "trial",
    "stimulus",
    "description",
];

/// Everything that the standard refuses about a dataset, as its validator's codes.
fn violations(files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut found = Vec::new();
    let description = files.get("dataset_description.json");
    let Some(description) = description.and_then(|it| serde_json::from_slice::<Value>(it).ok())
    else {
        return vec!["MISSING_DATASET_DESCRIPTION".to_owned()];
    };
    for (field, value) in [("@type", "Dataset"), ("@context", "https://schema.org/")] {
        if description[field] != value {
            found.push(format!("{field} is {}", description[field]));
        }
    }
    for field in ["name", "description"] {
        if description[field].as_str().is_none_or(str::is_empty) {
            found.push(format!("MISSING_FIELD {field}"));
        }
    }
    let mut columns = BTreeSet::new();
    let data = files
        .iter()
        .filter(|(path, _)| path.starts_with("data/") && !path.starts_with("data/raw/"));
    for (path, bytes) in data {
        let name = path.rsplit('/').next().unwrap();
        if !is_well_named(name) {
            found.push(format!("FILENAME {path}"));
        }
        found
            .extend(in_table(bytes, &mut columns).into_iter().map(|flaw| format!("{flaw} {path}")));
    }
    let measured = description["variableMeasured"].as_array().cloned().unwrap_or_default();
    let mut described = BTreeSet::new();
    for variable in measured {
        let name = variable["name"].as_str().unwrap_or_default().to_owned();
        if variable["@type"] != "PropertyValue"
            || variable["description"].as_str().is_none_or(str::is_empty)
        {
            found.push(format!("VARIABLE {name}"));
        }
        if !described.insert(name.clone()) {
            found.push(format!("VARIABLE_REPEATED {name}"));
        }
    }
    found.extend(
        columns.difference(&described).map(|it| format!("CSV_COLUMN_MISSING_FROM_METADATA {it}")),
    );
    found.extend(
        described.difference(&columns).map(|it| format!("VARIABLE_MISSING_FROM_CSV_COLUMNS {it}")),
    );
    found
}

fn is_well_named(name: &str) -> bool {
    let Some(pairs) = name.strip_suffix("_data.csv") else { return false };
    pairs.split('_').all(|pair| {
        let Some((keyword, value)) = pair.split_once('-') else { return false };
        KEYWORDS.contains(&keyword)
            && !value.is_empty()
            && value.bytes().all(|letter| letter.is_ascii_alphanumeric())
    })
}

fn in_table(bytes: &[u8], columns: &mut BTreeSet<String>) -> Vec<&'static str> {
    let mut found = Vec::new();
    let text = std::str::from_utf8(bytes).unwrap_or("\u{feff}");
    if text.starts_with('\u{feff}') {
        found.push("BOM_OR_NO_UTF8");
    }
    if text.contains('\r') {
        found.push("CRLF");
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut rows = reader.records().map(Result::unwrap);
    let Some(header) = rows.next() else { return vec!["CSV_HEADER_MISSING"] };
    let names: BTreeSet<String> = header.iter().map(str::to_owned).collect();
    if names.len() != header.len() || names.contains("") {
        found.push("CSV_HEADER_REPEATED");
    }
    let id = header.iter().position(|it| it == "row_id");
    let mut ids = BTreeSet::new();
    for row in rows {
        if row.len() != header.len() {
            found.push("CSV_HEADER_LENGTH_MISMATCH");
        }
        if id.is_some_and(|at| !ids.insert(row[at].to_owned())) {
            found.push("ROWID_VALUES_NOT_UNIQUE");
        }
    }
    columns.extend(names);
    found
}

#[test]
fn datasets_keep_all_rules() {
    let folder = folder(&mixed(8));
    let everything = Options { parquet: true, bids: true, ..Options::default() };
    let identical = Options { only_identical: true, ..Options::default() };
    for (name, options) in
        [("all", everything), ("plain", Options::default()), ("identical", identical)]
    {
        export_to(folder.path(), name, &options).unwrap();
        let files = files(&folder.path().join(name));
        assert_eq!(violations(&files), [""; 0], "{name}");
        for file in ["README.md", "CHANGES.md", ".psychdsignore"] {
            assert!(files.contains_key(file), "{file}");
        }
    }
}

type Files = BTreeMap<String, Vec<u8>>;

#[test]
fn the_rules_are_really_checked() {
    let folder = folder(&mixed(2));
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let good = files(&folder.path().join("out"));
    let table = "data/description-seats_data.csv";
    let broken = |change: &dyn Fn(&mut Files)| {
        let mut files = good.clone();
        change(&mut files);
        violations(&files).join("; ")
    };
    let with = |find: &'static str, replace: &'static str| {
        broken(&|files| {
            let text = String::from_utf8(files[table].clone()).unwrap();
            files.insert(table.to_owned(), text.replacen(find, replace, 1).into_bytes());
        })
    };
    assert_eq!(with("none of these", "x"), "");
    assert!(with("seat,", "place,").contains("CSV_COLUMN_MISSING_FROM_METADATA place"));
    assert!(with("\n", ",\n").contains("CSV_HEADER_LENGTH_MISMATCH"));
    assert!(with("seat,", "session,").contains("CSV_HEADER_REPEATED"));
    assert!(with("session", "\u{feff}session").contains("BOM"));
    assert!(with("seat,participant", "seat;participant").contains("CSV_"));
    assert!(
        broken(&|files| drop(files.remove("dataset_description.json")))
            .contains("MISSING_DATASET_DESCRIPTION")
    );
    assert!(
        broken(&|files| drop(files.remove("data/description-participants_data.csv")))
            .contains("VARIABLE_MISSING_FROM_CSV_COLUMNS")
    );
    assert!(
        broken(&|files| drop(files.insert("data/a_b-c_data.csv".to_owned(), vec![])))
            .contains("FILENAME")
    );
    assert!(
        broken(&|files| drop(files.insert(table.to_owned(), vec![])))
            .contains("CSV_HEADER_MISSING")
    );
}
