//! Whole studies, and what is refused on the way.

use super::{Test, checked, client, game_over, heard_by, id};
use crate::lobby::{ConnectionId, Effect, Event};
use crate::people::PersonFact;
use dyad_matchmaking::Timestamp;
use dyad_protocol::lobby::{FromClient, FromLab};
use dyad_protocol::report::{ConnectionReport, Report};
use dyad_protocol::study::{Answer, Completed, Computer, GameEnd, Outcome, Scene, SceneKind};
use serde_json::json;
use std::collections::BTreeMap;

/// Everything in turn.
pub(super) const STUDY: &str = r#"
id = "s"
language = "de"
[data]
notice = ""
[completion]
url = "https://panel.example/?cc={code}&who={panel_id}"
[completion.codes]
finished = "FIN"
no_partner = "ALONE"
partner_left = "LEFT"
lost_connection = "LOST"
excluded = "OUT"
withdrew = "BYE"
[waiting_room]
limit_seconds = 60
[monitoring.rtt]
max_ms = 100
window = 3
violations = 2
message = "too slow"
[[scene]]
id = "consent"
kind = "consent"
text = "Yes?"
[[scene]]
id = "first"
layout = "cramped_room"
[[scene]]
id = "questions"
kind = "form"
[[scene.question]]
id = "age"
kind = "number"
text = "How old?"
min = 18
[[scene]]
id = "second"
layout = "cramped_room"
[[scene]]
id = "thanks"
kind = "page"
text = "Thanks."
"#;

fn say(step: u32, answer: Answer) -> FromClient {
    FromClient::Done { step, answer }
}

pub(super) fn consent(agreed: bool) -> Answer {
    let text = blake3::hash(b"Yes?").to_hex().as_str().parse().unwrap();
    Answer::Consent { agreed, text, at_ms: 1 }
}

pub(super) fn age(age: u32) -> Answer {
    Answer::Form { answers: BTreeMap::from([("age".to_owned(), json!(age))]) }
}

#[track_caller]
pub(super) fn scene(heard: &[FromLab]) -> &Scene {
    let scenes = heard.iter().rev().filter_map(|message| match message {
        FromLab::Scene(scene) => Some(&**scene),
        _ => None,
    });
    { scenes }.next().unwrap_or_else(|| panic!("{heard:?}"))
}

#[track_caller]
fn completed(heard: &[FromLab]) -> &Completed {
    match heard {
        [.., FromLab::Completed(completed)] => completed,
        other => panic!("{other:?}"),
    }
}

impl Test {
    /// Lets somebody come in, agree, and ask for the game.
    fn arrive(&mut self, one: u64) {
        self.come_in(one);
        self.says(one, say(1, consent(true)));
        self.says(one, FromClient::Ready { step: 2 });
    }

    /// Two have their tickets, and nothing is checked.
    fn match_two(&mut self) -> super::Prepared {
        self.arrive(1);
        self.arrive(2);
        self.register().0
    }

    /// Lets both agree and play until the game is written down and checked.
    pub(super) fn play_first(&mut self) -> super::Prepared {
        for one in [1, 2] {
            assert!(matches!(self.come_in(one), FromLab::Scene(_)));
            let heard = self.hears(one, say(1, consent(true)));
            assert_eq!((scene(&heard).kind, scene(&heard).step), (SceneKind::Game, 2));
            self.says(one, FromClient::Ready { step: 2 });
        }
        let (prepared, _) = self.register();
        self.check(&[1, 2], &prepared.tickets);
        assert!(self.is_playing(&prepared));
        prepared
    }
}

