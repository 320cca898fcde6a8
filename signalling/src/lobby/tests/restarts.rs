//! A lab that is killed at any moment, and goes on from its journal.

use super::scenes::{STUDY, age, consent, scene};
use super::{Prepared, Test, client, game_over, id, study, ticket};
use crate::journal::{Entry, read};
use crate::lobby::{Effect, Event, Lobby, RestoreError};
use dyad_matchmaking::Timestamp;
use dyad_protocol::lobby::{FromClient, FromLab};
use dyad_protocol::study::{GameEnd, Outcome};

impl Test {
    /// Kills the lab and starts another one on what was written down, as it would be read.
    pub(super) fn restart(&mut self) -> Vec<Effect> {
        self.restart_from_journal();
        self.orders.clear();
        self.now = Timestamp(self.now.0 + 500);
        self.after(Event::Restarted)
    }

    fn restart_from_journal(&mut self) {
        let mut text = Vec::new();
        for entry in &self.journal {
            serde_json::to_writer(&mut text, entry).expect("an entry is plain data");
            text.push(b'\n');
        }
        let entries = read(&text).expect("what was written can be read");
        assert_eq!(entries, self.journal);
        let people = self.lobby.people().clone();
        self.lobby = Lobby::restore(study(self.text), &entries).expect("it is its own journal");
        assert_eq!(*self.lobby.people(), people, "nobody is forgotten or moved");
    }

    /// Puts the journal aside, as a lab does that finds it long.
    fn begin_journal_anew(&mut self) {
        self.restart_from_journal();
        let snapshot = self.lobby.snapshot(self.now.0);
        self.journal = vec![Entry::Snapshot(Box::new(snapshot))];
    }
}

/// With people at a form, in the waiting room and in a game.
#[test]
fn a_journal_that_is_begun_anew_leads_to_the_same() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    for one in [3, 4] {
        test.come_in(one);
        test.says(one, FromClient::Done { step: 1, answer: consent(true) });
    }
    test.says(3, FromClient::Ready { step: 2 });
    test.restart();
    let (all, state) = (test.journal.len(), test.lobby.matchmaking.state().clone());
    test.begin_journal_anew();
    assert!(all > 10 && test.journal.len() == 1, "{all} lines");
    test.restart_from_journal();
    assert_eq!(*test.lobby.matchmaking.state(), state);
    test.restart();
    both_play_on(&mut test, &first, [11, 12]);
    assert!(test.is_playing(&first));
    for (one, connection) in [(3, 13), (4, 14)] {
        test.come_as(one, connection);
        test.says(connection, FromClient::Ready { step: 2 });
    }
    assert_eq!(test.orders[0].people, [client("p-3"), client("p-4")], "at the old place");
}

#[test]
fn who_waits_waits_on() {
    let mut test = Test::new();
    test.come_in(1);
    test.says(1, super::ready());
    test.restart();
    assert!(matches!(test.come_as(1, 11), FromLab::Scene(_)));
    assert!(matches!(test.hears(11, super::ready())[..], [FromLab::Waiting { .. }]));
    test.come_in(2);
    test.says(2, super::ready());
    assert_eq!(test.orders[0].people, [client("p-1"), client("p-2")], "at the old place");
}

#[test]
fn who_was_being_matched_waits_again() {
    let mut test = Test::new();
    for one in [1, 2] {
        test.come_in(one);
        test.says(one, super::ready());
    }
    test.restart();
    for (one, connection) in [(2, 12), (1, 11)] {
        test.come_as(one, connection);
        test.says(connection, super::ready());
    }
    assert_eq!(test.orders[0].people, [client("p-1"), client("p-2")]);
}

#[test]
fn a_game_whose_connections_were_checked_begins_anew() {
    let mut test = Test::new();
    for one in [1, 2] {
        test.come_in(one);
        test.says(one, super::ready());
    }
    let (prepared, _) = test.register();
    let effects = test.restart();
    assert!(effects.contains(&Effect::CloseRoom(prepared.record.room.clone())));
    let FromLab::Scene(shown) = test.come_as(1, 11) else { panic!("the game is still to come") };
    assert_eq!(shown.session, None, "that one came to nothing");
}

/// They have waited in a room for people without a condition.
#[test]
fn who_got_a_condition_with_the_game_comes_back_into_it() {
    let mut test = Test::of(
        "id = \"s\"\n[assignment]\nper = \"group\"\n[[condition]]\nid = \"x\"\n[[condition]]\nid = \"y\"\n\
         [[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n",
    );
    let prepared = test.play();
    assert!(prepared.record.condition.is_some());
    test.come_as(1, 11);
    let again = test.says(11, super::ready());
    assert_eq!(again.iter().map(ticket).collect::<Vec<_>>(), [Some((11, 0))]);
    assert!(test.is_playing(&prepared));
}

