//! A validator of JSON Schema, as much of it as the experiment files' schema is made of.

use serde_json::Value as Json;

/// The keywords that are looked at, and those that say nothing about a value.
const KNOWN: [&str; 20] = [
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "const",
    "default",
    "definitions",
    "description",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "properties",
    "required",
    "title",
    "type",
];

/// What of a value does not fit a schema, each with its path.
pub(crate) fn misfits(schema: &Json, value: &Json) -> Vec<String> {
    Validator { root: schema }.misfits(schema, value, "file")
}

struct Validator<'a> {
    root: &'a Json,
}

impl Validator<'_> {
    fn misfits(&self, schema: &Json, value: &Json, path: &str) -> Vec<String> {
        let keywords = schema.as_object().expect("a schema is an object");
        for keyword in keywords.keys() {
            assert!(KNOWN.contains(&keyword.as_str()), "{path}: {keyword} is not known here");
        }
        let mut found = alone(schema, value, path);
        found.extend(self.items(schema, value, path));
        found.extend(self.properties(schema, value, path));
        found.extend(self.kinds(schema, value, path));
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.strip_prefix("#/definitions/").expect("a reference within");
            found.extend(self.misfits(&self.root["definitions"][name], value, path));
        }
        found
    }

    fn items(&self, schema: &Json, value: &Json, path: &str) -> Vec<String> {
        let (Some(items), Some(item)) = (value.as_array(), schema.get("items")) else {
            return Vec::new();
        };
        let each = items.iter().enumerate();
        each.flat_map(|(at, value)| self.misfits(item, value, &format!("{path}[{at}]"))).collect()
    }

    fn properties(&self, schema: &Json, value: &Json, path: &str) -> Vec<String> {
        let Some(object) = value.as_object() else { return Vec::new() };
        let mut found = Vec::new();
        for (name, value) in object {
            let path = format!("{path}.{name}");
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(schema), _) | (None, schema @ Json::Object(_)) => {
                    found.extend(self.misfits(schema, value, &path));
                }
                (None, Json::Bool(false)) => found.push(format!("{path}: there is no such field")),
                (None, _) => {}
            }
        }
        let required = schema["required"].as_array().into_iter().flatten();
        let missing = required.filter_map(Json::as_str).filter(|name| !object.contains_key(*name));
        found.extend(missing.map(|name| format!("{path}: {name} is missing")));
        found
    }

    fn kinds(&self, schema: &Json, value: &Json, path: &str) -> Vec<String> {
        let all_of = schema["allOf"].as_array().into_iter().flatten();
        let mut found: Vec<_> = all_of.flat_map(|part| self.misfits(part, value, path)).collect();
        if let Some(kinds) = schema["oneOf"].as_array() {
            let all: Vec<_> = kinds.iter().map(|kind| self.misfits(kind, value, path)).collect();
            if all.iter().filter(|found| found.is_empty()).count() != 1 {
                found.push(format!("{path}: is not exactly one of its kinds: {all:?}"));
            }
        }
        found
    }
}

/// What the value itself breaks: its type, a constant, a range.
fn alone(schema: &Json, value: &Json, path: &str) -> Vec<String> {
    let types = match value {
        Json::Number(number) if number.is_i64() => ["integer", "number"],
        Json::Number(_) => ["number"; 2],
        Json::String(_) => ["string"; 2],
        Json::Bool(_) => ["boolean"; 2],
        Json::Array(_) => ["array"; 2],
        Json::Object(_) => ["object"; 2],
        Json::Null => ["null"; 2],
    };
    let mut found = Vec::new();
    if schema["type"].as_str().is_some_and(|it| !types.contains(&it)) {
        found.push(format!("{path}: {value} is no {}", schema["type"]));
    }
    if schema.get("const").is_some_and(|it| it != value) {
        found.push(format!("{path}: {value} is not {}", schema["const"]));
    }
    #[expect(clippy::cast_precision_loss, reason = "lengths are small")]
    let sizes = [
        (value.as_f64(), "minimum", "maximum"),
        (value.as_str().map(|text| text.chars().count() as f64), "minLength", "maxLength"),
        (value.as_array().map(|items| items.len() as f64), "minItems", "maxItems"),
    ];
    for (size, least, most) in sizes {
        let below = size.zip(schema[least].as_f64()).is_some_and(|(size, least)| size < least);
        let above = size.zip(schema[most].as_f64()).is_some_and(|(size, most)| size > most);
        if below || above {
            found.push(format!("{path}: {value} is out of range"));
        }
    }
    found
}
