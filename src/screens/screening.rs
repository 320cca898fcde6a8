//! Questions that say who may take part, asked before the first scene: a form with one choice for
//! each.

use super::form::{self, Draft};
use crate::lab::pictures::Album;
use crate::words::Words;
use bevy_egui::egui::Context;
use dyad_experiment::form::{Answer, Form, Options, Question, QuestionKind};
use dyad_experiment::text::Text;

/// A question of screening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The question, in Markdown.
    pub text: String,
    /// Its answers, of which one is chosen.
    pub options: Vec<String>,
}

/// Shows the screen. Returns the chosen answer of each question, by index, once all are there.
pub fn show(
    ctx: &Context,
    study: &str,
    asked: &[Asked],
    pictures: &Album,
    draft: &mut Draft,
    words: &Words,
) -> Option<Vec<u32>> {
    let form = Form {
        title: Some(words.line("screening-title")),
        text: None,
        button: Some(words.line("continue")),
        questions: (0..).zip(asked).map(|(number, asked)| question(number, asked)).collect(),
    };
    let answers = form::show(ctx, study, &form, pictures, 0, draft, words)?;
    let chosen = form.questions.iter().zip(asked).map(|(question, asked)| {
        let Some(Answer::Text(text)) = answers.get(&question.id) else { return None };
        u32::try_from(asked.options.iter().position(|option| option == text)?).ok()
    });
    chosen.collect()
}

fn question(number: usize, asked: &Asked) -> Question {
    let options = Options {
        options: asked.options.clone(),
        pictures: Vec::new(),
        shuffle: false,
        other: None,
    };
    Question {
        id: format!("question-{number}").parse().expect("letters, a dash and digits"),
        text: Text { markdown: asked.text.clone() },
        required: true,
        picture: None,
        kind: QuestionKind::Choice(options),
    }
}
