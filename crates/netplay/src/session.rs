//! One match, from its first connection to its closing handshake.

use crate::transport::{Channel, Path, Transport, TransportEvent};
use bevy::prelude::Resource;
use dyad_gridworld::{ConfirmedFrame, Game, PlayerInput, RULES_VERSION, World};
use dyad_impair::Counts as Impaired;
use dyad_protocol::{Seat, SessionId};
use dyad_rollback::config::SessionError;
use dyad_rollback::peering::{self, Hello, LeaveReason, Mismatch, Peering, WIRE_VERSION};
use dyad_rollback::{DyadConfig, Exchange, Journal, SeatSocket, SessionParameters};
use ggrs::{GgrsEvent, P2PSession};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What the players of a match have in common, and this player's seat.
#[derive(Clone, Debug)]
pub struct MatchSettings {
    /// The game.
    pub game: Arc<Game>,
    /// Players, seat, speed and rollback.
    pub parameters: SessionParameters,
    /// The session.
    pub session: SessionId,
    /// The program's version; peers must run the same.
    pub program: String,
    /// How long connecting may take.
    pub connect_within: Duration,
    /// How long a partner may be silent before the match is given up.
    pub give_up_after: Duration,
}

/// Where inputs come from: keys, or a scripted player.
pub trait InputSource: Send + Sync + 'static {
    /// The input of the player on `seat` for the next frame, given the world as it is simulated
    /// so far. Called once a frame; a frame that stalls keeps the input it was given first.
    fn read(&mut self, world: &World, seat: Seat) -> PlayerInput;
}

/// Where a match stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No connection to everybody yet.
    Connecting,
    /// Connections are there; the barrier is not passed.
    Greeting,
    /// ggrs measures the round trip before the first frame.
    Synchronizing,
    /// Frames are simulated.
    Playing,
    /// It is over.
    Ended(Ending),
}

/// How a match ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every episode was played, recorded and stated by everybody.
    Completed,
    /// A partner left and said so.
    PartnerLeft {
        /// Who.
        seat: Seat,
        /// Why.
        reason: LeaveReason,
    },
    /// A partner was silent for too long.
    PartnerLost,
    /// The partners' computers never connected; with the last trouble, if there was one.
    NotConnected(Option<String>),
    /// The partner's program or settings do not fit.
    Refused(Mismatch),
    /// This side left.
    Left(LeaveReason),
}

/// A confirmed frame, with what this computer alone knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The frame.
    pub frame: ConfirmedFrame,
    /// What this computer saw.
    pub telemetry: Telemetry,
}

/// What one computer saw of a frame. Never compared with the partner's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// When the frame was first simulated, since the program started.
    pub simulated_at: Duration,
    /// When it was confirmed, since the program started.
    pub confirmed_at: Duration,
    /// Whether an input was a prediction when it was first simulated.
    pub speculated: bool,
    /// How often it was simulated again.
    pub resimulated: u16,
    /// The deepest rollback that it was a part of, in frames.
    pub rollback_depth: u16,
    /// Steps that stalled right before it.
    pub stalled: u16,
    /// How long the game waited before it.
    pub stalled_for: Duration,
    /// How long the rollback schedules ran in which it was first simulated.
    pub step: Duration,
    /// Round trip to the partner, milliseconds; 0 while unknown.
    pub rtt_ms: u32,
    /// How far ahead of the partner ggrs estimates this side to be, in frames.
    pub frames_ahead: i32,
}

/// What a match has gone through so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// From the journal: commits, rollbacks and their depth.
    pub journal: dyad_rollback::journal::Totals,
    /// Frames simulated, predictions included.
    pub simulated: u32,
    /// From the exchange: datagrams and why some were dropped.
    pub exchange: dyad_rollback::exchange::Counts,
    /// Reliable messages that were dropped as malformed.
    pub malformed: u64,
    /// Steps that were tried.
    pub attempts: u64,
    /// Steps that stalled at the prediction window.
    pub stalls: u64,
    /// Round trip, milliseconds, if it is known.
    pub rtt_ms: Option<u32>,
    /// How far ahead this side is, in frames.
    pub frames_ahead: i32,
    /// Desyncs that ggrs reported.
    pub desyncs: u64,
    /// How the partner is reached, where the transport can tell.
    pub path: Option<Path>,
    /// What the impairment did, if there is one.
    pub impaired: Option<Impaired>,
    /// When the match was made, connected, past the barrier, and first simulated.
    pub milestones: Milestones,
}

