//! The tables over all sessions. A further table is a further entry of [`TABLES`], with its rows.

use super::time;
use crate::local::Summary;
use crate::render::{EpisodeFacts, Facts};
use crate::session::RecordFacts;
use crate::table::{Schema, Table, Undescribed, cell};
use dyad_protocol::ParticipantId;
use dyad_protocol::records::{Receipt, Verdict};
use std::collections::BTreeMap;

type Rows = Vec<Vec<String>>;

/// One table: its name, what a row is, its columns (a `?` marks those that may be empty), its
/// key, what it refers to, and how its rows are made.
struct Overview {
    name: &'static str,
    description: &'static str,
    columns: &'static [&'static str],
    key: &'static [&'static str],
    refers: &'static [(&'static str, &'static str, &'static str)],
    rows: fn(&[Facts]) -> Rows,
}

const TABLES: [Overview; 5] = [
    Overview {
        name: "participants",
        description: "A row for each participant of a study, under the pseudonym that the lab issued.",
        columns: &["study", "participant", "sessions", "records", "rows_recorded"],
        key: &["study", "participant"],
        refers: &[],
        rows: participants,
    },
    Overview {
        name: "sessions",
        description: "A row for each session: who was matched to play which game.",
        columns: &[
            "study",
            "session",
            "scene",
            "registered",
            "?task",
            "?layout",
            "players",
            "?steps_per_second",
            "?max_steps",
            "episodes_planned",
            "episodes_recorded",
            "?seed",
            "?rules",
            "?program",
            "game",
        ],
        key: &["session"],
        refers: &[],
        rows: sessions,
    },
    Overview {
        name: "seats",
        description: "A row for each participant of a session: their place in it, and the key by which \
                      their computer's statements are checked.",
        columns: &["session", "seat", "participant", "public_key"],
        key: &["session", "seat"],
        refers: &[("session", "sessions", "session")],
        rows: seats,
    },
    Overview {
        name: "episodes",
        description: "A row for each episode of which there is a record: what comparing the records gave.",
        columns: &[
            "session",
            "scene",
            "episode",
            "verdict",
            "rows",
            "rows_longest",
            "finished",
            "?diverged_frame",
            "?diverged_column",
            "?message",
            "?steps_file",
        ],
        key: &["session", "episode"],
        refers: &[("session", "sessions", "session")],
        rows: episodes,
    },
    Overview {
        name: "records",
        description: "A row for each record: what one participant's computer sent of an episode. Round \
                      trips and the like are by that computer's own account.",
        columns: &[
            "session",
            "scene",
            "episode",
            "participant",
            "seat",
            "received",
            "bundle_bytes",
            "bundle_blake3",
            "?ending",
            "record_rows",
            "record_frames",
            "interruptions",
            "?chain_head",
            "?local_rows",
            "?rtt_us_median",
            "?rtt_us_p95",
            "?input_to_display_us_median",
            "?rollback_depth_max",
            "?speculated_frames",
            "?stalled_us_total",
            "?unfocused_frames",
            "?local_flaw",
        ],
        key: &["session", "episode", "participant"],
        refers: &[("session", "sessions", "session")],
        rows: records,
    },
];

fn schema(table: &Overview) -> Result<Schema, Undescribed> {
    let columns = table.columns.iter().map(|name| match name.strip_prefix('?') {
        Some(name) => (name, false),
        None => (*name, true),
    });
    let schema = Schema::of(table.name, table.description, columns, table.key)?;
    Ok(Schema { refers: table.refers.to_vec(), ..schema })
}

/// The schemas of all tables, by name.
pub(super) fn schemas() -> Result<BTreeMap<String, Schema>, Undescribed> {
    TABLES.iter().map(|table| Ok((table.name.to_owned(), schema(table)?))).collect()
}

/// All tables.
pub(super) fn tables(facts: &[Facts]) -> Result<Vec<Table>, Undescribed> {
    let table = |table: &Overview| Ok(Table { schema: schema(table)?, rows: (table.rows)(facts) });
    TABLES.iter().map(table).collect()
}

fn participants(facts: &[Facts]) -> Rows {
    let mut people: BTreeMap<(String, String), [u64; 3]> = BTreeMap::new();
    for facts in facts {
        let registration = &facts.entry.registration;
        for participant in &registration.participants {
            let who = (registration.study.to_string(), participant.to_string());
            let [sessions, records, rows] = people.entry(who).or_default();
            *sessions += 1;
            let theirs = facts.entry.receipts.iter();
            *records +=
                theirs.filter(|it| it.name.participant == *participant).map(|_| 1).sum::<u64>();
            let recorded = facts.episodes.iter().flat_map(|episode| &episode.records);
            *rows +=
                recorded.filter(|(of, _)| of == participant).map(|(_, it)| it.rows).sum::<u64>();
        }
    }
    let row = |((study, participant), numbers): (_, [u64; 3])| {
        let words = [study, participant].into_iter();
        words.chain(numbers.map(|number| number.to_string())).collect()
    };
    people.into_iter().map(row).collect()
}

