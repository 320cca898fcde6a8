//! Tables of a form: what all questions have, and what each kind has.

use super::scene::{Union, Variant};
use crate::read::tree::Node;
use crate::read::value::{Value, entries};
use crate::read::{
    At, Definitions, Reader, Rule, Scope, Slot, Table as _, items, or, required, tables, within,
};
use serde_json::{Value as Json, json};

tables! {
    /// What all questions have.
    QuestionHead {
        /// The question's id, which becomes a column of the data.
        id: Option<At<String>> = required();
        /// What kind of question it is.
        kind: Option<At<String>> = required();
        /// The question, in Markdown.
        text: Option<At<String>> = within(1, 10_000).required();
        /// Whether it must be answered.
        required: At<bool> = or(true);
        /// A picture beside the question: the path of a PNG or JPEG file.
        picture: Option<At<String>> = within(1, 1000);
        /// Whether the answer says who somebody is, such as an address. It is kept apart from all other data, and encrypted.
        identifying: At<bool> = or(false);
    }

    /// One answer out of several.
    Choice {
        /// The answers.
        options: Vec<At<String>> = items(2, 50).required();
        /// A picture for each of the answers.
        pictures: Vec<At<String>> = items(2, 50);
        /// Whether the answers stand in random order.
        shuffle: At<bool> = or(false);
        /// A further answer with this label, and a line to write on.
        other: Option<At<String>> = within(1, 200);
    }

    /// Any number of answers out of several.
    Choices {
        /// The answers.
        options: Vec<At<String>> = items(2, 50).required();
        /// A picture for each of the answers.
        pictures: Vec<At<String>> = items(2, 50);
        /// Whether the answers stand in random order.
        shuffle: At<bool> = or(false);
        /// A further answer with this label, and a line to write on.
        other: Option<At<String>> = within(1, 200);
        /// How many must be chosen, if any is. 1, if left out.
        at_least: Option<At<i64>> = within(1, 51);
        /// How many may be chosen.
        at_most: Option<At<i64>> = within(1, 51);
    }

    /// A point on a scale. Nothing is chosen before somebody touches it.
    Scale {
        /// How many points it has.
        points: At<i64> = within(2, 101).or(7);
        /// Labels below the scale, from its first point to its last, as far apart as each other.
        labels: Vec<At<String>> = items(0, 101);
    }

    /// A number.
    Number {
        /// The least it may be.
        min: Option<At<f64>> = within(-1e12, 1e12);
        /// The most it may be.
        max: Option<At<f64>> = within(-1e12, 1e12);
        /// Digits after the decimal point.
        decimals: At<i64> = within(0, 6).or(0);
        /// What stands behind it, such as `"years"`.
        unit: Option<At<String>> = within(1, 40);
    }

    /// A text.
    Text {
        /// Lines to write on: 1 for a short answer.
        lines: At<i64> = within(1, 30).or(1);
        /// Least characters.
        min_length: At<i64> = within(0, 10_000).or(0);
        /// Most characters.
        max_length: At<i64> = within(1, 10_000).or(4000);
        /// What all of the answer must look like, as a regular expression (the syntax of Rust's regex-lite).
        pattern: Option<At<String>> = within(1, 1000);
        /// What people read who write something else.
        pattern_message: Option<At<String>> = within(1, 500);
    }
}

/// A question of any kind.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) head: QuestionHead,
    pub(crate) body: Option<Body>,
    pub(crate) span: std::ops::Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Choice(Choice),
    Choices(Choices),
    Scale(Scale),
    Number(Number),
    Text(Text),
}

/// The kinds of questions.
pub(crate) fn union() -> Union {
    Union {
        name: "Question",
        head: QuestionHead::fields,
        default: None,
        variants: vec![
            Variant::of::<Choice>("choice"),
            Variant::of::<Choices>("choices"),
            Variant::of::<Scale>("scale"),
            Variant::of::<Number>("number"),
            Variant::of::<Text>("text"),
        ],
    }
}

fn question(reader: &mut Reader, slot: &Slot<'_>, node: &Node) -> Option<Question> {
    let table = entries(reader, slot, node)?;
    let scope = Scope { table, span: node.span.clone(), path: format!("{}.", slot.path) };
    let head = QuestionHead::read(reader, &scope);
    let kind = union().kind(reader, &scope, head.kind.as_ref());
    let body = kind.map(|kind| match kind {
        "choice" => Body::Choice(Choice::read(reader, &scope)),
        "choices" => Body::Choices(Choices::read(reader, &scope)),
        "scale" => Body::Scale(Scale::read(reader, &scope)),
        "number" => Body::Number(Number::read(reader, &scope)),
        _ => Body::Text(Text::read(reader, &scope)),
    });
    Some(Question { head, body, span: node.span.clone() })
}

/// The questions of a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Questions(pub(crate) Vec<Question>);

impl Value for Questions {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        let nodes = crate::read::value::list(reader, slot).unwrap_or_default();
        Self(nodes.iter().filter_map(|node| question(reader, slot, node)).collect())
    }

    fn schema(_: &Rule, definitions: &mut Definitions) -> Json {
        json!({ "type": "array", "minItems": 1, "items": union().reference(definitions) })
    }
}
