//! Logs cut and damaged at every byte, and the golden record.

use crate::support::{Peer, game, play, play_held, record_entries};
use dyad_gridworld::Hold;
use dyad_recording::log::{self, Ending, HeaderError, Log, MAX_HEADER};
use dyad_recording::replay;
use dyad_recording::verify::verify;
use proptest::prelude::*;

/// A small log with checkpoints, holds and a certificate.
fn small() -> Vec<u8> {
    let game = game(60, 1);
    let hold = |next, frames, epoch| Hold { next, frames, epoch };
    let holds = [hold(0, 2, 1), hold(30, 0, 2), hold(41, 5, 7)];
    let [peer, _] = record_entries(&game, &play_held(&game, 4, &holds));
    peer.logs[&0].clone()
}

#[test]
fn a_log_cut_at_any_byte_gives_the_longest_sound_prefix() {
    let bytes = small();
    let whole = log::read(&bytes).unwrap();
    let (_, head) = log::Header::decode(&bytes).unwrap();
    let table = replay::derive(&whole).unwrap().table;
    let mut best = 0;
    for length in 0..bytes.len() {
        match log::read(&bytes[..length]) {
            Err(HeaderError::Cut { at }) => {
                assert_eq!(at, length);
                assert!(length < head + 4, "the header was whole at {length}");
            }
            Err(error) => panic!("{length} bytes: {error}"),
            Ok(log) => {
                let Ending::Cut { at } = log.ending else { panic!("{length}: {}", log.ending) };
                assert!(at <= length);
                assert_eq!(log.frames, whole.frames[..log.frames.len()]);
                let held =
                    |log: &Log| log.holds.last().is_none_or(|it| Some(it.next) <= log.last_frame());
                assert!(whole.holds.starts_with(&log.holds) && held(&log), "{length} bytes");
                assert!(log.frames.len() >= best, "a longer log gives no fewer frames");
                best = log.frames.len();
                // What the reader says is sound is all it uses.
                assert_eq!(log::read(&bytes[..at]).unwrap(), log);
                assert!(table.starts_with(&replay::derive(&log).unwrap().table));
            }
        }
    }
    assert_eq!(best, whole.frames.len());
}

#[test]
fn each_frame_survives_as_soon_as_its_entry_is_whole() {
    let game = game(60, 1);
    let mut peer = Peer::new(0, &game);
    for (index, frame) in play(&game, 4)[..65].iter().enumerate() {
        peer.take(frame);
        let log = log::read(&peer.logs[&0]).unwrap();
        let Ending::Cut { at } = log.ending else { break };
        assert_eq!((log.frames.len(), at), (index + 1, peer.logs[&0].len()));
    }
}

#[test]
fn a_flipped_bit_anywhere_is_named_and_gives_no_wrong_row() {
    let bytes = small();
    let whole = log::read(&bytes).unwrap();
    let (_, head) = log::Header::decode(&bytes).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            match log::read(&damaged) {
                Err(_) => assert!(at < head + 4, "byte {at}, bit {bit}: the header is sound"),
                Ok(log) => {
                    assert!(at >= head + 4, "byte {at}, bit {bit}: the header is damaged");
                    assert!(!matches!(log.ending, Ending::Closed(_)), "byte {at}, bit {bit}");
                    assert_eq!(log.frames, whole.frames[..log.frames.len()]);
                    assert!(whole.holds.starts_with(&log.holds), "byte {at}, bit {bit}");
                    assert_eq!(log.header, whole.header);
                }
            }
        }
    }
}

#[test]
fn bytes_behind_the_certificate_are_damage() {
    let mut bytes = small();
    let length = bytes.len();
    bytes.extend([0; 512]);
    let log = log::read(&bytes).unwrap();
    assert_eq!(
        log.ending.to_string(),
        format!("damaged at byte {length}: 512 bytes follow the certificate")
    );
}

