//! One match, from its first connection to its closing handshake: [`dyad_rollback::Session`]
//! over a transport, with an input source, and with what this computer alone sees of it.

use crate::transport::{Path, Transport, TransportEvent};
use bevy::log::info;
use bevy::prelude::Resource;
use dyad_gridworld::{ConfirmedFrame, Entry, Hold, MAX_PLAYERS, PlayerInput, World};
use dyad_impair::Counts as Impaired;
use dyad_protocol::Seat;
use dyad_rollback::config::SessionError;
use dyad_rollback::peering::LeaveReason;
use dyad_rollback::quality::Quality;
use dyad_rollback::session::{Event, Item};
use dyad_rollback::{DyadConfig, History, Session, session};
use ggrs::P2PSession;
use std::collections::VecDeque;
use std::time::Duration;

pub use dyad_rollback::peering::Statement;
pub use dyad_rollback::session::{Ending, NotResumed, Settings as MatchSettings, Stage};

/// Where inputs come from: keys, or a scripted player.
pub trait InputSource: Send + Sync + 'static {
    /// The input of the player on `seat` for the next frame, given the world as it is simulated
    /// so far. Called once a frame; a frame that stalls keeps the input it was given first.
    fn read(&mut self, world: &World, seat: Seat) -> PlayerInput;
}

/// A program that plays. Every peer computes what it does whenever a frame is simulated, first time or
/// again, so that nothing of it has to travel.
pub trait Program: Send + Sync + 'static {
    /// Its input in a frame, as a function of the world before it and of the seat alone.
    fn input(&mut self, world: &World, seat: Seat) -> PlayerInput;
}

/// What goes to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordItem {
    /// This computer issued an input for its own seat, for this frame. After a hold it may be for
    /// a frame that had one: the earlier one was never confirmed.
    Issued(u32, PlayerInput),
    /// A frame is final.
    Frame(Committed),
    /// The session goes on after an interruption.
    Hold(Hold),
    /// Something that was played before an interruption, and that a partner has supplied.
    Supplied(Entry),
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
    /// Round trip to the partner, if it is known.
    pub rtt: Option<Duration>,
    /// How much successive round trips differ, if it is known.
    pub jitter: Option<Duration>,
    /// Datagrams lost of a thousand, there and back, if it is known.
    pub loss_permille: Option<u16>,
    /// How the partner is reached, or was when it was last known.
    pub path: Option<Path>,
    /// How far ahead of the partner ggrs estimates this side to be, in frames.
    pub frames_ahead: i32,
}

/// What a match has gone through so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// The session's counters.
    pub session: session::Statistics,
    /// Round trip, jitter and loss, as far as they are known.
    pub quality: Quality,
    /// How far ahead this side is, in frames.
    pub frames_ahead: i32,
    /// How the partner is reached, or was when it was last known.
    pub path: Option<Path>,
    /// What the impairment did, if there is one.
    pub impaired: Option<Impaired>,
    /// When the match was made, connected, past the barrier, and first simulated.
    pub milestones: Milestones,
    /// How long the game waited for a partner's inputs, altogether, interruptions apart.
    pub stalled: Duration,
    /// How long play was interrupted, altogether.
    pub interrupted: Duration,
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

/// What the plugin has to do to `bevy_ggrs`.
pub(crate) enum Turn {
    /// Run this session over this world.
    Start(Box<P2PSession<DyadConfig>>, Box<World>),
    /// Drop the session; this world is what is confirmed.
    Stop(Box<World>),
}

/// A running match. The plugin's systems drive it; the client reads from it.
#[derive(Resource)]
pub struct Netplay {
    session: Session,
    transport: Box<dyn Transport>,
    input: Box<dyn InputSource>,
    /// In the seats that people do not have, in order.
    programs: Vec<Box<dyn Program>>,
    now: Duration,
    stage: Stage,
    trouble: Option<String>,
    stalled: u16,
    stalled_since: Option<Duration>,
    interrupted_since: Option<Duration>,
    /// What was seen of the frames that are not confirmed yet, oldest first.
    seen: VecDeque<Telemetry>,
    items: Vec<RecordItem>,
    statements: Vec<Statement>,
    statistics: Statistics,
}

impl Netplay {
    /// A match that begins to connect. It goes on from `history`, which for a new one is empty.
    /// `now` is the time since the program started.
    ///
    /// # Errors
    /// [`SessionError`] if the parameters are out of range.
    pub fn new(
        settings: MatchSettings,
        history: History,
        transport: impl Transport,
        input: impl InputSource,
        now: Duration,
    ) -> Result<Self, SessionError> {
        let session = Session::new(settings, history, now)?;
        Ok(Self {
            stage: session.stage(),
            session,
            transport: Box::new(transport),
            input: Box::new(input),
            programs: Vec::new(),
            now,
            trouble: None,
            stalled: 0,
            stalled_since: None,
            interrupted_since: None,
            seen: VecDeque::new(),
            items: Vec::new(),
            statements: Vec::new(),
            statistics: Statistics {
                milestones: Milestones { matched: now, ..Milestones::default() },
                ..Statistics::default()
            },
        })
    }

