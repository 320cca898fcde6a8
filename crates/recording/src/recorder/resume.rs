//! Taking up a session again from the logs that a killed program left of it.
//!
//! The record is made anew from what the logs hold, by the same steps as the first time. That it
//! comes out as the same bytes shows that the logs are this session's, whole and in order.

use super::{Effect, Recorder, ResumeError};
use crate::keys::KeyPair;
use crate::log::{self, Certificate, Damage, Ending, Log, SessionInfo};
use crate::replay;
use dyad_gridworld::{Digest, Entry, Game, World};
use dyad_protocol::Seat;
use std::sync::Arc;

/// Where a resumed record stands.
#[derive(Clone, Debug)]
pub struct Resumption {
    /// The first frame that is in no log: the record goes on with it.
    pub next: u32,
    /// The world before that frame.
    pub world: World,
    /// Head of the session's chain; zero where nothing is logged.
    pub chain: Digest,
    /// The newest connection that began with a hold; 0 where none did.
    pub epoch: u16,
    /// Everything in the logs, in order, for a partner who may lack some of it.
    pub entries: Vec<Entry>,
    /// What is to be done with each episode's files before anything is appended to them.
    pub episodes: Vec<Left>,
}

/// What is left of an episode's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// It is complete: leave it alone.
    Closed,
    /// It goes on, or waits for statements: cut the log, replace the table, append to both.
    Open {
        /// The log's sound length in bytes.
        log_length: usize,
        /// The table's bytes so far.
        table: Vec<u8>,
    },
    /// Not one frame of it is sound: remove its files. They are made again.
    Nothing,
}

impl Recorder {
    /// A recorder that goes on where the session's logs end; `logs` are their bytes, of episode 0
    /// and all that follow. Do what [`Resumption::episodes`] says, then drain
    /// [`Self::poll_effect`]: the statements on all finished episodes are made again, for partners
    /// who may not have heard them.
    ///
    /// # Errors
    /// [`ResumeError`] where these logs cannot be continued. They may still be sound, each alone.
    pub fn resume(
        session: SessionInfo,
        seat: Seat,
        game: &Arc<Game>,
        key: KeyPair,
        logs: &[Vec<u8>],
    ) -> Result<(Self, Resumption), ResumeError> {
        let mut recorder = Self::new(session, seat, game, key)?;
        let (mut entries, mut episodes, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for (at, bytes) in logs.iter().enumerate() {
            let episode = u16::try_from(at).map_err(|_many| ResumeError::Differs { episode: 0 })?;
            let log = match read(bytes) {
                Ok(log) => log,
                // The program was killed while it wrote the header.
                Err(_) if at + 1 == logs.len() => {
                    episodes.push(Left::Nothing);
                    break;
                }
                Err(source) => return Err(ResumeError::Header { episode, source }),
            };
            let (left, more) = recorder.take_up(episode, bytes, &log, &mut entries)?;
            episodes.push(left);
            missing.extend(more);
        }
        // Also where the log is complete: the partner's may not be.
        let statements = recorder.stated.iter().cloned().map(Effect::Statement);
        recorder.effects = missing.into_iter().chain(statements).collect();
        let resumption = Resumption {
            next: recorder.replica.frame(),
            world: recorder.replica.clone(),
            chain: recorder.tip.map_or(Digest([0; 32]), |tip| tip.chain),
            epoch: recorder.epoch,
            entries,
            episodes,
        };
        Ok((recorder, resumption))
    }

    /// Records everything in a log once more. Gives what is left of it, and the checkpoint at its
    /// end if that was cut off.
    fn take_up(
        &mut self,
        episode: u16,
        bytes: &[u8],
        log: &Log,
        entries: &mut Vec<Entry>,
    ) -> Result<(Left, Option<Effect>), ResumeError> {
        if let Ending::Closed(Certificate::Survivor { .. }) = log.ending {
            return Err(ResumeError::Ended { episode });
        }
        let differs = ResumeError::Differs { episode };
        let found =
            replay::entries(log).map_err(|source| ResumeError::Replay { episode, source })?;
        if found.iter().any(|entry| self.supplied(entry).is_err()) {
            return Err(differs);
        }
        entries.extend(found);
        let (mut again, mut table) = (Vec::new(), Vec::new());
        while let Some(effect) = self.poll_effect() {
            match effect {
                Effect::Log { bytes, .. } => again.extend(bytes),
                Effect::Table { bytes, .. } => table.extend(bytes),
                _ => {}
            }
        }
        let Some(log_length) = log.ending.sound_length() else {
            self.finished.retain(|finished| finished.number() != episode);
            let equal = bytes.starts_with(&again);
            return if equal { Ok((Left::Closed, None)) } else { Err(differs) };
        };
        if log.frames.is_empty() {
            return Ok((Left::Nothing, None));
        }
        let more = again.strip_prefix(&bytes[..log_length]).ok_or(differs)?.to_vec();
        let more = (!more.is_empty()).then_some(Effect::Log { episode, bytes: more });
        Ok((Left::Open { log_length, table }, more))
    }
}

/// Reads a log as it was before something was appended to its certificate.
fn read(bytes: &[u8]) -> Result<Log, log::HeaderError> {
    let log = log::read(bytes)?;
    match log.ending {
        Ending::Damaged { at, damage: Damage::Trailing(_) } => log::read(&bytes[..at]),
        _ => Ok(log),
    }
}