#[test]
fn zeros_behind_a_crash_are_damage_and_cost_no_frame() {
    let bytes = small();
    let half = log::read(&bytes[..bytes.len() / 2]).unwrap();
    let Ending::Cut { at } = half.ending else { panic!() };
    let mut zeros = bytes[..at].to_vec();
    zeros.extend([0; 4096]);
    let log = log::read(&zeros).unwrap();
    assert_eq!(log.frames, half.frames);
    assert_eq!(log.ending.to_string(), format!("damaged at byte {at}: no entry is of kind 0"));
}

#[test]
fn other_files_and_versions_are_told_apart() {
    let mut bytes = small();
    assert_eq!(log::read(b"PK\x03\x04 and so on"), Err(HeaderError::NotALog));
    assert_eq!(log::read(b""), Err(HeaderError::Cut { at: 0 }));
    bytes[8] = 2;
    assert_eq!(log::read(&bytes), Err(HeaderError::Version(2)));
    bytes[8] = 1;
    bytes[12] = 0xff;
    assert!(matches!(log::read(&bytes), Err(HeaderError::TooLong(length)) if length > MAX_HEADER));
}

fn check(bytes: &[u8]) {
    if let Ok(report) = verify(bytes) {
        let _: String = report.to_string();
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        check(&bytes);
    }

    /// Damage with a right checksum, as someone who knows the format would do it.
    #[test]
    fn a_forged_header_is_read_without_a_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = small();
        let (_, head) = log::Header::decode(&bytes).unwrap();
        for (at, byte) in changes {
            bytes[14 + at.index(head - 14)] = byte;
        }
        let checksum = crc32fast::hash(&bytes[..head]);
        bytes[head..head + 4].copy_from_slice(&checksum.to_le_bytes());
        check(&bytes);
    }

    #[test]
    fn forged_entries_are_read_without_a_panic(
        kind in 0_u8..7,
        payload in prop::collection::vec(any::<u8>(), 0..200),
        frames in 0_usize..65,
    ) {
        let game = game(60, 1);
        let mut peer = Peer::new(0, &game);
        play(&game, 4)[..frames.max(1)].iter().for_each(|frame| peer.take(frame));
        let mut bytes = peer.logs.remove(&0).unwrap();
        let start = bytes.len();
        bytes.push(kind);
        bytes.extend(u16::try_from(payload.len()).unwrap().to_le_bytes());
        bytes.extend(payload);
        let checksum = crc32fast::hash(&bytes[start..]);
        bytes.extend(checksum.to_le_bytes());
        check(&bytes);
    }
}

const GOLDEN_LOG: &[u8] = include_bytes!("../golden/v1/p-ada_ep1.dlog");
const GOLDEN_TABLE: &[u8] = include_bytes!("../golden/v1/p-ada_ep1.csv");
const GOLDEN_SURVIVOR: &[u8] = include_bytes!("../golden/v1/survivor_ep0.dlog");

/// Logs of this version can be read for ever. If this fails, the format or the rules have
/// changed: raise their version and add a folder, never write the golden files anew.
#[test]
fn the_golden_record_is_read_and_derived_again() {
    let report = verify(GOLDEN_LOG).unwrap();
    assert!(report.is_sound(), "{report}");
    let Log { header, frames, .. } = &report.log;
    assert_eq!((header.episode, header.first_frame, frames.len()), (1, 125, 129));
    assert_eq!(report.derived.unwrap().table, GOLDEN_TABLE);
    let report = verify(GOLDEN_SURVIVOR).unwrap();
    assert!(report.is_sound(), "{report}");
    let held: Vec<_> = report.log.holds.iter().map(|hold| (hold.next, hold.frames)).collect();
    assert_eq!(held, [(0, 3), (50, 10)]);
}

/// And they are still written as they were.
#[test]
fn the_golden_record_is_written_again() {
    let [log, table, survivor] = crate::support::golden();
    assert!(log == GOLDEN_LOG && table == GOLDEN_TABLE && survivor == GOLDEN_SURVIVOR);
}
