//! The router between TUN devices: network interfaces whose cable ends in a program.
//!
//! A [`Device`] belongs to the network namespace of the thread that made it, and stays there
//! whichever thread holds its other end. [`Running`] reads what the hosts at the devices send, lets
//! the [`Router`] decide, and writes what arrives. It needs no root: who has made a user namespace
//! may make network namespaces, and devices in them.

use crate::router::{Host, Router};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use tun_rs::{DeviceBuilder, SyncDevice};

/// The largest packet of a device, in bytes: Ethernet's.
const LARGEST_PACKET: u16 = 1500;

/// How many packets of one device are read before the others have their turn.
const PACKETS_A_TURN: usize = 64;

/// A TUN device.
pub struct Device {
    end: SyncDevice,
    index: u32,
}

impl Device {
    /// Makes a device in this thread's network namespace, with this address and no other on its
    /// network, and switches it on. Nothing is routed to it yet.
    ///
    /// # Errors
    /// If the system does not allow it, or there is a device of this name.
    pub fn create(name: &str, address: Ipv4Addr) -> io::Result<Self> {
        let builder = DeviceBuilder::new().name(name).mtu(LARGEST_PACKET);
        let device = builder.ipv4(address, 32, None).enable(true).build_sync()?;
        device.set_nonblocking(true)?;
        // Asked here: in another namespace the name means nothing, or something else.
        let index = device.if_index()?;
        Ok(Self { end: device, index })
    }

    /// The number of the interface in its namespace.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }
}

/// A router at work, on a thread of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    router: Arc<Mutex<Router>>,
    began: Instant,
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Starts a router whose hosts are at these devices, in the order in which they were added.
    /// Its clock begins now.
    ///
    /// # Errors
    /// If there is no thread for it.
    pub fn start(router: Router, devices: Vec<(Host, Device)>) -> io::Result<Self> {
        let router = Arc::new(Mutex::new(router));
        let began = Instant::now();
        let (stop, stopped) = UnixStream::pair()?;
        let shell = Shell { router: Arc::clone(&router), began, devices, stopped };
        let thread = Builder::new().name("router".to_owned()).spawn(move || shell.run())?;
        Ok(Self { router, began, stop: Some(stop), thread: Some(thread) })
    }

    /// The router, to change a path or to read what has happened. It stands still meanwhile.
    pub fn router(&self) -> MutexGuard<'_, Router> {
        lock(&self.router)
    }

    /// The time on the router's clock.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The other end hears that this one is closed.
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It has told nobody of its failure, and there is nobody left to tell.
            drop(thread.join());
        }
    }
}

/// A panic elsewhere leaves the router as it was between two calls.
fn lock(router: &Mutex<Router>) -> MutexGuard<'_, Router> {
    router.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Shell {
    router: Arc<Mutex<Router>>,
    began: Instant,
    devices: Vec<(Host, Device)>,
    stopped: UnixStream,
}

impl Shell {
    fn run(&self) -> io::Result<()> {
        let mut buffer = [0; LARGEST_PACKET as usize];
        while self.wait()? {
            for (host, device) in &self.devices {
                self.read(*host, device, &mut buffer)?;
            }
            self.write();
        }
        Ok(())
    }

    /// Waits until there is something to read or to write. Whether to go on.
    fn wait(&self) -> io::Result<bool> {
        let due = lock(&self.router).next_deadline();
        let rest = due.map(|due| TimeSpec::from(due.saturating_sub(self.began.elapsed())));
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut watched = vec![readable(self.stopped.as_fd())];
        watched.extend(self.devices.iter().map(|(_, device)| readable(device.end.as_fd())));
        match ppoll(&mut watched, rest, None) {
            Ok(_) => Ok(!watched[0].any().unwrap_or(true)),
            Err(nix::Error::EINTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn read(&self, host: Host, device: &Device, buffer: &mut [u8]) -> io::Result<()> {
        for _ in 0..PACKETS_A_TURN {
            match device.end.recv(buffer) {
                Ok(length) => {
                    let now = self.began.elapsed();
                    lock(&self.router).receive(now, host, &buffer[..length]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write(&self) {
        let now = self.began.elapsed();
        while let Some((to, packet)) = self.next_arrival(now) {
            if let Some((_, device)) = self.devices.iter().find(|(host, _)| *host == to) {
                // A host that takes nothing in loses it, as on any network.
                drop(device.end.send(&packet));
            }
        }
    }

    fn next_arrival(&self, now: Duration) -> Option<(Host, Vec<u8>)> {
        lock(&self.router).poll(now)
    }
}
