//! Sessions, from matched to ended, and dropouts.

use crate::lab::{Lab, again, groups_of, id, ids, ready, register};
use dyad_matchmaking::settings::{DropoutPolicy, GRACE_MS};
use dyad_matchmaking::{
    Effect, EndReason, Event, HandleError, MatchId, ParticipantState, RoomSettings, SessionState,
};

fn ended(number: u64, reason: EndReason, names: &str) -> Effect {
    Effect::Ended { id: MatchId(number), reason, participants: ids(names) }
}

#[test]
fn a_session_lives_from_matched_to_ended() {
    let mut lab = Lab::new(groups_of(2));
    lab.after(0, ready("a"));
    lab.after(0, ready("b"));
    let id_0 = MatchId(0);
    assert_eq!(lab.matchmaking.session_state(id_0), Some(SessionState::Matched));
    assert_eq!(lab.after(1, Event::Registered(id_0)), [Effect::Start { id: id_0 }]);
    assert_eq!(lab.matchmaking.session_state(id_0), Some(SessionState::Playing));
    let ticket = Effect::TicketAgain { participant: id("a"), id: id_0 };
    assert_eq!(lab.after(2, ready("a")), [ticket]);
    assert_eq!(lab.after(3, Event::Finished(id("a"))), []);
    assert_eq!(lab.after(4, Event::Finished(id("b"))), [ended(0, EndReason::Finished, "a b")]);
    assert_eq!(lab.matchmaking.session_state(id_0), None);
    let meeting = &lab.audit().meetings[&id_0];
    assert_eq!(meeting.ended.as_ref().map(|(at, _)| at.0), Some(4));
}

#[test]
fn who_is_lost_in_play_may_come_back_for_a_while() {
    let mut lab = Lab::new(groups_of(2));
    lab.play(["a", "b"]);
    lab.after(10, Event::Lost(id("a")));
    lab.after(20, Event::Back(id("a")));
    lab.after(30, Event::Lost(id("a")));
    lab.after(40, Event::Lost(id("b")));
    assert_eq!(lab.wait_until(30 + GRACE_MS), []);
    assert_eq!(lab.matchmaking.state().participant_state(&id("a")), ParticipantState::Idle);
    assert_eq!(lab.wait_until(39 + GRACE_MS), []);
    assert_eq!(lab.wait_until(40 + GRACE_MS), [ended(0, EndReason::EverybodyLeft, "a b")]);
    assert_eq!(lab.matchmaking.next_deadline(), None);
}

#[test]
fn a_match_that_cannot_be_written_down_ends() {
    let mut lab = Lab::new(groups_of(1));
    lab.after(1, ready("a"));
    let effects = lab.after(1, Event::NotRegistered(MatchId(0)));
    assert_eq!(effects, [ended(0, EndReason::NotRegistered, "a")]);
    assert_eq!(lab.after(2, ready("a")), [register(1, "a")]);
    lab.after(3, Event::Registered(MatchId(1)));
    for event in [Event::Registered(MatchId(1)), Event::NotRegistered(MatchId(1))] {
        let (id, state) = (MatchId(1), SessionState::Playing);
        assert_eq!(lab.refused(4, event), HandleError::WrongState { id, state });
    }
}

#[test]
fn what_is_not_allowed_is_refused_by_the_tables() {
    use SessionState as S;
    let states = [S::Waiting, S::Matched, S::Validating, S::Playing, S::Ended];
    let allowed: Vec<_> = states
        .iter()
        .flat_map(|from| states.iter().map(move |to| (*from, *to)))
        .filter(|(from, to)| from.may_become(*to))
        .collect();
    assert_eq!(
        allowed,
        [
            (S::Waiting, S::Matched),
            (S::Waiting, S::Ended),
            (S::Matched, S::Validating),
            (S::Matched, S::Playing),
            (S::Matched, S::Ended),
            (S::Validating, S::Playing),
            (S::Validating, S::Ended),
            (S::Playing, S::Ended),
        ]
    );
    use ParticipantState as P;
    assert!(!P::Idle.may_become(P::Playing), "nobody plays who was not matched");
    assert!(!P::Waiting.may_become(P::Matched), "nobody is matched who was not proposed");
}

fn dropout(policy: DropoutPolicy) -> Lab {
    let mut lab =
        Lab::new(RoomSettings { dropout: policy, wait_at_most_ms: Some(60_000), ..groups_of(2) });
    lab.play(["a", "b"]);
    lab.after(50_000, ready("c"));
    lab
}

#[test]
fn by_default_the_others_stay_until_they_leave() {
    let mut lab = dropout(DropoutPolicy::PlayOn);
    assert_eq!(lab.after(70_000, Event::Left(id("a"))), []);
    assert_eq!(lab.matchmaking.state().participant_state(&id("b")), ParticipantState::Playing);
    let over = ended(0, EndReason::EverybodyLeft, "a b");
    assert_eq!(lab.after(70_001, Event::Finished(id("b"))), [over]);
}

#[test]
fn a_dropout_can_end_the_session() {
    let mut lab = dropout(DropoutPolicy::EndWithCode);
    let over = ended(0, EndReason::DroppedOut(id("a")), "a b");
    assert_eq!(lab.after(70_000, Event::Left(id("a"))), [over]);
    assert_eq!(lab.matchmaking.state().participant_state(&id("b")), ParticipantState::Idle);
    lab.audit();
}

#[test]
fn finishing_is_no_dropout() {
    let mut lab = dropout(DropoutPolicy::EndWithCode);
    assert_eq!(lab.after(70_000, Event::Finished(id("a"))), []);
    assert_eq!(lab.after(70_001, Event::Finished(id("b"))), [ended(0, EndReason::Finished, "a b")]);
}

#[test]
fn who_is_left_alone_can_wait_again_before_those_who_came_later() {
    let mut lab = dropout(DropoutPolicy::BackToWaiting);
    let over = ended(0, EndReason::DroppedOut(id("a")), "a b");
    assert_eq!(lab.after(70_000, Event::Left(id("a"))), [again(0, "b"), over, register(1, "b c")]);
    lab.audit();
    // With the full waiting time from then on.
    let mut lab = dropout(DropoutPolicy::BackToWaiting);
    lab.after(50_001, Event::Left(id("c")));
    lab.after(70_000, Event::Lost(id("a")));
    lab.wait_until(70_000 + GRACE_MS);
    let status = lab.matchmaking.status(&id("b")).unwrap();
    assert_eq!((status.waiting, status.remaining_ms), (1, Some(60_000)));
}

#[test]
fn a_script_can_take_the_seat() {
    let mut lab = dropout(DropoutPolicy::FinishWithScript);
    let script = Effect::Script { id: MatchId(0), seat: 1, participant: id("b") };
    assert_eq!(lab.after(70_000, Event::Left(id("b"))), [script]);
    assert_eq!(lab.after(70_001, ready("b")), [register(1, "c b")], "who left may play again");
    let over = ended(0, EndReason::EverybodyLeft, "a b");
    assert_eq!(lab.after(80_000, Event::Finished(id("a"))), [over]);
    lab.audit();
}
