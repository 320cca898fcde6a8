//! Sessions side by side, and everything that can happen to them one step at a time.

use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{
    Action, Digest, Entry, Game, Hold, MAX_PLAYERS, PlayerInput, Settings, World, layout, rng::Rng,
};
use dyad_protocol::{Seat, Seats};
use dyad_rollback::peering::{Connection, LeaveReason, Patience, Statement};
use dyad_rollback::session::{self, Channel, Ending, Event, Item, Stage};
use dyad_rollback::{DyadConfig, History, Session, SessionParameters};
use ggrs::P2PSession;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// One thing that happens. Seats count modulo the players.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// So many milliseconds pass, and nothing arrives.
    Pass(u32),
    /// The next messages from one to another arrive, at most so many.
    Deliver(usize, usize, usize),
    /// All messages arrive, and their answers.
    DeliverAll,
    /// The first message on a connection is lost, as it can be on a fresh channel.
    LoseFirst(usize, usize),
    /// A connection is made, if there is none.
    Connect(usize, usize),
    /// A connection is lost, and each end is told or not.
    Cut(usize, usize, [bool; 2]),
    /// A program is killed and started again; so much of what was not on disk is lost.
    Restart(usize, u8),
    /// What is confirmed goes to the disk.
    Sync(usize),
    /// A player's inputs for so many frames are sent.
    Play(usize, u32),
    /// So many frames are confirmed, as far as inputs are there.
    Confirm(usize, u32),
    /// Everybody plays and confirms, and all messages arrive.
    Advance(u32),
    /// A person leaves.
    Leave(usize),
    /// Bytes that no program of ours sends arrive, on a connection that exists.
    Rubbish(usize, Vec<u8>),
}

/// The most frames that are played ahead of the last confirmed one.
const WINDOW: u32 = 16;

/// Longer than any sequence: in these tests nobody is given up before the network heals.
const LIMIT: Duration = Duration::from_secs(130);

/// How long it may take until everybody is at the end, once nothing goes wrong any more and
/// everybody is there.
const BOUND: Duration = Duration::from_secs(60);

/// A run of an epoch on one computer.
struct Play {
    epoch: u16,
    start: (u32, Digest),
    world: World,
    base: u32,
    /// Which run of whose program plays, as far as this one's connections tell.
    members: Vec<Option<u32>>,
    ggrs: Box<P2PSession<DyadConfig>>,
}

struct Host {
    session: Session,
    /// Tells the runs of all programs apart.
    run: u32,
    play: Option<Play>,
    last_epoch: Option<u16>,
    record: Vec<Entry>,
    replica: World,
    on_disk: usize,
    /// The epoch of the last hold.
    held: u16,
    finished: u16,
    killed_complete: bool,
    wants_connections: bool,
    /// How much rubbish has come.
    rubbish: u64,
}

#[derive(Default)]
struct Pair {
    generation: u64,
    up: bool,
    /// The programs at its ends.
    runs: [u32; 2],
    /// Since when nothing kept it from being made.
    wanted: Duration,
}

/// What is under way from one to another.
type Queue = VecDeque<(Channel, Vec<u8>)>;

pub(super) struct Bench {
    game: Arc<Game>,
    now: Duration,
    hosts: Vec<Host>,
    /// By the smaller and the greater seat.
    pairs: BTreeMap<(usize, usize), Pair>,
    queues: BTreeMap<(usize, usize), Queue>,
    /// Whether anything has arrived on the current connection, by sender and receiver.
    opened: BTreeMap<(usize, usize), bool>,
    /// For how many frames of an epoch a run has sent its inputs.
    sent: BTreeMap<(u32, u16), u32>,
    runs: u32,
    /// What was stated about an episode, by anybody.
    stated: BTreeMap<u16, Vec<u8>>,
}

fn game(players: usize) -> Arc<Game> {
    let name = "cramped_room";
    let game = Game::new(Settings {
        task: TaskSettings::default(),
        layout: name.to_owned(),
        layout_text: layout::classic(name).expect("a classic layout").to_owned(),
        players: u8::try_from(players).expect("a few players"),
        steps_per_second: 30,
        max_steps: 6,
        episodes: 2,
        countdown_frames: 3,
        pause_frames: 2,
        seed: 1,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    });
    game.expect("a game")
}

fn seat(at: usize) -> Seat {
    Seat(u8::try_from(at).expect("a few seats"))
}

