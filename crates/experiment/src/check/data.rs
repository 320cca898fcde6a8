//! What becomes of the data.

use super::{Check, narrow};
use crate::raw::scene::{self, Body};
use crate::raw::study;
use crate::read::{At, Sub};
use crate::rules::Data;
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
}

/// A name; if it is none, that is said elsewhere.
fn parsed<T: std::str::FromStr>(name: &At<String>) -> Option<T> {
    name.value.parse().ok()
}

fn is_key(key: &str) -> bool {
    let letters = key.strip_prefix(PREFIX);
    letters.is_some_and(|it| it.len() == LENGTH && it.chars().all(|it| ALPHABET.contains(it)))
}
