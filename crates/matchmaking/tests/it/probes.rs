//! Probing a group, and checking its connections.

use crate::lab::{
    Lab, again, greeting, groups_of, heard_well, id, ids, measured_pairs, probe, ready, register,
    report, validation,
};
use dyad_matchmaking::fact::Objection;
use dyad_matchmaking::session::{Heard, PairFailure, Rejection};
use dyad_matchmaking::{
    Effect, EndReason, Event, HandleError, MatchId, RoomSettings, SessionState, Timestamp,
};

fn probing() -> Lab {
    let mut lab = Lab::new(measured_pairs());
    lab.after(0, ready("a"));
    assert_eq!(lab.after(0, ready("b")), [probe(0, "a b")]);
    lab
}

#[test]
fn the_slower_report_counts_and_equality_passes() {
    let mut lab = probing();
    assert_eq!(lab.after(1, report(0, "b", "a", Some(12))), []);
    assert_eq!(lab.after(2, report(0, "b", "a", Some(999))), [], "a second report does not count");
    assert_eq!(lab.after(3, report(0, "a", "b", Some(100))), [register(0, "a b")]);
    let accepted = |record: &dyad_matchmaking::Record| match record.fact {
        dyad_matchmaking::Fact::Accepted { rtt_ms, .. } => rtt_ms,
        _ => None,
    };
    assert_eq!(lab.log.iter().find_map(accepted), Some(100));
}

#[test]
fn a_failed_pair_is_remembered_and_both_keep_their_places() {
    let mut lab = probing();
    lab.after(1, report(0, "a", "b", Some(20)));
    let rejected = lab.after(2, report(0, "b", "a", Some(101)));
    assert_eq!(rejected, [again(0, "a"), again(0, "b")]);
    // c may play with either, and a came first.
    assert_eq!(lab.after(3, ready("c")), [probe(1, "a c")]);
    assert_eq!(
        lab.after(4, report(1, "a", "c", None)),
        [again(1, "a"), again(1, "c"), probe(2, "b c")]
    );
    let meetings = lab.audit().meetings;
    let limit = Rejection::TooSlow { rtt_ms: 101, limit_ms: 100 };
    assert_eq!(meetings[&MatchId(0)].rejected, Some(limit));
    assert_eq!(meetings[&MatchId(1)].rejected, Some(Rejection::NoMeasurement));
    let passed = &meetings[&MatchId(2)].passed_over;
    assert_eq!((&passed[0].participant, passed[0].because), (&id("a"), Objection::FailedPair));
}

#[test]
fn a_failed_pair_may_try_again_after_a_time() {
    let mut lab =
        Lab::new(RoomSettings { failed_pairs_expire_ms: Some(60_000), ..measured_pairs() });
    lab.after(0, ready("a"));
    lab.after(0, ready("b"));
    lab.after(10, report(0, "a", "b", None));
    assert_eq!(lab.wait_until(60_009), []);
    assert_eq!(lab.wait_until(60_010), [probe(1, "a b")]);
    // And when that fails, once more after the same time.
    lab.after(60_020, report(1, "b", "a", Some(5000)));
    assert_eq!(lab.wait_until(120_019), []);
    assert_eq!(lab.wait_until(120_020), [probe(2, "a b")]);
}

#[test]
fn a_probe_that_takes_too_long_measures_nothing() {
    let mut lab = probing();
    lab.after(5, report(0, "a", "b", Some(3)));
    assert_eq!(lab.wait_until(14_999), []);
    assert_eq!(lab.wait_until(15_000), [again(0, "a"), again(0, "b")]);
    assert_eq!(lab.audit().meetings[&MatchId(0)].rejected, Some(Rejection::NoMeasurement));
    let late = lab.refused(15_001, report(0, "b", "a", Some(3)));
    assert_eq!(late, HandleError::NoSuchMatch(MatchId(0)));
}

#[test]
fn waiting_goes_on_after_a_probe_that_outlasts_it() {
    let mut lab = Lab::new(RoomSettings { wait_at_most_ms: Some(5000), ..measured_pairs() });
    lab.after(0, ready("a"));
    lab.after(0, ready("b"));
    assert_eq!(lab.wait_until(9000), [], "nobody is sent away while being probed");
    let effects = lab.after(9001, report(0, "a", "b", None));
    assert_eq!(effects, [again(0, "a"), again(0, "b")]);
    assert!(lab.matchmaking.next_deadline() <= Some(Timestamp(9001)));
    assert_eq!(lab.wait_until(9001).len(), 2, "but after it");
}

#[test]
fn who_goes_during_a_probe_costs_the_other_nothing() {
    for (event, why) in [
        (Event::Left(id("a")), Rejection::Left(id("a"))),
        (Event::Lost(id("a")), Rejection::Lost(id("a"))),
    ] {
        let mut lab = probing();
        lab.after(0, ready("c"));
        assert_eq!(lab.after(1, event), [again(0, "b"), probe(1, "b c")]);
        assert_eq!(lab.audit().meetings[&MatchId(0)].rejected, Some(why));
    }
}

