//! Forms and their questions.

use super::{Check, narrow, plain};
use crate::form::{Form, Options, Pattern, Question, QuestionKind};
use crate::raw::form::{self, Body};
use crate::raw::scene;
use crate::read::At;
use crate::read::tree::Span;
use std::io;

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Check<R> {
    pub(super) fn form(&mut self, raw: &scene::Form) -> Form {
        let questions = &raw.question.0;
        self.twice(questions.iter().filter_map(|it| it.head.id.as_ref()), "question.id");
        Form {
            title: plain(raw.title.as_ref()),
            text: self.text(raw.text.as_ref(), raw.file.as_ref()),
            button: plain(raw.button.as_ref()),
            questions: questions.iter().filter_map(|question| self.question(question)).collect(),
        }
    }

    fn question(&mut self, raw: &form::Question) -> Option<Question> {
        let id = self.id(raw.head.id.as_ref(), "question.id");
        let text = self.text_at("question.text", raw.head.text.as_ref());
        let picture = self.picture_at("question.picture", raw.head.picture.as_ref());
        let kind = match raw.body.as_ref()? {
            Body::Choice(raw) => QuestionKind::Choice(self.options(
                &raw.options,
                &raw.pictures,
                *raw.shuffle,
                raw.other.as_ref(),
            )),
            Body::Choices(choices) => self.choices(&raw.span, choices),
            Body::Scale(raw) => self.scale(raw),
            Body::Number(raw) => self.number(raw),
            Body::Text(raw) => self.text_question(raw),
        };
        Some(Question { id: id?, text: text?, required: *raw.head.required, picture, kind })
    }

    fn options(
        &mut self,
        options: &[At<String>],
        pictures: &[At<String>],
        shuffle: bool,
        other: Option<&At<String>>,
    ) -> Options {
        self.twice(options.iter().chain(other), "question.options");
        if let Some(first) = pictures.first()
            && pictures.len() != options.len()
        {
            let problem =
                format!("there are {} pictures for {} options", pictures.len(), options.len());
            self.wrong(&first.span, "question.pictures", problem, "give each option its picture");
        }
        for picture in pictures {
            self.picture_at("question.pictures", Some(picture));
        }
        let texts = |list: &[At<String>]| list.iter().map(|it| it.value.clone()).collect();
        Options { options: texts(options), pictures: texts(pictures), shuffle, other: plain(other) }
    }

    fn choices(&mut self, span: &Span, raw: &form::Choices) -> QuestionKind {
        let other = raw.other.as_ref();
        let options = self.options(&raw.options, &raw.pictures, *raw.shuffle, other);
        let all = options.options.len() + usize::from(options.other.is_some());
        let all = i64::try_from(all).unwrap_or(i64::MAX);
        let least = raw.at_least.as_ref().map_or(1, |it| **it);
        let most = raw.at_most.as_ref().map_or(all, |it| **it);
        let is_possible = least <= most && most <= all;
        if !is_possible && !raw.options.is_empty() {
            let problem = format!("{least} to {most} of {all} answers cannot be chosen");
            let at = raw.at_most.as_ref().or(raw.at_least.as_ref()).map_or(span, |it| &it.span);
            let hint = "at_least is at most at_most, and that at most the number of options";
            self.wrong(at, "question.at_most", problem, hint);
        }
        QuestionKind::Choices { options, at_least: narrow(least), at_most: narrow(most) }
    }

    fn scale(&mut self, raw: &form::Scale) -> QuestionKind {
        let (points, labels) = (*raw.points, &raw.labels);
        let count = i64::try_from(labels.len()).unwrap_or(i64::MAX);
        if let Some(first) = labels.first()
            && (count == 1 || count > points)
        {
            let problem = format!("{count} labels do not fit on {points} points");
            let hint = "give one for each end at least, and one for each point at most";
            self.wrong(&first.span, "question.labels", problem, hint);
        }
        let labels = labels.iter().map(|label| label.value.clone()).collect();
        QuestionKind::Scale { points: narrow(points), labels }
    }

    fn number(&mut self, raw: &form::Number) -> QuestionKind {
        let (min, max) = (raw.min.as_ref(), raw.max.as_ref());
        if let (Some(min), Some(max)) = (min, max)
            && **min > **max
        {
            let problem = format!("nothing is at least {} and at most {}", **min, **max);
            self.wrong(&max.span, "question.max", problem, "make max larger than min");
        }
        QuestionKind::Number {
            min: min.map(|it| **it),
            max: max.map(|it| **it),
            decimals: narrow(*raw.decimals),
            unit: plain(raw.unit.as_ref()),
        }
    }

    fn text_question(&mut self, raw: &form::Text) -> QuestionKind {
        if *raw.min_length > *raw.max_length {
            let problem =
                format!("no text has {} to {} characters", *raw.min_length, *raw.max_length);
            let hint = "make max_length larger than min_length";
            self.wrong(&raw.min_length.span, "question.min_length", problem, hint);
        }
        let pattern = raw.pattern.as_ref().map(|pattern| {
            if let Err(error) = Pattern::compile(pattern) {
                let problem = format!("{:?} is no regular expression: {error}", pattern.value);
                let hint = "for example '[A-Z]{3}[0-9]{4}', in single quotes, where \\ is itself";
                self.wrong(&pattern.span, "question.pattern", problem, hint);
            }
            let message = plain(raw.pattern_message.as_ref());
            Pattern { expression: pattern.value.clone(), message }
        });
        if let (None, Some(message)) = (&raw.pattern, &raw.pattern_message) {
            let hint = "add pattern = '...', or remove the line";
            self.wrong(&message.span, "question.pattern_message", "there is no pattern", hint);
        }
        QuestionKind::Text {
            lines: narrow(*raw.lines),
            min_length: narrow(*raw.min_length),
            max_length: narrow(*raw.max_length),
            pattern,
        }
    }
}
