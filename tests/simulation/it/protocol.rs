//! The protocol of pausing, reconnecting, rejoining and closing, without frames that take time:
//! two to four sessions under arbitrary sequences of what can happen to them.
//!
//! [`Bench`] holds the sessions, what is under way between them, and a stand-in for ggrs: a frame
//! can be confirmed as soon as everybody's input for it was sent in the same epoch by the program
//! that this one's connection leads to. Every run of a program gives other inputs, so an epoch that
//! two programs think they share, and do not, shows as records that contradict each other.

mod bench;

use bench::{Bench, Op};
use dyad_rollback::session::Ending;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert, proptest};
use proptest::prop_oneof;
use proptest::test_runner::RngSeed;

/// The most that one sequence does.
const MOST: usize = 80;

fn seat() -> impl Strategy<Value = usize> {
    0..4_usize
}

/// Anything but leaving.
fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (1_u32..1500).prop_map(Op::Pass),
        6 => (seat(), seat(), 1..8_usize).prop_map(|(from, to, most)| Op::Deliver(from, to, most)),
        4 => Just(Op::DeliverAll),
        1 => (seat(), seat()).prop_map(|(from, to)| Op::LoseFirst(from, to)),
        3 => (seat(), seat()).prop_map(|(a, b)| Op::Connect(a, b)),
        1 => (seat(), seat(), any::<[bool; 2]>()).prop_map(|(a, b, told)| Op::Cut(a, b, told)),
        1 => (seat(), any::<u8>()).prop_map(|(seat, lost)| Op::Restart(seat, lost)),
        2 => seat().prop_map(Op::Sync),
        6 => (seat(), 1..6_u32).prop_map(|(seat, frames)| Op::Play(seat, frames)),
        6 => (seat(), 1..6_u32).prop_map(|(seat, frames)| Op::Confirm(seat, frames)),
        3 => (1..6_u32).prop_map(Op::Advance),
        1 => (seat(), prop::collection::vec(any::<u8>(), 0..60))
            .prop_map(|(seat, bytes)| Op::Rubbish(seat, bytes)),
    ]
}

fn config(cases: u32) -> ProptestConfig {
    // The same sequences every time: what other seeds find belongs into the simulator's runs.
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(4), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(1500))]

    /// Whatever happened: once the network is perfect, everybody comes to the regular end, with
    /// the same record. The bench asserts the rest along the way.
    #[test]
    fn everybody_completes_once_the_network_heals(
        players in 2..=4_usize,
        ops in prop::collection::vec(op(), 0..MOST),
    ) {
        let mut bench = Bench::new(players);
        ops.iter().for_each(|op| bench.apply(op));
        bench.heal();
        for seat in 0..players {
            let ending = bench.ending(seat);
            let completed = ending == Some(Ending::Completed);
            prop_assert!(completed || bench.came_too_late(seat), "seat {seat}: {ending:?}");
        }
        bench.check_records();
    }

    /// The same, and somebody leaves in the middle: everybody ends all the same, and keeps a
    /// beginning of the same record.
    #[test]
    fn everybody_ends_when_somebody_leaves(
        players in 2..=4_usize,
        before in prop::collection::vec(op(), 0..MOST),
        who in seat(),
        after in prop::collection::vec(op(), 0..MOST / 4),
    ) {
        let mut bench = Bench::new(players);
        before.iter().for_each(|op| bench.apply(op));
        bench.apply(&Op::Leave(who));
        after.iter().for_each(|op| bench.apply(op));
        bench.heal();
        for seat in 0..players {
            prop_assert!(bench.ending(seat).is_some(), "seat {seat} goes on");
        }
        bench.check_records();
    }
}

/// Nothing was played yet, but the session has been resumed: its epoch is not named again.
#[test]
fn a_program_that_finds_a_mere_hold_names_the_next_epoch() {
    assert_eq!(bench::epoch_after(None), 0);
    assert_eq!(bench::epoch_after(Some(3)), 4);
}

#[test]
fn a_sequence_is_a_run() {
    let ops = [Op::Connect(0, 1), Op::Advance(5), Op::Restart(1, 1), Op::Advance(9), Op::Pass(900)];
    let [first, second] = [(); 2].map(|()| {
        let mut bench = Bench::new(2);
        ops.iter().for_each(|op| bench.apply(op));
        bench.heal();
        (bench.story(), bench.now())
    });
    assert_eq!(first, second);
}
