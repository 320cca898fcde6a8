//! The thread that brings records to the lab.
//!
//! Records come in any order and are sent one after the other. A lab that does not answer is
//! asked again with growing pauses; an answer that a repetition cannot change is kept for the
//! person, and the record stays on this computer.

use super::backlog::Backlog;
use super::delivery::{Attempt, Delivery};
use super::spool::Record;
use bevy::log::{info, warn};
use bevy::prelude::Resource;
use dyad_protocol::records::{MAX_PIECE, RecordName};
use smol::channel::{Receiver, RecvError, Sender, bounded};
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Records that may wait; a session has at most a few dozen.
const QUEUE: usize = 4096;
/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The lab has it on disk.
    Received(RecordName),
    /// The lab was not reached, or had no room; it is tried again.
    Waiting {
        /// Which record.
        name: RecordName,
        /// Why, for people.
        reason: String,
    },
    /// The lab will not take it; it stays on this computer.
    Refused {
        /// Which record.
        name: RecordName,
        /// Why, for people.
        reason: String,
    },
}

/// The uploading thread.
#[derive(Resource)]
pub struct Uploader {
    records: Sender<Record>,
    progress: Receiver<Progress>,
}

impl Uploader {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the operating system gives none.
    pub fn start() -> io::Result<Self> {
        let (records, to_send) = bounded(QUEUE);
        let (say, progress) = bounded(QUEUE);
        std::thread::Builder::new().name("upload".to_owned()).spawn(move || run(&to_send, &say))?;
        Ok(Self { records, progress })
    }

    /// Hands a record over to be sent.
    pub fn send(&self, record: Record) {
        if self.records.try_send(record).is_err() {
            warn!("too many records wait to be sent; the rest is sent at the next start");
        }
    }

    /// What has become of records since the last call.
    pub fn poll(&self) -> impl Iterator<Item = Progress> + '_ {
        std::iter::from_fn(|| self.progress.try_recv().ok())
    }
}

fn run(to_send: &Receiver<Record>, say: &Sender<Progress>) {
    let started = Instant::now();
    let mut backlog = Backlog::default();
    loop {
        while let Ok(record) = to_send.try_recv() {
            backlog.push(record);
        }
        let Some(record) = backlog.pop(started.elapsed()) else {
            let wait = backlog.next_deadline().map(|at| at.saturating_sub(started.elapsed()));
            match next(to_send, wait) {
                Ok(record) => record.into_iter().for_each(|record| backlog.push(record)),
                Err(RecvError) => return,
            }
            continue;
        };
        let name = record.name();
        let progress = match send(&record) {
            Ok(()) => {
                backlog.answered(&record);
                Progress::Received(name)
            }
            Err(Attempt::Withdrawn(reason)) => {
                backlog.answered(&record);
                record.forget();
                Progress::Refused { name, reason }
            }
            Err(Attempt::Never(reason)) => {
                backlog.answered(&record);
                Progress::Refused { name, reason }
            }
            Err(Attempt::Again(reason)) => {
                backlog.failed(record, started.elapsed());
                Progress::Waiting { name, reason }
            }
        };
        if say.send_blocking(progress).is_err() {
            return;
        }
    }
}

/// The wall clock: milliseconds since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(0)
}

/// The next record that is handed over; none if none comes in time.
fn next(to_send: &Receiver<Record>, wait: Option<Duration>) -> Result<Option<Record>, RecvError> {
    let Some(wait) = wait else { return to_send.recv_blocking().map(Some) };
    let time = async {
        smol::Timer::after(wait).await;
        Ok(None)
    };
    smol::block_on(smol::future::or(async { to_send.recv().await.map(Some) }, time))
}

/// Sends one record and keeps its receipt.
fn send(record: &Record) -> Result<(), Attempt> {
    let bundle = record.bundle().map_err(|error| Attempt::Never(error.to_string()))?;
    let delivery = Delivery::new(record, &bundle);
    let receipt = if bundle.len() <= MAX_PIECE { delivery.whole() } else { delivery.pieces() }?;
    record
        .check_receipt(&receipt, Some(&delivery.digest))
        .map_err(|error| Attempt::Again(error.to_string()))?;
    record.keep_receipt(&receipt).map_err(|error| Attempt::Again(error.to_string()))?;
    info!("episode {} of {} is at the lab", record.episode, record.destination.session);
    Ok(())
}
