//! The collector's routes. PROTOCOL.md describes them; here is only the translation between
//! HTTP and [`Store`](crate::Store).

use crate::access::AccessError;
use crate::coding::{self, CodingError};
use crate::owner::{Collector, Stopped};
use crate::pieces::{Arrived, Piece, PieceError};
use crate::store::{PutError, StoreError};
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use axum::{Json, Router};
use dyad_protocol::records::{
    DIGEST_HEADER, ENCODING, LENGTH_HEADER, MAX_BUNDLE, MAX_PIECE, OFFSET_HEADER, Receipt,
    RecordName, Rejection, SignedReceipt,
};
use dyad_protocol::{HexDigest, Token};
use dyad_recording::receipt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// What is put up with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// KiB of bodies that are in memory at the same time, those of one bundle at least. Who comes with
    /// more waits.
    pub memory_kib: usize,
    /// How long a body may take.
    pub body: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_kib: 256 * 1024, body: Duration::from_secs(60) }
    }
}

/// How much of a refused upload is read nevertheless.
const MAX_REFUSED: usize = 1024 * 1024;

/// How long that may take.
const REFUSED_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Shared {
    collector: Collector,
    memory: Arc<Semaphore>,
    limits: Limits,
}

/// The routes under `/v1/records`.
pub fn routes(collector: Collector) -> Router {
    routes_within(collector, Limits::default())
}

/// The same with other limits.
pub fn routes_within(collector: Collector, limits: Limits) -> Router {
    let kib = limits.memory_kib.max(MAX_BUNDLE.div_ceil(1024));
    let shared = Shared { collector, memory: Arc::new(Semaphore::new(kib)), limits };
    let record = put(upload).patch(add).get(find);
    Router::new()
        .route("/v1/records/{session}/{scene}/{participant}/{episode}", record)
        .with_state(shared)
}

/// A refusal, as status and sentence; and where an upload stands, if that is the reason.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) StatusCode, pub(crate) String, Option<u64>);

impl Refused {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self(status, message.into(), None)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = Json(Rejection { message: self.1 });
        match self.2 {
            Some(offset) => (self.0, [(OFFSET_HEADER, offset.to_string())], body).into_response(),
            None => (self.0, body).into_response(),
        }
    }
}

type Parts = (String, String, String, String);

/// What the headers of an upload say.
struct Announced {
    name: RecordName,
    digest: HexDigest,
    is_packed: bool,
    /// Bytes of the body as it will be in memory, at most.
    length: usize,
}

