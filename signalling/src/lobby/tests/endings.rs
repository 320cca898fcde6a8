//! What stays of people and games that are over: who has come, and how it ended for them.

use super::{GAME, Test, game_over, id, ready};
use crate::lobby::{ConnectionId, Event};
use dyad_experiment::Outcome;
use dyad_matchmaking::Timestamp;
use dyad_protocol::lobby::FromClient;
use dyad_protocol::study::GameEnd;

impl Test {
    /// Two come, play, and go, each in their own way.
    fn go_through(&mut self, pair: [u64; 2], ends: [Option<GameEnd>; 2]) {
        for one in pair {
            self.come_in(one);
            self.says(one, ready());
        }
        let (prepared, _) = self.register();
        self.check(&pair, &prepared.tickets);
        assert!(self.is_playing(&prepared));
        for (one, end) in pair.into_iter().zip(ends) {
            let message = match end {
                Some(end) => game_over(&prepared, GAME, end),
                None => FromClient::Withdraw,
            };
            self.says(one, message);
            self.after(Event::Closed(ConnectionId(one)));
        }
    }

    /// Entries of all that the lobby keeps, but for people.
    fn entries(&self) -> usize {
        let lobby = &self.lobby;
        let state = lobby.matchmaking.state();
        lobby.connections.len()
            + lobby.present.len()
            + lobby.games.len()
            + lobby.drawn.len()
            + lobby.over.len()
            + lobby.hellos_due.len()
            + state.persons().count()
            + state.sessions().count()
    }
}

#[test]
fn of_games_that_are_over_nothing_stays_and_of_people_how_it_ended() {
    let mut test = Test::new();
    let (completed, left) = (Some(GameEnd::Completed), Some(GameEnd::PartnerLeft));
    for pair in 0..50 {
        let ends = match pair % 3 {
            0 => [completed, completed],
            1 => [None, left],
            _ => [completed, Some(GameEnd::Failure)],
        };
        test.go_through([2 * pair + 1, 2 * pair + 2], ends);
    }
    // One more lost the connection in a game, and never came back.
    for one in [201, 202] {
        test.come_in(one);
        test.says(one, ready());
    }
    let (prepared, _) = test.register();
    test.check(&[201, 202], &prepared.tickets);
    test.after(Event::Closed(ConnectionId(201)));
    test.says(202, game_over(&prepared, GAME, GameEnd::PartnerLost));
    test.after(Event::Closed(ConnectionId(202)));
    test.now = Timestamp(3_600_000);
    test.lobby.handle_timeout(test.now);
    test.drain();

    assert_eq!(test.entries(), 0);
    let people = test.lobby.people();
    let outcome = |who: &str| people.gone(&id(who)).map(|gone| gone.outcome);
    assert!((1..=100).all(|one| outcome(&format!("p-{one}")).is_some()));
    let of = ["p-1", "p-3", "p-4", "p-6", "p-201"].map(outcome);
    let (finished, lost) = (Some(Outcome::Finished), Some(Outcome::LostConnection));
    assert_eq!(of, [finished, Some(Outcome::Withdrew), Some(Outcome::PartnerLeft), lost, None]);
}
