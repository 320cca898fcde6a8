//! A lab that is killed and started again, in each state.

use crate::lab::{
    Lab, again, heard_well, id, ids, measured_pairs, probe, ready, register, report, scene,
    validation,
};
use dyad_matchmaking::log::{line, read};
use dyad_matchmaking::matchmaking::{RESTART_GRACE_MS, RestoreError};
use dyad_matchmaking::session::Rejection;
use dyad_matchmaking::{
    Effect, EndReason, Event, MatchId, Matchmaking, ParticipantState, RoomSettings, SessionState,
    State,
};

fn settings() -> RoomSettings {
    RoomSettings { wait_at_most_ms: Some(20_000), ..measured_pairs() }
}

impl Lab {
    /// The lab is killed, and another is restored from the log.
    fn killed(&self) -> Self {
        let records = read(&self.text()).unwrap();
        let matchmaking = Matchmaking::restore([settings()], None, records.clone()).unwrap();
        assert_eq!(matchmaking.state(), self.matchmaking.state(), "from the log");
        let json = serde_json::to_string(self.matchmaking.state()).unwrap();
        let snapshot: State = serde_json::from_str(&json).unwrap();
        // A snapshot, and a log that goes back beyond it.
        let both = Matchmaking::restore([settings()], Some(snapshot), records).unwrap();
        assert_eq!(both.state(), self.matchmaking.state(), "from a snapshot");
        Self { matchmaking, log: self.log.clone() }
    }

    fn state_of(&self, name: &str) -> ParticipantState {
        self.matchmaking.state().participant_state(&id(name))
    }
}

/// Far later than everybody's waiting would have been over.
const LATER: u64 = 1_000_000;

#[test]
fn waiting_people_are_still_waiting_in_the_same_order() {
    let mut lab = Lab::new(settings());
    lab.after(0, ready("a"));
    lab.after(1, ready("b"));
    lab.after(2, report(0, "a", "b", None));
    let mut lab = lab.killed();
    assert_eq!(lab.after(LATER, Event::Restarted), []);
    assert_eq!((lab.state_of("a"), lab.waiting()), (ParticipantState::Waiting, 0));
    assert_eq!(lab.after(LATER + 10, ready("c")), [], "nobody is connected yet");
    // Who says Ready again is back; a and b have failed together, and that is not forgotten.
    assert_eq!(lab.after(LATER + 20, Event::Back(id("b"))), [probe(1, "b c")]);
    assert_eq!(lab.after(LATER + 30, ready("a")), []);
    lab.audit();
}

#[test]
fn who_does_not_come_back_is_not_waited_for_for_ever() {
    let mut lab = Lab::new(settings());
    lab.after(0, ready("a"));
    let mut lab = lab.killed();
    lab.after(LATER, Event::Restarted);
    assert_eq!(lab.wait_until(LATER + RESTART_GRACE_MS - 1), []);
    assert_eq!(lab.wait_until(LATER + RESTART_GRACE_MS).len(), 1);
    assert_eq!(lab.state_of("a"), ParticipantState::Idle);
}

#[test]
fn a_probe_is_called_off_and_made_again() {
    let mut lab = Lab::new(settings());
    lab.after(0, ready("a"));
    lab.after(1, ready("b"));
    lab.after(2, report(0, "a", "b", Some(10)));
    let mut lab = lab.killed();
    assert_eq!(lab.after(LATER, Event::Restarted), [again(0, "a"), again(0, "b")]);
    assert_eq!(lab.after(LATER + 1, Event::Back(id("a"))), []);
    assert_eq!(lab.after(LATER + 2, Event::Back(id("b"))), [probe(1, "a b")]);
    assert_eq!(lab.audit().meetings[&MatchId(0)].rejected, Some(Rejection::LabRestarted));
}

/// A lab with a match, restored, and what is called off.
#[track_caller]
fn called_off(lab: &Lab) {
    let mut lab = lab.killed();
    let reason = EndReason::LabRestarted;
    let ended = Effect::Ended { id: MatchId(0), reason, participants: ids("a b") };
    assert_eq!(lab.after(LATER, Event::Restarted), [again(0, "a"), again(0, "b"), ended]);
    lab.after(LATER + 1, Event::Back(id("b")));
    assert_eq!(lab.after(LATER + 2, Event::Back(id("a"))), [probe(1, "a b")]);
    lab.audit();
}

