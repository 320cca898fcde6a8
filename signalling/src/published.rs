//! What of the journal is published with a dataset: pseudonyms, conditions, outcomes, consents, answers and
//! the match log. Passwords of rooms, what clients say of their computers, and identities are not.

use crate::journal::{self, Entry, JournalError};
use crate::people::{PersonFact, PersonRecord};
use dyad_dataset::study::{Answered, Consent, Matched, Person, SceneEnd, Study};
use dyad_experiment::Place;
use dyad_matchmaking::Record;
use dyad_protocol::study::Answer;
use dyad_protocol::{ParticipantId, SceneId, StudyId};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What is known of the study in a lab's folder, on which a lab may be running; nothing, if there is no
/// journal in it.
///
/// # Errors
/// [`JournalError`].
pub fn study(folder: &Path) -> Result<Study, JournalError> {
    Ok(of(&journal::history(folder)?))
}

/// The same of these lines.
#[must_use]
pub fn of(entries: &[Entry]) -> Study {
    let mut published = Published::default();
    for entry in entries {
        match entry {
            Entry::Lab(opened) => published.current = Some(opened.study.clone()),
            Entry::Person(record) => published.person(record),
            Entry::Match(record) => published.study.matches.push(matched(record)),
            Entry::Game(_) | Entry::Snapshot(_) => {}
        }
    }
    published.study
}

/// How the study has ended for somebody who is at this place, in the words of the codebook.
fn ending(place: Place) -> String {
    if place.done { place.outcome.to_string() } else { "incomplete".to_owned() }
}

#[derive(Default)]
struct Published {
    study: Study,
    /// Where each person is in it.
    index: BTreeMap<ParticipantId, usize>,
    /// The study that the lab was last started with.
    current: Option<StudyId>,
}

impl Published {
    fn person(&mut self, PersonRecord { at, participant, fact }: &PersonRecord) {
        match fact {
            PersonFact::Enrolled { condition, place, .. } => {
                let Some(study) = self.current.clone() else { return };
                self.index.insert(participant.clone(), self.study.people.len());
                self.study.people.push(Person {
                    study,
                    participant: participant.clone(),
                    enrolled_ms: *at,
                    condition: condition.as_ref().map(ToString::to_string),
                    outcome: ending(*place),
                    screened_out_by: None,
                });
            }
            PersonFact::Screened { failed, place, .. } => self.of(participant, |person| {
                person.screened_out_by.clone_from(failed);
                person.outcome = ending(*place);
            }),
            PersonFact::Grouped { condition, .. } => {
                self.of(participant, |person| person.condition = Some(condition.to_string()));
            }
            PersonFact::Ungrouped { .. } => self.of(participant, |person| person.condition = None),
            PersonFact::Went { scene, repetition, session, answer, outcome, place, .. } => {
                self.of(participant, |person| person.outcome = ending(*place));
                self.study.scenes.push(SceneEnd {
                    participant: participant.clone(),
                    at: *at,
                    scene: scene.clone(),
                    repetition: *repetition,
                    session: session.clone(),
                    outcome: outcome.to_string(),
                });
                self.answer(*at, participant, (scene, *repetition), answer.as_ref());
            }
            PersonFact::Seated { .. }
            | PersonFact::Unseated { .. }
            | PersonFact::Joined { .. }
            | PersonFact::Alone(_) => {}
        }
    }

    fn of(&mut self, participant: &ParticipantId, change: impl FnOnce(&mut Person)) {
        let place = self.index.get(participant);
        if let Some(person) = place.and_then(|&place| self.study.people.get_mut(place)) {
            change(person);
        }
    }

    fn answer(
        &mut self,
        at: u64,
        participant: &ParticipantId,
        (scene, repetition): (&SceneId, u32),
        answer: Option<&Answer>,
    ) {
        match answer {
            Some(Answer::Consent { agreed, text, .. }) => self.study.consents.push(Consent {
                participant: participant.clone(),
                at,
                scene: scene.clone(),
                agreed: *agreed,
                text: text.clone(),
            }),
            Some(Answer::Form { answers }) => {
                for (question, answer) in answers {
                    let several = answer.as_array().map(Vec::as_slice);
                    let values = several.unwrap_or(std::slice::from_ref(answer));
                    let row = |(value, choice): (&Value, u32)| Answered {
                        participant: participant.clone(),
                        at,
                        scene: scene.clone(),
                        repetition,
                        question: question.clone(),
                        choice,
                        value: plain(value),
                    };
                    self.study.answers.extend(values.iter().zip(0..).map(row));
                }
            }
            _ => {}
        }
    }
}

fn matched(record: &Record) -> Matched {
    let mut fact = serde_json::to_value(&record.fact).unwrap_or_default();
    let mut event = String::new();
    if let Some(fields) = fact.as_object_mut() {
        event = fields.remove("event").as_ref().map(plain).unwrap_or_default();
    }
    let mut participants = Vec::new();
    let mut pairs = Vec::new();
    flatten("", &fact, &mut participants, &mut pairs);
    participants.sort();
    participants.dedup();
    let (seq, at) = (record.seq, record.at.0);
    Matched { seq, at, event, participants, details: pairs.join(" ") }
}

/// Fields that name a participant.
const PEOPLE: [&str; 6] = ["participant", "participants", "pair", "by", "with", "of"];

/// A value as pairs of a path and a word; participants among it are listed too.
fn flatten(path: &str, value: &Value, people: &mut Vec<ParticipantId>, pairs: &mut Vec<String>) {
    let joined = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(&joined(name), value, people, pairs);
            }
        }
        Value::Array(values) => {
            for (number, value) in values.iter().enumerate() {
                flatten(&joined(&number.to_string()), value, people, pairs);
            }
        }
        value => {
            let text = plain(value);
            if path.split('.').any(|part| PEOPLE.contains(&part)) {
                people.extend(
                    text.parse::<ParticipantId>().ok().filter(|it| it.as_str().starts_with("p-")),
                );
            }
            pairs.push(format!("{path}={text}"));
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
