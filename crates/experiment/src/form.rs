//! Forms: questions, and which answers are answers to them.

use crate::ids::QuestionId;
use crate::seed;
use crate::text::Text;
use serde::{Deserialize, Serialize};

/// A form: questions on one page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// A heading.
    pub title: Option<String>,
    /// A text above the questions.
    pub text: Option<Text>,
    /// The button to send the answers; `None` stands for the program's own words.
    pub button: Option<String>,
    /// The questions, with ids that differ.
    pub questions: Vec<Question>,
}

/// A question of a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Its id: a column of the data.
    pub id: QuestionId,
    /// The question.
    pub text: Text,
    /// Whether it must be answered.
    pub required: bool,
    /// The path of a picture beside it.
    pub picture: Option<String>,
    /// How it is answered.
    pub kind: QuestionKind,
}

/// How a question is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QuestionKind {
    /// One answer out of several.
    Choice(Options),
    /// Several answers out of several.
    Choices {
        /// The answers.
        options: Options,
        /// How many must be chosen, if any is.
        at_least: u32,
        /// How many may be chosen.
        at_most: u32,
    },
    /// A point on a scale.
    Scale {
        /// How many points it has, at least 2.
        points: u32,
        /// Labels from the first point to the last, as far apart as each other.
        labels: Vec<String>,
    },
    /// A number.
    Number {
        /// The least it may be.
        min: Option<f64>,
        /// The most it may be.
        max: Option<f64>,
        /// Digits after the decimal point.
        decimals: u8,
        /// What stands behind it.
        unit: Option<String>,
    },
    /// A text.
    Text {
        /// Lines to write on.
        lines: u8,
        /// Least characters.
        min_length: u32,
        /// Most characters.
        max_length: u32,
        /// What all of the answer must look like, and what people read otherwise.
        pattern: Option<Pattern>,
    },
}

/// Answers to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Their texts.
    pub options: Vec<String>,
    /// Paths of pictures: none, or as many as there are options.
    pub pictures: Vec<String>,
    /// Whether they stand in random order.
    pub shuffle: bool,
    /// The label of a further answer with a line to write on.
    pub other: Option<String>,
}

impl Options {
    /// Indexes of the options in the order in which somebody sees them, whose seed this is. The
    /// further answer is not among them: it is always the last.
    #[must_use]
    pub fn order(&self, question: &QuestionId, own_seed: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.options.len()).collect();
        if self.shuffle {
            seed::shuffle(&mut order, seed::derive(own_seed, "options", question.as_str()));
        }
        order
    }
}

/// A regular expression for all of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// The expression.
    pub expression: String,
    /// What people read whose answer is not like it.
    pub message: Option<String>,
}

impl Pattern {
    pub(crate) fn compile(expression: &str) -> Result<regex_lite::Regex, regex_lite::Error> {
        let whole = format!("^(?:{expression})$");
        // Alone first: "a)(b" would make sense between the brackets.
        regex_lite::Regex::new(expression).and_then(|_| regex_lite::Regex::new(&whole))
    }

    fn fits(&self, answer: &str) -> bool {
        Self::compile(&self.expression).is_ok_and(|pattern| pattern.is_match(answer))
    }
}

/// An answer to a question. An unanswered question has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// A point of a scale, from 1, or a number.
    Number(f64),
    /// A text, or the text of an option, or of the further one what was written.
    Text(String),
    /// The texts of options.
    Texts(Vec<String>),
}