async fn upload(
    State(shared): State<Shared>,
    Path(parts): Path<Parts>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SignedReceipt>, Refused> {
    let announced = match announced(&shared, &parts, &headers, MAX_BUNDLE) {
        Ok(announced) => announced,
        Err(refused) => return Err(rest(body, refused).await),
    };
    let (bytes, _memory) = receive(&shared, &announced, body).await?;
    let Announced { name, digest, .. } = announced;
    let receipt = shared.collector.put(name, digest, bytes).await??;
    Ok(sign(&shared, receipt))
}

/// A piece of a bundle: 202 and where the upload stands, or 200 and the receipt.
async fn add(
    State(shared): State<Shared>,
    Path(parts): Path<Parts>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let admitted = || {
        let announced = announced(&shared, &parts, &headers, MAX_PIECE)?;
        Ok((announced, number(&headers, OFFSET_HEADER)?, number(&headers, LENGTH_HEADER)?))
    };
    let (announced, offset, length) = match admitted() {
        Ok(admitted) => admitted,
        Err(refused) => return Err(rest(body, refused).await),
    };
    let (bytes, _memory) = receive(&shared, &announced, body).await?;
    let Announced { name, digest, .. } = announced;
    let (of, declared) = (name.clone(), digest.clone());
    let added = shared.collector.with(move |store| {
        let piece = Piece { name: &of, declared: &declared, length, offset, bytes: &bytes };
        store.add_piece(&piece)
    });
    let bundle = match added.await?? {
        Arrived::Part(offset) => {
            let stands = [(OFFSET_HEADER, offset.to_string())];
            return Ok((StatusCode::ACCEPTED, stands).into_response());
        }
        Arrived::Whole(bundle) => Bytes::from(bundle),
    };
    let answer = shared.collector.put(name.clone(), digest, bundle).await?;
    if !matches!(answer, Err(PutError::Store(_))) {
        // It is stored, or sending the same again would not help.
        shared.collector.with(move |store| store.discard_pieces(&name)).await??;
    }
    Ok(sign(&shared, answer?).into_response())
}

fn sign(shared: &Shared, receipt: Receipt) -> Json<SignedReceipt> {
    Json(receipt::sign(receipt, shared.collector.key()))
}

/// Who is asking, for what, and how much of it comes; refused if it is more than `most` bytes.
fn announced(
    shared: &Shared,
    parts: &Parts,
    headers: &HeaderMap,
    most: usize,
) -> Result<Announced, Refused> {
    let name = admit(shared, parts, headers)?;
    let is_packed = match headers.get(header::CONTENT_ENCODING).map(|value| value.to_str()) {
        None | Some(Ok("identity")) => false,
        Some(Ok(ENCODING)) => true,
        Some(_) => {
            let message = format!("bodies may be compressed with {ENCODING}, and nothing else");
            return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
    };
    let sent = header_text(headers, header::CONTENT_LENGTH.as_str());
    let unpacked = header_text(headers, LENGTH_HEADER).filter(|_| is_packed);
    // Without an announcement the body is counted as it comes.
    let parse = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(most);
    let length = if is_packed { parse(unpacked).min(most) } else { parse(sent) };
    if length > most || parse(sent) > most {
        return Err(too_large(most));
    }
    Ok(Announced { name, digest: announced_digest(headers)?, is_packed, length })
}

/// The body as it was before it was compressed, and the memory that it takes.
async fn receive<'a>(
    shared: &'a Shared,
    announced: &Announced,
    body: Body,
) -> Result<(Bytes, SemaphorePermit<'a>), Refused> {
    let &Announced { is_packed, length, .. } = announced;
    let kib = u32::try_from(length.div_ceil(1024).max(1)).unwrap_or(u32::MAX);
    let memory = shared.memory.acquire_many(kib).await.map_err(|_closed| Refused::from(Stopped))?;
    // Packing something short may make it longer.
    let most = if is_packed { length + 1024 } else { length };
    let slow = || Refused::new(StatusCode::REQUEST_TIMEOUT, "the upload took too long");
    let body = timeout(shared.limits.body, axum::body::to_bytes(body, most)).await;
    // It is too long, or the sender is gone and hears nothing anyway.
    let body = body.map_err(|_elapsed| slow())?.map_err(|_error| too_large(length))?;
    if !is_packed {
        return Ok((body, memory));
    }
    // Takes a while, and other requests are to be answered meanwhile.
    let unpack = tokio::task::spawn_blocking(move || coding::unpack(&body, length));
    let unpacked = unpack.await.map_err(|_panicked| Refused::from(CodingError::Broken))??;
    Ok((unpacked.into(), memory))
}

/// Takes the rest of a request that is refused. A sender who is still writing would see a broken
/// connection instead of the answer.
async fn rest(body: Body, refused: Refused) -> Refused {
    // The answer is the refusal, whether or not the rest could be read.
    drop(timeout(REFUSED_TIMEOUT, axum::body::to_bytes(body, MAX_REFUSED)).await);
    refused
}

/// The receipt of a record that is there; otherwise 404, and how much of the bundle is there whose
/// digest is asked for.
async fn find(
    State(shared): State<Shared>,
    Path(parts): Path<Parts>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let name = admit(&shared, &parts, &headers)?;
    let asked = announced_digest(&headers).ok();
    let found = shared.collector.with(move |store| {
        let offset = asked.map(|digest| store.offset(&name, &digest)).transpose()?;
        Ok::<_, StoreError>((store.find(&name)?, offset))
    });
    let (receipt, offset) = found.await??;
    let Some(receipt) = receipt else {
        let message = "this record is not here";
        return Err(Refused(StatusCode::NOT_FOUND, message.to_owned(), offset));
    };
    let digest = [(DIGEST_HEADER, receipt.digest.to_string())];
    Ok((digest, sign(&shared, receipt)).into_response())
}

/// The record that is asked for, if the asker may.
fn admit(shared: &Shared, parts: &Parts, headers: &HeaderMap) -> Result<RecordName, Refused> {
    let name = parse(parts)?;
    let token = bearer(headers)?;
    shared.collector.access().authorise(&token, &name)?;
    Ok(name)
}

fn parse((session, scene, participant, episode): &Parts) -> Result<RecordName, Refused> {
    // "+7" and "007" are numbers but not as we write them.
    let number = |text: &String| {
        let number: u16 = text.parse().ok()?;
        (number.to_string() == *text).then_some(number)
    };
    let bad =
        |what: &str, why: String| Refused::new(StatusCode::BAD_REQUEST, format!("{what} {why}"));
    Ok(RecordName {
        session: session.parse().map_err(|why| bad("the session", format!("{why}")))?,
        scene: scene.parse().map_err(|why| bad("the scene", format!("{why}")))?,
        participant: participant.parse().map_err(|why| bad("the participant", format!("{why}")))?,
        episode: number(episode).ok_or_else(|| bad("the episode", "is no number".to_owned()))?,
    })
}

pub(crate) fn bearer(headers: &HeaderMap) -> Result<Token, Refused> {
    let token = header_text(headers, header::AUTHORIZATION.as_str())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .and_then(|(_, token)| token.parse().ok());
    token.ok_or_else(|| {
        let message = "send the participant's token as Authorization: Bearer TOKEN";
        Refused::new(StatusCode::UNAUTHORIZED, message)
    })
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn announced_digest(headers: &HeaderMap) -> Result<HexDigest, Refused> {
    header_text(headers, DIGEST_HEADER).and_then(|text| text.parse().ok()).ok_or_else(|| {
        let message = format!("send the bundle's BLAKE3 digest as {DIGEST_HEADER}: 64 hex digits");
        Refused::new(StatusCode::BAD_REQUEST, message)
    })
}

fn number(headers: &HeaderMap, name: &str) -> Result<u64, Refused> {
    header_text(headers, name).and_then(|text| text.parse().ok()).ok_or_else(|| {
        Refused::new(StatusCode::BAD_REQUEST, format!("send {name}: a number of bytes"))
    })
}

fn too_large(most: usize) -> Refused {
    let message = format!("at most {most} bytes are taken, before and after unpacking");
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}

impl From<AccessError> for Refused {
    fn from(error: AccessError) -> Self {
        let status = match error {
            AccessError::UnknownToken => StatusCode::UNAUTHORIZED,
            AccessError::NotTheirs => StatusCode::FORBIDDEN,
            AccessError::Withdrawn => StatusCode::GONE,
            AccessError::Index(_) => StatusCode::INSUFFICIENT_STORAGE,
        };
        Self::new(status, error.to_string())
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
        Self::new(status, error.to_string())
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string())
    }
}

impl From<Stopped> for Refused {
    fn from(error: Stopped) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl From<CodingError> for Refused {
    fn from(error: CodingError) -> Self {
        let status = match error {
            CodingError::Broken => StatusCode::BAD_REQUEST,
            CodingError::TooLong(_) | CodingError::Window => StatusCode::PAYLOAD_TOO_LARGE,
        };
        Self::new(status, error.to_string())
    }
}

impl From<PieceError> for Refused {
    fn from(error: PieceError) -> Self {
        match error {
            PieceError::Elsewhere { have } => {
                Self(StatusCode::CONFLICT, error.to_string(), Some(have))
            }
            PieceError::Length => Self::new(StatusCode::BAD_REQUEST, error.to_string()),
            PieceError::Put(error) => error.into(),
        }
    }
}
