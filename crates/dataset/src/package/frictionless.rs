//! `datapackage.json` and the schemas that it names, for Frictionless tools.

use super::{Package, description, time};
use crate::render::{Form, pretty};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where schemas are.
const SCHEMAS: &str = "documentation/schemas";

/// The package and its schemas, by path.
pub(super) fn files(package: &Package<'_>) -> Vec<(String, String)> {
    let mut files = vec![("datapackage.json".to_owned(), pretty(&descriptor(package)))];
    let mut used: Vec<&str> = package.tables.iter().map(|(_, schema)| schema.as_str()).collect();
    used.sort_unstable();
    used.dedup();
    for name in used {
        if let Some(schema) = package.schemas.get(name) {
            files.push((format!("{SCHEMAS}/{name}.json"), pretty(&schema.frictionless())));
        }
    }
    files
}

fn descriptor(package: &Package<'_>) -> Value {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let resources = package.tables.iter().map(|(part, schema)| {
        let overview = matches!(part.table, Some((Form::Overview(_), _)));
        let number = numbers.entry(schema).or_default();
        *number += 1;
        // Tables over all sessions are referred to, by the names that people know them by.
        let name = if overview { schema.clone() } else { format!("{schema}.{number:05}") };
        json!({
            "name": name,
            "type": "table",
            "path": part.path,
            "scheme": "file",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": part.bytes,
            "hash": format!("sha256:{}", part.sha256),
            "schema": format!("{SCHEMAS}/{schema}.json"),
        })
    });
    let mut descriptor = json!({
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": name(package),
        "title": package.title(),
        "description": description::about(package),
        "resources": resources.collect::<Vec<_>>(),
    });
    if let Some((_, last)) = package.period() {
        descriptor["created"] = time(last).into();
    }
    descriptor
}

/// A name of the letters that Frictionless allows.
fn name(package: &Package<'_>) -> String {
    let studies = package.studies().join(".");
    if studies.is_empty() { "dyad".to_owned() } else { studies }
}
