//! Texts that participants read, and the pictures in them.

use dyad_gridworld::Digest;
use pulldown_cmark::{Event, Parser, Tag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A text in Markdown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The text.
    pub markdown: String,
}

impl Text {
    /// BLAKE3 of the text's bytes: which text it was that somebody consented to.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.markdown.as_bytes())
    }

    /// The pictures that it shows, as they are written in it.
    #[must_use]
    pub fn pictures(&self) -> Vec<String> {
        let shown = |event| match event {
            Event::Start(Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
            _ => None,
        };
        Parser::new(&self.markdown).filter_map(shown).collect()
    }
}

/// A picture, as it was when the experiment was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The file's bytes.
    pub bytes: Arc<[u8]>,
    /// What kind of picture it is, by its first bytes.
    pub format: PictureFormat,
}

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

impl PictureFormat {
    /// The kind of a file with these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else {
            None
        }
    }
}

/// Pictures by path, as texts and questions name them.
pub type Pictures = BTreeMap<String, Picture>;

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn pictures_are_those_that_are_shown() {
        let markdown = "![a](a.png) [no](b.png) `![c](c.png)`\n\n![d][r]\n\n[r]: d.png \"title\"\n";
        let text = Text { markdown: markdown.to_owned() };
        assert_eq!(text.pictures(), ["a.png", "d.png"]);
    }
}
