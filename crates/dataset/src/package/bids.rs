//! `bids/`: the events of each participant as a BIDS dataset, for labs that record brains too.
//!
//! BIDS knows no pair of people: each player is a subject, both have the same session, and the
//! partner is in the events' sidecar columns. An event is a step in which the participant did
//! something or got something.

use crate::names::Names;
use crate::render::{Facts, Rendered, plain, pretty};
use crate::session::{Entry, Examined};
use dyad_gridworld::Settings;
use dyad_protocol::ParticipantId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The version of BIDS that this is written for.
const BIDS_VERSION: &str = "1.9.0";

const ACTIONS: [&str; 7] = ["up", "down", "left", "right", "pickup_drop", "toggle", "noop"];

/// Columns of the events: name and meaning.
const COLUMNS: [(&str, &str); 7] = [
    ("onset", "Begin of the step, from the first step of the episode on; interruptions count."),
    ("duration", "Length of a step."),
    ("trial_type", "What the participant did: up, down, left, right, pickup_drop, toggle, noop."),
    ("reward", "The participant's reward for the step, in points."),
    ("t", "The step within the episode, from 0: the row of the table of steps."),
    ("frame", "The frame, from 0 at the start of the session."),
    ("window_focused", "Whether the participant's window had the focus."),
];

/// The events of an episode, a file for each participant.
pub(crate) fn events(
    entry: &Entry,
    examined: &Examined<'_>,
    names: &Names,
    settings: &Settings,
) -> Vec<Rendered<'static>> {
    let Some(derived) = examined.episode.derived(0).filter(|_| examined.common > 0) else {
        return Vec::new();
    };
    let speed = u64::from(settings.steps_per_second.max(1));
    let mut reader = csv::Reader::from_reader(derived.table.as_slice());
    let Ok(header) = reader.headers().cloned() else { return Vec::new() };
    let rows: Vec<csv::StringRecord> =
        reader.records().take(examined.common).map_while(Result::ok).collect();
    let first = derived.rows.first().map_or(0, |row| row.frame);
    let registration = &entry.registration;
    let mut files = Vec::new();
    for (seat, participant) in registration.people() {
        let at = |name: &str| header.iter().position(|it| it == name);
        let columns =
            ["actions", "rewards", "isFocused"].map(|group| at(&format!("{group}.{seat}")));
        let ([Some(action), Some(reward), Some(focus)], Some(t)) = (columns, at("t")) else {
            continue;
        };
        let names_of: Vec<_> = COLUMNS.iter().map(|(name, _)| *name).collect();
        let mut text = format!("{}\n", names_of.join("\t"));
        for (row, place) in rows.iter().zip(&derived.rows) {
            if &row[action] == "6" && &row[reward] == "0" {
                continue;
            }
            let onset = seconds(u64::from(place.frame - first), speed);
            let done =
                row[action].parse::<usize>().ok().and_then(|it| ACTIONS.get(it)).unwrap_or(&"n/a");
            let (reward, t, frame) = (&row[reward], &row[t], place.frame);
            let focused = row[focus].to_lowercase();
            let duration = seconds(1, speed);
            writeln!(text, "{onset}\t{duration}\t{done}\t{reward}\t{t}\t{frame}\t{focused}")
                .expect("a string takes all text");
        }
        let path = path(entry, names, participant, examined.episode.number);
        files.push(plain(path, text.into_bytes()));
    }
    files
}

/// A number of steps in seconds, with microseconds.
fn seconds(steps: u64, speed: u64) -> String {
    let us = (steps * 1_000_000 + speed / 2) / speed;
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

fn path(entry: &Entry, names: &Names, participant: &ParticipantId, episode: u16) -> String {
    let subject = names.participant(participant);
    let session = names.session(&entry.registration.session);
    let task = names.scene(&entry.registration.scene);
    // Runs are numbered from 1.
    let run = u32::from(episode) + 1;
    format!(
        "bids/sub-{subject}/ses-{session}/beh/\
         sub-{subject}_ses-{session}_task-{task}_run-{run}_events.tsv"
    )
}

/// The files about all events: descriptions, participants, columns.
pub(crate) fn about(facts: &[Facts], names: &Names) -> Vec<Rendered<'static>> {
    let mut files = Vec::new();
    let mut file = |path: String, text: String| files.push(plain(path, text.into_bytes()));
    let description = json!({
        "Name": "Events of real-time tasks for several players",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "License": "see the dataset that this is a part of",
        "Authors": ["see the dataset that this is a part of"],
        "GeneratedBy": [{ "Name": "Dyad", "Version": crate::PROGRAM }],
    });
    file("bids/dataset_description.json".to_owned(), pretty(&description));
    let readme = "The steps in which each participant did something or got something.\n\nThe whole records \
                  are in the folder above this one. Players of one session share its ses- label; \
                  participants.tsv names each one's groups.\n";
    file("bids/README".to_owned(), readme.to_owned());
    file("bids/participants.tsv".to_owned(), participants(facts, names));
    let columns = json!({
        "participant_id": { "Description": "The participant, under the lab's pseudonym." },
        "pseudonym": { "Description": "The pseudonym as it stands in the tables of the dataset." },
        "groups": { "Description": "Sessions that the participant played in, with the others who did." },
    });
    file("bids/participants.json".to_owned(), pretty(&columns));
    let scenes: BTreeSet<_> =
        facts.iter().map(|it| names.scene(&it.entry.registration.scene)).collect();
    for scene in scenes {
        file(format!("bids/task-{scene}_events.json"), pretty(&sidecar(scene)));
    }
    files
}

fn sidecar(scene: &str) -> Value {
    let mut columns = json!({ "TaskName": scene });
    for (name, meaning) in COLUMNS {
        columns[name] = json!({ "Description": meaning });
    }
    for name in ["onset", "duration"] {
        columns[name]["Units"] = "s".into();
    }
    columns["trial_type"]["Levels"] =
        ACTIONS.iter().map(|name| ((*name).to_owned(), Value::from(*name))).collect();
    columns
}

fn participants(facts: &[Facts], names: &Names) -> String {
    let mut groups: BTreeMap<&ParticipantId, Vec<&str>> = BTreeMap::new();
    for facts in facts {
        let registration = &facts.entry.registration;
        for (_, participant) in registration.people() {
            groups.entry(participant).or_default().push(registration.session.as_str());
        }
    }
    let mut text = "participant_id\tpseudonym\tgroups\n".to_owned();
    for (participant, groups) in groups {
        let id = names.participant(participant);
        writeln!(text, "sub-{id}\t{participant}\t{}", groups.join(" "))
            .expect("a string takes all text");
    }
    text
}
