//! Matchmaking seen from outside: transcripts of events and effects, and a property test that
//! nobody is ever lost or in two places.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use dyad_matchmaking::session::GRACE_MS;
use dyad_matchmaking::{
    Effect, EndReason, Event, Fifo, HandleError, MatchId, Matchmaking, SessionState, Timestamp,
};
use dyad_protocol::ParticipantId;
use proptest::prelude::{Strategy, any, proptest};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU8;

fn id(name: &str) -> ParticipantId {
    name.parse().unwrap()
}

fn ids(names: &str) -> Vec<ParticipantId> {
    names.split(' ').map(id).collect()
}

fn groups_of(size: u8) -> Matchmaking {
    Matchmaking::new(Box::new(Fifo::new(NonZeroU8::new(size).unwrap())))
}

/// Handles an event and returns all effects but the waiting room's announcements.
#[track_caller]
fn after(lab: &mut Matchmaking, ms: u64, event: Event) -> Vec<Effect> {
    lab.handle(Timestamp(ms), event).unwrap();
    drain(lab).into_iter().filter(|effect| !matches!(effect, Effect::Waiting { .. })).collect()
}

fn drain(lab: &mut Matchmaking) -> Vec<Effect> {
    std::iter::from_fn(|| lab.poll_effect()).collect()
}

fn register(number: u64, names: &str) -> Effect {
    Effect::Register { id: MatchId(number), participants: ids(names) }
}

#[test]
fn groups_form_in_order_of_arrival() {
    let mut lab = groups_of(2);
    assert_eq!(after(&mut lab, 1, Event::Ready(id("a"))), []);
    assert_eq!(after(&mut lab, 2, Event::Ready(id("a"))), [], "asking twice changes nothing");
    assert_eq!(after(&mut lab, 3, Event::Ready(id("b"))), [register(0, "a b")]);
    assert_eq!(after(&mut lab, 4, Event::Ready(id("c"))), []);
    assert_eq!(after(&mut lab, 5, Event::Ready(id("d"))), [register(1, "c d")]);
    assert_eq!(lab.waiting(), 0);
}

#[test]
fn four_play_together() {
    let mut lab = groups_of(4);
    for name in ["a", "b", "c"] {
        assert_eq!(after(&mut lab, 1, Event::Ready(id(name))), []);
    }
    assert_eq!(after(&mut lab, 1, Event::Ready(id("d"))), [register(0, "a b c d")]);
}

#[test]
fn a_session_lives_from_matched_to_ended() {
    let mut lab = groups_of(2);
    after(&mut lab, 0, Event::Ready(id("a")));
    after(&mut lab, 0, Event::Ready(id("b")));
    let number = MatchId(0);
    assert_eq!(lab.state(number), Some(SessionState::Matched));
    assert_eq!(after(&mut lab, 1, Event::Registered(number)), [Effect::Start { id: number }]);
    assert_eq!(lab.state(number), Some(SessionState::Playing));
    let again = Effect::TicketAgain { participant: id("a"), id: number };
    assert_eq!(after(&mut lab, 2, Event::Ready(id("a"))), [again]);
    assert_eq!(after(&mut lab, 3, Event::Left(id("a"))), []);
    let ended =
        Effect::Ended { id: number, reason: EndReason::EverybodyLeft, participants: ids("a b") };
    assert_eq!(after(&mut lab, 4, Event::Left(id("b"))), [ended]);
    assert_eq!(lab.state(number), None);
}

#[test]
fn who_is_lost_in_play_may_come_back_for_a_while() {
    let mut lab = groups_of(2);
    after(&mut lab, 0, Event::Ready(id("a")));
    after(&mut lab, 0, Event::Ready(id("b")));
    after(&mut lab, 0, Event::Registered(MatchId(0)));
    after(&mut lab, 10, Event::Lost(id("a")));
    after(&mut lab, 20, Event::Back(id("a")));
    after(&mut lab, 30, Event::Lost(id("a")));
    after(&mut lab, 40, Event::Lost(id("b")));
    // The announcements of the waiting room are not of interest here.
    lab.handle_timeout(Timestamp(2000));
    drain(&mut lab);
    assert_eq!(lab.next_deadline(), Some(Timestamp(30 + GRACE_MS)));
    lab.handle_timeout(Timestamp(39 + GRACE_MS));
    assert_eq!(drain(&mut lab), []);
    lab.handle_timeout(Timestamp(40 + GRACE_MS));
    assert!(matches!(&drain(&mut lab)[..], [Effect::Ended { .. }]));
    assert_eq!(lab.next_deadline(), None);
}

#[test]
fn a_game_that_waits_longer_has_a_lab_that_does() {
    let mut lab = groups_of(2).with_grace(660_000);
    after(&mut lab, 0, Event::Ready(id("a")));
    after(&mut lab, 0, Event::Ready(id("b")));
    after(&mut lab, 0, Event::Registered(MatchId(0)));
    after(&mut lab, 0, Event::Left(id("b")));
    after(&mut lab, 10, Event::Lost(id("a")));
    lab.handle_timeout(Timestamp(660_009));
    assert_eq!(lab.state(MatchId(0)), Some(SessionState::Playing));
    lab.handle_timeout(Timestamp(660_010));
    assert_eq!(lab.state(MatchId(0)), None);
}

