//! The local table: `local/{participant}_ep{n}.csv`, what only this computer saw of each frame.
//!
//! It is never compared and nothing in it reaches the shared table. Empty cells are unknown.

use crate::cells::Line;

/// Names of the columns, in order.
pub const NAMES: [&str; 19] = [
    "frame",
    "episode",
    "t",
    "wall_ms",
    "monotonic_us",
    "step_us",
    "key_event_us",
    "input_to_display_us",
    "speculated",
    "rollback_depth",
    "rtt_us",
    "jitter_us",
    "loss_permille",
    "relayed",
    "frames_ahead",
    "stalled",
    "stalled_us",
    "focused",
    "partner_focused",
];

/// What this computer saw of one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The frame, from 0 at the start of the session.
    pub frame: u32,
    /// The episode, from 0; none in coasting.
    pub episode: Option<u16>,
    /// The step within the episode; none outside play.
    pub t: Option<u32>,
    /// Wall clock when the frame was first stepped: milliseconds since 1970, UTC.
    pub wall_ms: u64,
    /// Monotonic clock at the same moment: microseconds since the program started.
    pub monotonic_us: u64,
    /// How long the step took, rollbacks included: microseconds.
    pub step_us: u32,
    /// When the key event behind this frame's own input arrived: microseconds on the monotonic
    /// clock. None without a key.
    pub key_event_us: Option<u64>,
    /// From that key event until its effect was handed to the display: microseconds.
    pub input_to_display_us: Option<u32>,
    /// Whether the frame was first stepped with a predicted input.
    pub speculated: bool,
    /// How many frames were simulated again in this step.
    pub rollback_depth: u16,
    /// Round trip to the partner: microseconds.
    pub rtt_us: Option<u32>,
    /// How much successive round trips differ: microseconds.
    pub jitter_us: Option<u32>,
    /// Datagrams lost of a thousand, there and back, in the last ten seconds.
    pub loss_permille: Option<u16>,
    /// Whether the partner is reached through a relay, as far as it was last known.
    pub relayed: Option<bool>,
    /// How many frames this side is ahead of the partner; negative if behind.
    pub frames_ahead: i32,
    /// Whether the game waited for the partner before this frame.
    pub stalled: bool,
    /// How long it waited: microseconds.
    pub stalled_us: u32,
    /// Whether this window had the focus, by its own clock.
    pub focused: bool,
    /// Whether the partner's window was last known to have the focus.
    pub partner_focused: Option<bool>,
}

/// Appends the header line.
pub fn put_header(out: &mut Vec<u8>) {
    let mut line = Line::new(out);
    NAMES.iter().for_each(|name| line.plain(name));
    line.finish();
}

impl Row {
    /// Appends this row.
    pub fn put(&self, out: &mut Vec<u8>) {
        let Self {
            frame,
            episode,
            t,
            wall_ms,
            monotonic_us,
            step_us,
            key_event_us,
            input_to_display_us,
            speculated,
            rollback_depth,
            rtt_us,
            jitter_us,
            loss_permille,
            relayed,
            frames_ahead,
            stalled,
            stalled_us,
            focused,
            partner_focused,
        } = *self;
        let word = |value: bool| if value { "True" } else { "False" };
        let mut line = Line::new(out);
        line.plain(frame);
        line.optional(episode);
        line.optional(t);
        line.plain(wall_ms);
        line.plain(monotonic_us);
        line.plain(step_us);
        line.optional(key_event_us);
        line.optional(input_to_display_us);
        line.boolean(speculated);
        line.plain(rollback_depth);
        line.optional(rtt_us);
        line.optional(jitter_us);
        line.optional(loss_permille);
        line.optional(relayed.map(word));
        line.plain(frames_ahead);
        line.boolean(stalled);
        line.plain(stalled_us);
        line.boolean(focused);
        line.optional(partner_focused.map(word));
        line.finish();
    }
}

/// The rollbacks in a local table: frames, and how many frames were simulated again with each. Lines
/// that are not whole are left out: the table of a program that was killed ends in one.
#[must_use]
pub fn rollbacks(table: &[u8]) -> Vec<(u32, u16)> {
    let text = String::from_utf8_lossy(table);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name| names.iter().position(|&found| found == name);
    let (Some(frame), Some(depth)) = (column("frame"), column("rollback_depth")) else {
        return Vec::new();
    };
    let rollback = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() != names.len() {
            return None;
        }
        let depth = cells[depth].parse().ok().filter(|&depth| depth > 0)?;
        Some((cells[frame].parse().ok()?, depth))
    };
    lines.filter_map(rollback).collect()
}

#[cfg(test)]
mod tests {
    use super::{NAMES, Row, put_header, rollbacks};

    #[test]
    fn rollbacks_are_found_in_whatever_is_left_of_a_table() {
        let mut out = Vec::new();
        put_header(&mut out);
        for (frame, rollback_depth) in [(3, 0), (4, 2), (5, 0), (6, 7)] {
            Row { frame, rollback_depth, ..Row::default() }.put(&mut out);
        }
        assert_eq!(rollbacks(&out), [(4, 2), (6, 7)]);
        assert_eq!(rollbacks(&out[..out.len() - 5]), [(4, 2)]);
        assert_eq!(rollbacks(b""), []);
        assert_eq!(rollbacks(b"rubbish\n1\n"), []);
    }

    #[test]
    fn a_row_has_a_cell_for_each_name() {
        let mut out = Vec::new();
        put_header(&mut out);
        Row::default().put(&mut out);
        let row = Row {
            frame: 7,
            episode: Some(1),
            t: Some(2),
            rtt_us: Some(30),
            jitter_us: Some(4),
            loss_permille: Some(12),
            relayed: Some(true),
            frames_ahead: -2,
            partner_focused: Some(true),
            ..Row::default()
        };
        row.put(&mut out);
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0].split(',').count(), NAMES.len());
        assert_eq!(lines[1], "0,,,0,0,0,,,False,0,,,,,0,False,0,False,");
        assert_eq!(lines[2], "7,1,2,0,0,0,,,False,0,30,4,12,True,-2,False,0,False,True");
    }
}
