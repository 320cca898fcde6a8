//! The collector from outside: its store with and without faults, and its routes over real
//! connections.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backup;
mod books;
mod carried;
#[cfg(unix)]
mod crash;
mod faults;
mod fsck;
mod http;
mod pieces;
#[cfg(unix)]
mod program;
mod refused;
mod reports;
mod serve;
mod store;
mod support;
mod withdraw;
