//! Tables: columns in order, which of them must not be empty, the key, and rows.

use crate::codebook;
use crate::column::Column;
use serde_json::{Value, json};

/// The form of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Its name, equal for all files of the form.
    pub name: String,
    /// What a row is, for people.
    pub description: &'static str,
    /// The columns in order, and whether each must have a value in every row.
    pub columns: Vec<(Column, bool)>,
    /// The columns that together are different in every row.
    pub key: Vec<&'static str>,
    /// A column that names a row of another table: column, table, the column there.
    pub refers: Vec<(&'static str, &'static str, &'static str)>,
}

/// A column without a description: the program is to be completed, the data are not lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {0:?} is not described in the codebook")]
pub struct Undescribed(pub String);

impl Schema {
    /// A schema of these columns by their names.
    ///
    /// # Errors
    /// [`Undescribed`] names the first that the codebook lacks.
    pub fn of<'a>(
        name: impl Into<String>,
        description: &'static str,
        columns: impl IntoIterator<Item = (&'a str, bool)>,
        key: &[&'static str],
    ) -> Result<Self, Undescribed> {
        let described = columns.into_iter().map(|(name, required)| {
            let column = codebook::column(name).ok_or_else(|| Undescribed(name.to_owned()))?;
            Ok((column, required))
        });
        let columns = described.collect::<Result<_, _>>()?;
        Ok(Self { name: name.into(), description, columns, key: key.to_vec(), refers: Vec::new() })
    }

    /// The schema in the words of Frictionless.
    #[must_use]
    pub fn frictionless(&self) -> Value {
        let fields = self.columns.iter().map(|(it, required)| it.field(*required));
        let mut schema = json!({
            "fields": fields.collect::<Vec<_>>(),
            "missingValues": [""],
            "primaryKey": self.key,
        });
        if !self.refers.is_empty() {
            let refers = self.refers.iter().map(|(column, table, there)| {
                json!({ "fields": column, "reference": { "resource": table, "fields": there } })
            });
            schema["foreignKeys"] = refers.collect();
        }
        schema
    }
}

/// A table over all sessions, with its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its form.
    pub schema: Schema,
    /// The rows, in order.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The table's bytes: UTF-8 without a mark, commas, LF, quotes only where necessary.
    ///
    /// # Panics
    /// Never: rows are made for their schema, and memory takes all bytes.
    #[must_use]
    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = self.schema.columns.iter().map(|(column, _)| column.name.as_str());
        writer.write_record(header).expect("memory takes all bytes");
        for row in &self.rows {
            writer.write_record(row).expect("a row has a cell for each column");
        }
        writer.into_inner().expect("memory takes all bytes")
    }
}

/// A text as a cell that no spreadsheet takes for a formula and no reader for several lines.
#[must_use]
pub fn cell(text: &str) -> String {
    let text = text.replace(['\r', '\n', '\t'], " ");
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}
