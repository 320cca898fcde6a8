//! `croissant.json`: the dataset for programs that load data for machine learning.

use super::{Package, description, time};
use crate::render::{Form, pretty};
use crate::table::Schema;
use serde_json::{Value, json};

pub(super) fn text(package: &Package<'_>) -> String {
    let (mut files, mut records) = (Vec::new(), Vec::new());
    for (part, schema) in &package.tables {
        if !matches!(part.table, Some((Form::Overview(_), _))) {
            continue;
        }
        files.push(json!({
            "@type": "cr:FileObject",
            "@id": part.path,
            "name": part.path,
            "contentUrl": part.path,
            "contentSize": format!("{} B", part.bytes),
            "encodingFormat": "text/csv",
            "sha256": part.sha256,
        }));
        if let Some(schema) = package.schemas.get(schema) {
            records.push(record_set(schema, &json!({ "fileObject": { "@id": part.path } })));
        }
    }
    // One set of records for each form of steps; a set of files cannot leave some out, so the files
    // are objects of their own where there are several forms.
    for (name, schema) in package.schemas.iter().filter(|(name, _)| is_of_sessions(name)) {
        let paths: Vec<_> = package
            .tables
            .iter()
            .filter(|(_, it)| it == name)
            .map(|(part, _)| &part.path)
            .collect();
        if paths.is_empty() {
            continue;
        }
        let id = format!("files-{name}");
        files.push(json!({
            "@type": "cr:FileSet",
            "@id": id,
            "name": id,
            "encodingFormat": "text/csv",
            "includes": paths,
        }));
        records.push(record_set(schema, &json!({ "fileSet": { "@id": id } })));
    }
    let mut dataset = json!({
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": package.title(),
        "description": description::about(package),
        "version": "1.0.0",
        "distribution": files,
        "recordSet": records,
    });
    if let Some((_, last)) = package.period() {
        dataset["datePublished"] = time(last).into();
    }
    pretty(&dataset)
}

fn is_of_sessions(schema: &str) -> bool {
    schema == "local" || schema.starts_with("steps-")
}

fn record_set(schema: &Schema, source: &Value) -> Value {
    let name = &schema.name;
    let fields = schema.columns.iter().map(|(column, _)| {
        let mut source = source.clone();
        source["extract"] = json!({ "column": column.name });
        json!({
            "@type": "cr:Field",
            "@id": format!("{name}/{}", column.name),
            "name": column.name,
            "description": column.in_words(),
            "dataType": column.kind.croissant(),
            "source": source,
        })
    });
    let key: Vec<_> =
        schema.key.iter().map(|column| json!({ "@id": format!("{name}/{column}") })).collect();
    let mut set = json!({
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": schema.description,
        "field": fields.collect::<Vec<_>>(),
    });
    // Only within one file are these keys of their own.
    if !is_of_sessions(name) {
        set["key"] = key.into();
    }
    set
}

/// The words that Croissant 1.0 is written in.
fn context() -> Value {
    json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "data": { "@id": "cr:data", "@type": "@json" },
        "dataType": { "@id": "cr:dataType", "@type": "@vocab" },
        "dct": "http://purl.org/dc/terms/",
        "examples": { "@id": "cr:examples", "@type": "@json" },
        "extract": "cr:extract",
        "field": "cr:field",
        "fileObject": "cr:fileObject",
        "fileProperty": "cr:fileProperty",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "parentField": "cr:parentField",
        "path": "cr:path",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform"
    })
}
