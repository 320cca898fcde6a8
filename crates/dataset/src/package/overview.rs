//! The tables over all sessions. A further table is a further entry of [`TABLES`], with its rows.

use super::{people, time};
use crate::local::Summary;
use crate::render::{EpisodeFacts, Facts};
use crate::session::RecordFacts;
use crate::study::Study;
use crate::table::{Schema, Table, Undescribed, cell};
use dyad_collector::settle::Finding;
use dyad_protocol::records::{Receipt, Verdict};
use dyad_protocol::{ParticipantId, PublicKey};
use std::collections::BTreeMap;

pub(super) type Rows = Vec<Vec<String>>;

/// One table: its name, what a row is, its columns (a `?` marks those that may be empty), its
/// key, what it refers to, and how its rows are made.
struct Overview {
    name: &'static str,
    description: &'static str,
    columns: &'static [&'static str],
    key: &'static [&'static str],
    refers: &'static [(&'static str, &'static str, &'static str)],
    rows: Make,
}

/// How the rows of a table are made: of the sessions, or with what the lab knows of people.
enum Make {
    Sessions(fn(&[Facts]) -> Rows),
    People(fn(&[Facts], &Study) -> Rows),
}

const TABLES: [Overview; 10] = [
    Overview {
        name: "participants",
        description: "A row for each participant of a study, under the pseudonym that the lab issued.",
        columns: &[
            "study",
            "participant",
            "sessions",
            "sessions_with_programs",
            "records",
            "rows_recorded",
            "?enrolled",
            "?condition",
            "?outcome",
            "?screened_out_by",
        ],
        key: &["study", "participant"],
        refers: &[],
        rows: Make::People(people::participants),
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
            "?programs",
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
        rows: Make::Sessions(sessions),
    },
    Overview {
        name: "seats",
        description: "A row for each seat of a session: who had it, and the key by which statements of a \
                      participant's computer are checked.",
        columns: &["session", "seat", "participant", "player_kind", "?public_key"],
        key: &["session", "seat"],
        refers: &[("session", "sessions", "session")],
        rows: Make::Sessions(seats),
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
        rows: Make::Sessions(episodes),
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
        rows: Make::Sessions(records),
    },
    Overview {
        name: "findings",
        description: "A row for each thing that is known of an episode besides its verdict: whose records are \
                      missing, and what the lab found remarkable.",
        columns: &["session", "scene", "episode", "number", "finding", "?participant", "?details"],
        key: &["session", "episode", "number"],
        refers: &[("session", "sessions", "session")],
        rows: Make::Sessions(findings),
    },
    Overview {
        name: "scenes",
        description: "A row for each scene that is over for a participant: what they went through, and how it \
                      ended for them.",
        columns: &["participant", "number", "scene", "repetition", "ended", "outcome", "?session"],
        key: &["participant", "number"],
        refers: &[],
        rows: Make::People(people::scenes),
    },
    Overview {
        name: "consents",
        description: "A row for each answer to a consent form.",
        columns: &["participant", "number", "scene", "answered", "agreed", "text_blake3"],
        key: &["participant", "number"],
        refers: &[],
        rows: Make::People(people::consents),
    },
    Overview {
        name: "answers",
        description: "A row for each value that a participant has answered in a form. Answers to identifying \
                      questions are not among them.",
        columns: &[
            "participant",
            "scene",
            "repetition",
            "question",
            "choice",
            "answered",
            "?answer",
        ],
        key: &["participant", "scene", "repetition", "question", "choice"],
        refers: &[],
        rows: Make::People(people::answers),
    },
    Overview {
        name: "matchlog",
        description: "A row for each thing that matchmaking has done: why who played with whom.",
        columns: &["number", "happened", "match_event", "?participants", "?details"],
        key: &["number"],
        refers: &[],
        rows: Make::People(people::matches),
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

/// All tables that have rows.
pub(super) fn tables(facts: &[Facts], study: &Study) -> Result<Vec<Table>, Undescribed> {
    let table = |table: &Overview| {
        let rows = match table.rows {
            Make::Sessions(rows) => rows(facts),
            Make::People(rows) => rows(facts, study),
        };
        Ok(Table { schema: schema(table)?, rows })
    };
    let tables = TABLES.iter().map(table);
    // Some readers take the header of a table without rows for its only row.
    tables.filter(|table| !matches!(table, Ok(table) if table.rows.is_empty())).collect()
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
            it.players.len().to_string(),
            it.programs().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(" "),
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
        let players = it.players.iter().zip(&it.keys).enumerate();
        let row = |(seat, (who, key)): (usize, (&ParticipantId, &PublicKey))| {
            let (kind, key) = match *key {
                PublicKey::NOBODY => ("program", String::new()),
                key => ("person", key.to_string()),
            };
            vec![it.session.to_string(), seat.to_string(), who.to_string(), kind.to_owned(), key]
        };
        players.map(row).collect()
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

pub(super) fn boolean(value: bool) -> String {
    if value { "True" } else { "False" }.to_owned()
}

fn findings(facts: &[Facts]) -> Rows {
    facts.iter().flat_map(findings_of).collect()
}

fn findings_of(facts: &Facts) -> Rows {
    let registration = &facts.entry.registration;
    let mut rows = Rows::new();
    for (episode, finding) in &facts.entry.findings {
        let Finding { missing, so_far, notes, is_last, revisions } = finding;
        let missing = missing.iter().map(|who| ("missing", who.to_string(), String::new()));
        let so_far = so_far.iter().map(|it| ("so_far", String::new(), it.to_string()));
        let notes = notes.iter().map(|note| ("note", String::new(), note.clone()));
        let last = is_last.then(|| ("last", String::new(), String::new()));
        let revisions = revisions.iter().map(|it| ("revision", String::new(), it.clone()));
        let all = missing.chain(so_far).chain(notes).chain(last).chain(revisions).enumerate();
        rows.extend(all.map(|(number, (kind, who, details))| {
            vec![
                registration.session.to_string(),
                registration.scene.to_string(),
                episode.to_string(),
                number.to_string(),
                kind.to_owned(),
                who,
                cell(&details),
            ]
        }));
    }
    rows
}

fn records(facts: &[Facts]) -> Rows {
    let row = |facts: &Facts, receipt: &Receipt| {
        let name = &receipt.name;
        let episode = facts.episodes.iter().find(|it| it.number == name.episode);
        let record =
            episode.and_then(|it| it.records.iter().find(|(of, _)| *of == name.participant));
        let record = record.map(|(_, facts)| facts.clone()).unwrap_or_default();
        let seat = facts.entry.registration.seat(&name.participant);
        let mut row = vec![
            name.session.to_string(),
            name.scene.to_string(),
            name.episode.to_string(),
            name.participant.to_string(),
            seat.map_or_else(String::new, |seat| seat.to_string()),
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
