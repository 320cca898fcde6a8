//! One computer of a session: a shell over [`dyad_rollback::Session`], as netplay is one in Bevy.
//!
//! The order of things within an update is that of netplay's plugin: take what has arrived, start
//! or drop ggrs sessions, try the steps that are due, then take what is final and send.

use crate::books::Disk;
use crate::engine::Engine;
use crate::network::Channel;
use crate::pace::Pace;
use crate::record::Record;
use crate::scenario::{Fault, Scenario};
use crate::script::Script;
use dyad_gridworld::{Action, ConfirmedFrame, Entry, PlayerInput};
use dyad_protocol::Seat;
use dyad_rollback::peering::{self, Connection, LeaveReason, Statement};
pub use dyad_rollback::session::{Ending, Stage};
use dyad_rollback::session::{Event, Item, Statistics};
use dyad_rollback::{DyadConfig, History, Session};
use ggrs::{P2PSession, SessionState};
use std::sync::Arc;
use std::time::Duration;

/// How often a peer writes to its disk and says so.
const SYNC_EVERY: Duration = Duration::from_millis(250);

/// One computer of a session.
pub struct Peer {
    seat: Seat,
    session: Session,
    ggrs: Option<P2PSession<DyadConfig>>,
    /// ggrs's confirmed frame when it last had requests.
    confirmed: i32,
    engine: Engine,
    pace: Pace,
    script: Script,
    record: Record,
    /// Inputs that are changed on their way to the files: whose, and in which frame.
    changed: Vec<(Seat, u32)>,
    wants_connections: bool,
    next_sync: Duration,
}

impl Peer {
    /// A peer that goes on from what is on its disk, at first nothing, and has not said a word.
    ///
    /// # Panics
    /// If the scenario's parameters are out of range.
    #[must_use]
    pub fn new(scenario: &Scenario, seat: Seat, script: Script, disk: Disk, now: Duration) -> Self {
        let missteps = scenario.faults.iter().filter_map(|fault| match *fault {
            Fault::Misstep { seat: whose, frame } if whose == seat => Some(frame),
            _ => None,
        });
        let changed = scenario.faults.iter().filter_map(|fault| match *fault {
            Fault::ChangedInput { seat: whose, of, frame } if whose == seat => Some((of, frame)),
            _ => None,
        });
        let settings = scenario.settings(seat);
        let record = Record::found(scenario, seat, disk);
        let history = History::of(Arc::clone(&scenario.game), record.entries());
        let mut peer = Self {
            seat,
            pace: Pace::new(settings.parameters.steps_per_second),
            session: Session::new(settings, history, now).expect("a scenario is within range"),
            ggrs: None,
            confirmed: -1,
            engine: Engine::new(&scenario.game, missteps.collect()),
            script,
            record,
            changed: changed.collect(),
            wants_connections: false,
            next_sync: now,
        };
        peer.seal(now);
        peer
    }

    /// There is a new connection.
    pub fn connected(&mut self, now: Duration, connection: Connection) {
        self.session.connected(now, connection);
    }

    /// A connection is gone.
    pub fn disconnected(&mut self, connection: Connection) {
        self.session.disconnected(connection);
    }

    /// Takes a message.
    pub fn receive(
        &mut self,
        now: Duration,
        connection: Connection,
        channel: Channel,
        bytes: &[u8],
    ) {
        self.session.receive(now, connection, channel, bytes);
    }

    /// One display frame, after everything that has arrived was given to the functions above.
    /// `passed` is the time since the last one, `ahead` whether this peer is ahead of another.
    /// Ask [`Self::take_reconnect`] and drain [`Self::poll_send`] afterwards.
    pub fn update(&mut self, now: Duration, passed: Duration, ahead: bool) {
        if self.has_ended() {
            return;
        }
        instant::set(now);
        self.session.poll(now);
        self.handle_events();
        self.try_steps(passed, ahead);
        let frame = self.engine.frame();
        self.session.after_steps(now, self.ggrs.as_mut(), frame, self.confirmed);
        self.handle_items();
        self.seal(now);
        if now >= self.next_sync {
            self.next_sync = now + SYNC_EVERY;
            let statement = self.record.sync();
            self.session.committed(now, &statement);
        }
        if self.has_ended() {
            self.record.end();
        }
    }

