//! The thread that brings records to the lab.
//!
//! Records come in any order and are sent one after the other. A lab that does not answer is
//! asked again with growing pauses; an answer that a repetition cannot change is kept for the
//! person, and the record stays on this computer.

use super::spool::Record;
use bevy::log::{info, warn};
use bevy::prelude::Resource;
use dyad_protocol::records::{DIGEST_HEADER, Receipt, RecordName, Rejection};
use smol::channel::{Receiver, Sender, bounded};
use std::io;
use std::time::Duration;

/// Records that may wait; a session has at most a few dozen.
const QUEUE: usize = 4096;
/// How long one upload may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Pauses before a record is tried again; the last one repeats.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

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

/// Why one attempt failed.
#[derive(Debug)]
enum Attempt {
    Again(String),
    Never(String),
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
    while let Ok(record) = to_send.recv_blocking() {
        let mut failures = 0;
        loop {
            let name = record.name();
            let (progress, is_over) = match send(&record) {
                Ok(()) => (Progress::Received(name), true),
                Err(Attempt::Never(reason)) => (Progress::Refused { name, reason }, true),
                Err(Attempt::Again(reason)) => (Progress::Waiting { name, reason }, false),
            };
            if say.send_blocking(progress).is_err() {
                return;
            }
            if is_over {
                break;
            }
            std::thread::sleep(PAUSES[failures.min(PAUSES.len() - 1)]);
            failures += 1;
        }
    }
}

/// Sends one record and keeps its receipt.
fn send(record: &Record) -> Result<(), Attempt> {
    let bundle = record.bundle().map_err(|error| Attempt::Never(error.to_string()))?;
    let digest = blake3::hash(&bundle).to_hex();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .build()
        .into();
    let url = format!("{}{}", record.destination.lab, record.name().path());
    let response = agent
        .put(&url)
        .header(DIGEST_HEADER, digest.as_str())
        .header("authorization", format!("Bearer {}", record.destination.token.reveal()))
        .send(&bundle[..]);
    let mut response = response.map_err(|error| Attempt::Again(error.to_string()))?;
    let status = response.status();
    let body = response.body_mut().read_to_vec().unwrap_or_default();
    if !status.is_success() {
        let rejection = serde_json::from_slice::<Rejection>(&body);
        let reason = rejection.map_or_else(|_| format!("HTTP {status}"), |said| said.message);
        // 408, 429 and the 5xx may pass; the other 4xx are about the record itself.
        let may_pass = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
        return Err(if may_pass { Attempt::Again(reason) } else { Attempt::Never(reason) });
    }
    let receipt: Receipt = serde_json::from_slice(&body)
        .map_err(|error| Attempt::Again(format!("the lab's answer is no receipt ({error})")))?;
    if receipt.digest.as_str() != digest.as_str() || receipt.name != record.name() {
        return Err(Attempt::Again("the lab's receipt is for another record".to_owned()));
    }
    record.keep_receipt(&receipt).map_err(|error| Attempt::Again(error.to_string()))?;
    info!("episode {} of {} is at the lab", record.episode, record.destination.session);
    Ok(())
}