#[test]
fn two_go_through_a_whole_study() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    for one in [1, 2] {
        let heard = test.hears(one, game_over(&first, 2, GameEnd::Completed));
        let form = scene(&heard);
        assert_eq!((form.kind, form.scene.as_str(), form.steps), (SceneKind::Form, "questions", 6));
        let heard = test.hears(one, say(3, age(40)));
        assert_eq!(scene(&heard).scene.as_str(), "second");
        test.says(one, FromClient::Ready { step: 4 });
    }
    let (second, _) = test.register();
    assert_ne!(second.record.session, first.record.session, "another game, another session");
    assert_eq!(second.record.scene.as_str(), "second");
    test.check(&[1, 2], &second.tickets);
    for one in [1, 2] {
        let heard = test.hears(one, game_over(&second, 4, GameEnd::Completed));
        assert_eq!(scene(&heard).kind, SceneKind::Page);
        let end = test.hears(one, say(5, Answer::Page));
        let end = completed(&end);
        assert_eq!((end.outcome, end.code.as_deref()), (Outcome::Finished, Some("FIN")));
        assert_eq!(end.url, None, "nobody knows what the panel calls them");
    }
    assert!(matches!(test.come_as(1, 9), FromLab::Completed(_)), "who has finished has finished");
    let answers = test.journal.iter().filter(|entry| {
        let text = serde_json::to_string(entry).expect("an entry is plain data");
        text.contains(r#""answers":{"age":40}"#)
    });
    assert_eq!(answers.count(), 2, "what was answered is written down");
}

#[test]
fn who_declines_or_withdraws_is_out_and_nobody_else() {
    let mut test = Test::of(STUDY);
    test.come_in(3);
    let end = test.hears(3, say(1, consent(false)));
    assert_eq!(completed(&end).outcome, Outcome::Withdrew);
    let first = test.play_first();
    let end = test.hears(1, FromClient::Withdraw);
    assert_eq!(completed(&end).code.as_deref(), Some("BYE"));
    assert!(test.is_playing(&first), "the other plays until their own client says otherwise");
    let end = test.hears(2, game_over(&first, 2, GameEnd::PartnerLeft));
    assert_eq!(completed(&end).code.as_deref(), Some("LEFT"));
}

#[test]
fn what_is_no_answer_is_counted_and_the_scene_shown_again() {
    let mut test = Test::of(STUDY);
    test.come_in(1);
    let text = "0a".repeat(32).parse().unwrap();
    let other = Answer::Consent { agreed: true, text, at_ms: 1 };
    let heard = test.hears(1, say(1, other));
    assert_eq!((scene(&heard).kind, test.lobby.malformed()), (SceneKind::Consent, 1));
    assert_eq!(test.hears(1, say(1, Answer::Page)), [], "of another kind");
    assert_eq!(test.lobby.malformed(), 2);
    let first = test.play_first_of(2);
    test.hears(1, game_over(&first, 2, GameEnd::Completed));
    for bad in [json!(17), json!("forty"), json!({ "a": 1 })] {
        let answers = BTreeMap::from([("age".to_owned(), bad)]);
        let heard = test.hears(1, say(3, Answer::Form { answers }));
        assert_eq!(scene(&heard).kind, SceneKind::Form);
    }
    let unknown = BTreeMap::from([("age".to_owned(), json!(40)), ("x".to_owned(), json!(1))]);
    assert_eq!(scene(&test.hears(1, say(3, Answer::Form { answers: unknown }))).step, 3);
}

impl Test {
    /// As [`Test::play_first`], when the first has come in already.
    fn play_first_of(&mut self, other: u64) -> super::Prepared {
        self.come_in(other);
        for one in [1, other] {
            self.says(one, say(1, consent(true)));
            self.says(one, FromClient::Ready { step: 2 });
        }
        let (prepared, _) = self.register();
        self.check(&[1, other], &prepared.tickets);
        prepared
    }
}

#[test]
fn what_is_said_twice_or_out_of_turn_changes_nothing() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    let stale = [
        say(1, consent(false)),
        say(3, age(40)),
        say(7, Answer::Page),
        FromClient::Ready { step: 4 },
        FromClient::Leave,
        FromClient::Probed { group: 77, with: id("p-2"), rtt_ms: Some(1) },
    ];
    for (count, message) in (1..).zip(stale) {
        assert_eq!(test.hears(1, message.clone()), [], "{message:?}");
        assert_eq!((test.lobby.stale(), test.lobby.malformed()), (count, 0), "{message:?}");
    }
    let over = game_over(&first, 2, GameEnd::Completed);
    assert_eq!(scene(&test.hears(1, over.clone())).step, 3);
    assert_eq!(test.hears(1, over), [], "a replay");
    // Somebody else's game.
    let foreign = Answer::Game {
        session: "s-other".parse().unwrap(),
        end: GameEnd::Completed,
        scores: vec![],
    };
    let heard = test.hears(2, say(2, foreign));
    assert_eq!(scene(&heard).session.as_ref(), Some(&first.record.session));
    assert!(test.is_playing(&first));
}

