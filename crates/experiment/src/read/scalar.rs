//! Single values: true or false, numbers, texts, and words out of a few.

use super::tree::Value as Node;
use super::{Rule, suggest};
use serde_json::{Value as Json, json};

/// A value that is neither a list nor a table.
pub(crate) trait Scalar: Clone + Sized {
    /// The value, or what is wrong with it.
    fn parse(node: &Node, rule: &Rule) -> Result<Self, Problem>;

    /// What a field is that has a mistake and no default: it only keeps the reading going.
    fn placeholder() -> Self;

    /// Its schema, without the default.
    fn schema(rule: &Rule) -> Json;

    /// The default, which a rule writes as JSON.
    fn from_json(json: &Json) -> Option<Self>;
}

/// What is wrong with a value.
pub(crate) struct Problem {
    pub(crate) problem: String,
    /// What to do about it, if there is something better to say than the field's own hint.
    pub(crate) hint: Option<String>,
}

impl Problem {
    fn kind(expected: &str, node: &Node) -> Self {
        let problem = format!("must be {expected}, not {}", node.kind());
        let hint = "texts stand in \"quotes\", numbers and true/false do not; lists in [ ]";
        Self { problem, hint: Some(hint.to_owned()) }
    }
}

impl From<String> for Problem {
    fn from(problem: String) -> Self {
        Self { problem, hint: None }
    }
}

impl Scalar for bool {
    fn parse(node: &Node, _: &Rule) -> Result<Self, Problem> {
        match node {
            Node::Flag(flag) => Ok(*flag),
            _ => Err(Problem::kind("true or false", node)),
        }
    }

    fn placeholder() -> Self {
        false
    }

    fn schema(_: &Rule) -> Json {
        json!({ "type": "boolean" })
    }

    fn from_json(json: &Json) -> Option<Self> {
        json.as_bool()
    }
}

fn in_range(number: f64, shown: &str, rule: &Rule) -> Result<(), Problem> {
    match rule.range {
        Some((least, most)) if !(least..=most).contains(&number) => {
            Err(format!("must be {least} to {most}, not {shown}").into())
        }
        _ => Ok(()),
    }
}

impl Scalar for i64 {
    fn parse(node: &Node, rule: &Rule) -> Result<Self, Problem> {
        let Node::Whole(number) = node else {
            return Err(Problem::kind("a whole number", node));
        };
        #[expect(clippy::cast_precision_loss, reason = "ranges end below 2^53")]
        in_range(*number as f64, &number.to_string(), rule)?;
        Ok(*number)
    }

    fn placeholder() -> Self {
        0
    }

    fn schema(rule: &Rule) -> Json {
        let mut schema = json!({ "type": "integer" });
        #[expect(clippy::cast_possible_truncation, reason = "ranges are whole numbers here")]
        if let Some((least, most)) = rule.range {
            schema["minimum"] = json!(least as Self);
            schema["maximum"] = json!(most as Self);
        }
        schema
    }

    fn from_json(json: &Json) -> Option<Self> {
        json.as_i64()
    }
}

impl Scalar for f64 {
    fn parse(node: &Node, rule: &Rule) -> Result<Self, Problem> {
        #[expect(clippy::cast_precision_loss, reason = "a person wrote it")]
        let number = match node {
            Node::Whole(number) => *number as Self,
            Node::Number(number) => *number,
            _ => return Err(Problem::kind("a number", node)),
        };
        if !number.is_finite() {
            return Err(format!("must be a number, not {number}").into());
        }
        in_range(number, &number.to_string(), rule)?;
        Ok(number)
    }

    fn placeholder() -> Self {
        0.0
    }

    fn schema(rule: &Rule) -> Json {
        let mut schema = json!({ "type": "number" });
        if let Some((least, most)) = rule.range {
            schema["minimum"] = json!(least);
            schema["maximum"] = json!(most);
        }
        schema
    }

    fn from_json(json: &Json) -> Option<Self> {
        json.as_f64()
    }
}

impl Scalar for String {
    fn parse(node: &Node, rule: &Rule) -> Result<Self, Problem> {
        let Node::Text(text) = node else { return Err(Problem::kind("a text", node)) };
        let length = text.chars().count();
        #[expect(clippy::cast_precision_loss, reason = "a file is smaller than 2^53 bytes")]
        match rule.range {
            Some((least, most)) if !(least..=most).contains(&(length as f64)) => {
                Err(format!("must have {least} to {most} characters, not {length}").into())
            }
            _ => Ok(text.clone()),
        }
    }

    fn placeholder() -> Self {
        Self::new()
    }

    fn schema(rule: &Rule) -> Json {
        let mut schema = json!({ "type": "string" });
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "lengths are small whole numbers"
        )]
        if let Some((least, most)) = rule.range {
            schema["minLength"] = json!(least as u64);
            schema["maxLength"] = json!(most as u64);
        }
        schema
    }

    fn from_json(json: &Json) -> Option<Self> {
        json.as_str().map(str::to_owned)
    }
}

/// One word out of a few. Declared by [`words!`].
pub(crate) trait Word: Copy + Sized + 'static {
    /// The words, what each means, and the values.
    const ALL: &'static [(&'static str, &'static str, Self)];
}

impl<W: Word> Scalar for W {
    fn parse(node: &Node, _: &Rule) -> Result<Self, Problem> {
        let Node::Text(text) = node else { return Err(Problem::kind("a text", node)) };
        let found = W::ALL.iter().find(|(word, _, _)| word == text);
        found.map(|(_, _, value)| *value).ok_or_else(|| {
            let words = || W::ALL.iter().map(|(word, _, _)| *word);
            let all = words().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
            let problem = format!("{text:?} is none of {all}");
            Problem { problem, hint: suggest::did_you_mean(text, words()) }
        })
    }

    fn placeholder() -> Self {
        W::ALL[0].2
    }

    fn schema(_: &Rule) -> Json {
        let one =
            |(word, doc, _): &(&str, &str, W)| json!({ "const": word, "description": doc.trim() });
        json!({ "type": "string", "oneOf": W::ALL.iter().map(one).collect::<Vec<_>>() })
    }

    fn from_json(json: &Json) -> Option<Self> {
        let text = json.as_str()?;
        W::ALL.iter().find(|(word, _, _)| *word == text).map(|(_, _, value)| *value)
    }
}

/// Declares an enum whose variants are words in the file: `/// what it means`, then `Name = "name",`.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $vis:vis enum $name:ident {
        $($(#[doc = $word_doc:literal])+ $variant:ident = $word:literal,)+
    })+) => {$(
        $(#[doc = $doc])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        $vis enum $name {
            $($(#[doc = $word_doc])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// The word that stands for it in a file.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::read::scalar::Word for $name {
            const ALL: &'static [(&'static str, &'static str, Self)] =
                &[$(($word, concat!($($word_doc),+), Self::$variant)),+];
        }
    )+};
}
pub(crate) use words;
