//! Recorded games of the original programs, replayed step by step: every field that the rules
//! decide is compared, and every observation by its checksum.
//!
//! - `replay.rs`: the games under the right rules, and under wrong ones, which have to fail;
//! - `draws.rs`: the games from nothing but their seeds and actions.

mod draws;
mod replay;
#[path = "../traces/mod.rs"]
mod traces;

use std::io::BufRead;
use std::path::Path;

/// The recorded kitchens, with the soups that `FORMAT.md` counts in each file.
const COGRID: [(&str, u32); 6] = [
    ("cramped_room", 57),
    ("asymmetric_advantages", 84),
    ("coordination_ring", 57),
    ("forced_coordination", 53),
    ("counter_circuit", 47),
    ("mixed_kitchen_no_orders", 46),
];

/// The recorded kitchens of Overcooked-AI, with episodes, steps and soups.
const OVERCOOKED_AI: [(&str, u32, u32, u32); 2] =
    [("cramped_room", 16, 19_190, 284), ("random0", 12, 14_375, 203)];

fn fixture(name: &str) -> impl BufRead + use<> {
    open(&format!("cogrid/{name}"))
}

fn human(name: &str) -> impl BufRead + use<> {
    open(&format!("overcooked_ai_2019/{name}"))
}

fn open(name: &str) -> impl BufRead + use<> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    traces::open(&folder.join(format!("{name}.jsonl.gz"))).expect("the fixture is there")
}
