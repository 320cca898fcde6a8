//! The file's text as a tree of values, each with its place.

use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Bytes of the file's text.
pub(crate) type Span = Range<usize>;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Table(Table),
    /// A date, or a number that fits nowhere: nothing that an experiment file has a use for.
    Other,
}

impl Value {
    /// What it is, for people.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) => "true or false",
            Self::Whole(_) | Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other => "a date or a number that is too large",
        }
    }
}

/// The entries of a table, in the order of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(pub(crate) Vec<Entry>);

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    /// This table with the other's entries over it. Where both have a table, the two are laid
    /// over each other in the same way; but one that says its `kind` stands alone.
    pub(crate) fn under(&self, over: &Self) -> Self {
        let mut entries = self.0.clone();
        for entry in &over.0 {
            match entries.iter_mut().find(|own| own.key == entry.key) {
                Some(own) => own.node = lay_over(&own.node, &entry.node),
                None => entries.push(entry.clone()),
            }
        }
        Self(entries)
    }
}

fn lay_over(own: &Node, over: &Node) -> Node {
    match (&own.value, &over.value) {
        (Value::Table(own), Value::Table(table)) if table.get("kind").is_none() => {
            Node { span: over.span.clone(), value: Value::Table(own.under(table)) }
        }
        _ => over.clone(),
    }
}

/// A place at which the text is no TOML.
#[derive(Clone, Debug)]
pub(crate) struct SyntaxError {
    pub(crate) span: Span,
    pub(crate) message: String,
}

/// What can be read of the text, and where it is no TOML.
pub(crate) fn parse(text: &str) -> (Table, Vec<SyntaxError>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let errors = errors.iter().map(|error| SyntaxError {
        span: error.span().unwrap_or(0..0),
        message: error.message().trim_end().replace('\n', "; "),
    });
    (self::table(table.get_ref()), errors.collect())
}

fn table(table: &DeTable<'_>) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().clone().into_owned(),
            key_span: key.span(),
            node: node(value),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    Table(entries)
}

fn node(value: &Spanned<DeValue<'_>>) -> Node {
    let of_value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other, Value::Whole)
        }
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Other, Value::Number),
        DeValue::Datetime(_) => Value::Other,
        DeValue::Array(items) => Value::List(items.iter().map(node).collect()),
        DeValue::Table(entries) => Value::Table(table(entries)),
    };
    Node { span: value.span(), value: of_value }
}

/// A node as JSON, for settings that another crate reads by serde.
pub(crate) fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Flag(flag) => (*flag).into(),
        Value::Whole(number) => (*number).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Table(table) => {
            table.0.iter().map(|entry| (entry.key.clone(), json(&entry.node))).collect()
        }
        Value::Other => serde_json::Value::Null,
    }
}
