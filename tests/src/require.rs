//! What a test needs from the machine. Without it the test is skipped with a plain message,
//! unless the environment variable `DYAD_REQUIRE` (a comma-separated list) says that this machine
//! has it: then its absence is a failure.

use std::env;
use std::io::Write as _;

/// Decides what becomes of a test that lacks `what`: says that it is skipped.
///
/// # Panics
/// If `DYAD_REQUIRE` names it.
pub fn skip(what: &str, why: &str) {
    let required = env::var("DYAD_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name.trim() == what),
        "DYAD_REQUIRE names {what}, but: {why}"
    );
    drop(writeln!(std::io::stderr(), "skipped, for want of {what}: {why}"));
}
