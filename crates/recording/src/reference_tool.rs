//! The rules of the reference platform's comparison tool, so that tests can tell whether people
//! who use that tool can use it on our tables.
//!
//! The tool has two modes: one compares two files and skips what may differ between its own
//! peers, the other pairs the files of a folder and demands certain columns. Only the outcomes
//! are reproduced, not its texts or plots.

use crate::compare::{Cells, TableError, text};
use std::collections::BTreeMap;

/// Columns that its compare mode doesn't compare, though both files must have or lack them.
pub const EXCLUDED: [&str; 5] =
    ["timestamp", "rollbackEvents", "wasSpeculative", "isFocused.0", "isFocused.1"];

/// Columns that its directory mode demands.
pub const REQUIRED: [&str; 12] = [
    "actions.0",
    "actions.1",
    "rewards.0",
    "rewards.1",
    "terminateds.0",
    "terminateds.1",
    "terminateds.__all__",
    "truncateds.0",
    "truncateds.1",
    "truncateds.__all__",
    "t",
    "episode_num",
];

/// Its compare mode without tolerance: what it would complain of; nothing means exit code 0.
///
/// # Errors
/// [`TableError`] where a file is no table.
pub fn compare_mode(a: &[u8], b: &[u8]) -> Result<Vec<String>, TableError> {
    let (a, b) = (Cells::read(a)?, Cells::read(b)?);
    let mut complaints = Vec::new();
    if a.rows.len() != b.rows.len() {
        complaints.push(format!("{} and {} rows", a.rows.len(), b.rows.len()));
    }
    let (ours, theirs) = (a.columns(), b.columns());
    let missing = |from: &BTreeMap<&str, usize>, other: &BTreeMap<&str, usize>| -> Vec<String> {
        let only = from.keys().filter(|name| !other.contains_key(*name));
        only.map(|name| format!("column {name} is in one file only")).collect()
    };
    complaints.extend(missing(&ours, &theirs));
    complaints.extend(missing(&theirs, &ours));
    for (name, &at) in ours.iter().filter(|(name, _)| !EXCLUDED.contains(name)) {
        let Some(&there) = theirs.get(name) else { continue };
        let unequal = a.rows.iter().zip(&b.rows).filter(|(a, b)| a[at] != b[there]).count();
        if unequal > 0 {
            complaints.push(format!("column {name} has {unequal} divergences"));
        }
    }
    Ok(complaints)
}

/// Its directory mode over files by name: what it would complain of. It only warns of files
/// that it cannot pair and then checks nothing; here that is a complaint too.
///
/// # Errors
/// [`TableError`] where a file is no table.
pub fn directory_mode(files: &[(String, Vec<u8>)]) -> Result<Vec<String>, TableError> {
    let mut complaints = Vec::new();
    let mut pairs: BTreeMap<(Vec<String>, u32), Vec<Cells>> = BTreeMap::new();
    for (name, bytes) in files {
        let cells = Cells::read(bytes)?;
        match (episode(name), people(&cells)) {
            (Some(episode), Some(people)) => {
                pairs.entry((people, episode)).or_default().push(cells);
            }
            (None, _) => complaints.push(format!("{name} has no episode in its name")),
            (_, None) => complaints.push(format!("{name} doesn't name two players in row 0")),
        }
    }
    for ((people, episode), tables) in &pairs {
        match tables.as_slice() {
            [a, b] => complaints.extend(validate(a, b)),
            other => {
                let count = other.len();
                complaints.push(format!("{count} files of {people:?} in episode {episode}"));
            }
        }
    }
    Ok(complaints)
}

fn episode(name: &str) -> Option<u32> {
    name.strip_suffix(".csv")?.rsplit_once("_ep")?.1.parse().ok()
}

fn people(cells: &Cells) -> Option<Vec<String>> {
    let columns = cells.columns();
    let first = cells.rows.first()?;
    let subject = |name| Some(text(&first[*columns.get(name)?])).filter(|id| !id.is_empty());
    let mut people = vec![subject("player_subjects.0")?, subject("player_subjects.1")?];
    people.sort();
    Some(people)
}

fn validate(a: &Cells, b: &Cells) -> Vec<String> {
    let (ours, theirs) = (a.columns(), b.columns());
    let mut complaints = Vec::new();
    if a.rows.len() != b.rows.len() {
        complaints.push(format!("{} and {} rows", a.rows.len(), b.rows.len()));
    }
    for name in REQUIRED {
        let (Some(&at), Some(&there)) = (ours.get(name), theirs.get(name)) else {
            complaints.push(format!("column {name} is missing"));
            continue;
        };
        if a.rows.iter().zip(&b.rows).any(|(a, b)| a[at] != b[there]) {
            complaints.push(format!("column {name} differs"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::{compare_mode, directory_mode};

    /// The outcomes that were seen when the reference tool itself was run.
    #[test]
    fn compare_mode_decides_as_the_tool_was_seen_to() {
        let accepts =
            |a: &str, b: &str| compare_mode(a.as_bytes(), b.as_bytes()).unwrap().is_empty();
        assert!(accepts(
            "t,timestamp,isFocused.0\n0,1,True\n",
            "t,timestamp,isFocused.0\n0,2,False\n"
        ));
        assert!(!accepts("actions.1\n6\n", "actions.1\n2\n"));
        assert!(accepts("a,b\n1,2\n", "b,a\n2,1\n"), "permuted columns");
        assert!(!accepts("a\n6\n", "a\n6.0\n"));
        assert!(!accepts("a,isFocused.1\n1,True\n", "a\n1\n"));
        assert!(!accepts("a\n1\n", "a\n1\n2\n"));
        assert!(!accepts("wasSpeculative.0\nTrue\n", "wasSpeculative.0\nFalse\n"));
        assert!(accepts("", ""));
        assert!(accepts("a\n1\n", "a\r\n1\r\n"));
    }

    #[test]
    fn directory_mode_demands_its_columns() {
        let file = |name: &str| {
            (name.to_owned(), b"t,player_subjects.0,player_subjects.1\n0,x,y\n".to_vec())
        };
        let complaints = directory_mode(&[file("x_ep0.csv"), file("y_ep0.csv")]).unwrap();
        assert_eq!(complaints.len(), 11, "{complaints:?}");
        let alone = directory_mode(&[file("x_ep0.csv")]).unwrap();
        assert_eq!(alone, [r#"1 files of ["x", "y"] in episode 0"#]);
    }
}
