//! The waiting room: order, counts, time-outs, connections that are gone, reunions.

use crate::lab::{
    Lab, again, groups_of, id, ids, measured_pairs, ready, ready_at, register, report, scene,
};
use dyad_matchmaking::fact::{GroupReason, Objection};
use dyad_matchmaking::settings::{GRACE_MS, MatchmakerSettings};
use dyad_matchmaking::{
    Departure, Effect, EndReason, Event, Fact, HandleError, MatchId, Matchmaking, ParticipantState,
    RoomSettings, Timestamp,
};

#[test]
fn groups_form_in_order_of_arrival() {
    let mut lab = Lab::new(groups_of(2));
    assert_eq!(lab.after(1, ready("a")), []);
    assert_eq!(lab.after(2, ready("a")), [], "asking twice changes nothing");
    assert_eq!(lab.after(3, ready("b")), [register(0, "a b")]);
    assert_eq!(lab.after(4, ready("c")), []);
    assert_eq!(lab.after(5, ready("d")), [register(1, "c d")]);
    assert_eq!(lab.waiting(), 0);
    lab.audit();
}

#[test]
fn four_play_together() {
    let mut lab = Lab::new(groups_of(4));
    for name in ["a", "b", "c"] {
        assert_eq!(lab.after(1, ready(name)), []);
    }
    assert_eq!(lab.after(1, ready("d")), [register(0, "a b c d")]);
}

#[test]
fn scenes_have_rooms_of_their_own() {
    let garden: dyad_protocol::SceneId = "garden".parse().unwrap();
    let other = RoomSettings { scene: garden.clone(), ..groups_of(2) };
    let matchmaking = Matchmaking::new([groups_of(2), other]);
    let mut lab = Lab { matchmaking, log: Vec::new() };
    let in_garden = |name: &str| Event::Ready {
        participant: id(name),
        scene: garden.clone(),
        rtt_ms: None,
        company: vec![],
    };
    assert_eq!(lab.after(0, ready("a")), []);
    assert_eq!(lab.after(0, in_garden("b")), []);
    let refused = lab.refused(0, in_garden("a"));
    assert!(matches!(refused, HandleError::Elsewhere { .. }), "{refused}");
    let nowhere = Event::Ready {
        participant: id("z"),
        scene: "zoo".parse().unwrap(),
        rtt_ms: None,
        company: vec![],
    };
    assert!(matches!(lab.refused(0, nowhere), HandleError::NoSuchScene(_)));
    let matched = lab.after(0, in_garden("c"));
    let Effect::Register { scene, participants, .. } = &matched[0] else { panic!("{matched:?}") };
    assert_eq!((scene, participants), (&garden, &ids("b c")));
    lab.audit();
}

fn timed_out(name: &str) -> Effect {
    Effect::Dismissed { participant: id(name), scene: scene(), cause: Departure::TimedOut }
}

#[test]
fn waiting_ends_after_the_scene_s_time_and_touches_nobody_else() {
    let mut lab = Lab::new(RoomSettings { wait_at_most_ms: Some(5000), ..groups_of(3) });
    lab.after(0, ready("a"));
    lab.after(1000, ready("b"));
    let status = lab.matchmaking.status(&id("b")).unwrap();
    assert_eq!((status.waiting, status.needed, status.remaining_ms), (2, 3, Some(5000)));
    assert_eq!(lab.wait_until(4999), []);
    assert_eq!(lab.matchmaking.status(&id("a")).unwrap().remaining_ms, Some(1));
    assert_eq!(lab.wait_until(5000), [timed_out("a")]);
    let status = lab.matchmaking.status(&id("b")).unwrap();
    assert_eq!((status.waiting, status.remaining_ms), (1, Some(1000)));
    assert_eq!(lab.matchmaking.status(&id("a")), None);
    // Who comes again is at the end.
    lab.after(5001, ready("c"));
    assert_eq!(lab.after(5002, ready("a")), [register(0, "b c a")]);
}

