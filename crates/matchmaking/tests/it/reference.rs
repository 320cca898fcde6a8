//! The 27 cases that the unit tests of the reference platform assert of its latency matchmaker and
//! of the way from a match over the probe to a game, one test each.

use crate::lab::{
    Lab, again, groups_of, id, measured_pairs, probe, ready, ready_at, register, report, scene,
};
use dyad_matchmaking::matchmaker::{Fifo, LatencyFifo, Matchmaker};
use dyad_matchmaking::participant::Place;
use dyad_matchmaking::session::Rejection;
use dyad_matchmaking::settings::{MatchmakerSettings, Probing};
use dyad_matchmaking::{Fact, GroupSize, RoomSettings, SessionState, State, Timestamp};

/// The group that is found for `arriving` with a limit of 150 ms, in order of arrival.
fn found(size: u8, waiting: &[(&str, Option<u32>)], arriving: Option<u32>) -> Option<String> {
    choose(&LatencyFifo { max_server_rtt_ms: 150 }, size, waiting, arriving)
}

fn choose(
    by: &dyn Matchmaker,
    size: u8,
    waiting: &[(&str, Option<u32>)],
    arriving: Option<u32>,
) -> Option<String> {
    let mut state = State::default();
    let people = waiting.iter().copied().chain([("new", arriving)]);
    for ((name, rtt_ms), place) in people.zip(0..) {
        let (participant, place) = (id(name), Place(place));
        let (wait_until, reserved_until) = (None, None);
        let scene = scene();
        let fact = Fact::Arrived {
            participant,
            scene,
            place,
            rtt_ms,
            wait_until,
            reserved_until,
            company: vec![],
        };
        state.apply(Timestamp(0), &fact).unwrap();
    }
    let scene = scene();
    let room = state.waiting_room(&scene, size.try_into().unwrap());
    let group = by.find_group(&room.open(&id("new")).unwrap(), &room)?;
    let mut members = group.members;
    members.sort_by_key(|member| member.place);
    let names: Vec<_> = members.iter().map(|member| member.participant.as_str()).collect();
    Some(names.join(" "))
}

#[test]
fn latency_fifo_01_the_threshold_is_stored() {
    let json = r#"{"kind": "latency_fifo", "max_server_rtt_ms": 200}"#;
    let settings: MatchmakerSettings = serde_json::from_str(json).unwrap();
    assert_eq!(settings, MatchmakerSettings::LatencyFifo { max_server_rtt_ms: 200 });
    assert!(format!("{:?}", settings.build()).contains("200"));
}

#[test]
fn latency_fifo_02_people_within_the_threshold_are_matched() {
    assert_eq!(found(2, &[("a", Some(50))], Some(60)).as_deref(), Some("a new"));
}

#[test]
fn latency_fifo_03_who_is_over_the_threshold_is_skipped() {
    let waiting = [("far", Some(140)), ("near", Some(50))];
    assert_eq!(found(2, &waiting, Some(60)).as_deref(), Some("near new"));
}

#[test]
fn latency_fifo_04_the_nearer_one_is_picked() {
    let waiting = [("far", Some(120)), ("farther", Some(300)), ("near", Some(10))];
    assert_eq!(found(2, &waiting, Some(40)).as_deref(), Some("near new"));
}

#[test]
fn latency_fifo_05_nobody_is_matched_when_none_passes() {
    assert_eq!(found(2, &[("a", Some(140)), ("b", Some(200))], Some(60)), None);
}

#[test]
fn latency_fifo_06_nobody_is_matched_when_too_few_wait() {
    assert_eq!(found(2, &[], Some(10)), None);
    assert_eq!(found(3, &[("a", Some(10))], Some(10)), None);
}

#[test]
fn latency_fifo_07_an_unknown_rtt_of_the_arriving_one_excludes_nobody() {
    assert_eq!(found(2, &[("a", Some(500))], None).as_deref(), Some("a new"));
}

#[test]
fn latency_fifo_08_an_unknown_rtt_of_a_candidate_excludes_nobody() {
    assert_eq!(found(2, &[("a", None)], Some(500)).as_deref(), Some("a new"));
}

#[test]
fn latency_fifo_09_two_unknown_rtts_exclude_nobody() {
    assert_eq!(found(2, &[("a", None)], None).as_deref(), Some("a new"));
}

#[test]
fn latency_fifo_10_the_group_size_is_kept() {
    let waiting = [("a", Some(10)), ("b", Some(10)), ("c", Some(10)), ("d", Some(10))];
    assert_eq!(found(2, &waiting, Some(10)).as_deref(), Some("a new"));
    assert_eq!(found(4, &waiting, Some(10)).as_deref(), Some("a b c new"));
}

#[test]
fn latency_fifo_11_the_order_of_arrival_is_kept() {
    // The later one is nearer, which does not count.
    let waiting = [("first", Some(80)), ("second", Some(10))];
    assert_eq!(found(2, &waiting, Some(20)).as_deref(), Some("first new"));
}

#[test]
fn latency_fifo_12_equality_with_the_threshold_passes() {
    assert_eq!(found(2, &[("a", Some(100))], Some(50)).as_deref(), Some("a new"));
    assert_eq!(found(2, &[("a", Some(101))], Some(50)), None);
}

#[test]
fn latency_fifo_13_groups_of_three_are_matched() {
    let waiting = [("a", Some(60)), ("far", Some(200)), ("b", Some(70))];
    assert_eq!(found(3, &waiting, Some(50)).as_deref(), Some("a b new"));
    // And more than there: no two of the group are over the threshold.
    let waiting = [("a", Some(100)), ("b", Some(90)), ("c", Some(40))];
    assert_eq!(found(3, &waiting, Some(50)).as_deref(), Some("a c new"));
}

