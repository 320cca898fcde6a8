//! Sessions that an earlier run of the program was killed in: found by their keys, to be resumed
//! or, where nobody waits for that any more, closed.

use super::identity::KeptKey;
use super::spool::{Destination, Spool, write_json};
use super::writer::{Order, Report, Session, Writer, WriterError};
use bevy::log::{info, warn};
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::KeyPair;
use dyad_recording::bundle::log_name;
use dyad_recording::log;
use serde_json::json;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A session whose key is still there and that no running program holds.
#[derive(Debug)]
pub struct Interrupted {
    /// Where its records belong, with the token by which the lab knows its participant.
    pub destination: Destination,
    /// The scene's directory.
    pub directory: PathBuf,
    /// What its participant signs with.
    pub key: KeyPair,
    /// When it began.
    pub begun: SystemTime,
    pub(super) kept: KeptKey,
}

impl Spool {
    /// Sessions in which this program, or the computer, stopped before they were over; the latest
    /// first. They are held by this program until they are dropped.
    #[must_use]
    pub fn interrupted(&self) -> Vec<Interrupted> {
        let found = self.scenes().into_iter().filter_map(|(directory, destination)| {
            let found = KeptKey::find(&directory, &destination.participant);
            let (key, kept, begun) = found.unwrap_or_else(|error| {
                warn!("the key of {} cannot be used: {error}", destination.session);
                None
            })?;
            Some(Interrupted { destination, directory, key, begun, kept })
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|interrupted| std::cmp::Reverse(interrupted.begun));
        found
    }

    /// Closes all of them, where nobody waits for this participant to come back.
    pub fn close_interrupted(&self) {
        for interrupted in self.interrupted() {
            let session = interrupted.destination.session.clone();
            if let Err(error) = interrupted.close("the program or the computer stopped") {
                warn!("session {session} was interrupted and cannot be closed: {error}");
            }
        }
    }
}

impl Interrupted {
    /// The bytes of its logs, of episode 0 and all that follow.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn logs(&self) -> io::Result<Vec<Vec<u8>>> {
        logs(&self.directory, &self.destination.participant)
    }

    /// Closes what was left open, with this side's signature and the reason, so that it can be sent
    /// to the lab. Call it when the session cannot be resumed.
    ///
    /// # Errors
    /// [`WriterError`] if its logs cannot be closed. They stay as they are, each sound up to some
    /// byte, and are sent like that.
    pub fn close(self, reason: &str) -> Result<(), WriterError> {
        let Destination { session, participant, .. } = self.destination.clone();
        let directory = self.directory.clone();
        let closed = self.close_logs();
        let note = json!({
            "session": session,
            "participant": participant,
            "completed": false,
            "ending": "Interrupted",
            "reason": reason,
            "trouble": closed.as_ref().err().map(ToString::to_string),
        });
        let path = directory.join("local").join(format!("{participant}_session.json"));
        // If it is there, the session had ended and says itself how.
        if !path.exists() {
            write_json(&path, &note).map_err(WriterError::Disk)?;
        }
        if closed.is_ok() {
            info!("session {session} was interrupted and is closed now: {reason}");
        }
        closed
    }

    fn close_logs(self) -> Result<(), WriterError> {
        let logs = self.logs().map_err(WriterError::Disk)?;
        let Some(session) = logs.first().and_then(|log| self.session(log)) else {
            // Not one frame was recorded, or nothing that could be closed.
            return self.kept.remove().map_err(WriterError::Disk);
        };
        let path = KeptKey::path(&self.directory, &self.destination.participant);
        let mut writer = match Writer::resume(session, self) {
            Ok((writer, _resumption)) => writer,
            Err(error) => {
                // Trying again would not help, except where the disk was at fault.
                if !matches!(error, WriterError::Disk(_)) {
                    fs::remove_file(path).map_err(WriterError::Disk)?;
                }
                return Err(error);
            }
        };
        writer.order(Order::End);
        let mut failure = None;
        while let Some(report) = writer.wait() {
            match report {
                Report::Failed(problem) => failure = Some(io::Error::other(problem)),
                Report::Done => break,
                _ => {}
            }
        }
        failure.map_or(Ok(()), |failure| Err(WriterError::Disk(failure)))
    }

    /// The session as its first log's header says. There is no ticket any more.
    fn session(&self, log: &[u8]) -> Option<Session> {
        let (header, _) = log::Header::decode(log).ok()?;
        let game = header.start().ok()?.game().clone();
        let participant = self.destination.participant.clone();
        let participants = &header.session.participants;
        let seat = participants.iter().position(|other| *other == participant)?;
        let seat = Seat(u8::try_from(seat).ok()?);
        let (directory, started) = (self.directory.clone(), SystemTime::now());
        Some(Session { directory, participant, info: header.session, seat, game, started })
    }
}

fn logs(directory: &Path, participant: &ParticipantId) -> io::Result<Vec<Vec<u8>>> {
    let mut logs = Vec::new();
    for episode in 0..=u16::MAX {
        match fs::read(directory.join(log_name(participant, episode))) {
            Ok(bytes) => logs.push(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        }
    }
    Ok(logs)
}
