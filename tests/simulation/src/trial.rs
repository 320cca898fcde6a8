//! Running and checking a seed, so that nothing that happens in it ends the others.

use crate::check::{Failure, check};
use crate::profile::Profile;
use crate::scenario::Scenario;
use crate::simulation::{self, Run};
use crate::summary::Summary;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A seed of a profile that failed, with the command that repeats it.
#[derive(Debug)]
pub struct Failed {
    /// The profile's name.
    pub profile: &'static str,
    /// The seed.
    pub seed: u64,
    /// What happened.
    pub reason: Reason,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// Something did not hold.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The code under test panicked.
    #[error("panic: {0}")]
    Panic(String),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { profile, seed, reason } = self;
        writeln!(f, "{profile}, seed {seed}: {reason}")?;
        write!(f, "  repeat: cargo xtask sim --seeds {seed}..{} --profile {profile}", seed + 1)
    }
}

impl std::error::Error for Failed {}

/// Runs the scenario that a seed draws, checks it, and says what it went through.
///
/// # Errors
/// [`Failed`] if anything did not hold, a panic included.
pub fn attempt(profile: Profile, seed: u64) -> Result<Summary, Failed> {
    let trial = || {
        let scenario = Scenario::draw(profile, seed);
        let run: Run = simulation::run(&scenario);
        check(&scenario, &run).map(|()| Summary::of(&run))
    };
    let outcome = catch_unwind(AssertUnwindSafe(trial))
        .map_err(|panic| Reason::Panic(text_of(panic.as_ref())))
        .and_then(|checked| checked.map_err(Reason::from));
    outcome.map_err(|reason| Failed { profile: profile.name, seed, reason })
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message").to_owned()
}