fn parse(json: &str) -> serde_json::Result<RoomSettings> {
    serde_json::from_str(json)
}

#[test]
fn integration_01_a_scene_stores_its_matchmaker() {
    let latency = r#"{"kind": "latency_fifo", "max_server_rtt_ms": 200}"#;
    let json = format!(r#"{{"scene": "s", "group_size": 2, "matchmaker": {latency}}}"#);
    let settings = parse(&json).unwrap();
    assert_eq!(settings.matchmaker, MatchmakerSettings::LatencyFifo { max_server_rtt_ms: 200 });
    assert_eq!(settings.probing, None);
}

#[test]
fn integration_02_a_scene_stores_its_matchmaker_and_its_limit_between_people() {
    let latency = r#"{"kind": "latency_fifo", "max_server_rtt_ms": 200}"#;
    let probing = r#"{"max_p2p_rtt_ms": 100}"#;
    let json = format!(
        r#"{{"scene": "s", "group_size": 2, "matchmaker": {latency}, "probing": {probing}}}"#
    );
    let settings = parse(&json).unwrap();
    assert_eq!(settings.matchmaker, MatchmakerSettings::LatencyFifo { max_server_rtt_ms: 200 });
    assert_eq!(settings.probing, Some(Probing { max_p2p_rtt_ms: 100, within_ms: 15_000 }));
}

#[test]
fn integration_03_what_is_no_matchmaker_is_refused() {
    for wrong in [r#""latency""#, r#"{"kind": "magic"}"#, r#"{"kind": "latency_fifo"}"#, "7"] {
        let json = format!(r#"{{"scene": "s", "group_size": 2, "matchmaker": {wrong}}}"#);
        assert!(parse(&json).is_err(), "{wrong}");
    }
    assert!(parse(r#"{"scene": "s", "group_size": 5}"#).is_err());
    assert!(parse(r#"{"scene": "s", "group_size": 0}"#).is_err());
    assert!(parse(r#"{"scene": "s", "group_size": 2}"#).is_ok());
}

#[test]
fn integration_04_with_a_limit_a_probe_is_needed() {
    assert!(measured_pairs().needs_probe());
}

#[test]
fn integration_05_without_a_limit_no_probe_is_needed() {
    assert!(!groups_of(2).needs_probe());
}

#[test]
fn integration_06_where_nobody_can_be_probed_no_probe_is_needed() {
    // There, a server without a coordinator of probes; here, somebody who plays alone.
    let alone = RoomSettings { group_size: GroupSize::ONE, ..measured_pairs() };
    assert!(!alone.needs_probe());
    assert_eq!(Lab::new(alone).after(0, ready("a")), [register(0, "a")]);
}

#[test]
fn integration_07_a_measurement_under_the_limit_is_accepted() {
    assert_eq!(measured_pairs().rejection(Some(99)), None);
}

#[test]
fn integration_08_a_measurement_at_the_limit_is_accepted() {
    assert_eq!(measured_pairs().rejection(Some(100)), None);
}

#[test]
fn integration_09_a_measurement_over_the_limit_is_rejected() {
    let rejection = Rejection::TooSlow { rtt_ms: 101, limit_ms: 100 };
    assert_eq!(measured_pairs().rejection(Some(101)), Some(rejection));
}

#[test]
fn integration_10_no_measurement_is_rejected() {
    assert_eq!(measured_pairs().rejection(None), Some(Rejection::NoMeasurement));
}

#[test]
fn integration_11_without_a_limit_everything_is_accepted() {
    assert_eq!(groups_of(2).rejection(Some(u32::MAX)), None);
    assert_eq!(groups_of(2).rejection(None), None);
}

#[test]
fn integration_12_an_accepted_probe_makes_a_game() {
    let mut lab = Lab::new(measured_pairs());
    assert_eq!(lab.after(0, ready_at("a", 20)), []);
    assert_eq!(lab.after(0, ready_at("b", 30)), [probe(0, "a b")]);
    assert_eq!(lab.after(1, report(0, "a", "b", Some(40))), []);
    assert_eq!(lab.after(1, report(0, "b", "a", Some(41))), [register(0, "a b")]);
    let meeting = &lab.audit().meetings[&dyad_matchmaking::MatchId(0)];
    assert_eq!((meeting.accepted, &meeting.rejected), (Some(Timestamp(1)), &None));
}

#[test]
fn integration_13_a_rejected_probe_leaves_both_waiting() {
    let mut lab = Lab::new(measured_pairs());
    lab.after(0, ready_at("a", 20));
    lab.after(0, ready_at("b", 30));
    let rejected = lab.after(1, report(0, "a", "b", Some(500)));
    assert_eq!(rejected, [again(0, "a"), again(0, "b")]);
    assert_eq!(lab.waiting(), 2);
    assert_eq!(lab.matchmaking.session_state(dyad_matchmaking::MatchId(0)), None);
}

#[test]
fn integration_14_without_a_probe_there_is_a_game_at_once() {
    let mut lab = Lab::new(groups_of(2));
    lab.after(0, ready_at("a", 20));
    assert_eq!(lab.after(0, ready_at("b", 30)), [register(0, "a b")]);
    let state = lab.matchmaking.session_state(dyad_matchmaking::MatchId(0));
    assert_eq!(state, Some(SessionState::Matched));
}

#[test]
fn the_plain_matchmaker_takes_the_first_whatever_their_rtt() {
    let waiting = [("far", Some(900)), ("near", Some(1))];
    assert_eq!(choose(&Fifo, 2, &waiting, Some(900)).as_deref(), Some("far new"));
}
