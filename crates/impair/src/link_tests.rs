//! Tests of [`Link`].

use super::{Counts, Link, MOST_IN_FLIGHT, Mode};
use crate::impairment::{Impairment, Outage, Probability};
use proptest::prelude::*;
use std::time::Duration;

const STEP: Duration = Duration::from_millis(33);

fn network(text: &str) -> Impairment {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Sends the numbers below `items`, one a step, and gives what came out with its time.
fn schedule(link: &mut Link<u32>, items: u32) -> Vec<(Duration, u32)> {
    let mut out = Vec::new();
    for item in 0..items {
        let now = STEP * item;
        link.send(now, item);
        out.extend(std::iter::from_fn(|| link.poll(now)).map(|item| (now, item)));
    }
    while let Some(due) = link.next_deadline() {
        out.extend(std::iter::from_fn(|| link.poll(due)).map(|item| (due, item)));
    }
    out
}

fn balance(counts: Counts, in_flight: usize) -> bool {
    let in_flight = u64::try_from(in_flight).unwrap();
    counts.sent + counts.duplicated == counts.delivered + counts.dropped + in_flight
}

#[test]
fn a_perfect_network_is_a_pipe() {
    for mode in [Mode::Datagrams, Mode::Ordered] {
        let mut link = Link::new(&Impairment::default(), 0, mode);
        let expected: Vec<_> = (0..100).map(|item| (STEP * item, item)).collect();
        assert_eq!(schedule(&mut link, 100), expected, "{mode:?}");
        assert_eq!(link.counts(), Counts { sent: 100, delivered: 100, ..Counts::default() });
    }
}

#[test]
fn nothing_arrives_before_it_is_due() {
    let mut link = Link::new(&network("delay=100ms"), 0, Mode::Datagrams);
    link.send(STEP, 'a');
    let due = STEP + Duration::from_millis(100);
    assert_eq!(link.next_deadline(), Some(due));
    assert_eq!(link.poll(due - Duration::from_nanos(1)), None);
    assert_eq!(link.poll(due), Some('a'));
    assert_eq!((link.poll(due), link.next_deadline()), (None, None));
}

#[test]
fn jitter_uses_its_whole_range_and_nothing_else() {
    let mut link = Link::new(&network("delay=100ms,jitter=30ms,seed=3"), 0, Mode::Datagrams);
    let mut times = Vec::new();
    for _ in 0..1_000 {
        link.send(Duration::ZERO, ());
    }
    while let Some(due) = link.next_deadline() {
        times.push(due);
        link.poll(due);
    }
    let (least, most) = (times[0], times[times.len() - 1]);
    assert!((70..73).contains(&least.as_millis()), "{least:?}");
    assert!((127..=130).contains(&most.as_millis()), "{most:?}");
}

#[test]
fn every_impairment_happens_about_as_often_as_asked() {
    let text = "delay=100ms,jitter=10ms,loss=15%,dup=2%,reorder=5%,seed=11";
    let mut link = Link::new(&network(text), 0, Mode::Datagrams);
    schedule(&mut link, 10_000);
    let counts = link.counts();
    assert!((1_350..1_650).contains(&counts.dropped), "{counts:?}");
    assert!((120..220).contains(&counts.duplicated), "{counts:?}");
    assert!((350..500).contains(&counts.held_back), "{counts:?}");
    assert!(counts.reordered > counts.held_back / 2, "{counts:?}");
}

#[test]
fn what_is_held_back_is_overtaken() {
    let mut link = Link::new(&network("delay=50ms,reorder=10%,seed=2"), 0, Mode::Datagrams);
    schedule(&mut link, 1_000);
    let counts = link.counts();
    assert!(counts.reordered > 0, "{counts:?}");
    assert_eq!(counts.dropped, 0);
}

#[test]
fn links_of_one_network_differ() {
    let network = network("delay=100ms,jitter=30ms,loss=15%,seed=7");
    let run = |number| schedule(&mut Link::new(&network, number, Mode::Datagrams), 100);
    assert_ne!(run(0), run(1));
}

#[test]
fn an_outage_drops_datagrams_at_both_ends() {
    let mut link = Link::new(&network("delay=50ms,down=1s..2s"), 0, Mode::Datagrams);
    let ms = Duration::from_millis;
    for sent in [900, 970, 1_000, 1_999, 2_000] {
        link.send(ms(sent), sent);
    }
    let out: Vec<u64> = std::iter::from_fn(|| link.poll(ms(5_000))).collect();
    assert_eq!(out, [900, 2_000], "970 would arrive while the link is down");
    assert_eq!(link.counts().blacked_out, 3);
}

#[test]
fn an_outage_delays_an_ordered_link() {
    let mut link = Link::new(&network("delay=50ms,down=1s..2s"), 0, Mode::Ordered);
    let ms = Duration::from_millis;
    for sent in [900, 1_500, 2_100] {
        link.send(ms(sent), sent);
    }
    let mut out = Vec::new();
    while let Some(due) = link.next_deadline() {
        out.push((due, link.poll(due).unwrap()));
    }
    assert_eq!(out, [(ms(950), 900), (ms(2_050), 1_500), (ms(2_150), 2_100)]);
    assert_eq!(link.counts().retransmitted, 1);
}

#[test]
fn a_loss_costs_an_ordered_link_time() {
    let mean = |text| {
        let mut link = Link::new(&network(text), 0, Mode::Ordered);
        let out = schedule(&mut link, 1_000);
        let waits = out.iter().map(|&(at, item)| at - STEP * item);
        (waits.sum::<Duration>() / 1_000, link.counts())
    };
    let (fair, counts) = mean("delay=100ms,seed=5");
    assert_eq!(counts.retransmitted, 0);
    // Polled at steps: 100 ms are the fourth step after the sending.
    assert!((100..=140).contains(&fair.as_millis()), "{fair:?}");
    let (lossy, counts) = mean("delay=100ms,loss=15%,seed=5");
    assert!((120..240).contains(&counts.retransmitted), "{counts:?}");
    assert!(lossy > fair + Duration::from_millis(20), "{lossy:?}");
}

#[test]
fn even_certain_loss_ends_on_an_ordered_link() {
    let mut link = Link::new(&network("loss=100%"), 0, Mode::Ordered);
    link.send(Duration::ZERO, ());
    let due = link.next_deadline().unwrap();
    assert!((20..60).contains(&due.as_secs()), "{due:?}");
}

#[test]
fn loss_can_change_on_the_way() {
    let mut link = Link::new(&Impairment::default(), 0, Mode::Datagrams);
    link.send(Duration::ZERO, 0);
    link.set_loss(Probability::ALWAYS);
    link.send(Duration::ZERO, 1);
    link.set_loss(Probability::NEVER);
    link.send(Duration::ZERO, 2);
    let out: Vec<i32> = std::iter::from_fn(|| link.poll(Duration::ZERO)).collect();
    assert_eq!(out, [0, 2]);
}

#[test]
fn a_network_can_be_replaced_on_the_way() {
    let mut link = Link::new(&network("delay=100ms"), 0, Mode::Datagrams);
    link.send(Duration::ZERO, 0);
    link.set_network(&network("delay=20ms"), 0);
    link.send(Duration::ZERO, 1);
    let ms = Duration::from_millis;
    assert_eq!((link.poll(ms(20)), link.poll(ms(99))), (Some(1), None));
    assert_eq!(link.poll(ms(100)), Some(0));
}

#[test]
fn what_is_under_way_is_bounded() {
    let mut link = Link::new(&network("delay=1s"), 0, Mode::Datagrams);
    for _ in 0..MOST_IN_FLIGHT + 3 {
        link.send(Duration::ZERO, ());
    }
    assert_eq!(link.in_flight(), MOST_IN_FLIGHT);
    assert_eq!(link.counts().overflowed, 3);
    assert!(balance(link.counts(), link.in_flight()));
}

#[test]
fn the_largest_times_do_not_overflow() {
    let most = Duration::MAX;
    let outages = vec![Outage { from: Duration::ZERO, to: most }];
    let network = Impairment { delay: most, jitter: most, outages, ..Impairment::default() };
    for mode in [Mode::Datagrams, Mode::Ordered] {
        let mut link = Link::new(&network, 0, mode);
        link.send(most, ());
        link.poll(most);
        assert!(balance(link.counts(), link.in_flight()));
    }
}

prop_compose! {
    fn any_network(loss: u32)(
        delay in 0_u64..300, jitter in 0_u64..100, loss in 0..=loss,
        duplication in 0_u32..20, reorder in 0_u32..20, down in 0_u64..2_000, seed: u64,
    ) -> Impairment {
        let ms = Duration::from_millis;
        Impairment {
            delay: ms(delay),
            jitter: ms(jitter),
            loss: Probability::from_percent(loss),
            duplication: Probability::from_percent(duplication),
            reorder: Probability::from_percent(reorder),
            outages: vec![Outage { from: ms(down), to: ms(down + 300) }],
            seed,
        }
    }
}

proptest! {
    #[test]
    fn counts_add_up_at_any_time(network in any_network(60), items in 0_u32..100) {
        for mode in [Mode::Datagrams, Mode::Ordered] {
            let mut link = Link::new(&network, 1, mode);
            for item in 0..items {
                link.send(STEP * item, item);
                prop_assert!(balance(link.counts(), link.in_flight()), "{:?}", link.counts());
                link.poll(STEP * item);
                prop_assert!(balance(link.counts(), link.in_flight()), "{:?}", link.counts());
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule(network in any_network(60)) {
        for mode in [Mode::Datagrams, Mode::Ordered] {
            let run = || schedule(&mut Link::new(&network, 1, mode), 60);
            prop_assert_eq!(run(), run());
        }
    }

    #[test]
    fn without_loss_everything_arrives_exactly_once(network in any_network(0)) {
        let network =
            Impairment { duplication: Probability::NEVER, outages: Vec::new(), ..network };
        let mut link = Link::new(&network, 1, Mode::Datagrams);
        let mut items: Vec<u32> = schedule(&mut link, 60).into_iter().map(|(_, item)| item).collect();
        items.sort_unstable();
        prop_assert_eq!(items, (0..60).collect::<Vec<_>>());
    }

    #[test]
    fn an_ordered_link_delivers_everything_once_and_in_order(network in any_network(60)) {
        let mut link = Link::new(&network, 1, Mode::Ordered);
        let items: Vec<u32> = schedule(&mut link, 60).into_iter().map(|(_, item)| item).collect();
        prop_assert_eq!(items, (0..60).collect::<Vec<_>>());
        let Counts { dropped, duplicated, reordered, .. } = link.counts();
        prop_assert_eq!((dropped, duplicated, reordered), (0, 0, 0));
    }
}
