//! The client of Dyad: joins a lab, plays, records, uploads.
//!
//! - [`cli`]: the command line, and [`commands`] that need no lab;
//! - [`app`]: the Bevy apps, headless and windowed: which plugins they are made of;
//! - [`flow`]: what happens in which order, from the join link to the last receipt; [`course`]: from
//!   scene to scene; [`autopilot`]: who answers where no person does;
//! - [`lab`]: the connection to the lab machine; [`reporting`]: what it is told while a game goes on;
//! - [`input`]: scripted players, keys and gamepads as sources of input; [`sound`]: what is heard of a game;
//! - [`record`]: the writer thread, the spool of unsent records, their upload;
//! - [`outcome`]: how a session went;
//! - [`window`], [`screens`], [`view`], [`theme`]: what a person sees; [`words`]: in which words;
//!   [`picture`]: the same without a window;
//! - [`settings`]: what a person has set, kept over restarts;
//! - [`replay`]: a recorded game, looked at again.
//!
//! The simulation is gridworld's, netplay is dyad-netplay's; the client decides nothing about
//! either. What is drawn is read from [`dyad_netplay::Simulation`] and never written back.
#![expect(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    reason = "Bevy systems take their parameters by value, and as many as they need"
)]

pub mod app;
pub mod autopilot;
pub mod begin;
pub mod cli;
pub mod commands;
pub mod course;
pub mod flow;
pub mod input;
pub mod lab;
pub mod outcome;
pub mod picture;
pub mod record;
pub mod replay;
pub mod reporting;
pub mod screens;
pub mod settings;
pub mod sound;
pub mod theme;
pub mod view;
pub mod window;
pub mod words;

/// The program's version. Peers play together only if theirs is the same.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
