//! Building what is tested.

use anyhow::Context as _;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Names the directory of the binaries for programs inside a namespace, which build nothing.
pub const DIRECTORY: &str = "DYAD_BINARIES";

/// Cargo's own settings, among the variables it sets for the programs it runs.
const KEPT: [&str; 3] = ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_NET_OFFLINE"];

/// Builds the workspace's binaries, once, and remembers where they are.
///
/// # Errors
/// If the build fails: the compiler's output has said why.
pub fn build() -> anyhow::Result<PathBuf> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(directory) = BUILT.get() {
        return Ok(directory.clone());
    }
    if let Some(directory) = env::var_os(DIRECTORY) {
        return Ok(directory.into());
    }
    let directory = cargo_build(&[])?;
    Ok(BUILT.get_or_init(|| directory).clone())
}

/// The same with optimisation, for measurements.
///
/// # Errors
/// If the build fails.
pub fn build_release() -> anyhow::Result<PathBuf> {
    env::var_os(DIRECTORY).map_or_else(|| cargo_build(&["--release"]), |it| Ok(it.into()))
}

/// The cargo that runs this program, without what it told this program about its own package:
/// with it, build scripts would run again, and everything that depends on them.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let foreign = |key: &str| key.starts_with("CARGO_") && !KEPT.contains(&key);
    for (key, _) in env::vars().filter(|(key, _)| foreign(key)) {
        command.env_remove(key);
    }
    command
}

/// Runs `cargo build` for the workspace's binaries, and returns the directory they are in. The
/// whole workspace is named so that dependencies are built with the features that everything
/// else builds them with, and so only once.
///
/// # Errors
/// If the build fails.
pub fn cargo_build(arguments: &[&str]) -> anyhow::Result<PathBuf> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the tests lie in a folder")?;
    let output = cargo()
        .args(["build", "--workspace", "--bins", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be run")?;
    anyhow::ensure!(output.status.success(), "the binaries do not build");
    let lines = String::from_utf8_lossy(&output.stdout);
    let executables = lines.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    let client = executables.into_iter().find(|path| path.file_stem() == Some("dyad".as_ref()));
    let client = client.context("cargo built no client")?;
    Ok(client.parent().context("a binary lies in a folder")?.to_owned())
}

/// The path of a built binary.
///
/// # Errors
/// If it cannot be built.
pub fn path(name: &str) -> anyhow::Result<PathBuf> {
    Ok(build()?.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
}