#[test]
fn reports_that_cannot_be_are_refused() {
    let mut lab = probing();
    lab.after(0, ready("c"));
    for (by, with) in [("a", "c"), ("c", "a"), ("a", "a"), ("x", "y")] {
        let refused = lab.refused(1, report(0, by, with, Some(1)));
        assert!(matches!(refused, HandleError::NotThese { .. }), "{refused}");
    }
    assert!(matches!(lab.refused(1, report(7, "a", "b", Some(1))), HandleError::NoSuchMatch(_)));
    let early = lab.refused(1, Event::Registered(MatchId(0)));
    let state = SessionState::Waiting;
    assert_eq!(early, HandleError::WrongState { id: MatchId(0), state });
    let early = lab.refused(1, validation(0, "a", "b", heard_well()));
    assert_eq!(early, HandleError::WrongState { id: MatchId(0), state });
}

#[test]
fn in_larger_groups_everybody_is_in_one_probe_at_a_time() {
    let four = RoomSettings { group_size: 4.try_into().unwrap(), ..measured_pairs() };
    let mut lab = Lab::new(four);
    let mut running: Vec<[String; 2]> = Vec::new();
    let mut measured = 0;
    let mut effects: Vec<Effect> =
        ["a", "b", "c", "d"].iter().flat_map(|name| lab.after(0, ready(name))).collect();
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Probe { pair, .. } => running.push(pair.map(String::from)),
                Effect::Register { participants, .. } => {
                    assert_eq!((participants, measured), (ids("a b c d"), 6));
                    lab.audit();
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
        let [one, two] = running.pop().expect("a probe is running until all are done");
        measured += 1;
        effects.extend(lab.after(1, report(0, &one, &two, Some(50))));
        effects.extend(lab.after(1, report(0, &two, &one, Some(60))));
    }
}

fn validating() -> Lab {
    let mut lab = Lab::new(RoomSettings { probing: None, ..measured_pairs() });
    lab.after(0, ready("a"));
    lab.after(0, ready("b"));
    let validate = Effect::Validate { id: MatchId(0), within_ms: 10_000 };
    assert_eq!(lab.after(0, Event::Registered(MatchId(0))), [validate]);
    assert_eq!(lab.matchmaking.session_state(MatchId(0)), Some(SessionState::Validating));
    lab
}

#[test]
fn a_game_begins_when_both_directions_are_good() {
    let mut lab = validating();
    assert_eq!(lab.after(1, validation(0, "a", "b", heard_well())), []);
    assert_eq!(lab.after(1, validation(0, "a", "b", heard_well())), [], "twice the same");
    let start = Effect::Start { id: MatchId(0) };
    assert_eq!(lab.after(2, validation(0, "b", "a", heard_well())), [start]);
    assert_eq!(lab.matchmaking.session_state(MatchId(0)), Some(SessionState::Playing));
    assert_eq!(lab.wait_until(100_000), [], "nothing is left to be validated");
}

#[test]
fn a_connection_that_is_no_good_makes_no_game() {
    let other_game = dyad_matchmaking::session::Greeting {
        game: "0b".repeat(32).parse().unwrap(),
        ..greeting("1.0")
    };
    for (heard, why) in [
        (Heard { unreliable: false, ..heard_well() }, PairFailure::Silent),
        (Heard { reliable: false, ..heard_well() }, PairFailure::Silent),
        (Heard { partner: greeting("1.1"), ..heard_well() }, PairFailure::Versions),
        (Heard { partner: other_game, ..heard_well() }, PairFailure::Game),
    ] {
        let mut lab = validating();
        lab.after(0, ready("c"));
        lab.after(1, validation(0, "a", "b", heard_well()));
        let reason = EndReason::NotValidated(why);
        let ended = Effect::Ended { id: MatchId(0), reason, participants: ids("a b") };
        let effects = lab.after(2, validation(0, "b", "a", heard));
        assert_eq!(effects, [again(0, "a"), again(0, "b"), ended, register(1, "a c")]);
        assert!(lab.matchmaking.state().have_failed(&id("a"), &id("b")));
        lab.audit();
    }
}

#[test]
fn a_check_that_takes_too_long_has_failed() {
    let mut lab = validating();
    lab.after(1, validation(0, "a", "b", heard_well()));
    assert_eq!(lab.wait_until(9_999), []);
    let reason = EndReason::NotValidated(PairFailure::Late);
    let ended = Effect::Ended { id: MatchId(0), reason, participants: ids("a b") };
    assert_eq!(lab.wait_until(10_000), [again(0, "a"), again(0, "b"), ended]);
    assert!(lab.matchmaking.state().have_failed(&id("b"), &id("a")));
}

#[test]
fn who_comes_back_while_checking_gets_the_ticket_again() {
    let mut lab = validating();
    let again = Effect::TicketAgain { participant: id("a"), id: MatchId(0) };
    assert_eq!(lab.after(1, ready("a")), [again]);
    assert_eq!(Lab::new(groups_of(2)).after(1, ready("a")), []);
}
