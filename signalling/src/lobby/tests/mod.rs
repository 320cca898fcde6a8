//! The lobby's state machine, event by event.
//!
//! - here: connections, admission, one game;
//! - `scenes`: whole studies, and what is refused on the way;
//! - `programs`: programs in the places of people;
//! - `blocks`: groups that stay together;
//! - `endings`: what stays when all is over;
//! - `restarts`: a lab that is killed at any moment.

mod blocks;
mod endings;
mod programs;
mod restarts;
mod scenes;
mod standing;

use super::reports::{KEEP_MS, STORE_EVERY_MS};
use super::{AdmitBy, ConnectionId, Effect, Event, HELLO_WITHIN_MS, Lobby, MAX_MALFORMED};
use crate::journal::Entry;
use crate::secrets::Secrets;
use crate::study::Study;
use crate::ticket::{Client, Order, Prepared, prepare};
use dyad_experiment::{Experiment, RULES_VERSION};
use dyad_matchmaking::{MatchId, Timestamp};
use dyad_protocol::lobby::{FromClient, FromLab, Hello, Refusal, Ticket};
use dyad_protocol::records::Verdict;
use dyad_protocol::report::{ConnectionReport, Report};
use dyad_protocol::study::{Answer, Checked, GameEnd, Greeting};
use dyad_protocol::{PROTOCOL_VERSION, ParticipantId, PublicKey, Token};
use std::sync::Arc;

fn id(text: &str) -> ParticipantId {
    text.parse().expect("the test's ids are ids")
}

fn token(text: &str) -> Token {
    text.parse().expect("the test's tokens are tokens")
}

/// Somebody called `p-{number}`, whose key is made of that number.
fn client(text: &str) -> Client {
    let number = text.strip_prefix("p-").and_then(|number| number.parse().ok());
    Client { participant: id(text), key: PublicKey([number.expect("a small number"); 32]) }
}

fn hello() -> Hello {
    Hello {
        protocol: PROTOCOL_VERSION,
        program: "test".to_owned(),
        rules: RULES_VERSION,
        key: PublicKey([9; 32]),
        token: Some(token("link")),
        resume: None,
        panel: None,
    }
}

/// One game for two.
const PAIRS: &str = "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n";

/// Its place on everybody's way.
const GAME: u32 = 1;

fn ready() -> FromClient {
    FromClient::Ready { step: GAME }
}

fn study(text: &str) -> Study {
    let experiment = Experiment::parse(text, |_| Err(std::io::ErrorKind::NotFound.into()));
    let experiment = Arc::new(experiment.expect("the file is right"));
    Study::new(experiment, Secrets::new([7; 32]), Some(token("link")))
}

/// A lobby, the time, and what was written down.
struct Test {
    lobby: Lobby,
    now: Timestamp,
    text: &'static str,
    journal: Vec<Entry>,
    /// Registrations that the lobby has asked for.
    orders: Vec<Order>,
}

impl Test {
    fn new() -> Self {
        Self::of(PAIRS)
    }

    fn of(text: &'static str) -> Self {
        let lobby = Lobby::new(study(text));
        Self { lobby, now: Timestamp(0), text, journal: Vec::new(), orders: Vec::new() }
    }

    /// The effects, without what is written down and what is registered.
    fn drain(&mut self) -> Vec<Effect> {
        let mut rest = Vec::new();
        while let Some(effect) = self.lobby.poll_effect() {
            match effect {
                Effect::Persist(entry) => self.journal.push(entry),
                Effect::Register(order) => self.orders.push(order),
                Effect::CloseProbes(_) => {}
                effect => rest.push(effect),
            }
        }
        rest
    }

    fn after(&mut self, event: Event) -> Vec<Effect> {
        self.lobby.handle(self.now, event);
        self.drain()
    }

    fn says(&mut self, connection: u64, message: FromClient) -> Vec<Effect> {
        self.after(Event::Said(ConnectionId(connection), message))
    }

    /// What this one hears after saying something.
    fn hears(&mut self, connection: u64, message: FromClient) -> Vec<FromLab> {
        heard_by(connection, self.says(connection, message))
    }

    /// Connects and admits somebody called `p-{connection}`; they hear what to show first.
    fn come_in(&mut self, connection: u64) -> FromLab {
        self.come_as(connection, connection)
    }

