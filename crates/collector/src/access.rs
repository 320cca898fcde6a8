//! Who may send and ask for what. It is answered beside the store: nobody waits for what the disk is doing
//! for others before their own upload may begin.

use crate::index::{IndexError, People, TokenHash};
use dyad_protocol::records::RecordName;
use dyad_protocol::{SessionId, Token};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why somebody may not send or ask for a record.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Nobody has this token.
    #[error("the token is unknown to this lab; it may belong to another one")]
    UnknownToken,
    /// The record does not belong to the token's owner.
    #[error("this record does not belong to the participant of the token")]
    NotTheirs,
    /// Somebody who played in this game has taken their data back.
    #[error(
        "this game was deleted because somebody has withdrawn their data: delete your copy too"
    )]
    Withdrawn,
    /// The index fails.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// What a store knows of people and of sessions that were deleted. Clones share it.
#[derive(Clone)]
pub struct Access {
    people: Arc<Mutex<Box<dyn People + Send>>>,
    withdrawn: Arc<Mutex<BTreeSet<SessionId>>>,
}

impl Access {
    pub(crate) fn new(people: Box<dyn People + Send>) -> Self {
        Self { people: Arc::new(Mutex::new(people)), withdrawn: Arc::default() }
    }

    /// Whether the owner of this token may send and ask for this record.
    ///
    /// # Errors
    /// [`AccessError`] if not.
    pub fn authorise(&self, token: &Token, name: &RecordName) -> Result<(), AccessError> {
        let people = locked(&self.people);
        let owner = people.recognise(&hash(token))?.ok_or(AccessError::UnknownToken)?;
        if self.is_withdrawn(&name.session) && owner == name.participant {
            return Err(AccessError::Withdrawn);
        }
        let session = people.session(&name.session)?.ok_or(AccessError::NotTheirs)?;
        let theirs = owner == name.participant && session.has(name);
        if theirs { Ok(()) } else { Err(AccessError::NotTheirs) }
    }

    /// Whether a session was deleted.
    pub(crate) fn is_withdrawn(&self, session: &SessionId) -> bool {
        locked(&self.withdrawn).contains(session)
    }

    /// Notes that a session is deleted.
    pub(crate) fn withdraw(&self, session: &SessionId) {
        locked(&self.withdrawn).insert(session.clone());
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The store knows tokens by their hash alone, so that who can read it cannot use them.
pub(crate) fn hash(token: &Token) -> TokenHash {
    *blake3::hash(token.reveal().as_bytes()).as_bytes()
}
