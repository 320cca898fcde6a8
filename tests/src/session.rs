//! A lab and its clients, from start to verdict.

use crate::display::Display;
use crate::network::Computer;
use crate::process::{Process, wait_for};
use crate::{binaries, namespace};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// How long a program may take to start.
const START: Duration = Duration::from_secs(20);

/// The experiment file, in a lab's directory.
const EXPERIMENT: &str = "experiment.toml";

/// A running lab machine.
#[derive(Debug)]
pub struct Lab {
    /// The program.
    pub process: Process,
    /// The link that clients join by.
    pub link: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its data directory.
    pub data: PathBuf,
    directory: PathBuf,
}

impl Lab {
    /// Starts a lab with this experiment file. Everything it writes lies in `directory`.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(directory: &Path, experiment: &str) -> anyhow::Result<Self> {
        let address =
            if namespace::is_inside() { namespace::ADDRESS } else { [127, 0, 0, 1].into() };
        Self::start_at(directory, experiment, (address, 0).into())
    }

    /// The same at a chosen address: a lab that comes back where it was.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_at(
        directory: &Path,
        experiment: &str,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let command = Command::new(binaries::path("dyad-signalling")?);
        Self::start_by(command, directory, experiment, address, true)
    }

    /// The same over TLS, with the lab's own certificate.
    ///
    /// # Errors
    /// If it does not start, or if this is no namespace: on an address that only this computer has,
    /// there would be no TLS.
    pub fn start_secured(directory: &Path, experiment: &str) -> anyhow::Result<Self> {
        ensure!(namespace::is_inside(), "TLS is for addresses that others have too");
        let command = Command::new(binaries::path("dyad-signalling")?);
        let address = (namespace::ADDRESS, 0).into();
        Self::start_by(command, directory, experiment, address, false)
    }

    /// The same on a computer of its own.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_on(
        computer: &Computer,
        directory: &Path,
        experiment: &str,
    ) -> anyhow::Result<Self> {
        let command = computer.command(binaries::path("dyad-signalling")?);
        Self::start_by(command, directory, experiment, (computer.address(), 0).into(), true)
    }

    /// Kills it, as a power cut would, and starts it again where it was.
    ///
    /// # Errors
    /// If it does not start.
    pub fn kill_and_start_again(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        let experiment = fs::read_to_string(self.directory.join(EXPERIMENT))?;
        *self = Self::start_at(&self.directory.clone(), &experiment, self.address)?;
        Ok(())
    }

    fn start_by(
        mut command: Command,
        directory: &Path,
        experiment: &str,
        address: SocketAddr,
        plain: bool,
    ) -> anyhow::Result<Self> {
        fs::create_dir_all(directory)?;
        let file = directory.join(EXPERIMENT);
        fs::write(&file, experiment)?;
        let data = directory.join("lab");
        command.arg("serve").arg("--experiment").arg(&file).arg("--data").arg(&data);
        command.arg("--listen").arg(address.to_string());
        if plain {
            command.arg("--plain");
        }
        let mut process = Process::start("lab", command, directory)?;
        let line: Value = serde_json::from_str(&process.first_line(START)?)?;
        let link = line["join"].as_str().context("the lab names no join link")?.to_owned();
        let address = line["listening"].as_str().context("the lab names no address")?.parse()?;
        Ok(Self { process, link, address, data, directory: directory.to_owned() })
    }

    /// Starts a client that joins this lab. `name` is for its files; `arguments` follow the link.
    ///
    /// # Errors
    /// If it does not start.
    pub fn client(&self, name: &str, arguments: &[&str]) -> anyhow::Result<Client> {
        self.client_by(name, Command::new(binaries::path("dyad")?), arguments)
    }

    /// The same on a computer of its own.
    ///
    /// # Errors
    /// If it does not start.
    pub fn client_on(
        &self,
        computer: &Computer,
        name: &str,
        arguments: &[&str],
    ) -> anyhow::Result<Client> {
        self.client_by(name, computer.command(binaries::path("dyad")?), arguments)
    }

    /// The same on a disk that takes no file larger than so many KiB: a write beyond that fails, as
    /// it does on a full disk.
    ///
    /// # Errors
    /// If it does not start.
    pub fn client_on_small_disk(
        &self,
        name: &str,
        kib: u32,
        arguments: &[&str],
    ) -> anyhow::Result<Client> {
        let mut shell = Command::new("sh");
        let blocks = kib * 2;
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        shell.arg("-c").arg(limited).arg(binaries::path("dyad")?);
        self.client_by(name, shell, arguments)
    }

    /// The same in a window on a display.
    ///
    /// # Errors
    /// If it does not start.
    pub fn client_in_window(
        &self,
        name: &str,
        display: &Display,
        arguments: &[&str],
    ) -> anyhow::Result<Client> {
        let mut command = Command::new(binaries::path("dyad")?);
        command.env("DISPLAY", display.name());
        self.client_by(name, command, arguments)
    }

    /// The same in a window on a display, on a computer of its own.
    ///
    /// # Errors
    /// If it does not start.
    pub fn client_in_window_on(
        &self,
        computer: &Computer,
        name: &str,
        display: &Display,
        arguments: &[&str],
    ) -> anyhow::Result<Client> {
        let mut command = computer.command(binaries::path("dyad")?);
        command.env("DISPLAY", display.name());
        self.client_by(name, command, arguments)
    }

    fn client_by(
        &self,
        name: &str,
        mut command: Command,
        arguments: &[&str],
    ) -> anyhow::Result<Client> {
        let data = self.directory.join(name);
        command.arg("join").arg(&self.link).arg("--json").arg("--data").arg(&data);
        command.args(arguments);
        let process = Process::start(name, command, &self.directory)?;
        Ok(Client { process, data })
    }

    /// What the lab has found out about a session, once it has judged all its episodes.
    ///
    /// # Errors
    /// If the verdicts do not come.
    pub fn verdicts(
        &self,
        study: &str,
        session: &str,
        episodes: usize,
    ) -> anyhow::Result<Vec<Value>> {
        let page = self.data.join(study).join(session).join("session.json");
        let what = format!("{episodes} verdicts in {}", page.display());
        wait_for(&what, Duration::from_secs(30), || {
            let Ok(text) = fs::read(&page) else { return Ok(None) };
            let page: Value = serde_json::from_slice(&text)?;
            let found = page["episodes"].as_array().context("a page lists episodes")?;
            let judged = found.iter().filter(|episode| !episode["verdict"].is_null());
            Ok((judged.count() == episodes).then(|| found.clone()))
        })
    }
}