fn settings(game: &Arc<Game>, at: usize) -> session::Settings {
    session::Settings {
        game: Arc::clone(game),
        parameters: SessionParameters {
            people: Seats::first(game.players()),
            seat: seat(at),
            steps_per_second: 30,
            input_delay: 1,
            prediction_window: 16,
        },
        session: "s-bench".parse().expect("an id"),
        program: "bench".to_owned(),
        hold: 2,
        patience: Patience { connect: LIMIT, interruption: LIMIT, ..Patience::default() },
    }
}

/// The epoch that a program names which finds nothing on its disk but a hold, if any.
pub(super) fn epoch_after(hold: Option<u16>) -> u16 {
    let game = game(2);
    let hold = hold.map(|epoch| Entry::Hold(Hold { next: 0, frames: 2, epoch }));
    let disk: Vec<Entry> = hold.into_iter().collect();
    let session =
        Session::new(settings(&game, 0), History::of(Arc::clone(&game), &disk), Duration::ZERO);
    session.expect("the parameters are within range").peering().epoch()
}

/// What a log has of these entries: a hold is a part of it when a frame has followed.
fn confirmed(entries: &[Entry]) -> &[Entry] {
    match entries.split_last() {
        Some((Entry::Hold(_), before)) => before,
        _ => entries,
    }
}

/// What a run of a program presses in a frame of an epoch.
fn input(run: u32, epoch: u16, frame: u32) -> PlayerInput {
    let mut rng = Rng::stream(u64::from(run) << 16 | u64::from(epoch), u64::from(frame));
    let action = u8::try_from(rng.below(7)).ok().and_then(Action::from_number);
    PlayerInput::new(action.unwrap_or_default())
}

impl Bench {
    /// Sessions that were just started, none connected.
    pub(super) fn new(players: usize) -> Self {
        let game = game(players);
        let mut bench = Self {
            now: Duration::ZERO,
            hosts: Vec::new(),
            pairs: BTreeMap::new(),
            queues: BTreeMap::new(),
            opened: BTreeMap::new(),
            sent: BTreeMap::new(),
            runs: 0,
            stated: BTreeMap::new(),
            game,
        };
        for at in 0..players {
            let host = bench.start(at, &[]);
            bench.hosts.push(host);
            bench.pairs.extend((0..at).map(|other| ((other, at), Pair::default())));
        }
        bench
    }

    fn start(&mut self, at: usize, disk: &[Entry]) -> Host {
        self.runs += 1;
        let history = History::of(Arc::clone(&self.game), disk);
        let replica = World::new(Arc::clone(&self.game));
        let session = Session::new(settings(&self.game, at), history, self.now);
        let mut host = Host {
            session: session.expect("the parameters are within range"),
            run: self.runs,
            play: None,
            last_epoch: None,
            record: Vec::new(),
            replica,
            on_disk: disk.len(),
            held: 0,
            finished: 0,
            killed_complete: false,
            wants_connections: false,
            rubbish: 0,
        };
        disk.iter().for_each(|entry| host.keep(*entry, self.now));
        host
    }

    pub(super) fn apply(&mut self, op: &Op) {
        let players = self.hosts.len();
        let within = |at: usize| at % players;
        match op {
            Op::Pass(ms) => self.pass(Duration::from_millis(u64::from(*ms))),
            Op::Deliver(from, to, most) => {
                self.deliver(within(*from), within(*to), *most);
            }
            Op::DeliverAll => self.deliver_all(),
            Op::LoseFirst(from, to) => self.lose_first(within(*from), within(*to)),
            Op::Connect(a, b) => self.connect(within(*a), within(*b)),
            Op::Cut(a, b, told) => self.cut(within(*a), within(*b), *told),
            Op::Restart(at, lost) => self.restart(within(*at), *lost),
            Op::Sync(at) => {
                let host = &mut self.hosts[within(*at)];
                host.on_disk = confirmed(&host.record).len();
            }
            Op::Play(at, frames) => self.play(within(*at), *frames),
            Op::Confirm(at, frames) => self.confirm(within(*at), *frames),
            Op::Advance(frames) => self.advance(*frames),
            Op::Leave(at) => self.leave(within(*at)),
            Op::Rubbish(at, bytes) => self.rubbish(within(*at), bytes),
        }
        self.settle();
    }

