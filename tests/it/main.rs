//! The system tests: real processes, real WebRTC, in a network namespace of each test's own.

mod bad_input;
mod blocks;
mod controls;
mod crowd;
mod datasets;
mod driven;
mod focus;
mod games;
mod groups;
mod interruptions;
mod leaving;
mod network;
mod overlays;
mod programs;
mod record;
mod reports;
mod restarts;
mod study;
mod trouble;
mod window;
