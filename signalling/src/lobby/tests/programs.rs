//! Programs in the places of people: by the scene, after waiting in vain, and after a partner has gone.

use super::scenes::scene;
use super::{Test, client, game_over, heard_by, ready};
use dyad_matchmaking::Timestamp;
use dyad_protocol::lobby::{FromClient, FromLab, Ticket};
use dyad_protocol::players::Program;
use dyad_protocol::study::{Answer, GameEnd, SceneKind};
use dyad_protocol::{ParticipantId, PublicKey, Seat};

/// A game for two with three episodes; programs help out.
const HELPED: &str = r#"
id = "s"
[waiting_room]
limit_seconds = 60
then = "program"
[dropout]
then = "program"
policy = "idle"
[[scene]]
id = "a"
layout = "cramped_room"
episodes = 3
[[scene]]
id = "thanks"
kind = "page"
text = "Thanks."
"#;

fn program(policy: &str) -> Program {
    Program { policy: policy.to_owned(), announced: true }
}

impl Test {
    /// Says that this one is ready, and prepares the game that they have alone.
    fn alone(&mut self, connection: u64) -> Ticket {
        self.says(connection, ready());
        assert!(self.orders.iter().all(|order| order.people.len() == 1), "{:?}", self.orders);
        let (prepared, effects) = self.register();
        let heard = heard_by(connection, effects);
        let [FromLab::Matched { ticket, check_within_ms: None }] = &heard[..] else {
            panic!("{heard:?}");
        };
        assert!(self.is_playing(&prepared), "there is nobody to check a connection with");
        (**ticket).clone()
    }
}

/// What those in the seats are called.
fn seats(ticket: &Ticket) -> Vec<ParticipantId> {
    ticket.players.names().expect("all have names")
}

fn names<const PLAYERS: usize>(names: [&str; PLAYERS]) -> Vec<ParticipantId> {
    names.map(super::id).into()
}

fn episodes(ticket: &Ticket) -> u64 {
    ticket.settings["episodes"].as_u64().expect("settings have episodes")
}

#[test]
fn a_scene_with_a_program_needs_nobody_else() {
    let mut test = Test::of(
        "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\npartner = { kind = \
         \"program\", policy = \"random\", announced = true }\n",
    );
    test.come_in(1);
    let ticket = test.alone(1);
    assert_eq!(seats(&ticket), names(["p-1", "program-random"]));
    assert_eq!(ticket.players.keys(), [client("p-1").key, PublicKey::NOBODY]);
    assert_eq!(ticket.settings["players"], 2);
    let programs: Vec<_> = ticket.players.programs().collect();
    assert_eq!(programs, [(Seat(1), &program("random"))]);
}

#[test]
fn for_whom_nobody_comes_a_program_plays() {
    let mut test = Test::of(HELPED);
    test.come_in(1);
    test.says(1, ready());
    test.now = Timestamp(60_000);
    test.lobby.handle_timeout(test.now);
    let effects = test.drain();
    let heard = heard_by(1, effects);
    assert_eq!((scene(&heard).kind, scene(&heard).step), (SceneKind::Game, 1), "{heard:?}");
    // Also where the lab is killed before they ask again, and nobody waits for another person.
    test.restart();
    assert!(matches!(test.come_as(1, 11), FromLab::Scene(_)));
    let ticket = test.alone(11);
    assert_eq!((seats(&ticket), episodes(&ticket)), (names(["p-1", "program-scripted"]), 3));
    // Somebody who comes now waits for a person.
    test.come_in(2);
    test.says(2, ready());
    assert!(test.orders.is_empty());
}

#[test]
fn whose_partner_has_gone_plays_what_is_left_with_a_program() {
    for (one, expected) in [(1, ["p-1", "program-idle"]), (2, ["program-idle", "p-2"])] {
        let mut test = Test::of(HELPED);
        let prepared = test.play();
        let session = prepared.record.session.clone();
        // The second of three episodes was under way.
        let (end, scores) = (GameEnd::PartnerLost, vec![20_000, 0]);
        let over = Answer::Game { session: session.clone(), end, scores };
        let heard = test.hears(one, FromClient::Done { step: 1, answer: over });
        assert_eq!((scene(&heard).kind, &scene(&heard).session), (SceneKind::Game, &None));
        let ticket = test.alone(one);
        assert_ne!(ticket.session, session, "another session");
        assert_eq!((seats(&ticket), episodes(&ticket)), (names(expected), 2));
        assert_eq!(
            ticket.players.participant(ticket.seat),
            Some(&client(&format!("p-{one}")).participant)
        );
        // A connection that is lost does not change what they play.
        let again = test.come_as(one, 11);
        let FromLab::Scene(shown) = again else { panic!("{again:?}") };
        assert_eq!(shown.session.as_ref(), Some(&ticket.session));
        let heard = test.hears(11, ready());
        assert!(matches!(&heard[..], [FromLab::Matched { .. }]), "{heard:?}");
        let session = ticket.session;
        let over = Answer::Game { session, end: GameEnd::Completed, scores: vec![0, 0] };
        let heard = test.hears(11, FromClient::Done { step: 1, answer: over });
        assert_eq!(scene(&heard).scene.as_str(), "thanks");
    }
}

/// Also if the game was over for the lab before they said so, and it was started anew.
#[test]
fn who_plays_on_with_a_program_keeps_the_seat() {
    let mut test = Test::of(HELPED);
    let prepared = test.play();
    test.says(1, FromClient::Withdraw);
    test.restart();
    test.come_as(2, 12);
    let heard = test.hears(12, game_over(&prepared, 1, GameEnd::PartnerLeft));
    assert_eq!(scene(&heard).kind, SceneKind::Game);
    test.restart();
    test.come_as(2, 22);
    let ticket = test.alone(22);
    assert_eq!((ticket.seat, seats(&ticket)), (Seat(1), names(["program-idle", "p-2"])));
}

#[test]
fn a_partner_who_was_never_reached_is_no_dropout() {
    let mut test = Test::of(HELPED);
    for one in [1, 2] {
        test.come_in(one);
        test.says(one, ready());
    }
    let (prepared, _) = test.register();
    let heard = test.hears(1, game_over(&prepared, 1, GameEnd::NotConnected));
    assert_eq!(scene(&heard).kind, SceneKind::Game);
    let heard = test.hears(1, ready());
    assert!(matches!(&heard[..], [FromLab::Waiting { .. }]), "{heard:?}");
}
