//! The lobby's state machine, event by event.

use super::reports::{KEEP_MS, STORE_EVERY_MS};
use super::{ConnectionId, Effect, Event, HELLO_WITHIN_MS, Lobby, MAX_MALFORMED, Study};
use crate::ticket::{Player, Prepared, prepare};
use dyad_experiment::{Experiment, RULES_VERSION};
use dyad_matchmaking::{GroupSize, MatchId, Matchmaking, RoomSettings, Timestamp};
use dyad_protocol::lobby::{FromClient, FromLab, Hello, Refusal};
use dyad_protocol::records::Verdict;
use dyad_protocol::report::{ConnectionReport, Report};
use dyad_protocol::{PROTOCOL_VERSION, ParticipantId, PublicKey, SceneId, Token};

fn id(text: &str) -> ParticipantId {
    text.parse().expect("the test's ids are ids")
}

fn token(text: &str) -> Token {
    text.parse().expect("the test's tokens are tokens")
}

/// Somebody called `p-{number}`, whose key is made of that number.
fn player(text: &str) -> Player {
    let number = text.strip_prefix("p-").and_then(|number| number.parse().ok());
    Player { participant: id(text), key: PublicKey([number.expect("a small number"); 32]) }
}

fn hello() -> Hello {
    Hello {
        protocol: PROTOCOL_VERSION,
        program: "test".to_owned(),
        rules: RULES_VERSION,
        key: PublicKey([0; 32]),
        token: Some(token("link")),
        resume: None,
    }
}

fn prepared(participants: &[&str]) -> Prepared {
    let text = "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n";
    let experiment = Experiment::parse(text, |_| Err(std::io::ErrorKind::NotFound.into()));
    let players: Vec<_> = participants.iter().map(|name| player(name)).collect();
    prepare(&experiment.expect("the file is right"), &players)
}

/// A lobby for pairs, and the time.
struct Test {
    lobby: Lobby,
    now: Timestamp,
}

impl Test {
    fn new() -> Self {
        let scene: SceneId = "a".parse().expect("an id");
        let pairs = RoomSettings::new(scene.clone(), GroupSize::TWO);
        let pairs = RoomSettings { waiting_grace_ms: 0, ..pairs };
        let study = Study {
            id: "s".parse().expect("an id"),
            title: "S".to_owned(),
            scene,
            token: Some(token("link")),
        };
        let lobby = Lobby::new(study, Matchmaking::new([pairs]));
        Self { lobby, now: Timestamp(0) }
    }

    fn after(&mut self, event: Event) -> Vec<Effect> {
        self.lobby.handle(self.now, event);
        std::iter::from_fn(|| self.lobby.poll_effect()).collect()
    }

    fn says(&mut self, connection: u64, message: FromClient) -> Vec<Effect> {
        self.after(Event::Said(ConnectionId(connection), message))
    }

    /// Connects and admits somebody called `p-{connection}`.
    fn come_in(&mut self, connection: u64) {
        let number = ConnectionId(connection);
        self.after(Event::Opened(number));
        let key = player(&format!("p-{connection}")).key;
        let asked = self.says(connection, FromClient::Hello(Hello { key, ..hello() }));
        assert_eq!(asked, [Effect::Admit(number, None)]);
        let who = id(&format!("p-{connection}"));
        let welcome = self.after(Event::Admitted(number, who, token("mine")));
        assert!(matches!(welcome[..], [Effect::Send(_, FromLab::Welcome { .. })]), "{welcome:?}");
    }

    /// Lets the first two come in and play.
    fn play(&mut self) {
        self.come_in(1);
        self.come_in(2);
        self.says(1, FromClient::Ready);
        let effects = self.says(2, FromClient::Ready);
        let register = Effect::Register(MatchId(0), vec![player("p-1"), player("p-2")]);
        assert!(effects.contains(&register), "{effects:?}");
        let prepared = Box::new(prepared(&["p-1", "p-2"]));
        let seats: Vec<_> =
            self.after(Event::Registered(MatchId(0), prepared)).iter().map(ticket).collect();
        assert_eq!(seats, [Some((1, 0)), Some((2, 1))], "everybody has their own seat");
    }
}

/// Who gets a ticket for which seat.
fn ticket(effect: &Effect) -> Option<(u64, u8)> {
    match effect {
        Effect::Send(to, FromLab::Matched { ticket }) => Some((to.0, ticket.seat.0)),
        _ => None,
    }
}

