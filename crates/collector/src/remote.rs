//! Who keeps a lab's records: a collector in the same program, or one on another machine.

use crate::index::IndexError;
use crate::lab::{Asked, Greeting, News, Owner, Person};
use crate::owner::{Collector, Stopped, now_ms};
use crate::store::{Registration, StoreError};
use dyad_protocol::records::Rejection;
use dyad_protocol::report::Report;
use dyad_protocol::{HexDigest, ParticipantId, Token};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long a collector may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why something could not be written down or looked up.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The collector of this program has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// Its store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The collector elsewhere is not reached, or what it says is not understood.
    #[error("the collector {url}: {why}")]
    Unreachable {
        /// Its address.
        url: String,
        /// Why.
        why: String,
    },
    /// It says no.
    #[error("the collector {url} says: {message}")]
    Refused {
        /// Its address.
        url: String,
        /// What it says.
        message: String,
    },
}

impl From<IndexError> for KeeperError {
    fn from(error: IndexError) -> Self {
        StoreError::Index(error).into()
    }
}

/// A collector on another machine. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Remote {
    url: String,
    cert: Option<HexDigest>,
    secret: Token,
    agent: ureq::Agent,
}

impl Remote {
    /// A collector at this address, `http://host:port`, that knows this secret; or at `https://host:port`,
    /// with a certificate that has this fingerprint.
    #[must_use]
    pub fn new(url: &str, cert: Option<HexDigest>, secret: Token) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build();
        let agent = dyad_tls::agent(agent, cert.as_ref());
        Self { url: url.trim_end_matches('/').to_owned(), cert, secret, agent }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The fingerprint of its certificate, if it has one.
    #[must_use]
    pub const fn cert(&self) -> Option<&HexDigest> {
        self.cert.as_ref()
    }

    /// Its key, and where its news are.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub async fn greet(&self) -> Result<Greeting, KeeperError> {
        self.ask("/v1/lab".to_owned(), None).await
    }

    /// What is new since then.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub async fn news(&self, after: u64) -> Result<News, KeeperError> {
        self.ask(format!("/v1/lab/news?after={after}"), None).await
    }

    async fn tell<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        what: &impl Serialize,
    ) -> Result<T, KeeperError> {
        let body = serde_json::to_vec(what).expect("messages are plain data");
        self.ask(path.to_owned(), Some(body)).await
    }

    async fn ask<T: DeserializeOwned + Send + 'static>(
        &self,
        path: String,
        body: Option<Vec<u8>>,
    ) -> Result<T, KeeperError> {
        let this = self.clone();
        let asked = tokio::task::spawn_blocking(move || this.call(&path, body)).await;
        asked.map_err(|error| self.unreachable(&error))?
    }

    fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, KeeperError> {
        let url = format!("{}{path}", self.url);
        let bearer = format!("Bearer {}", self.secret.reveal());
        let answer = match body {
            Some(body) => self
                .agent
                .post(url)
                .header("authorization", bearer)
                .header("content-type", "application/json")
                .send(body),
            None => self.agent.get(url).header("authorization", bearer).call(),
        };
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        let text = answer.body_mut().read_to_vec().map_err(|error| self.unreachable(&error))?;
        if answer.status() == 200 {
            return serde_json::from_slice(&text).map_err(|error| self.unreachable(&error));
        }
        let said = serde_json::from_slice::<Rejection>(&text);
        let message = said.map_or_else(|_| answer.status().to_string(), |said| said.message);
        Err(KeeperError::Refused { url: self.url.clone(), message })
    }

    fn unreachable(&self, why: &dyn std::error::Error) -> KeeperError {
        KeeperError::Unreachable { url: self.url.clone(), why: why.to_string() }
    }
}

/// Who keeps a lab's records. Clones share it.
#[derive(Clone)]
pub enum Keeper {
    /// A collector in this program.
    Here(Collector),
    /// One on another machine.
    There(Remote),
}

impl Keeper {
    /// Makes a participant known; false if the pseudonym or the token is taken.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub async fn enrol(
        &self,
        participant: ParticipantId,
        token: Token,
    ) -> Result<bool, KeeperError> {
        match self {
            Self::Here(collector) => {
                let enrol =
                    move |store: &mut crate::Store| store.enrol(&participant, &token, now_ms());
                Ok(collector.with(enrol).await??)
            }
            Self::There(remote) => {
                remote.tell("/v1/lab/participants", &Person { participant, token }).await
            }
        }
    }

    /// Whose token this is; `None` if nobody's.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub async fn recognise(&self, token: Token) -> Result<Option<ParticipantId>, KeeperError> {
        match self {
            Self::Here(collector) => {
                Ok(collector.with(move |store| store.recognise(&token)).await??)
            }
            Self::There(remote) => {
                let owner: Owner = remote.tell("/v1/lab/tokens", &Asked { token }).await?;
                Ok(owner.participant)
            }
        }
    }

    /// Makes a session known, so that its participants' records are taken.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub async fn register(&self, session: Registration) -> Result<(), KeeperError> {
        match self {
            Self::Here(collector) => {
                Ok(collector.with(move |store| store.register(&session, now_ms())).await??)
            }
            Self::There(remote) => {
                remote.tell("/v1/lab/sessions", &session).await.map(|_: bool| ())
            }
        }
    }

    /// Hands over what participants report.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub async fn note(&self, reports: Vec<(ParticipantId, Report)>) -> Result<(), KeeperError> {
        match self {
            Self::Here(collector) => {
                Ok(collector.with(move |store| store.note(&reports, now_ms())).await??)
            }
            Self::There(remote) => remote.tell("/v1/lab/reports", &reports).await.map(|_: bool| ()),
        }
    }
}