    fn handle_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Start { session, world } => {
                    self.ggrs = Some(*session);
                    self.confirmed = -1;
                    self.engine.start(*world);
                }
                Event::Stop => self.ggrs = None,
                Event::Reconnect => self.wants_connections = true,
                Event::Stated(Statement::Sealed { seat, episode, bytes }) => {
                    self.record.statement(seat, episode, &bytes);
                }
                Event::Stated(Statement::Committed { seat, bytes }) => {
                    self.record.committed_by(seat, &bytes);
                }
            }
        }
        self.handle_items();
    }

    fn handle_items(&mut self) {
        while let Some(item) = self.session.poll_item() {
            match item {
                Item::Issued(frame, input) => self.record.issued(frame, input),
                Item::Supplied(Entry::Frame(frame)) => self.record.supplied(&frame),
                Item::Final(Entry::Frame(frame)) => {
                    let filed = self.change(frame);
                    self.record.frame(&frame, &filed);
                }
                Item::Final(Entry::Hold(hold)) | Item::Supplied(Entry::Hold(hold)) => {
                    self.record.hold(&hold);
                }
            }
        }
    }

    fn seal(&mut self, now: Duration) {
        while let Some((episode, statement)) = self.record.take_statement() {
            self.session.seal(now, episode, statement);
        }
    }

    fn try_steps(&mut self, passed: Duration, ahead: bool) {
        self.pace.pass(passed);
        let Some(mut ggrs) = self.ggrs.take() else {
            while self.pace.take_step() {
                self.pace.idle();
            }
            return;
        };
        // A step polls by itself.
        if ggrs.current_state() != SessionState::Running || !self.pace.is_due() {
            ggrs.poll_remote_clients();
        }
        while self.pace.take_step() {
            self.pace.set_ahead(ahead);
            self.try_step(&mut ggrs);
        }
        self.ggrs = Some(ggrs);
    }

    fn try_step(&mut self, ggrs: &mut P2PSession<DyadConfig>) {
        if ggrs.current_state() != SessionState::Running {
            return;
        }
        let (world, script) = (self.engine.world(), &mut self.script);
        let read = |seat| script.input(world, seat, world.frame());
        let input = self.session.offer(self.engine.frame(), read);
        let player = self.seat.index();
        ggrs.add_local_input(player, input).expect("the seat is the session's local player");
        let requests = ggrs.advance_frame().expect("the session runs and has its input");
        for request in requests {
            self.engine.fulfil(request, &mut self.session);
        }
        self.confirmed = ggrs.confirmed_frame();
    }

    /// Applies [`Fault::ChangedInput`].
    fn change(&self, mut frame: ConfirmedFrame) -> ConfirmedFrame {
        for &(of, _) in self.changed.iter().filter(|(_, number)| *number == frame.frame) {
            let input = &mut frame.inputs[of.index()];
            let other = if input.action() == Action::Up { Action::Down } else { Action::Up };
            *input = PlayerInput::new(other).with_focus(input.focused());
        }
        frame
    }

    /// The person leaves.
    pub fn leave(&mut self, now: Duration, reason: LeaveReason) {
        self.session.leave(now, reason);
        self.handle_events();
        self.record.end();
    }

    /// Whether all connections are to be made anew, once each time.
    pub const fn take_reconnect(&mut self) -> bool {
        std::mem::replace(&mut self.wants_connections, false)
    }

    /// The next thing to send.
    pub fn poll_send(&mut self) -> Option<(Connection, Channel, Vec<u8>)> {
        self.session.poll_send()
    }

    /// How long until a step is due, if steps are taken.
    #[must_use]
    pub fn until_step(&self) -> Option<Duration> {
        self.ggrs.as_ref().map(|_| self.pace.until_step())
    }

    /// Where it stands.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.session.stage()
    }

    /// What a story about it would mention: where it stands, in which epoch, and at which barrier.
    #[must_use]
    pub fn standing(&self) -> (Stage, u16, peering::Stage) {
        let peering = self.session.peering();
        (self.stage(), peering.epoch(), peering.stage())
    }

    /// The same, for a person.
    #[must_use]
    pub fn in_words(&self) -> String {
        let (stage, epoch, peering) = self.standing();
        let (seat, position) = (self.seat, self.session.history().position());
        format!("seat {seat}: {stage:?}, {peering:?}, epoch {epoch}, {position:?}")
    }

    /// Whether the session is over for it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.stage(), Stage::Ended(_))
    }

    /// Frames of the session that are simulated, predictions included.
    #[must_use]
    pub const fn frame(&self) -> u32 {
        self.engine.world().frame()
    }

    /// The session's counters.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.session.statistics()
    }

    /// Its record.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// The program was killed, and will not be started again: this is what is left.
    pub fn keep(&mut self, scenario: &Scenario, disk: Disk) {
        self.record.keep(scenario, disk);
    }
}
