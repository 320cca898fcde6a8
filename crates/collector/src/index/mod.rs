//! The index: who may send what, which records are there, what was found out about them. These traits
//! are all that the rest of the collector knows of it; [`Sqlite`] is the one index there is.
//!
//! A method that changes something has done so for good when it returns, or fails and has changed
//! nothing.

mod sqlite;

pub use sqlite::Sqlite;

use crate::settle::Finding;
use crate::store::Registration;
use dyad_protocol::records::{Receipt, RecordName, Verdict};
use dyad_protocol::{HexDigest, ParticipantId, SessionId};
use dyad_recording::statement::Committed;
use std::error::Error;
use std::sync::Arc;

/// The version of a store's folder.
pub const FORMAT: i64 = 1;

/// The hash of a token.
pub type TokenHash = [u8; 32];

/// What participants of a session last said that they had on disk.
pub type OnDisk = Vec<(ParticipantId, Committed)>;

/// What went wrong with the index.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IndexError {
    /// The database says no.
    #[error("the index of the store: {0}")]
    Failed(Arc<dyn Error + Send + Sync>),
    /// The store was made by a later version of this program.
    #[error("the store has format {found}, this program knows {FORMAT}: use a newer one")]
    Newer {
        /// The store's version.
        found: i64,
    },
    /// The store was made by an earlier version of this program.
    #[error(
        "the store has format {found}, this program has {FORMAT}: start a lab on it once, which brings it up to date"
    )]
    Older {
        /// The store's version.
        found: i64,
    },
    /// The database's file is broken.
    #[error("the index of the store is damaged ({0}); `fsck` makes it again from the files")]
    Damaged(String),
}

/// How far the work after a receipt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Still to be done.
    Not = 0,
    /// Done.
    Done = 1,
    /// Tried and failed; tried again at the next start.
    Failed = 2,
}

/// Another record under the name of one that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The name.
    pub name: RecordName,
    /// The digest of the one that came later.
    pub digest: HexDigest,
    /// When it came first, milliseconds since 1970.
    pub received_ms: u64,
}

/// Everything that a store wants of its index.
pub trait Index: People + Records + Verdicts + Send {
    /// Another access to who may send what, for others to ask meanwhile. It sees what is changed through
    /// this one, and changes nothing.
    ///
    /// # Errors
    /// [`IndexError`].
    fn people(&self) -> Result<Box<dyn People + Send>, IndexError>;
}

/// Who may send what.
pub trait People {
    /// Adds a participant; false if the pseudonym or the token is taken.
    ///
    /// # Errors
    /// [`IndexError`].
    fn enrol(
        &mut self,
        participant: &ParticipantId,
        token: &TokenHash,
        now_ms: u64,
    ) -> Result<bool, IndexError>;

    /// Whose token this is.
    ///
    /// # Errors
    /// [`IndexError`].
    fn recognise(&self, token: &TokenHash) -> Result<Option<ParticipantId>, IndexError>;

    /// The token of a participant.
    ///
    /// # Errors
    /// [`IndexError`].
    fn token(&self, participant: &ParticipantId) -> Result<Option<TokenHash>, IndexError>;

    /// Adds a session.
    ///
    /// # Errors
    /// [`IndexError`], also if the session is there already.
    fn register(&mut self, session: &Registration, now_ms: u64) -> Result<(), IndexError>;

    /// A session.
    ///
    /// # Errors
    /// [`IndexError`].
    fn session(&self, session: &SessionId) -> Result<Option<Registration>, IndexError>;

    /// Removes a session and all that is known of it.
    ///
    /// # Errors
    /// [`IndexError`].
    fn forget(&mut self, session: &SessionId) -> Result<(), IndexError>;

    /// All sessions, by id, and when each was registered (milliseconds since 1970).
    ///
    /// # Errors
    /// [`IndexError`].
    fn sessions(&self) -> Result<Vec<(SessionId, u64)>, IndexError>;
}

