//! What is wrong with an answer, in kind words, and what a question asks for.

use super::draft::Slip;
use crate::words::Words;
use dyad_experiment::form::{AnswerError, QuestionKind};

/// What to say of a slip.
pub(super) fn complaint(slip: &Slip, kind: &QuestionKind, typed: &str, words: &Words) -> String {
    match slip {
        Slip::NotANumber => words.line_with("form-number-wrong", [("example", example(kind))]),
        Slip::OtherMissing => words.line("form-other-missing"),
        Slip::OtherSame => words.line("form-other-same"),
        Slip::Answer(error) => wrong(error, kind, typed, words),
    }
}

fn wrong(error: &AnswerError, kind: &QuestionKind, typed: &str, words: &Words) -> String {
    match error {
        AnswerError::Missing => words.line("form-required"),
        AnswerError::Kind => words.line("form-kind"),
        AnswerError::Count { .. } => hint(kind, words).unwrap_or_else(|| words.line("form-kind")),
        AnswerError::Range { min: Some(least), max: Some(most) } => {
            let values = [("least", (*least).into()), ("most", (*most).into())];
            words.line_with("form-number-between", values)
        }
        AnswerError::Range { min: Some(least), max: None } => {
            words.line_with("form-number-least", [("least", (*least).into())])
        }
        AnswerError::Range { min: None, max: Some(most) } => {
            words.line_with("form-number-most", [("most", (*most).into())])
        }
        AnswerError::Range { min: None, max: None } => {
            words.line_with("form-number-wrong", [("example", example(kind))])
        }
        AnswerError::Decimals { most: 0 } => words.line("form-number-whole"),
        AnswerError::Decimals { most } => {
            words.line_with("form-number-decimals", [("most", (*most).into())])
        }
        AnswerError::Length { least, most } => {
            let length = typed.chars().count();
            if length > *most as usize {
                let values = [("length", length.into()), ("most", (*most).into())];
                words.line_with("form-text-long", values)
            } else {
                words.line_with("form-text-short", [("least", (*least).into())])
            }
        }
        AnswerError::Pattern { message } => {
            message.clone().unwrap_or_else(|| words.line("form-text-pattern"))
        }
    }
}

/// A number that would be an answer.
fn example(kind: &QuestionKind) -> crate::words::Value<'static> {
    match kind {
        QuestionKind::Number { min: Some(number), .. }
        | QuestionKind::Number { max: Some(number), .. } => number.to_string().into(),
        _ => "42".into(),
    }
}

/// Whether a slip is there to stay, however much more is typed.
pub(super) fn is_final(slip: &Slip, typed: &str) -> bool {
    match slip {
        Slip::NotANumber => !matches!(typed.trim(), "-" | "+" | "." | ","),
        Slip::Answer(AnswerError::Length { most, .. }) => typed.chars().count() > *most as usize,
        _ => false,
    }
}

/// How many options to choose, where that needs saying.
pub(super) fn hint(kind: &QuestionKind, words: &Words) -> Option<String> {
    match kind {
        QuestionKind::Choice(_) => Some(words.line("form-choose-one")),
        QuestionKind::Choices { options, at_least, at_most } => {
            let all = options.options.len() + usize::from(options.other.is_some());
            let (least, most) = (*at_least, *at_most);
            let unbounded = most as usize >= all;
            let values = || [("least", least.into()), ("most", most.into())];
            Some(match (least, unbounded) {
                (..=1, true) => words.line("form-choose-any"),
                (_, true) => words.line_with("form-choose-least", [("least", least.into())]),
                (..=1, false) => words.line_with("form-choose-most", [("most", most.into())]),
                _ if least == most => {
                    words.line_with("form-choose-exactly", [("count", least.into())])
                }
                _ => words.line_with("form-choose-between", values()),
            })
        }
        QuestionKind::Scale { .. } => Some(words.line("form-scale-hint")),
        QuestionKind::Number { .. } | QuestionKind::Text { .. } => None,
    }
}
