//! `cargo xtask`: arguments in, exit code out. 0 good, 1 the answer is no, 2 wrong use.

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::Path;
use std::process::ExitCode;
use xtask::demo::{self, Demo};
use xtask::figures;
use xtask::network_bench::{self, NetworkBench};
use xtask::package::{self, Package};
use xtask::resume_bench::{self, ResumeBench};
use xtask::say;
use xtask::sim::{self, MANIFEST, Sim, WrongUse};
use xtask::sprites;
use xtask::steps::{Summary, cargo};
use xtask::tidy;
use xtask::window_figures::{self, WindowFigures};
use xtask::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What people and the build server run on this repository")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// The whole system on this machine: lab, two clients, an episode, upload, verdict
    Demo(Demo),
    /// All tests; they need neither a display nor the internet
    Test,
    /// Everything that must pass before a change is merged
    Ci,
    /// Sessions in virtual time under seeded faults
    Sim(Sim),
    /// What a client costs and how fast it starts, on release builds
    Figures,
    /// What a game suffers on bad networks, and what it costs there, on release builds
    NetworkBench(NetworkBench),
    /// How soon an interrupted game goes on, on release builds
    ResumeBench(ResumeBench),
    /// How quick the window is and what it costs, on release builds and a display without a GPU
    WindowFigures(WindowFigures),
    /// What the lab costs with thousands of people, and how fast it is, on release builds
    LabBench {
        /// People who wait and ping once a second
        #[arg(default_value_t = 10_000)]
        people: u32,
    },
    /// What the compiler does not check of files and manifests
    Tidy,
    /// The pictures of the board, drawn again from their sources
    Sprites,
    /// The archive that a participant downloads
    Package(Package),
    /// The same over so many seeds that it takes an hour; it can be stopped at any time
    Soak,
}

fn main() -> ExitCode {
    let Arguments { task } = Arguments::parse();
    match run(task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(if error.is::<WrongUse>() { 2 } else { 1 })
        }
    }
}

fn run(task: Task) -> Result<bool> {
    let workspace = Workspace::load()?;
    match task {
        Task::Test => {
            let mut summary = Summary::default();
            test(&workspace, &mut summary)?;
            Ok(conclude(&summary))
        }
        Task::Ci => ci(&workspace),
        Task::Tidy => run_tidy(&workspace),
        Task::Figures => figures::run(),
        Task::NetworkBench(bench) => network_bench::run(&bench),
        Task::ResumeBench(bench) => resume_bench::run(&bench),
        Task::WindowFigures(figures) => window_figures::run(&figures),
        Task::LabBench { people } => lab_bench(&workspace.root, people),
        Task::Demo(demo) => demo::run(&workspace.root, &demo),
        Task::Sprites => sprites::run(&workspace.root),
        Task::Package(package) => package::run(&workspace.root, &package),
        Task::Sim(sim) => sim::run(&workspace.root, &sim),
        Task::Soak => sim::run(&workspace.root, &Sim::soak()),
    }
}

fn test(workspace: &Workspace, summary: &mut Summary) -> Result<()> {
    let root = &workspace.root;
    let all = ["test", "--workspace", "--no-fail-fast"];
    summary.run("tests of the workspace", || cargo(root, &all, &[]))?;
    let simulated = ["test", "--manifest-path", MANIFEST, "--no-fail-fast"];
    summary.run("tests in virtual time", || cargo(root, &simulated, &[]))
}

fn ci(workspace: &Workspace) -> Result<bool> {
    let root = &workspace.root;
    let mut summary = Summary::default();
    summary.run("formatting", || cargo(root, &["fmt", "--all", "--check"], &[]))?;
    let format = ["fmt", "--manifest-path", MANIFEST, "--all", "--check"];
    summary.run("formatting of the simulator", || cargo(root, &format, &[]))?;
    summary.run("tidiness", || run_tidy(workspace))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    summary.run("lints", || cargo(root, &clippy, &[]))?;
    let clippy = ["clippy", "--manifest-path", MANIFEST, "--workspace", "--all-targets"];
    let clippy = [clippy.as_slice(), &["--", "-D", "warnings"]].concat();
    summary.run("lints of the simulator", || cargo(root, &clippy, &[]))?;
    let drawing = ["--package", "xtask", "--features", "sprites", "--all-targets"];
    let clippy = [&["clippy"], drawing.as_slice(), &["--", "-D", "warnings"]].concat();
    summary.run("lints of what draws sprites", || cargo(root, &clippy, &[]))?;
    let draws = [&["test"], drawing.as_slice(), &["sprites"]].concat();
    summary.run("tests of what draws sprites", || cargo(root, &draws, &[]))?;
    let doc = ["doc", "--workspace", "--no-deps"];
    summary.run("documentation", || cargo(root, &doc, &[("RUSTDOCFLAGS", "-D warnings")]))?;
    test(workspace, &mut summary)?;
    summary.run("2,000 seeds in virtual time", || sim::run(root, &Sim::ci()))?;
    Ok(conclude(&summary))
}

fn lab_bench(root: &Path, people: u32) -> Result<bool> {
    let of = ["--release", "--package", "dyad-signalling"];
    let build = [["build"].as_slice(), &of, &["--bin", "dyad-signalling"]].concat();
    let people = people.to_string();
    let run = [["run"].as_slice(), &of, &["--example", "lab_bench", "--", &people]].concat();
    Ok(cargo(root, &build, &[])? && cargo(root, &run, &[])?)
}

fn run_tidy(workspace: &Workspace) -> Result<bool> {
    let findings = tidy::findings(workspace)?;
    for finding in &findings {
        say(&finding.to_string());
    }
    Ok(findings.is_empty())
}

fn conclude(summary: &Summary) -> bool {
    say(&format!("\n{summary}"));
    summary.passed()
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::CommandFactory as _;

    #[test]
    fn arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }
}
