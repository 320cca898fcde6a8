//! Files that an experiment file includes: texts, pictures, layouts.

use super::Check;
use crate::read::At;
use crate::read::tree::Span;
use crate::text::{Picture, PictureFormat, Text};
use crate::{MAX_FILE, MAX_PICTURE};
use dyad_gridworld::Digest;
use std::io;

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Check<R> {
    /// BLAKE3 over the file's text, and the path and digest of each file that it includes, in
    /// order of paths; texts with their length (8 bytes, little-endian) in front.
    pub(super) fn digest(&self, text: &str) -> Digest {
        let mut bytes = Vec::from(*b"dyad experiment");
        let mut put = |part: &[u8]| {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        };
        put(text.as_bytes());
        for (path, digest) in &self.digests {
            put(path.as_bytes());
            put(&digest.0);
        }
        Digest::of(&bytes)
    }

    /// The bytes of a file.
    fn include(&mut self, span: &Span, field: &str, path: &str, most: u64) -> Option<Vec<u8>> {
        let hint = "the path starts at the experiment file's folder, with / between folders";
        let bytes = match (self.read)(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.wrong(span, field, format!("cannot read {path:?}: {error}"), hint);
                return None;
            }
        };
        if bytes.len() as u64 > most {
            let problem = format!("{path:?} has {} bytes, {most} are allowed", bytes.len());
            self.wrong(span, field, problem, "make the file smaller");
            return None;
        }
        self.digests.insert(path.to_owned(), Digest::of(&bytes));
        Some(bytes)
    }

    /// A text file.
    pub(super) fn include_text(&mut self, field: &str, path: &At<String>) -> Option<String> {
        let bytes = self.include(&path.span, field, path, MAX_FILE)?;
        let text = String::from_utf8(bytes);
        if text.is_err() {
            let problem = format!("{:?} is no text in UTF-8", path.value);
            self.wrong(&path.span, field, problem, "save the file as UTF-8");
        }
        text.ok()
    }

    /// A text in Markdown that is in the file or in one of its own, with its pictures. A mistake
    /// if it is in both.
    pub(super) fn text(
        &mut self,
        text: Option<&At<String>>,
        file: Option<&At<String>>,
    ) -> Option<Text> {
        let (markdown, span, field) = match (text, file) {
            (Some(_), Some(file)) => {
                let problem = "there is a text as well";
                self.wrong(&file.span, "file", problem, "remove one of the two");
                return None;
            }
            (Some(text), None) => (text.value.clone(), &text.span, "text"),
            (None, Some(file)) => (self.include_text("file", file)?, &file.span, "file"),
            (None, None) => return None,
        };
        Some(self.markdown(span, field, markdown))
    }

    /// A text in Markdown that is in the file, with its pictures.
    pub(super) fn text_at(&mut self, field: &str, text: Option<&At<String>>) -> Option<Text> {
        text.map(|text| self.markdown(&text.span, field, text.value.clone()))
    }

    fn markdown(&mut self, span: &Span, field: &str, markdown: String) -> Text {
        let text = Text { markdown };
        for picture in text.pictures() {
            self.picture(span, field, &picture);
        }
        text
    }

    /// The same, where there must be one.
    pub(super) fn required_text(
        &mut self,
        scene: &Span,
        text: Option<&At<String>>,
        file: Option<&At<String>>,
    ) -> Option<Text> {
        let is_mistaken = |field| self.reader.is_mistaken(scene, field);
        if text.is_none() && file.is_none() && !is_mistaken("text") && !is_mistaken("file") {
            let hint = "add text = \"\"\"...\"\"\" or file = \"PATH\", in Markdown";
            self.reader.missing(scene, "text", hint.to_owned());
        }
        self.text(text, file)
    }

    pub(super) fn picture_at(&mut self, field: &str, path: Option<&At<String>>) -> Option<String> {
        let path = path?;
        self.picture(&path.span, field, path);
        Some(path.value.clone())
    }

    /// A picture that a text or a question shows.
    fn picture(&mut self, span: &Span, field: &str, path: &str) {
        if self.pictures.contains_key(path) {
            return;
        }
        if path.starts_with('/') || path.contains(['\\', ':']) {
            let problem = format!("the picture {path:?} is not in the experiment's folder");
            let hint = "put the file beside the experiment file and write its relative path, with / \
                        between folders: participants' computers may have no internet";
            return self.wrong(span, field, problem, hint);
        }
        let Some(bytes) = self.include(span, field, path, MAX_PICTURE) else { return };
        match PictureFormat::of(&bytes) {
            Some(format) => {
                self.pictures.insert(path.to_owned(), Picture { bytes: bytes.into(), format });
            }
            None => {
                let problem = format!("the picture {path:?} is neither PNG nor JPEG");
                self.wrong(span, field, problem, "save it as one of the two");
            }
        }
    }
}
