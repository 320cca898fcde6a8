//! A router between hosts, each at the end of a cable of its own.
//!
//! It takes IPv4 packets from its hosts and passes each through the [`Link`] that leads from its
//! sender to its receiver. Every directed pair of hosts has its own [`Path`], so a network may be
//! worse in one direction, and two hosts may see a third but not each other. Like a link it does
//! no IO and reads no clock. The loop is
//!
//! ```
//! use dyad_impair::router::{Path, Router};
//! use std::time::Duration;
//!
//! let mut router = Router::default();
//! let [a, b] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(|address| router.add_host(address.into()));
//! router.set_path(a, b, &Path { impairment: "delay=100ms,loss=5%".parse()?, bottleneck: None });
//! // A packet that host a sends:
//! router.receive(Duration::ZERO, a, &[0x45]);
//! while let Some(due) = router.next_deadline() {
//!     // Sleep until `due`, or step a clock there; then hand over what has arrived.
//!     while let Some((host, packet)) = router.poll(due) {
//!         println!("{} bytes for {host:?}", packet.len());
//!     }
//! }
//! # Ok::<(), dyad_impair::ImpairmentError>(())
//! ```
//!
//! What goes nowhere is dropped and counted: broadcasts, multicasts, IP version 6, and packets
//! whose sender's address is not, or no longer, the host's own.

mod bottleneck;
mod packet;
#[cfg(test)]
mod tests;

pub use bottleneck::Bottleneck;

use crate::impairment::Impairment;
use crate::link::{Counts, Link, Mode};
use bottleneck::Queue;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

/// A host of a router; only the router that gave it out knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host(usize);

impl Host {
    /// Its number: hosts count from 0, in the order in which they were added.
    #[must_use]
    pub const fn number(self) -> usize {
        self.0
    }
}

/// What lies between two hosts, in one direction. The default is a perfect cable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// What is wrong with it. Outages count on the router's clock.
    pub impairment: Impairment,
    /// How narrow it is, if it is; packets queue here first.
    pub bottleneck: Option<Bottleneck>,
}

impl From<Impairment> for Path {
    fn from(impairment: Impairment) -> Self {
        Self { impairment, bottleneck: None }
    }
}

/// What a host has sent to another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets, whether they arrived or not.
    pub packets: u64,
    /// Their bytes, IP headers included.
    pub bytes: u64,
    /// Packets dropped because the way is blocked or one of the two hosts is cut off.
    pub refused: u64,
    /// Packets dropped because the queue of the bottleneck was full.
    pub overflowed: u64,
    /// Packets that came too late: their receiver was cut off or had another address.
    pub missed: u64,
    /// What the link made of the rest.
    pub link: Counts,
}

/// One direction between two hosts.
#[derive(Debug)]
struct Way {
    queue: Queue,
    link: Link<Vec<u8>>,
    blocked: bool,
    traffic: Traffic,
}

impl Way {
    fn new(path: &Path, number: u64) -> Self {
        Self {
            queue: Queue::new(path.bottleneck),
            link: Link::new(&path.impairment, number, Mode::Datagrams),
            blocked: false,
            traffic: Traffic::default(),
        }
    }

    fn send(&mut self, now: Duration, packet: &[u8], cut_off: bool) {
        self.traffic.packets += 1;
        self.traffic.bytes += u64::try_from(packet.len()).unwrap_or(u64::MAX);
        if self.blocked || cut_off {
            self.traffic.refused += 1;
        } else if let Some(departure) = self.queue.admit(now, packet.len()) {
            self.link.send(departure, packet.to_vec());
        } else {
            self.traffic.overflowed += 1;
        }
    }
}

/// The end of a cable.
#[derive(Clone, Copy, Debug)]
struct End {
    address: Ipv4Addr,
    down: bool,
}

/// The router. Its clock is the caller's: a `Duration` since any moment.
#[derive(Debug, Default)]
pub struct Router {
    hosts: Vec<End>,
    ways: BTreeMap<(Host, Host), Way>,
    unroutable: u64,
}

