//! Two or more peerings, connected by queues that a test can hold back or cut.

use super::{
    Connection, Event, Hello, LeaveReason, Patience, PeerMessage, Peering, Stage, Statement,
    WIRE_VERSION,
};
use crate::history::Position;
use dyad_gridworld::Digest;
use dyad_gridworld::rng::Rng;
use dyad_protocol::{Seat, Seats};
use proptest::prelude::{any, prop, proptest};
use std::time::Duration;

fn hello(seat: u8) -> Hello {
    Hello {
        wire: WIRE_VERSION,
        program: "0.1.0".to_owned(),
        rules: 1,
        game: Digest::of(b"game"),
        session: "s-1".parse().unwrap(),
        netcode: (2, 16),
        hold: 90,
        epoch: 0,
        position: Position::default(),
        state: Digest::default(),
        seat: Seat(seat),
        heard: Seats::default(),
        ready: false,
    }
}

/// A peering of a game that is over, after all the episodes that were planned.
fn peering(hello: Hello, players: usize, episodes: u16, now: Duration) -> Peering {
    let others = Seats::first(players).without(hello.seat);
    let mut peering = Peering::new(hello, others, episodes, Patience::default(), now);
    peering.over(episodes);
    peering
}

fn sealed(seat: Seat, episode: u16, bytes: Vec<u8>) -> Event {
    Event::Stated(Statement::Sealed { seat, episode, bytes })
}

/// A mesh of peers; the connection from `a` to `b` is number `b` at `a`, and ten more each time
/// that it is made anew.
struct Mesh {
    now: Duration,
    generation: u64,
    peers: Vec<Peering>,
    events: Vec<Vec<Event>>,
}

impl Mesh {
    fn new(players: u8, episodes: u16) -> Self {
        let now = Duration::ZERO;
        let peer = |seat| peering(hello(seat), usize::from(players), episodes, now);
        let mut peers: Vec<Peering> = (0..players).map(peer).collect();
        for (a, peer) in (0..).zip(&mut peers) {
            for b in (0..u64::from(players)).filter(|&b| b != a) {
                peer.connected(now, Connection(b));
            }
        }
        let events = vec![Vec::new(); peers.len()];
        Self { now, generation: 0, peers, events }
    }

    /// Makes all connections of a pair anew.
    fn connect(&mut self, a: usize, b: usize) {
        self.generation += 1;
        for (end, far) in [(a, b), (b, a)] {
            let connection = Connection(self.generation * 10 + far as u64);
            self.peers[end].connected(self.now, connection);
        }
    }

    /// Lets 10 ms pass; `passes(from, to)` says whether a message arrives.
    fn step(&mut self, mut passes: impl FnMut(usize, usize) -> bool) {
        self.now += Duration::from_millis(10);
        for from in 0..self.peers.len() {
            self.peers[from].poll(self.now);
            while let Some((Connection(to), bytes)) = self.peers[from].poll_send() {
                let (generation, to) = (to / 10, usize::try_from(to % 10).unwrap());
                if passes(from, to) && generation == self.generation {
                    let connection = Connection(generation * 10 + from as u64);
                    self.peers[to].receive(self.now, connection, &bytes);
                }
            }
        }
        for (peer, events) in self.peers.iter_mut().zip(&mut self.events) {
            events.extend(std::iter::from_fn(|| peer.poll_event()));
        }
    }

    fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step(|_, _| true);
        }
    }

    fn count(&self, peer: usize, event: &Event) -> usize {
        self.events[peer].iter().filter(|&seen| seen == event).count()
    }
}

#[test]
fn nobody_is_ready_before_everybody_was_heard_by_everybody() {
    for players in 2..=4 {
        let mut mesh = Mesh::new(players, 1);
        // One direction is mute: 1 cannot be heard by 0, so 0 is not ready, and 1 not either.
        for _ in 0..50 {
            mesh.step(|from, to| (from, to) != (1, 0));
        }
        assert_eq!(mesh.count(0, &Event::Ready), 0);
        assert_eq!(mesh.count(1, &Event::Ready), 0);
        mesh.run(50);
        for peer in 0..usize::from(players) {
            assert_eq!(mesh.count(peer, &Event::Ready), 1, "peer {peer} of {players}");
        }
    }
}

