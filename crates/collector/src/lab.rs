//! What a lab on another machine asks of a collector, over HTTP and with a shared secret: who may send
//! records, and what became of them. [`remote`](crate::remote) is the other end.

use crate::http::{Refused, bearer};
use crate::owner::{Collector, now_ms};
use crate::settle::Notice;
use crate::store::{Registration, StoreError};
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use dyad_protocol::records::Verdict;
use dyad_protocol::report::Report;
use dyad_protocol::{ParticipantId, PublicKey, Token};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest request: the newest reports of everybody who plays.
const MAX_REQUEST: usize = 16 * 1024 * 1024;

/// News that are kept for a lab that does not ask.
const MAX_NEWS: usize = 1024;

/// The fewest characters of a secret.
const MIN_SECRET: usize = 32;

/// Why a file holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be read.
    #[error("the secret {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is too short, or has other letters.
    #[error(
        "the secret {}: it must be one line of at least {MIN_SECRET} characters of A-Z a-z 0-9 - _, \
         such as `openssl rand -hex 32` prints",
        .0.display()
    )]
    Form(PathBuf),
}

/// The secret that a collector and its labs share: the only line of a file.
///
/// # Errors
/// [`SecretError`].
pub fn read_secret(path: &Path) -> Result<Token, SecretError> {
    let text = fs::read_to_string(path)
        .map_err(|source| SecretError::Read { path: path.to_owned(), source })?;
    let token: Option<Token> = text.trim_end().parse().ok();
    token
        .filter(|token| token.reveal().len() >= MIN_SECRET)
        .ok_or_else(|| SecretError::Form(path.to_owned()))
}

/// What a lab is told first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// What receipts are signed with.
    pub key: PublicKey,
    /// The number of the next news.
    pub next: u64,
}

/// Somebody who may be known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// The pseudonym.
    pub participant: ParticipantId,
    /// The secret that goes with it.
    pub token: Token,
}

/// Whose token it is, if anybody's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// The participant.
    pub participant: Option<ParticipantId>,
}

/// A token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The token.
    pub token: Token,
}

/// The verdict on an episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The session.
    pub session: Registration,
    /// The episode.
    pub episode: u16,
    /// What was found.
    pub verdict: Verdict,
}

/// What is new since a lab asked last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// Where to go on.
    pub next: u64,
    /// Verdicts, in their order.
    pub judged: Vec<Judged>,
}

/// News for labs, as far as they are kept. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// The number of the next one.
    next: u64,
    judged: VecDeque<Judged>,
}

impl Board {
    /// Keeps something that the collector tells, if it is for labs.
    pub fn tell(&self, notice: &Notice) {
        if let Notice::Judged { session, episode, verdict } = notice {
            let (session, episode, verdict) = (session.clone(), *episode, verdict.clone());
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.next += 1;
            kept.judged.push_back(Judged { session, episode, verdict });
            if kept.judged.len() > MAX_NEWS {
                kept.judged.pop_front();
            }
        }
    }

    /// What came after this number, as far as it is kept.
    #[must_use]
    pub fn since(&self, after: u64) -> News {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = usize::try_from(kept.next.saturating_sub(after)).unwrap_or(usize::MAX);
        let old = kept.judged.len().saturating_sub(new);
        News { next: kept.next, judged: kept.judged.iter().skip(old).cloned().collect() }
    }
}

#[derive(Clone)]
struct Shared {
    collector: Collector,
    board: Board,
    secret: Arc<Token>,
}

/// The routes under `/v1/lab`, for who knows the secret.
pub fn routes(collector: Collector, board: Board, secret: Token) -> Router {
    let shared = Shared { collector, board, secret: Arc::new(secret) };
    Router::new()
        .route("/v1/lab", get(greet))
        .route("/v1/lab/participants", post(enrol))
        .route("/v1/lab/tokens", post(recognise))
        .route("/v1/lab/sessions", post(register))
        .route("/v1/lab/reports", post(note))
        .route("/v1/lab/news", get(news))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .layer(from_fn_with_state(shared.clone(), admit))
        .with_state(shared)
}

async fn admit(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Refused> {
    if bearer(request.headers())?.matches(&shared.secret) {
        return Ok(next.run(request).await);
    }
    Err(Refused::new(StatusCode::UNAUTHORIZED, "the secret is not the one of this collector"))
}

async fn greet(State(shared): State<Shared>) -> Json<Greeting> {
    let next = shared.board.since(u64::MAX).next;
    Json(Greeting { key: shared.collector.key().public(), next })
}

async fn enrol(
    State(shared): State<Shared>,
    Json(Person { participant, token }): Json<Person>,
) -> Result<Json<bool>, Refused> {
    let enrol = shared.collector.with(move |store| store.enrol(&participant, &token, now_ms()));
    Ok(Json(enrol.await?.map_err(StoreError::Index)?))
}

async fn recognise(
    State(shared): State<Shared>,
    Json(Asked { token }): Json<Asked>,
) -> Result<Json<Owner>, Refused> {
    let participant = shared.collector.with(move |store| store.recognise(&token)).await?;
    Ok(Json(Owner { participant: participant.map_err(StoreError::Index)? }))
}

async fn register(
    State(shared): State<Shared>,
    Json(session): Json<Registration>,
) -> Result<Json<bool>, Refused> {
    if !session.is_sound() {
        let message = "a session has up to 8 players, one of them a person, and a key for each";
        return Err(Refused::new(StatusCode::BAD_REQUEST, message));
    }
    shared.collector.with(move |store| store.register(&session, now_ms())).await??;
    Ok(Json(true))
}

async fn note(
    State(shared): State<Shared>,
    Json(reports): Json<Vec<(ParticipantId, Report)>>,
) -> Result<Json<bool>, Refused> {
    shared.collector.with(move |store| store.note(&reports, now_ms())).await??;
    Ok(Json(true))
}

#[derive(Deserialize)]
struct After {
    after: u64,
}

async fn news(State(shared): State<Shared>, Query(After { after }): Query<After>) -> Json<News> {
    Json(shared.board.since(after))
}

#[cfg(test)]
mod tests {
    use super::{Board, MAX_NEWS};
    use crate::settle::Notice;
    use crate::store::Registration;
    use dyad_protocol::records::Verdict;

    #[test]
    fn news_are_numbered_and_the_oldest_are_forgotten() {
        let session = Registration {
            study: "study".parse().unwrap(),
            session: "s-1".parse().unwrap(),
            scene: "room".parse().unwrap(),
            players: Vec::new(),
            keys: Vec::new(),
            episodes: 1,
            game: "00".repeat(32).parse().unwrap(),
        };
        let board = Board::default();
        let (count, verdict) = (MAX_NEWS as u64 + 3, Verdict::Prefix { rows: 1 });
        for number in 0..count {
            let episode = u16::try_from(number).unwrap();
            board.tell(&Notice::Judged {
                session: session.clone(),
                episode,
                verdict: verdict.clone(),
            });
        }
        assert_eq!(board.since(count).judged, []);
        let last = board.since(count - 2);
        assert_eq!((last.next, last.judged.len(), last.judged[0].episode), (count, 2, 1025));
        let all = board.since(0);
        assert_eq!((all.judged.len(), all.judged[0].episode), (MAX_NEWS, 3));
    }
}