/// Which records are there.
pub trait Records {
    /// The receipt of a record.
    ///
    /// # Errors
    /// [`IndexError`].
    fn record(&self, name: &RecordName) -> Result<Option<Receipt>, IndexError>;

    /// All receipts of a session, by episode.
    ///
    /// # Errors
    /// [`IndexError`].
    fn records(&self, session: &SessionId) -> Result<Vec<Receipt>, IndexError>;

    /// All receipts of all sessions, also of those that are not known.
    ///
    /// # Errors
    /// [`IndexError`].
    fn all_records(&self) -> Result<Vec<Receipt>, IndexError>;

    /// Adds receipts: all of them or none.
    ///
    /// # Errors
    /// [`IndexError`], also if there is one for such a record.
    fn add_records(&mut self, receipts: &[Receipt]) -> Result<(), IndexError>;

    /// A record whose work after the receipt is still to do.
    ///
    /// # Errors
    /// [`IndexError`].
    fn next_unsettled(&self) -> Result<Option<RecordName>, IndexError>;

    /// Whether the work after a record's receipt is still to do.
    ///
    /// # Errors
    /// [`IndexError`].
    fn is_unsettled(&self, name: &RecordName) -> Result<bool, IndexError>;

    /// Notes how the work after a receipt went.
    ///
    /// # Errors
    /// [`IndexError`].
    fn set_settled(&mut self, name: &RecordName, how: Settled) -> Result<(), IndexError>;

    /// Notes that another record came under a name, if that is not known.
    ///
    /// # Errors
    /// [`IndexError`].
    fn add_conflict(&mut self, conflict: &Conflict) -> Result<(), IndexError>;

    /// What came under the names of a session's records besides those.
    ///
    /// # Errors
    /// [`IndexError`].
    fn conflicts(&self, session: &SessionId) -> Result<Vec<Conflict>, IndexError>;
}

/// What was found out about them.
pub trait Verdicts {
    /// Notes the verdict on an episode.
    ///
    /// # Errors
    /// [`IndexError`].
    fn set_verdict(&mut self, name: &RecordName, verdict: &Verdict) -> Result<(), IndexError>;

    /// The verdicts on a session's episodes, by episode.
    ///
    /// # Errors
    /// [`IndexError`].
    fn verdicts(&self, session: &SessionId) -> Result<Vec<(u16, Verdict)>, IndexError>;

    /// Notes what is known of an episode besides its verdict.
    ///
    /// # Errors
    /// [`IndexError`].
    fn set_finding(&mut self, name: &RecordName, finding: &Finding) -> Result<(), IndexError>;

    /// What is known of a session's episodes besides their verdicts, by episode.
    ///
    /// # Errors
    /// [`IndexError`].
    fn findings(&self, session: &SessionId) -> Result<Vec<(u16, Finding)>, IndexError>;

    /// Keeps messages about what is on disk, each instead of the one that its sender sent before:
    /// all of them or none.
    ///
    /// # Errors
    /// [`IndexError`].
    fn set_committed(
        &mut self,
        messages: &[(ParticipantId, Committed)],
        now_ms: u64,
    ) -> Result<(), IndexError>;

    /// What a session's participants last said that they had on disk; of some perhaps nothing.
    ///
    /// # Errors
    /// [`IndexError`].
    fn committed(&self, session: &SessionId) -> Result<OnDisk, IndexError>;

    /// Notes that a session's books are closed.
    ///
    /// # Errors
    /// [`IndexError`].
    fn close(&mut self, session: &SessionId, now_ms: u64) -> Result<(), IndexError>;

    /// When a session's books were closed; none while they are open.
    ///
    /// # Errors
    /// [`IndexError`].
    fn closed(&self, session: &SessionId) -> Result<Option<u64>, IndexError>;

    /// Sessions whose books are open, and when something was last heard of each.
    ///
    /// # Errors
    /// [`IndexError`].
    fn open_sessions(&self) -> Result<Vec<(SessionId, u64)>, IndexError>;
}
