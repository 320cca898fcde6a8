//! Blocks in an order of the group's: groups are found before them and stay together in them.

use super::scenes::scene;
use super::{Prepared, Test, game_over, heard_by, id, ready};
use crate::lobby::{ConnectionId, Event};
use crate::people::PersonFact;
use dyad_matchmaking::Timestamp;
use dyad_protocol::Seat;
use dyad_protocol::lobby::{FromClient, FromLab};
use dyad_protocol::study::{Answer, GameEnd, Outcome, SceneKind};
use std::collections::BTreeSet;

/// Two of three kitchens, each with a page after it.
const KITCHENS: &str = r#"
id = "s"
[waiting_room]
limit_seconds = 60
[[block]]
id = "kitchens"
order = "random"
keep = 2
[[block]]
id = "one"
block = "kitchens"
[[block]]
id = "two"
block = "kitchens"
[[block]]
id = "three"
block = "kitchens"
[[scene]]
id = "a"
block = "one"
layout = "cramped_room"
[[scene]]
id = "after_a"
block = "one"
kind = "page"
text = "A."
[[scene]]
id = "b"
block = "two"
layout = "coordination_ring"
[[scene]]
id = "after_b"
block = "two"
kind = "page"
text = "B."
[[scene]]
id = "c"
block = "three"
layout = "counter_circuit"
[[scene]]
id = "after_c"
block = "three"
kind = "page"
text = "C."
"#;

/// The same, where programs help out.
fn helped() -> &'static str {
    let rules = "[waiting_room]\nthen = \"program\"\n[dropout]\nthen = \"program\"\n";
    let text = KITCHENS.replace("[waiting_room]\n", rules);
    let (head, dropout) = text.split_once("[dropout]\nthen = \"program\"\n").unwrap();
    // A table stands once, with all of its fields.
    let (limit, rest) = dropout.split_once('\n').unwrap();
    let text = format!("{head}{limit}\n[dropout]\nthen = \"program\"\n{rest}");
    Box::leak(text.into_boxed_str())
}

impl Test {
    /// The scene that somebody is at.
    fn at(&mut self, one: u64) -> (String, SceneKind, u32) {
        let person = self.lobby.people().get(&id(&format!("p-{one}"))).expect("they are here");
        let scene = self.lobby.study.show(person).expect("they are at a scene");
        (scene.scene.to_string(), scene.kind, scene.step)
    }

    /// Says that somebody is ready for what they are at; what they hear.
    fn asks(&mut self, one: u64) -> Vec<FromLab> {
        let (_, _, step) = self.at(one);
        self.hears(one, FromClient::Ready { step })
    }

    /// Lets people come in, who wait for a group.
    fn come_to_block(&mut self, people: &[u64]) {
        for one in people {
            let shown = self.come_in(*one);
            assert_eq!(scene(&[shown]).scene.as_str(), "kitchens", "the order is not known yet");
            self.says(*one, ready());
            assert!(self.orders.is_empty(), "nothing is played before there is an order");
        }
    }

    /// Lets a pair play the game that both are at, to its end.
    fn play_here(&mut self, pair: [u64; 2]) -> String {
        let (name, kind, step) = self.at(pair[0]);
        assert_eq!((self.at(pair[1]), kind), ((name.clone(), kind, step), SceneKind::Game));
        for one in pair {
            self.asks(one);
        }
        let prepared = self.played_by(pair);
        for one in pair {
            self.says(one, game_over(&prepared, step, GameEnd::Completed));
        }
        for one in pair {
            self.turns_page(one);
        }
        name
    }

    fn played_by(&mut self, pair: [u64; 2]) -> Prepared {
        let (prepared, _) = self.register();
        let people = pair.map(|one| id(&format!("p-{one}")));
        let names = prepared.record.players.names().unwrap();
        assert_eq!(names, people, "who have met stay together");
        self.check(&pair, &prepared.tickets);
        assert!(self.is_playing(&prepared));
        prepared
    }