#[test]
fn nobody_came() {
    let mut test = Test::of(STUDY);
    test.come_in(1);
    test.says(1, say(1, consent(true)));
    let heard = test.hears(1, FromClient::Ready { step: 2 });
    let [FromLab::Waiting { waiting: Some(1), needed: 2, remaining_ms: Some(60_000) }] = heard[..]
    else {
        panic!("{heard:?}");
    };
    test.now = Timestamp(60_000);
    test.lobby.handle_timeout(test.now);
    let end = heard_by(1, test.drain());
    assert_eq!(completed(&end).code.as_deref(), Some("ALONE"));
}

#[test]
fn a_connection_that_is_no_good_sends_both_back_to_their_places() {
    let mut test = Test::of(STUDY);
    let prepared = test.match_two();
    let bad = checked(&prepared.tickets[0], &id("p-2"), false);
    let effects = test.says(1, FromClient::Checked(Box::new(bad)));
    let session = Some(prepared.record.session.clone());
    for one in [1, 2] {
        let mut told = heard_by(one, effects.clone());
        told.retain(|it| matches!(it, FromLab::WaitingAgain { .. }));
        assert_eq!(told, [FromLab::WaitingAgain { session: session.clone() }]);
    }
    assert!(test.orders.is_empty(), "the two are not put together again");
    // A third one plays with who came first.
    test.arrive(3);
    let people: Vec<_> = test.orders[0].people.clone();
    assert_eq!(people, [client("p-1"), client("p-3")]);
}

#[test]
fn who_never_reached_the_partner_waits_again() {
    let mut test = Test::of(STUDY);
    let prepared = test.match_two();
    let heard = test.hears(1, game_over(&prepared, 2, GameEnd::NotConnected));
    assert_eq!(scene(&heard).session, None);
    assert_eq!(test.lobby.matchmaking.session_state(prepared.record.id), None);
    assert!(test.lobby.matchmaking.state().have_failed(&id("p-1"), &id("p-2")));
    let heard = test.hears(2, game_over(&prepared, 2, GameEnd::NotConnected));
    assert_eq!(scene(&heard).session, None, "whoever comes second");
}

#[test]
fn who_has_played_was_connected_whoever_has_not_said_so() {
    let mut test = Test::of(STUDY);
    let prepared = test.match_two();
    assert_eq!(scene(&test.hears(1, game_over(&prepared, 2, GameEnd::Completed))).step, 3);
    assert!(test.is_playing(&prepared), "the other one is not sent back to the waiting room");
    assert_eq!(scene(&test.hears(2, game_over(&prepared, 2, GameEnd::Completed))).step, 3);
}

#[test]
fn slow_connections_are_warned_of_and_then_end_the_game() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    let mut report = |rtt_ms: u32| {
        let connection =
            ConnectionReport { rtt_us: Some(rtt_ms * 1000), ..ConnectionReport::default() };
        let session = first.record.session.clone();
        let report = Report { session, connection, committed: None };
        test.hears(1, FromClient::Report(Box::new(report)))
    };
    assert_eq!(report(100), []);
    assert_eq!(report(101), [FromLab::Warning { message: None }]);
    let [FromLab::Over { outcome: Outcome::Excluded, message, .. }] = &report(102)[..] else {
        panic!("the game is to end");
    };
    assert_eq!(message.as_deref(), Some("too slow"));
    assert_eq!(report(103), [], "once");
    let end = test.hears(1, game_over(&first, 2, GameEnd::Dismissed));
    assert_eq!(completed(&end).code.as_deref(), Some("OUT"));
    assert_eq!(completed(&end).message.as_deref(), Some("too slow"));
}

#[test]
fn who_lost_the_own_connection_is_told_another_story_than_the_partner() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    test.now = Timestamp(10_000);
    test.after(Event::Closed(ConnectionId(1)));
    test.now = Timestamp(30_000);
    assert!(matches!(test.come_as(1, 11), FromLab::Scene(_)));
    let own = test.hears(11, game_over(&first, 2, GameEnd::PartnerLost));
    assert_eq!(completed(&own).code.as_deref(), Some("LOST"));
    let partners = test.hears(2, game_over(&first, 2, GameEnd::PartnerLost));
    assert_eq!(completed(&partners).code.as_deref(), Some("LEFT"));
}