#[test]
fn a_late_caller_changes_nothing() {
    // The event at 6000 comes before anybody has called handle_timeout.
    let mut lab = Lab::new(RoomSettings { wait_at_most_ms: Some(5000), ..groups_of(2) });
    lab.after(0, ready("a"));
    assert_eq!(lab.after(6000, ready("b")), [timed_out("a")]);
    assert_eq!(lab.after(6001, ready("a")), [register(0, "b a")]);
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut lab = Lab::new(RoomSettings { wait_at_most_ms: Some(100), ..groups_of(2) });
    lab.after(1000, ready("a"));
    lab.after(10, ready_at("x", 3));
    assert_eq!(lab.log.last().unwrap().at, Timestamp(1000));
}

#[test]
fn who_is_gone_is_not_matched_but_keeps_the_place_for_a_while() {
    let mut lab = Lab::new(groups_of(2));
    lab.after(1, ready("a"));
    lab.after(2, Event::Lost(id("a")));
    assert_eq!(lab.waiting(), 0);
    assert_eq!(lab.after(3, ready("b")), []);
    assert_eq!(lab.after(4, ready("c")), [register(0, "b c")]);
    let passed = lab.audit().meetings[&MatchId(0)].passed_over.clone();
    assert_eq!((&passed[0].participant, passed[0].because), (&id("a"), Objection::Away));
    lab.after(5, ready("d"));
    // Back in time: a is still before d.
    assert_eq!(lab.after(6, Event::Back(id("a"))), [register(1, "a d")]);
}

#[test]
fn who_stays_gone_loses_the_place() {
    let mut lab = Lab::new(RoomSettings { waiting_grace_ms: 50, ..groups_of(2) });
    lab.after(0, ready("a"));
    lab.after(0, Event::Lost(id("a")));
    lab.after(10, Event::Lost(id("a")));
    let gone = Departure::ConnectionLost;
    let dismissed = Effect::Dismissed { participant: id("a"), scene: scene(), cause: gone };
    assert_eq!(lab.wait_until(50), [dismissed]);
    assert_eq!(lab.matchmaking.state().participant_state(&id("a")), ParticipantState::Idle);
    assert_eq!(lab.after(60, Event::Back(id("a"))), []);
    assert_eq!(lab.after(60, ready("b")), []);
}

#[test]
fn who_leaves_before_the_start_costs_the_others_nothing() {
    for event in [Event::Left, Event::Lost, Event::Finished] {
        let mut lab = Lab::new(RoomSettings { waiting_grace_ms: 0, ..groups_of(2) });
        lab.after(1, ready("a"));
        lab.after(2, ready("b"));
        lab.after(3, ready("c"));
        let ended = Effect::Ended {
            id: MatchId(0),
            reason: EndReason::LeftBeforeStart(id("a")),
            participants: ids("a b"),
        };
        // b came before c, and is still before c.
        assert_eq!(lab.after(4, event(id("a"))), [again(0, "b"), ended, register(1, "b c")]);
        let gone = lab.refused(5, Event::Registered(MatchId(0)));
        assert_eq!(gone, HandleError::NoSuchMatch(MatchId(0)));
        assert_eq!(lab.matchmaking.state().participant_state(&id("a")), ParticipantState::Idle);
        lab.audit();
    }
}

#[test]
fn who_is_lost_before_the_start_keeps_the_place() {
    let mut lab = Lab::new(groups_of(2));
    lab.after(1, ready("a"));
    lab.after(2, ready("b"));
    lab.after(3, Event::Lost(id("a")));
    lab.after(4, Event::Back(id("a")));
    assert_eq!(lab.after(5, ready("c")), []);
    let second = lab.audit().meetings[&MatchId(1)].clone();
    let names: Vec<_> = second.members.iter().map(|it| it.participant.as_str()).collect();
    assert_eq!(names, ["a", "b"], "both at their places");
    assert_eq!(GRACE_MS, groups_of(2).playing_grace_ms);
}

