//! A session between peers: everything that netplay does but carry messages and simulate.
//!
//! It joins the parts of this crate. The barrier of [`Peering`] begins an epoch; each epoch has a
//! ggrs session, an [`Exchange`] and a stretch of the [`Journal`] of its own; what is confirmed in it
//! goes to the [`History`] and out as [`Item`]s, in order, each once, whatever happens in between.
//!
//! After an interruption the next epoch goes on from the highest position that any peer has
//! confirmed. Who has less asks one who has it, and simulates it (`catch_up.rs`); what was only
//! predicted is discarded everywhere. Then the world is held for a countdown, and frame numbers go
//! on.
//!
//! A shell, once a display frame:
//!
//! 1. says what has come and gone: [`Session::connected`], [`Session::receive`], ..., then
//!    [`Session::poll`];
//! 2. drains [`Session::poll_event`]: it starts the ggrs session of an [`Event::Start`], drops it at
//!    [`Event::Stop`];
//! 3. tries the steps that are due, with inputs from [`Session::offer`], and calls
//!    [`Session::simulated`] last in every `AdvanceFrame`, first time or again;
//! 4. calls [`Session::after_steps`] when all requests have run, and drains
//!    [`Session::poll_item`] and [`Session::poll_send`].

mod catch_up;
mod types;

pub use types::{Channel, Ending, Event, Item, NotResumed, Settings, Stage, Statistics};

use crate::exchange::{self, Exchange, SeatSocket};
use crate::history::{History, Position};
use crate::journal::Journal;
use crate::peering::{self, Connection, Hello, LeaveReason, Peering, WIRE_VERSION};
use crate::quality::{Probe, Prober, Quality};
use crate::{DyadConfig, SessionParameters};
use catch_up::{CatchUp, Progress};
use dyad_gridworld::{Digest, Entry, PlayerInput, RULES_VERSION};
use dyad_protocol::{Seat, Seats};
use ggrs::{GgrsEvent, P2PSession, SessionState};
use std::collections::VecDeque;
use std::time::Duration;

/// A session between peers.
pub struct Session {
    settings: Settings,
    peering: Peering,
    probers: Vec<(Seat, Prober)>,
    history: History,
    journal: Journal,
    /// Datagrams of the running epoch.
    socket: SeatSocket,
    /// The frame that ggrs calls 0.
    base: u32,
    epoch: Epoch,
    offered: Option<(u32, PlayerInput)>,
    attempted: bool,
    /// Frames of the running epoch that are simulated.
    frame: u32,
    /// Counters of earlier epochs' exchanges.
    past: exchange::Counts,
    statistics: Statistics,
    items: VecDeque<Item>,
    events: VecDeque<Event>,
    outbox: VecDeque<(Connection, Channel, Vec<u8>)>,
    ending: Option<Ending>,
}

/// What the current epoch has come to.
#[derive(Debug)]
enum Epoch {
    /// The barrier is not passed.
    Awaited,
    /// What others have confirmed is missing here.
    Behind(Box<CatchUp>),
    /// Its ggrs session measures the round trip before the first frame.
    Synchronizing,
    /// Frames are simulated.
    Playing,
}

impl Session {
    /// A session that goes on from a history, which for a new one is empty. `now` is the duration
    /// since any fixed moment.
    ///
    /// # Errors
    /// [`crate::config::SessionError`] if the parameters are out of range.
    pub fn new(
        settings: Settings,
        history: History,
        now: Duration,
    ) -> Result<Self, crate::config::SessionError> {
        let parameters = settings.parameters;
        parameters.check()?;
        let position = history.position();
        // A program that was started anew cannot play in the epoch that the one before it left.
        let is_new = position == Position::default();
        let epoch = if is_new { 0 } else { position.epoch.saturating_add(1) };
        let hello = Hello {
            wire: WIRE_VERSION,
            program: settings.program.clone(),
            rules: RULES_VERSION,
            game: settings.game.digest(),
            session: settings.session.clone(),
            netcode: (parameters.input_delay, parameters.prediction_window),
            hold: settings.hold,
            epoch,
            position,
            state: history.digest(),
            seat: parameters.seat,
            heard: Seats::default(),
            ready: false,
        };
        let others = parameters.others();
        let probers = others.iter().map(|seat| (seat, Prober::new(now))).collect();
        let planned = settings.game.settings().episodes;
        let peering = Peering::new(hello, others, planned, settings.patience, now);
        let mut session = Self {
            peering,
            probers,
            history,
            journal: Journal::default(),
            socket: SeatSocket::new(Exchange::new(parameters, epoch)),
            settings,
            base: 0,
            epoch: Epoch::Awaited,
            offered: None,
            attempted: false,
            frame: 0,
            past: exchange::Counts::default(),
            statistics: Statistics::default(),
            items: VecDeque::new(),
            events: VecDeque::new(),
            outbox: VecDeque::new(),
            ending: None,
        };
        session.note_position();
        Ok(session)
    }

