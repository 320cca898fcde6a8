//! What one computer saw: whether such a table is fit to be published as one, and its summary.
//!
//! It comes from a participant's computer unsigned, so nothing about it is believed before it was
//! checked.

use dyad_recording::local::NAMES;

/// A local table in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its rows.
    pub rows: u64,
    /// Median round trip, microseconds.
    pub rtt_us_median: Option<u64>,
    /// 95th percentile of the round trip, microseconds.
    pub rtt_us_p95: Option<u64>,
    /// The deepest rollback, in frames.
    pub rollback_depth_max: u64,
    /// Frames that were first stepped with a predicted input.
    pub speculated_frames: u64,
    /// How long the game waited for the partner altogether, microseconds.
    pub stalled_us_total: u64,
    /// Frames without the window's focus.
    pub unfocused_frames: u64,
    /// Median time from a key to its effect on the display, microseconds.
    pub input_to_display_us_median: Option<u64>,
}

/// Why a file is no table of what a computer saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// There is nothing, or no row.
    #[error("it has no rows")]
    Empty,
    /// Not text, or not in lines that end.
    #[error("it is not text in whole lines")]
    Text,
    /// Other columns.
    #[error("its columns are not those of a local table")]
    Header,
    /// A row that is none.
    #[error("line {line} is not a row of a local table: {column}")]
    Row {
        /// The line, from 1.
        line: usize,
        /// The first column that is wrong.
        column: &'static str,
    },
}

/// Columns whose cells may be empty.
pub const MAY_BE_EMPTY: [&str; 9] = [
    "episode",
    "t",
    "key_event_us",
    "input_to_display_us",
    "rtt_us",
    "jitter_us",
    "loss_permille",
    "relayed",
    "partner_focused",
];

/// Columns of `True` and `False`.
const BOOLEANS: [&str; 5] = ["speculated", "relayed", "stalled", "focused", "partner_focused"];

/// Checks a table, and sums it up.
///
/// # Errors
/// [`Flaw`]: the first.
pub fn summary(table: &[u8]) -> Result<Summary, Flaw> {
    if table.is_empty() {
        return Err(Flaw::Empty);
    }
    let text = std::str::from_utf8(table).ok().and_then(|text| text.strip_suffix('\n'));
    let mut lines = text.ok_or(Flaw::Text)?.split('\n');
    if !lines.next().is_some_and(|header| header.split(',').eq(NAMES)) {
        return Err(Flaw::Header);
    }
    let mut sum = Sum::default();
    for (line, row) in (2..).zip(lines) {
        sum.row(row).map_err(|column| Flaw::Row { line, column })?;
    }
    if sum.summary.rows == 0 { Err(Flaw::Empty) } else { Ok(sum.finish()) }
}

#[derive(Default)]
struct Sum {
    summary: Summary,
    next_frame: u64,
    rtt: Vec<u64>,
    input_to_display: Vec<u64>,
}

