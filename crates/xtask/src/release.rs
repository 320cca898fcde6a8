//! Running a benchmark on release builds, inside namespaces of its own.

use crate::say;
use anyhow::Result;
use std::env;
use std::process::Stdio;
use system_tests::{binaries, namespace, network};

/// Builds everything with optimisation and starts `cargo xtask TASK ARGUMENTS` again inside namespaces,
/// where it measures; the copy inside only does that.
///
/// # Errors
/// If something does not build or start, no namespaces are to be had, or `measure` fails.
pub fn inside_namespaces(
    task: &str,
    arguments: &[String],
    measure: impl FnOnce() -> Result<bool>,
) -> Result<bool> {
    if namespace::is_inside() {
        namespace::set_up()?;
        network::available().map_err(anyhow::Error::msg)?;
        return measure();
    }
    let program = env::current_exe()?;
    namespace::available().map_err(anyhow::Error::msg)?;
    say("building with optimisation (the first time takes half an hour) ...");
    let binaries = binaries::build_release()?;
    let mut command = namespace::command(program);
    command.env(binaries::DIRECTORY, binaries).arg(task).args(arguments);
    Ok(command.stdin(Stdio::null()).status()?.success())
}

/// The median of measurements with the smallest and the largest, with one digit after the point where
/// all are small.
///
/// # Panics
/// If there are none.
#[must_use]
pub fn median_and_range(mut values: Vec<f64>) -> (String, String) {
    values.sort_by(f64::total_cmp);
    let (least, middle, most) = (values[0], values[values.len() / 2], values[values.len() - 1]);
    let digits = usize::from(most < 100.0);
    (format!("{middle:.digits$}"), format!("({least:.digits$} to {most:.digits$})"))
}

#[cfg(test)]
mod tests {
    use super::median_and_range;

    #[test]
    fn a_median_stands_between_the_others() {
        let text = |values: &[f64]| median_and_range(values.to_vec());
        assert_eq!(text(&[3.0, 1.0, 2.04]), ("2.0".into(), "(1.0 to 3.0)".into()));
        assert_eq!(text(&[7.6]), ("7.6".into(), "(7.6 to 7.6)".into()));
        assert_eq!(text(&[400.4, 1.0]), ("400".into(), "(1 to 400)".into()));
    }
}
