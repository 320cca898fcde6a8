//! Fields: a value with its place, a table, a list, or a table of tables by name.

use super::scalar::Scalar;
use super::tree::{Node, Span, Table as TableNode, Value as NodeValue};
use super::{Definitions, Described, Reader, Rule, Scope, Slot, Table};
use serde_json::{Value as Json, json};
use std::ops::Deref;

/// The type of a field in a declared table.
pub(crate) trait Value: Sized {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self;
    fn schema(rule: &Rule, definitions: &mut Definitions) -> Json;
}

/// A value and its place, or a default and its table's place.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl<T> Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

fn scalar<T: Scalar>(reader: &mut Reader, slot: &Slot<'_>, node: &Node) -> Option<At<T>> {
    match T::parse(&node.value, &slot.described.rule) {
        Ok(value) => Some(At { value, span: node.span.clone() }),
        Err(problem) => {
            let hint = problem.hint.unwrap_or_else(|| slot.hint());
            reader.mistaken(slot, &node.span, problem.problem, hint);
            None
        }
    }
}

/// Its schema with the default.
fn scalar_schema<T: Scalar>(rule: &Rule) -> Json {
    let mut schema = T::schema(rule);
    if let Some(default) = &rule.default {
        schema["default"] = default.clone();
    }
    schema
}

/// A field with a default.
impl<T: Scalar> Value for At<T> {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        let given = slot.node.and_then(|node| scalar(reader, slot, node));
        given.unwrap_or_else(|| {
            let default = slot.described.rule.default.as_ref().and_then(T::from_json);
            Self { value: default.unwrap_or_else(T::placeholder), span: slot.table.clone() }
        })
    }

    fn schema(rule: &Rule, _: &mut Definitions) -> Json {
        scalar_schema::<T>(rule)
    }
}

/// A field that may be left out, or a required one: `None` after a mistake.
impl<T: Scalar> Value for Option<At<T>> {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        match slot.node {
            Some(node) => scalar(reader, slot, node),
            None => {
                missing(reader, slot);
                None
            }
        }
    }

    fn schema(rule: &Rule, _: &mut Definitions) -> Json {
        scalar_schema::<T>(rule)
    }
}

fn missing(reader: &mut Reader, slot: &Slot<'_>) {
    if slot.described.rule.required {
        let Described { name, doc, .. } = slot.described;
        reader.missing(&slot.table, &slot.path, format!("add {name} = ...:{doc}"));
    }
}

/// A list of values; empty where it is left out.
impl<T: Scalar> Value for Vec<At<T>> {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        let Some(list) = list(reader, slot) else { return Self::new() };
        list.iter().filter_map(|node| scalar(reader, slot, node)).collect()
    }

    fn schema(rule: &Rule, _: &mut Definitions) -> Json {
        let mut schema = json!({ "type": "array", "items": T::schema(&Rule::default()) });
        if let Some((least, most)) = rule.items {
            schema["minItems"] = json!(least);
            schema["maxItems"] = json!(most);
        }
        schema
    }
}

/// The items of a list in its range.
pub(crate) fn list<'a>(reader: &mut Reader, slot: &Slot<'a>) -> Option<&'a [Node]> {
    let Some(node) = slot.node else {
        missing(reader, slot);
        return None;
    };
    let NodeValue::List(nodes) = &node.value else {
        wrong_kind(reader, slot, node, "a list");
        return None;
    };
    if let Some((least, most)) = slot.described.rule.items
        && !(least..=most).contains(&nodes.len())
    {
        let problem = format!("must have {least} to {most} items, not {}", nodes.len());
        reader.mistaken(slot, &node.span, problem, slot.hint());
    }
    Some(nodes)
}

fn wrong_kind(reader: &mut Reader, slot: &Slot<'_>, node: &Node, expected: &str) {
    let problem = format!("must be {expected}, not {}", node.value.kind());
    reader.mistaken(slot, &node.span, problem, slot.hint());
}

/// A table of its own kind. Where it is left out, all of its fields are.
#[derive(Clone, Debug)]
pub(crate) struct Sub<T> {
    pub(crate) table: T,
    pub(crate) span: Span,
}

impl<T> Deref for Sub<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.table
    }
}

/// The entries of a node that must be a table.
pub(crate) fn entries<'a>(
    reader: &mut Reader,
    slot: &Slot<'_>,
    node: &'a Node,
) -> Option<&'a TableNode> {
    if let NodeValue::Table(table) = &node.value {
        return Some(table);
    }
    wrong_kind(reader, slot, node, "a table");
    None
}

fn sub<T: Table>(reader: &mut Reader, slot: &Slot<'_>, node: &Node) -> Option<Sub<T>> {
    let table = entries(reader, slot, node)?;
    let scope = Scope { table, span: node.span.clone(), path: format!("{}.", slot.path) };
    Some(Sub { table: reader.table(&scope), span: node.span.clone() })
}

/// A reference to a table's schema; the schema goes into the definitions.
pub(crate) fn reference<T: Table>(definitions: &mut Definitions) -> Json {
    if !definitions.contains_key(T::NAME) {
        definitions.insert(T::NAME, Json::Null);
        let schema = object(T::DOC, &T::fields(), definitions);
        definitions.insert(T::NAME, schema);
    }
    json!({ "$ref": format!("#/definitions/{}", T::NAME) })
}

/// The schema of a table with these fields.
pub(crate) fn object(doc: &str, fields: &[Described], definitions: &mut Definitions) -> Json {
    let mut properties = serde_json::Map::new();
    for field in fields {
        let mut schema = (field.schema)(&field.rule, definitions);
        if schema.get("$ref").is_some() {
            // Nothing beside a reference counts.
            schema = json!({ "allOf": [schema] });
        }
        schema["description"] = json!(field.doc.trim());
        properties.insert(field.name.to_owned(), schema);
    }
    let required: Vec<_> = fields.iter().filter(|it| it.rule.required).map(|it| it.name).collect();
    json!({
        "type": "object",
        "description": doc.trim(),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

impl<T: Table> Value for Sub<T> {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        let given = slot.node.and_then(|node| sub(reader, slot, node));
        given.unwrap_or_else(|| {
            let (table, span) = (&TableNode::default(), slot.table.clone());
            let scope = Scope { table, span: span.clone(), path: format!("{}.", slot.path) };
            Self { table: reader.table(&scope), span }
        })
    }

    fn schema(_: &Rule, definitions: &mut Definitions) -> Json {
        reference::<T>(definitions)
    }
}

impl<T: Table> Value for Option<Sub<T>> {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        slot.node.and_then(|node| sub(reader, slot, node))
    }

    fn schema(_: &Rule, definitions: &mut Definitions) -> Json {
        reference::<T>(definitions)
    }
}

impl<T: Table> Value for Vec<Sub<T>> {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        let nodes = if slot.node.is_some() { list(reader, slot) } else { None };
        let nodes = nodes.unwrap_or_default();
        nodes.iter().filter_map(|node| sub(reader, slot, node)).collect()
    }

    fn schema(_: &Rule, definitions: &mut Definitions) -> Json {
        json!({ "type": "array", "items": reference::<T>(definitions) })
    }
}

/// Tables by names of the author's own, not read yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named(pub(crate) Vec<(At<String>, Node)>);

impl Named {
    pub(crate) fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        let table = slot.node.and_then(|node| entries(reader, slot, node));
        let entries = table.into_iter().flat_map(|table| &table.0);
        let named = entries.map(|entry| {
            let name = At { value: entry.key.clone(), span: entry.key_span.clone() };
            (name, entry.node.clone())
        });
        Self(named.collect())
    }
}