    /// The same with programs in the seats that people do not have, in order.
    #[must_use]
    pub fn with_programs(self, programs: Vec<Box<dyn Program>>) -> Self {
        Self { programs, ..self }
    }

    /// What the match is about.
    #[must_use]
    pub const fn settings(&self) -> &MatchSettings {
        self.session.settings()
    }

    /// Where it stands.
    #[must_use]
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The world after the last confirmed frame.
    #[must_use]
    pub const fn confirmed(&self) -> &World {
        self.session.history().world()
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
        self.session.peering().silence(self.now)
    }

    /// How much longer an interruption may last before the match is given up, if play is
    /// interrupted.
    #[must_use]
    pub fn patience_left(&self) -> Option<Duration> {
        let until = self.session.peering().interrupted_until()?;
        Some(until.saturating_sub(self.now))
    }

    /// The last frame that is confirmed on this side. None before the first.
    #[must_use]
    pub const fn confirmed_frame(&self) -> Option<u32> {
        self.session.next().checked_sub(1)
    }

    /// Who was not reached for so long that the match was given up, as far as it is known.
    pub fn lost(&self) -> impl Iterator<Item = Seat> + '_ {
        self.session.peering().lost()
    }

    /// What the match has gone through so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let so_far = |since: Option<Duration>| {
            since.map_or(Duration::ZERO, |since| self.now.saturating_sub(since))
        };
        Statistics {
            session: self.session.statistics(),
            quality: self.session.quality(),
            impaired: self.transport.impaired(),
            stalled: self.statistics.stalled + so_far(self.stalled_since),
            interrupted: self.statistics.interrupted + so_far(self.interrupted_since),
            ..self.statistics
        }
    }

    /// What goes to the record, since the last call, in order.
    pub fn take_items(&mut self) -> Vec<RecordItem> {
        std::mem::take(&mut self.items)
    }

    /// The partners' statements since the last call.
    pub fn take_statements(&mut self) -> Vec<Statement> {
        std::mem::take(&mut self.statements)
    }

    /// States what this side's record of a finished episode holds.
    pub fn seal(&mut self, episode: u16, statement: Vec<u8>) {
        self.session.seal(self.now, episode, statement);
    }

    /// States what this side has on disk.
    pub fn committed(&mut self, statement: &[u8]) {
        self.session.committed(self.now, statement);
    }

    /// Leaves the match before its end and tells the partner.
    pub fn leave(&mut self, reason: LeaveReason) {
        self.session.leave(self.now, reason);
        self.send();
        self.note_stage();
    }

    /// Takes what has arrived. Returns what to do to `bevy_ggrs`, in order.
    pub(crate) fn receive(&mut self, now: Duration) -> Vec<Turn> {
        self.now = now;
        // After the end it is polled only so that the last words still go out.
        for event in self.transport.poll(now) {
            match event {
                TransportEvent::Connected(connection) => self.session.connected(now, connection),
                TransportEvent::Disconnected(connection) => self.session.disconnected(connection),
                TransportEvent::Received { connection, channel, bytes } => {
                    self.session.receive(now, connection, channel, &bytes);
                }
                TransportEvent::Trouble(reason) => self.trouble = Some(reason),
            }
        }
        self.session.poll(now);
        let turns = self.turns();
        self.gather_items();
        self.note_stage();
        turns
    }

    fn turns(&mut self) -> Vec<Turn> {
        let mut turns = Vec::new();
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Start { session, world } => {
                    self.statistics.milestones.ready.get_or_insert(self.now);
                    turns.push(Turn::Start(session, world));
                }
                Event::Stop => {
                    self.seen.clear();
                    self.stalled = 0;
                    self.end_stall();
                    turns.push(Turn::Stop(Box::new(self.session.history().world().clone())));
                }
                Event::Reconnect => self.transport.reconnect(self.now),
                Event::Stated(statement) => self.statements.push(statement),
            }
        }
        turns
    }

    /// Relayed, if anybody is reached like that. The connections are gone on the side whose partners
    /// left first: then what was known stays.
    fn note_path(&mut self) {
        let others = self.settings().parameters.others().iter();
        let connections = others.filter_map(|seat| self.session.peering().connection(seat));
        let paths = connections.filter_map(|connection| self.transport.path(connection));
        let path = paths.reduce(|a, b| if a == Path::Relayed { a } else { b });
        self.statistics.path = path.or(self.statistics.path);
    }

    /// Returns how long the game has stalled, which is over now.
    fn end_stall(&mut self) -> Duration {
        let since = self.stalled_since.take();
        let took = since.map_or(Duration::ZERO, |since| self.now.saturating_sub(since));
        self.statistics.stalled += took;
        took
    }

    fn note_stage(&mut self) {
        self.stage = self.session.stage();
        if !matches!(self.stage, Stage::Connecting) {
            self.statistics.milestones.connected.get_or_insert(self.now);
        }
        if self.stage == Stage::Interrupted {
            if self.interrupted_since.is_none() {
                info!("play is interrupted: the partner is not heard, or was started anew");
            }
            self.interrupted_since.get_or_insert(self.now);
        } else if let Some(since) = self.interrupted_since.take() {
            let took = self.now.saturating_sub(since);
            self.statistics.interrupted += took;
            if self.stage == Stage::Playing {
                info!("play goes on after {:.1} s", took.as_secs_f64());
            }
        }
    }

    /// The local player's input for a step that is about to be tried at `frame`.
    pub(crate) fn offer_input(&mut self, frame: u32, world: &World) -> PlayerInput {
        let input = &mut self.input;
        self.session.offer(frame, |seat| input.read(world, seat))
    }

    /// What everybody does in the frame that `world` is about to step, by seat: people, in the order of
    /// their seats, what they are said to, and programs what they compute.
    pub(crate) fn inputs(
        &mut self,
        world: &World,
        people: impl IntoIterator<Item = PlayerInput>,
    ) -> [PlayerInput; MAX_PLAYERS] {
        let seats = self.settings().parameters.people;
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        for (seat, input) in seats.iter().zip(people) {
            inputs[seat.index()] = input;
        }
        let free = Seat::all(world.game().players()).filter(|&seat| !seats.contains(seat));
        for (seat, program) in free.zip(&mut self.programs) {
            inputs[seat.index()] = program.input(world, seat);
        }
        inputs
    }

    /// Notes a simulated frame, first time or again.
    pub(crate) fn simulated(
        &mut self,
        frame: u32,
        inputs: &[PlayerInput],
        speculated: bool,
        world: &World,
    ) {
        let (frame, is_first) = self.session.simulated(frame, inputs, world.digest());
        if is_first {
            self.statistics.milestones.first_frame.get_or_insert(self.now);
            let stalled_for = self.end_stall();
            self.seen.push_back(Telemetry {
                simulated_at: self.now,
                speculated,
                stalled: std::mem::take(&mut self.stalled),
                stalled_for,
                ..Telemetry::default()
            });
        } else {
            let at = (frame - self.session.next()) as usize;
            if let Some(telemetry) = self.seen.get_mut(at) {
                telemetry.resimulated = telemetry.resimulated.saturating_add(1);
            }
        }
    }

    /// Everything that follows a run of the rollback schedules: what is final leaves, then what
    /// there is to say goes out.
    pub(crate) fn after_step(
        &mut self,
        frame: u32,
        confirmed: i32,
        took: Duration,
        ggrs: Option<&mut P2PSession<DyadConfig>>,
    ) {
        if let Some(ggrs) = &ggrs {
            self.statistics.frames_ahead = ggrs.frames_ahead();
        }
        self.note_step(took);
        if self.session.after_steps(self.now, ggrs, frame, confirmed) {
            self.stalled = self.stalled.saturating_add(1);
            self.stalled_since.get_or_insert(self.now);
        }
        self.gather_items();
        self.send();
        self.note_stage();
        self.note_path();
    }

    /// All frames that were simulated for the first time in this step share its duration; those
    /// that were simulated again were a part of its rollback.
    fn note_step(&mut self, took: Duration) {
        let new = self.seen.iter_mut().rev().take_while(|seen| seen.simulated_at == self.now);
        new.for_each(|seen| seen.step = took);
        let depth = u16::try_from(self.session.depth()).unwrap_or(u16::MAX);
        let simulated = self.seen.len();
        let unsettled = self.seen.iter_mut().skip(simulated.saturating_sub(usize::from(depth) + 1));
        for telemetry in unsettled {
            telemetry.rollback_depth = telemetry.rollback_depth.max(depth);
        }
    }

    fn gather_items(&mut self) {
        while let Some(item) = self.session.poll_item() {
            let item = match item {
                Item::Issued(frame, input) => RecordItem::Issued(frame, input),
                Item::Supplied(entry) => RecordItem::Supplied(entry),
                Item::Final(Entry::Hold(hold)) => RecordItem::Hold(hold),
                Item::Final(Entry::Frame(frame)) => RecordItem::Frame(self.committed_frame(frame)),
            };
            self.items.push(item);
        }
    }

    fn committed_frame(&mut self, frame: ConfirmedFrame) -> Committed {
        let quality = self.session.quality();
        let telemetry = Telemetry {
            confirmed_at: self.now,
            rtt: quality.rtt,
            jitter: quality.jitter,
            loss_permille: quality.loss_permille(),
            path: self.statistics.path,
            frames_ahead: self.statistics.frames_ahead,
            ..self.seen.pop_front().unwrap_or_default()
        };
        Committed { frame, telemetry }
    }

    fn send(&mut self) {
        while let Some((connection, channel, bytes)) = self.session.poll_send() {
            self.transport.send(self.now, connection, channel, bytes);
        }
    }
}
