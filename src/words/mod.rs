//! The client's own words, in one catalogue a language: `assets/words/*.ftl`, in the form of
//! Project Fluent. What a study brings in its experiment file is not here.
//!
//! A language is added by a file, and a line in `CATALOGUES`. A test holds the catalogues
//! against each other and against the keys that the program's source names.

#[cfg(test)]
mod tests;

pub use fluent_bundle::FluentValue as Value;

use bevy::prelude::Resource;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use std::sync::{Arc, LazyLock};
use unic_langid::LanguageIdentifier;

/// The languages that there are, each with its file. The first stands in for what others lack.
const CATALOGUES: [(&str, &str); 2] = [
    ("en", include_str!("../../assets/words/en.ftl")),
    ("de", include_str!("../../assets/words/de.ftl")),
];

/// Words in a language.
#[derive(Resource, Clone)]
pub struct Words(Arc<Catalogue>);

struct Catalogue {
    language: &'static str,
    chosen: FluentBundle<FluentResource>,
    english: FluentBundle<FluentResource>,
}

impl Words {
    /// The languages that there are.
    pub const LANGUAGES: [&'static str; CATALOGUES.len()] = {
        let mut languages = [""; CATALOGUES.len()];
        let mut at = 0;
        while at < CATALOGUES.len() {
            languages[at] = CATALOGUES[at].0;
            at += 1;
        }
        languages
    };

    /// The catalogue for a language as BCP 47 writes it, such as `de` or `de-AT`; `None` if there
    /// is none.
    #[must_use]
    pub fn of(language: &str) -> Option<Self> {
        // Systems write de_DE.UTF-8.
        let tag = language.split(['.', '@']).next().unwrap_or(language);
        let asked: LanguageIdentifier = tag.parse().ok()?;
        let (language, text) = CATALOGUES
            .iter()
            .copied()
            .find(|(known, _)| asked.language.as_str().eq_ignore_ascii_case(known))?;
        let english = bundle(CATALOGUES[0].0, CATALOGUES[0].1);
        Some(Self(Arc::new(Catalogue { language, chosen: bundle(language, text), english })))
    }

    /// The words in English.
    #[must_use]
    pub fn english() -> Self {
        static ENGLISH: LazyLock<Words> =
            LazyLock::new(|| Words::of(CATALOGUES[0].0).expect("English is in the list"));
        ENGLISH.clone()
    }

    /// The first of these languages that there is a catalogue for, or else English.
    #[must_use]
    pub fn first_of<'a>(languages: impl IntoIterator<Item = &'a str>) -> Self {
        languages.into_iter().find_map(Self::of).unwrap_or_else(Self::english)
    }

    /// Which language this is.
    #[must_use]
    pub fn language(&self) -> &'static str {
        self.0.language
    }

    /// The words in the language after this one; the last is followed by the first.
    #[must_use]
    pub fn next(&self) -> Self {
        let at = Self::LANGUAGES.iter().position(|known| *known == self.language());
        let next = at.map_or(0, |at| (at + 1) % Self::LANGUAGES.len());
        Self::of(Self::LANGUAGES[next]).unwrap_or_else(Self::english)
    }

    /// The line with this key.
    #[must_use]
    pub fn line(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The line with this key, with values in it.
    #[must_use]
    pub fn line_with<const N: usize>(&self, key: &str, values: [(&str, Value<'_>); N]) -> String {
        self.format(key, Some(&values.into_iter().collect()))
    }

    /// A key that is nowhere stands for itself: a test says that there is none.
    fn format(&self, key: &str, values: Option<&FluentArgs<'_>>) -> String {
        let in_bundle = |bundle: &FluentBundle<FluentResource>| {
            let pattern = bundle.get_message(key)?.value()?;
            let mut errors = Vec::new();
            let line = bundle.format_pattern(pattern, values, &mut errors);
            debug_assert!(errors.is_empty(), "{key}: {errors:?}");
            Some(line.into_owned())
        };
        let line = in_bundle(&self.0.chosen).or_else(|| in_bundle(&self.0.english));
        line.unwrap_or_else(|| key.to_owned())
    }
}

/// A catalogue is a part of the program, and a test reads each.
fn bundle(language: &str, text: &str) -> FluentBundle<FluentResource> {
    let resource = FluentResource::try_new(text.to_owned()).expect("the catalogue is in order");
    let language = language.parse().expect("languages in the list have good names");
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Marks of direction around values would be drawn as boxes.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).expect("no key is in a catalogue twice");
    bundle
}

/// What decides about the language: the person's own word, or else the study's, or else the
/// system's.
#[derive(Resource, Clone, Debug, Default)]
pub struct Language {
    /// What the command line says.
    pub asked: Option<String>,
    /// What the experiment says, once it is known.
    pub study: Option<String>,
    /// What was chosen in the window.
    pub chosen: Option<String>,
}

impl Language {
    /// Takes the language that somebody chose in the window.
    pub fn choose(&mut self, language: &str) {
        self.chosen = Some(language.to_owned());
    }

    /// The words that follow from it: in English where a study's language has none.
    #[must_use]
    pub fn words(&self) -> Words {
        let of_study = self.study.clone().or_else(sys_locale::get_locale);
        let languages = [&self.chosen, &self.asked, &of_study];
        Words::first_of(languages.into_iter().flatten().map(String::as_str))
    }
}
