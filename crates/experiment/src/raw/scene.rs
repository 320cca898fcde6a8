//! Tables of scenes: what all have, and what each kind but the game has.

use super::form::Questions;
use super::gym::{self, Gym, GymFile};
use crate::read::tree::{Node, Span, Value as NodeValue};
use crate::read::value::{Value, list, object};
use crate::read::{
    At, Definitions, Described, Named, Reader, Rule, Scope, Slot, Table, items, optional, or,
    required, suggest, tables, within,
};
use serde_json::{Value as Json, json};

tables! {
    /// What all scenes have.
    Head {
        /// The scene's id, which becomes a folder of the data.
        id: Option<At<String>> = required();
        /// What kind of scene it is.
        kind: Option<At<String>> = or("gym");
        /// The block that it belongs to, if it does.
        block: Option<At<String>> = optional();
        /// The conditions that have the scene. All, if left out.
        conditions: Vec<At<String>> = optional();
        /// How often it comes, one time after the other.
        repeats: At<i64> = within(1, 100).or(1);
    }

    /// The consent form. The digest of its text and the time of the answer are kept. Who declines ends as withdrew.
    Consent {
        /// A heading.
        title: Option<At<String>> = within(1, 200);
        /// The text, in Markdown.
        text: Option<At<String>> = within(1, 200_000);
        /// Or a file with the text. The path starts at the experiment file's folder.
        file: Option<At<String>> = within(1, 1000);
        /// The button to agree. The program's own words, if left out.
        agree: Option<At<String>> = within(1, 200);
        /// The button to decline.
        decline: Option<At<String>> = within(1, 200);
        /// What people read who decline, in Markdown. The message for withdrew, if left out.
        declined: Option<At<String>> = within(1, 10_000);
    }

    /// A page to read.
    Page {
        /// A heading.
        title: Option<At<String>> = within(1, 200);
        /// The text, in Markdown.
        text: Option<At<String>> = within(1, 200_000);
        /// Or a file with the text. The path starts at the experiment file's folder.
        file: Option<At<String>> = within(1, 1000);
        /// The button to go on.
        button: Option<At<String>> = within(1, 200);
        /// Seconds before the button can be used.
        min_seconds: At<f64> = within(0, 3600).or(0.0);
        /// Whether the page tells people the truth about a program that they may have taken for a person. It is also shown to people who end early but have played.
        debriefing: At<bool> = or(false);
    }

    /// A form: questions on one page.
    Form {
        /// A heading.
        title: Option<At<String>> = within(1, 200);
        /// A text above the questions, in Markdown.
        text: Option<At<String>> = within(1, 200_000);
        /// Or a file with that text. The path starts at the experiment file's folder.
        file: Option<At<String>> = within(1, 1000);
        /// The button to send the answers.
        button: Option<At<String>> = within(1, 200);
        /// The questions.
        question: Questions = items(1, 100).required();
    }

    /// The last page, with the completion code. It comes last in the file and belongs to everybody who finishes.
    CompletionPage {
        /// A heading.
        title: Option<At<String>> = within(1, 200);
        /// The text, in Markdown. The message for finished, if left out.
        text: Option<At<String>> = within(1, 200_000);
        /// Or a file with the text. The path starts at the experiment file's folder.
        file: Option<At<String>> = within(1, 1000);
    }
}

/// One kind of a table that comes in several.
pub(crate) struct Variant {
    pub(crate) kind: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) fields: fn() -> Vec<Described>,
}

impl Variant {
    pub(crate) const fn of<T: Table>(kind: &'static str) -> Self {
        Self { kind, doc: T::DOC, fields: T::fields }
    }
}

/// A table that comes in several kinds, told apart by its field `kind`.
pub(crate) struct Union {
    pub(crate) name: &'static str,
    pub(crate) head: fn() -> Vec<Described>,
    pub(crate) default: Option<&'static str>,
    pub(crate) variants: Vec<Variant>,
}

