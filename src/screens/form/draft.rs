//! What somebody has filled in so far, and which answers that makes. No drawing.

use super::Answers;
use dyad_experiment::form::{Answer, AnswerError, Form, Options, Question, QuestionKind};
use dyad_experiment::ids::QuestionId;
use std::collections::{BTreeMap, BTreeSet};

/// A form as it is filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    pub(super) entries: BTreeMap<QuestionId, Entry>,
    /// Whether somebody tried to send it.
    pub(super) asked: bool,
    /// The question to scroll to.
    pub(super) reveal: Option<QuestionId>,
}

/// What is filled in at one question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Options, by their index in the file.
    pub(super) chosen: BTreeSet<usize>,
    /// Whether the further option is chosen, and what is written there.
    pub(super) other: bool,
    pub(super) other_text: String,
    /// The point of a scale, from 1.
    pub(super) point: Option<u32>,
    /// What is typed as a number or a text.
    pub(super) typed: String,
    /// Whether somebody has left the question after touching it.
    pub(super) left: bool,
}

/// Why an entry is no answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Slip {
    /// What is typed is no number.
    NotANumber,
    /// Nothing is written at the further option.
    OtherMissing,
    /// What is written there is one of the options.
    OtherSame,
    /// What the question itself says against it.
    Answer(AnswerError),
}

impl Draft {
    /// How many questions are not answered as they should be.
    #[must_use]
    pub fn open(&self, form: &Form) -> usize {
        form.questions.iter().filter(|question| self.answer(question).is_err()).count()
    }

    /// The answers, if all are. Otherwise it is remembered that they were asked for, and where the
    /// first is that is missing.
    pub(in crate::screens) fn send(&mut self, form: &Form) -> Option<Answers> {
        self.asked = true;
        let mut answers = Answers::new();
        for question in &form.questions {
            match self.answer(question) {
                Ok(answer) => answers.extend(answer.map(|answer| (question.id.clone(), answer))),
                Err(_) => {
                    self.reveal = Some(question.id.clone());
                    return None;
                }
            }
        }
        Some(answers)
    }

    /// A form with something in every question, scrolled to one of them.
    #[cfg(test)]
    pub(in crate::screens) fn filled(form: &Form, reveal: &str) -> Self {
        let entry = |question: &Question| Entry {
            chosen: if matches!(question.kind, QuestionKind::Scale { .. }) {
                BTreeSet::new()
            } else {
                [0].into()
            },
            point: Some(2),
            typed: if question.id.as_str() == "postcode" { "1" } else { "34" }.to_owned(),
            left: true,
            ..Entry::default()
        };
        let entries = form.questions.iter().map(|it| (it.id.clone(), entry(it))).collect();
        let reveal = form.questions.iter().map(|it| it.id.clone()).find(|id| id.as_str() == reveal);
        Self { entries, asked: false, reveal }
    }

    fn answer(&self, question: &Question) -> Result<Option<Answer>, Slip> {
        let nothing = Entry::default();
        self.entries.get(&question.id).unwrap_or(&nothing).answer(question)
    }
}

impl Entry {
    /// The answer that the entry makes; none if the question is left out and may be.
    pub(super) fn answer(&self, question: &Question) -> Result<Option<Answer>, Slip> {
        let answer = match &question.kind {
            QuestionKind::Choice(options) => {
                self.texts(options)?.into_iter().next().map(Answer::Text)
            }
            QuestionKind::Choices { options, .. } => {
                Some(self.texts(options)?).filter(|texts| !texts.is_empty()).map(Answer::Texts)
            }
            QuestionKind::Scale { .. } => self.point.map(|point| Answer::Number(point.into())),
            QuestionKind::Number { .. } => self.number()?.map(Answer::Number),
            QuestionKind::Text { lines, .. } => {
                // A blank behind a short answer is nobody's intention.
                let text = if *lines == 1 { self.typed.trim() } else { &self.typed };
                Some(text).filter(|text| !text.trim().is_empty()).map(|it| Answer::Text(it.into()))
            }
        };
        question.check(answer.as_ref()).map_err(Slip::Answer)?;
        Ok(answer)
    }

    /// The texts of what is chosen, the further option last.
    fn texts(&self, options: &Options) -> Result<Vec<String>, Slip> {
        let chosen = self.chosen.iter().filter_map(|&at| options.options.get(at).cloned());
        let mut texts: Vec<String> = chosen.collect();
        if self.other && options.other.is_some() {
            let text = self.other_text.trim();
            if text.is_empty() {
                return Err(Slip::OtherMissing);
            }
            if options.options.iter().any(|option| option == text) {
                return Err(Slip::OtherSame);
            }
            texts.push(text.to_owned());
        }
        Ok(texts)
    }

    /// The number that is typed, with a point or a comma.
    fn number(&self) -> Result<Option<f64>, Slip> {
        let typed = self.typed.trim().replace(',', ".").replace('−', "-");
        if typed.is_empty() {
            return Ok(None);
        }
        // Words such as "inf" are numbers to a computer only.
        let is_written = typed.chars().all(|it| it.is_ascii_digit() || "+-.".contains(it));
        let number = typed.parse().ok().filter(|_| is_written);
        number.map(Some).ok_or(Slip::NotANumber)
    }
}