#[test]
fn a_lost_first_hello_is_repeated() {
    let mut mesh = Mesh::new(2, 1);
    let mut first = [true; 2];
    for _ in 0..50 {
        mesh.step(|from, _| !std::mem::replace(&mut first[from], false));
    }
    assert_eq!((mesh.count(0, &Event::Ready), mesh.count(1, &Event::Ready)), (1, 1));
}

#[test]
fn peers_that_differ_refuse_each_other_and_say_in_what() {
    let mut other = hello(1);
    other.game = Digest::of(b"another game");
    let mut mesh = Mesh::new(2, 1);
    mesh.peers[1] = peering(other, 2, 1, mesh.now);
    mesh.peers[1].connected(mesh.now, Connection(0));
    mesh.run(50);
    for peer in 0..2 {
        let refused = mesh.events[peer].iter().any(
            |event| matches!(event, Event::Refused(mismatch) if mismatch.what == "game settings"),
        );
        assert!(refused, "{:?}", mesh.events[peer]);
        assert_eq!(mesh.count(peer, &Event::Ready), 0);
    }
}

#[test]
fn statements_arrive_once_and_the_session_closes_after_lingering() {
    let mut mesh = Mesh::new(3, 2);
    mesh.run(50);
    let mut rng = Rng::new(2);
    for episode in 0..2_u16 {
        for seat in 0..3_u8 {
            let now = mesh.now;
            mesh.peers[usize::from(seat)].seal(now, episode, vec![seat, episode.to_le_bytes()[0]]);
        }
        for _ in 0..400 {
            // A third of all messages is lost: acknowledgements as well as statements.
            mesh.step(|_, _| rng.below(3) > 0);
        }
        let closed = mesh.count(0, &Event::Closed);
        assert_eq!(closed, usize::from(episode == 1), "closed only after the last episode");
    }
    for peer in 0..3_usize {
        for seat in (0..3_u8).filter(|&seat| usize::from(seat) != peer) {
            for episode in 0..2_u16 {
                let statement = vec![seat, episode.to_le_bytes()[0]];
                let event = sealed(Seat(seat), episode, statement);
                assert_eq!(mesh.count(peer, &event), 1, "{event:?} at {peer}");
            }
        }
        assert_eq!(mesh.peers[peer].stage(), Stage::Closed);
    }
}

#[test]
fn a_silent_peer_interrupts_play_and_both_meet_in_the_next_epoch() {
    let mut mesh = Mesh::new(2, 1);
    mesh.run(50);
    // 1 is not heard, but hears.
    for _ in 0..250 {
        mesh.step(|from, _| from == 0);
    }
    assert!(mesh.peers[0].silence(mesh.now) >= Duration::from_secs(2));
    assert_eq!(mesh.count(0, &Event::Interrupted), 1);
    assert_eq!(mesh.count(0, &Event::Reconnect), 1);
    assert_eq!(mesh.peers[0].epoch(), 1);
    mesh.connect(0, 1);
    mesh.run(50);
    for peer in 0..2 {
        assert_eq!(mesh.count(peer, &Event::Interrupted), 1, "peer {peer}");
        assert_eq!(mesh.count(peer, &Event::Ready), 2, "peer {peer}");
        assert_eq!(mesh.peers[peer].epoch(), 1);
        assert_eq!(mesh.peers[peer].stage(), Stage::Playing);
    }
}

#[test]
fn who_is_not_reached_is_given_up() {
    let mut mesh = Mesh::new(2, 1);
    mesh.run(50);
    for _ in 0..3300 {
        mesh.step(|_, _| false);
    }
    for peer in 0..2 {
        assert_eq!(mesh.count(peer, &Event::GaveUp), 1);
        assert_eq!(mesh.peers[peer].stage(), Stage::Closed);
    }
}

