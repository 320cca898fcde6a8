//! What clients report while they play. Of what they say that they have on disk the highest is kept,
//! if it is signed with the key that was registered; how their connections are goes to a file.
//!
//! `{study}/{session}/connections.jsonl` has a line for each report: `at_ms`, `participant`, and the
//! report's `connection`. It is a help for the study's makers, no record: it ends at
//! [`MAX_CONNECTION_LOG`], and a loss of power may cost its last lines.

use crate::store::{Registration, Store, StoreError};
use dyad_protocol::ParticipantId;
use dyad_protocol::report::{ConnectionReport, Report, SignedBytes};
use dyad_recording::statement::Committed;
use serde::Serialize;

/// The largest file of reports, in bytes; a session of two people for four hours.
pub const MAX_CONNECTION_LOG: u64 = 4 * 1024 * 1024;

/// What was reported since the store was opened, by what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Reports by participants of the session that they name.
    pub reports: u64,
    /// Reports about sessions that are unknown, or somebody else's.
    pub foreign: u64,
    /// Messages about what is on disk that were new, and kept.
    pub kept: u64,
    /// Messages about what is on disk that were not believed.
    pub refused: u64,
}

/// Why a message about what is on disk is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("it is no such message")]
    Malformed,
    #[error("it is about another session, seat or episode")]
    Foreign,
    #[error("it is not signed with the registered key")]
    Forged,
    #[error("it is older than the one before")]
    Old,
    #[error("it contradicts the one before")]
    Contradiction,
}

/// A line of the file.
#[derive(Serialize)]
struct Line<'a> {
    at_ms: u64,
    participant: &'a ParticipantId,
    #[serde(flatten)]
    connection: &'a ConnectionReport,
}

/// The key of a session's file of reports.
#[must_use]
pub fn key(session: &Registration) -> String {
    format!("{}/{}/connections.jsonl", session.study, session.session)
}

impl Store {
    /// Takes reports, and whom they are from. What cannot be right is counted and ignored.
    ///
    /// # Errors
    /// [`StoreError`] if the storage fails.
    pub fn note(
        &mut self,
        reports: &[(ParticipantId, Report)],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let mut kept = Vec::new();
        for (participant, report) in reports {
            let session = self.index.session(&report.session)?;
            let Some(session) = session.filter(|it| it.has_person(participant)) else {
                self.noted.foreign += 1;
                continue;
            };
            self.noted.reports += 1;
            self.append(&session, participant, &report.connection, now_ms)?;
            let Some(bytes) = &report.committed else { continue };
            match self.weigh(&session, participant, bytes)? {
                Ok(message) => kept.extend(message.map(|message| (participant.clone(), message))),
                Err(refused) => {
                    self.noted.refused += 1;
                    // Somebody who says a million wrong things is told of twenty times.
                    if self.noted.refused.is_power_of_two() {
                        let (session, refused) = (&session.session, refused.to_string());
                        tracing::warn!(%session, %participant, refused, "not believed");
                    }
                }
            }
        }
        self.noted.kept += kept.len() as u64;
        if kept.is_empty() { Ok(()) } else { Ok(self.index.set_committed(&kept, now_ms)?) }
    }

    /// What was reported since the store was opened.
    #[must_use]
    pub const fn noted(&self) -> Noted {
        self.noted
    }

    fn append(
        &mut self,
        session: &Registration,
        participant: &ParticipantId,
        connection: &ConnectionReport,
        at_ms: u64,
    ) -> Result<(), StoreError> {
        let line = Line { at_ms, participant, connection };
        let mut line = serde_json::to_vec(&line).expect("a line is plain data");
        line.push(b'\n');
        let key = key(session);
        Ok(self.files.append(&key, &line, MAX_CONNECTION_LOG)?)
    }

    /// The message if it is to be kept; none if it is the one that is known.
    fn weigh(
        &self,
        session: &Registration,
        participant: &ParticipantId,
        bytes: &SignedBytes,
    ) -> Result<Result<Option<Committed>, Refused>, StoreError> {
        let message = match authentic(session, participant, bytes) {
            Ok(message) => message,
            Err(refused) => return Ok(Err(refused)),
        };
        let known = self.index.committed(&session.session)?;
        let known = known.into_iter().find(|(of, _)| of == participant);
        let Some((_, known)) = known else { return Ok(Ok(Some(message))) };
        let place = |message: &Committed| (message.episode, message.said.frame);
        let is_newer = message.episode >= known.episode && message.said.frame > known.said.frame;
        Ok(match (is_newer, place(&message) == place(&known)) {
            (true, _) => Ok(Some(message)),
            (false, true) if message.said == known.said => Ok(None),
            (false, true) => Err(Refused::Contradiction),
            (false, false) => Err(Refused::Old),
        })
    }
}

fn authentic(
    session: &Registration,
    participant: &ParticipantId,
    bytes: &SignedBytes,
) -> Result<Committed, Refused> {
    let message = Committed::decode(bytes.as_bytes()).map_err(|_which| Refused::Malformed)?;
    let is_theirs = session.players.get(message.seat.index()) == Some(participant);
    if message.session != session.session || !is_theirs || message.episode >= session.episodes {
        return Err(Refused::Foreign);
    }
    if message.is_authentic(&session.keys) { Ok(message) } else { Err(Refused::Forged) }
}