    fn turns_page(&mut self, one: u64) {
        let (_, kind, step) = self.at(one);
        assert_eq!(kind, SceneKind::Page);
        self.says(one, FromClient::Done { step, answer: Answer::Page });
    }

    fn outcome(&self, one: u64) -> Option<dyad_experiment::Outcome> {
        self.lobby.people().gone(&id(&format!("p-{one}"))).map(|gone| gone.outcome)
    }
}

#[test]
fn a_group_has_one_order_and_stays_together() {
    let mut orders = BTreeSet::new();
    for first in 0..20 {
        let mut test = Test::of(KITCHENS);
        // Matches are numbered, and the order follows from the number.
        for pair in 0..first {
            test.come_to_block(&[50 + 2 * pair, 51 + 2 * pair]);
        }
        test.come_to_block(&[1, 2, 3, 4]);
        // Somebody of each pair is there, and then somebody else's partner.
        test.asks(1);
        test.asks(3);
        assert!(test.orders.is_empty(), "strangers are not put together");
        let games = [test.play_here([1, 2]), test.play_here([1, 2])];
        assert_eq!(test.outcome(1), Some(dyad_experiment::Outcome::Finished));
        assert_ne!(games[0], games[1]);
        test.asks(4);
        test.played_by([3, 4]);
        orders.insert(games);
    }
    assert_eq!(orders.len(), 6, "pairs differ: {orders:?}");
}

#[test]
fn who_waits_for_somebody_who_has_gone_is_told_at_once() {
    let mut test = Test::of(KITCHENS);
    test.come_to_block(&[1, 2]);
    test.play_here([1, 2]);
    assert!(matches!(test.asks(1)[..], [FromLab::Waiting { .. }]));
    // Somebody else comes, who has nothing to do with it.
    test.come_to_block(&[3]);
    let heard = heard_by(1, test.says(2, FromClient::Withdraw));
    assert!(matches!(&heard[..], [FromLab::Completed(it)] if it.outcome == Outcome::PartnerLeft));
    assert_eq!(test.outcome(2), Some(dyad_experiment::Outcome::Withdrew));
    assert_eq!(test.lobby.matchmaking.state().persons().count(), 1, "but for the third");

    // Who comes to the game later hears it there.
    let mut test = Test::of(KITCHENS);
    test.come_to_block(&[1, 2]);
    test.play_here([1, 2]);
    test.says(2, FromClient::Withdraw);
    let heard = test.asks(1);
    assert!(matches!(&heard[..], [FromLab::Completed(it)] if it.outcome == Outcome::PartnerLeft));
}

#[test]
fn who_waits_in_a_block_in_vain_has_no_partner() {
    let mut test = Test::of(KITCHENS);
    test.come_to_block(&[1, 2, 3]);
    test.play_here([1, 2]);
    test.asks(1);
    test.after(Event::Closed(ConnectionId(2)));
    test.now = Timestamp(60_001);
    test.lobby.handle_timeout(test.now);
    test.drain();
    let none = Some(dyad_experiment::Outcome::NoPartner);
    assert_eq!((test.outcome(1), test.outcome(3)), (none, none));
    // The other one comes back, and is not kept waiting.
    test.come_as(2, 12);
    test.asks_over(2, 12);
    assert_eq!(test.outcome(2), Some(dyad_experiment::Outcome::PartnerLeft));
}

impl Test {
    fn asks_over(&mut self, one: u64, connection: u64) {
        let (_, _, step) = self.at(one);
        self.says(connection, FromClient::Ready { step });
    }
}

