//! Two or more peerings, connected by queues that a test can hold back or cut.

use super::{Connection, Event, Hello, LeaveReason, PeerMessage, Peering, Stage, WIRE_VERSION};
use dyad_gridworld::Digest;
use dyad_protocol::Seat;
use proptest::prelude::{any, prop, proptest};
use std::time::Duration;

fn hello(seat: u8) -> Hello {
    Hello {
        wire: WIRE_VERSION,
        program: "0.1.0".to_owned(),
        rules: 1,
        game: Digest::of(b"game"),
        session: "s-1".parse().unwrap(),
        epoch: 0,
        netcode: (2, 16),
        seat: Seat(seat),
        heard: 0,
        ready: false,
    }
}

/// A mesh of peers; the connection from `a` to `b` is number `b` at `a`.
struct Mesh {
    now: Duration,
    peers: Vec<Peering>,
    events: Vec<Vec<Event>>,
}

impl Mesh {
    fn new(players: u8, episodes: u16) -> Self {
        let now = Duration::ZERO;
        let peer = |seat| Peering::new(hello(seat), usize::from(players), episodes, now);
        let mut peers: Vec<Peering> = (0..players).map(peer).collect();
        for (a, peer) in (0..).zip(&mut peers) {
            for b in (0..u64::from(players)).filter(|&b| b != a) {
                peer.connected(now, Connection(b));
            }
        }
        let events = vec![Vec::new(); peers.len()];
        Self { now, peers, events }
    }

    /// Lets 10 ms pass; `passes(from, to)` says whether a message arrives.
    fn step(&mut self, mut passes: impl FnMut(usize, usize) -> bool) {
        self.now += Duration::from_millis(10);
        for from in 0..self.peers.len() {
            self.peers[from].poll(self.now);
            while let Some((Connection(to), bytes)) = self.peers[from].poll_send() {
                let to = usize::try_from(to).unwrap();
                if passes(from, to) {
                    self.peers[to].receive(self.now, Connection(from as u64), &bytes);
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
    mesh.peers[1] = Peering::new(other, 2, 1, mesh.now);
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
    let mut lose = 0_u32;
    for episode in 0..2_u16 {
        for seat in 0..3_u8 {
            let now = mesh.now;
            mesh.peers[usize::from(seat)].seal(now, episode, vec![seat, episode.to_le_bytes()[0]]);
        }
        for _ in 0..400 {
            // Every third message is lost: acknowledgements as well as statements.
            mesh.step(|_, _| {
                lose += 1;
                !lose.is_multiple_of(3)
            });
        }
        let closed = mesh.count(0, &Event::Closed);
        assert_eq!(closed, usize::from(episode == 1), "closed only after the last episode");
    }
    for peer in 0..3_usize {
        for seat in (0..3_u8).filter(|&seat| usize::from(seat) != peer) {
            for episode in 0..2_u16 {
                let statement = vec![seat, episode.to_le_bytes()[0]];
                let event = Event::Sealed { seat: Seat(seat), episode, statement };
                assert_eq!(mesh.count(peer, &event), 1, "{event:?} at {peer}");
            }
        }
        assert_eq!(mesh.peers[peer].stage(), Stage::Closed);
    }
}

#[test]
fn silence_grows_only_for_who_is_silent() {
    let mut mesh = Mesh::new(2, 1);
    mesh.run(50);
    for _ in 0..300 {
        mesh.step(|from, _| from == 0);
    }
    assert!(mesh.peers[0].silence(mesh.now) >= Duration::from_secs(2));
    assert!(mesh.peers[1].silence(mesh.now) < Duration::from_secs(1));
    let now = mesh.now;
    mesh.peers[0].heard(now, Seat(1));
    assert_eq!(mesh.peers[0].silence(now), Duration::ZERO);
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
fn a_second_claim_to_a_seat_is_dropped() {
    let mut mesh = Mesh::new(2, 1);
    mesh.run(50);
    let impostor = postcard::to_stdvec(&PeerMessage::Hello(hello(1))).unwrap();
    let now = mesh.now;
    mesh.peers[0].connected(now, Connection(9));
    mesh.peers[0].receive(now, Connection(9), &impostor);
    assert_eq!(mesh.peers[0].connection(Seat(1)), Some(Connection(1)));
    assert_eq!(mesh.peers[0].malformed(), 1);
    // A replaced connection is taken once the old one is gone.
    mesh.peers[0].disconnected(Connection(1));
    mesh.peers[0].receive(now, Connection(9), &impostor);
    assert_eq!(mesh.peers[0].connection(Seat(1)), Some(Connection(9)));
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
