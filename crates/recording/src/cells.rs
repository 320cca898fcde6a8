//! Writes lines of comma-separated cells: quotes only where necessary, LF at the end of a line,
//! booleans as `True` and `False`.

use std::fmt::Display;
use std::io::Write as _;

/// One line under construction at the end of a buffer. [`Self::finish`] ends it.
pub(crate) struct Line<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Line<'a> {
    pub(crate) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, first: true }
    }

    fn gap(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    /// A value whose text never needs quotes: a number or an identifier.
    pub(crate) fn plain(&mut self, value: impl Display) {
        self.gap();
        write!(self.out, "{value}").expect("a vector takes all bytes");
    }

    /// A value that may be absent: an empty cell.
    pub(crate) fn optional(&mut self, value: Option<impl Display>) {
        match value {
            Some(value) => self.plain(value),
            None => self.gap(),
        }
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.gap();
        self.out.extend_from_slice(if value { b"True" } else { b"False" });
    }

    /// Any text.
    pub(crate) fn text(&mut self, text: &str) {
        self.gap();
        if !text.contains([',', '"', '\n', '\r']) {
            self.out.extend_from_slice(text.as_bytes());
            return;
        }
        self.out.push(b'"');
        self.out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        self.out.push(b'"');
    }

    pub(crate) fn finish(self) {
        self.out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::Line;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_those_of_the_csv_crate(
            cells in prop::collection::vec("[ a-z,\"\r\n=ä']{0,6}", 2..6),
        ) {
            let mut ours = Vec::new();
            let mut line = Line::new(&mut ours);
            cells.iter().for_each(|cell| line.text(cell));
            line.finish();
            let mut theirs = csv::Writer::from_writer(Vec::new());
            theirs.write_record(&cells).unwrap();
            prop_assert_eq!(ours, theirs.into_inner().unwrap());
        }
    }
}
