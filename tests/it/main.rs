//! The system tests: real processes, real WebRTC, in a network namespace of each test's own.

mod focus;
mod games;
mod interruptions;
mod network;
mod record;
mod trouble;
mod window;
