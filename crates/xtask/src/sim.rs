//! Sessions in virtual time: starts the simulator, which is a workspace of its own.

use crate::steps::cargo_code;
use anyhow::{Result, ensure};
use clap::Args;
use std::path::Path;

/// The simulator's manifest, relative to the workspace's root.
pub const MANIFEST: &str = "tests/simulation/Cargo.toml";

/// What to simulate.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Sim {
    /// From the first seed up to, without, the second; each in every profile
    #[arg(long, value_name = "A..B", value_parser = seeds, default_value = "0..20")]
    pub seeds: String,
    /// One kind of network and of mishaps instead of all
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// The seeds as they were written, if they can be read.
fn seeds(text: &str) -> Result<String> {
    let number = |text: &str| text.parse::<u64>().ok();
    let range = text.split_once("..").and_then(|(from, to)| Some(number(from)?..number(to)?));
    let good = range.is_some_and(|range| !range.is_empty());
    ensure!(good, "write two numbers, the first smaller, such as 0..20");
    Ok(text.to_owned())
}

impl Sim {
    /// The seeds that every change has to pass, in a few minutes.
    #[must_use]
    pub fn ci() -> Self {
        Self { seeds: "0..2000".to_owned(), profile: None }
    }

    /// As many seeds as take about an hour on two processors.
    #[must_use]
    pub fn soak() -> Self {
        Self { seeds: "0..20000".to_owned(), profile: None }
    }
}

/// Runs the simulator, optimised. It prints what the sessions went through, and for each that
/// failed the command that repeats it.
///
/// # Errors
/// If cargo can't be started; [`WrongUse`] if there is no such profile, which the simulator has said
/// by then.
pub fn run(root: &Path, Sim { seeds, profile }: &Sim) -> Result<bool> {
    let mut arguments = vec!["run", "--release", "--quiet", "--manifest-path", MANIFEST, "--"];
    arguments.extend(["--seeds", seeds]);
    arguments.extend(profile.iter().flat_map(|profile| ["--profile", profile]));
    outcome(cargo_code(root, &arguments)?)
}

/// The simulator has not understood its arguments.
#[derive(Debug, thiserror::Error)]
#[error("the simulator was not run")]
pub struct WrongUse;

/// What the exit code of the simulator means.
fn outcome(code: Option<i32>) -> Result<bool> {
    match code {
        Some(0) => Ok(true),
        Some(2) => Err(WrongUse.into()),
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::{MANIFEST, WrongUse, outcome, seeds};
    use std::fs;
    use std::path::Path;

    #[test]
    fn seeds_are_two_numbers() {
        assert!(
            ["0..20", "7..8", "0..18446744073709551615"].into_iter().all(|it| seeds(it).is_ok())
        );
        let wrong = ["", "7", "8..7", "7..7", "a..b", "1..=2", "-1..2", "0..18446744073709551616"];
        assert!(wrong.into_iter().all(|it| seeds(it).is_err()));
    }

    #[test]
    fn wrong_use_is_no_failed_session() {
        assert!(outcome(Some(0)).unwrap() && !outcome(Some(1)).unwrap());
        assert!(outcome(Some(2)).unwrap_err().is::<WrongUse>());
        assert!(!outcome(None).unwrap(), "killed");
    }

    #[test]
    fn the_simulator_has_the_workspaces_lints() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let lints = |manifest: &str| {
            let text = fs::read_to_string(root.join(manifest)).unwrap();
            text.parse::<toml::Table>().unwrap()["workspace"]["lints"].clone()
        };
        assert_eq!(lints(MANIFEST), lints("Cargo.toml"));
    }
}
