//! What a column is: its type, unit, levels and meaning.

use serde_json::{Value, json};

/// What a column's cells are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Number,
    /// `True` or `False`.
    Boolean,
    /// A moment, ISO 8601 in UTC with milliseconds.
    Time,
}

/// A column and its meaning. A name means the same in every table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name in the header line.
    pub name: String,
    /// What it says, for people.
    pub description: String,
    /// What its cells are.
    pub kind: Kind,
    /// The unit of a number.
    pub unit: Option<&'static str>,
    /// All values that there can be, with their meanings; empty if they cannot be listed.
    pub levels: Vec<(&'static str, &'static str)>,
    /// The least and the greatest value, where they are known.
    pub range: Option<(i64, i64)>,
}

impl Column {
    /// A column of which there is no more to say.
    #[must_use]
    pub fn new(name: &str, kind: Kind, description: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            description: description.into(),
            kind,
            unit: None,
            levels: Vec::new(),
            range: None,
        }
    }

    /// The same with a unit.
    #[must_use]
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// The same with all its values.
    #[must_use]
    pub fn levels(mut self, levels: &[(&'static str, &'static str)]) -> Self {
        self.levels = levels.to_vec();
        self
    }

    /// The same with its least and greatest value.
    #[must_use]
    pub const fn range(mut self, least: i64, greatest: i64) -> Self {
        self.range = Some((least, greatest));
        self
    }

    /// The description with unit and levels, as one text.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut text = self.description.clone();
        if let Some(unit) = self.unit {
            text.push_str(&format!(" Unit: {unit}."));
        }
        if !self.levels.is_empty() {
            let levels: Vec<_> =
                self.levels.iter().map(|(value, meaning)| format!("{value} {meaning}")).collect();
            text.push_str(&format!(" Values: {}.", levels.join(", ")));
        }
        text
    }

    /// The column in the words of schema.org, which Psych-DS takes.
    #[must_use]
    pub fn property(&self) -> Value {
        let mut value = json!({
            "@type": "PropertyValue",
            "name": self.name,
            "description": self.in_words(),
            "dataType": self.kind.schema_org(),
        });
        if let Some(unit) = self.unit {
            value["unitText"] = unit.into();
        }
        if let Some((least, greatest)) = self.range {
            value["minValue"] = least.into();
            value["maxValue"] = greatest.into();
        }
        if !self.levels.is_empty() {
            let level = |&(level, meaning): &(&str, &str)| json!({ "@type": "DefinedTerm", "termCode": level, "name": meaning });
            value["valueReference"] = self.levels.iter().map(level).collect();
        }
        value
    }

    /// The column in the words of a Frictionless table schema. It is required where every row must
    /// have a value.
    #[must_use]
    pub fn field(&self, required: bool) -> Value {
        let mut constraints = json!({ "required": required });
        if let Some((least, greatest)) = self.range {
            constraints["minimum"] = least.into();
            constraints["maximum"] = greatest.into();
        }
        if !self.levels.is_empty() {
            let level = |(level, _): &(&str, &str)| match self.kind {
                Kind::Integer => level.parse::<i64>().map_or(Value::from(*level), Value::from),
                _ => Value::from(*level),
            };
            constraints["enum"] = self.levels.iter().map(level).collect();
        }
        let mut field = json!({
            "name": self.name,
            "type": self.kind.frictionless(),
            "description": self.in_words(),
            "constraints": constraints,
        });
        if let Some(unit) = self.unit {
            field["unit"] = unit.into();
        }
        if self.kind == Kind::Boolean {
            field["trueValues"] = json!(["True"]);
            field["falseValues"] = json!(["False"]);
        }
        field
    }
}

impl Kind {
    const fn schema_org(self) -> &'static str {
        match self {
            Self::Text => "https://schema.org/Text",
            Self::Integer => "https://schema.org/Integer",
            Self::Number => "https://schema.org/Number",
            Self::Boolean => "https://schema.org/Boolean",
            Self::Time => "https://schema.org/DateTime",
        }
    }

    const fn frictionless(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Time => "datetime",
        }
    }

    /// The type in the words of Croissant.
    #[must_use]
    pub const fn croissant(self) -> &'static str {
        match self {
            Self::Text => "sc:Text",
            Self::Integer => "sc:Integer",
            Self::Number => "sc:Float",
            Self::Boolean => "sc:Boolean",
            Self::Time => "sc:DateTime",
        }
    }

    /// Whether a cell that is not empty holds such a value, in the one form that is written.
    #[must_use]
    pub fn holds(self, cell: &str) -> bool {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        let number = cell.strip_prefix('-').unwrap_or(cell);
        match self {
            Self::Text => true,
            Self::Integer => digits(number) && cell.parse::<i64>().is_ok(),
            Self::Number => match number.split_once('.') {
                Some((whole, decimals)) => digits(whole) && digits(decimals),
                None => digits(number),
            },
            Self::Boolean => matches!(cell, "True" | "False"),
            Self::Time => cell.parse::<jiff::Timestamp>().is_ok(),
        }
    }
}
