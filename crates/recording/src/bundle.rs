//! The container in which one participant's record of one episode travels to the collector.
//!
//! It is an uncompressed tar archive of three files, in this order: `{participant}_ep{n}.dlog`,
//! `{participant}_ep{n}.csv` and `local/{participant}_ep{n}.csv`; where something diverged, with
//! `local/{participant}_ep{n}_divergence.json` as a fourth.
//! Times, owners and modes are fixed, so equal records are equal archives. Only the very bytes
//! that [`Bundle::pack`] gives are accepted back: an archive that was made otherwise is refused,
//! whatever it holds, and with it links, long names, absolute paths and surplus files.

use dyad_protocol::ParticipantId;
use dyad_protocol::records::MAX_BUNDLE;
use std::io::{self, Read as _};

/// One participant's record of one episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Whose record.
    pub participant: ParticipantId,
    /// The episode, from 0.
    pub episode: u16,
    /// The log of record.
    pub log: Vec<u8>,
    /// The shared table.
    pub table: Vec<u8>,
    /// The local table.
    pub local: Vec<u8>,
    /// What was kept of a divergence, if there was one.
    pub divergence: Option<Vec<u8>>,
}

/// Why something is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Larger than a bundle may be.
    #[error("the bundle has {0} bytes, at most {MAX_BUNDLE} are allowed")]
    TooLong(usize),
    /// Not a tar archive, or one that ends early.
    #[error("the bundle cannot be read as a tar archive: {0}")]
    Tar(#[from] io::Error),
    /// The first file's name is not that of a log.
    #[error("the bundle's first file is not named like a log, PARTICIPANT_epN.dlog")]
    Name,
    /// The archive is not what packing its content gives.
    #[error(
        "the bundle doesn't hold a log, a table, a local table and at most a dump, packed as Dyad does"
    )]
    Form,
}

/// The file name of a participant's log of an episode.
#[must_use]
pub fn log_name(participant: &ParticipantId, episode: u16) -> String {
    format!("{participant}_ep{episode}.dlog")
}

/// The file name of a participant's table of an episode.
#[must_use]
pub fn table_name(participant: &ParticipantId, episode: u16) -> String {
    format!("{participant}_ep{episode}.csv")
}

/// The path of a participant's local table of an episode.
#[must_use]
pub fn local_name(participant: &ParticipantId, episode: u16) -> String {
    format!("local/{participant}_ep{episode}.csv")
}

/// The path of what a participant's computer kept of a divergence in an episode.
#[must_use]
pub fn divergence_name(participant: &ParticipantId, episode: u16) -> String {
    format!("local/{participant}_ep{episode}_divergence.json")
}

/// Unpacks a bundle.
///
/// # Errors
/// [`BundleError`] where the bytes are not exactly what [`Bundle::pack`] gives for some record.
pub fn unpack(bytes: &[u8]) -> Result<Bundle, BundleError> {
    if bytes.len() > MAX_BUNDLE {
        return Err(BundleError::TooLong(bytes.len()));
    }
    let mut archive = tar::Archive::new(bytes);
    // Raw: extensions such as long names stay entries, which the comparison below refuses.
    let mut entries = archive.entries()?.raw(true);
    let mut name = None;
    let mut next = || -> Result<Option<Vec<u8>>, BundleError> {
        let Some(entry) = entries.next() else { return Ok(None) };
        let mut entry = entry?;
        name.get_or_insert_with(|| entry.path_bytes().into_owned());
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        Ok(Some(content))
    };
    let [log, table, local] = [next()?, next()?, next()?].map(|it| it.ok_or(BundleError::Form));
    let (log, table, local, divergence) = (log?, table?, local?, next()?);
    let (participant, episode) = name.as_deref().and_then(parse).ok_or(BundleError::Name)?;
    let bundle = Bundle { participant, episode, log, table, local, divergence };
    if bundle.pack()? == bytes { Ok(bundle) } else { Err(BundleError::Form) }
}

fn parse(name: &[u8]) -> Option<(ParticipantId, u16)> {
    let stem = std::str::from_utf8(name).ok()?.strip_suffix(".dlog")?;
    let (participant, episode) = stem.rsplit_once("_ep")?;
    Some((participant.parse().ok()?, episode.parse().ok()?))
}