/// Everybody's connection is a new one then.
#[test]
fn a_lab_that_was_away_is_nobodys_lost_connection() {
    let mut test = Test::new();
    let first = test.play();
    test.restart();
    test.come_as(1, 11);
    test.says(11, super::ready());
    let heard = test.hears(11, game_over(&first, super::GAME, GameEnd::PartnerLost));
    let [.., FromLab::Completed(end)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(end.outcome, Outcome::PartnerLeft);
}

fn both_play_on(test: &mut Test, first: &Prepared, connections: [u64; 2]) {
    for (one, connection) in (1..).zip(connections) {
        let FromLab::Scene(shown) = test.come_as(one, connection) else { panic!("they play") };
        assert_eq!(shown.session.as_ref(), Some(&first.record.session));
        let again = test.says(connection, FromClient::Ready { step: 2 });
        assert!(again.iter().any(|effect| ticket(effect).is_some()), "{again:?}");
    }
}

#[test]
fn who_plays_plays_on_in_the_same_room_with_the_same_ticket() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    let effects = test.restart();
    let room = (first.record.room.clone(), first.record.room_tokens.clone());
    assert!(effects.contains(&Effect::OpenRoom(room.0, room.1)), "{effects:?}");
    both_play_on(&mut test, &first, [11, 12]);
    let again = test.says(11, FromClient::Ready { step: 2 });
    let Some(Effect::Send(_, FromLab::Matched { ticket, .. })) = again.first() else {
        panic!("{again:?}");
    };
    assert_eq!(**ticket, first.tickets[0]);
    let heard = test.hears(11, game_over(&first, 2, GameEnd::Completed));
    assert_eq!(scene(&heard).step, 3);
}

#[test]
fn answers_and_ends_are_not_forgotten() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    test.says(1, game_over(&first, 2, GameEnd::Completed));
    test.restart();
    assert!(matches!(test.come_as(1, 11), FromLab::Scene(form) if form.step == 3));
    test.hears(11, FromClient::Done { step: 3, answer: age(30) });
    test.hears(11, FromClient::Withdraw);
    test.restart();
    let FromLab::Completed(end) = test.come_as(1, 21) else { panic!("who is done is done") };
    assert_eq!(end.outcome, Outcome::Withdrew);
    assert_eq!(test.hears(21, FromClient::Ready { step: 4 }), [], "they cannot start again");
}

#[test]
fn who_comes_back_too_late_has_lost_the_connection() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    test.restart();
    test.come_as(2, 12);
    test.says(12, FromClient::Ready { step: 2 });
    test.hears(12, game_over(&first, 2, GameEnd::PartnerLost));
    test.now = Timestamp(test.now.0 + 1_000_000);
    test.lobby.handle_timeout(test.now);
    test.drain();
    assert!(matches!(test.come_as(1, 11), FromLab::Scene(_)));
    let heard = test.hears(11, FromClient::Ready { step: 2 });
    let [FromLab::Completed(end)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(end.outcome, Outcome::LostConnection);
}

#[test]
fn who_has_played_on_without_the_lab_has_finished_all_the_same() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    test.restart();
    test.now = Timestamp(test.now.0 + 1_000_000);
    test.lobby.handle_timeout(test.now);
    test.drain();
    test.come_as(1, 11);
    let heard = test.hears(11, game_over(&first, 2, GameEnd::Completed));
    assert_eq!(scene(&heard).step, 3);
}

#[test]
fn a_lab_that_is_killed_after_any_line_goes_on() {
    let mut whole = Test::of(STUDY);
    let first = whole.play_first();
    for one in [1, 2] {
        whole.says(one, game_over(&first, 2, GameEnd::Completed));
        whole.says(one, FromClient::Done { step: 3, answer: age(30) });
        whole.says(one, FromClient::Ready { step: 4 });
    }
    let (second, _) = whole.register();
    whole.check(&[1, 2], &second.tickets);
    let journal = whole.journal;
    for lines in 0..=journal.len() {
        let mut test = Test::of(STUDY);
        let kept = &journal[..lines];
        test.lobby = Lobby::restore(study(STUDY), kept)
            .unwrap_or_else(|error| panic!("after {lines} lines: {error}"));
        test.after(Event::Restarted);
        // Everybody can go on from where they are.
        for one in [1, 2] {
            let shown = test.come_as(one, one + 10);
            let FromLab::Scene(shown) = shown else { panic!("after {lines} lines: {shown:?}") };
            let answer = match shown.step {
                1 => consent(true),
                3 => age(30),
                _ => continue,
            };
            let step = shown.step;
            let heard = test.hears(one + 10, FromClient::Done { step, answer });
            assert_eq!(scene(&heard).step, step + 1, "after {lines} lines");
        }
        for one in [11, 12] {
            for step in [2, 4] {
                test.says(one, FromClient::Ready { step });
            }
        }
        let steps = ["p-1", "p-2"].map(|who| {
            test.lobby.people().get(&id(who)).map(|person| test.lobby.study.step(person))
        });
        let games = test.lobby.games.len() + test.orders.len();
        let alone = steps[0] != steps[1];
        assert!(games == 1 || alone, "after {lines} lines: {steps:?}, {games} games");
    }
}

#[test]
fn who_is_at_a_scene_that_is_not_in_the_file_any_more_is_through() {
    let mut test = Test::of(STUDY);
    let first = test.play_first();
    test.says(1, game_over(&first, 2, GameEnd::Completed));
    let shorter = STUDY.split_once("[[scene]]\nid = \"questions\"").unwrap().0;
    test.lobby = Lobby::restore(study(shorter), &test.journal).unwrap();
    test.after(Event::Restarted);
    let FromLab::Completed(end) = test.come_as(1, 11) else { panic!("nothing is left to show") };
    assert_eq!(end.outcome, Outcome::Finished);
}

#[test]
fn the_journal_of_another_study_is_refused() {
    let mut test = Test::new();
    test.after(Event::Restarted);
    test.come_in(1);
    let other = study("id = \"t\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n");
    let refused = Lobby::restore(other, &test.journal);
    assert!(matches!(refused.err(), Some(RestoreError::OtherStudy(_))));
    let renamed = study("id = \"s\"\n[[scene]]\nid = \"b\"\nlayout = \"cramped_room\"\n");
    test.says(1, super::ready());
    let refused = Lobby::restore(renamed, &test.journal).err().expect("they wait for another game");
    assert!(refused.to_string().contains("put back"), "{refused}");
}
