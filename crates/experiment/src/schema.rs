//! The JSON Schema of experiment files, from the same declarations that the reader goes by.

use crate::raw::File;
use crate::read::Table as _;
use crate::read::value::object;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The schema (draft 7, which editors know). It has the types, ranges, defaults and meanings of
/// all fields; what [`crate::Experiment::parse`] says of fields together it cannot express.
#[must_use]
pub fn schema() -> Json {
    let mut definitions = BTreeMap::new();
    let mut schema = object(File::DOC, &File::fields(), &mut definitions);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Dyad experiment file");
    schema["definitions"] = json!(definitions);
    schema
}
