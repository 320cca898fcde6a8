//! What a start puts in order. The files are the truth: bundles, and for each session a file with
//! what the lab has said of it. What the index lacks of that, it gets.

use crate::index::{Conflict, Index, IndexError, Settled, TokenHash};
use crate::names::{BUNDLES, SESSIONS, name_of, session_key};
use crate::store::{Registration, Store, StoreError};
use dyad_protocol::records::RecordName;
use dyad_protocol::{HexDigest, SessionId};
use serde::{Deserialize, Serialize};

/// A session's registration as it is kept in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    registration: Registration,
    registered_ms: u64,
    /// The hashes of the people's tokens, in the order of their seats.
    tokens: Vec<HexDigest>,
}

/// What the index lacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Sessions that it knows again.
    pub sessions: Vec<SessionId>,
    /// Records that got a receipt.
    pub records: Vec<RecordName>,
}

impl Store {
    /// Gives the index what the files have and it lacks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn recover(&mut self, now_ms: u64) -> Result<Recovered, StoreError> {
        self.finish_withdrawals()?;
        let mut recovered = Recovered::default();
        for key in self.files.list(SESSIONS)? {
            match serde_json::from_slice::<Kept>(&self.files.read(&key)?) {
                Ok(kept) if !kept.registration.is_sound() => {
                    tracing::error!(key, "a session that there cannot be");
                }
                Ok(kept) if self.index.session(&kept.registration.session)?.is_none() => {
                    self.register_again(&kept)?;
                    recovered.sessions.push(kept.registration.session);
                }
                Ok(_) => {}
                Err(error) => tracing::error!(key, %error, "no registration of a session"),
            }
        }
        for (session, registered_ms) in self.index.sessions()? {
            if self.files.length(&session_key(&session))?.is_none()
                && let Some(registration) = self.index.session(&session)?
            {
                self.keep_registration(&registration, registered_ms)?;
            }
        }
        for key in self.files.list(BUNDLES)? {
            let Some(name) = name_of(&key) else { continue };
            if self.index.record(&name)?.is_none() && self.adopt(&name, now_ms)?.is_some() {
                recovered.records.push(name);
            }
        }
        Ok(recovered)
    }

    fn register_again(&mut self, kept: &Kept) -> Result<(), StoreError> {
        for ((_, participant), token) in kept.registration.people().zip(&kept.tokens) {
            let token = dyad_protocol::PublicKey::from(token.clone()).0;
            // False where the index knows them already.
            self.index.enrol(participant, &token, kept.registered_ms)?;
        }
        Ok(self.index.register(&kept.registration, kept.registered_ms)?)
    }

    /// Keeps what the lab has said of a session in a file.
    pub(crate) fn keep_registration(
        &mut self,
        registration: &Registration,
        registered_ms: u64,
    ) -> Result<(), StoreError> {
        let text = text(self.index.as_ref(), registration, registered_ms)?;
        Ok(self.files.replace(&session_key(&registration.session), &text)?)
    }

    /// Notes a conflict, and that the session's page is to be written again.
    pub(crate) fn note_conflict(&mut self, conflict: &Conflict) -> Result<(), StoreError> {
        self.index.add_conflict(conflict)?;
        Ok(self.index.set_settled(&conflict.name, Settled::Not)?)
    }
}

/// What the file of a session's registration holds.
///
/// # Errors
/// [`IndexError`].
pub fn text(
    index: &dyn Index,
    registration: &Registration,
    registered_ms: u64,
) -> Result<Vec<u8>, IndexError> {
    let mut tokens = Vec::new();
    for (_, participant) in registration.people() {
        tokens.extend(index.token(participant)?.map(|hash| digits(&hash)));
    }
    let kept = Kept { registration: registration.clone(), registered_ms, tokens };
    let mut text = serde_json::to_vec_pretty(&kept).expect("a registration is plain data");
    text.push(b'\n');
    Ok(text)
}

fn digits(hash: &TokenHash) -> HexDigest {
    blake3::Hash::from_bytes(*hash)
        .to_hex()
        .as_str()
        .parse()
        .expect("32 bytes are 64 hexadecimal digits")
}
