//! Columns with fixed names: those of what one computer saw, and of the tables over all sessions.

use crate::column::{Column, Kind};

const VERDICTS: [(&str, &str); 6] = [
    ("identical", "finished, and equal byte for byte on all computers"),
    ("prefix", "cut short, with the same rows on all computers"),
    ("prefix_with_tail", "cut short, with further rows on some computers"),
    ("diverged", "the records contradict each other"),
    ("one_side_only", "only some participants' records are there"),
    ("invalid", "a record that cannot be trusted"),
];

/// How logs end.
const ENDINGS: [(&str, &str); 4] = [
    ("complete", "closed with the signed statements of all players"),
    ("one_side", "closed by this side alone, with what the others had last said"),
    ("cut", "not closed: the program or the computer stopped"),
    ("damaged", "goes on with bytes that are no entry"),
];

const FINDINGS: [(&str, &str); 5] = [
    ("missing", "the participant's record is not there"),
    ("so_far", "what can be said without the missing records, by what their owners had signed"),
    ("note", "something remarkable"),
    ("last", "of later episodes there are no records: the session was over"),
    ("revision", "the verdict was revised after the session's books were closed"),
];

const PLAYER_KINDS: [(&str, &str); 2] =
    [("person", "a participant"), ("program", "a program, by the policy in its name")];

const OUTCOMES: [(&str, &str); 8] = [
    ("finished", "all was gone through"),
    ("no_partner", "nobody was there to play with in time"),
    ("partner_left", "the partner left or was lost"),
    ("lost_connection", "the participant's own connection was lost for too long"),
    ("excluded", "excluded during a game"),
    ("screened_out", "not admitted by a rule of screening"),
    ("withdrew", "left of their own accord, or did not consent"),
    ("incomplete", "went away without a word, or was still on the way when the dataset was made"),
];