#[track_caller]
fn assert_refused(effects: &[Effect], refusal: Refusal) {
    let [Effect::Send(to, FromLab::Refused { code, message }), Effect::Close(closed)] = effects
    else {
        panic!("{effects:?}");
    };
    assert_eq!((*code, to), (refusal, closed));
    assert!(message.len() > 10, "{message}");
}

#[test]
fn who_may_not_come_in_is_told_why() {
    let old = Hello { protocol: PROTOCOL_VERSION - 1, ..hello() };
    let new = Hello { rules: RULES_VERSION + 1, ..hello() };
    let uninvited = Hello { token: None, ..hello() };
    let forger = Hello { token: Some(token("kniL")), ..hello() };
    for (hello, refusal) in [
        (old, Refusal::Version),
        (new, Refusal::Version),
        (uninvited, Refusal::Token),
        (forger, Refusal::Token),
    ] {
        let mut test = Test::new();
        test.after(Event::Opened(ConnectionId(1)));
        assert_refused(&test.says(1, FromClient::Hello(hello)), refusal);
        assert_eq!(test.says(1, FromClient::Ready), [], "a refused client has no say");
    }
}

#[test]
fn who_comes_back_needs_no_link() {
    let mut test = Test::new();
    test.after(Event::Opened(ConnectionId(1)));
    let hello = Hello { token: None, resume: Some(token("mine")), ..hello() };
    let asked = test.says(1, FromClient::Hello(hello));
    assert_eq!(asked, [Effect::Admit(ConnectionId(1), Some(token("mine")))]);
    let unknown = test.after(Event::NotAdmitted(ConnectionId(1), Refusal::Token));
    assert_refused(&unknown, Refusal::Token);
}

#[test]
fn a_participant_is_connected_once() {
    let mut test = Test::new();
    test.come_in(1);
    test.after(Event::Opened(ConnectionId(2)));
    test.says(2, FromClient::Hello(hello()));
    let second = test.after(Event::Admitted(ConnectionId(2), id("p-1"), token("mine")));
    assert_refused(&second, Refusal::Duplicate);
    test.after(Event::Closed(ConnectionId(2)));
    let pong = Effect::Send(ConnectionId(1), FromLab::Pong { nonce: 5 });
    assert_eq!(test.says(1, FromClient::Ping { nonce: 5 }), [pong], "the first goes on");
}

#[test]
fn two_play_and_hear_the_verdict() {
    let mut test = Test::new();
    test.play();
    let again: Vec<_> = test.says(2, FromClient::Ready).iter().map(ticket).collect();
    assert_eq!(again, [Some((2, 1))]);
    // The second one is gone when the verdict comes.
    test.after(Event::Closed(ConnectionId(2)));
    let session = Box::new(prepared(&["p-1", "p-2"]).registration);
    let told = test.after(Event::Judged(session, 0, Verdict::Identical { rows: 9 }));
    let [Effect::Send(to, FromLab::Verdict { verdict, .. })] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!((*to, verdict), (ConnectionId(1), &Verdict::Identical { rows: 9 }));
}

#[test]
fn the_room_closes_when_everybody_has_left() {
    let mut test = Test::new();
    test.play();
    assert_eq!(test.says(1, FromClient::Leave), []);
    let closed = test.says(2, FromClient::Leave);
    assert!(matches!(closed[..], [Effect::CloseRoom(_)]), "{closed:?}");
}

#[test]
fn a_match_that_fell_apart_meanwhile_starts_nothing() {
    let mut test = Test::new();
    test.come_in(1);
    test.come_in(2);
    test.says(1, FromClient::Ready);
    test.says(2, FromClient::Ready);
    test.says(1, FromClient::Leave);
    let late = test.after(Event::Registered(MatchId(0), Box::new(prepared(&["p-1", "p-2"]))));
    assert!(matches!(late[..], [Effect::CloseRoom(_)]), "{late:?}");
}

#[test]
fn a_match_that_cannot_be_written_down_is_called_off() {
    let mut test = Test::new();
    test.come_in(1);
    test.come_in(2);
    test.says(1, FromClient::Ready);
    test.says(2, FromClient::Ready);
    let effects = test.after(Event::NotRegistered(MatchId(0)));
    assert_refused(&effects[..2], Refusal::Closed);
    assert_refused(&effects[2..], Refusal::Closed);
}

