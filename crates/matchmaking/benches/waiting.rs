//! What happens to one person costs, with so many others waiting who cannot be matched: their
//! round trips to the lab, between 60 and 259 ms, add up to more than the 100 ms that are allowed.
//!
//! ```text
//! cargo bench -p dyad-matchmaking --bench waiting
//! ```
//!
//! Every benchmark drains the records and effects, announcements to everybody left out: those are
//! once a second, whatever happens.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use dyad_matchmaking::settings::MatchmakerSettings;
use dyad_matchmaking::{Event, GroupSize, Matchmaking, RoomSettings, Timestamp};
use dyad_protocol::{ParticipantId, SceneId};

const WAITING: [u32; 3] = [100, 1_000, 10_000];

/// Nothing is announced at one moment twice.
const NOW: Timestamp = Timestamp(1);

fn main() {
    divan::main();
}

fn scene() -> SceneId {
    "kitchen".parse().expect("a scene's name")
}

fn person(number: u32) -> ParticipantId {
    format!("p{number}").parse().expect("a name")
}

fn rtt_ms(number: u32) -> u32 {
    60 + number * 37 % 200
}

fn empty() -> Matchmaking {
    let matchmaker = MatchmakerSettings::LatencyFifo { max_server_rtt_ms: 100 };
    let wait_at_most_ms = Some(60_000);
    let settings =
        RoomSettings { matchmaker, wait_at_most_ms, ..RoomSettings::new(scene(), GroupSize::TWO) };
    Matchmaking::new([settings])
}

fn full(people: u32) -> Matchmaking {
    let mut matchmaking = empty();
    for number in 0..people {
        arrive(&mut matchmaking, number, rtt_ms(number));
    }
    matchmaking
}

fn arrive(matchmaking: &mut Matchmaking, number: u32, rtt_ms: u32) {
    let (participant, scene) = (person(number), scene());
    handle(matchmaking, Event::Ready { participant, scene, rtt_ms: Some(rtt_ms), company: vec![] });
}

fn handle(matchmaking: &mut Matchmaking, event: Event) {
    matchmaking.handle(NOW, event).expect("an event that can be");
    while let Some(record) = matchmaking.poll_record() {
        black_box(record);
    }
    while let Some(effect) = matchmaking.poll_effect() {
        black_box(effect);
    }
}

/// Somebody comes who suits nobody, and goes.
#[divan::bench(args = WAITING)]
fn arrival_and_leave(bencher: Bencher<'_, '_>, people: u32) {
    let mut matchmaking = full(people);
    bencher.bench_local(|| {
        arrive(&mut matchmaking, people, 70);
        handle(&mut matchmaking, Event::Left(person(people)));
    });
    assert_eq!(matchmaking.state().available(&scene()), people as usize);
}

/// Somebody's round trip becomes shorter, so that a partner is looked for, and longer again.
#[divan::bench(args = WAITING)]
fn two_round_trips(bencher: Bencher<'_, '_>, people: u32) {
    let mut matchmaking = full(people);
    let participant = || person(people / 2);
    bencher.bench_local(|| {
        for rtt_ms in [Some(41), Some(61)] {
            let participant = participant();
            handle(&mut matchmaking, Event::RoundTrip { participant, rtt_ms });
        }
    });
    assert_eq!(matchmaking.state().available(&scene()), people as usize);
}

/// Two people come who suit each other, and play, and finish.
#[divan::bench(args = WAITING)]
fn a_match(bencher: Bencher<'_, '_>, people: u32) {
    let mut matchmaking = full(people);
    let mut next = 0;
    bencher.bench_local(|| {
        // Both are too far from everybody else: 60 ms and more.
        arrive(&mut matchmaking, people, 45);
        arrive(&mut matchmaking, people + 1, 46);
        handle(&mut matchmaking, Event::Registered(dyad_matchmaking::MatchId(next)));
        handle(&mut matchmaking, Event::Finished(person(people)));
        handle(&mut matchmaking, Event::Finished(person(people + 1)));
        next += 1;
    });
}

/// So many arrive, one after the other.
#[divan::bench(args = WAITING, sample_count = 5)]
fn filling(bencher: Bencher<'_, '_>, people: u32) {
    bencher.counter(ItemsCount::new(people)).bench(|| full(people));
}