impl Union {
    /// The kind of this table, once its entries are known to fit it; `None` after a mistake.
    pub(crate) fn kind(
        &self,
        reader: &mut Reader,
        scope: &Scope<'_>,
        given: Option<&At<String>>,
    ) -> Option<&'static str> {
        let word = match given {
            Some(given) => given.as_str(),
            // What is there and no text is a mistake already.
            None if scope.table.get("kind").is_some() => return None,
            None => self.default?,
        };
        let Some(variant) = self.variants.iter().find(|variant| variant.kind == word) else {
            let kinds = || self.variants.iter().map(|variant| variant.kind);
            let hint = suggest::did_you_mean(word, kinds())
                .unwrap_or_else(|| format!("kinds are {}", suggest::list(kinds())));
            let span = given.map_or(&scope.span, |given| &given.span);
            let name = self.name.to_lowercase();
            let problem = format!("{word:?} is no kind of {name}");
            reader.wrong(span, &format!("{}kind", scope.path), problem, hint);
            return None;
        };
        let mut fields = (self.head)();
        fields.extend((variant.fields)());
        reader.unknown(scope, &fields, |key| self.elsewhere(variant.kind, key));
        Some(variant.kind)
    }

    /// Where a field belongs that this kind does not have.
    fn elsewhere(&self, kind: &str, key: &str) -> Option<String> {
        let has = |it: &&Variant| (it.fields)().iter().any(|field| field.name == key);
        let others = self.variants.iter().filter(has).map(|it| format!("\"{}\"", it.kind));
        let others: Vec<_> = others.collect();
        (!others.is_empty())
            .then(|| format!("kind = \"{kind}\" does not have it, {} does", others.join(" or ")))
    }

    pub(crate) fn reference(&self, definitions: &mut Definitions) -> Json {
        if !definitions.contains_key(self.name) {
            definitions.insert(self.name, Json::Null);
            let kinds = self.variants.iter().map(|variant| self.variant(variant, definitions));
            let kinds: Vec<_> = kinds.collect();
            definitions.insert(self.name, json!({ "oneOf": kinds }));
        }
        json!({ "$ref": format!("#/definitions/{}", self.name) })
    }

    fn variant(&self, variant: &Variant, definitions: &mut Definitions) -> Json {
        let mut fields = (self.head)();
        fields.extend((variant.fields)());
        let mut schema = object(variant.doc, &fields, definitions);
        let kind = &mut schema["properties"]["kind"];
        *kind = json!({ "const": variant.kind, "description": kind["description"] });
        if self.default.is_some_and(|default| default != variant.kind) {
            let required = schema["required"].as_array_mut().expect("an object has the list");
            required.push(json!("kind"));
        }
        schema
    }
}

/// The kinds of scenes.
pub(crate) fn union() -> Union {
    Union {
        name: "Scene",
        head: Head::fields,
        default: Some("gym"),
        variants: vec![
            Variant::of::<Consent>("consent"),
            Variant::of::<Page>("page"),
            Variant::of::<Form>("form"),
            Variant::of::<Gym>("gym"),
            Variant::of::<CompletionPage>("completion"),
        ],
    }
}

/// The scenes of the file, not read yet: what a game has depends on the defaults and conditions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scenes(pub(crate) Vec<Node>);

impl Value for Scenes {
    fn read(reader: &mut Reader, slot: &Slot<'_>) -> Self {
        if slot.node.is_none() {
            let hint = "describe each scene in a [[scene]] table".to_owned();
            reader.missing(&slot.table, &slot.path, hint);
            return Self::default();
        }
        Self(list(reader, slot).unwrap_or_default().to_vec())
    }

    fn schema(_: &Rule, definitions: &mut Definitions) -> Json {
        json!({ "type": "array", "minItems": 1, "items": union().reference(definitions) })
    }
}

/// A scene of any kind.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) head: Head,
    pub(crate) body: Option<Body>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Consent(Consent),
    Page(Page),
    Form(Form),
    Gym(Box<GymFile>),
    Completion(CompletionPage),
}

/// Reads a scene with the defaults of games and what each condition changes of them.
pub(crate) fn read(
    reader: &mut Reader,
    node: &Node,
    defaults: Option<&Node>,
    conditions: &[(Option<At<String>>, &Named)],
) -> Option<Scene> {
    let NodeValue::Table(table) = &node.value else {
        let problem = format!("must be a table, not {}", node.value.kind());
        reader.wrong(&node.span, "scene", problem, "write [[scene]] above it".to_owned());
        return None;
    };
    let scope = Scope { table, span: node.span.clone(), path: String::new() };
    let head = Head::read(reader, &scope);
    let kind = union().kind(reader, &scope, head.kind.as_ref());
    let body = kind.map(|kind| match kind {
        "consent" => Body::Consent(Consent::read(reader, &scope)),
        "page" => Body::Page(Page::read(reader, &scope)),
        "form" => Body::Form(Form::read(reader, &scope)),
        "completion" => Body::Completion(CompletionPage::read(reader, &scope)),
        _ => Body::Gym(Box::new(gym::read(reader, &scope, &head, defaults, conditions))),
    });
    Some(Scene { head, body, span: node.span.clone() })
}