#[test]
fn what_is_not_understood_is_counted_and_ignored() {
    let mut test = Test::new();
    test.after(Event::Opened(ConnectionId(1)));
    assert_eq!(test.after(Event::Garbled(ConnectionId(1))), []);
    assert_eq!(test.says(1, FromClient::Ready), [], "not before hello");
    assert_eq!(test.lobby.malformed(), 2);
    for _ in 3..MAX_MALFORMED {
        assert_eq!(test.after(Event::Garbled(ConnectionId(1))), []);
    }
    assert_refused(&test.after(Event::Garbled(ConnectionId(1))), Refusal::Malformed);
    assert_eq!(test.after(Event::Garbled(ConnectionId(1))), []);
}

#[test]
fn who_says_nothing_is_sent_away() {
    let mut test = Test::new();
    test.after(Event::Opened(ConnectionId(1)));
    test.now = Timestamp(1);
    test.come_in(2);
    assert_eq!(test.lobby.next_deadline(), Some(Timestamp(HELLO_WITHIN_MS)));
    test.lobby.handle_timeout(Timestamp(HELLO_WITHIN_MS + 1));
    let effects: Vec<_> = std::iter::from_fn(|| test.lobby.poll_effect()).collect();
    assert_refused(&effects, Refusal::Malformed);
    assert_eq!(test.lobby.next_deadline(), None);
}

#[test]
fn a_lab_that_stops_says_so() {
    let mut test = Test::new();
    test.come_in(1);
    assert_refused(&test.after(Event::Stopping), Refusal::Closed);
}

/// A report that says so many rollbacks.
fn report(rollbacks: u64) -> Report {
    let connection = ConnectionReport { rollbacks, ..ConnectionReport::default() };
    Report { session: "s-1".parse().expect("an id"), connection, committed: None }
}

fn batch(reports: &[(u64, u64)]) -> Effect {
    let from = |(who, rollbacks): &(u64, u64)| (id(&format!("p-{who}")), report(*rollbacks));
    Effect::Note(reports.iter().map(from).collect())
}

#[test]
fn reports_are_stored_once_a_second_and_the_newest_counts() {
    let mut test = Test::new();
    test.come_in(1);
    test.come_in(2);
    let say = |rollbacks| FromClient::Report(Box::new(report(rollbacks)));
    test.now = Timestamp(5000);
    assert_eq!(test.says(1, say(1)), [batch(&[(1, 1)])]);
    for (who, rollbacks) in [(2, 7), (1, 2), (1, 3)] {
        assert_eq!(test.says(who, say(rollbacks)), [], "the first batch is not stored yet");
    }
    test.now = Timestamp(5000 + STORE_EVERY_MS + 500);
    assert_eq!(test.after(Event::Noted), [batch(&[(1, 3), (2, 7)])]);
    assert_eq!(test.after(Event::Noted), []);
    assert_eq!(test.says(2, say(8)), []);
    let due = Timestamp(5000 + 2 * STORE_EVERY_MS + 500);
    assert_eq!(test.lobby.next_deadline(), Some(due));
    test.lobby.handle_timeout(due);
    assert_eq!(test.lobby.poll_effect(), Some(batch(&[(2, 8)])));
    // The newest stay, for people who watch, also when the connection is gone; not for ever.
    test.after(Event::Closed(ConnectionId(1)));
    let latest = test.lobby.reports().of(&id("p-1")).expect("kept");
    assert_eq!((latest.report.connection.rollbacks, latest.at), (3, Timestamp(5000)));
    assert_eq!(test.lobby.reports().all().count(), 2);
    test.after(Event::Noted);
    test.now = Timestamp(5000 + KEEP_MS);
    test.says(2, say(9));
    assert_eq!(test.lobby.reports().of(&id("p-1")), None);
}

#[test]
fn what_was_not_stored_is_when_the_lab_stops() {
    let mut test = Test::new();
    test.come_in(1);
    test.now = Timestamp(5000);
    test.says(1, FromClient::Report(Box::new(report(1))));
    test.says(1, FromClient::Report(Box::new(report(2))));
    let effects = test.after(Event::Stopping);
    assert_eq!(effects[0], batch(&[(1, 2)]));
}

#[test]
fn strangers_have_nothing_to_report() {
    let mut test = Test::new();
    test.after(Event::Opened(ConnectionId(1)));
    assert_eq!(test.says(1, FromClient::Report(Box::new(report(1)))), []);
    assert_eq!((test.lobby.malformed(), test.lobby.reports().all().count()), (1, 0));
}