/// A running client.
#[derive(Debug)]
pub struct Client {
    /// The program.
    pub process: Process,
    /// Its data directory.
    pub data: PathBuf,
}

/// How a client's session went.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The client's own summary.
    pub json: Value,
    /// The directory of its records.
    pub records: PathBuf,
}

impl Client {
    /// How many rows of the first episode are on this client's disk.
    #[must_use]
    pub fn rows(&self) -> usize {
        rows_in(&self.data.join("records"))
    }

    /// Waits until this client has begun to record.
    ///
    /// # Errors
    /// If it doesn't.
    pub fn wait_for_log(&self, within: Duration) -> anyhow::Result<()> {
        wait_for("a log", within, || Ok(holds_log(&self.data.join("records")).then_some(())))
            .with_context(|| self.process.log())
    }

    /// Waits until so many rows of the first episode are on this client's disk.
    ///
    /// # Errors
    /// If they don't come.
    pub fn wait_for_rows(&self, rows: usize, within: Duration) -> anyhow::Result<()> {
        wait_for(&format!("row {rows}"), within, || Ok((self.rows() >= rows).then_some(())))
            .with_context(|| self.process.log())
    }

    /// Waits until the client has ended well.
    ///
    /// # Errors
    /// If it takes longer, or ends with another exit code than 0.
    pub fn finish(&mut self, within: Duration) -> anyhow::Result<Summary> {
        let status = self.process.wait(within)?;
        let log = self.process.log();
        ensure!(status.success(), "the client ended with {status}:\n{log}");
        self.summary(within)
    }

    /// Waits until the client has ended, well or not, and reads its summary.
    ///
    /// # Errors
    /// If it takes longer, or there was no session to sum up.
    pub fn summary(&mut self, within: Duration) -> anyhow::Result<Summary> {
        self.process.wait(within)?;
        let json: Value = serde_json::from_str(&self.process.output()?)?;
        let records = json["directory"].as_str().context("a summary names the records")?.into();
        Ok(Summary { json, records })
    }
}

impl Summary {
    /// A count in the summary.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn count(&self, name: &str) -> anyhow::Result<u64> {
        self.json[name].as_u64().with_context(|| format!("no {name} in {}", self.json))
    }

    /// A text in the summary.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn text(&self, name: &str) -> anyhow::Result<&str> {
        self.json[name].as_str().with_context(|| format!("no {name} in {}", self.json))
    }

    /// The bytes of one of this participant's files of an episode: `dlog` or `csv`.
    ///
    /// # Errors
    /// If it is not there.
    pub fn file(&self, episode: u16, ending: &str) -> anyhow::Result<Vec<u8>> {
        let name = format!("{}_ep{episode}.{ending}", self.text("participant")?);
        let path = self.records.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// The rows of the table of the first episode somewhere below a directory; 0 if there is none.
fn rows_in(directory: &Path) -> usize {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let count = |path: PathBuf| {
        if path.is_dir() {
            return rows_in(&path);
        }
        let is_table = path.to_string_lossy().ends_with("_ep0.csv");
        let text = if is_table { fs::read(&path).unwrap_or_default() } else { Vec::new() };
        text.iter().filter(|&&byte| byte == b'\n').count().saturating_sub(1)
    };
    entries.flatten().map(|entry| count(entry.path())).max().unwrap_or(0)
}

/// Runs the client program to its end and returns what it said.
///
/// # Errors
/// If it cannot be run.
pub fn dyad(arguments: &[&str]) -> anyhow::Result<Output> {
    Ok(Command::new(binaries::path("dyad")?).args(arguments).stdin(Stdio::null()).output()?)
}

/// Runs the lab's program to its end and returns what it said.
///
/// # Errors
/// If it cannot be run.
pub fn signalling(arguments: &[&str]) -> anyhow::Result<Output> {
    let program = binaries::path("dyad-signalling")?;
    Ok(Command::new(program).args(arguments).stdin(Stdio::null()).output()?)
}

fn holds_log(directory: &Path) -> bool {
    let Ok(entries) = fs::read_dir(directory) else { return false };
    entries
        .flatten()
        .map(|entry| entry.path())
        .any(|path| path.extension().is_some_and(|ending| ending == "dlog") || holds_log(&path))
}
