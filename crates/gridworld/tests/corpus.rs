//! The fuzz targets' bodies over their committed corpus and over changes of it, with a stable
//! compiler. `fuzz/README.md` says how to search for more.

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

use dyad_gridworld::rng::Rng;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// How often each file is changed.
const CHANGES: u64 = 50;

fn corpus(target: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(folder)?;
    let mut files = entries
        .map(|entry| entry.and_then(|entry| Ok((entry.path(), fs::read(entry.path())?))))
        .collect::<io::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// A few bytes overwritten, taken out, doubled, or the end cut off.
fn changed(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let mut bytes = bytes.to_vec();
    for _ in 0..=rng.below(4) {
        let Ok(length @ 1..) = u32::try_from(bytes.len()) else { break };
        let at = rng.below(length) as usize;
        let byte = u8::try_from(rng.below(256)).expect("less than 256");
        match rng.below(8) {
            0 => drop(bytes.remove(at)),
            1 => bytes.insert(at, bytes[at]),
            2 => bytes.truncate(at),
            _ => bytes[at] = byte,
        }
    }
    bytes
}

fn run_all(target: &str, run: fn(&[u8])) {
    let files = corpus(target).expect("a folder of files");
    assert!(files.len() >= 5, "{target} has a corpus of {}", files.len());
    for (file, bytes) in files {
        run(&bytes);
        for seed in 0..CHANGES {
            let bytes = changed(&bytes, seed);
            let result = catch_unwind(AssertUnwindSafe(|| run(&bytes)));
            assert!(result.is_ok(), "{}, change {seed}: {bytes:?}", file.display());
        }
    }
}

#[test]
fn layouts() {
    run_all("layout", bodies::layout::run);
}

#[test]
fn steps() {
    run_all("step", bodies::step::run);
}

#[test]
fn encodings() {
    run_all("decode", bodies::decode::run);
}