    /// The same over another connection.
    fn come_as(&mut self, who: u64, connection: u64) -> FromLab {
        let number = ConnectionId(connection);
        self.after(Event::Opened(number));
        let key = client(&format!("p-{who}")).key;
        let asked = self.says(connection, FromClient::Hello(Hello { key, ..hello() }));
        assert_eq!(asked, [Effect::Admit(number, AdmitBy::New)]);
        let who = id(&format!("p-{who}"));
        let mut heard =
            heard_by(connection, self.after(Event::Admitted(number, who, token("mine"))));
        let FromLab::Welcome { presentation, .. } = &heard[0] else { panic!("{heard:?}") };
        assert_eq!(presentation.language.is_some(), self.text.contains("language ="));
        assert_eq!(presentation.motion_easing_ms, Some(100), "as experiment files leave it");
        assert_eq!(heard.len(), 2, "{heard:?}");
        heard.remove(1)
    }

    /// Prepares what was asked for last, and registers it.
    fn register(&mut self) -> (Prepared, Vec<Effect>) {
        let order = self.orders.pop().expect("a group is complete");
        let prepared = prepare(&study(self.text).experiment, &order, self.now.0);
        let prepared = prepared.expect("the study has this game");
        let effects = self.after(Event::Registered(Box::new(prepared.clone())));
        (prepared, effects)
    }

    /// Says that everybody hears everybody.
    fn check(&mut self, connections: &[u64], tickets: &[Ticket]) {
        for (connection, ticket) in connections.iter().zip(tickets) {
            for of in ticket.players.partners(ticket.seat) {
                let good = checked(ticket, of, true);
                self.says(*connection, FromClient::Checked(Box::new(good)));
            }
        }
    }

    /// Lets the first two come in and play.
    fn play(&mut self) -> Prepared {
        self.come_in(1);
        self.come_in(2);
        self.says(1, ready());
        self.says(2, ready());
        let people: Vec<_> = self.orders[0].people.clone();
        assert_eq!(people, [client("p-1"), client("p-2")]);
        let (prepared, effects) = self.register();
        let seats: Vec<_> = effects.iter().map(ticket).collect();
        assert_eq!(seats, [Some((1, 0)), Some((2, 1))], "everybody has their own seat");
        self.check(&[1, 2], &prepared.tickets);
        prepared
    }

    fn is_playing(&self, prepared: &Prepared) -> bool {
        let state = self.lobby.matchmaking.session_state(prepared.record.id);
        state == Some(dyad_matchmaking::SessionState::Playing)
    }
}

fn checked(ticket: &Ticket, of: &ParticipantId, good: bool) -> Checked {
    let greeting = || Greeting {
        protocol: PROTOCOL_VERSION,
        rules: RULES_VERSION,
        program: "test".to_owned(),
        game: ticket.game.clone(),
    };
    Checked {
        session: ticket.session.clone(),
        of: of.clone(),
        reliable: true,
        unreliable: good,
        own: greeting(),
        partner: greeting(),
    }
}

fn game_over(prepared: &Prepared, step: u32, end: GameEnd) -> FromClient {
    let session = prepared.record.session.clone();
    FromClient::Done { step, answer: Answer::Game { session, end, scores: vec![20_000] } }
}

fn heard_by(connection: u64, effects: Vec<Effect>) -> Vec<FromLab> {
    let message = |effect| match effect {
        Effect::Send(ConnectionId(to), message) if to == connection => Some(message),
        _ => None,
    };
    effects.into_iter().filter_map(message).collect()
}

