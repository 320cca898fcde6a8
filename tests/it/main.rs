//! The system tests: real processes, real WebRTC, in a network namespace of each test's own.

mod datasets;
mod driven;
mod focus;
mod games;
mod groups;
mod interruptions;
mod network;
mod record;
mod reports;
mod study;
mod trouble;
mod window;