/// When the parts of a start were over, since the program started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Milestones {
    /// The match was made.
    pub matched: Duration,
    /// All connections were there.
    pub connected: Option<Duration>,
    /// The barrier was passed.
    pub ready: Option<Duration>,
    /// The first frame was simulated.
    pub first_frame: Option<Duration>,
}

/// A statement from a partner, opaque here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// About a finished episode.
    Sealed {
        /// Whose.
        seat: Seat,
        /// The episode.
        episode: u16,
        /// The recorder's bytes.
        bytes: Vec<u8>,
    },
    /// About what is on disk.
    Committed {
        /// Whose.
        seat: Seat,
        /// The recorder's bytes.
        bytes: Vec<u8>,
    },
}

/// A running match. The plugin's systems drive it; the client reads from it.
#[derive(Resource)]
pub struct Netplay {
    settings: MatchSettings,
    transport: Box<dyn Transport>,
    input: Box<dyn InputSource>,
    peering: Peering,
    socket: SeatSocket,
    journal: Journal,
    stage: Stage,
    now: Duration,
    trouble: Option<String>,
    offered: Option<(i32, PlayerInput)>,
    issued: Vec<(u32, PlayerInput)>,
    attempted: bool,
    frame: i32,
    stalled: u16,
    stalled_since: Option<Duration>,
    seen: VecDeque<Telemetry>,
    confirmed: Vec<Committed>,
    statements: Vec<Statement>,
    statistics: Statistics,
}

impl Netplay {
    /// A match that begins to connect. `now` is the time since the program started.
    ///
    /// # Errors
    /// [`SessionError`] if the parameters are out of range.
    pub fn new(
        settings: MatchSettings,
        transport: impl Transport,
        input: impl InputSource,
        now: Duration,
    ) -> Result<Self, SessionError> {
        let parameters = settings.parameters;
        parameters.check()?;
        let epoch = 0;
        let hello = Hello {
            wire: WIRE_VERSION,
            program: settings.program.clone(),
            rules: RULES_VERSION,
            game: settings.game.digest(),
            session: settings.session.clone(),
            epoch,
            netcode: (parameters.input_delay, parameters.prediction_window),
            seat: parameters.seat,
            heard: 0,
            ready: false,
        };
        let episodes = settings.game.settings().episodes;
        // The first frames' inputs are blank by construction.
        let blank = 0..u32::from(parameters.input_delay);
        Ok(Self {
            peering: Peering::new(hello, parameters.players, episodes, now),
            socket: SeatSocket::new(Exchange::new(parameters, epoch)),
            settings,
            transport: Box::new(transport),
            input: Box::new(input),
            journal: Journal::default(),
            stage: Stage::Connecting,
            now,
            trouble: None,
            offered: None,
            issued: blank.map(|frame| (frame, PlayerInput::default())).collect(),
            attempted: false,
            frame: 0,
            stalled: 0,
            stalled_since: None,
            seen: VecDeque::new(),
            confirmed: Vec::new(),
            statements: Vec::new(),
            statistics: Statistics {
                milestones: Milestones { matched: now, ..Milestones::default() },
                ..Statistics::default()
            },
        })
    }

    /// What the match is about.
    #[must_use]
    pub const fn settings(&self) -> &MatchSettings {
        &self.settings
    }

    /// Where it stands.
    #[must_use]
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Why connecting has failed so far, for people.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether the next frame waits for the partner.
    #[must_use]
    pub const fn is_stalled(&self) -> bool {
        self.stalled > 0
    }

    /// How long the most silent partner has been silent.
    #[must_use]
    pub fn silence(&self) -> Duration {
        self.peering.silence(self.now)
    }