/// Who gets a ticket for which seat.
fn ticket(effect: &Effect) -> Option<(u64, u8)> {
    match effect {
        Effect::Send(to, FromLab::Matched { ticket, .. }) => Some((to.0, ticket.seat.0)),
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
    let nobody = Hello { key: PublicKey::NOBODY, ..hello() };
    let uninvited = Hello { token: None, ..hello() };
    let forger = Hello { token: Some(token("kniL")), ..hello() };
    for (hello, refusal) in [
        (old, Refusal::Version),
        (new, Refusal::Version),
        (nobody, Refusal::Malformed),
        (uninvited, Refusal::Token),
        (forger, Refusal::Token),
    ] {
        let mut test = Test::new();
        test.after(Event::Opened(ConnectionId(1)));
        assert_refused(&test.says(1, FromClient::Hello(hello)), refusal);
        assert_eq!(test.says(1, ready()), [], "a refused client has no say");
    }
}

#[test]
fn who_comes_back_needs_no_link() {
    let mut test = Test::new();
    test.after(Event::Opened(ConnectionId(1)));
    let hello = Hello { token: None, resume: Some(token("mine")), ..hello() };
    let asked = test.says(1, FromClient::Hello(hello));
    assert_eq!(asked, [Effect::Admit(ConnectionId(1), AdmitBy::Resume(token("mine")))]);
    let unknown = test.after(Event::NotAdmitted(ConnectionId(1), Refusal::Token));
    assert_refused(&unknown, Refusal::Token);
}

#[test]
fn who_is_known_from_outside_is_always_the_same() {
    let secrets = Secrets::new([7; 32]);
    let asks = |hello: Hello| {
        let mut test = Test::new();
        test.after(Event::Opened(ConnectionId(1)));
        match &test.says(1, FromClient::Hello(hello))[..] {
            [Effect::Admit(_, AdmitBy::Known(token))] => token.clone(),
            other => panic!("{other:?}"),
        }
    };
    let personal = |number| Hello { token: Some(secrets.personal(number)), ..hello() };
    let first = asks(personal(1));
    assert_eq!(asks(personal(1)), first);
    assert_ne!(asks(personal(2)), first);
    let on_panel = |id: &str| Hello { panel: Some(id.parse().unwrap()), ..hello() };
    assert_eq!(asks(on_panel("ann")), asks(on_panel("ann")));
    assert_ne!(asks(on_panel("ann")), asks(on_panel("ben")));
    let mut test = Test::new();
    test.after(Event::Opened(ConnectionId(1)));
    let stranger = Hello { token: None, ..on_panel("ann") };
    assert_refused(&test.says(1, FromClient::Hello(stranger)), Refusal::Token);
}

#[test]
fn a_participant_is_connected_once() {
    let mut test = Test::new();
    test.come_in(1);
    test.after(Event::Opened(ConnectionId(2)));
    let other = Hello { key: PublicKey([99; 32]), ..hello() };
    test.says(2, FromClient::Hello(other));
    let second = test.after(Event::Admitted(ConnectionId(2), id("p-1"), token("mine")));
    assert_refused(&second, Refusal::Duplicate);
    test.after(Event::Closed(ConnectionId(2)));
    let pong = Effect::Send(ConnectionId(1), FromLab::Pong { nonce: 5 });
    assert_eq!(test.says(1, FromClient::Ping { nonce: 5 }), [pong], "the first goes on");
}

#[test]
fn the_same_program_takes_over_from_its_dead_connection() {
    let mut test = Test::new();
    let prepared = test.play();
    assert!(matches!(test.come_as(1, 3), FromLab::Scene(_)));
    assert_eq!(test.says(1, FromClient::Ping { nonce: 5 }), [], "the old one is not heard");
    test.after(Event::Closed(ConnectionId(1)));
    assert_eq!(ticket(&test.says(3, ready())[0]), Some((3, 0)), "it is here, and plays on");
    assert!(test.is_playing(&prepared));
}

#[test]
fn two_play_and_hear_the_verdict() {
    let mut test = Test::new();
    let prepared = test.play();
    assert!(test.is_playing(&prepared));
    let again: Vec<_> = test.says(2, ready()).iter().map(ticket).collect();
    assert_eq!(again, [Some((2, 1))]);
    // The second one is gone when the verdict comes.
    test.after(Event::Closed(ConnectionId(2)));
    let session = Box::new(prepared.registration);
    let told = test.after(Event::Judged(session, 0, Verdict::Identical { rows: 9 }));
    let [Effect::Send(to, FromLab::Verdict { verdict, .. })] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!((*to, verdict), (ConnectionId(1), &Verdict::Identical { rows: 9 }));
}

#[test]
fn the_room_closes_when_everybody_has_finished() {
    let mut test = Test::new();
    let prepared = test.play();
    let first = test.says(1, game_over(&prepared, GAME, GameEnd::Completed));
    assert!(matches!(first[..], [Effect::Send(_, FromLab::Completed(_))]), "{first:?}");
    let second = test.says(2, game_over(&prepared, GAME, GameEnd::Completed));
    let room = Effect::CloseRoom(prepared.record.room);
    assert!(second.contains(&room), "{second:?}");
}

#[test]
fn a_match_that_fell_apart_meanwhile_starts_nothing() {
    let mut test = Test::new();
    test.come_in(1);
    test.come_in(2);
    test.says(1, ready());
    test.says(2, ready());
    test.says(1, FromClient::Leave);
    let (_, late) = test.register();
    assert!(matches!(late[..], [Effect::CloseRoom(_)]), "{late:?}");
}

#[test]
fn a_match_that_cannot_be_written_down_is_called_off() {
    let mut test = Test::new();
    test.come_in(1);
    test.come_in(2);
    test.says(1, ready());
    test.says(2, ready());
    let effects = test.after(Event::NotRegistered(MatchId(0)));
    assert_refused(&effects[..2], Refusal::Closed);
    assert_refused(&effects[2..], Refusal::Closed);
}

#[test]
fn what_is_not_understood_is_counted_and_ignored() {
    let mut test = Test::new();
    test.after(Event::Opened(ConnectionId(1)));
    assert_eq!(test.after(Event::Garbled(ConnectionId(1))), []);
    assert_eq!(test.says(1, ready()), [], "not before hello");
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
    let effects = test.drain();
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