impl Bundle {
    /// The record's files by their paths, in their order.
    pub fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        let Self { participant, episode, log, table, local, divergence } = self;
        let always = [
            (log_name(participant, *episode), log.as_slice()),
            (table_name(participant, *episode), table.as_slice()),
            (local_name(participant, *episode), local.as_slice()),
        ];
        let dump = divergence.as_deref();
        let dump = dump.map(|dump| (divergence_name(participant, *episode), dump));
        always.into_iter().chain(dump)
    }

    /// Packs the record. Equal records give equal bytes.
    ///
    /// # Errors
    /// [`BundleError::TooLong`] where it would be larger than a collector accepts.
    pub fn pack(&self) -> Result<Vec<u8>, BundleError> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, content) in self.files() {
            let size = u64::try_from(content.len()).expect("memory is smaller than 2^64 bytes");
            archive.append_data(&mut header(size), name, content)?;
        }
        let bytes = archive.into_inner()?;
        if bytes.len() > MAX_BUNDLE { Err(BundleError::TooLong(bytes.len())) } else { Ok(bytes) }
    }
}

fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}

#[cfg(test)]
mod tests {
    use super::{Bundle, BundleError, header, unpack};
    use proptest::prelude::*;

    fn bundle() -> Bundle {
        Bundle {
            participant: "p".repeat(64).parse().unwrap(),
            episode: u16::MAX,
            log: vec![1; 700],
            table: b"t\n0\n".to_vec(),
            local: Vec::new(),
            divergence: None,
        }
    }

    fn archive(files: &[(&str, tar::EntryType)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, kind) in files {
            let mut header = header(0);
            header.set_entry_type(*kind);
            // Not through `set_path`, which refuses what an attacker would write.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            archive.append(&header, io::empty()).unwrap();
        }
        archive.into_inner().unwrap()
    }

    use std::io;

    #[test]
    fn what_is_packed_comes_back() {
        let bundle = bundle();
        let bytes = bundle.pack().unwrap();
        assert_eq!(bytes, bundle.pack().unwrap());
        assert_eq!(unpack(&bytes).unwrap(), bundle);
        let with_dump = Bundle { divergence: Some(b"{}".to_vec()), ..bundle };
        assert_eq!(unpack(&with_dump.pack().unwrap()).unwrap(), with_dump);
    }

    #[test]
    fn other_archives_are_refused() {
        const FILE: tar::EntryType = tar::EntryType::Regular;
        let good = [("p_ep0.dlog", FILE), ("p_ep0.csv", FILE), ("local/p_ep0.csv", FILE)];
        let dump = ("local/p_ep0_divergence.json", FILE);
        assert!(unpack(&archive(&good)).is_ok());
        assert!(unpack(&archive(&[good[0], good[1], good[2], dump])).is_ok());
        let link = [("p_ep0.dlog", FILE), ("p_ep0.csv", tar::EntryType::Symlink), good[2]];
        for bad in [
            &good[..2],
            &[good[0], good[2], good[1]],
            &[good[0], good[1], good[2], ("more", FILE)],
            &[good[0], good[1], good[2], dump, dump],
            &[good[0], good[1], dump],
            &[good[0], good[1], ("../p_ep0.csv", FILE)],
            &[("/p_ep0.dlog", FILE), good[1], good[2]],
            &[("../p_ep0.dlog", FILE), good[1], good[2]],
            &[("p_ep00.dlog", FILE), good[1], good[2]],
            &[("p_ep+0.dlog", FILE), good[1], good[2]],
            &[("p_ep70000.dlog", FILE), good[1], good[2]],
            &link,
        ] {
            assert!(unpack(&archive(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_cut_or_changed_bundle_is_refused_or_another() {
        let bytes = bundle().pack().unwrap();
        for length in 0..bytes.len() {
            assert!(unpack(&bytes[..length]).is_err(), "{length} bytes");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_ne!(unpack(&changed).ok(), Some(bundle()), "byte {at}");
        }
    }

    #[test]
    fn too_much_is_refused_before_it_is_read() {
        let long = vec![0; super::MAX_BUNDLE + 1];
        assert!(matches!(unpack(&long), Err(BundleError::TooLong(_))));
        let bundle = Bundle { log: long, ..bundle() };
        assert!(matches!(bundle.pack(), Err(BundleError::TooLong(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
            prop_assert!(unpack(&bytes).is_err());
        }
    }
}
