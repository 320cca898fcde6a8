//! The participant's client: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    dyad::cli::main()
}