#[test]
fn those_who_stay_wait_for_another_partner_if_the_study_says_so() {
    let mut test = Test::of(WAIT_AGAIN);
    let first = test.play();
    let heard = test.hears(2, game_over(&first, 1, GameEnd::PartnerLeft));
    assert_eq!((scene(&heard).kind, &scene(&heard).session), (SceneKind::Game, &None));
    test.says(2, FromClient::Ready { step: 1 });
    test.come_in(3);
    test.says(3, FromClient::Ready { step: 1 });
    assert_eq!(test.orders[0].people, [client("p-2"), client("p-3")]);
}

const PROBED: &str = r#"
id = "s"
[matchmaking]
max_p2p_rtt_ms = 150
[[scene]]
id = "a"
layout = "cramped_room"
"#;

#[test]
fn two_measure_how_far_they_are_before_they_are_put_together() {
    let mut test = Test::of(PROBED);
    for one in 1..=3 {
        test.come_in(one);
    }
    test.says(1, FromClient::Ready { step: 1 });
    let effects = test.says(2, FromClient::Ready { step: 1 });
    let probe = effects.iter().find_map(|effect| match effect {
        Effect::OpenProbe { group, pair, .. } => Some((group.0, pair.clone())),
        _ => None,
    });
    let (group, pair) = probe.expect("a pair is probed");
    assert_eq!(pair, [(ConnectionId(1), id("p-1")), (ConnectionId(2), id("p-2"))]);
    let measured =
        |group, with: &str, rtt| FromClient::Probed { group, with: id(with), rtt_ms: Some(rtt) };
    // Somebody else has nothing to say of it.
    test.says(3, measured(group, "p-1", 1));
    assert_eq!(test.lobby.stale(), 1);
    test.says(1, measured(group, "p-2", 150));
    assert!(test.orders.is_empty(), "both must say it");
    let far = test.says(2, measured(group, "p-1", 151));
    for one in [1, 2] {
        let again = FromLab::WaitingAgain { session: None };
        assert!(heard_by(one, far.clone()).contains(&again), "{far:?}");
    }
    // The two are not probed again; a third one is nearer.
    let effects = test.says(3, FromClient::Ready { step: 1 });
    let [.., Effect::OpenProbe { group, .. }] = effects[..] else { panic!("{effects:?}") };
    test.says(1, measured(group.0, "p-3", 150));
    test.says(3, measured(group.0, "p-1", 150));
    assert_eq!(test.orders[0].people, [client("p-1"), client("p-3")], "equality passes");
}

const WAIT_AGAIN: &str = r#"
id = "s"
[dropout]
then = "wait"
[[scene]]
id = "a"
layout = "cramped_room"
"#;

const SCREENED: &str = r#"
id = "s"
[screening.rtt]
max_ms = 50
pings = 3
message = "too far"
[[screening.question]]
text = "Keyboard?"
options = ["Yes", "No"]
accept = ["Yes"]
[[scene]]
id = "a"
layout = "cramped_room"
"#;

