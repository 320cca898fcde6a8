//! The thread that writes a session's record.
//!
//! It drives a [`Recorder`] with what netplay hands over and does what the recorder says. The
//! game never waits for the disk, unless thousands of frames are waiting to be written; a disk
//! that cannot write ends the session, for a game without a record is worth nothing.

use super::spool::{self, Destination};
use bevy::log::{error, info, warn};
use bevy::prelude::Resource;
use dyad_gridworld::{Game, Phase, PlayerInput, World};
use dyad_netplay::{Committed, Telemetry};
use dyad_protocol::Seat;
use dyad_recording::bundle::{local_name, log_name, table_name};
use dyad_recording::local::{self, Row};
use dyad_recording::log::SessionInfo;
use dyad_recording::{Effect, Recorder, recorder, statement};
use smol::channel::{Receiver, Sender, TrySendError, bounded};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Orders that may wait: half a minute of play.
const QUEUE: usize = 4096;

/// What the writer is told.
#[derive(Debug)]
pub enum Order {
    /// This computer issued an input for its own seat.
    Issued(u32, PlayerInput),
    /// A frame is final.
    Confirmed(Box<Committed>),
    /// A partner's statement about an episode, as it came.
    Sealed(Vec<u8>),
    /// A partner's statement about what it has on disk, as it came.
    CommittedBy(Vec<u8>),
    /// Bring everything to the disk and say so.
    Sync,
    /// The session is over.
    End,
}

/// What the writer tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// This side's statement about a finished episode, to be sent to the partners.
    Seal {
        /// The episode.
        episode: u16,
        /// The statement.
        statement: Vec<u8>,
    },
    /// What is on disk, to be sent to the partners.
    Committed(Vec<u8>),
    /// An episode's files are closed and on disk.
    Closed {
        /// The episode.
        episode: u16,
        /// Whether all seats made their statement.
        complete: bool,
    },
    /// Something about this session is in doubt; the record says what it can.
    Marked(String),
    /// The disk cannot be written to, or the record cannot go on. Nothing more is recorded.
    Failed(String),
    /// Everything is closed and on disk. The last report.
    Done,
}

/// A session's writer thread.
#[derive(Resource)]
pub struct Writer {
    orders: Sender<Order>,
    reports: Receiver<Report>,
    thread: Option<JoinHandle<()>>,
}

/// Why a session cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// The recorder refused.
    #[error(transparent)]
    Recorder(#[from] recorder::NewError),
    /// No thread.
    #[error("the record's thread cannot be started: {0}")]
    Thread(#[from] io::Error),
}

impl Writer {
    /// Starts a session's writer. `directory` is the scene's; `started` is the wall clock when the
    /// program's own clock was zero.
    ///
    /// # Errors
    /// [`WriterError`] if this session cannot be recorded.
    pub fn start(
        directory: PathBuf,
        destination: &Destination,
        info: SessionInfo,
        seat: Seat,
        game: &Arc<Game>,
        started: SystemTime,
    ) -> Result<Self, WriterError> {
        let recorder = Recorder::new(info, seat, game)?;
        let (orders, to_do) = bounded(QUEUE);
        let (report, reports) = bounded(QUEUE);
        let scribe = Scribe {
            recorder,
            seat,
            directory,
            participant: destination.participant.clone(),
            started,
            files: BTreeMap::new(),
            rows: Vec::new(),
            partners_focused: None,
            report,
        };
        let thread = std::thread::Builder::new()
            .name("record".to_owned())
            .spawn(move || scribe.run(&to_do))?;
        Ok(Self { orders, reports, thread: Some(thread) })
    }

    /// Gives an order. Blocks only if thousands are waiting: the game then waits for the disk,
    /// because a lost frame is worse than a stalled one.
    pub fn order(&self, order: Order) {
        if let Err(TrySendError::Full(order)) = self.orders.try_send(order) {
            warn!("the disk is slow; the game waits for it");
            // An error means that the thread has failed, which its last report tells.
            drop(self.orders.send_blocking(order));
        }
    }

    /// What the writer has told since the last call.
    pub fn poll(&self) -> impl Iterator<Item = Report> + '_ {
        std::iter::from_fn(|| self.reports.try_recv().ok())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.orders.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            error!("the record's thread has stopped early");
        }
    }
}

