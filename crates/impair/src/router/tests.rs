//! Tests of [`Router`].

use super::packet::sample;
use super::{Bottleneck, Host, Path, Router};
use proptest::prelude::*;
use std::net::Ipv4Addr;
use std::time::Duration;

const LAB: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const A: Ipv4Addr = Ipv4Addr::new(10, 9, 1, 1);
const B: Ipv4Addr = Ipv4Addr::new(10, 9, 2, 1);
const START: Duration = Duration::ZERO;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn path(text: &str) -> Path {
    text.parse::<crate::Impairment>().unwrap_or_else(|error| panic!("{text}: {error}")).into()
}

fn three_hosts() -> (Router, [Host; 3]) {
    let mut router = Router::default();
    let hosts = [LAB, A, B].map(|address| router.add_host(address));
    (router, hosts)
}

fn arrivals(router: &mut Router, now: Duration) -> Vec<(Host, Vec<u8>)> {
    std::iter::from_fn(|| router.poll(now)).collect()
}

#[test]
fn packets_reach_the_host_they_are_addressed_to() {
    let (mut router, [lab, a, b]) = three_hosts();
    for (from, address, to, host) in
        [(a, A, B, b), (b, B, A, a), (a, A, LAB, lab), (lab, LAB, B, b)]
    {
        let packet = sample(address, to, 100);
        router.receive(START, from, &packet);
        assert_eq!(arrivals(&mut router, START), [(host, packet)]);
    }
    assert_eq!(router.traffic(a, b).bytes, 100);
    assert_eq!(router.unroutable(), 0);
}

#[test]
fn each_direction_has_its_own_path() {
    let (mut router, [_, a, b]) = three_hosts();
    router.set_path(a, b, &path("delay=100ms"));
    router.receive(START, a, &sample(A, B, 20));
    router.receive(START, b, &sample(B, A, 20));
    assert_eq!(arrivals(&mut router, START), [(a, sample(B, A, 20))]);
    assert_eq!(router.next_deadline(), Some(ms(100)));
    assert_eq!(arrivals(&mut router, ms(99)), []);
    assert_eq!(arrivals(&mut router, ms(100)), [(b, sample(A, B, 20))]);
    assert_eq!(router.next_deadline(), None);
}

#[test]
fn what_goes_nowhere_is_counted() {
    let (mut router, [_, a, _]) = three_hosts();
    let multicast = Ipv4Addr::new(224, 0, 0, 251);
    let strange = [
        sample(A, multicast, 40),
        sample(A, A, 40),
        sample(B, LAB, 40),
        sample(A, B, 40)[..30].to_vec(),
        vec![0x60; 40],
        Vec::new(),
    ];
    for packet in &strange {
        router.receive(START, a, packet);
    }
    assert_eq!(arrivals(&mut router, ms(1_000)), []);
    assert_eq!(router.unroutable(), 6);
}

#[test]
fn a_blocked_way_leaves_the_others_open() {
    let (mut router, [lab, a, b]) = three_hosts();
    router.set_blocked(a, b, true);
    let send_to_both = |router: &mut Router| {
        router.receive(START, a, &sample(A, B, 20));
        router.receive(START, a, &sample(A, LAB, 20));
        router.receive(START, b, &sample(B, A, 20));
        let mut reached: Vec<Host> =
            arrivals(router, START).into_iter().map(|(host, _)| host).collect();
        reached.sort();
        reached
    };
    assert_eq!(send_to_both(&mut router), [lab, a]);
    assert_eq!(router.traffic(a, b).refused, 1);
    router.set_blocked(a, b, false);
    assert_eq!(send_to_both(&mut router), [lab, a, b]);
}

#[test]
fn a_host_that_is_cut_off_neither_sends_nor_receives() {
    let (mut router, [lab, a, b]) = three_hosts();
    router.set_path(a, b, &path("delay=50ms"));
    router.receive(START, a, &sample(A, B, 20));
    router.set_down(b, true);
    router.receive(START, b, &sample(B, LAB, 20));
    router.receive(START, a, &sample(A, B, 20));
    assert_eq!(arrivals(&mut router, ms(60)), []);
    let traffic = router.traffic(a, b);
    assert_eq!((traffic.packets, traffic.refused, traffic.missed), (2, 1, 1));
    router.set_down(b, false);
    router.receive(ms(70), b, &sample(B, LAB, 20));
    assert_eq!(arrivals(&mut router, ms(70)), [(lab, sample(B, LAB, 20))]);
}

