//! Inputs as bits: how each differs from the one before it.
//!
//! ```text
//! 0                        not at all
//! 10, three bits           in the lowest three bits, which tell one action from another
//! 11, sixteen bits         in these
//! ```
//!
//! Bits fill bytes from the lowest on; what is left of the last byte is zero. There is one way to
//! write a list of changes, and no other is read.

/// The bits of a change that have a short code.
const SHORT: u16 = 0b111;

/// Writes changes behind what is there.
pub(crate) fn write(changes: &[u16], bytes: &mut Vec<u8>) {
    let (mut waiting, mut count) = (0_u32, 0);
    for &change in changes {
        let (code, length) = match change {
            0 => (0, 1),
            1..=SHORT => (u32::from(change) << 2 | 0b01, 5),
            _ => (u32::from(change) << 2 | 0b11, 18),
        };
        waiting |= code << count;
        count += length;
        while count >= 8 {
            bytes.push((waiting & 0xff) as u8);
            waiting >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        bytes.push((waiting & 0xff) as u8);
    }
}

/// Reads so many changes, and returns them with the bytes behind them. `None` if nobody writes
/// such bytes.
pub(crate) fn read(bytes: &[u8], count: usize) -> Option<(Vec<u16>, &[u8])> {
    let mut bits = Bits { bytes, at: 0 };
    let changes = (0..count).map(|_| bits.change()).collect::<Option<_>>()?;
    Some((changes, bits.rest()?))
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    fn take(&mut self, count: usize) -> Option<u16> {
        (0..count).try_fold(0, |number, place| {
            let bit = self.bytes.get(self.at / 8)? >> (self.at % 8) & 1;
            self.at += 1;
            Some(number | u16::from(bit) << place)
        })
    }

    fn change(&mut self) -> Option<u16> {
        if self.take(1)? == 0 {
            return Some(0);
        }
        if self.take(1)? == 0 {
            return self.take(3).filter(|&change| change > 0);
        }
        self.take(16).filter(|&change| change > SHORT)
    }

    fn rest(mut self) -> Option<&'a [u8]> {
        let padding = self.take(self.at.next_multiple_of(8) - self.at)?;
        (padding == 0).then_some(&self.bytes[self.at / 8..])
    }
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use proptest::prelude::{any, prop, prop_oneof, proptest};

    fn written(changes: &[u16]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(changes, &mut bytes);
        bytes
    }

    #[test]
    fn bits_are_as_documented() {
        assert_eq!(written(&[]), Vec::<u8>::new());
        assert_eq!(written(&[0; 8]), [0]);
        assert_eq!(written(&[0; 9]), [0, 0]);
        // From the lowest bit on: 10 101, then 0, then 11 and the first of sixteen.
        assert_eq!(written(&[5, 0, 0x0100]), [0b1101_0101, 0, 1]);
        assert_eq!(written(&[6]), [0b0001_1001]);
    }

    #[test]
    fn there_is_one_way_to_write_a_list() {
        for bytes in [&[][..], &[0b0000_0001], &[0b0001_1011, 0, 0], &[0b0000_0010], &[0b11, 0, 5]]
        {
            // Too short; a short code of nothing; a long one of what has a short one; used padding.
            assert_eq!(read(bytes, 1), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_list_is_read_as_it_was_written(
            changes in prop::collection::vec(prop_oneof![0..8_u16, any::<u16>()], 0..128),
            after in prop::collection::vec(any::<u8>(), 0..4),
        ) {
            let bytes = [written(&changes), after.clone()].concat();
            assert_eq!(read(&bytes, changes.len()), Some((changes, &after[..])));
        }

        #[test]
        fn what_is_read_is_written_alike(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            count in 0..40_usize,
        ) {
            if let Some((changes, rest)) = read(&bytes, count) {
                assert_eq!(written(&changes), bytes[..bytes.len() - rest.len()]);
            }
        }
    }
}
