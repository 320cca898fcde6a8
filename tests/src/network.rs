//! Several computers on one machine, with bad networks between them.
//!
//! Every [`Computer`] is a network namespace with one TUN device, through which everything goes. The
//! devices' other ends are held by a router of `dyad-impair`, on a thread of this program: it
//! delays, loses and reorders packets, under programs that know nothing of it. All of it is made
//! inside a namespace of [`crate::namespace`], without root, and is gone when this program and those
//! it started have ended.

use anyhow::Context as _;
use dyad_impair::router::{Host, Path, Router};
use dyad_impair::tun::{Device, Running};
use nix::sched::{CloneFlags, setns, unshare};
use rtnetlink::{AddressMessageBuilder, Handle, LinkUnspec, RouteMessageBuilder};
use std::ffi::OsStr;
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd as _;
use std::process::{Command, Stdio};
use std::sync::MutexGuard;
use std::thread;

/// What a namespace's device is called.
const DEVICE: &str = "dyad";

/// The index of the loopback interface, in every namespace.
const LOOPBACK: u32 = 1;

/// Whether such networks can be made here, inside a namespace; if not, why.
///
/// # Errors
/// The reason, for people.
pub fn available() -> Result<(), String> {
    let device = File::options().read(true).write(true).open("/dev/net/tun");
    device.map_err(|error| format!("/dev/net/tun cannot be opened ({error})"))?;
    let nsenter = Command::new("nsenter").arg("--version").stdout(Stdio::null()).status();
    nsenter.map(drop).map_err(|error| format!("`nsenter` cannot be run ({error})"))
}

/// Runs a test in a namespace of its own, like [`crate::namespace::run_test`], if networks can be
/// made there.
///
/// # Panics
/// If the test fails, or `DYAD_REQUIRE` names what is missing (`namespaces` or `tun`).
pub fn run_test(name: &str, test: impl FnOnce() -> anyhow::Result<()>) {
    crate::namespace::run_test(name, || match available() {
        Ok(()) => test(),
        Err(why) => {
            crate::require::skip("tun", &why);
            Ok(())
        }
    });
}

/// A computer: a network namespace of its own, at the end of a cable to the router.
#[derive(Debug)]
pub struct Computer {
    namespace: File,
    device: u32,
    host: Host,
    address: Ipv4Addr,
}

impl Computer {
    /// A command that runs a program on this computer.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let (own, namespace) = (std::process::id(), self.namespace.as_raw_fd());
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{own}/fd/{namespace}")).arg("--").arg(program.as_ref());
        command
    }

    /// Does something in this computer's network; what is opened there stays there.
    ///
    /// # Errors
    /// If the work fails, or the network cannot be entered.
    pub fn inside<T: Send>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send,
    ) -> anyhow::Result<T> {
        thread_in(Some(&self.namespace), work)
    }

    /// Its address.
    #[must_use]
    pub const fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// It, to the router.
    #[must_use]
    pub const fn host(&self) -> Host {
        self.host
    }
}

/// A lab and its participants, each at a computer of their own.
#[derive(Debug)]
pub struct Network {
    /// The lab machine.
    pub lab: Computer,
    /// The participants' computers.
    pub participants: Vec<Computer>,
    running: Running,
}

