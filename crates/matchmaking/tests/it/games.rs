//! Sessions, from matched to ended, and dropouts.

use crate::lab::{Lab, groups_of, id, ids, ready, register};
use dyad_matchmaking::settings::GRACE_MS;
use dyad_matchmaking::{
    Effect, EndReason, Event, HandleError, MatchId, ParticipantState, SessionState,
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

#[test]
fn who_stays_when_somebody_drops_out_stays_until_they_leave() {
    let mut lab = Lab::new(groups_of(2));
    lab.play(["a", "b"]);
    assert_eq!(lab.after(70_000, Event::Left(id("a"))), []);
    assert_eq!(lab.matchmaking.state().participant_state(&id("b")), ParticipantState::Playing);
    assert_eq!(lab.after(70_001, ready("a")), [], "who left may play again");
    let over = ended(0, EndReason::EverybodyLeft, "a b");
    assert_eq!(lab.after(70_002, Event::Finished(id("b"))), [over]);
    lab.audit();
}