#[test]
fn screening_waits_for_round_trips_and_says_why() {
    let mut test = Test::of(SCREENED);
    let computer =
        |answer| Answer::Screening(Computer { answers: vec![answer], ..Computer::default() });
    for (one, rtt, answer, outcome) in
        [(1, 50, 0, None), (2, 51, 0, Some("too far")), (3, 9, 1, None)]
    {
        let FromLab::Scene(asked) = test.come_in(one) else { panic!("screening comes first") };
        assert_eq!((asked.kind, asked.step), (SceneKind::Screening, 0));
        assert_eq!(asked.content["questions"][0]["text"], "Keyboard?");
        test.after(Event::RoundTrip(ConnectionId(one), rtt));
        assert_eq!(test.hears(one, say(0, computer(answer))), [], "not enough is known");
        assert_eq!(test.after(Event::RoundTrip(ConnectionId(one), rtt)), []);
        let heard = heard_by(one, test.after(Event::RoundTrip(ConnectionId(one), rtt)));
        if one == 1 {
            assert_eq!(scene(&heard).kind, SceneKind::Game);
        } else {
            assert_eq!(completed(&heard).outcome, Outcome::ScreenedOut);
            assert_eq!(completed(&heard).message.as_deref(), outcome);
        }
    }
    let failed = test.journal.iter().filter_map(|entry| match entry {
        crate::journal::Entry::Person(record) => match &record.fact {
            PersonFact::Screened { failed, .. } => Some(failed.as_deref()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(failed.collect::<Vec<_>>(), [None, Some("rtt"), Some("question")]);
}

#[test]
fn who_withdraws_while_they_are_screened_is_through() {
    let mut test = Test::of(SCREENED);
    test.come_in(1);
    let heard = test.hears(1, FromClient::Withdraw);
    assert_eq!(completed(&heard).outcome, Outcome::Withdrew);
    assert!(matches!(test.come_as(1, 11), FromLab::Completed(_)), "for good");
}

const CONDITIONS: &str = r#"
id = "s"
[assignment]
per = "group"
[[condition]]
id = "slow"
[[condition]]
id = "quick"
[condition.settings.b]
steps_per_second = 20
[[scene]]
id = "a"
layout = "cramped_room"
[[scene]]
id = "b"
layout = "cramped_room"
"#;

#[test]
fn groups_have_balanced_conditions_and_play_on_with_their_like() {
    let mut test = Test::of(CONDITIONS);
    let mut prepared = Vec::new();
    for pair in [[1, 2], [3, 4]] {
        for one in pair {
            test.come_in(one);
            test.says(one, FromClient::Ready { step: 1 });
        }
        prepared.push(test.register().0);
        test.check(&pair, &prepared.last().expect("just made").tickets);
    }
    let conditions: Vec<_> = prepared.iter().map(|it| it.record.condition.clone()).collect();
    assert_ne!(conditions[0], conditions[1]);
    // One of each group comes to the second game: they are not put together.
    for (one, first) in [(1, &prepared[0]), (3, &prepared[1])] {
        test.says(one, game_over(first, 1, GameEnd::Completed));
        test.says(one, FromClient::Ready { step: 2 });
    }
    assert!(test.orders.is_empty());
    test.says(2, game_over(&prepared[0], 1, GameEnd::Completed));
    test.says(2, FromClient::Ready { step: 2 });
    let (second, _) = test.register();
    assert_eq!(second.record.condition, conditions[0]);
    let speed = &second.tickets[0].settings["steps_per_second"];
    let quick = conditions[0].as_ref().is_some_and(|it| it.as_str() == "quick");
    assert_eq!(*speed, if quick { 20 } else { 30 });
}

#[test]
fn a_game_that_comes_to_nothing_takes_its_condition_back() {
    let mut test = Test::of(CONDITIONS);
    for one in [1, 2] {
        test.come_in(one);
        test.says(one, FromClient::Ready { step: 1 });
    }
    let (first, _) = test.register();
    let drawn = first.record.condition.clone().expect("it has one");
    let counted = |test: &Test| test.lobby.people().counts().get(&drawn).copied();
    assert_eq!(counted(&test), Some(1));
    test.says(2, FromClient::Withdraw);
    assert_eq!(counted(&test), Some(0), "nobody has played in it");
    assert_eq!(test.lobby.people().get(&id("p-1")).unwrap().assigned.condition, None);
    // Whoever comes next meets the one who waits, and they are one group.
    test.come_in(3);
    test.says(3, FromClient::Ready { step: 1 });
    let (second, _) = test.register();
    test.check(&[1, 3], &second.tickets);
    let counts = test.lobby.people().counts();
    assert_eq!(counts.values().sum::<u32>(), 1, "{counts:?}");
    test.restart();
}

#[test]
fn a_scene_is_what_the_experiment_files_types_say() {
    let mut test = Test::of(STUDY);
    let FromLab::Scene(shown) = test.come_in(1) else { panic!("the consent comes first") };
    let consent: dyad_experiment::scene::Consent = serde_json::from_value(shown.content).unwrap();
    assert_eq!(consent.text.markdown, "Yes?");
}
