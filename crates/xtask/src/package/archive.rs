//! Files in one archive: a folder in a `.tar.xz`, or in a `.zip` where people expect that. The same
//! files make the same bytes.

use anyhow::Result;
use lzma_rust2::{FilterType, LzmaOptions, XzOptions, XzWriter};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The moment that all files are of: 1980, the first that both kinds of archives know.
const MOMENT: u64 = 315_532_800;

/// A kind of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A tar archive, compressed with xz.
    TarXz {
        /// Whether the program is one for x86: the addresses in its calls are then made absolute first,
        /// so that calls of the same function look the same.
        x86: bool,
    },
    /// A zip archive.
    Zip,
}

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    name: String,
    bytes: Vec<u8>,
    mode: u32,
}

impl Kind {
    /// The kind that people with such computers open without a further program.
    #[must_use]
    pub fn of_target(target: &str) -> Self {
        if target.contains("windows") {
            return Self::Zip;
        }
        Self::TarXz { x86: target.starts_with("x86_64") }
    }

    /// What the file's name ends in.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::TarXz { .. } => "tar.xz",
            Self::Zip => "zip",
        }
    }
}

impl Entry {
    /// A file to read.
    #[must_use]
    pub fn text(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), bytes, mode: 0o644 }
    }

    /// A file to start.
    #[must_use]
    pub fn program(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), bytes, mode: 0o755 }
    }
}

/// Packs files into a folder in an archive.
///
/// # Errors
/// If a file is larger than such an archive can hold.
pub fn pack(kind: Kind, folder: &str, entries: &[Entry]) -> Result<Vec<u8>> {
    match kind {
        Kind::TarXz { x86 } => tar_xz(x86, folder, entries),
        Kind::Zip => zip(folder, entries),
    }
}

fn tar_xz(x86: bool, folder: &str, entries: &[Entry]) -> Result<Vec<u8>> {
    let mut options = XzOptions::with_preset(9);
    options.lzma_options.nice_len = LzmaOptions::NICE_LEN_MAX;
    if x86 {
        options.prepend_pre_filter(FilterType::BcjX86, 0);
        // Instructions begin at any byte.
        options.lzma_options.pb = 0;
    }
    let mut archive = tar::Builder::new(XzWriter::new(Vec::new(), options)?);
    for Entry { name, bytes, mode } in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(*mode);
        header.set_mtime(MOMENT);
        archive.append_data(&mut header, format!("{folder}/{name}"), bytes.as_slice())?;
    }
    Ok(archive.into_inner()?.finish()?)
}

fn zip(folder: &str, entries: &[Entry]) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for Entry { name, bytes, mode } in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .unix_permissions(*mode);
        archive.start_file(format!("{folder}/{name}"), options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::{Entry, Kind, pack};
    use lzma_rust2::XzReader;
    use std::io::{Cursor, Read as _};

    fn entries() -> [Entry; 2] {
        [Entry::program("dyad", vec![7; 5000]), Entry::text("README.txt", b"hello".to_vec())]
    }

    /// What is in an archive: names, permissions and contents.
    fn unpack(kind: Kind, bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut found = Vec::new();
        match kind {
            Kind::TarXz { .. } => {
                let mut archive = tar::Archive::new(XzReader::new(bytes, false));
                for entry in archive.entries().unwrap() {
                    let mut entry = entry.unwrap();
                    let name = entry.path().unwrap().to_string_lossy().into_owned();
                    let mut content = Vec::new();
                    entry.read_to_end(&mut content).unwrap();
                    found.push((name, entry.header().mode().unwrap(), content));
                }
            }
            Kind::Zip => {
                let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
                for at in 0..archive.len() {
                    let mut entry = archive.by_index(at).unwrap();
                    let mode = entry.unix_mode().unwrap() & 0o777;
                    let mut content = Vec::new();
                    entry.read_to_end(&mut content).unwrap();
                    found.push((entry.name().unwrap().into_owned(), mode, content));
                }
            }
        }
        found
    }

    #[test]
    fn what_is_packed_is_there_again_and_can_be_started() {
        for kind in [Kind::TarXz { x86: true }, Kind::TarXz { x86: false }, Kind::Zip] {
            let packed = pack(kind, "dyad-1", &entries()).unwrap();
            let expected = [
                ("dyad-1/dyad".to_owned(), 0o755, vec![7; 5000]),
                ("dyad-1/README.txt".to_owned(), 0o644, b"hello".to_vec()),
            ];
            assert_eq!(unpack(kind, &packed), expected, "{kind:?}");
            assert!(packed.len() < 1000, "{kind:?} is compressed: {}", packed.len());
            assert_eq!(pack(kind, "dyad-1", &entries()).unwrap(), packed, "{kind:?}");
        }
    }

    #[test]
    fn computers_get_what_they_can_open() {
        assert_eq!(Kind::of_target("x86_64-pc-windows-msvc").ending(), "zip");
        assert_eq!(Kind::of_target("x86_64-unknown-linux-gnu"), Kind::TarXz { x86: true });
        assert_eq!(Kind::of_target("aarch64-apple-darwin"), Kind::TarXz { x86: false });
        assert_eq!(Kind::of_target("aarch64-apple-darwin").ending(), "tar.xz");
    }
}