    /// What the match has gone through so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let others = Seat::all(self.settings.parameters.players);
        let connection = others.filter_map(|seat| self.peering.connection(seat)).next();
        Statistics {
            journal: self.journal.totals(),
            simulated: self.journal.simulated(),
            exchange: self.socket.lock().counts(),
            malformed: self.peering.malformed(),
            path: connection.and_then(|connection| self.transport.path(connection)),
            impaired: self.transport.impaired(),
            ..self.statistics
        }
    }

    /// The frames that have become final since the last call, in order.
    pub fn take_confirmed(&mut self) -> Vec<Committed> {
        std::mem::take(&mut self.confirmed)
    }

    /// The inputs that this computer has issued for its own seat since the last call.
    pub fn take_issued(&mut self) -> Vec<(u32, PlayerInput)> {
        std::mem::take(&mut self.issued)
    }

    /// The partners' statements since the last call.
    pub fn take_statements(&mut self) -> Vec<Statement> {
        std::mem::take(&mut self.statements)
    }

    /// States what this side's record of a finished episode holds.
    pub fn seal(&mut self, episode: u16, statement: Vec<u8>) {
        self.peering.seal(self.now, episode, statement);
    }

    /// States what this side has on disk.
    pub fn committed(&mut self, statement: &[u8]) {
        self.peering.committed(self.now, statement);
    }

    /// Leaves the match before its end and tells the partner.
    pub fn leave(&mut self, reason: LeaveReason) {
        self.peering.leave(self.now, reason);
        self.send_reliable();
        self.end(Ending::Left(reason));
    }

    fn end(&mut self, ending: Ending) {
        if !matches!(self.stage, Stage::Ended(_)) {
            self.stage = Stage::Ended(ending);
        }
    }

    /// Takes what has arrived. Returns a ggrs session when the barrier has just been passed.
    pub(crate) fn receive(&mut self, now: Duration) -> Option<P2PSession<DyadConfig>> {
        self.now = now;
        let events = self.transport.poll(now);
        if matches!(self.stage, Stage::Ended(_)) {
            // Polled only so that the last words still go out.
            return None;
        }
        for event in events {
            match event {
                TransportEvent::Connected(connection) => self.peering.connected(now, connection),
                TransportEvent::Disconnected(connection) => self.peering.disconnected(connection),
                TransportEvent::Received { connection, channel: Channel::Reliable, bytes } => {
                    self.peering.receive(now, connection, &bytes);
                }
                TransportEvent::Received { connection, channel: Channel::Unreliable, bytes } => {
                    if let Some(seat) = self.peering.seat(connection) {
                        self.peering.heard(now, seat);
                        self.socket.lock().accept(seat, &bytes);
                    }
                }
                TransportEvent::Trouble(reason) => self.trouble = Some(reason),
            }
        }
        self.peering.poll(now);
        self.note_connections(now);
        let mut session = None;
        while let Some(event) = self.peering.poll_event() {
            session = self.handle(event).or(session);
        }
        session
    }

    fn note_connections(&mut self, now: Duration) {
        let me = self.settings.parameters.seat;
        let mut others = Seat::all(self.settings.parameters.players).filter(|&seat| seat != me);
        if self.stage == Stage::Connecting
            && others.all(|seat| self.peering.connection(seat).is_some())
        {
            self.stage = Stage::Greeting;
            self.statistics.milestones.connected = Some(now);
        }
    }

    fn handle(&mut self, event: peering::Event) -> Option<P2PSession<DyadConfig>> {
        match event {
            peering::Event::Ready => {
                self.statistics.milestones.ready = Some(self.now);
                self.stage = Stage::Synchronizing;
                let started = self.settings.parameters.start(self.socket.clone());
                return Some(started.expect("the parameters were checked when the match was made"));
            }
            peering::Event::Refused(mismatch) => self.end(Ending::Refused(mismatch)),
            peering::Event::Left { seat, reason } => self.end(Ending::PartnerLeft { seat, reason }),
            peering::Event::Closed => self.end(Ending::Completed),
            peering::Event::Sealed { seat, episode, statement } => {
                self.statements.push(Statement::Sealed { seat, episode, bytes: statement });
            }
            peering::Event::Committed { seat, statement } => {
                self.statements.push(Statement::Committed { seat, bytes: statement });
            }
        }
        None
    }

    /// The local player's input for a step that is about to be tried at `frame`.
    pub(crate) fn offer_input(&mut self, frame: i32, world: &World) -> PlayerInput {
        self.attempted = true;
        if let Some((offered_for, input)) = self.offered
            && offered_for == frame
        {
            return input;
        }
        let SessionParameters { seat, input_delay, .. } = self.settings.parameters;
        let input = self.input.read(world, seat);
        self.offered = Some((frame, input));
        if let Ok(frame) = u32::try_from(frame) {
            self.issued.push((frame + u32::from(input_delay), input));
        }
        input
    }

    /// Notes a simulated frame, first time or again.
    pub(crate) fn simulated(
        &mut self,
        frame: u32,
        inputs: &[PlayerInput],
        speculated: bool,
        world: &World,
    ) {
        let is_first = frame == self.journal.simulated();
        self.journal.record(frame, inputs, world.digest());
        if is_first {
            self.statistics.milestones.first_frame.get_or_insert(self.now);
            let since = self.stalled_since.take();
            self.seen.push_back(Telemetry {
                simulated_at: self.now,
                speculated,
                stalled: std::mem::take(&mut self.stalled),
                stalled_for: since.map_or(Duration::ZERO, |since| self.now.saturating_sub(since)),
                ..Telemetry::default()
            });
        } else {
            let at = (frame - self.journal.next()) as usize;
            if let Some(telemetry) = self.seen.get_mut(at) {
                telemetry.resimulated = telemetry.resimulated.saturating_add(1);
            }
        }
    }

    /// Everything that follows a run of the rollback schedules, in this order: what is final
    /// leaves the journal, the step's datagrams go out, then the reliable channel's messages.
    pub(crate) fn after_step(
        &mut self,
        frame: i32,
        confirmed: i32,
        took: Duration,
        session: Option<&mut P2PSession<DyadConfig>>,
    ) {
        if matches!(self.stage, Stage::Ended(_)) {
            return;
        }
        let attempted = std::mem::take(&mut self.attempted);
        let moved = frame != std::mem::replace(&mut self.frame, frame);
        let stalled = attempted && !moved;
        self.statistics.attempts += u64::from(attempted);
        self.statistics.stalls += u64::from(stalled);
        if stalled {
            self.stalled = self.stalled.saturating_add(1);
            self.stalled_since.get_or_insert(self.now);
        }
        let session_exists = session.is_some();
        if let Some(session) = session {
            self.read_session(session);
        }
        if session_exists {
            self.note_duration(took);
            self.commit(confirmed);
        }
        let flush = attempted || self.stage == Stage::Synchronizing;
        let datagrams = {
            let mut exchange = self.socket.lock();
            exchange.at_frame(frame);
            if flush { exchange.flush(stalled) } else { Vec::new() }
        };
        for (seat, datagram) in datagrams {
            if let Some(connection) = self.peering.connection(seat) {
                self.transport.send(self.now, connection, Channel::Unreliable, datagram);
            }
        }
        self.peering.poll(self.now);
        self.send_reliable();
        self.watch_the_clock();
    }

    fn read_session(&mut self, session: &mut P2PSession<DyadConfig>) {
        for event in session.events() {
            if let GgrsEvent::DesyncDetected { .. } = event {
                self.statistics.desyncs += 1;
            }
        }
        if self.stage == Stage::Synchronizing
            && session.current_state() == ggrs::SessionState::Running
        {
            self.stage = Stage::Playing;
        }
        self.statistics.frames_ahead = session.frames_ahead();
        let pings = session.remote_player_handles().into_iter();
        let pings = pings.filter_map(|player| session.network_stats(player).ok());
        self.statistics.rtt_ms =
            pings.map(|stats| u32::try_from(stats.ping).unwrap_or(u32::MAX)).max();
    }

    /// All frames that were simulated for the first time in this step share its duration.
    fn note_duration(&mut self, took: Duration) {
        let new = self.seen.iter_mut().rev().take_while(|seen| seen.simulated_at == self.now);
        new.for_each(|seen| seen.step = took);
    }

    fn commit(&mut self, confirmed: i32) {
        let depth = u16::try_from(self.journal.depth()).unwrap_or(u16::MAX);
        let simulated = self.seen.len();
        let unsettled = self.seen.iter_mut().skip(simulated.saturating_sub(usize::from(depth) + 1));
        for telemetry in unsettled {
            telemetry.rollback_depth = telemetry.rollback_depth.max(depth);
        }
        for frame in self.journal.commit(confirmed) {
            let seen = self.seen.pop_front().unwrap_or_default();
            let telemetry = Telemetry {
                confirmed_at: self.now,
                rtt_ms: self.statistics.rtt_ms.unwrap_or(0),
                frames_ahead: self.statistics.frames_ahead,
                ..seen
            };
            self.confirmed.push(Committed { frame, telemetry });
        }
    }

    fn send_reliable(&mut self) {
        while let Some((connection, bytes)) = self.peering.poll_send() {
            self.transport.send(self.now, connection, Channel::Reliable, bytes);
        }
    }

    fn watch_the_clock(&mut self) {
        let waited = self.now.saturating_sub(self.statistics.milestones.matched);
        match self.stage {
            Stage::Connecting | Stage::Greeting if waited > self.settings.connect_within => {
                self.end(Ending::NotConnected(self.trouble.clone()));
            }
            Stage::Synchronizing | Stage::Playing
                if self.peering.silence(self.now) > self.settings.give_up_after =>
            {
                self.end(Ending::PartnerLost);
            }
            _ => {}
        }
    }
}
