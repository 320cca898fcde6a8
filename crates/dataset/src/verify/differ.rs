//! Where two files differ, said so that a person can look there.

use dyad_recording::compare::{Comparison, compare};
use dyad_recording::log::{self, Ending};

/// Where a file differs from what it should be.
pub(super) fn differ(path: &str, found: &[u8], expected: &[u8]) -> String {
    let has = |ending| path.ends_with(ending);
    let detail = if has(".csv") { in_table(found, expected) } else { None };
    let detail = detail.or_else(|| if has(".parquet") { None } else { in_line(found, expected) });
    detail.unwrap_or_else(|| {
        let at = first_difference(found, expected);
        format!("byte {at} differs ({} bytes, {} expected)", found.len(), expected.len())
    })
}

fn first_difference(found: &[u8], expected: &[u8]) -> usize {
    let pairs = found.iter().zip(expected);
    pairs.take_while(|(found, expected)| found == expected).count()
}

fn in_table(found: &[u8], expected: &[u8]) -> Option<String> {
    match compare(found, expected).ok()? {
        Comparison::Cell { row, column, a, b } => {
            Some(format!("row {row}, column {column}: {a:?} stands there, {b:?} is right"))
        }
        Comparison::Rows { a, b } => Some(format!("it has {a} rows, {b} are right")),
        Comparison::Columns { .. } | Comparison::Identical { .. } => None,
    }
}

fn in_line(found: &[u8], expected: &[u8]) -> Option<String> {
    let at = first_difference(found, expected);
    let line = expected[..at.min(expected.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
    let text = |bytes: &[u8]| -> Option<String> {
        let line = bytes.split(|byte| *byte == b'\n').nth(line - 1)?;
        let text = String::from_utf8_lossy(line).into_owned();
        (text.len() <= 200).then_some(text)
    };
    match (text(found), text(expected)) {
        (Some(found), Some(expected)) => {
            Some(format!("line {line}: {found:?} stands there, {expected:?} is right"))
        }
        _ => Some(format!("line {line}, byte {at} of the file")),
    }
}

/// What can be said of a changed log by itself: where it stops making sense.
pub(super) fn in_log(bytes: &[u8]) -> String {
    match log::read(bytes) {
        Err(error) => error.to_string(),
        Ok(log) => {
            let after = log.last_frame().map_or_else(
                || "before its first frame".to_owned(),
                |frame| format!("after frame {frame}"),
            );
            match log.ending {
                Ending::Damaged { .. } | Ending::Cut { .. } => format!("{after}, {}", log.ending),
                Ending::Closed(_) => {
                    "its entries are whole, so it was put together anew".to_owned()
                }
            }
        }
    }
}
