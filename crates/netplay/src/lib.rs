//! Netplay as a Bevy plugin: `bevy_ggrs` with one rolled-back resource, driven by the rules of
//! [`dyad_rollback`], over WebRTC or over memory.
//!
//! - [`transport`]: what carries messages between peers, and the impairment in front of it;
//!   [`memory`] for tests, [`webrtc`] for real, where `relay.rs` keeps addresses to itself and
//!   [`dial`] connects to the lab;
//! - [`session`]: one match from its first connection to its closing handshake;
//! - [`plugin`]: the systems and their order.
//!
//! Nothing here draws, reads keys or writes files. The client gives an [`InputSource`], takes
//! [`Netplay::take_items`] to its recorder, and reads [`Simulation`] to draw it. The world is
//! the one rolled-back resource; there are no rolled-back entities, so none of what makes an
//! entity-based rollback go wrong (query order, entity ids, change detection, commands) can occur.
#![expect(clippy::needless_pass_by_value, reason = "Bevy systems take their parameters by value")]

pub mod acquainted;
pub mod dial;
pub mod memory;
pub mod plugin;
mod relay;
pub mod session;
pub mod transport;
pub mod webrtc;

pub use bevy_ggrs::GgrsSchedule;
pub use plugin::{NetplayPlugin, NetplaySystems, Simulation};
pub use session::{
    Committed, Ending, InputSource, MatchSettings, Netplay, Program, RecordItem, Stage, Statistics,
    Telemetry,
};
