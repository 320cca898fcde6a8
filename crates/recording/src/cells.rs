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

    /// A whole number. Tables are full of them, and this takes a fraction of what [`Self::plain`]
    /// does.
    pub(crate) fn integer(&mut self, number: i64) {
        self.gap();
        if number < 0 {
            self.out.push(b'-');
        }
        let mut digits = [0; 20];
        let (mut at, mut rest) = (digits.len(), number.unsigned_abs());
        loop {
            at -= 1;
            digits[at] = b'0' + u8::try_from(rest % 10).expect("a digit");
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.out.extend_from_slice(&digits[at..]);
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
        fn integers_are_as_they_print(number in any::<i64>(), small in -2000_i64..2000) {
            for number in [number, small, 0, i64::MIN, i64::MAX] {
                let mut ours = Vec::new();
                let mut line = Line::new(&mut ours);
                line.integer(number);
                line.finish();
                prop_assert_eq!(ours, format!("{number}\n").into_bytes());
            }
        }

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
