//! A program that is running: what it says, how it ends. Only what was started here is ended.

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a condition is looked at that no system call waits for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until a condition holds.
///
/// # Errors
/// If it does not hold in time; `what` says what was waited for.
pub fn wait_for<T>(
    what: &str,
    within: Duration,
    mut condition: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = condition()? {
            return Ok(found);
        }
        anyhow::ensure!(Instant::now() < deadline, "waited {} s for {what}", within.as_secs());
        std::thread::sleep(LOOK_EVERY);
    }
}

/// A started program. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Process {
    /// Starts a program; what it says goes to files in `directory`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(name: &str, mut command: Command, directory: &Path) -> anyhow::Result<Self> {
        let stdout = directory.join(format!("{name}.out"));
        let stderr = directory.join(format!("{name}.err"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&stdout)?)
            .stderr(File::create(&stderr)?)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        Ok(Self { name: name.to_owned(), child, stdout, stderr })
    }

    /// Stops it where it is, as the closed lid of a laptop does, or lets it go on.
    ///
    /// # Errors
    /// If it has ended.
    pub fn stand_still(&self, still: bool) -> anyhow::Result<()> {
        let signal = if still { Signal::SIGSTOP } else { Signal::SIGCONT };
        let id = Pid::from_raw(self.id().try_into()?);
        kill(id, signal).with_context(|| format!("{} cannot be sent {signal}", self.name))
    }

    /// Waits until it has said something on stderr.
    ///
    /// # Errors
    /// If it doesn't.
    pub fn wait_for_words(&self, words: &str, within: Duration) -> anyhow::Result<()> {
        wait_for(&format!("{} to say {words:?}", self.name), within, || {
            Ok(self.log().contains(words).then_some(()))
        })
        .with_context(|| self.log())
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed.
    ///
    /// # Errors
    /// If the file is gone.
    pub fn output(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(&self.stdout)?)
    }

    /// What it has told people.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(&self.stderr)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Waits for the first line it prints.
    ///
    /// # Errors
    /// If it ends or stays silent.
    pub fn first_line(&mut self, within: Duration) -> anyhow::Result<String> {
        let what = format!("{} to say that it is ready", self.name);
        wait_for(&what, within, || {
            let output = self.output()?;
            if let Some((line, _)) = output.split_once('\n') {
                return Ok(Some(line.to_owned()));
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("{} ended at once ({status}):\n{}", self.name, self.log());
            }
            Ok(None)
        })
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it goes on for longer.
    pub fn wait(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        let name = self.name.clone();
        let log = self.stderr.clone();
        let child = &mut self.child;
        wait_for(&format!("{name} to end"), within, || Ok(child.try_wait()?))
            .with_context(|| fs::read_to_string(log).unwrap_or_default())
    }

    /// Resident memory, in KiB.
    ///
    /// # Errors
    /// If it has ended, or the system does not tell.
    pub fn memory_kib(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let text = line.context("no memory figure")?.trim().trim_end_matches(" kB");
        Ok(text.trim().parse()?)
    }

    /// Processor time of all its threads so far.
    ///
    /// # Errors
    /// If it has ended, or the system does not tell.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        let mut total = Duration::ZERO;
        for task in fs::read_dir(format!("/proc/{}/task", self.id()))? {
            // A thread may end between the two reads.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            let nanoseconds = text.split(' ').next().context("no processor time")?.parse()?;
            total += Duration::from_nanos(nanoseconds);
        }
        Ok(total)
    }

    /// Kills it at once, as a power cut would.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