    /// What the session is about.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The reliable channel.
    #[must_use]
    pub const fn peering(&self) -> &Peering {
        &self.peering
    }

    /// What is confirmed.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Whether an epoch's ggrs session exists.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        matches!(self.epoch, Epoch::Synchronizing | Epoch::Playing)
    }

    /// Where the session stands.
    #[must_use]
    pub fn stage(&self) -> Stage {
        let connected = || {
            let mut others = self.settings.parameters.others().iter();
            others.all(|seat| self.peering.connection(seat).is_some())
        };
        match (&self.ending, &self.epoch) {
            (Some(ending), _) => Stage::Ended(ending.clone()),
            (None, Epoch::Playing) => Stage::Playing,
            (None, _) if self.peering.epoch() > 0 => Stage::Interrupted,
            (None, Epoch::Synchronizing | Epoch::Behind(_)) => Stage::Synchronizing,
            (None, Epoch::Awaited) if connected() => Stage::Greeting,
            (None, Epoch::Awaited) => Stage::Connecting,
        }
    }

    /// Counters.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics {
            journal: self.journal.totals(),
            simulated: self.journal.simulated(),
            exchange: self.past + self.socket.lock().counts(),
            malformed: self.peering.malformed(),
            interruptions: self.peering.interruptions(),
            ..self.statistics
        }
    }

    /// A connection has been made.
    pub fn connected(&mut self, now: Duration, connection: Connection) {
        self.peering.connected(now, connection);
    }

    /// A connection is gone.
    pub fn disconnected(&mut self, connection: Connection) {
        self.peering.disconnected(connection);
    }

    /// Takes what has come. Whatever cannot be understood is counted and dropped.
    pub fn receive(
        &mut self,
        now: Duration,
        connection: Connection,
        channel: Channel,
        bytes: &[u8],
    ) {
        match channel {
            Channel::Reliable => self.peering.receive(now, connection, bytes),
            Channel::Unreliable => {
                if let Some(seat) = self.peering.seat(connection) {
                    self.peering.heard(now, seat);
                    self.datagram(now, seat, connection, bytes);
                }
            }
        }
    }

    fn datagram(&mut self, now: Duration, seat: Seat, connection: Connection, bytes: &[u8]) {
        match Probe::read(bytes) {
            Some(Probe::Question(number)) => {
                let answer = Probe::Answer(number).datagram();
                self.outbox.push_back((connection, Channel::Unreliable, answer));
            }
            Some(Probe::Answer(number)) => {
                let mut probers = self.probers.iter_mut();
                if let Some((_, prober)) = probers.find(|(of, _)| *of == seat) {
                    prober.answered(now, number);
                    self.peering.round_trip(self.quality().rtt);
                }
            }
            None => self.socket.lock().accept(seat, bytes),
        }
    }

    /// Questions are asked while an epoch runs: what comes before it on a fresh channel could
    /// spoil it.
    fn probe(&mut self, now: Duration) {
        for (seat, prober) in &mut self.probers {
            if let Some(connection) = self.peering.connection(*seat)
                && let Some(question) = prober.poll(now)
            {
                self.outbox.push_back((connection, Channel::Unreliable, question.datagram()));
            }
        }
    }

    /// How good the worst of the connections is.
    #[must_use]
    pub fn quality(&self) -> Quality {
        let all = self.probers.iter().map(|(_, prober)| prober.quality());
        all.max_by_key(|quality| quality.rtt).unwrap_or_default()
    }

    /// Moves on where something has come or time has passed.
    pub fn poll(&mut self, now: Duration) {
        if self.ending.is_some() {
            return;
        }
        self.peering.poll(now);
        self.follow_epoch();
        while let Some(event) = self.peering.poll_event() {
            self.handle(now, event);
        }
        if let Epoch::Behind(catch_up) = &mut self.epoch
            && let Some((donor, from)) = catch_up.poll_ask(now)
        {
            self.peering.ask(now, donor, from);
        }
        self.gather_reliable();
    }

    /// A peer may begin an epoch a little earlier than this side: from the moment on that it is
    /// named, its datagrams are taken.
    fn follow_epoch(&mut self) {
        let epoch = self.peering.epoch();
        if self.socket.lock().epoch() == epoch {
            return;
        }
        self.past = self.past + self.socket.lock().counts();
        self.socket = SeatSocket::new(Exchange::new(self.settings.parameters, epoch));
    }

    fn handle(&mut self, now: Duration, event: peering::Event) {
        use peering::Event as Said;
        match event {
            Said::Ready => self.ready(now),
            Said::Interrupted => self.stop(),
            Said::Reconnect => self.events.push_back(Event::Reconnect),
            Said::GaveUp if self.peering.epoch() == 0 => self.end(Ending::NotConnected),
            Said::GaveUp => self.end(Ending::PartnerLost),
            Said::Refused(mismatch) => self.end(Ending::Refused(mismatch)),
            Said::Left { seat, reason } => self.end(Ending::PartnerLeft { seat, reason }),
            Said::Closed => self.end(Ending::Completed),
            Said::Stated(statement) => self.events.push_back(Event::Stated(statement)),
            Said::Ask { seat, from } => {
                let entries = catch_up::supply(&self.history, from, self.settings.game.players());
                self.peering.supply(now, seat, from, entries);
            }
            Said::Supply { seat, from, entries } => self.supplied(now, seat, from, &entries),
        }
    }

    fn end(&mut self, ending: Ending) {
        if self.ending.is_none() {
            self.epoch = Epoch::Awaited;
            self.events.push_back(Event::Stop);
            self.ending = Some(ending);
        }
    }

    fn stop(&mut self) {
        self.epoch = Epoch::Awaited;
        self.events.push_back(Event::Stop);
    }

    fn ready(&mut self, now: Duration) {
        let ours = (self.history.position(), self.history.digest());
        match catch_up::compare(ours, self.peering.positions()) {
            Progress::Level => self.start(),
            Progress::Behind { donor, position, state } => {
                let catch_up = CatchUp::new(&self.history, donor, position, state);
                self.epoch = Epoch::Behind(Box::new(catch_up));
            }
            Progress::Failed(reason) => self.give_up(now, reason),
        }
    }

    fn supplied(
        &mut self,
        now: Duration,
        seat: Seat,
        from: Position,
        entries: &[peering::Supplied],
    ) {
        let players = self.settings.game.players();
        let Epoch::Behind(catch_up) = &mut self.epoch else { return };
        match catch_up.take(seat, from, entries, players) {
            Ok(None) => {}
            Ok(Some((history, entries))) => {
                let frames = entries.iter().filter(|entry| matches!(entry, Entry::Frame(_)));
                self.statistics.supplied += frames.count() as u64;
                self.history = history;
                self.items.extend(entries.into_iter().map(Item::Supplied));
                self.start();
            }
            Err(reason) => self.give_up(now, reason),
        }
    }

    fn give_up(&mut self, now: Duration, reason: NotResumed) {
        self.peering.leave(now, LeaveReason::Failure);
        self.end(Ending::NotResumed(reason));
    }

    /// Begins the epoch: everybody has what anybody has.
    fn start(&mut self) {
        let epoch = self.peering.epoch();
        if epoch > 0 {
            let hold = self.history.hold(self.settings.hold, epoch);
            self.items.push_back(Item::Final(Entry::Hold(hold)));
        }
        self.note_position();
        let parameters = self.settings.parameters;
        self.base = self.history.position().next;
        self.journal.resume(self.base);
        self.offered = None;
        self.frame = 0;
        // The first frames' inputs are blank by construction.
        let blank = (0..u32::from(parameters.input_delay)).map(|frame| self.base + frame);
        self.items.extend(blank.map(|frame| Item::Issued(frame, PlayerInput::default())));
        self.epoch = Epoch::Synchronizing;
        let session = parameters
            .start(self.socket.clone())
            .expect("the parameters were checked when the session was made");
        let world = Box::new(self.history.world().clone());
        self.events.push_back(Event::Start { session: Box::new(session), world });
    }

    fn note_position(&mut self) {
        self.peering.confirmed(self.history.position(), self.history.digest());
        let world = self.history.world();
        if world.end().is_some() {
            self.peering.over(world.episodes_over());
        }
    }

    /// The local player's input for a step that is about to be tried at `frame`, as ggrs numbers
    /// it. `read` is asked once a frame, so a frame that stalls keeps the input it was given first.
    pub fn offer(&mut self, frame: u32, read: impl FnOnce(Seat) -> PlayerInput) -> PlayerInput {
        self.attempted = true;
        if let Some((offered_for, input)) = self.offered
            && offered_for == frame
        {
            return input;
        }
        let SessionParameters { seat, input_delay, .. } = self.settings.parameters;
        let input = read(seat);
        self.offered = Some((frame, input));
        self.items.push_back(Item::Issued(self.base + frame + u32::from(input_delay), input));
        input
    }

    /// Notes a simulated frame as ggrs numbers it, first time or again, with the inputs of all seats,
    /// those of programs included. Returns the frame's number in the session, and whether it was the
    /// first time.
    pub fn simulated(&mut self, frame: u32, inputs: &[PlayerInput], digest: Digest) -> (u32, bool) {
        let frame = self.base + frame;
        let first = frame == self.journal.simulated();
        self.journal.record(frame, inputs, digest);
        (frame, first)
    }

    /// Frames simulated again in the current step, before [`Self::after_steps`].
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.journal.depth()
    }

    /// The first frame of the session that is not confirmed.
    #[must_use]
    pub const fn next(&self) -> u32 {
        self.history.position().next
    }

    /// What follows the steps of a display frame, when all their requests have run: what is final
    /// becomes [`Item`]s, and the step's datagrams are made. `session` is the epoch's, if it
    /// runs; `frame` is how many of its frames are simulated, and `confirmed` the last confirmed
    /// one, -1 for none. Returns whether a step was tried and stalled.
    pub fn after_steps(
        &mut self,
        now: Duration,
        session: Option<&mut P2PSession<DyadConfig>>,
        frame: u32,
        confirmed: i32,
    ) -> bool {
        let attempted = std::mem::take(&mut self.attempted);
        let mut stalled = false;
        if self.is_running()
            && let Some(session) = session
        {
            let moved = frame != std::mem::replace(&mut self.frame, frame);
            stalled = attempted && !moved;
            self.statistics.attempts += u64::from(attempted);
            self.statistics.stalls += u64::from(stalled);
            self.socket.lock().at_frame(i32::try_from(frame).unwrap_or(i32::MAX));
            self.read(session);
            self.commit(confirmed);
            if attempted || matches!(self.epoch, Epoch::Synchronizing) {
                self.flush(attempted);
            }
            self.probe(now);
        }
        self.poll(now);
        stalled
    }

    fn read(&mut self, session: &mut P2PSession<DyadConfig>) {
        for event in session.events() {
            if let GgrsEvent::DesyncDetected { frame, .. } = event {
                self.statistics.desyncs += 1;
                let frame = self.base + u32::try_from(frame).unwrap_or_default();
                self.statistics.desynced_at.get_or_insert(frame);
            }
        }
        if session.current_state() == SessionState::Running {
            self.epoch = Epoch::Playing;
        }
    }

    fn commit(&mut self, confirmed: i32) {
        let base = i32::try_from(self.base).unwrap_or(i32::MAX);
        let confirmed = if confirmed < 0 { -1 } else { base.saturating_add(confirmed) };
        for frame in self.journal.commit(confirmed) {
            self.history.push(&frame);
            self.items.push_back(Item::Final(Entry::Frame(frame)));
        }
        self.note_position();
    }

    /// Datagrams go out once a step, and before the first one whenever ggrs has something to say.
    fn flush(&mut self, tried: bool) {
        let datagrams = self.socket.lock().flush(tried);
        for (seat, datagram) in datagrams {
            if let Some(connection) = self.peering.connection(seat) {
                self.outbox.push_back((connection, Channel::Unreliable, datagram));
            }
        }
    }

    /// States what this side's record of a finished episode holds.
    pub fn seal(&mut self, now: Duration, episode: u16, statement: Vec<u8>) {
        self.peering.seal(now, episode, statement);
        self.gather_reliable();
    }

    /// States what this side has on disk.
    pub fn committed(&mut self, now: Duration, statement: &[u8]) {
        self.peering.committed(now, statement);
        self.gather_reliable();
    }

    /// Leaves before the end and tells the partners.
    pub fn leave(&mut self, now: Duration, reason: LeaveReason) {
        self.peering.leave(now, reason);
        self.gather_reliable();
        self.end(Ending::Left(reason));
    }

    fn gather_reliable(&mut self) {
        while let Some((connection, bytes)) = self.peering.poll_send() {
            self.outbox.push_back((connection, Channel::Reliable, bytes));
        }
    }

    /// The next thing to do or to know.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next thing for the record.
    #[must_use]
    pub fn poll_item(&mut self) -> Option<Item> {
        self.items.pop_front()
    }

    /// The next message to send.
    #[must_use]
    pub fn poll_send(&mut self) -> Option<(Connection, Channel, Vec<u8>)> {
        self.outbox.pop_front()
    }
}
