//! Commands one after the other, all of them even if one fails, and what came of them.

use anyhow::{Context as _, Result};
use std::fmt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// What came of the steps so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: String,
    passed: bool,
    took: Duration,
}

impl Summary {
    /// Runs a step and keeps whether it passed.
    ///
    /// # Errors
    /// What the step gives: an error means that it could not be run at all, and ends the run.
    pub fn run(&mut self, name: &str, step: impl FnOnce() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        let passed = step()?;
        self.steps.push(Step { name: name.to_owned(), passed, took: start.elapsed() });
        Ok(())
    }

    /// Whether there was a step, and all have passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.passed)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Step { name, passed, took } in &self.steps {
            let verdict = if *passed { "ok" } else { "FAILED" };
            writeln!(f, "{verdict:<6} {:>5} s  {name}", took.as_secs())?;
        }
        let failed = self.steps.iter().filter(|step| !step.passed).count();
        match failed {
            0 => write!(f, "all {} steps passed", self.steps.len()),
            _ => write!(f, "{failed} of {} steps failed", self.steps.len()),
        }
    }
}

/// Runs cargo in the workspace's root; its output goes where ours goes.
///
/// # Errors
/// If cargo can't be started.
pub fn cargo(root: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Result<bool> {
    Ok(status(root, arguments, variables)?.success())
}

/// The same; gives the exit code, which `cargo run` has from the program it runs. None if something
/// killed it.
///
/// # Errors
/// If cargo can't be started.
pub fn cargo_code(root: &Path, arguments: &[&str]) -> Result<Option<i32>> {
    Ok(status(root, arguments, &[])?.code())
}

fn status(root: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Result<ExitStatus> {
    system_tests::binaries::cargo()
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(root)
        .status()
        .with_context(|| format!("cannot run cargo {}", arguments.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::{Summary, cargo};
    use std::path::Path;

    #[test]
    fn one_failed_step_fails_the_whole_and_stops_nothing() {
        let mut summary = Summary::default();
        assert!(!summary.passed(), "nothing was checked");
        summary.run("first", || Ok(true)).unwrap();
        assert!(summary.passed());
        summary.run("second", || Ok(false)).unwrap();
        summary.run("third", || Ok(true)).unwrap();
        assert!(!summary.passed());
        let text = summary.to_string();
        assert!(text.contains("FAILED     0 s  second"), "{text}");
        assert!(text.ends_with("1 of 3 steps failed"), "{text}");
    }

    #[test]
    fn what_cargo_says_counts() {
        assert!(cargo(Path::new("."), &["--version"], &[]).unwrap());
        assert!(!cargo(Path::new("."), &["--no-such-option"], &[]).unwrap());
    }
}
