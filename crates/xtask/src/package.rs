//! `cargo xtask package --portable`: the archive that a participant downloads. It holds the client, all
//! of whose pictures, fonts and words are inside it, a page that says how to begin, and the licences of
//! everything that it is made of.

pub mod archive;
pub mod licences;

use crate::say;
use anyhow::{Context as _, Result, ensure};
use archive::{Entry, Kind};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use system_tests::binaries;

/// What a participant reads who opens the archive.
const READ_ME: &str = include_str!("package/README.txt");

/// What a person chose to be packed.
#[derive(Clone, Debug, clap::Args)]
pub struct Package {
    /// An archive that needs no installation: the one form there is
    #[arg(long, required = true)]
    pub portable: bool,
    /// Where the archive goes
    #[arg(long, value_name = "DIR", default_value = "dist")]
    pub out: PathBuf,
    /// Pack this program, as it is, instead of building one
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// With gamepads, sounds and Wayland; to build it, the system's libraries for them are needed
    #[arg(long)]
    pub with_devices: bool,
}

/// Builds the client for participants and packs it. Prints the sizes.
///
/// # Errors
/// If it does not build or start, a dependency has no licence, or the disk is full.
pub fn run(root: &Path, package: &Package) -> Result<bool> {
    let target = target()?;
    let licences = licences::text(root, package.with_devices)?;
    let program = match &package.binary {
        Some(program) => program.clone(),
        None => build(root, package.with_devices)?,
    };
    let version = version(&program)?;
    let name = format!("dyad-{version}-{target}");
    let exe = format!("dyad{}", std::env::consts::EXE_SUFFIX);
    let binary = fs::read(&program).with_context(|| format!("no {}", program.display()))?;
    let binary_size = binary.len();
    let read = |file: &str| fs::read(root.join(file)).with_context(|| format!("no {file}"));
    let entries = [
        Entry::program(&exe, binary),
        Entry::text("README.txt", READ_ME.into()),
        Entry::text("LICENCES.txt", licences.into_bytes()),
        Entry::text("LICENSE-APACHE", read("LICENSE-APACHE")?),
        Entry::text("LICENSE-MIT", read("LICENSE-MIT")?),
    ];
    let kind = Kind::of_target(&target);
    let packed = archive::pack(kind, &name, &entries)?;
    let folder = root.join(&package.out);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join(format!("{name}.{}", kind.ending()));
    fs::write(&file, &packed).with_context(|| format!("cannot write {}", file.display()))?;
    say(&format!(
        "{}\nprogram {:>8}\narchive {:>8}",
        file.display(),
        megabytes(binary_size),
        megabytes(packed.len())
    ));
    Ok(true)
}

/// Builds the client with the profile for participants. The whole workspace is named, so that
/// dependencies have the features that all tests ran with.
fn build(root: &Path, with_devices: bool) -> Result<PathBuf> {
    say("building the smallest program (an hour the first time, on two cores) ...");
    let output = binaries::cargo()
        .args(["build", "--profile", "dist", "--workspace", "--bin", "dyad"])
        .arg("--message-format=json-render-diagnostics")
        .args(with_devices.then_some("--features=dyad/devices"))
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be run")?;
    ensure!(output.status.success(), "the client does not build");
    let lines = String::from_utf8_lossy(&output.stdout);
    executable(&lines).context("cargo built no client")
}

/// The client among the messages of cargo.
fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let path = PathBuf::from(message.get("executable")?.as_str()?);
        (path.file_stem() == Some("dyad".as_ref())).then_some(path)
    })
}

/// What the program says its version is: the one that is packed can be started.
fn version(program: &Path) -> Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said.trim().strip_prefix("dyad ").map(str::to_owned);
    version.with_context(|| format!("{} is no client: it says {said:?}", program.display()))
}

/// The kind of computer that cargo builds for here.
fn target() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc cannot be run")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say what it builds for")
}

fn megabytes(bytes: usize) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::{executable, megabytes};
    use std::path::PathBuf;

    #[test]
    fn the_client_is_found_among_what_cargo_says() {
        let messages = "not json\n{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                        {\"executable\":\"/t/dist/other\"}\n{\"executable\":\"/t/dist/dyad\"}\n";
        assert_eq!(executable(messages), Some(PathBuf::from("/t/dist/dyad")));
        assert_eq!(executable("{\"executable\":\"/t/dist/dyad-signalling\"}"), None);
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(megabytes(12_000_000), "12.0 MB");
        assert_eq!(megabytes(12_000_001), "12.1 MB");
    }
}
