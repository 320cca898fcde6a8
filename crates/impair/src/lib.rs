//! Bad networks, made to order: seeded links in memory that delay, lose, duplicate and reorder.
//!
//! A [`Link`] carries items one way. It does no IO and reads no clock: whoever drives it says
//! what time it is, so the same link serves a real client (`--impair`), a test that steps its
//! own clock and a simulation in virtual time. The loop is
//!
//! ```
//! use dyad_impair::{Impairment, Link, Mode};
//! use std::time::Duration;
//!
//! let bad: Impairment = "delay=100ms,jitter=30ms,loss=15%,seed=7".parse()?;
//! let mut link = Link::new(&bad, 0, Mode::Datagrams);
//! link.send(Duration::ZERO, "hello");
//! while let Some(due) = link.next_deadline() {
//!     // Sleep until `due`, or step a clock there; then take what has arrived.
//!     while let Some(item) = link.poll(due) {
//!         assert_eq!(item, "hello");
//!     }
//! }
//! # Ok::<(), dyad_impair::ImpairmentError>(())
//! ```
//!
//! What happens to an item is a function of the seed, the link's number, how many items were
//! sent before it, and the time. A failure is repeated by repeating its seed.
//!
//! A [`router::Router`] joins several hosts by links, a pair of links for each pair of hosts; it knows
//! IPv4 addresses and bottlenecks, and still does no IO. On Linux, with the feature `tun`, it runs
//! between network interfaces, under programs that know nothing of it.
//!
//! Modules, in reading order:
//! - [`impairment`]: what is wrong with a network, and the text that says so;
//! - [`link`]: one direction of it;
//! - [`router`]: links between hosts;
//! - `tun`: the router between network interfaces;
//! - [`rng`]: the generator.

pub mod impairment;
pub mod link;
pub mod rng;
pub mod router;
mod text;
#[cfg(all(feature = "tun", target_os = "linux"))]
pub mod tun;

pub use impairment::{Impairment, Outage, Probability};
pub use link::{Counts, Link, Mode};
pub use text::ImpairmentError;
