//! Replays recorded games of the original programs and says how many steps match.
//!
//! ```text
//! cargo run --release -p dyad-gridworld --example replay_trace -- FILE...
//! ```
//!
//! A FILE is JSON lines, gzipped or not, as `tests/fixtures/FORMAT.md` describes them. Exit code
//! 0: all match; 1: some step does not, and both states are shown; 2: wrong use, or a file that
//! holds no recorded game.

#[path = "../tests/traces/mod.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod traces;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use traces::{Failure, Matched, open, replay};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Matches = 0,
    Differs = 1,
    Unusable = 2,
}

fn judge(path: &Path) -> (Verdict, String) {
    let (matched, failure) = match open(path) {
        Ok(lines) => replay(lines),
        Err(error) => return (Verdict::Unusable, error.to_string()),
    };
    let Matched { episodes, steps, soups, observations } = matched;
    let matched = format!(
        "{steps} steps match, in {episodes} episodes with {soups} soups; \
         {observations} observations compared"
    );
    match failure {
        None if steps == 0 => (Verdict::Unusable, "no recorded game".to_owned()),
        None => (Verdict::Matches, matched),
        Some(failure @ Failure::Differs { .. }) => {
            (Verdict::Differs, format!("{matched}\n{failure}"))
        }
        Some(failure) => (Verdict::Unusable, format!("{matched}\n{failure}")),
    }
}

fn main() -> io::Result<ExitCode> {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    if files.is_empty() {
        writeln!(io::stderr(), "usage: replay_trace FILE...")?;
        return Ok(ExitCode::from(2));
    }
    let mut worst = Verdict::Matches;
    for file in &files {
        let path = Path::new(file);
        let (verdict, text) = judge(path);
        writeln!(io::stdout(), "{}: {text}", path.display())?;
        worst = worst.max(verdict);
    }
    Ok(ExitCode::from(worst as u8))
}
