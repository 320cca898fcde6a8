//! One computer of a session: netplay's plugin and the client's recorder, without Bevy.
//!
//! The order of things within an update is that of the plugin: take what has arrived, start the
//! session when the barrier is passed, try the steps that are due, then take what is final, send
//! the step's datagrams, and send on the reliable channel.

use crate::engine::Engine;
use crate::network::{Channel, Outgoing};
use crate::pace::Pace;
use crate::record::Record;
use crate::scenario::{Fault, Scenario};
use crate::script::Script;
use dyad_gridworld::{Action, ConfirmedFrame, PlayerInput, RULES_VERSION};
use dyad_protocol::Seat;
use dyad_rollback::peering::{
    Connection, Event, Hello, LeaveReason, Mismatch, Peering, WIRE_VERSION,
};
use dyad_rollback::{DyadConfig, Exchange, SeatSocket, SessionParameters};
use ggrs::{GgrsEvent, P2PSession, SessionState};
use std::collections::VecDeque;
use std::time::Duration;

/// The epoch of all sessions; a resumed one will have the next.
const EPOCH: u16 = 0;

/// How often a peer says what it has on disk.
const COMMITTED_EVERY: Duration = Duration::from_millis(250);

/// Where a peer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The barrier is not passed.
    Greeting,
    /// ggrs measures the round trip before the first frame.
    Synchronizing,
    /// Frames are simulated.
    Playing,
    /// Every episode was played, recorded and stated by everybody.
    Completed,
    /// A partner's program or settings do not fit.
    Refused(Mismatch),
    /// A partner has left.
    Left(Seat, LeaveReason),
}

impl Stage {
    /// Whether the session is over for this peer.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Completed | Self::Refused(_) | Self::Left(..))
    }
}

/// What a peer has gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Steps that were tried.
    pub attempts: u64,
    /// Steps that stalled at the prediction window.
    pub stalls: u64,
    /// Desyncs that ggrs reported.
    pub desyncs: u64,
    /// Times that ggrs heard nothing for a second.
    pub interruptions: u64,
}

/// One computer of a session. Seats number the connections: no connection is ever replaced.
pub struct Peer {
    parameters: SessionParameters,
    peering: Peering,
    socket: SeatSocket,
    session: Option<P2PSession<DyadConfig>>,
    engine: Engine,
    pace: Pace,
    script: Script,
    record: Record,
    /// Inputs that are changed on their way to the record: whose, and in which frame.
    changed: Vec<(Seat, u32)>,
    stage: Stage,
    step: Step,
    next_committed: Duration,
    confirmed: Vec<ConfirmedFrame>,
    tally: Tally,
    outbox: VecDeque<Outgoing>,
}

/// What one update has to remember of the last.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// The input that was given for a frame; a stalled frame keeps it.
    offered: Option<(u32, PlayerInput)>,
    /// Whether a step was tried in this update.
    attempted: bool,
    /// The frame that the last update ended at.
    frame: u32,
    /// ggrs's confirmed frame when it last had requests.
    confirmed: i32,
}

impl Peer {
    /// A peer that knows its partners' addresses and has not said a word.
    ///
    /// # Panics
    /// If the scenario's parameters are out of range.
    #[must_use]
    pub fn new(scenario: &Scenario, seat: Seat, script: Script, now: Duration) -> Self {
        let parameters = scenario.parameters(seat);
        let missteps = scenario.faults.iter().filter_map(|fault| match *fault {
            Fault::Misstep { seat: whose, frame } if whose == seat => Some(frame),
            _ => None,
        });
        let changed = scenario.faults.iter().filter_map(|fault| match *fault {
            Fault::ChangedInput { seat: whose, of, frame } if whose == seat => Some((of, frame)),
            _ => None,
        });
        Self {
            parameters,
            peering: peering(scenario, parameters, now),
            socket: SeatSocket::new(Exchange::new(parameters, EPOCH)),
            session: None,
            engine: Engine::new(&scenario.game, missteps.collect()),
            pace: Pace::new(parameters.steps_per_second),
            script,
            record: Record::new(scenario, seat),
            changed: changed.collect(),
            stage: Stage::Greeting,
            step: Step { offered: None, attempted: false, frame: 0, confirmed: -1 },
            next_committed: now,
            confirmed: Vec::new(),
            tally: Tally::default(),
            outbox: VecDeque::new(),
        }
    }

