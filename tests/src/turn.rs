//! A real TURN server (coturn) on a computer of a test's own network.

use crate::network::Computer;
use crate::process::{Process, wait_for};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The program, of the package coturn.
const PROGRAM: &str = "turnserver";

/// TURN's own port; nobody else is at this computer.
const PORT: u16 = 3478;

/// How long the server may take to listen.
const START: Duration = Duration::from_secs(20);

/// Whether there is a TURN server here; if not, why.
///
/// # Errors
/// The reason, for people.
pub fn available() -> Result<(), String> {
    let version = Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).status();
    version
        .map(drop)
        .map_err(|error| format!("`{PROGRAM}` cannot be run ({error}): install coturn"))
}

/// A running TURN server. Dropping it ends it.
#[derive(Debug)]
pub struct TurnServer {
    /// The program.
    pub process: Process,
    address: SocketAddr,
}

impl TurnServer {
    /// Starts a server on this computer, for UDP and nothing else. It serves everybody with a
    /// name that has not expired and the password derived from it and this secret.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(computer: &Computer, directory: &Path, secret: &str) -> anyhow::Result<Self> {
        let address = computer.address().to_string();
        let mut command = computer.command(PROGRAM);
        command.args(["-n", "--realm", "dyad", "--fingerprint"]);
        command.args(["--no-tcp", "--no-tls", "--no-dtls", "--no-cli", "--no-multicast-peers"]);
        command.args(["--listening-ip", &address, "--relay-ip", &address]);
        command.args(["--listening-port", &PORT.to_string()]);
        command.args(["--log-file", "stdout", "--simple-log", "--verbose"]);
        command.arg("--userdb").arg(directory.join("turn.db"));
        command.arg("--pidfile").arg(directory.join("turn.pid"));
        command.args(["--use-auth-secret", "--static-auth-secret", secret]);
        let process = Process::start("turn", command, directory)?;
        let address = (computer.address(), PORT).into();
        let listening = format!("UDP listener opened on: {address}");
        wait_for("the TURN server to listen", START, || {
            Ok(process.output()?.contains(&listening).then_some(()))
        })?;
        Ok(Self { process, address })
    }

    /// Its address as WebRTC takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("turn:{}?transport=udp", self.address)
    }
}