/// Of three or four, one is lost: all others end with that reason at the same time, also one who
/// would have waited longer.
#[test]
fn those_who_remain_know_whom_they_lost() {
    for players in 3..=4_u8 {
        let mut mesh = Mesh::new(players, 1);
        mesh.run(50);
        mesh.peers[1].patience.interruption *= 2;
        let lost = usize::from(players) - 1;
        for _ in 0..3300 {
            mesh.step(|from, to| from != lost && to != lost);
            if mesh.count(0, &Event::Reconnect) == 1 && mesh.generation == 0 {
                // The connections that they make anew, each with each.
                mesh.generation = 1;
                for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                    if a != lost && b != lost {
                        mesh.peers[a].connected(mesh.now, Connection(10 + b as u64));
                        mesh.peers[b].connected(mesh.now, Connection(10 + a as u64));
                    }
                }
            }
        }
        for peer in 0..lost {
            assert_eq!(mesh.count(peer, &Event::GaveUp), 1, "peer {peer} of {players}");
            let named: Vec<Seat> = mesh.peers[peer].lost().collect();
            assert_eq!(named, [Seat(players - 1)], "peer {peer} of {players}");
        }
    }
}

#[test]
fn another_run_of_a_program_begins_another_epoch() {
    let mut mesh = Mesh::new(2, 2);
    mesh.run(50);
    let now = mesh.now;
    mesh.peers[0].seal(now, 0, vec![1]);
    mesh.run(50);
    let anew = Hello { epoch: 1, position: Position { next: 9, epoch: 0 }, ..hello(1) };
    mesh.peers[1] = peering(anew, 2, 2, now);
    mesh.connect(0, 1);
    mesh.run(50);
    assert_eq!(mesh.count(0, &Event::Interrupted), 1);
    assert_eq!(mesh.count(0, &Event::Ready), 2);
    let position = mesh.peers[0].positions().next().map(|(_, position, _)| position);
    assert_eq!(position, Some(Position { next: 9, epoch: 0 }));
    // What was said to the run before is said to this one.
    assert_eq!(mesh.count(1, &sealed(Seat(0), 0, vec![1])), 2);
}

/// A program that was killed and started again before anybody missed it, and does not know that
/// its session had been resumed before.
#[test]
fn an_epoch_that_was_played_is_never_begun_again() {
    let mut mesh = Mesh::new(2, 1);
    for epoch in 1..4 {
        mesh.run(50);
        let now = mesh.now;
        mesh.peers[1] = peering(hello(1), 2, 1, now);
        mesh.connect(0, 1);
        mesh.run(50);
        assert_eq!((mesh.peers[0].epoch(), mesh.peers[1].epoch()), (epoch, epoch));
        assert_eq!(mesh.peers[0].stage(), Stage::Playing);
    }
}

fn say_hello(mesh: &mut Mesh, connection: u64, hello: Hello) {
    let (now, bytes) = (mesh.now, postcard::to_stdvec(&PeerMessage::Hello(hello)).unwrap());
    mesh.peers[0].receive(now, Connection(connection), &bytes);
}

/// Who is late at the barrier must not be told of what the others have begun since.
#[test]
fn a_barrier_is_about_what_was_confirmed_before_it() {
    let mut mesh = Mesh::new(2, 1);
    say_hello(&mut mesh, 1, Hello { heard: Seats::first(1), ..hello(1) });
    assert_eq!(mesh.peers[0].stage(), Stage::Playing);
    mesh.peers[0].confirmed(Position { next: 5, epoch: 0 }, Digest::of(b"later"));
    while mesh.peers[0].poll_send().is_some() {}
    say_hello(&mut mesh, 1, hello(1));
    let (_, answer) = mesh.peers[0].poll_send().expect("an answer");
    let PeerMessage::Hello(answer) = postcard::from_bytes(&answer).unwrap() else { panic!() };
    assert_eq!((answer.position, answer.ready), (Position::default(), true));
    // At the next one it is.
    say_hello(&mut mesh, 1, Hello { epoch: 1, ..hello(1) });
    let (_, answer) = mesh.peers[0].poll_send().expect("an answer");
    let PeerMessage::Hello(answer) = postcard::from_bytes(&answer).unwrap() else { panic!() };
    assert_eq!((answer.position.next, answer.epoch), (5, 1));
}

#[test]
fn what_was_not_taken_of_an_epoch_is_over_with_it() {
    let mut mesh = Mesh::new(2, 1);
    say_hello(&mut mesh, 1, Hello { heard: Seats::first(1), ..hello(1) });
    say_hello(&mut mesh, 1, Hello { epoch: 1, ..hello(1) });
    assert_eq!(mesh.peers[0].poll_event(), Some(Event::Interrupted));
    assert_eq!(mesh.peers[0].poll_event(), None, "the barrier of epoch 0 was passed too late");
}

