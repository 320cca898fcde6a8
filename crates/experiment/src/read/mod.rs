//! Reading tables of TOML into typed structs, collecting every mistake on the way.
//!
//! Serde stops at the first mistake, so the file is read by a small reader of its own. Each table
//! is declared once, by [`tables!`]: its fields with their types, documentation, defaults and
//! ranges. From that come the struct, its reader, the JSON Schema and the reference page.

pub(crate) mod scalar;
pub(crate) mod suggest;
pub(crate) mod tree;
pub(crate) mod value;

use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use tree::{Node, Span, Table as TableNode};
pub(crate) use value::{At, Named, Sub, Value};

/// Something wrong at a place of the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) span: Span,
    pub(crate) field: String,
    pub(crate) problem: String,
    pub(crate) hint: String,
    /// Whether something is not there at all, rather than wrong.
    pub(crate) missing: bool,
}

/// What a field may be, besides its type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    pub(crate) required: bool,
    pub(crate) default: Option<Json>,
    /// Least and most of a number, or of the characters of a text.
    pub(crate) range: Option<(f64, f64)>,
    /// Least and most items of a list.
    pub(crate) items: Option<(usize, usize)>,
}

impl Rule {
    pub(crate) fn or(self, default: impl Into<Json>) -> Self {
        Self { default: Some(default.into()), ..self }
    }

    pub(crate) fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// A field without default and range.
pub(crate) fn optional() -> Rule {
    Rule::default()
}

/// A field that must be there.
pub(crate) fn required() -> Rule {
    Rule::default().required()
}

/// A field that has this value where it is left out.
pub(crate) fn or(default: impl Into<Json>) -> Rule {
    Rule::default().or(default)
}

/// A number from the first to the second, or a text of as many characters.
pub(crate) fn within(least: impl Into<f64>, most: impl Into<f64>) -> Rule {
    Rule { range: Some((least.into(), most.into())), ..Rule::default() }
}

/// A list of so many items.
pub(crate) fn items(least: usize, most: usize) -> Rule {
    Rule { items: Some((least, most)), ..Rule::default() }
}

/// A field as it was declared.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) rule: Rule,
    /// Its schema; definitions of the tables below it go into the map.
    pub(crate) schema: fn(&Rule, &mut Definitions) -> Json,
}

/// Schemas of tables, by name.
pub(crate) type Definitions = BTreeMap<&'static str, Json>;

/// A table that was declared by [`tables!`].
pub(crate) trait Table: Sized {
    const NAME: &'static str;
    const DOC: &'static str;
    fn fields() -> Vec<Described>;
    fn read(reader: &mut Reader, scope: &Scope<'_>) -> Self;
}

/// A table in the file that is being read.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) table: &'a TableNode,
    pub(crate) span: Span,
    /// What stands before its fields' names in a mistake, with a dot at its end; or nothing.
    pub(crate) path: String,
}

/// A field that is being read.
pub(crate) struct Slot<'a> {
    pub(crate) path: String,
    pub(crate) described: &'a Described,
    pub(crate) node: Option<&'a Node>,
    /// Where the table stands, for what is missing.
    pub(crate) table: Span,
}

impl Slot<'_> {
    /// What to do about a value that cannot be.
    pub(crate) fn hint(&self) -> String {
        match &self.described.rule.default {
            Some(default) => format!("leave the line out for {default}"),
            None => self.described.doc.trim().to_owned(),
        }
    }
}

/// Reads tables, and keeps what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) found: Vec<Found>,
    /// Fields that are there but cannot be read, by where their table begins.
    mistaken: BTreeSet<(usize, String)>,
}

impl Reader {
    pub(crate) fn wrong(&mut self, span: &Span, field: &str, problem: String, hint: String) {
        let (span, field) = (span.clone(), field.to_owned());
        self.found.push(Found { span, field, problem, hint, missing: false });
    }

    /// A mistake in a field that cannot be read, so that it is not told to be missing as well.
    pub(crate) fn mistaken(&mut self, slot: &Slot<'_>, span: &Span, problem: String, hint: String) {
        self.mistaken.insert((slot.table.start, slot.path.clone()));
        self.wrong(span, &slot.path, problem, hint);
    }

    /// Whether a field of a table is there but cannot be read.
    pub(crate) fn is_mistaken(&self, table: &Span, field: &str) -> bool {
        self.mistaken.contains(&(table.start, field.to_owned()))
    }

    pub(crate) fn missing(&mut self, span: &Span, field: &str, hint: String) {
        let (span, field) = (span.clone(), field.to_owned());
        let problem = "it is missing".to_owned();
        self.found.push(Found { span, field, problem, hint, missing: true });
    }

    /// One field of a table.
    pub(crate) fn field<V: Value>(&mut self, scope: &Scope<'_>, described: &Described) -> V {
        let path = format!("{}{}", scope.path, described.name);
        let node = scope.table.get(described.name).map(|entry| &entry.node);
        V::read(self, &Slot { path, described, node, table: scope.span.clone() })
    }

    /// A table, and a mistake for each of its entries that is no field.
    pub(crate) fn table<T: Table>(&mut self, scope: &Scope<'_>) -> T {
        let table = T::read(self, scope);
        self.unknown(scope, &T::fields(), |_| None);
        table
    }

    /// A mistake for each entry that is none of the fields; `elsewhere` may know where it
    /// belongs.
    pub(crate) fn unknown(
        &mut self,
        scope: &Scope<'_>,
        fields: &[Described],
        elsewhere: impl Fn(&str) -> Option<String>,
    ) {
        for entry in &scope.table.0 {
            let key = entry.key.as_str();
            if fields.iter().any(|field| field.name == key) {
                continue;
            }
            let names = || fields.iter().map(|field| field.name);
            let hint = suggest::did_you_mean(key, names())
                .or_else(|| elsewhere(key))
                .unwrap_or_else(|| format!("there is {}", suggest::list(names())));
            let path = format!("{}{key}", scope.path);
            self.wrong(&entry.key_span, &path, format!("unknown field `{key}`"), hint);
        }
    }
}

/// Declares tables: `/// what it is`, then `Name { /// what it does \n field: Type = rule; }`.
macro_rules! tables {
    ($($(#[doc = $doc:literal])+ $name:ident {
        $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty = $rule:expr;)*
    })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            $($(#[doc = $field_doc])+ pub(crate) $field: $type,)*
        }

        impl $crate::read::Table for $name {
            const NAME: &'static str = stringify!($name);
            const DOC: &'static str = concat!($($doc),+);

            fn fields() -> Vec<$crate::read::Described> {
                vec![$($crate::read::Described {
                    name: stringify!($field),
                    doc: concat!($($field_doc),+),
                    rule: $rule,
                    schema: <$type as $crate::read::Value>::schema,
                },)*]
            }

            fn read(
                reader: &mut $crate::read::Reader,
                scope: &$crate::read::Scope<'_>,
            ) -> Self {
                let fields = Self::fields();
                let mut fields = fields.iter();
                let mut next = || fields.next().expect("as many as are declared");
                Self { $($field: reader.field(scope, next()),)* }
            }
        }
    )+};
}
pub(crate) use tables;
