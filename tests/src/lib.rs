//! The harness of the system tests, and of `cargo xtask demo`: it builds the real binaries, starts
//! them as processes in a network namespace of their own, waits for what they say, and ends
//! them.
//!
//! - [`namespace`]: a private network, made without root;
//! - [`network`]: several computers with bad networks between them;
//! - [`turn`]: a relay on one of them;
//! - [`binaries`]: building what is tested;
//! - [`process`]: a program that is running, its output, its end;
//! - [`session`]: a lab and its clients, from start to verdict;
//! - [`journal`]: what the lab has written down of them;
//! - [`visitor`]: somebody who speaks the lobby's protocol, and leaves when a test says so;
//! - [`display`]: a display for clients with a window, and keys to press; [`person`]: who sees what
//!   stands in the window and uses it;
//! - [`require`]: what a machine may lack, and what it must not lack in CI.

pub mod binaries;
pub mod display;
pub mod journal;
pub mod namespace;
pub mod network;
pub mod person;
pub mod process;
pub mod require;
pub mod session;
pub mod turn;
pub mod visitor;