impl Router {
    /// Plugs a host in. Perfect cables lead from it and to it.
    ///
    /// # Panics
    /// If another host has this address.
    pub fn add_host(&mut self, address: Ipv4Addr) -> Host {
        assert_eq!(self.host_at(address), None, "two hosts with the address {address}");
        let new = Host(self.hosts.len());
        self.hosts.push(End { address, down: false });
        for other in (0..new.0).map(Host) {
            for (from, to) in [(new, other), (other, new)] {
                self.ways.insert((from, to), Way::new(&Path::default(), number(from, to)));
            }
        }
        new
    }

    /// Lays another path between two hosts, in this direction. What is under way arrives as it
    /// would have.
    pub fn set_path(&mut self, from: Host, to: Host, path: &Path) {
        let way = self.way(from, to);
        way.queue.bottleneck = path.bottleneck;
        way.link.set_network(&path.impairment, number(from, to));
    }

    /// Blocks the way from one host to another, as a firewall does, or opens it.
    pub fn set_blocked(&mut self, from: Host, to: Host, blocked: bool) {
        self.way(from, to).blocked = blocked;
    }

    /// Cuts a host off, or connects it again. What is on its way to a host that is cut off is
    /// lost if it arrives in that time.
    pub fn set_down(&mut self, host: Host, down: bool) {
        self.hosts[host.0].down = down;
    }

    /// Gives a host another address. What is sent to or from the old one goes nowhere.
    ///
    /// # Panics
    /// If another host has this address.
    pub fn set_address(&mut self, host: Host, address: Ipv4Addr) {
        let holder = self.host_at(address);
        assert!(holder.is_none_or(|it| it == host), "two hosts with the address {address}");
        self.hosts[host.0].address = address;
    }

    /// The address of a host.
    #[must_use]
    pub fn address(&self, host: Host) -> Ipv4Addr {
        self.hosts[host.0].address
    }

    /// Takes a packet that a host has sent.
    pub fn receive(&mut self, now: Duration, from: Host, packet: &[u8]) {
        let ends = packet::ends(packet).filter(|ends| ends.from == self.address(from));
        let to = ends.and_then(|ends| self.host_at(ends.to));
        let Some(to) = to.filter(|&to| to != from) else {
            self.unroutable += 1;
            return;
        };
        let cut_off = self.hosts[from.0].down || self.hosts[to.0].down;
        self.way(from, to).send(now, packet, cut_off);
    }

    /// The next packet that has arrived by `now`, and the host to hand it to. Call until `None`;
    /// calls at any time are safe.
    pub fn poll(&mut self, now: Duration) -> Option<(Host, Vec<u8>)> {
        loop {
            let ((_, to), way) = self
                .ways
                .iter_mut()
                .filter(|(_, way)| way.link.next_deadline().is_some_and(|due| due <= now))
                .min_by_key(|(_, way)| way.link.next_deadline())?;
            let packet = way.link.poll(now)?;
            let end = self.hosts[to.0];
            if !end.down && packet::ends(&packet).is_some_and(|ends| ends.to == end.address) {
                return Some((*to, packet));
            }
            way.traffic.missed += 1;
        }
    }

    /// When the next packet arrives; `None` while nothing is under way.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.ways.values().filter_map(|way| way.link.next_deadline()).min()
    }

    /// What a host has sent to another one so far.
    ///
    /// # Panics
    /// If both are the same.
    #[must_use]
    pub fn traffic(&self, from: Host, to: Host) -> Traffic {
        let way = &self.ways[&(from, to)];
        Traffic { link: way.link.counts(), ..way.traffic }
    }

    /// Packets that went nowhere because no host has their address, or because they are none.
    #[must_use]
    pub const fn unroutable(&self) -> u64 {
        self.unroutable
    }

    fn host_at(&self, address: Ipv4Addr) -> Option<Host> {
        self.hosts.iter().position(|end| end.address == address).map(Host)
    }

    fn way(&mut self, from: Host, to: Host) -> &mut Way {
        self.ways.get_mut(&(from, to)).expect("two different hosts of this router")
    }
}

/// The number of the link from one host to another: each has its own fortune.
fn number(from: Host, to: Host) -> u64 {
    let part = |host: Host| u64::try_from(host.0).unwrap_or(u64::MAX);
    part(from).wrapping_shl(32) | part(to)
}