/// Columns with fixed names: name, kind, unit, description.
pub(super) const FIXED: [(&str, Kind, Option<&str>, &str); 87] = [
    // The shared table of steps, and what others share with it.
    ("episode_num", Kind::Integer, None, "The episode of the session, from 0."),
    ("t", Kind::Integer, Some("steps"), "The step within the episode, from 0; empty outside play."),
    // The table of what one computer saw of each frame.
    (
        "frame",
        Kind::Integer,
        Some("frames"),
        "The frame, from 0 at the start of the session; countdowns and pauses count.",
    ),
    ("episode", Kind::Integer, None, "The episode of the session, from 0; empty after the last."),
    (
        "wall_ms",
        Kind::Integer,
        Some("ms"),
        "Wall clock of this computer when the frame was first stepped, since 1970 in UTC.",
    ),
    (
        "monotonic_us",
        Kind::Integer,
        Some("us"),
        "Monotonic clock at the same moment, since the program started.",
    ),
    ("step_us", Kind::Integer, Some("us"), "How long the step took, rollbacks included."),
    (
        "key_event_us",
        Kind::Integer,
        Some("us"),
        "When the key event behind this frame's own input arrived, on the monotonic clock; empty without a key.",
    ),
    (
        "input_to_display_us",
        Kind::Integer,
        Some("us"),
        "From that key event until its effect was handed to the display; empty where that is unknown.",
    ),
    (
        "speculated",
        Kind::Boolean,
        None,
        "Whether the frame was first stepped with a predicted input.",
    ),
    (
        "rollback_depth",
        Kind::Integer,
        Some("frames"),
        "How many frames were simulated again in this step.",
    ),
    (
        "rtt_us",
        Kind::Integer,
        Some("us"),
        "Round trip to the partner; empty as long as it is unknown.",
    ),
    (
        "jitter_us",
        Kind::Integer,
        Some("us"),
        "How much successive round trips differ; empty as long as it is unknown.",
    ),
    (
        "loss_permille",
        Kind::Integer,
        Some("1/1000"),
        "Datagrams lost of a thousand, there and back, in the last ten seconds; empty as long as it is unknown.",
    ),
    (
        "relayed",
        Kind::Boolean,
        None,
        "Whether the partner was reached through a relay, as far as it was last known; empty if unknown.",
    ),
    (
        "frames_ahead",
        Kind::Integer,
        Some("frames"),
        "How many frames this side is ahead of the partner; negative if behind.",
    ),
    ("stalled", Kind::Boolean, None, "Whether the game waited for the partner before this frame."),
    ("stalled_us", Kind::Integer, Some("us"), "How long it waited."),
    (
        "focused",
        Kind::Boolean,
        None,
        "Whether this computer's window had the focus, by its own clock.",
    ),
    (
        "partner_focused",
        Kind::Boolean,
        None,
        "Whether the partner's window was last known to have the focus; empty if unknown.",
    ),
    // Tables over all sessions.
    ("study", Kind::Text, None, "The study."),
    ("session", Kind::Text, None, "The session: one match of participants in one scene."),
    ("scene", Kind::Text, None, "The scene of the study that was played."),
    (
        "participant",
        Kind::Text,
        None,
        "Pseudonym of the participant, issued by the lab; of a seat that a program had, program- and the policy by which it played.",
    ),
    (
        "seat",
        Kind::Integer,
        None,
        "The participant's place in the session: the number in the columns' names of the table of steps.",
    ),
    (
        "player_kind",
        Kind::Text,
        None,
        "Whether a person had the seat or a program, which every computer of the session computed for itself.",
    ),
    (
        "public_key",
        Kind::Text,
        None,
        "Ed25519 key by which this seat's signatures are checked, in hexadecimal digits, as the lab registered it; empty for a program, which signs nothing.",
    ),
    (
        "sessions",
        Kind::Integer,
        None,
        "Sessions of this dataset in which the participant has a seat.",
    ),
    (
        "sessions_with_programs",
        Kind::Integer,
        None,
        "Those of them in which a program has a seat too.",
    ),
    (
        "records",
        Kind::Integer,
        None,
        "Records of episodes that came from the participant's computer.",
    ),
    (
        "rows_recorded",
        Kind::Integer,
        Some("rows"),
        "Rows of the tables that these records lead to.",
    ),
    ("registered", Kind::Time, None, "When the lab registered the session, in UTC."),
    (
        "task",
        Kind::Text,
        None,
        "The task whose rules were played; empty without a readable record.",
    ),
    ("layout", Kind::Text, None, "The layout's name; its text is in the logs."),
    ("players", Kind::Integer, None, "Number of players, programs included."),
    (
        "programs",
        Kind::Text,
        None,
        "The programs that played, in the order of their seats, as player_subjects names them, separated by spaces; empty if all players were people.",
    ),
    ("steps_per_second", Kind::Integer, Some("1/s"), "Steps in a second of play."),
    ("max_steps", Kind::Integer, Some("steps"), "Steps of an episode at most."),
    ("episodes_planned", Kind::Integer, None, "Episodes that were to be played."),
    ("episodes_recorded", Kind::Integer, None, "Episodes of which this dataset has a record."),
    (
        "seed",
        Kind::Integer,
        None,
        "Seed of the session; every chance in it comes from this number.",
    ),
    ("rules", Kind::Integer, None, "Version of the rules, by which the logs simulate again."),
    ("program", Kind::Text, None, "The program that wrote the logs, and its version."),
    (
        "game",
        Kind::Text,
        None,
        "BLAKE3 digest of all settings of the game, in hexadecimal digits; equal games have equal ones.",
    ),
    ("verdict", Kind::Text, None, "What comparing all participants' records of the episode gave."),
    (
        "rows",
        Kind::Integer,
        Some("rows"),
        "Rows that all sides have: those of the episode's table of steps.",
    ),
    ("rows_longest", Kind::Integer, Some("rows"), "Rows of the longest record."),
    (
        "finished",
        Kind::Boolean,
        None,
        "Whether the episode was played to its end on some computer.",
    ),
    (
        "diverged_frame",
        Kind::Integer,
        Some("frames"),
        "The first frame at which records contradict each other; empty if none do.",
    ),
    (
        "diverged_column",
        Kind::Text,
        None,
        "The first column that differs there; empty if none does.",
    ),
    ("message", Kind::Text, None, "Why a record cannot be trusted; empty otherwise."),
    (
        "steps_file",
        Kind::Text,
        None,
        "Path of the episode's table of steps; empty where there are no rows that all sides have.",
    ),
    ("received", Kind::Time, None, "When the record was on the lab's disk, in UTC."),
    (
        "bundle_bytes",
        Kind::Integer,
        Some("bytes"),
        "Length of the archive in which the record came.",
    ),
    (
        "bundle_blake3",
        Kind::Text,
        None,
        "BLAKE3 digest of that archive, in hexadecimal digits; the lab's receipt names it.",
    ),
    ("ending", Kind::Text, None, "How the log ends; empty where there is no log to read."),
    ("record_rows", Kind::Integer, Some("rows"), "Rows of the table that this log leads to."),
    (
        "record_frames",
        Kind::Integer,
        Some("frames"),
        "Frames in this log; countdowns and pauses count.",
    ),
    (
        "interruptions",
        Kind::Integer,
        None,
        "Times that the session was held and went on during this log.",
    ),
    (
        "chain_head",
        Kind::Text,
        None,
        "Head of the log's BLAKE3 chain in hexadecimal digits; equal heads are equal histories.",
    ),
    ("local_rows", Kind::Integer, Some("rows"), "Rows of the table of what this computer saw."),
    (
        "rtt_us_median",
        Kind::Integer,
        Some("us"),
        "Median of rtt_us over the frames that have it; empty if none has.",
    ),
    (
        "rtt_us_p95",
        Kind::Integer,
        Some("us"),
        "95th percentile of rtt_us, by nearest rank; empty if no frame has it.",
    ),
    ("rollback_depth_max", Kind::Integer, Some("frames"), "Greatest rollback_depth."),
    (
        "speculated_frames",
        Kind::Integer,
        Some("frames"),
        "Frames that were first stepped with a predicted input.",
    ),
    ("stalled_us_total", Kind::Integer, Some("us"), "Sum of stalled_us."),
    (
        "unfocused_frames",
        Kind::Integer,
        Some("frames"),
        "Frames during which this computer's window had not the focus.",
    ),
    (
        "input_to_display_us_median",
        Kind::Integer,
        Some("us"),
        "Median of input_to_display_us over the frames that have it; empty if none has.",
    ),
    (
        "local_flaw",
        Kind::Text,
        None,
        "Why the table of what this computer saw is not among the tables; empty if it is. It is then in data/raw as it came.",
    ),
    // The tables about people.
    (
        "enrolled",
        Kind::Time,
        None,
        "When the lab admitted the participant for the first time, in UTC; empty where the lab's journal was not exported.",
    ),
    ("condition", Kind::Text, None, "The participant's condition; empty if they have none."),
    (
        "outcome",
        Kind::Text,
        None,
        "How it ended: a scene, or, in the table of participants, the study.",
    ),
    (
        "screened_out_by",
        Kind::Text,
        None,
        "The rule of screening that the participant did not meet; empty if they met all.",
    ),
    ("number", Kind::Integer, None, "Counts the rows that belong together, from 0."),
    ("finding", Kind::Text, None, "What kind of thing is known."),
    (
        "details",
        Kind::Text,
        None,
        "More about it, in words or as pairs of name=value; empty if there is no more.",
    ),
    ("repetition", Kind::Integer, None, "How often the scene was on the participant's way before."),
    ("ended", Kind::Time, None, "When the scene was over for the participant, in UTC."),
    ("answered", Kind::Time, None, "When the lab had the answer, in UTC."),
    ("agreed", Kind::Boolean, None, "Whether the participant agreed."),
    (
        "text_blake3",
        Kind::Text,
        None,
        "BLAKE3 digest of the consent form's text that the participant has read, in hexadecimal digits.",
    ),
    ("question", Kind::Text, None, "The question's id in the experiment file."),
    (
        "choice",
        Kind::Integer,
        None,
        "Which of the participant's answers to the question, from 0: several may be chosen.",
    ),
    ("answer", Kind::Text, None, "What the participant answered."),
    ("happened", Kind::Time, None, "When it happened, in UTC."),
    (
        "match_event",
        Kind::Text,
        None,
        "What matchmaking has done; dyad-matchmaking describes all kinds.",
    ),
    (
        "participants",
        Kind::Text,
        None,
        "Pseudonyms of those whom it is about, separated by spaces.",
    ),
];

/// The column of this name, if there is one.
pub(super) fn column(name: &str) -> Option<Column> {
    let (_, kind, unit, description) = FIXED.iter().find(|(fixed, ..)| *fixed == name)?;
    let mut column = Column::new(name, *kind, *description);
    column.unit = *unit;
    Some(match name {
        "verdict" => column.levels(&VERDICTS),
        "ending" => column.levels(&ENDINGS),
        "finding" => column.levels(&FINDINGS),
        "player_kind" => column.levels(&PLAYER_KINDS),
        "outcome" => column.levels(&OUTCOMES),
        "seat" => column.range(0, 3),
        "players" => column.range(1, 4),
        "frames_ahead" | "seed" => column,
        _ if *kind == Kind::Integer => column.range(0, i64::MAX),
        _ => column,
    })
}
