//! What `status` and a dataset tell of a study in the middle of it.

use super::scenes::{STUDY, age, consent};
use super::{Test, game_over, id};
use crate::lobby::{ConnectionId, Event};
use crate::published;
use crate::status::{self, Doing, Status};
use dyad_experiment::Outcome;
use dyad_protocol::lobby::FromClient;
use dyad_protocol::study::{Answer, GameEnd};

fn doing(status: &Status) -> Vec<&Doing> {
    status.people.iter().map(|person| &person.now).collect()
}

#[test]
fn a_study_is_told_from_its_journal_at_every_moment() {
    let mut test = Test::of(STUDY);
    test.after(Event::Restarted);
    let first = test.play_first();
    for one in [3, 4] {
        test.come_in(one);
    }
    test.says(3, FromClient::Done { step: 1, answer: consent(true) });
    test.says(3, FromClient::Ready { step: 2 });
    let status = status::of(&test.journal).unwrap();
    let session = first.record.session.clone();
    let plays = Doing::Playing { session: session.clone(), connected: true };
    let scene = || "first".parse().unwrap();
    let waits = |connected| Doing::Waiting { scene: scene(), connected };
    assert_eq!(doing(&status), [&plays, &plays, &waits(true), &Doing::OnTheWay]);
    assert_eq!(status.scenes, [("consent".parse().unwrap(), 3)]);
    let [game] = &status.games[..] else { panic!("{status:?}") };
    assert!(game.playing && game.session == session);
    assert_eq!(game.players, [id("p-1"), id("p-2")]);

    test.after(Event::Closed(ConnectionId(3)));
    assert_eq!(doing(&status::of(&test.journal).unwrap())[2], &waits(false));

    for one in [1, 2] {
        test.says(one, game_over(&first, 2, GameEnd::Completed));
        test.says(one, FromClient::Done { step: 3, answer: age(30) });
    }
    test.says(1, FromClient::Ready { step: 4 });
    test.says(2, FromClient::Withdraw);
    let status = status::of(&test.journal).unwrap();
    let second = Doing::Waiting { scene: "second".parse().unwrap(), connected: true };
    let withdrew = Doing::Done { outcome: Outcome::Withdrew };
    assert_eq!(doing(&status)[..2], [&second, &withdrew]);
    assert_eq!(status.games, []);
    assert_eq!(status.people[0].after, Some("questions".parse().unwrap()));
}

/// Who walked away in the middle must not look like somebody who went through all of it.
#[test]
fn who_has_not_come_to_the_end_is_incomplete_in_a_dataset() {
    let mut test = Test::of(STUDY);
    test.after(Event::Restarted);
    let first = test.play_first();
    for one in [1, 2] {
        test.says(one, game_over(&first, 2, GameEnd::Completed));
        test.says(one, FromClient::Done { step: 3, answer: age(30) });
    }
    let outcomes = |test: &Test| {
        let people = published::of(&test.journal).people;
        people.into_iter().map(|person| person.outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&test), ["incomplete", "incomplete"]);
    for one in [1, 2] {
        test.says(one, FromClient::Ready { step: 4 });
    }
    let (second, _) = test.register();
    test.check(&[1, 2], &second.tickets);
    for one in [1, 2] {
        test.says(one, game_over(&second, 4, GameEnd::Completed));
    }
    test.says(1, FromClient::Done { step: 5, answer: Answer::Page });
    assert_eq!(outcomes(&test), ["finished", "incomplete"]);
    test.come_in(3);
    test.says(3, FromClient::Done { step: 1, answer: consent(false) });
    assert_eq!(outcomes(&test), ["finished", "incomplete", "withdrew"]);
}
