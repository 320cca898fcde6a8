//! The rows of the tables about people, from what the lab knows of the study.

use super::overview::{Rows, boolean};
use super::time;
use crate::render::Facts;
use crate::study::{Person, Study};
use crate::table::cell;
use dyad_protocol::ParticipantId;
use std::collections::BTreeMap;

pub(super) fn participants(facts: &[Facts], study: &Study) -> Rows {
    let mut people: BTreeMap<(String, String), [u64; 4]> = BTreeMap::new();
    for person in &study.people {
        people.insert((person.study.to_string(), person.participant.to_string()), [0; 4]);
    }
    for facts in facts {
        let registration = &facts.entry.registration;
        for (_, participant) in registration.people() {
            let who = (registration.study.to_string(), participant.to_string());
            let [sessions, with_programs, records, rows] = people.entry(who).or_default();
            *sessions += 1;
            *with_programs += u64::from(registration.programs().next().is_some());
            let theirs = facts.entry.receipts.iter();
            *records +=
                theirs.filter(|it| it.name.participant == *participant).map(|_| 1).sum::<u64>();
            let recorded = facts.episodes.iter().flat_map(|episode| &episode.records);
            *rows +=
                recorded.filter(|(of, _)| of == participant).map(|(_, it)| it.rows).sum::<u64>();
        }
    }
    let key = |it: &Person| (it.study.to_string(), it.participant.to_string());
    let by_key: BTreeMap<_, &Person> = study.people.iter().map(|it| (key(it), it)).collect();
    let known = |who: &(String, String)| match by_key.get(who) {
        None => <[String; 4]>::default(),
        Some(person) => [
            time(person.enrolled_ms),
            cell(person.condition.as_deref().unwrap_or_default()),
            person.outcome.clone(),
            cell(person.screened_out_by.as_deref().unwrap_or_default()),
        ],
    };
    let row = |(who, numbers): ((String, String), [u64; 4])| {
        let known = known(&who);
        let numbers = numbers.map(|number| number.to_string());
        [who.0, who.1].into_iter().chain(numbers).chain(known).collect()
    };
    people.into_iter().map(row).collect()
}

/// Counts what comes of each participant, from 0.
#[derive(Default)]
struct Counter(BTreeMap<ParticipantId, u64>);

impl Counter {
    fn next(&mut self, participant: &ParticipantId) -> String {
        let next = self.0.entry(participant.clone()).or_insert(0);
        *next += 1;
        (*next - 1).to_string()
    }
}

pub(super) fn scenes(_: &[Facts], study: &Study) -> Rows {
    let mut counter = Counter::default();
    let row = |it: &crate::study::SceneEnd| {
        vec![
            it.participant.to_string(),
            counter.next(&it.participant),
            it.scene.to_string(),
            it.repetition.to_string(),
            time(it.at),
            it.outcome.clone(),
            it.session.as_ref().map_or_else(String::new, ToString::to_string),
        ]
    };
    study.scenes.iter().map(row).collect()
}

pub(super) fn consents(_: &[Facts], study: &Study) -> Rows {
    let mut counter = Counter::default();
    let row = |it: &crate::study::Consent| {
        vec![
            it.participant.to_string(),
            counter.next(&it.participant),
            it.scene.to_string(),
            time(it.at),
            boolean(it.agreed),
            it.text.to_string(),
        ]
    };
    study.consents.iter().map(row).collect()
}

pub(super) fn answers(_: &[Facts], study: &Study) -> Rows {
    let row = |it: &crate::study::Answered| {
        vec![
            it.participant.to_string(),
            it.scene.to_string(),
            it.repetition.to_string(),
            cell(&it.question),
            it.choice.to_string(),
            time(it.at),
            cell(&it.value),
        ]
    };
    study.answers.iter().map(row).collect()
}

pub(super) fn matches(_: &[Facts], study: &Study) -> Rows {
    let row = |it: &crate::study::Matched| {
        let who: Vec<&str> = it.participants.iter().map(ParticipantId::as_str).collect();
        vec![it.seq.to_string(), time(it.at), cell(&it.event), who.join(" "), cell(&it.details)]
    };
    study.matches.iter().map(row).collect()
}
