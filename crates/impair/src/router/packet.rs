//! The two addresses of an IPv4 packet, which is all that a router reads of it.

use std::net::Ipv4Addr;

/// The length of the shortest IPv4 header, in bytes (RFC 791, section 3.1).
const SHORTEST_HEADER: usize = 20;

/// Where a packet comes from and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) from: Ipv4Addr,
    pub(super) to: Ipv4Addr,
}

/// Reads a packet; `None` if it is not an IPv4 packet, or is cut off.
pub(super) fn ends(packet: &[u8]) -> Option<Ends> {
    let header: &[u8; SHORTEST_HEADER] = packet.first_chunk()?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let whole = (SHORTEST_HEADER..=packet.len()).contains(&length);
    let address =
        |at: usize| Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]);
    (header[0] >> 4 == 4 && whole).then(|| Ends { from: address(12), to: address(16) })
}

/// An IPv4 packet with nothing but its addresses and its length, for tests.
#[cfg(test)]
pub(super) fn sample(from: Ipv4Addr, to: Ipv4Addr, length: u16) -> Vec<u8> {
    let mut packet = vec![0; usize::from(length)];
    packet[0] = 0x45;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet[12..16].copy_from_slice(&from.octets());
    packet[16..20].copy_from_slice(&to.octets());
    packet
}

#[cfg(test)]
mod tests {
    use super::{Ends, ends, sample};
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    #[test]
    fn addresses_are_where_the_standard_says() {
        // A real one: UDP from 10.9.1.1 to 10.9.2.1, 4 bytes of payload.
        let packet = [
            0x45, 0x00, 0x00, 0x20, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x22, 0xb9, 10, 9, 1, 1,
            10, 9, 2, 1, 0x12, 0x34, 0x56, 0x78, 0x00, 0x0c, 0x00, 0x00, 1, 2, 3, 4,
        ];
        let expected = Ends { from: Ipv4Addr::new(10, 9, 1, 1), to: Ipv4Addr::new(10, 9, 2, 1) };
        assert_eq!(ends(&packet), Some(expected));
    }

    #[test]
    fn other_versions_and_pieces_are_refused() {
        let (from, to) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let whole = sample(from, to, 40);
        for length in 0..whole.len() {
            assert_eq!(ends(&whole[..length]), None, "{length} bytes of it");
        }
        let mut sixth = whole.clone();
        sixth[0] = 0x60;
        assert_eq!(ends(&sixth), None);
        let mut lies = whole;
        lies[2..4].copy_from_slice(&19_u16.to_be_bytes());
        assert_eq!(ends(&lies), None, "shorter than its own header");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(packet in prop::collection::vec(any::<u8>(), 0..80)) {
            ends(&packet);
        }
    }
}