#[test]
fn a_new_address_replaces_the_old_one() {
    let (mut router, [_, a, b]) = three_hosts();
    let moved = Ipv4Addr::new(10, 9, 2, 2);
    router.set_path(a, b, &path("delay=50ms"));
    router.receive(START, a, &sample(A, B, 20));
    router.set_address(b, moved);
    assert_eq!(router.address(b), moved);
    assert_eq!(arrivals(&mut router, ms(50)), [], "it was on its way to the old address");
    assert_eq!(router.traffic(a, b).missed, 1);

    router.receive(ms(60), a, &sample(A, B, 20));
    router.receive(ms(60), b, &sample(B, A, 20));
    assert_eq!(router.unroutable(), 2, "nobody has the old address");

    router.receive(ms(60), a, &sample(A, moved, 20));
    router.receive(ms(60), b, &sample(moved, A, 20));
    let reached: Vec<Host> =
        arrivals(&mut router, ms(110)).into_iter().map(|(host, _)| host).collect();
    assert_eq!(reached, [a, b]);
}

#[test]
fn a_bottleneck_delays_and_then_drops() {
    let (mut router, [_, a, b]) = three_hosts();
    // 1000 bytes take 100 ms.
    let bottleneck = Bottleneck { bits_per_second: 80_000, queue: ms(150) };
    router.set_path(a, b, &Path { bottleneck: Some(bottleneck), ..path("delay=50ms") });
    for _ in 0..5 {
        router.receive(START, a, &sample(A, B, 1_000));
    }
    let mut times = Vec::new();
    while let Some(due) = router.next_deadline() {
        times.extend(arrivals(&mut router, due).iter().map(|_| due));
    }
    assert_eq!(times, [ms(150), ms(250)]);
    assert_eq!(router.traffic(a, b).overflowed, 3);
}

#[test]
fn another_path_leaves_what_is_under_way_alone() {
    let (mut router, [_, a, b]) = three_hosts();
    router.set_path(a, b, &path("delay=100ms"));
    router.receive(START, a, &sample(A, B, 20));
    router.set_path(a, b, &path("loss=100%"));
    router.receive(START, a, &sample(A, B, 21));
    assert_eq!(arrivals(&mut router, ms(100)), [(b, sample(A, B, 20))]);
    assert_eq!(router.traffic(a, b).link.dropped, 1);
}

#[test]
fn a_seed_repeats_what_happened() {
    let run = |seed: u64| {
        let (mut router, [_, a, b]) = three_hosts();
        let bad = path("delay=100ms,jitter=20ms,loss=15%,dup=2%,reorder=5%");
        for (from, to) in [(a, b), (b, a)] {
            let impairment = bad.impairment.clone().with_seed(seed);
            router.set_path(from, to, &impairment.into());
        }
        for step in 0..200 {
            router.receive(ms(step), a, &sample(A, B, 20));
            router.receive(ms(step), b, &sample(B, A, 20));
        }
        let mut seen = Vec::new();
        while let Some(due) = router.next_deadline() {
            seen.extend(arrivals(&mut router, due).into_iter().map(|(host, _)| (due, host)));
        }
        seen
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

proptest! {
    #[test]
    fn every_packet_arrives_or_is_counted(
        sizes in prop::collection::vec(20_u16..1_500, 1..60),
        loss in 0_u32..50,
        rate in 10_000_u64..1_000_000,
        down_from in 0_usize..60,
    ) {
        let (mut router, [_, a, b]) = three_hosts();
        let bottleneck = Some(Bottleneck { bits_per_second: rate, queue: ms(100) });
        let bad = path(&format!("delay=30ms,jitter=20ms,loss={loss}%,dup=3%"));
        router.set_path(a, b, &Path { bottleneck, ..bad });
        let mut arrived = 0;
        for (step, &size) in (0_u64..).zip(&sizes) {
            router.set_down(b, step >= u64::try_from(down_from).unwrap());
            router.receive(ms(step * 10), a, &sample(A, B, size));
            arrived += arrivals(&mut router, ms(step * 10)).len();
        }
        arrived += arrivals(&mut router, ms(3_600_000)).len();
        let traffic = router.traffic(a, b);
        prop_assert_eq!(traffic.packets, u64::try_from(sizes.len()).unwrap());
        let gone = traffic.refused + traffic.overflowed + traffic.missed + traffic.link.dropped;
        let arrived = u64::try_from(arrived).unwrap();
        prop_assert_eq!(traffic.packets + traffic.link.duplicated, arrived + gone);
    }
}