#[test]
fn who_leaves_before_the_start_costs_the_others_nothing() {
    for event in [Event::Left, Event::Lost] {
        let mut lab = groups_of(2);
        after(&mut lab, 1, Event::Ready(id("a")));
        after(&mut lab, 2, Event::Ready(id("b")));
        after(&mut lab, 3, Event::Ready(id("c")));
        let ended = Effect::Ended {
            id: MatchId(0),
            reason: EndReason::LeftBeforeStart(id("a")),
            participants: ids("a b"),
        };
        // b came before c, and is still before c.
        assert_eq!(after(&mut lab, 4, event(id("a"))), [ended, register(1, "b c")]);
        let gone = lab.handle(Timestamp(5), Event::Registered(MatchId(0)));
        assert_eq!(gone, Err(HandleError::NoSuchMatch(MatchId(0))));
    }
}

#[test]
fn who_is_gone_is_not_matched() {
    let mut lab = groups_of(2);
    after(&mut lab, 1, Event::Ready(id("a")));
    after(&mut lab, 2, Event::Lost(id("a")));
    assert_eq!(after(&mut lab, 3, Event::Ready(id("b"))), []);
    assert_eq!(after(&mut lab, 4, Event::Ready(id("c"))), [register(0, "b c")]);
}

#[test]
fn a_match_that_cannot_be_written_down_ends() {
    let mut lab = groups_of(1);
    after(&mut lab, 1, Event::Ready(id("a")));
    let ended =
        Effect::Ended { id: MatchId(0), reason: EndReason::NotRegistered, participants: ids("a") };
    assert_eq!(after(&mut lab, 1, Event::NotRegistered(MatchId(0))), [ended]);
    assert_eq!(after(&mut lab, 2, Event::Ready(id("a"))), [register(1, "a")]);
    after(&mut lab, 3, Event::Registered(MatchId(1)));
    for event in [Event::Registered(MatchId(1)), Event::NotRegistered(MatchId(1))] {
        let late = lab.handle(Timestamp(4), event);
        assert_eq!(late, Err(HandleError::Started(MatchId(1))));
    }
}

#[test]
fn the_waiting_room_is_announced_at_most_once_a_second() {
    let told = |lab: &mut Matchmaking| -> Vec<(String, u32)> {
        let line = |effect| match effect {
            Effect::Waiting { participant, waiting, .. } => (participant.to_string(), waiting),
            other => panic!("{other:?}"),
        };
        drain(lab).into_iter().map(line).collect()
    };
    let mut lab = groups_of(4);
    lab.handle(Timestamp(1), Event::Ready(id("a"))).unwrap();
    assert!(told(&mut lab).contains(&("a".to_owned(), 1)));
    lab.handle(Timestamp(2), Event::Ready(id("b"))).unwrap();
    assert_eq!(told(&mut lab), [("b".to_owned(), 2)]);
    assert_eq!(lab.next_deadline(), Some(Timestamp(1001)));
    lab.handle_timeout(Timestamp(1001));
    assert_eq!(told(&mut lab), [("a".to_owned(), 2), ("b".to_owned(), 2)]);
    assert_eq!(lab.next_deadline(), None);
}

/// What a random run does to one of eight people, or to the oldest open match.
#[derive(Clone, Debug)]
enum Step {
    Person(fn(ParticipantId) -> Event, u8),
    Match(fn(MatchId) -> Event),
    Time(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..8_u8, 0..8_u8, any::<u16>()).prop_map(|(what, who, time)| match what {
        0..=2 => Step::Person(Event::Ready, who),
        3 => Step::Person(Event::Left, who),
        4 => Step::Person(Event::Lost, who),
        5 => Step::Person(Event::Back, who),
        6 => Step::Match(if who == 0 { Event::NotRegistered } else { Event::Registered }),
        _ => Step::Time(u64::from(time)),
    });
    proptest::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn nobody_is_lost_or_in_two_places(size in 1..=4_u8, steps in steps()) {
        let mut lab = groups_of(size);
        let mut now = 0;
        let mut open: BTreeMap<MatchId, BTreeSet<ParticipantId>> = BTreeMap::new();
        let mut unregistered: BTreeSet<MatchId> = BTreeSet::new();
        for step in steps {
            match step {
                Step::Person(event, who) => {
                    lab.handle(Timestamp(now), event(id(&format!("p{who}")))).unwrap();
                }
                Step::Match(event) => {
                    if let Some(number) = unregistered.pop_first() {
                        lab.handle(Timestamp(now), event(number)).unwrap();
                    }
                }
                Step::Time(ms) => {
                    now += ms;
                    lab.handle_timeout(Timestamp(now));
                }
            }
            for effect in drain(&mut lab) {
                match effect {
                    Effect::Register { id, participants } => {
                        let people: BTreeSet<_> = participants.into_iter().collect();
                        assert_eq!(people.len(), usize::from(size), "a seat is doubled or empty");
                        // Who has left a running game may be in a new one; before it starts
                        // nobody is in two.
                        for other in &unregistered {
                            assert!(open[other].is_disjoint(&people), "somebody is in two games");
                        }
                        open.insert(id, people);
                        unregistered.insert(id);
                    }
                    Effect::Ended { id, .. } => {
                        assert!(open.remove(&id).is_some(), "{id} ended twice");
                        unregistered.remove(&id);
                    }
                    Effect::Start { id } => assert!(open.contains_key(&id)),
                    Effect::Waiting { .. } | Effect::TicketAgain { .. } => {}
                }
            }
            assert!(lab.waiting() < usize::from(size), "a full group is left waiting");
            for number in open.keys() {
                assert!(lab.state(*number).is_some(), "{number} vanished without a word");
            }
        }
        // Whatever happened, once everybody has left nothing is left over.
        for who in 0..8 {
            lab.handle(Timestamp(now), Event::Left(id(&format!("p{who}")))).unwrap();
        }
        for effect in drain(&mut lab) {
            if let Effect::Ended { id, .. } = effect {
                open.remove(&id);
            }
        }
        assert!(open.is_empty() && lab.waiting() == 0, "left over: {open:?}");
    }
}