/// Why something is no answer to a question.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AnswerError {
    /// It must be answered.
    #[error("the question must be answered")]
    Missing,
    /// It is of another kind than the question asks for, or none of the options.
    #[error("this is not one of the answers")]
    Kind,
    /// Too few or too many options.
    #[error("{least} to {most} answers can be chosen")]
    Count {
        /// The fewest.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A number outside its range.
    #[error("the number is out of range")]
    Range {
        /// The least.
        min: Option<f64>,
        /// The most.
        max: Option<f64>,
    },
    /// More digits after the decimal point than there may be.
    #[error("a number with at most {most} digits after the decimal point is asked for")]
    Decimals {
        /// The most.
        most: u8,
    },
    /// A text too short or too long.
    #[error("{least} to {most} characters can be written")]
    Length {
        /// The fewest.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A text that does not look as it must.
    #[error("the text does not look as it must")]
    Pattern {
        /// What the author says of it.
        message: Option<String>,
    },
}

impl Question {
    /// Checks an answer, as the form does while somebody types and the lab when it arrives.
    ///
    /// # Errors
    /// [`AnswerError`] says what is wrong with it.
    pub fn check(&self, answer: Option<&Answer>) -> Result<(), AnswerError> {
        let nothing = match answer {
            None => true,
            Some(Answer::Text(text)) => text.trim().is_empty(),
            Some(Answer::Texts(texts)) => texts.is_empty(),
            Some(Answer::Number(_)) => false,
        };
        match answer.filter(|_| !nothing) {
            None if self.required => Err(AnswerError::Missing),
            None => Ok(()),
            Some(answer) => self.kind.check(answer),
        }
    }
}

impl QuestionKind {
    fn check(&self, answer: &Answer) -> Result<(), AnswerError> {
        match (self, answer) {
            (Self::Choice(options), Answer::Text(text)) => {
                options.check(std::slice::from_ref(text))
            }
            (Self::Choices { options, at_least, at_most }, Answer::Texts(texts)) => {
                options.check(texts)?;
                let (least, most) = (*at_least, *at_most);
                let count = u32::try_from(texts.len()).unwrap_or(u32::MAX);
                let good = (least..=most).contains(&count);
                if good { Ok(()) } else { Err(AnswerError::Count { least, most }) }
            }
            (Self::Scale { points, .. }, Answer::Number(point)) => {
                let good = point.fract() == 0.0 && (1.0..=f64::from(*points)).contains(point);
                if good { Ok(()) } else { Err(AnswerError::Kind) }
            }
            (Self::Number { min, max, decimals, .. }, Answer::Number(number)) => {
                check_number(*number, *min, *max, *decimals)
            }
            (Self::Text { min_length, max_length, pattern, .. }, Answer::Text(text)) => {
                let (least, most) = (*min_length, *max_length);
                let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                if !(least..=most).contains(&length) {
                    return Err(AnswerError::Length { least, most });
                }
                match pattern {
                    Some(pattern) if !pattern.fits(text) => {
                        Err(AnswerError::Pattern { message: pattern.message.clone() })
                    }
                    _ => Ok(()),
                }
            }
            _ => Err(AnswerError::Kind),
        }
    }
}

fn check_number(
    number: f64,
    min: Option<f64>,
    max: Option<f64>,
    decimals: u8,
) -> Result<(), AnswerError> {
    let below = min.is_some_and(|min| number < min);
    if !number.is_finite() || below || max.is_some_and(|max| number > max) {
        return Err(AnswerError::Range { min, max });
    }
    // As it is written: 0.1 has one digit, whatever its last bits are.
    let written = number.to_string();
    let digits = written.split_once('.').map_or(0, |(_, digits)| digits.len());
    let good = digits <= usize::from(decimals);
    if good { Ok(()) } else { Err(AnswerError::Decimals { most: decimals }) }
}

impl Options {
    /// Each an option, none twice; one may be something else if there is a further answer.
    fn check(&self, chosen: &[String]) -> Result<(), AnswerError> {
        let twice = (1..chosen.len()).any(|at| chosen[..at].contains(&chosen[at]));
        let foreign = chosen.iter().filter(|text| !self.options.contains(text)).count();
        let good = !twice && foreign <= usize::from(self.other.is_some());
        if good { Ok(()) } else { Err(AnswerError::Kind) }
    }
}
