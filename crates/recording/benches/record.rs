//! What recording costs: `cargo bench -p dyad-recording`.
//!
//! The target is below 20 microseconds a frame, for the replica, the log and the table together:
//! less than a thousandth of a frame at 30 steps a second.

#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use dyad_recording::{log, replay};
use support::{Peer, game, play, record};

fn main() {
    divan::main();
}

/// A classic episode: 45 seconds at 30 steps a second.
const STEPS: u32 = 1350;

/// One peer records a session of two episodes; the count is of frames.
#[divan::bench]
fn record_session(bencher: Bencher<'_, '_>) {
    let game = game(STEPS, 1);
    let frames = play(&game, 2);
    bencher.counter(ItemsCount::new(frames.len())).bench(|| {
        let mut peer = Peer::new(0, &game);
        frames.iter().for_each(|frame| peer.take(black_box(frame)));
        peer.logs
    });
}

fn episode() -> Vec<u8> {
    let game = game(STEPS, 1);
    let [mut peer, _] = record(&game, &play(&game, 2));
    peer.logs.remove(&0).expect("the first episode")
}

/// Reading a log: checksums and chain; the count is of frames.
#[divan::bench]
fn read_log(bencher: Bencher<'_, '_>) {
    let bytes = episode();
    bencher.counter(ItemsCount::new(STEPS)).bench(|| log::read(black_box(&bytes)));
}

/// Re-simulation with all digests, and the table; the count is of steps.
#[divan::bench]
fn derive_table(bencher: Bencher<'_, '_>) {
    let log = log::read(&episode()).expect("a sound log");
    bencher.counter(ItemsCount::new(STEPS)).bench(|| replay::derive(black_box(&log)));
}