#[test]
fn a_match_that_had_not_begun_is_made_again_and_a_game_goes_on() {
    let mut lab = Lab::new(settings());
    lab.after(0, ready("a"));
    lab.after(1, ready("b"));
    lab.after(2, report(0, "a", "b", Some(10)));
    assert_eq!(lab.after(3, report(0, "b", "a", Some(10))), [register(0, "a b")]);
    called_off(&lab);
    lab.after(4, Event::Registered(MatchId(0)));
    lab.after(5, validation(0, "a", "b", heard_well()));
    called_off(&lab);
    lab.after(6, validation(0, "b", "a", heard_well()));

    let mut lab = lab.killed();
    assert_eq!(lab.after(LATER, Event::Restarted), []);
    assert_eq!(lab.matchmaking.session_state(MatchId(0)), Some(SessionState::Playing));
    let ticket = Effect::TicketAgain { participant: id("a"), id: MatchId(0) };
    assert_eq!(lab.after(LATER + 1, ready("a")), [ticket]);
    assert_eq!(lab.after(LATER + 2, Event::Finished(id("a"))), []);
    assert_eq!(lab.after(LATER + 3, Event::Finished(id("b"))).len(), 1);
    assert_eq!(lab.state_of("b"), ParticipantState::Idle);
    lab.audit();
}

#[test]
fn a_line_that_was_cut_off_did_not_happen() {
    let mut lab = Lab::new(settings());
    lab.after(0, ready("a"));
    lab.after(1, ready("b"));
    let text = lab.text();
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in 0..text.len() {
        let records = read(&text[..cut]).unwrap();
        assert_eq!(records.len(), ends.iter().filter(|end| **end <= cut).count());
        let mut restored = Matchmaking::restore([settings()], None, records).unwrap();
        restored.handle(dyad_matchmaking::Timestamp(LATER), Event::Restarted).unwrap();
    }
}

#[test]
fn a_log_with_a_hole_or_a_lie_is_refused() {
    let mut lab = Lab::new(settings());
    lab.after(0, ready("a"));
    lab.after(1, ready("b"));
    let hole = [lab.log[0].clone(), lab.log[2].clone()];
    let restore = |records: &[dyad_matchmaking::Record]| {
        Matchmaking::restore([settings()], None, records.to_vec()).map(drop)
    };
    assert_eq!(restore(&hole), Err(RestoreError::Gap { expected: 1, found: 2 }));
    // Every record twice, each with a number that fits: none of it can be.
    for lie in &lab.log {
        let mut records = lab.log.clone();
        let seq = u64::try_from(records.len()).unwrap();
        records.push(dyad_matchmaking::Record { seq, ..lie.clone() });
        let refused = restore(&records);
        let expected = matches!(refused, Err(RestoreError::Record { seq: at, .. }) if at == seq);
        assert!(expected, "{refused:?} for a second {}", line(lie));
    }
    let elsewhere = RoomSettings { scene: "garden".parse().unwrap(), ..settings() };
    let refused = Matchmaking::restore([elsewhere], None, lab.log.clone()).map(drop);
    assert_eq!(refused, Err(RestoreError::NoSuchScene(scene())));
    assert!(read("{\"event\":\"nonsense\"}\n").is_err());
}

#[test]
fn a_snapshot_that_contradicts_itself_is_refused() {
    let mut lab = Lab::new(settings());
    lab.after(0, ready("a"));
    lab.after(1, ready("b"));
    let json = serde_json::to_value(lab.matchmaking.state()).unwrap();
    for (field, value) in
        [("sessions", serde_json::json!({})), ("next_place", 1.into()), ("next_match", 0.into())]
    {
        let mut json = json.clone();
        json[field] = value;
        let snapshot: State = serde_json::from_value(json).unwrap();
        let refused = Matchmaking::restore([settings()], Some(snapshot), []).map(drop);
        assert!(matches!(refused, Err(RestoreError::Snapshot(_))), "{field}: {refused:?}");
    }
}
