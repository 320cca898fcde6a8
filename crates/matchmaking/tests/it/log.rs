//! What is read from a match log: why people met, and that a log which cannot be right is noticed.

use crate::lab::{Lab, groups_of, id, measured_pairs, ready, ready_at, report};
use dyad_matchmaking::fact::{GroupReason, Objection, PassedOver};
use dyad_matchmaking::log::{AuditError, audit, line};
use dyad_matchmaking::{Event, Fact, MatchId, Record};

/// Two pairs one after the other; the second passes over somebody whose connection is gone.
fn good() -> Vec<Record> {
    let mut lab = Lab::new(measured_pairs());
    lab.after(0, ready_at("away", 9));
    lab.after(0, Event::Lost(id("away")));
    for (number, [one, two]) in [["a", "b"], ["c", "d"]].into_iter().enumerate() {
        let number = u64::try_from(number).unwrap();
        lab.after(10, ready_at(one, 20));
        lab.after(20, ready_at(two, 30));
        lab.after(30, report(number, one, two, Some(40)));
        lab.after(31, report(number, two, one, Some(50)));
    }
    lab.audit();
    lab.log
}

/// Where a record of this kind stands, from the end.
fn last(log: &[Record], is: fn(&Fact) -> bool) -> usize {
    log.iter().rposition(|record| is(&record.fact)).unwrap()
}

#[test]
fn a_log_tells_why_people_met() {
    let audit = audit(&good()).unwrap();
    let meeting = &audit.meetings[&MatchId(1)];
    let known: Vec<_> = meeting
        .members
        .iter()
        .map(|it| (it.participant.as_str(), it.rtt_ms, it.waited_ms))
        .collect();
    // The clock stood at 31 when c asked, and did not go back.
    assert_eq!(known, [("c", Some(20), 0), ("d", Some(30), 0)]);
    assert_eq!(meeting.proposed.1, GroupReason::First);
    let passed = PassedOver { participant: id("away"), because: Objection::Away };
    assert_eq!(meeting.passed_over, [passed]);
    let measured: Vec<_> = meeting.measured.values().copied().collect();
    assert_eq!(measured, [Some(40), Some(50)]);
}

#[test]
fn a_line_is_json_with_its_event() {
    let log = good();
    assert_eq!(
        line(&log[1]),
        "{\"seq\":1,\"at\":0,\"event\":\"lost\",\"participant\":\"away\",\"until\":10000,\
         \"wait_until\":null}\n"
    );
    let accepted = line(&log[last(&log, |fact| matches!(fact, Fact::Accepted { .. }))]);
    assert!(accepted.contains("\"event\":\"accepted\",\"id\":1,\"rtt_ms\":50"), "{accepted}");
}

#[test]
fn somebody_in_two_probes_is_noticed() {
    let mut log = good();
    let at = last(&log, |fact| matches!(fact, Fact::ProbeStarted { .. }));
    log.insert(at, log[at].clone());
    let found = audit(&log).unwrap_err();
    assert!(matches!(&found, AuditError::TwoProbes { participant, .. } if *participant == id("c")));
}

#[test]
fn somebody_in_two_games_is_noticed() {
    let mut log = good();
    let at = last(&log, |fact| matches!(fact, Fact::Proposed { .. }));
    let Fact::Proposed { members, .. } = &mut log[at].fact else { panic!() };
    members[0].participant = id("a");
    let seq = log[at].seq;
    let (first, second, participant) = (MatchId(0), MatchId(1), id("a"));
    assert_eq!(audit(&log).unwrap_err(), AuditError::TwoGames { seq, participant, first, second });
}

#[test]
fn somebody_who_was_not_measured_is_noticed() {
    let mut log = good();
    let at = last(&log, |fact| matches!(fact, Fact::ProbeReported { .. }));
    let seq = log[at + 1].seq;
    log.remove(at);
    assert_eq!(audit(&log).unwrap_err(), AuditError::NotMeasured { seq, id: MatchId(1) });
}

#[test]
fn somebody_who_was_passed_over_in_silence_is_noticed() {
    let mut log = good();
    let at = last(&log, |fact| matches!(fact, Fact::Proposed { .. }));
    let Fact::Proposed { passed_over, .. } = &mut log[at].fact else { panic!() };
    passed_over.clear();
    let seq = log[at].seq;
    let found = audit(&log).unwrap_err();
    assert_eq!(found, AuditError::PassedOver { seq, participant: id("away") });
}

#[test]
fn records_about_nothing_are_noticed() {
    let log = good();
    // Without its arrivals and proposals, nothing later in a log is about anything.
    for record in &log {
        let alone = audit([record]);
        let begins = matches!(record.fact, Fact::Arrived { .. } | Fact::Lost { .. });
        assert_eq!(alone.is_ok(), begins, "{record:?}");
    }
}

#[test]
fn a_log_grows_with_people_and_not_with_their_square() {
    let length = |people: u32| {
        let mut lab = Lab::new(groups_of(2));
        for number in 0..people {
            // These are gone, so that everybody is passed over by all later pairs.
            lab.after(0, ready(&format!("gone{number}")));
            lab.after(0, Event::Lost(id(&format!("gone{number}"))));
        }
        for number in 0..people {
            lab.after(0, ready(&format!("p{number}")));
        }
        lab.audit();
        lab.text().len()
    };
    let (few, many) = (length(50), length(400));
    assert!(many < few * 9, "{few} and {many} bytes");
}
