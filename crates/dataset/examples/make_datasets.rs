//! Makes a store of sessions of scripted players, and datasets of it in all forms:
//! `cargo run -p dyad-dataset --example make_datasets -- FOLDER [SESSIONS]`. For trying validators
//! and analyses without people.

#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use dyad_dataset::{Options, export_study, parallel};
use dyad_protocol::Seat;
use std::env;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let folder: PathBuf = arguments.next().ok_or("name a folder to make")?.into();
    let sessions: u32 = arguments.next().and_then(|it| it.to_str()?.parse().ok()).unwrap_or(15);
    std::fs::create_dir(&folder)?;
    let store = folder.join("store");
    let mut plans = support::mixed(sessions.saturating_sub(1));
    plans.push(support::alone(sessions, Seat(0)));
    support::make_store(&store, &plans);
    let all = Options { parquet: true, bids: true, ..Options::default() };
    let identical = Options { only_identical: true, ..Options::default() };
    for (name, options) in [("plain", Options::default()), ("all", all), ("identical", identical)] {
        let (out, study) = (folder.join(name), support::study());
        export_study(&store, &out, &options, study, parallel::cores(), &|_, _| {})?;
    }
    Ok(())
}