/// The thread's side.
struct Scribe {
    recorder: Recorder,
    seat: Seat,
    directory: PathBuf,
    participant: dyad_protocol::ParticipantId,
    started: SystemTime,
    files: BTreeMap<u16, Files>,
    /// Rows of the local table whose episode has not opened its files yet.
    rows: Vec<Row>,
    partners_focused: Option<bool>,
    report: Sender<Report>,
}

/// An open episode's files.
struct Files {
    log: File,
    table: File,
    local: File,
    local_buffer: Vec<u8>,
    dirty: bool,
}

/// Ends the thread: something that cannot be repaired here.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the record cannot be written ({0}); make room on the disk, or allow writing to it")]
    Disk(#[from] io::Error),
    #[error("the record cannot go on: {0}")]
    Order(#[from] recorder::OrderError),
}

impl Scribe {
    fn run(mut self, to_do: &Receiver<Order>) {
        while let Ok(order) = to_do.recv_blocking() {
            let is_last = matches!(order, Order::End);
            if let Err(failure) = self.carry_out(order) {
                error!("{failure}");
                self.say(Report::Failed(failure.to_string()));
                break;
            }
            if is_last {
                break;
            }
        }
        // Reached in every case: what was confirmed stays on disk as far as it can.
        if let Err(failure) = self.carry_out(Order::End) {
            error!("{failure}");
        }
        self.say(Report::Done);
    }

    fn say(&self, report: Report) {
        // Nobody listens any more if the program is ending.
        drop(self.report.send_blocking(report));
    }

    fn carry_out(&mut self, order: Order) -> Result<(), Failure> {
        match order {
            Order::Issued(frame, input) => self.recorder.issued(frame, input)?,
            Order::Confirmed(committed) => self.confirmed(&committed)?,
            Order::Sealed(bytes) => match statement::Statement::decode(&bytes) {
                Ok(statement) => {
                    if let Err(refusal) = self.recorder.statement(statement) {
                        self.mark(format!("a partner's statement was not taken: {refusal}"));
                    }
                }
                Err(error) => self.mark(format!("a partner's statement was not taken: {error}")),
            },
            Order::CommittedBy(bytes) => {
                let taken = statement::Committed::decode(&bytes)
                    .map_err(|error| error.to_string())
                    .and_then(|message| {
                        self.recorder.committed_by(message).map_err(|refusal| refusal.to_string())
                    });
                if let Err(reason) = taken {
                    warn!("a partner's message about its disk was not taken: {reason}");
                }
            }
            Order::Sync => self.sync()?,
            Order::End => self.recorder.end(),
        }
        self.apply_effects()
    }

    fn confirmed(&mut self, committed: &Committed) -> Result<(), Failure> {
        let row = self.local_row(committed);
        self.recorder.confirmed(&committed.frame)?;
        self.rows.push(row);
        Ok(())
    }

    fn local_row(&mut self, committed: &Committed) -> Row {
        let Committed { frame, telemetry } = committed;
        let Telemetry { simulated_at, speculated, rollback_depth, stalled, .. } = *telemetry;
        let world = self.recorder.replica();
        let (episode, t) = place(world);
        let wall = self.started + simulated_at;
        let wall = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        let players = world.game().players();
        let partner = (0..players).find(|&seat| seat != self.seat.index());
        let row = Row {
            frame: frame.frame,
            episode,
            t,
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            monotonic_us: micros(simulated_at),
            step_us: u32::try_from(telemetry.step.as_micros()).unwrap_or(u32::MAX),
            key_event_us: None,
            input_to_display_us: None,
            speculated,
            rollback_depth,
            rtt_us: (telemetry.rtt_ms > 0).then(|| telemetry.rtt_ms.saturating_mul(1000)),
            frames_ahead: telemetry.frames_ahead,
            stalled: stalled > 0,
            stalled_us: u32::try_from(telemetry.stalled_for.as_micros()).unwrap_or(u32::MAX),
            focused: frame.inputs[self.seat.index()].focused(),
            partner_focused: self.partners_focused,
        };
        self.partners_focused = partner.map(|seat| frame.inputs[seat].focused());
        row
    }

    fn apply_effects(&mut self) -> Result<(), Failure> {
        while let Some(effect) = self.recorder.poll_effect() {
            match effect {
                Effect::Open { episode } => {
                    let files = self.create(episode)?;
                    self.files.insert(episode, files);
                }
                Effect::Log { episode, bytes } => {
                    if let Some(files) = self.files.get_mut(&episode) {
                        files.log.write_all(&bytes)?;
                        files.dirty = true;
                    }
                }
                Effect::Table { episode, bytes } => {
                    if let Some(files) = self.files.get_mut(&episode) {
                        files.table.write_all(&bytes)?;
                    }
                }
                Effect::Statement(statement) => {
                    let episode = statement.episode;
                    self.say(Report::Seal { episode, statement: statement.encode() });
                }
                Effect::Close { episode, complete } => self.close(episode, complete)?,
                Effect::Divergence(divergence) => self.dump(&divergence)?,
                Effect::OtherInput { frame, .. } => {
                    self.mark(format!("another input was confirmed than issued at frame {frame}"));
                }
                Effect::Disagreement { episode, seat, field } => {
                    self.mark(format!("episode {episode}: seat {seat} states another {field}"));
                }
            }
        }
        self.put_rows();
        Ok(())
    }

    /// Rows of the local table go to the newest open episode, as the frames between episodes
    /// go to the next one's log.
    fn put_rows(&mut self) {
        if let Some(mut newest) = self.files.last_entry() {
            let buffer = &mut newest.get_mut().local_buffer;
            self.rows.drain(..).for_each(|row| row.put(buffer));
        }
    }

    fn create(&self, episode: u16) -> io::Result<Files> {
        let new = |name: String| {
            OpenOptions::new().append(true).create_new(true).open(self.directory.join(name))
        };
        let mut local_buffer = Vec::new();
        local::put_header(&mut local_buffer);
        let files = Files {
            log: new(log_name(&self.participant, episode))?,
            table: new(table_name(&self.participant, episode))?,
            local: new(local_name(&self.participant, episode))?,
            local_buffer,
            dirty: true,
        };
        spool::sync_directory(&self.directory)?;
        Ok(files)
    }

    /// Brings logs to the disk, then says what is there.
    fn sync(&mut self) -> Result<(), Failure> {
        let committed = self.recorder.committed();
        for files in self.files.values_mut() {
            if std::mem::take(&mut files.dirty) {
                files.log.sync_data()?;
            }
            files.local.write_all(&files.local_buffer)?;
            files.local_buffer.clear();
        }
        if let Some(committed) = committed {
            self.say(Report::Committed(committed.encode()));
        }
        Ok(())
    }

    fn close(&mut self, episode: u16, complete: bool) -> Result<(), Failure> {
        self.put_rows();
        if let Some(mut files) = self.files.remove(&episode) {
            files.local.write_all(&files.local_buffer)?;
            files.log.sync_all()?;
            files.table.sync_all()?;
            files.local.sync_all()?;
        }
        info!("episode {episode} is on disk{}", if complete { "" } else { ", closed alone" });
        self.say(Report::Closed { episode, complete });
        Ok(())
    }

    fn mark(&self, text: String) {
        warn!("{text}");
        self.say(Report::Marked(text));
    }

    /// Keeps both states around a frame at which the session and its replica differ.
    fn dump(&self, divergence: &recorder::Divergence) -> Result<(), Failure> {
        let frame = divergence.frame.frame;
        let path = self
            .directory
            .join("local")
            .join(format!("{}_divergence_{frame}.txt", self.participant));
        fs::write(&path, format!("{divergence:#?}\n"))?;
        self.mark(format!("the session diverged from its record at frame {frame}"));
        Ok(())
    }
}

/// Episode and step that the world's next frame is a part of.
fn place(world: &World) -> (Option<u16>, Option<u32>) {
    match world.phase() {
        Phase::Playing => (Some(world.episode()), Some(world.t())),
        Phase::Countdown { .. } => (Some(world.episode()), None),
        Phase::Between { .. } => (Some(world.episode() + 1), None),
        Phase::Coasting => (None, None),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Writes how a session went beside its records.
///
/// # Errors
/// If the disk does not allow it.
pub fn write_summary(
    directory: &Path,
    participant: &dyad_protocol::ParticipantId,
    summary: &serde_json::Value,
) -> io::Result<()> {
    let path = directory.join("local").join(format!("{participant}_session.json"));
    spool::write_json(&path, summary)
}
