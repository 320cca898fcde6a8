//! The texts for people: README, CHANGES and `verify.txt`.

use super::manifest::DIGEST_OF;
use super::{Package, description, time};
use crate::options::{Made, Options};
use crate::render::Form;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `.psychdsignore`: forms that Psych-DS does not know.
pub(super) const IGNORED: &str = "bids/\nparquet/\ndocumentation/schemas/\ncroissant.json\ndatapackage.json\n\
                                  manifest-sha256.txt\nverify.txt\n";

const LAYOUT: &str = "\
## What is where

| path | what it is |
|---|---|
| `data/description-*_data.csv` | tables over all sessions: participants, sessions, seats, episodes, records, findings; and, as far as the lab has said, scenes, consents, answers, matchlog |
| `data/session-*/*_trial-ep*_data.csv` | an episode: a row for each step, equal byte for byte on all computers |
| `..._description-apart_data.csv` | rows that only one participant's record has, from where the common ones end |
| `..._description-local_data.csv` | what one participant's computer saw: timing, rollbacks, round trips |
| `data/raw/` | the signed logs as they came, receipts, and what did not fit into a table |
| `dataset_description.json` | every column of every table, described (Psych-DS) |
| `datapackage.json`, `documentation/schemas/` | types, keys, constraints, lengths and digests (Frictionless) |
| `croissant.json` | the same for programs that load data for machine learning (Croissant) |
| `manifest-sha256.txt` | every file's digest |
| `verify.txt` | how to check all of it, with one command |
";

const READING: &str = "\
## Reading the tables

UTF-8, commas, one header line, an empty cell is a missing value, `True` and `False`. No options are
needed: `pandas.read_csv(path)`, `readr::read_csv(path)`, `SELECT * FROM 'path'` in DuckDB. Names of files
are made of keywords and values; identifiers lose their dashes there, the tables have them whole.
";

const PEOPLE: &str = "\
## People

Participants appear under pseudonyms that the lab issued. Names, panel ids, network addresses and access
tokens are not in the records and so not here.

## What the records prove

The tables of steps follow from the logs of all players' inputs in `data/raw`. Every log is chained, and
closed with statements that the players' computers have signed. `verify.txt` says how to check that. It
does not prove who sat at a computer, and nothing about the tables of what one computer saw, which are
by that computer's own account.
";

/// `README.md`.
pub(super) fn readme(package: &Package<'_>) -> String {
    let mut text = format!("# {}\n\n{}\n\n", package.title(), description::about(package));
    if let Some((first, last)) = package.period() {
        writeln!(text, "From {} to {} (UTC).\n", time(first), time(last)).expect(FITS);
    }
    if let Some(selection) = selection(&package.made.options) {
        writeln!(text, "{selection}\n").expect(FITS);
    }
    text.push_str(LAYOUT);
    if package.made.options.parquet {
        text.push_str(
            "| `parquet/` | the same tables, typed; a folder for each study and session |\n",
        );
    }
    if package.made.options.bids {
        text.push_str("| `bids/` | the events of each participant as a BIDS dataset |\n");
    }
    text.push('\n');
    text.push_str(&contents(package));
    text.push_str(READING);
    text.push('\n');
    text.push_str(PEOPLE);
    text
}

const FITS: &str = "a string takes all text";

/// What was left out, in words.
fn selection(options: &Options) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(options.since_ms.map(|ms| format!("sessions registered since {}", time(ms))));
    parts.extend(options.scene.as_ref().map(|scene| format!("sessions of the scene {scene}")));
    let identical = "episodes whose records are identical on all computers".to_owned();
    parts.extend(options.only_identical.then_some(identical));
    (!parts.is_empty()).then(|| format!("This is a selection: only {}.", parts.join(", and only ")))
}

/// How much there is.
fn contents(package: &Package<'_>) -> String {
    let mut forms: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (part, _) in &package.tables {
        let Some((form, rows)) = &part.table else { continue };
        let name = match form {
            Form::Steps(_) => "tables of steps",
            Form::Local => "tables of what a computer saw",
            Form::Overview(name) => name,
        };
        let (files, all) = forms.entry(name).or_default();
        *files += 1;
        *all += rows;
    }
    let mut text = "## How much there is\n\n| table | files | rows |\n|---|---|---|\n".to_owned();
    for (name, (files, rows)) in forms {
        writeln!(text, "| {name} | {files} | {rows} |").expect(FITS);
    }
    text.push('\n');
    text
}

/// `CHANGES.md`.
pub(super) fn changes(package: &Package<'_>) -> String {
    let last = package.period().map_or_else(|| "no data".to_owned(), |(_, last)| time(last));
    format!(
        "# Changes\n\n## 1.0.0\n\n- Exported by Dyad {}, with everything that the lab had received up to {last}.\n",
        package.made.program
    )
}

/// `verify.txt`.
pub(super) fn verify(made: &Made, manifest: &str) -> String {
    format!(
        "How to check this dataset, with Dyad {}:\n\n\
         \x20   dyad-signalling verify THIS_FOLDER\n\n\
         It simulates every game again from the logs in data/raw, derives every table anew, compares\n\
         all bytes, checks signatures, receipts and digests, and names whatever differs. It exits with 0\n\
         if all is as it was recorded, with 1 if not.\n\n\
         Without it, `sha256sum -c manifest-sha256.txt` says whether the files are those that were\n\
         exported. An article that uses this dataset should print the next line:\n\n\
         {DIGEST_OF}{manifest}\n",
        made.program
    )
}