#[test]
fn programs_help_out_in_a_block() {
    let mut test = Test::of(helped());
    test.come_to_block(&[1]);
    test.now = Timestamp(60_001);
    test.lobby.handle_timeout(test.now);
    let shown = test.drain();
    // Nobody came: each game of the block is played with a program, at once.
    assert!(matches!(&heard_by(1, shown)[..], [FromLab::Scene(_)]));
    for _ in 0..2 {
        let again = test.asks(1);
        assert!(matches!(&again[..], [FromLab::Scene(it)] if it.kind == SceneKind::Game));
        let (_, _, step) = test.at(1);
        test.asks(1);
        let (prepared, _) = test.register();
        let players = &prepared.record.players;
        assert_eq!((players.people().count(), players.programs().count()), (1, 1));
        test.says(1, game_over(&prepared, step, GameEnd::Completed));
        test.turns_page(1);
    }
    assert_eq!(test.outcome(1), Some(dyad_experiment::Outcome::Finished));

    // A partner goes between two games: the second is played with a program, from the same seat.
    for (one, other, seat) in [(1, 2, Seat(0)), (2, 1, Seat(1))] {
        let mut test = Test::of(helped());
        test.come_to_block(&[1, 2]);
        test.play_here([1, 2]);
        test.asks(one);
        test.says(other, FromClient::Withdraw);
        test.asks(one);
        let (prepared, _) = test.register();
        assert_eq!(prepared.record.players.programs().count(), 1);
        assert_eq!(prepared.tickets[0].seat, seat);
        assert_eq!(prepared.registration.episodes, 1);
    }
}

#[test]
fn a_group_survives_a_restart_in_its_block() {
    let mut test = Test::of(KITCHENS);
    test.come_to_block(&[1, 2, 3, 4]);
    let first = test.play_here([1, 2]);
    test.asks(1);
    test.restart();
    for (one, connection) in [(1, 11), (2, 12), (3, 13), (4, 14)] {
        test.come_as(one, connection);
        test.asks_over(one, connection);
    }
    assert_eq!(test.orders.len(), 2);
    let pairs: Vec<Vec<_>> = test
        .orders
        .iter()
        .map(|order| order.people.iter().map(|it| it.participant.to_string()).collect())
        .collect();
    assert_eq!(pairs, [["p-1", "p-2"], ["p-3", "p-4"]]);
    assert_ne!(test.orders[0].scene.as_str(), first);
}

#[test]
fn groups_get_their_condition_when_they_come_to_a_block() {
    let conditions = "id = \"s\"\n[assignment]\nper = \"group\"\n[[condition]]\nid = \"x\"\n\
        [[condition]]\nid = \"y\"\n[[block]]\nid = \"games\"\norder = \"random\"\n";
    let game = |id: &str, layout: &str| {
        format!("[[scene]]\nid = \"{id}\"\nblock = \"games\"\nlayout = \"{layout}\"\n")
    };
    let extra = "[[scene]]\nid = \"extra\"\nkind = \"page\"\ntext = \"x\"\n\
        conditions = [\"x\"]\n";
    let games = game("a", "cramped_room") + &game("b", "coordination_ring");
    let text = format!("{conditions}{games}{extra}");
    let mut test = Test::of(Box::leak(text.into_boxed_str()));
    for one in 1..=8 {
        test.come_in(one);
        test.says(one, ready());
    }
    let condition = |one: u64| {
        let person = test.lobby.people().get(&id(&format!("p-{one}"))).unwrap();
        (person.assigned.condition.clone(), test.lobby.study.show(person).unwrap().steps)
    };
    let of: Vec<_> = (1..=8).map(condition).collect();
    assert!(of.chunks(2).all(|pair| pair[0] == pair[1]), "{of:?}");
    let in_x = of.iter().filter(|it| it.0.as_ref().is_some_and(|it| it.as_str() == "x"));
    assert_eq!(in_x.clone().count(), 4, "as many pairs in each");
    assert!(in_x.clone().all(|it| it.1 == 4) && of.iter().filter(|it| it.1 == 3).count() == 4);
    let counts: Vec<_> = test.lobby.people().counts().values().copied().collect();
    assert_eq!(counts, [2, 2]);
    let joined = test.journal.iter().filter(|entry| {
        matches!(entry, crate::journal::Entry::Person(it)
            if matches!(it.fact, PersonFact::Joined { .. }))
    });
    assert_eq!(joined.count(), 8);
}
