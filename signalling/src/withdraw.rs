//! Withdrawal: what the lab itself knows of somebody who takes their data back is deleted, by the policy
//! of the study at the time when they consented. Their games are the collector's
//! ([`dyad_collector::withdraw`]).

use crate::identities::{self, IdentityError};
use crate::journal::{self, Entry, JournalError, Opened};
use crate::people::{PersonFact, PersonRecord};
use dyad_experiment::words::Withdrawal;
use dyad_protocol::ParticipantId;
use dyad_protocol::study::{Answer, Computer};
use std::path::Path;

/// Why somebody's data cannot be withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// Nobody is called so.
    #[error(
        "nobody in this folder is called {0}; `dyad-signalling identities` says who is called how"
    )]
    Unknown(ParticipantId),
    /// The folder does not say what the consent form has promised.
    #[error("the journal does not say what withdrawal deletes; say it with --policy")]
    NoPolicy,
    /// The journal cannot be used.
    #[error("the journal: {0}")]
    Journal(#[from] JournalError),
    /// Identities cannot be removed.
    #[error("identities: {0}")]
    Identities(#[from] IdentityError),
}

/// What was promised to a participant: the policy of the lab that they came to first.
///
/// # Errors
/// [`WithdrawError`].
pub fn policy(
    folder: &Path,
    participant: &ParticipantId,
    stated: Option<Withdrawal>,
) -> Result<Withdrawal, WithdrawError> {
    let entries = journal::history(folder)?;
    let enrolled = entries.iter().position(|entry| {
        let Entry::Person(record) = entry else { return false };
        record.participant == *participant && matches!(record.fact, PersonFact::Enrolled { .. })
    });
    let before = enrolled.ok_or_else(|| WithdrawError::Unknown(participant.clone()))?;
    let promised = entries[..before].iter().rev().find_map(|entry| match entry {
        Entry::Lab(Opened { withdrawal, .. }) => Some(*withdrawal),
        _ => None,
    });
    promised.flatten().or(stated).ok_or(WithdrawError::NoPolicy)
}

/// Deletes what somebody has answered and what identifies them. That they took part stays in the
/// journal, under the pseudonym: matchmaking is restored from it. No lab may be running.
///
/// # Errors
/// [`WithdrawError`]. It can be repeated.
pub fn forget(
    folder: &Path,
    participant: &ParticipantId,
    policy: Withdrawal,
) -> Result<(), WithdrawError> {
    identities::remove(folder, participant)?;
    journal::rewrite(folder, |entry| match entry {
        Entry::Person(record) if record.participant == *participant => {
            Entry::Person(without_answers(record, policy))
        }
        entry => entry,
    })?;
    Ok(())
}

fn without_answers(mut record: PersonRecord, policy: Withdrawal) -> PersonRecord {
    match &mut record.fact {
        PersonFact::Screened { computer, .. } => *computer = Computer::default(),
        PersonFact::Went { answer, .. } => {
            // How a game went is the partner's too.
            let is_of_game = matches!(answer, Some(Answer::Game { .. }));
            if !is_of_game || policy == Withdrawal::Games {
                *answer = None;
            }
        }
        PersonFact::Unseated { scores, .. } if policy == Withdrawal::Games => scores.clear(),
        _ => {}
    }
    record
}
