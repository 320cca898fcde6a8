//! The files about a whole dataset: tables over all sessions, descriptions in the words of
//! several standards, texts for people, and the manifest.

pub mod bids;
mod croissant;
mod description;
mod frictionless;
pub mod manifest;
mod overview;
mod people;
mod texts;

use crate::codebook;
use crate::column::Column;
use crate::names::{self, Names};
use crate::options::{MADE, Made};
use crate::parquet;
use crate::render::{
    Facts, Form, RenderError, Rendered, local_schema, plain, pretty, steps_schema,
};
use crate::session::count;
use crate::study::{STUDY, Study};
use crate::table::{Schema, Undescribed};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A file that was written: what descriptions and the manifest say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its path in the dataset.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Its form and number of rows, if it is a table.
    pub table: Option<(Form, u64)>,
}

impl Part {
    /// What is to be said of a file.
    #[must_use]
    pub fn of(file: &Rendered<'_>) -> Self {
        Self {
            path: file.path.clone(),
            bytes: count(file.bytes.len()),
            sha256: sha256(&file.bytes),
            table: file.table.clone(),
        }
    }
}

/// SHA-256 of some bytes, in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything that descriptions are made of.
pub(crate) struct Package<'a> {
    pub(crate) facts: &'a [Facts],
    pub(crate) made: &'a Made,
    /// All tables, by path, with the names of their schemas.
    pub(crate) tables: Vec<(&'a Part, String)>,
    /// Schemas by name.
    pub(crate) schemas: BTreeMap<String, Schema>,
}

/// The files about a dataset of these sessions, whose own files are `parts`; the last two are the
/// manifest and `verify.txt`, which say that the rest is there.
///
/// # Errors
/// [`RenderError`].
pub fn files(
    facts: &[Facts],
    parts: &[Part],
    study: &Study,
    made: &Made,
) -> Result<Vec<Rendered<'static>>, RenderError> {
    let mut files = overviews(facts, study, made)?;
    files.push(plain(STUDY.to_owned(), pretty(study).into_bytes()));
    let mut parts = parts.to_vec();
    parts.extend(files.iter().map(Part::of));
    parts.sort_by(|a, b| a.path.cmp(&b.path));
    let more = described(facts, &parts, made)?;
    parts.extend(more.iter().map(Part::of));
    files.extend(more);
    let manifest = manifest::text(&mut parts);
    let verify = texts::verify(made, &sha256(manifest.as_bytes()));
    files.push(plain(manifest::MANIFEST.to_owned(), manifest.into_bytes()));
    files.push(plain(manifest::VERIFY.to_owned(), verify.into_bytes()));
    Ok(files)
}

/// The tables over all sessions.
fn overviews(
    facts: &[Facts],
    study: &Study,
    made: &Made,
) -> Result<Vec<Rendered<'static>>, RenderError> {
    let mut files = Vec::new();
    for table in overview::tables(facts, study)? {
        let (name, rows) = (table.schema.name.clone(), count(table.rows.len()));
        let bytes = table.csv();
        let path = names::overview(&name);
        if made.options.parquet {
            let bytes = parquet::from_csv(&table.schema, &bytes)
                .map_err(|source| RenderError::Parquet { path: path.clone(), source })?;
            files.push(plain(format!("parquet/{name}/{name}.parquet"), bytes));
        }
        let table = Some((Form::Overview(name), rows));
        files.push(Rendered { path, bytes: bytes.into(), table });
    }
    Ok(files)
}

/// Descriptions and texts.
fn described(
    facts: &[Facts],
    parts: &[Part],
    made: &Made,
) -> Result<Vec<Rendered<'static>>, RenderError> {
    let package = Package::new(facts, parts, made)?;
    let mut files = vec![
        plain(MADE.to_owned(), pretty(made).into_bytes()),
        plain("README.md".to_owned(), texts::readme(&package).into_bytes()),
        plain("CHANGES.md".to_owned(), texts::changes(&package).into_bytes()),
        plain(".psychdsignore".to_owned(), texts::IGNORED.as_bytes()),
        plain("dataset_description.json".to_owned(), description::text(&package).into_bytes()),
        plain("croissant.json".to_owned(), croissant::text(&package).into_bytes()),
    ];
    for (path, text) in frictionless::files(&package) {
        files.push(plain(path, text.into_bytes()));
    }
    if made.options.bids {
        let names = Names::new(facts.iter().map(|facts| &facts.entry));
        files.extend(bids::about(facts, &names));
    }
    Ok(files)
}

impl<'a> Package<'a> {
    fn new(facts: &'a [Facts], parts: &'a [Part], made: &'a Made) -> Result<Self, Undescribed> {
        let forms: BTreeSet<&Form> =
            parts.iter().filter_map(|part| Some(&part.table.as_ref()?.0)).collect();
        let mut names: BTreeMap<&Form, String> = BTreeMap::new();
        let mut schemas: BTreeMap<String, Schema> = overview::schemas()?;
        let mut steps = 0;
        for form in forms {
            let name = match form {
                Form::Steps(columns) => {
                    steps += 1;
                    let name = format!("steps-{steps}");
                    schemas.insert(name.clone(), steps_schema(columns, &name)?);
                    name
                }
                Form::Local => {
                    schemas.insert("local".to_owned(), local_schema("local")?);
                    "local".to_owned()
                }
                Form::Overview(name) => name.clone(),
            };
            names.insert(form, name);
        }
        let tables = parts.iter().filter_map(|part| {
            let name = names.get(&part.table.as_ref()?.0)?;
            Some((part, name.clone()))
        });
        Ok(Self { facts, made, tables: tables.collect(), schemas })
    }

    /// The names of all columns of all tables, in order.
    pub(crate) fn columns(&self) -> Vec<Column> {
        let used: BTreeSet<&str> = self.tables.iter().map(|(_, schema)| schema.as_str()).collect();
        let schemas = used.iter().filter_map(|name| self.schemas.get(*name));
        let names =
            schemas.flat_map(|schema| schema.columns.iter().map(|(it, _)| it.name.as_str()));
        let names: BTreeSet<&str> = names.collect();
        names.into_iter().filter_map(codebook::column).collect()
    }

    /// The studies, in order.
    pub(crate) fn studies(&self) -> Vec<&str> {
        let studies = self.facts.iter().map(|facts| facts.entry.registration.study.as_str());
        studies.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A title for people.
    pub(crate) fn title(&self) -> String {
        match self.studies().as_slice() {
            [] => "No sessions".to_owned(),
            [one] => format!("Study {one}"),
            many => format!("Studies {}", many.join(", ")),
        }
    }

    /// The first and the last moment that the lab has noted, milliseconds since 1970.
    pub(crate) fn period(&self) -> Option<(u64, u64)> {
        let entries = self.facts.iter().map(|facts| &facts.entry);
        let moments = entries.flat_map(|entry| {
            let received = entry.receipts.iter().map(|receipt| receipt.received_ms);
            received.chain([entry.registered_ms])
        });
        moments.fold(None, |period, at| match period {
            None => Some((at, at)),
            Some((first, last)) => Some((at.min(first), at.max(last))),
        })
    }
}

/// A moment in the one form that tables know: ISO 8601, UTC, milliseconds.
#[must_use]
pub fn time(ms: u64) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