impl Sum {
    /// Takes a row; the first column that is wrong if there is one.
    fn row(&mut self, row: &str) -> Result<(), &'static str> {
        let mut cells = row.split(',');
        for name in NAMES {
            let value = value(name, cells.next().ok_or(name)?).ok_or(name)?;
            // Only `frames_ahead` can be negative, which is not summed up.
            if let Some(value) = value.and_then(|value| u64::try_from(value).ok()) {
                self.add(name, value)?;
            }
        }
        if cells.next().is_some() {
            return Err("there are more cells than columns");
        }
        self.summary.rows += 1;
        Ok(())
    }

    fn add(&mut self, name: &'static str, value: u64) -> Result<(), &'static str> {
        let summary = &mut self.summary;
        match name {
            "frame" if value < self.next_frame => return Err(name),
            "frame" => self.next_frame = value.saturating_add(1),
            "rtt_us" => self.rtt.push(value),
            "input_to_display_us" => self.input_to_display.push(value),
            "rollback_depth" => summary.rollback_depth_max = summary.rollback_depth_max.max(value),
            "speculated" => summary.speculated_frames += value,
            "stalled_us" => {
                summary.stalled_us_total = summary.stalled_us_total.saturating_add(value);
            }
            "focused" => summary.unfocused_frames += 1 - value,
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Summary {
        Summary {
            rtt_us_median: rank(&mut self.rtt, 50),
            rtt_us_p95: rank(&mut self.rtt, 95),
            input_to_display_us_median: rank(&mut self.input_to_display, 50),
            ..self.summary
        }
    }
}

/// What is in a cell, 0 and 1 standing for `False` and `True`. `None` if it does not belong there.
#[expect(clippy::option_option, reason = "an empty cell is one that belongs there")]
fn value(name: &str, cell: &str) -> Option<Option<i64>> {
    match cell {
        "" => MAY_BE_EMPTY.contains(&name).then_some(None),
        _ if !BOOLEANS.contains(&name) => number(cell, name == "frames_ahead").map(Some),
        "True" => Some(Some(1)),
        "False" => Some(Some(0)),
        _ => None,
    }
}

/// A number as the recorder writes it: no sign where none can be, no zeros in front.
fn number(cell: &str, may_be_negative: bool) -> Option<i64> {
    let digits = if may_be_negative { cell.strip_prefix('-').unwrap_or(cell) } else { cell };
    let canonical =
        digits == "0" || digits.as_bytes().first().is_some_and(|it| (b'1'..=b'9').contains(it));
    if canonical && digits.bytes().all(|it| it.is_ascii_digit()) { cell.parse().ok() } else { None }
}

/// A percentile by nearest rank.
fn rank(values: &mut [u64], percent: usize) -> Option<u64> {
    let at = (values.len() * percent).div_ceil(100).checked_sub(1)?;
    let (_, value, _) = values.select_nth_unstable(at);
    Some(*value)
}

#[cfg(test)]
mod tests {
    use super::{Flaw, Summary, rank, summary};
    use dyad_recording::local::{Row, put_header};

    fn table(rows: &[Row]) -> Vec<u8> {
        let mut table = Vec::new();
        put_header(&mut table);
        rows.iter().for_each(|row| row.put(&mut table));
        table
    }

    #[test]
    fn what_a_recorder_writes_is_summed_up() {
        let rows = [
            Row {
                frame: 3,
                rtt_us: Some(30),
                rollback_depth: 2,
                speculated: true,
                ..Row::default()
            },
            Row { frame: 4, rtt_us: Some(10), frames_ahead: -3, focused: true, ..Row::default() },
            Row {
                frame: 9,
                rtt_us: Some(20),
                stalled_us: 7,
                partner_focused: Some(false),
                ..Row::default()
            },
        ];
        let expected = Summary {
            rows: 3,
            rtt_us_median: Some(20),
            rtt_us_p95: Some(30),
            rollback_depth_max: 2,
            speculated_frames: 1,
            stalled_us_total: 7,
            unfocused_frames: 2,
            input_to_display_us_median: None,
        };
        assert_eq!(summary(&table(&rows)), Ok(expected));
        assert_eq!(summary(&table(&[])), Err(Flaw::Empty));
    }

    #[test]
    fn what_is_no_such_table_is_named() {
        let good = String::from_utf8(table(&[Row::default()])).unwrap();
        let row = |column| Err(Flaw::Row { line: 2, column });
        assert_eq!(summary(b""), Err(Flaw::Empty));
        assert_eq!(summary(good.trim_end().as_bytes()), Err(Flaw::Text));
        assert_eq!(summary(b"\xff\n"), Err(Flaw::Text));
        assert_eq!(summary(b"frame\n"), Err(Flaw::Header));
        assert_eq!(
            summary(format!("{good}1\n").as_bytes()),
            Err(Flaw::Row { line: 3, column: "episode" })
        );
        assert_eq!(summary(good.replace("\n0,", "\n00,").as_bytes()), row("frame"));
        assert_eq!(summary(good.replace("\n0,", "\n,").as_bytes()), row("frame"));
        assert_eq!(summary(good.replace("False,\n", "no,\n").as_bytes()), row("focused"));
        let twice = format!("{good}{}", &good[good.find('\n').unwrap() + 1..]);
        assert_eq!(summary(twice.as_bytes()), Err(Flaw::Row { line: 3, column: "frame" }));
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        assert_eq!(rank(&mut [], 50), None);
        assert_eq!(rank(&mut [5], 95), Some(5));
        assert_eq!(rank(&mut [4, 1, 3, 2], 50), Some(2));
    }
}
