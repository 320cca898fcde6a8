//! `dyad-signalling export` and `dyad-signalling verify`.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use dyad_collector::audit::{self, Action};
use dyad_collector::owner::now_ms;
use dyad_dataset::{Check, Options, VerifyError, export_study, parallel, verify};
use dyad_protocol::SceneId;
use dyad_signalling::published;
use serde_json::json;
use std::io::{IsTerminal as _, Write as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit code of wrong use.
const WRONG_USE: u8 = 2;

#[derive(Args)]
pub(crate) struct Export {
    /// The lab's data folder. A lab may be running on it.
    data: PathBuf,
    /// The folder of the dataset: it must not exist, or be empty.
    #[arg(long)]
    to: PathBuf,
    /// Only sessions that were registered since then: a day in UTC, such as 2026-11-20, or a moment,
    /// such as 2026-11-20T14:00:00Z.
    #[arg(long, value_parser = moment)]
    since: Option<u64>,
    /// Only sessions of this scene.
    #[arg(long)]
    scene: Option<SceneId>,
    /// Only episodes with this verdict.
    #[arg(long)]
    only: Option<Only>,
    /// Writes the tables as Parquet too.
    #[arg(long)]
    parquet: bool,
    /// Writes the events of each participant as a BIDS dataset too.
    #[arg(long)]
    bids: bool,
    /// Threads; as many as this computer has cores if not given.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    /// Finished, and equal byte for byte on all computers.
    Identical,
}

#[derive(Args)]
pub(crate) struct Verify {
    /// A lab's data folder or an exported dataset.
    path: PathBuf,
    /// Threads; as many as this computer has cores if not given.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Prints what was found as JSON.
    #[arg(long)]
    json: bool,
}

/// Milliseconds since 1970 of a moment, or of the first one of a day in UTC.
fn moment(text: &str) -> Result<u64, String> {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|_| !text.contains('T'));
    let moment = match day {
        Some(day) => day.in_tz("UTC").map(|start| start.timestamp()),
        None => text.parse::<jiff::Timestamp>(),
    };
    let moment = moment.map_err(|error| error.to_string())?;
    u64::try_from(moment.as_millisecond()).map_err(|_before| "before 1970".to_owned())
}

pub(crate) fn run_export(arguments: Export) -> anyhow::Result<ExitCode> {
    let Export { data, to, since, scene, only, parquet, bids, jobs } = arguments;
    let only_identical = matches!(only, Some(Only::Identical));
    let options = Options { since_ms: since, scene, only_identical, parquet, bids };
    let jobs = jobs.unwrap_or_else(parallel::cores);
    let study = published::study(&data).context("the journal")?;
    let exported = export_study(&data, &to, &options, study, jobs, &progress("exported"))?;
    let details = json!({ "to": to, "options": options, "sessions": exported.sessions });
    audit::note(&data, now_ms(), Action::Exported, details)?;
    writeln!(
        std::io::stderr(),
        "{} sessions, {} episodes, {} files, {:.1} MB in {}",
        exported.sessions,
        exported.episodes,
        exported.files,
        exported.bytes as f64 / 1e6,
        to.display(),
    )?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run_verify(arguments: &Verify) -> anyhow::Result<ExitCode> {
    let jobs = arguments.jobs.unwrap_or_else(parallel::cores);
    let check = match verify(&arguments.path, jobs, &progress("checked")) {
        Ok(check) => check,
        Err(error @ VerifyError::Neither(_)) => {
            writeln!(std::io::stderr(), "{error}")?;
            return Ok(ExitCode::from(WRONG_USE));
        }
        Err(error) => return Err(error).context("nothing was checked"),
    };
    let text =
        if arguments.json { serde_json::to_string_pretty(&check)? + "\n" } else { table(&check) };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(if check.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was found, for people.
fn table(check: &Check) -> String {
    let width =
        check.episodes.iter().map(|it| it.session.len()).max().unwrap_or(0).max("session".len());
    let mut lines = vec![format!("{:width$}  episode  records    rows  verdict", "session")];
    lines.extend(check.episodes.iter().map(|it| {
        format!(
            "{:width$}  {:>7}  {:>7}  {:>6}  {}",
            it.session, it.episode, it.records, it.rows, it.verdict
        )
    }));
    lines.extend(check.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(check.findings.iter().map(|it| format!("WRONG {}: {}", it.path, it.message)));
    let (what, files, frames) = (check.what, check.files, check.frames);
    let found = match check.findings.len() {
        0 => "everything is as it was recorded".to_owned(),
        1 => "1 thing is not as it should be".to_owned(),
        many => format!("{many} things are not as they should be"),
    };
    lines.push(format!("{what} of {files} files and {frames} recorded frames: {found}"));
    lines.join("\n") + "\n"
}

/// Says how far it is: on a terminal in one line, otherwise now and then.
fn progress(verb: &'static str) -> impl Fn(usize, usize) + Sync {
    let terminal = std::io::stderr().is_terminal();
    move |done, all| {
        let mut err = std::io::stderr();
        let tenth = (all / 10).max(1);
        // Nobody is hurt if this cannot be said.
        if terminal {
            let end = if done == all { "\n" } else { "" };
            write!(err, "\r{verb} {done} of {all} sessions{end}").ok();
        } else if done % tenth == 0 || done == all {
            writeln!(err, "{verb} {done} of {all} sessions").ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{moment, table};
    use dyad_dataset::{Check, Finding};

    #[test]
    fn days_and_moments_are_understood() {
        assert_eq!(moment("1970-01-02"), Ok(86_400_000));
        assert_eq!(moment("1970-01-01T01:00:00+01:00"), Ok(0));
        assert!(moment("1969-12-31").is_err() && moment("yesterday").is_err());
    }

    #[test]
    fn findings_are_named_in_the_table() {
        let finding = Finding { path: "data/x.csv".to_owned(), message: "is missing".to_owned() };
        let check = Check { what: "dataset", findings: vec![finding], ..Check::default() };
        let text = table(&check);
        assert!(text.contains("WRONG data/x.csv: is missing\n"), "{text}");
        assert!(text.ends_with(": 1 thing is not as it should be\n"), "{text}");
    }
}