#[test]
fn another_connection_has_to_be_heard_on_anew() {
    let mut mesh = Mesh::new(3, 1);
    let now = mesh.now;
    say_hello(&mut mesh, 1, Hello { heard: Seats::first(1), ..hello(1) });
    mesh.peers[0].connected(now, Connection(11));
    say_hello(&mut mesh, 11, hello(1));
    say_hello(&mut mesh, 2, Hello { heard: Seats::first(1), ..hello(2) });
    assert_eq!(mesh.peers[0].stage(), Stage::Greeting);
    // What still comes on the first one is nobody's.
    say_hello(&mut mesh, 1, Hello { heard: Seats::first(1), ..hello(1) });
    assert_eq!(mesh.peers[0].stage(), Stage::Greeting);
    say_hello(&mut mesh, 11, Hello { heard: Seats::first(1), ..hello(1) });
    assert_eq!(mesh.peers[0].stage(), Stage::Playing);
    assert_eq!(mesh.peers[0].malformed(), 0);
}

/// The other end reconnects, or its program was killed: it comes back by itself. If it does not,
/// the connection is made from here.
#[test]
fn a_closed_connection_is_waited_for() {
    let mut mesh = Mesh::new(2, 1);
    mesh.run(50);
    mesh.peers[0].disconnected(Connection(1));
    for _ in 0..350 {
        mesh.step(|_, _| false);
    }
    assert_eq!((mesh.count(0, &Event::Interrupted), mesh.count(0, &Event::Reconnect)), (1, 0));
    for _ in 0..1000 {
        mesh.step(|_, _| false);
    }
    assert_eq!(mesh.count(0, &Event::Reconnect), 1);
}

fn seal_all(mesh: &mut Mesh) {
    let now = mesh.now;
    mesh.peers.iter_mut().for_each(|peer| peer.seal(now, 0, vec![1]));
}

/// Two of three cannot reach each other at the end: the third has everything, and stays until
/// they have.
#[test]
fn who_needs_nobody_stays_for_those_who_need_each_other() {
    let mut mesh = Mesh::new(3, 1);
    mesh.run(50);
    seal_all(&mut mesh);
    for _ in 0..120 {
        mesh.step(|from, to| from == 0 || to == 0);
    }
    assert!(matches!(mesh.peers[0].stage(), Stage::Lingering { .. }));
    mesh.run(300);
    for peer in 0..3 {
        assert_eq!(mesh.count(peer, &Event::Closed), 1, "peer {peer}");
    }
}

#[test]
fn who_has_everything_completes_even_if_nobody_says_goodbye() {
    let mut mesh = Mesh::new(2, 1);
    mesh.run(50);
    seal_all(&mut mesh);
    // 1 has 0's statement, and hears nothing more.
    mesh.run(2);
    for _ in 0..3800 {
        mesh.step(|from, _| from == 1);
    }
    assert_eq!((mesh.count(1, &Event::Closed), mesh.count(1, &Event::GaveUp)), (1, 0));
}

#[test]
fn leaving_after_the_end_is_no_loss() {
    let mut mesh = Mesh::new(2, 1);
    mesh.run(50);
    seal_all(&mut mesh);
    mesh.run(2);
    let now = mesh.now;
    mesh.peers[0].leave(now, LeaveReason::Quit);
    mesh.run(600);
    assert_eq!(mesh.count(1, &Event::Closed), 1);
    assert!(!mesh.events[1].iter().any(|event| matches!(event, Event::Left { .. })));
}

#[test]
fn who_leaves_is_heard_of_once() {
    let mut mesh = Mesh::new(2, 1);
    mesh.run(50);
    let now = mesh.now;
    mesh.peers[0].leave(now, LeaveReason::Quit);
    mesh.peers[0].leave(now, LeaveReason::Quit);
    mesh.run(2);
    let left = Event::Left { seat: Seat(0), reason: LeaveReason::Quit };
    assert_eq!(mesh.count(1, &left), 1);
}

