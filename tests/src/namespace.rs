//! A network of the test's own.
//!
//! WebRTC skips the loopback interface and talks over the machine's own addresses, which a test
//! must not do. In a fresh network namespace, made without root by `unshare` (a part of
//! util-linux, on every Linux), the only addresses are the test's. The program starts itself again
//! inside and sets the network up there: loopback, and a pair of virtual Ethernet ends of which
//! one has an address and the default route, which WebRTC's multicast join needs.

use anyhow::Context as _;
use rtnetlink::{Handle, LinkUnspec, LinkVeth, RouteMessageBuilder};
use std::env;
use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

/// Set for a program that runs inside.
const MARK: &str = "DYAD_NAMESPACE";

/// The address that everything inside listens on and talks to.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 1);

/// Whether this program runs in a namespace of its own.
#[must_use]
pub fn is_inside() -> bool {
    env::var_os(MARK).is_some()
}

/// Whether namespaces can be made here; if not, why.
///
/// # Errors
/// The reason, for people.
pub fn available() -> Result<(), String> {
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "true"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`unshare` cannot be run ({error})"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "network namespaces are not permitted here ({})",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

/// A command that runs a program in a fresh namespace. The program has to call [`set_up`].
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--"]).arg(program.as_ref()).env(MARK, "1");
    command
}

/// Sets the network up, inside.
///
/// # Errors
/// If the kernel does not allow it.
pub fn set_up() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (connection, handle, _messages) = rtnetlink::new_connection()?;
        let connection = tokio::spawn(connection);
        let done = interfaces(&handle).await;
        connection.abort();
        done.context("the namespace's network cannot be set up")
    })
}

async fn interfaces(handle: &Handle) -> anyhow::Result<()> {
    handle.link().add(LinkVeth::new("dyad0", "dyad1").build()).execute().await?;
    // In a fresh namespace interfaces are numbered from 1: loopback, then the pair, its second
    // end first.
    let (loopback, second, first) = (1, 2, 3);
    handle.address().add(first, ADDRESS.into(), 24).execute().await?;
    for index in [loopback, second, first] {
        let up = LinkUnspec::new_with_index(index).up().build();
        handle.link().set(up).execute().await?;
    }
    let route = RouteMessageBuilder::<Ipv4Addr>::new().output_interface(first).build();
    handle.route().add(route).execute().await?;
    Ok(())
}

/// Runs a test in a namespace of its own: starts the test program again inside, for just this
/// test, and passes on how it went. `name` is the test's full path.
///
/// # Panics
/// If the test fails, or namespaces are missing and `DYAD_REQUIRE` names them.
pub fn run_test(name: &str, test: impl FnOnce() -> anyhow::Result<()>) {
    if is_inside() {
        let outcome = set_up().and_then(|()| test());
        if let Err(error) = outcome {
            panic!("{error:?}");
        }
        return;
    }
    if let Err(why) = available() {
        return crate::require::skip("namespaces", &why);
    }
    // Built outside: the compiler needs no network of ours.
    let binaries = crate::binaries::build().unwrap_or_else(|error| panic!("{error:?}"));
    let program = env::current_exe().expect("a test program knows where it is");
    let status = command(program)
        .args(["--exact", name, "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(crate::binaries::DIRECTORY, binaries)
        .stdin(Stdio::null())
        .status()
        .expect("`unshare` was just tried");
    assert!(status.success(), "{name} failed inside its namespace");
}