#[test]
fn nearer_people_may_be_matched_later() {
    let matchmaker = MatchmakerSettings::LatencyFifo { max_server_rtt_ms: 150 };
    let mut lab = Lab::new(RoomSettings { matchmaker, ..groups_of(2) });
    assert_eq!(lab.after(0, ready_at("a", 100)), []);
    assert_eq!(lab.after(1, ready_at("b", 100)), []);
    assert_eq!(lab.after(2, ready_at("c", 120)), []);
    let ping = |name: &str, rtt_ms| Event::RoundTrip { participant: id(name), rtt_ms };
    assert_eq!(lab.after(3, ping("b", Some(200))), []);
    assert_eq!(lab.after(3, ping("nobody", Some(2))), []);
    assert_eq!(lab.after(4, ping("c", Some(50))), [register(0, "a c")]);
    let passed = &lab.audit().meetings[&MatchId(0)].passed_over;
    let because = Objection::ServerRtt { sum_ms: 300, limit_ms: 150 };
    assert_eq!((&passed[0].participant, passed[0].because), (&id("b"), because));
    assert_eq!(lab.after(5, ready_at("d", 1)), []);
    assert_eq!(lab.after(6, ping("b", None)), [register(1, "b d")], "unknown excludes nobody");
}

fn reunion(fallback_after_ms: Option<u64>) -> Lab {
    let matchmaker =
        MatchmakerSettings::GroupReunion { fallback_after_ms, max_server_rtt_ms: None };
    let mut lab = Lab::new(RoomSettings { matchmaker, ..groups_of(2) });
    if fallback_after_ms.is_some() {
        for pair in [["a", "b"], ["c", "d"]] {
            lab.play(pair);
            for name in pair {
                lab.after(0, Event::Finished(id(name)));
            }
        }
    }
    lab
}

#[test]
fn earlier_partners_meet_again() {
    let mut lab = reunion(Some(1000));
    assert_eq!(lab.after(1, ready("a")), []);
    assert_eq!(lab.after(2, ready("c")), [], "a waits for b");
    assert_eq!(lab.after(3, ready("d")), [register(2, "c d")]);
    assert_eq!(lab.after(4, ready("b")), [register(3, "a b")]);
    let meetings = lab.audit().meetings;
    let passed = &meetings[&MatchId(2)].passed_over;
    assert_eq!(meetings[&MatchId(2)].proposed.1, GroupReason::Reunion);
    assert_eq!((&passed[0].participant, passed[0].because), (&id("a"), Objection::Reunion));
}

#[test]
fn a_group_that_goes_on_together_meets_nobody_else() {
    let mut lab = Lab::new(measured_pairs());
    let with = |name: &str, other: &str| {
        let (participant, company) = (id(name), ids(other));
        Event::Ready { participant, scene: scene(), rtt_ms: None, company }
    };
    assert_eq!(lab.after(1, with("a", "b")), []);
    assert_eq!(lab.after(2, ready("c")), [], "a waits for b alone");
    let probe = lab.after(3, ready("d"));
    assert!(matches!(&probe[..], [Effect::Probe { .. }]), "{probe:?}");
    assert_eq!(lab.after(4, with("b", "a")), [register(1, "a b")], "who have measured before");
    lab.after(5, report(0, "c", "d", None));
    assert!(lab.after(6, Event::Left(id("b"))).contains(&again(1, "a")));
    assert_eq!(lab.after(7, with("b", "c")), [], "whose company is another");
    assert_eq!(lab.after(8, Event::Left(id("b"))), []);
    assert_eq!(lab.after(9, with("b", "a")), [register(2, "a b")]);
    let meetings = lab.audit().meetings;
    let passed = &meetings[&MatchId(0)].passed_over;
    assert_eq!((&passed[0].participant, passed[0].because), (&id("a"), Objection::Company));
    assert_eq!(meetings[&MatchId(1)].proposed.1, GroupReason::Company);
    let restored = Matchmaking::restore([measured_pairs()], None, lab.log.clone()).unwrap();
    assert_eq!(restored.state(), lab.matchmaking.state());
}