#[test]
fn the_newest_connection_of_a_seat_is_the_one() {
    let mut mesh = Mesh::new(2, 1);
    let now = mesh.now;
    mesh.peers[0].connected(now, Connection(9));
    let hello = postcard::to_stdvec(&PeerMessage::Hello(hello(1))).unwrap();
    mesh.peers[0].receive(now, Connection(1), &hello);
    mesh.peers[0].receive(now, Connection(9), &hello);
    assert_eq!(mesh.peers[0].connection(Seat(1)), Some(Connection(9)));
    mesh.peers[0].disconnected(Connection(1));
    assert_eq!(mesh.peers[0].connection(Seat(1)), Some(Connection(9)));
}

#[test]
fn epochs_far_ahead_are_no_honest_peers() {
    let mut mesh = Mesh::new(2, 1);
    mesh.run(50);
    let now = mesh.now;
    let far = Hello { epoch: 5000, ..hello(1) };
    let bytes = postcard::to_stdvec(&PeerMessage::Hello(far)).unwrap();
    mesh.peers[0].receive(now, Connection(1), &bytes);
    assert_eq!(mesh.peers[0].malformed(), 1);
    assert_eq!(mesh.peers[0].epoch(), 0);
}

proptest! {
    #[test]
    fn rubbish_never_panics_and_is_counted(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut mesh = Mesh::new(2, 1);
        mesh.run(50);
        let (now, before) = (mesh.now, mesh.peers[0].malformed());
        mesh.peers[0].receive(now, Connection(1), &bytes);
        mesh.peers[0].receive(now, Connection(77), &bytes);
        assert!(mesh.peers[0].malformed() > before);
    }
}

/// Of three planned episodes two were begun. One side learns that the game is over later than the
/// other, and until then neither closes.
#[test]
fn a_game_that_ends_early_needs_no_further_statements() {
    let mut mesh = Mesh::new(2, 3);
    for (seat, peer) in (0..).zip(&mut mesh.peers) {
        let others = Seats::first(2).without(Seat(seat));
        *peer = Peering::new(hello(seat), others, 3, Patience::default(), mesh.now);
    }
    mesh.connect(0, 1);
    mesh.run(50);
    let state = |mesh: &mut Mesh, peer: usize, episode| {
        let now = mesh.now;
        mesh.peers[peer].seal(now, episode, vec![9]);
    };
    for (peer, episode) in [(0, 0), (1, 0), (0, 1)] {
        state(&mut mesh, peer, episode);
    }
    mesh.peers[0].over(2);
    mesh.run(100);
    assert!(mesh.peers.iter().all(|peer| peer.stage() == Stage::Playing));
    // What somebody states of an episode that there was not is dropped and counted.
    state(&mut mesh, 1, 2);
    mesh.run(50);
    assert!(mesh.peers[0].malformed() > 0);
    let beyond =
        |event: &Event| matches!(event, Event::Stated(Statement::Sealed { episode: 2, .. }));
    assert!(!mesh.events[0].iter().any(beyond));
    state(&mut mesh, 1, 1);
    mesh.peers[1].over(2);
    mesh.run(700);
    for peer in 0..2 {
        assert_eq!(mesh.count(peer, &Event::Closed), 1, "peer {peer}");
        assert_eq!(mesh.count(peer, &Event::Interrupted), 0, "peer {peer}");
    }
}

/// Three seconds of nothing end an epoch, unless the peer is far away; seven do it there, too.
#[test]
fn far_away_a_silence_says_less() {
    let ms = Duration::from_millis;
    for (round_trip, after_three, after_seven) in
        [(None, 1, 1), (Some(ms(100)), 1, 1), (Some(ms(600)), 0, 1), (Some(ms(9000)), 0, 1)]
    {
        let mut mesh = Mesh::new(2, 1);
        mesh.peers[0].round_trip(round_trip);
        mesh.run(50);
        (0..300).for_each(|_| mesh.step(|_, _| false));
        assert_eq!(mesh.count(0, &Event::Interrupted), after_three, "{round_trip:?}");
        (0..400).for_each(|_| mesh.step(|_, _| false));
        assert_eq!(mesh.count(0, &Event::Interrupted), after_seven, "{round_trip:?}");
    }
}
