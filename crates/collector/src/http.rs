//! The collector's routes. PROTOCOL.md describes them; here is only the translation between
//! HTTP and [`Store`](crate::Store).

use crate::owner::{Collector, Stopped, now_ms};
use crate::settle::Notice;
use crate::store::{AccessError, PutError, StoreError};
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use axum::{Json, Router};
use dyad_protocol::records::{DIGEST_HEADER, MAX_BUNDLE, Receipt, RecordName, Rejection};
use dyad_protocol::{HexDigest, Token};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Uploads whose bodies are in memory at the same time.
const MAX_UPLOADS: usize = 8;

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// How much of a refused upload is read nevertheless. A sender who is still writing would see a
/// broken connection instead of the answer.
const MAX_REFUSED: usize = 1024 * 1024;

/// How long that may take.
const REFUSED_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Shared {
    collector: Collector,
    uploads: Arc<Semaphore>,
}

/// The routes under `/v1/records`.
pub fn routes(collector: Collector) -> Router {
    let shared = Shared { collector, uploads: Arc::new(Semaphore::new(MAX_UPLOADS)) };
    Router::new()
        .route("/v1/records/{session}/{scene}/{participant}/{episode}", put(upload).head(find))
        .with_state(shared)
}

/// A refusal, as status and sentence.
#[derive(Debug)]
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(Rejection { message: self.1 })).into_response()
    }
}

type Parts = (String, String, String, String);

async fn upload(
    State(shared): State<Shared>,
    Path(parts): Path<Parts>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Refused> {
    let admitted = async {
        let name = admit(&shared, &parts, &headers).await?;
        announced_length(&headers)?;
        Ok((name, announced_digest(&headers)?))
    };
    match admitted.await {
        Ok((name, digest)) => receive(&shared, name, digest, body).await,
        Err(refused) => {
            // The answer is the refusal, whether or not the rest could be read.
            drop(timeout(REFUSED_TIMEOUT, axum::body::to_bytes(body, MAX_REFUSED)).await);
            Err(refused)
        }
    }
}

async fn receive(
    shared: &Shared,
    name: RecordName,
    digest: HexDigest,
    body: Body,
) -> Result<Json<Receipt>, Refused> {
    let _permit = shared.uploads.acquire().await.map_err(|_closed| Refused::from(Stopped))?;
    let bytes = read(body).await?;
    let store = move |store: &mut crate::Store, tell: &mut dyn FnMut(Notice)| {
        let answer = store.put(&name, &digest, &bytes, now_ms());
        match &answer {
            Ok(receipt) => tell(Notice::Received(receipt.clone())),
            Err(PutError::Conflict { .. }) => tell(Notice::Conflict(name)),
            Err(_) => {}
        }
        answer
    };
    Ok(Json(shared.collector.with_notices(store).await??))
}

async fn read(body: Body) -> Result<Bytes, Refused> {
    let slow = || Refused(StatusCode::REQUEST_TIMEOUT, "the upload took too long".to_owned());
    let body = timeout(BODY_TIMEOUT, axum::body::to_bytes(body, MAX_BUNDLE)).await;
    // It is too long, or the sender is gone and hears nothing anyway.
    body.map_err(|_elapsed| slow())?.map_err(|_error| too_large())
}

async fn find(
    State(shared): State<Shared>,
    Path(parts): Path<Parts>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let name = admit(&shared, &parts, &headers).await?;
    let receipt = shared.collector.with(move |store| store.find(&name)).await??;
    Ok(match receipt {
        Some(receipt) => [(DIGEST_HEADER, receipt.digest.to_string())].into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

/// The record that is asked for, if the asker may.
async fn admit(shared: &Shared, parts: &Parts, headers: &HeaderMap) -> Result<RecordName, Refused> {
    let name = parse(parts)?;
    let token = bearer(headers)?;
    let asked = name.clone();
    shared.collector.with(move |store| store.authorise(&token, &asked)).await??;
    Ok(name)
}

fn parse((session, scene, participant, episode): &Parts) -> Result<RecordName, Refused> {
    let bad = |what: &str, why: String| Refused(StatusCode::BAD_REQUEST, format!("{what} {why}"));
    Ok(RecordName {
        session: session.parse().map_err(|why| bad("the session", format!("{why}")))?,
        scene: scene.parse().map_err(|why| bad("the scene", format!("{why}")))?,
        participant: participant.parse().map_err(|why| bad("the participant", format!("{why}")))?,
        episode: episode.parse().map_err(|_not| bad("the episode", "is no number".to_owned()))?,
    })
}

fn bearer(headers: &HeaderMap) -> Result<Token, Refused> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer ")?.parse().ok());
    token.ok_or_else(|| {
        let message = "send the participant's token as Authorization: Bearer TOKEN";
        Refused(StatusCode::UNAUTHORIZED, message.to_owned())
    })
}

fn announced_digest(headers: &HeaderMap) -> Result<HexDigest, Refused> {
    let digest = headers.get(DIGEST_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
    digest.ok_or_else(|| {
        let message = format!("send the body's BLAKE3 digest as {DIGEST_HEADER}: 64 hex digits");
        Refused(StatusCode::BAD_REQUEST, message)
    })
}

fn announced_length(headers: &HeaderMap) -> Result<(), Refused> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match length.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > MAX_BUNDLE => Err(too_large()),
        // Without an announcement the body is counted as it comes.
        Some(_) | None => Ok(()),
    }
}

fn too_large() -> Refused {
    let message = format!("a bundle has at most {MAX_BUNDLE} bytes");
    Refused(StatusCode::PAYLOAD_TOO_LARGE, message)
}

impl From<AccessError> for Refused {
    fn from(error: AccessError) -> Self {
        let status = match error {
            AccessError::UnknownToken => StatusCode::UNAUTHORIZED,
            AccessError::NotTheirs => StatusCode::FORBIDDEN,
            AccessError::Index(_) => StatusCode::INSUFFICIENT_STORAGE,
        };
        Self(status, error.to_string())
    }
}

impl From<PutError> for Refused {
    fn from(error: PutError) -> Self {
        let status = match error {
            PutError::Digest { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            PutError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            PutError::Conflict { .. } => StatusCode::CONFLICT,
            PutError::Store(_) => StatusCode::INSUFFICIENT_STORAGE,
        };
        if status == StatusCode::INSUFFICIENT_STORAGE {
            tracing::error!(%error, "an upload was refused");
        }
        Self(status, error.to_string())
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self(StatusCode::INSUFFICIENT_STORAGE, error.to_string())
    }
}

impl From<Stopped> for Refused {
    fn from(error: Stopped) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}
