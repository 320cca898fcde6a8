//! Two tables, cell by cell: `dyad compare A.csv B.csv`.
//!
//! Cells are compared as texts, exactly: `6` and `6.0` differ. Nothing is excluded. Columns are
//! matched by name, so their order doesn't matter here; whether the files are equal byte for
//! byte is said as well.

use std::collections::BTreeMap;
use std::fmt;

/// What comparing two tables gave. Its text is a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Every cell is equal.
    Identical {
        /// Rows, without the header.
        rows: usize,
        /// Columns.
        columns: usize,
        /// Whether the files are equal byte for byte too; if not, they differ in the order of
        /// columns, in line ends or in quotes.
        bytes: bool,
    },
    /// One has columns that the other hasn't.
    Columns {
        /// Columns of the first alone.
        only_a: Vec<String>,
        /// Columns of the second alone.
        only_b: Vec<String>,
    },
    /// A cell differs.
    Cell {
        /// The first row that differs, from 0 and without the header.
        row: usize,
        /// The first column of the first table that differs in that row.
        column: String,
        /// The first table's text.
        a: String,
        /// The second table's text.
        b: String,
    },
    /// All rows that both have are equal, and one has more.
    Rows {
        /// Rows of the first.
        a: usize,
        /// Rows of the second.
        b: usize,
    },
}

/// Why a file is no table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Rows of different lengths, or the like.
    #[error("not a table: {0}")]
    Csv(#[from] csv::Error),
    /// Two columns with one name.
    #[error("not a table: two columns are named {0:?}")]
    Twice(String),
}

/// Which of the two tables cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The first.
    #[error("the first file is {0}")]
    First(#[source] TableError),
    /// The second.
    #[error("the second file is {0}")]
    Second(#[source] TableError),
}

/// A table as texts.
pub(crate) struct Cells {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<csv::ByteRecord>,
}

impl Cells {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, TableError> {
        let mut reader = csv::Reader::from_reader(bytes);
        let names = reader.byte_headers()?.iter().map(text).collect();
        let rows = reader.byte_records().collect::<Result<_, _>>()?;
        let cells = Self { names, rows };
        match cells.columns() {
            columns if columns.len() == cells.names.len() => Ok(cells),
            columns => {
                let mut names = cells.names.iter().enumerate();
                let twice = names.find(|(at, name)| columns[name.as_str()] != *at);
                Err(TableError::Twice(twice.map_or_else(String::new, |(_, name)| name.clone())))
            }
        }
    }

    /// Where each column is.
    pub(crate) fn columns(&self) -> BTreeMap<&str, usize> {
        self.names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect()
    }
}

/// The text of a cell for people; bytes that are no text are replaced.
pub(crate) fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

/// Compares two tables.
///
/// # Errors
/// [`CompareError`] where one of them is no table.
pub fn compare(a: &[u8], b: &[u8]) -> Result<Comparison, CompareError> {
    let ours = Cells::read(a).map_err(CompareError::First)?;
    let theirs = Cells::read(b).map_err(CompareError::Second)?;
    let (only_a, only_b) = (surplus(&ours, &theirs), surplus(&theirs, &ours));
    if !only_a.is_empty() || !only_b.is_empty() {
        return Ok(Comparison::Columns { only_a, only_b });
    }
    if let Some(cell) = first_difference(&ours, &theirs) {
        return Ok(cell);
    }
    let (rows, other) = (ours.rows.len(), theirs.rows.len());
    if rows != other {
        return Ok(Comparison::Rows { a: rows, b: other });
    }
    Ok(Comparison::Identical { rows, columns: ours.names.len(), bytes: a == b })
}

fn surplus(a: &Cells, b: &Cells) -> Vec<String> {
    let others = b.columns();
    a.names.iter().filter(|name| !others.contains_key(name.as_str())).cloned().collect()
}

fn first_difference(a: &Cells, b: &Cells) -> Option<Comparison> {
    let there = b.columns();
    let columns: Vec<_> = a.names.iter().map(|name| (name, there[name.as_str()])).collect();
    for (row, (ours, theirs)) in a.rows.iter().zip(&b.rows).enumerate() {
        for (cell, &(name, at)) in ours.iter().zip(&columns) {
            let other = &theirs[at];
            if cell != other {
                let column = name.clone();
                return Some(Comparison::Cell { row, column, a: text(cell), b: text(other) });
            }
        }
    }
    None
}

impl Comparison {
    /// Whether every cell is equal.
    #[must_use]
    pub const fn is_identical(&self) -> bool {
        matches!(self, Self::Identical { .. })
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identical { rows, columns, bytes } => {
                write!(f, "identical: {rows} rows, {columns} columns")?;
                let but = ", though not byte for byte (order of columns, line ends or quotes)";
                f.write_str(if *bytes { "" } else { but })
            }
            Self::Columns { only_a, only_b } => {
                write!(f, "different columns: only in the first {only_a:?}, ")?;
                write!(f, "only in the second {only_b:?}")
            }
            Self::Cell { row, column, a, b } => {
                write!(f, "divergent at row {row}, column {column}: {a:?} and {b:?}")
            }
            Self::Rows { a, b } => {
                write!(f, "{a} and {b} rows; all {} common ones are equal", a.min(b))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::compare;

    fn check(a: &str, b: &str, expected: &str) {
        let text = match compare(a.as_bytes(), b.as_bytes()) {
            Ok(comparison) => comparison.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(text, expected, "{a:?} and {b:?}");
    }

    #[test]
    fn the_first_difference_is_named() {
        check("a,b\n1,2\n", "a,b\n1,2\n", "identical: 1 rows, 2 columns");
        let but = ", though not byte for byte (order of columns, line ends or quotes)";
        check("a,b\n1,2\n", "b,a\r\n2,1\r\n", &format!("identical: 1 rows, 2 columns{but}"));
        check("a,b\n1,2\n3,4\n", "a,b\n1,2\n3,5\n", r#"divergent at row 1, column b: "4" and "5""#);
        check("a\n6\n", "a\n6.0\n", r#"divergent at row 0, column a: "6" and "6.0""#);
        check("a\n1\n", "a\n1 \n", r#"divergent at row 0, column a: "1" and "1 ""#);
        check("a\n1\n", "a\n1\n2\n", "1 and 2 rows; all 1 common ones are equal");
        check("a\n1\n", "a\n2\n2\n", r#"divergent at row 0, column a: "1" and "2""#);
        check(
            "a,x\n1,2\n",
            "a,y\n1,2\n",
            r#"different columns: only in the first ["x"], only in the second ["y"]"#,
        );
    }

    #[test]
    fn what_is_no_table_is_said() {
        check("a,a\n1,1\n", "a\n", r#"the first file is not a table: two columns are named "a""#);
        assert!(compare(b"a\n1\n", b"a\n1,2\n").is_err());
        assert!(compare(b"\xff\n\xfe\n", b"\xff\n\xfe\n").unwrap().is_identical());
    }
}