    /// Time passes; everybody looks ten times a second and more.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.now = until.min(self.now + Duration::from_millis(80));
            for at in 0..self.hosts.len() {
                self.hosts[at].session.poll(self.now);
                self.drain(at);
            }
        }
    }

    /// What every session has to say and to do is taken from it.
    fn settle(&mut self) {
        (0..self.hosts.len()).for_each(|at| self.drain(at));
    }

    fn drain(&mut self, at: usize) {
        while let Some(event) = self.hosts[at].session.poll_event() {
            match event {
                Event::Start { session, world } => self.begin(at, session, *world),
                Event::Stop => self.hosts[at].play = None,
                Event::Reconnect => self.hosts[at].wants_connections = true,
                Event::Stated(Statement::Sealed { episode, bytes, .. }) => {
                    let known = self.stated.entry(episode).or_insert_with(|| bytes.clone());
                    assert_eq!(*known, bytes, "two statements about episode {episode}");
                }
                Event::Stated(Statement::Committed { .. }) => {}
            }
        }
        let now = self.now;
        while let Some(item) = self.hosts[at].session.poll_item() {
            if let Item::Final(entry) | Item::Supplied(entry) = item {
                self.hosts[at].keep(entry, now);
            }
        }
        while let Some((connection, channel, bytes)) = self.hosts[at].session.poll_send() {
            let far = self.far(connection);
            if self.connection(at, far) == Some(connection) {
                self.queues.entry((at, far)).or_default().push_back((channel, bytes));
            }
        }
        if std::mem::replace(&mut self.hosts[at].wants_connections, false) {
            let others = (0..self.hosts.len()).filter(|&other| other != at);
            others.for_each(|other| self.lose(at, other));
        }
        let malformed = self.hosts[at].session.peering().malformed();
        assert_eq!(malformed, self.hosts[at].rubbish, "seat {at} refused a message");
    }

    /// An epoch begins on a computer. No program plays an epoch twice, and those who play in one
    /// began it alike.
    fn begin(&mut self, at: usize, ggrs: Box<P2PSession<DyadConfig>>, world: World) {
        let session = &self.hosts[at].session;
        let (epoch, start) = (session.peering().epoch(), (world.frame(), world.digest()));
        let last = self.hosts[at].last_epoch;
        assert!(last.is_none_or(|last| last < epoch), "seat {at}: epoch {epoch} after {last:?}");
        let others = (0..self.hosts.len()).filter(|&other| other != at);
        for other in others {
            if let Some(play) = self.hosts[other].play.as_ref()
                && play.epoch == epoch
                && play.members[at] == Some(self.hosts[at].run)
            {
                assert_eq!(play.start, start, "epoch {epoch} of seats {other} and {at}");
            }
        }
        let members = (0..self.hosts.len()).map(|other| self.run_behind(at, other)).collect();
        let base = world.frame();
        self.hosts[at].last_epoch = Some(epoch);
        self.hosts[at].play = Some(Play { epoch, start, world, base, members, ggrs });
    }

    /// The program at the other end of the current connection.
    fn run_behind(&self, at: usize, other: usize) -> Option<u32> {
        if at == other {
            return Some(self.hosts[at].run);
        }
        let pair = &self.pairs[&(at.min(other), at.max(other))];
        Some(pair.runs[usize::from(other > at)])
    }

    fn far(&self, connection: Connection) -> usize {
        usize::try_from(connection.0 % self.hosts.len() as u64).expect("a few players")
    }

    fn number(&self, at: usize, far: usize) -> Connection {
        let generation = self.pairs[&(at.min(far), at.max(far))].generation;
        Connection(generation * self.hosts.len() as u64 + far as u64)
    }

    fn connection(&self, at: usize, far: usize) -> Option<Connection> {
        let up = at != far && self.pairs[&(at.min(far), at.max(far))].up;
        up.then(|| self.number(at, far))
    }

    fn connect(&mut self, a: usize, b: usize) {
        let ends = (a.min(b), a.max(b));
        if a == b || self.pairs[&ends].up || self.has_ended(a) || self.has_ended(b) {
            return;
        }
        let runs = [self.hosts[ends.0].run, self.hosts[ends.1].run];
        let pair = self.pairs.get_mut(&ends).expect("there is a pair for any two");
        let generation = pair.generation + 1;
        *pair = Pair { generation, up: true, runs, wanted: self.now };
        for (end, far) in [(a, b), (b, a)] {
            self.opened.insert((end, far), false);
            let connection = self.number(end, far);
            self.hosts[end].session.connected(self.now, connection);
        }
    }

    /// A connection is gone, and so is what was under way on it.
    fn lose(&mut self, a: usize, b: usize) {
        let pair = self.pairs.get_mut(&(a.min(b), a.max(b))).expect("there is a pair for any two");
        pair.up = false;
        pair.wanted = self.now;
        self.queues.remove(&(a, b));
        self.queues.remove(&(b, a));
    }

    fn cut(&mut self, a: usize, b: usize, told: [bool; 2]) {
        for (end, far, told) in [(a, b, told[0]), (b, a, told[1])] {
            if let Some(connection) = self.connection(end, far).filter(|_| told) {
                self.hosts[end].session.disconnected(connection);
            }
        }
        if a != b {
            self.lose(a, b);
        }
    }

    /// Says whether anything was.
    fn deliver(&mut self, from: usize, to: usize, most: usize) -> bool {
        for delivered in 0..most {
            let Some(connection) = self.connection(to, from) else { return delivered > 0 };
            let Some((channel, bytes)) =
                self.queues.get_mut(&(from, to)).and_then(VecDeque::pop_front)
            else {
                return delivered > 0;
            };
            self.opened.insert((from, to), true);
            self.hosts[to].session.receive(self.now, connection, channel, &bytes);
        }
        true
    }

    fn deliver_all(&mut self) {
        // An answer to an answer, and so on; but nobody talks without end.
        for _ in 0..8 {
            let mut delivered = false;
            for from in 0..self.hosts.len() {
                for to in 0..self.hosts.len() {
                    delivered |= self.deliver(from, to, usize::MAX);
                }
            }
            for at in 0..self.hosts.len() {
                self.hosts[at].session.poll(self.now);
            }
            self.settle();
            if !delivered {
                break;
            }
        }
    }

    fn lose_first(&mut self, from: usize, to: usize) {
        if self.opened.get(&(from, to)) == Some(&false)
            && let Some(queue) = self.queues.get_mut(&(from, to))
            && queue.pop_front().is_some()
        {
            self.opened.insert((from, to), true);
        }
    }

    fn restart(&mut self, at: usize, lost: u8) {
        if self.has_ended(at) {
            return;
        }
        let host = &self.hosts[at];
        let at_risk = host.record.len() - host.on_disk;
        let lost = usize::from(lost) % (at_risk + 1);
        let disk = confirmed(&host.record[..host.record.len() - lost]).to_vec();
        let complete = host.killed_complete || host.is_complete(&self.game);
        (0..self.hosts.len()).filter(|&other| other != at).for_each(|other| self.lose(at, other));
        self.hosts[at] = Host { killed_complete: complete, ..self.start(at, &disk) };
    }

    /// A player's inputs for some frames are sent.
    fn play(&mut self, at: usize, frames: u32) {
        let host = &self.hosts[at];
        let Some(play) = &host.play else { return };
        let confirmed = host.session.next() - play.base;
        let sent = self.sent.entry((host.run, play.epoch)).or_default();
        *sent = (*sent + frames).min(confirmed + WINDOW).max(*sent);
    }

    /// Frames are confirmed for which everybody's input is there.
    fn confirm(&mut self, at: usize, frames: u32) {
        for _ in 0..frames {
            let host = &mut self.hosts[at];
            let Some(play) = &mut host.play else { return };
            let frame = host.session.next() - play.base;
            let sent = |run: &Option<u32>| run.and_then(|run| self.sent.get(&(run, play.epoch)));
            if !play.members.iter().all(|run| sent(run).is_some_and(|&sent| sent > frame)) {
                return;
            }
            let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
            for (slot, run) in inputs.iter_mut().zip(play.members.iter().flatten()) {
                *slot = input(*run, play.epoch, frame);
            }
            let inputs = &inputs[..play.members.len()];
            play.world.step(inputs);
            host.session.simulated(frame, inputs, play.world.digest());
            let confirmed = i32::try_from(frame).expect("a few frames");
            let ggrs = Some(&mut *play.ggrs);
            host.session.after_steps(self.now, ggrs, frame + 1, confirmed);
            self.drain(at);
        }
    }

    fn advance(&mut self, frames: u32) {
        self.deliver_all();
        (0..self.hosts.len()).for_each(|at| self.play(at, frames));
        (0..self.hosts.len()).for_each(|at| self.confirm(at, frames));
        self.deliver_all();
    }

    fn leave(&mut self, at: usize) {
        if !self.has_ended(at) {
            self.hosts[at].session.leave(self.now, LeaveReason::Quit);
        }
    }

    /// What no honest program sends is counted, and changes nothing else.
    fn rubbish(&mut self, at: usize, bytes: &[u8]) {
        self.settle();
        let from = (at + 1) % self.hosts.len();
        let Some(connection) = self.connection(at, from) else { return };
        let host = &mut self.hosts[at];
        host.rubbish += 1;
        host.session.receive(self.now, connection, Channel::Unreliable, bytes);
        let peering = |host: &Host| format!("{:?}", host.session.peering());
        let before = peering(host);
        // No message begins like this.
        let bytes = [&[0xff], bytes].concat();
        host.session.receive(self.now, connection, Channel::Reliable, &bytes);
        let count = |count: u64| format!("malformed: {count}");
        let counted = before.replace(&count(host.rubbish - 1), &count(host.rubbish));
        assert_ne!(before, counted, "the test compares something");
        assert_eq!(peering(host), counted);
        let session = &mut host.session;
        assert!(session.poll_event().is_none() && session.poll_item().is_none());
        assert!(session.poll_send().is_none());
    }

    /// The network is perfect and everybody is there, until all have ended.
    pub(super) fn heal(&mut self) {
        let healed = self.now;
        let step = Duration::from_millis(50);
        while !(0..self.hosts.len()).all(|at| self.has_ended(at)) {
            let gone = (0..self.hosts.len()).any(|at| self.has_ended(at));
            let limit = if gone { LIMIT * 2 + BOUND } else { BOUND };
            assert!(self.now < healed + limit, "no end: {:#?}", self.story());
            self.now += step;
            self.remake();
            self.advance(3);
        }
    }

    /// Makes what connections are missing, each some time after it was lost.
    fn remake(&mut self) {
        let due = |(ends, pair): (&(usize, usize), &Pair)| {
            let making = Duration::from_millis(600 + 400 * (pair.generation % 4));
            (!pair.up && self.now >= pair.wanted + making).then_some(*ends)
        };
        let due: Vec<_> = self.pairs.iter().filter_map(due).collect();
        due.into_iter().for_each(|(a, b)| self.connect(a, b));
    }

    fn has_ended(&self, at: usize) -> bool {
        self.ending(at).is_some()
    }

    pub(super) fn ending(&self, at: usize) -> Option<Ending> {
        match self.hosts[at].session.stage() {
            Stage::Ended(ending) => Some(ending),
            _ => None,
        }
    }

    /// Whether a seat's program was started again when the others could have what they need.
    pub(super) fn came_too_late(&self, at: usize) -> bool {
        self.hosts[at].killed_complete
    }

    pub(super) const fn now(&self) -> Duration {
        self.now
    }

    /// Where everybody stands.
    pub(super) fn story(&self) -> Vec<String> {
        let host = |host: &Host| {
            let peering = host.session.peering();
            format!(
                "{:?} {:?} {peering:?}",
                host.session.stage(),
                host.session.history().position()
            )
        };
        self.hosts.iter().map(host).collect()
    }

    /// At no position are there two different entries; who has completed has everything.
    pub(super) fn check_records(&self) {
        let records = self.hosts.iter().map(|host| confirmed(&host.record));
        let longest = records.max_by_key(|record| record.len());
        let longest = longest.expect("there are players");
        for (at, host) in self.hosts.iter().enumerate() {
            let record = confirmed(&host.record);
            assert_eq!(*record, longest[..record.len()], "seat {at}");
            let completed = self.ending(at) == Some(Ending::Completed);
            assert!(!completed || host.is_complete(&self.game), "seat {at} lacks an episode");
        }
    }
}

impl Host {
    /// Stands in for the recorder.
    fn keep(&mut self, entry: Entry, now: Duration) {
        if matches!(entry, Entry::Hold(_)) {
            self.record.truncate(confirmed(&self.record).len());
        }
        self.record.push(entry);
        match entry {
            Entry::Hold(hold) => {
                assert_eq!(hold.next, self.replica.frame());
                assert!(hold.epoch > self.held, "epoch {} began twice", hold.epoch);
                self.held = hold.epoch;
                self.replica.hold(hold.frames);
            }
            Entry::Frame(frame) => {
                assert_eq!(frame.frame, self.replica.frame());
                let outcome = self.replica.step(&frame.inputs);
                assert_eq!(self.replica.digest(), frame.digest, "frame {}", frame.frame);
                if outcome.is_some_and(|outcome| outcome.last) {
                    // Statements are about what is on disk.
                    self.on_disk = self.record.len();
                    self.session.seal(now, self.finished, self.replica.digest().0.to_vec());
                    self.finished += 1;
                }
            }
        }
    }

    fn is_complete(&self, game: &Game) -> bool {
        self.finished == game.settings().episodes
    }
}
