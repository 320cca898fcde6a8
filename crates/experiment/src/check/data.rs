//! What becomes of the data, and what consent forms say of it.

use super::{Check, narrow};
use crate::mistake::Warning;
use crate::notice::{self, Promised};
use crate::raw::scene::{self, Body};
use crate::raw::{self, study};
use crate::read::{At, Sub};
use crate::rules::Data;
use crate::scene::Scene;
use std::io;

/// How a public key of age begins.
const PREFIX: &str = "age1";

/// Letters and digits after that; the alphabet of bech32.
const LENGTH: usize = 58;
const ALPHABET: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Check<R> {
    pub(super) fn data(&mut self, raw: &Sub<study::Data>, scenes: &[scene::Scene]) -> Data {
        let mut data = Data {
            identities_key: raw.identities_key.as_ref().map(|key| key.value.clone()),
            keep_days: narrow(*raw.keep_days),
            withdrawal: *raw.withdrawal,
            notice: String::new(),
            identifying: Default::default(),
        };
        if let Some(key) = raw.identities_key.as_ref().filter(|key| !is_key(key)) {
            let hint = "run `dyad-signalling keygen --to FILE` on a computer of your own, and copy \
                        the line that it prints, which begins with age1";
            let problem = format!("{:?} is no public key of age", key.value);
            self.wrong(&key.span, "data.identities_key", problem, hint);
        }
        for scene in scenes {
            let Some(Body::Form(form)) = &scene.body else { continue };
            let scene = scene.head.id.as_ref().and_then(parsed);
            let marked = form.question.0.iter().filter(|question| *question.head.identifying);
            let marked = marked.filter_map(|question| parsed(question.head.id.as_ref()?));
            data.identifying.extend(marked.filter_map(|id| Some((scene.clone()?, id))));
        }
        data
    }

    /// Has the consent forms say what becomes of the data, and gives the words.
    pub(super) fn notice(
        &mut self,
        file: &raw::File,
        data: &Data,
        relay_only: bool,
        scenes: &mut [Scene],
    ) -> String {
        let language = file.language.as_ref().map(|language| language.value.as_str());
        let own = file.data.notice.as_ref().map(|notice| notice.value.clone());
        let is_own = own.is_some();
        let notice = own.unwrap_or_else(|| {
            let Data { withdrawal, keep_days, .. } = *data;
            notice::words(&Promised { withdrawal, keep_days, relay_only }, language, scenes)
        });
        let is_shown = notice::add(scenes, &notice);
        if let Some(language) = language.filter(|it| is_shown && !is_own && !notice::speaks(it)) {
            self.warnings.push(Warning::Notice { language: language.to_owned() });
        }
        notice
    }
}

/// A name; if it is none, that is said elsewhere.
fn parsed<T: std::str::FromStr>(name: &At<String>) -> Option<T> {
    name.value.parse().ok()
}

fn is_key(key: &str) -> bool {
    let letters = key.strip_prefix(PREFIX);
    letters.is_some_and(|it| it.len() == LENGTH && it.chars().all(|it| ALPHABET.contains(it)))
}
