//! The thread that writes a session's record.
//!
//! It drives a [`Recorder`] with what netplay hands over and does what the recorder says. The
//! game never waits for the disk, unless thousands of frames are waiting to be written; a disk
//! that cannot write ends the session, for a game without a record is worth nothing.

use super::files::Files;
use super::identity::KeptKey;
use super::resume::Interrupted;
use super::scribe::Scribe;
use super::spool;
use bevy::log::{error, warn};
use bevy::prelude::Resource;
use dyad_gridworld::{Entry, Game, Hold, PlayerInput};
use dyad_netplay::Committed;
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::log::SessionInfo;
use dyad_recording::recorder::{self, Left, Resumption};
use dyad_recording::{KeyPair, Recorder};
use smol::channel::{Receiver, Sender, TrySendError, bounded};
use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// Orders that may wait: half a minute of play.
const QUEUE: usize = 4096;

/// What the writer is told.
#[derive(Debug)]
pub enum Order {
    /// This computer issued an input for its own seat; and when the key was pressed that it comes from, if
    /// it comes from one, since the program started.
    Issued(u32, PlayerInput, Option<Duration>),
    /// A picture was handed to the display that shows the world after so many frames; when, since the program
    /// started.
    Shown(u32, Duration),
    /// A frame is final.
    Confirmed(Box<Committed>),
    /// The session goes on after an interruption and is held. Before anything is issued anew.
    Hold(Hold),
    /// Something that only a partner's record still had.
    Supplied(Box<Entry>),
    /// A partner's statement about an episode, as it came.
    Sealed(Vec<u8>),
    /// A partner's statement about what it has on disk, as it came.
    CommittedBy(Vec<u8>),
    /// Keep inputs and states of these frames, because something diverged there.
    Dump {
        /// Why, for people.
        reason: String,
        /// The frames.
        frames: RangeInclusive<u32>,
        /// What the session simulated, as far as it is known: worlds' encodings after frames.
        simulated: Vec<(u32, Vec<u8>)>,
    },
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
    /// Something diverged in these frames: [`Order::Dump`] is due.
    Diverged {
        /// What, for people.
        reason: String,
        /// The frames.
        frames: RangeInclusive<u32>,
    },
    /// Partners have said what is not to be believed: a wrong signature, another session, an old
    /// message, rubbish. It was dropped.
    Refused {
        /// How often that happened so far. Not every time is told.
        count: u64,
        /// Why the last one was dropped, for people.
        reason: String,
    },
    /// The disk cannot be written to, or the record cannot go on. Nothing more is recorded.
    Failed(String),
    /// Everything is closed and on disk. The last report.
    Done,
}

/// A session's writer thread.
#[derive(Resource)]
pub struct Writer {
    /// Inputs for frames that are not final, and pictures: nothing is written for them, so they don't wake
    /// the thread but go with the next order.
    waiting: Vec<Order>,
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
    /// The logs cannot be continued.
    #[error(transparent)]
    Resume(#[from] recorder::ResumeError),
    /// The disk does not allow it.
    #[error("the record cannot be written ({0}); make room on the disk, or allow writing to it")]
    Disk(io::Error),
    /// No thread.
    #[error("the record's thread cannot be started: {0}")]
    Thread(io::Error),
}

/// A session to be recorded.
#[derive(Clone, Debug)]
pub struct Session {
    /// The scene's directory on this computer.
    pub directory: PathBuf,
    /// Whose record it is.
    pub participant: ParticipantId,
    /// What stands in the logs' headers.
    pub info: SessionInfo,
    /// This computer's seat.
    pub seat: Seat,
    /// The game.
    pub game: Arc<Game>,
    /// The wall clock when the program's own clock was zero.
    pub started: SystemTime,
}

impl Writer {
    /// Starts the writer of a session that begins, and keeps its key until it is over.
    ///
    /// # Errors
    /// [`WriterError`] if this session cannot be recorded.
    pub fn start(session: Session, key: &KeyPair) -> Result<Self, WriterError> {
        let Session { info, seat, game, .. } = &session;
        let recorder = Recorder::new(info.clone(), *seat, game, key.clone())?;
        let kept = KeptKey::keep(&session.directory, &session.participant, key)
            .map_err(WriterError::Disk)?;
        Self::spawn(session, recorder, BTreeMap::new(), kept)
    }

    /// Starts the writer of a session that an earlier run of the program was killed in, and says
    /// where its record stands.
    ///
    /// # Errors
    /// [`WriterError`] if its record cannot be continued.
    pub fn resume(
        session: Session,
        interrupted: Interrupted,
    ) -> Result<(Self, Resumption), WriterError> {
        let Session { directory, participant, info, seat, game, .. } = &session;
        let logs = interrupted.logs().map_err(WriterError::Disk)?;
        let (recorder, resumption) =
            Recorder::resume(info.clone(), *seat, game, interrupted.key, &logs)?;
        let mut files = BTreeMap::new();
        for (episode, left) in (0..).zip(&resumption.episodes) {
            match left {
                Left::Closed => {}
                Left::Open { log_length, table } => {
                    let open = Files::reopen(directory, participant, episode, *log_length, table);
                    files.insert(episode, open.map_err(WriterError::Disk)?);
                }
                Left::Nothing => {
                    Files::remove(directory, participant, episode).map_err(WriterError::Disk)?;
                }
            }
        }
        Ok((Self::spawn(session, recorder, files, interrupted.kept)?, resumption))
    }

    fn spawn(
        session: Session,
        recorder: Recorder,
        files: BTreeMap<u16, Files>,
        kept: KeptKey,
    ) -> Result<Self, WriterError> {
        let (orders, to_do) = bounded(QUEUE);
        let (report, reports) = bounded(QUEUE);
        let scribe = Scribe::new(session, recorder, files, report);
        let thread = std::thread::Builder::new()
            .name("record".to_owned())
            .spawn(move || scribe.run(&to_do, kept))
            .map_err(WriterError::Thread)?;
        Ok(Self { waiting: Vec::new(), orders, reports, thread: Some(thread) })
    }

    /// Waits for the next report; `None` after the last.
    pub(super) fn wait(&self) -> Option<Report> {
        self.reports.recv_blocking().ok()
    }

    /// Gives an order. Blocks only if thousands are waiting: the game then waits for the disk,
    /// because a lost frame is worse than a stalled one.
    pub fn order(&mut self, order: Order) {
        if matches!(order, Order::Issued(..) | Order::Shown(..)) {
            return self.waiting.push(order);
        }
        for order in self.waiting.drain(..).chain([order]) {
            if let Err(TrySendError::Full(order)) = self.orders.try_send(order) {
                warn!("the disk is slow; the game waits for it");
                // An error means that the thread has failed, which its last report tells.
                drop(self.orders.send_blocking(order));
            }
        }
    }

    /// The next thing that the writer has told; `None` if there is nothing new.
    #[must_use]
    pub fn poll(&self) -> Option<Report> {
        self.reports.try_recv().ok()
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

/// Writes how a session went beside its records.
///
/// # Errors
/// If the disk does not allow it.
pub fn write_summary(
    directory: &Path,
    participant: &ParticipantId,
    summary: &serde_json::Value,
) -> io::Result<()> {
    let path = directory.join("local").join(format!("{participant}_session.json"));
    spool::write_json(&path, summary)
}
