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
    /// The lab was asked about a record that it has.
    Asked {
        /// Which record.
        name: RecordName,
        /// What came of it.
        answer: Asked,
    },
}

/// What the lab says of a record whose receipt is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It has the record.
    There,
    /// Somebody has taken their data back: the copy here is deleted.
    Withdrawn,
    /// It knows nothing of it, and says this.
    Unknown(String),
    /// It was not reached, for this reason, and is asked again.
    Away(String),
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

    /// Hands a record over to be sent. About one that the lab has, it is asked whether the copy here may
    /// stay; one that it has lost is sent again.
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
        let (name, is_kept) = (record.name(), record.is_received());
        let attempt = if is_kept { ask(&record) } else { send(&record) };
        let progress = if is_kept { asked(name, &attempt) } else { sent(name, &attempt) };
        match attempt {
            Err(Attempt::Again(_)) => backlog.failed(record, started.elapsed()),
            Err(Attempt::Withdrawn(_)) => {
                backlog.answered(&record);
                record.forget();
            }
            Ok(()) | Err(Attempt::Never(_)) => backlog.answered(&record),
        }
        if say.send_blocking(progress).is_err() {
            return;
        }
    }
}

fn sent(name: RecordName, attempt: &Result<(), Attempt>) -> Progress {
    match attempt {
        Ok(()) => Progress::Received(name),
        Err(Attempt::Withdrawn(reason) | Attempt::Never(reason)) => {
            Progress::Refused { name, reason: reason.clone() }
        }
        Err(Attempt::Again(reason)) => Progress::Waiting { name, reason: reason.clone() },
    }
}

fn asked(name: RecordName, attempt: &Result<(), Attempt>) -> Progress {
    let answer = match attempt {
        Ok(()) => Asked::There,
        Err(Attempt::Withdrawn(_)) => Asked::Withdrawn,
        Err(Attempt::Never(reason)) => Asked::Unknown(reason.clone()),
        Err(Attempt::Again(reason)) => Asked::Away(reason.clone()),
    };
    Progress::Asked { name, answer }
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

/// Asks about a record that the lab has confirmed, and sends it again if it is not there any more.
fn ask(record: &Record) -> Result<(), Attempt> {
    if Delivery::new(record, b"").is_there()? { Ok(()) } else { send(record) }
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

#[cfg(test)]
mod tests {
    use super::{Asked, Progress, Uploader};
    use crate::record::delivery::tests::collector;
    use crate::record::tests::{files, lab_key, receipt_for, with_unsent};
    use dyad_protocol::records::SignedReceipt;
    use dyad_recording::receipt::sign;
    use std::time::{Duration, Instant};

    type Answers = Vec<(u16, Option<usize>, String)>;

    /// What comes of asking about a record with a receipt where the lab gives these answers; how it was
    /// asked, and what is left on this computer.
    fn ask(answers: impl FnOnce(&SignedReceipt) -> Answers) -> (Asked, Vec<String>, Vec<String>) {
        let (directory, spool, record) = with_unsent();
        let receipt = sign(receipt_for(&record, 1), &lab_key());
        record.keep_receipt(&receipt).unwrap();
        let (address, heard) = collector(answers(&receipt));
        let mut destination = record.destination.clone();
        destination.uploads.collector = Some(address);
        spool.open(&destination).unwrap();
        let [kept] = <[_; 1]>::try_from(spool.kept()).unwrap();
        let name = kept.name();
        let uploader = Uploader::start().unwrap();
        uploader.send(kept);
        let started = Instant::now();
        let progress = loop {
            assert!(started.elapsed() < Duration::from_secs(20), "nothing comes of it");
            if let Some(progress) = uploader.poll().next() {
                break progress;
            }
            std::thread::yield_now();
        };
        let Progress::Asked { name: of, answer } = progress else { panic!("{progress:?}") };
        assert_eq!(of, name);
        let how = heard.join().unwrap().into_iter().map(|(method, ..)| method).collect();
        let left = files(directory.path()).into_iter();
        let left = left.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        (answer, how, left.collect())
    }

    #[test]
    fn a_copy_of_what_was_withdrawn_is_recalled_with_its_receipt() {
        let gone = r#"{"message":"delete it"}"#.to_owned();
        let (answer, how, left) = ask(|_| vec![(410, None, gone)]);
        assert_eq!((answer, how), (Asked::Withdrawn, vec!["GET".to_owned()]));
        assert_eq!(left, [""; 0]);
    }

    #[test]
    fn a_record_that_the_lab_has_lost_is_sent_again() {
        let (answer, how, left) = ask(|receipt| {
            let said = serde_json::to_string(receipt).unwrap();
            vec![(404, Some(0), String::new()), (200, None, said)]
        });
        assert_eq!((answer, how), (Asked::There, vec!["GET".to_owned(), "PUT".to_owned()]));
        assert!(left.len() > 3, "{left:?}");
    }

    #[test]
    fn whatever_else_a_lab_says_copies_stay() {
        let there =
            |receipt: &SignedReceipt| vec![(200, None, serde_json::to_string(receipt).unwrap())];
        let (answer, _, left) = ask(there);
        assert_eq!(answer, Asked::There);
        for status in [401, 403, 503] {
            let (answer, _, still) = ask(|_| vec![(status, None, String::new())]);
            let reason = format!("HTTP {status}");
            let away = status == 503;
            assert_eq!(answer, if away { Asked::Away(reason) } else { Asked::Unknown(reason) });
            assert_eq!(still, left);
        }
    }
}
