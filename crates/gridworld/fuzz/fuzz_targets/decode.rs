//! `bodies/decode.rs` under libFuzzer.
#![no_main]

#[path = "../bodies/mod.rs"]
#[expect(dead_code, reason = "a target runs one of the bodies")]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::decode::run(bytes));