impl Network {
    /// Makes the computers, with perfect cables between them.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub fn new(participants: u8) -> anyhow::Result<Self> {
        let mut router = Router::default();
        let mut devices = Vec::new();
        let mut add = |number: u8| {
            let address = Ipv4Addr::new(10, 9, number, 1);
            let host = router.add_host(address);
            let (namespace, device) = thread_in(None, || plug_in(address))?;
            let computer = Computer { namespace, device: device.index(), host, address };
            devices.push((host, device));
            anyhow::Ok(computer)
        };
        let lab = add(0)?;
        let participants = (1..=participants).map(&mut add).collect::<anyhow::Result<_>>()?;
        let running = Running::start(router, devices)?;
        Ok(Self { lab, participants, running })
    }

    /// Lays this path between any two participants, in both directions. The seed is the path's.
    pub fn set_between_participants(&self, path: &Path) {
        self.each_pair(|router, from, to| router.set_path(from, to, path));
    }

    /// Blocks the direct ways between participants, as firewalls do, or opens them.
    pub fn block_between_participants(&self, blocked: bool) {
        self.each_pair(|router, from, to| router.set_blocked(from, to, blocked));
    }

    fn each_pair(&self, mut change: impl FnMut(&mut Router, Host, Host)) {
        let mut router = self.router();
        let hosts = || self.participants.iter().map(Computer::host);
        for from in hosts() {
            for to in hosts().filter(|&to| to != from) {
                change(&mut router, from, to);
            }
        }
    }

    /// The router, to change a path or to read what has happened. It stands still meanwhile.
    pub fn router(&self) -> MutexGuard<'_, Router> {
        self.running.router()
    }

    /// Gives a participant's computer another address, as a change of Wi-Fi does. The old one is
    /// gone at once.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub fn change_address(&mut self, participant: usize) -> anyhow::Result<()> {
        let computer = &mut self.participants[participant];
        let [a, b, c, last] = computer.address.octets();
        let next = last.checked_add(1).context("no address is left in this network")?;
        let (old, new) = (computer.address, Ipv4Addr::new(a, b, c, next));
        let device = computer.device;
        computer
            .inside(|| with_netlink(async |netlink| readdress(&netlink, device, old, new).await))?;
        computer.address = new;
        let host = computer.host;
        self.router().set_address(host, new);
        Ok(())
    }
}

/// Does something in a network namespace, or in a new one, on a thread that ends with it: a thread
/// does not come back from a namespace.
fn thread_in<T: Send>(
    namespace: Option<&File>,
    work: impl FnOnce() -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    let enter = || match namespace {
        Some(namespace) => setns(namespace, CloneFlags::CLONE_NEWNET),
        None => unshare(CloneFlags::CLONE_NEWNET),
    };
    let inside = || {
        enter().context("no network namespace for a computer")?;
        work()
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, inside)?;
        thread.join().map_err(|_panic| anyhow::anyhow!("a computer's set-up panicked"))?
    })
}

/// Makes the device of this thread's namespace and routes everything to it.
fn plug_in(address: Ipv4Addr) -> anyhow::Result<(File, Device)> {
    let namespace = File::open("/proc/thread-self/ns/net")?;
    let device = Device::create(DEVICE, address).context("no TUN device for a computer")?;
    let index = device.index();
    with_netlink(async |netlink| {
        let loopback = LinkUnspec::new_with_index(LOOPBACK).up().build();
        netlink.link().set(loopback).execute().await?;
        add_default_route(&netlink, index).await
    })?;
    Ok((namespace, device))
}

async fn add_default_route(netlink: &Handle, device: u32) -> anyhow::Result<()> {
    let route = RouteMessageBuilder::<Ipv4Addr>::new().output_interface(device).build();
    Ok(netlink.route().add(route).execute().await?)
}

/// Replaces a device's address. The new one comes first: the routes would go with the last one.
async fn readdress(
    netlink: &Handle,
    device: u32,
    old: Ipv4Addr,
    new: Ipv4Addr,
) -> anyhow::Result<()> {
    netlink.address().add(device, new.into(), 32).execute().await?;
    let old = AddressMessageBuilder::<Ipv4Addr>::new().index(device).address(old, 32).build();
    Ok(netlink.address().del(old).execute().await?)
}

/// Runs some requests to the kernel about this thread's namespace.
fn with_netlink<T>(work: impl AsyncFnOnce(Handle) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (connection, handle, _messages) = rtnetlink::new_connection()?;
        let connection = tokio::spawn(connection);
        let done = work(handle).await;
        connection.abort();
        done.context("a computer's network cannot be set up")
    })
}