    /// Takes what has come from a seat.
    pub fn receive(&mut self, now: Duration, from: Seat, channel: Channel, bytes: &[u8]) {
        match channel {
            Channel::Reliable => self.peering.receive(now, connection(from), bytes),
            Channel::Unreliable => {
                if let Some(seat) = self.peering.seat(connection(from)) {
                    self.peering.heard(now, seat);
                    self.socket.lock().accept(seat, bytes);
                }
            }
        }
    }

    /// One display frame, after everything that has arrived was given to [`Self::receive`].
    /// `passed` is the time since the last one, `ahead` whether this peer is ahead of another.
    /// Drain [`Self::poll_send`] afterwards.
    pub fn update(&mut self, now: Duration, passed: Duration, ahead: bool) {
        if self.stage.is_over() {
            return;
        }
        instant::set(now);
        self.peering.poll(now);
        while let Some(event) = self.peering.poll_event() {
            self.handle(event);
        }
        if !self.stage.is_over() {
            self.try_steps(passed, ahead);
            self.commit(now);
            self.send_datagrams();
            self.peering.poll(now);
        }
        self.send_reliable();
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Ready => {
                let session = self.parameters.start(self.socket.clone());
                self.session = Some(session.expect("a scenario's parameters are within range"));
                self.stage = Stage::Synchronizing;
            }
            Event::Refused(mismatch) => self.stage = Stage::Refused(mismatch),
            Event::Left { seat, reason } => self.stage = Stage::Left(seat, reason),
            Event::Closed => {
                self.record.end();
                self.stage = Stage::Completed;
            }
            Event::Sealed { statement, .. } => self.record.statement(&statement),
            Event::Committed { statement, .. } => self.record.committed_by(&statement),
        }
    }

    fn try_steps(&mut self, passed: Duration, ahead: bool) {
        self.pace.pass(passed);
        let Some(mut session) = self.session.take() else {
            while self.pace.take_step() {
                self.pace.idle();
            }
            return;
        };
        session.poll_remote_clients();
        while self.pace.take_step() {
            self.pace.set_ahead(ahead);
            self.try_step(&mut session);
        }
        self.read_session(&mut session);
        self.session = Some(session);
    }

    fn try_step(&mut self, session: &mut P2PSession<DyadConfig>) {
        if session.current_state() != SessionState::Running {
            return;
        }
        let input = self.offer_input();
        let player = self.parameters.seat.index();
        session.add_local_input(player, input).expect("the seat is the session's local player");
        let requests = session.advance_frame().expect("the session runs and has its input");
        for request in requests {
            self.engine.fulfil(request);
        }
        self.step.confirmed = session.confirmed_frame();
    }

    /// The input for the next frame, the same one as long as that frame stalls.
    fn offer_input(&mut self) -> PlayerInput {
        self.step.attempted = true;
        let SessionParameters { seat, input_delay, .. } = self.parameters;
        let world = self.engine.world();
        let frame = world.frame();
        if let Some((offered_for, input)) = self.step.offered
            && offered_for == frame
        {
            return input;
        }
        let input = self.script.input(world, seat, frame);
        self.step.offered = Some((frame, input));
        self.record.issued(frame + u32::from(input_delay), input);
        input
    }

    fn read_session(&mut self, session: &mut P2PSession<DyadConfig>) {
        for event in session.events() {
            match event {
                GgrsEvent::DesyncDetected { .. } => self.tally.desyncs += 1,
                GgrsEvent::NetworkInterrupted { .. } => self.tally.interruptions += 1,
                _ => {}
            }
        }
        if self.stage == Stage::Synchronizing && session.current_state() == SessionState::Running {
            self.stage = Stage::Playing;
        }
    }

    fn commit(&mut self, now: Duration) {
        for mut frame in self.engine.commit(self.step.confirmed) {
            self.confirmed.push(frame);
            self.change(&mut frame);
            self.record.confirmed(&frame);
        }
        while let Some(statement) = self.record.take_statement() {
            self.peering.seal(now, statement.episode, statement.encode());
        }
        if now >= self.next_committed
            && let Some(committed) = self.record.committed()
        {
            self.next_committed = now + COMMITTED_EVERY;
            self.peering.committed(now, &committed.encode());
        }
    }

    /// Applies [`Fault::ChangedInput`].
    fn change(&self, frame: &mut ConfirmedFrame) {
        for &(of, _) in self.changed.iter().filter(|(_, number)| *number == frame.frame) {
            let input = &mut frame.inputs[of.index()];
            let other = if input.action() == Action::Up { Action::Down } else { Action::Up };
            *input = PlayerInput::new(other).with_focus(input.focused());
        }
    }

    fn send_datagrams(&mut self) {
        let frame = self.engine.world().frame();
        let attempted = std::mem::take(&mut self.step.attempted);
        let moved = frame != std::mem::replace(&mut self.step.frame, frame);
        let stalled = attempted && !moved;
        self.tally.attempts += u64::from(attempted);
        self.tally.stalls += u64::from(stalled);
        let mut exchange = self.socket.lock();
        exchange.at_frame(i32::try_from(frame).unwrap_or(i32::MAX));
        if attempted || self.stage == Stage::Synchronizing {
            let datagrams = exchange.flush(stalled).into_iter();
            let outgoing = |(to, bytes)| Outgoing { to, channel: Channel::Unreliable, bytes };
            self.outbox.extend(datagrams.map(outgoing));
        }
    }

    fn send_reliable(&mut self) {
        while let Some((Connection(to), bytes)) = self.peering.poll_send() {
            let to = Seat(u8::try_from(to).expect("seats number the connections"));
            self.outbox.push_back(Outgoing { to, channel: Channel::Reliable, bytes });
        }
    }

    /// The next thing to send.
    pub fn poll_send(&mut self) -> Option<Outgoing> {
        self.outbox.pop_front()
    }

    /// Where it stands.
    #[must_use]
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Frames that were simulated, predictions included.
    #[must_use]
    pub const fn frame(&self) -> u32 {
        self.engine.world().frame()
    }

    /// What it has gone through.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// Commits and rollbacks.
    #[must_use]
    pub const fn journal(&self) -> dyad_rollback::journal::Totals {
        self.engine.journal().totals()
    }

    /// Datagrams, and why some were refused.
    #[must_use]
    pub fn exchange(&self) -> dyad_rollback::exchange::Counts {
        self.socket.lock().counts()
    }

    /// Reliable messages that no honest peer sends.
    #[must_use]
    pub const fn malformed(&self) -> u64 {
        self.peering.malformed()
    }

    /// The frames that became final, as the journal gave them.
    #[must_use]
    pub fn confirmed(&self) -> &[ConfirmedFrame] {
        &self.confirmed
    }

    /// Its record.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }
}

fn connection(seat: Seat) -> Connection {
    Connection(u64::from(seat.0))
}

/// The reliable channel of a session, with a connection to every other seat.
fn peering(scenario: &Scenario, parameters: SessionParameters, now: Duration) -> Peering {
    let session = scenario.session();
    let hello = Hello {
        wire: WIRE_VERSION,
        program: session.program,
        rules: RULES_VERSION,
        game: scenario.game.digest(),
        session: session.id,
        epoch: EPOCH,
        netcode: (parameters.input_delay, parameters.prediction_window),
        seat: parameters.seat,
        heard: 0,
        ready: false,
    };
    let episodes = scenario.game.settings().episodes;
    let mut peering = Peering::new(hello, parameters.players, episodes, now);
    for other in Seat::all(parameters.players).filter(|&other| other != parameters.seat) {
        peering.connected(now, connection(other));
    }
    peering
}
