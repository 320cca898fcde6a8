//! Writes the golden record of the current format into a folder:
//! `cargo run -p dyad-recording --example make_golden -- crates/recording/tests/golden/v2`.
//!
//! A golden folder is written once, when its format version is new, and never changed after.

#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = env::args_os().nth(1).ok_or("name the folder to write")?.into();
    fs::create_dir_all(&folder)?;
    let names = ["p-ada_ep1.dlog", "p-ada_ep1.csv", "survivor_ep0.dlog"];
    for (name, bytes) in names.into_iter().zip(support::golden()) {
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}