fn sessions(facts: &[Facts]) -> Rows {
    let row = |facts: &Facts| {
        let it = &facts.entry.registration;
        let played = facts.played.as_ref();
        let setting = |value: Option<String>| value.map_or_else(String::new, |text| cell(&text));
        let settings = played.map(|(settings, ..)| settings);
        vec![
            it.study.to_string(),
            it.session.to_string(),
            it.scene.to_string(),
            time(facts.entry.registered_ms),
            setting(settings.map(|it| it.task.name().to_owned())),
            setting(settings.map(|it| it.layout.clone())),
            it.participants.len().to_string(),
            setting(settings.map(|it| it.steps_per_second.to_string())),
            setting(settings.map(|it| it.max_steps.to_string())),
            it.episodes.to_string(),
            facts.episodes.len().to_string(),
            setting(settings.map(|it| it.seed.to_string())),
            setting(played.map(|(_, _, rules)| rules.to_string())),
            setting(played.map(|(_, program, _)| program.clone())),
            it.game.to_string(),
        ]
    };
    facts.iter().map(row).collect()
}

fn seats(facts: &[Facts]) -> Rows {
    let of_session = |facts: &Facts| -> Rows {
        let it = &facts.entry.registration;
        let seats = it.participants.iter().zip(&it.keys).enumerate();
        let row = |(seat, (participant, key)): (usize, (&ParticipantId, &_))| {
            vec![
                it.session.to_string(),
                seat.to_string(),
                participant.to_string(),
                format!("{key}"),
            ]
        };
        seats.map(row).collect()
    };
    facts.iter().flat_map(of_session).collect()
}

fn episodes(facts: &[Facts]) -> Rows {
    facts.iter().flat_map(|facts| facts.episodes.iter().map(|it| episode(facts, it))).collect()
}

fn episode(facts: &Facts, episode: &EpisodeFacts) -> Vec<String> {
    let registration = &facts.entry.registration;
    let (mut diverged, mut message) = ([String::new(), String::new()], String::new());
    let verdict = match &episode.verdict {
        Verdict::Identical { .. } => "identical",
        Verdict::Prefix { .. } => "prefix",
        Verdict::PrefixWithTail { .. } => "prefix_with_tail",
        Verdict::Diverged { frame, column } => {
            diverged = [frame.to_string(), cell(column)];
            "diverged"
        }
        Verdict::OneSideOnly { .. } => "one_side_only",
        Verdict::Invalid { message: why } => {
            message = cell(why);
            "invalid"
        }
    };
    let [frame, column] = diverged;
    vec![
        registration.session.to_string(),
        registration.scene.to_string(),
        episode.number.to_string(),
        verdict.to_owned(),
        episode.common.to_string(),
        episode.longest.to_string(),
        boolean(episode.finished),
        frame,
        column,
        message,
        episode.steps_file.clone().unwrap_or_default(),
    ]
}

fn boolean(value: bool) -> String {
    if value { "True" } else { "False" }.to_owned()
}

fn records(facts: &[Facts]) -> Rows {
    let row = |facts: &Facts, receipt: &Receipt| {
        let name = &receipt.name;
        let episode = facts.episodes.iter().find(|it| it.number == name.episode);
        let record =
            episode.and_then(|it| it.records.iter().find(|(of, _)| *of == name.participant));
        let record = record.map(|(_, facts)| facts.clone()).unwrap_or_default();
        let players = &facts.entry.registration.participants;
        let seat = players.iter().position(|it| *it == name.participant).unwrap_or(0);
        let mut row = vec![
            name.session.to_string(),
            name.scene.to_string(),
            name.episode.to_string(),
            name.participant.to_string(),
            seat.to_string(),
            time(receipt.received_ms),
            receipt.bytes.to_string(),
            receipt.digest.to_string(),
            record.ending.to_owned(),
            record.rows.to_string(),
            record.frames.to_string(),
            record.interruptions.to_string(),
            record.chain.clone(),
        ];
        row.extend(local(&record));
        row
    };
    facts.iter().flat_map(|it| it.entry.receipts.iter().map(|receipt| row(it, receipt))).collect()
}

fn local(record: &RecordFacts) -> [String; 9] {
    let flaw = match &record.local {
        Some(Ok(summary)) => return summed_up(summary),
        Some(Err(flaw)) => cell(&flaw.to_string()),
        None => "the record cannot be unpacked".to_owned(),
    };
    let mut cells = <[String; 9]>::default();
    cells[8] = flaw;
    cells
}

fn summed_up(summary: &Summary) -> [String; 9] {
    let optional = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
    [
        summary.rows.to_string(),
        optional(summary.rtt_us_median),
        optional(summary.rtt_us_p95),
        optional(summary.input_to_display_us_median),
        summary.rollback_depth_max.to_string(),
        summary.speculated_frames.to_string(),
        summary.stalled_us_total.to_string(),
        summary.unfocused_frames.to_string(),
        String::new(),
    ]
}