#[test]
fn strangers_will_do_after_a_time() {
    let mut lab = reunion(Some(1000));
    lab.after(0, ready("a"));
    assert_eq!(lab.after(500, ready("x")), [], "a still waits for b");
    assert_eq!(lab.after(600, ready("c")), []);
    assert_eq!(lab.wait_until(999), []);
    assert_eq!(lab.wait_until(1000), [register(2, "a x")]);
    let opened = |record: &&dyad_matchmaking::Record| matches!(record.fact, Fact::Opened { .. });
    assert_eq!(lab.log.iter().filter(opened).count(), 1);
    // New people meet at once, though c, who waits for d, came before them.
    lab.after(1100, ready("y"));
    assert_eq!(lab.after(1200, ready("z")), [register(3, "y z")]);
    let passed = &lab.audit().meetings[&MatchId(3)].passed_over;
    assert_eq!((&passed[0].participant, passed[0].because), (&id("c"), Objection::Reserved));
}

#[test]
fn without_a_fallback_strangers_never_meet() {
    let mut lab = reunion(None);
    for name in ["a", "b", "c"] {
        assert_eq!(lab.after(0, ready(name)), []);
    }
    assert_eq!(lab.matchmaking.next_deadline(), Some(Timestamp(1000)), "only an announcement");
}

#[test]
fn the_waiting_room_is_announced_at_most_once_a_second() {
    let told = |lab: &mut Lab| -> Vec<(String, u32)> {
        let line = |effect| match effect {
            Effect::Waiting { participant, status } => (participant.to_string(), status.waiting),
            other => panic!("{other:?}"),
        };
        lab.drain_all().into_iter().map(line).collect()
    };
    let mut lab = Lab::new(groups_of(4));
    lab.matchmaking.handle(Timestamp(1), ready("a")).unwrap();
    assert_eq!(told(&mut lab), [("a".to_owned(), 1)]);
    lab.matchmaking.handle(Timestamp(2), ready("b")).unwrap();
    assert_eq!(told(&mut lab), [("b".to_owned(), 2)]);
    assert_eq!(lab.matchmaking.next_deadline(), Some(Timestamp(1001)));
    lab.matchmaking.handle_timeout(Timestamp(1001)).unwrap();
    assert_eq!(told(&mut lab), [("a".to_owned(), 2), ("b".to_owned(), 2)]);
    lab.matchmaking.handle(Timestamp(1002), Event::Lost(id("a"))).unwrap();
    lab.matchmaking.handle_timeout(Timestamp(3000)).unwrap();
    assert_eq!(told(&mut lab), [("b".to_owned(), 1)], "who is gone is not told, nor counted");
}

#[test]
fn a_matchmaker_that_is_wrong_forms_no_group() {
    use dyad_matchmaking::matchmaker::{Candidate, Group, Matchmaker, WaitingRoom};
    #[derive(Debug)]
    struct Wrong(fn(&Candidate) -> Vec<Candidate>);
    impl Matchmaker for Wrong {
        fn name(&self) -> &'static str {
            "wrong"
        }
        fn find_group(&self, arriving: &Candidate, _: &WaitingRoom<'_>) -> Option<Group> {
            Some(Group { members: self.0(arriving), reason: GroupReason::First })
        }
    }
    let with_a_ghost = |one: &Candidate| {
        let place = dyad_matchmaking::participant::Place(99);
        vec![one.clone(), Candidate { participant: id("ghost"), place, rtt_ms: None }]
    };
    let wrongs: [fn(&Candidate) -> Vec<Candidate>; 4] =
        [|_| Vec::new(), |one| vec![one.clone(); 2], |one| vec![one.clone()], with_a_ghost];
    for wrong in wrongs {
        let matchmaking =
            Matchmaking::new([measured_pairs()]).with_matchmaker(&scene(), Box::new(Wrong(wrong)));
        let mut lab = Lab { matchmaking, log: Vec::new() };
        assert_eq!(lab.after(0, ready("a")), []);
        assert_eq!(lab.after(0, ready("b")), []);
        assert_eq!(lab.waiting(), 2);
    }
}
