//! One attempt to bring a bundle to a collector, over HTTP: small ones at once, large ones in pieces, so
//! that a bad line costs a piece, and the next attempt goes on where this one stopped.

use super::spool::Record;
use dyad_protocol::records::{
    DIGEST_HEADER, ENCODING, LENGTH_HEADER, MAX_PIECE, OFFSET_HEADER, Rejection, SignedReceipt,
};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::time::Duration;
use ureq::Body;
use ureq::http::Response;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How often a collector may say that it stands elsewhere before the attempt is given up.
const MAX_DETOURS: usize = 3;

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Attempt {
    /// It may go well another time.
    Again(String),
    /// Repeating it would not help.
    Never(String),
}

/// What is to be delivered, and where.
pub(super) struct Delivery<'a> {
    bundle: &'a [u8],
    /// The bundle's digest.
    pub(super) digest: String,
    url: String,
    authorization: String,
    agent: ureq::Agent,
}

/// A collector's answer.
struct Answer {
    status: u16,
    offset: Option<usize>,
    body: Vec<u8>,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(record: &Record, bundle: &'a [u8]) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build();
        Self {
            bundle,
            digest: blake3::hash(bundle).to_hex().to_string(),
            url: format!("{}{}", record.destination.collector(), record.name().path()),
            authorization: format!("Bearer {}", record.destination.token.reveal()),
            agent: agent.into(),
        }
    }

    /// Sends the bundle in one request.
    pub(super) fn whole(&self) -> Result<SignedReceipt, Attempt> {
        let request = self
            .agent
            .put(&self.url)
            .header("authorization", &self.authorization)
            .header(DIGEST_HEADER, &self.digest)
            .header(LENGTH_HEADER, self.bundle.len().to_string())
            .header("content-encoding", ENCODING);
        Answer::read(request.send(pack(self.bundle)))?.receipt()
    }

    /// Sends the bundle piece by piece, from where the collector has it.
    pub(super) fn pieces(&self) -> Result<SignedReceipt, Attempt> {
        let request = self.agent.get(&self.url).header("authorization", &self.authorization);
        let there = Answer::read(request.header(DIGEST_HEADER, &self.digest).call())?;
        if there.status != 404 {
            return there.receipt();
        }
        let mut offset = there.offset.unwrap_or(0);
        let mut detours = 0;
        loop {
            // An empty piece at the end says that everything is there.
            let from = if offset > self.bundle.len() { 0 } else { offset };
            let piece = &self.bundle[from..self.bundle.len().min(from + MAX_PIECE)];
            let answer = self.piece(from, piece)?;
            match (answer.status, answer.offset) {
                (202, Some(stands)) if stands > from => offset = stands,
                (409, Some(stands)) if detours < MAX_DETOURS => {
                    detours += 1;
                    offset = stands;
                }
                _ => return answer.receipt(),
            }
        }
    }

    fn piece(&self, offset: usize, piece: &[u8]) -> Result<Answer, Attempt> {
        let request = self
            .agent
            .patch(&self.url)
            .header("authorization", &self.authorization)
            .header(DIGEST_HEADER, &self.digest)
            .header(OFFSET_HEADER, offset.to_string())
            .header(LENGTH_HEADER, self.bundle.len().to_string())
            .header("content-encoding", ENCODING);
        Answer::read(request.send(pack(piece)))
    }
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

impl Answer {
    fn read(sent: Result<Response<Body>, ureq::Error>) -> Result<Self, Attempt> {
        let mut response = sent.map_err(|error| Attempt::Again(error.to_string()))?;
        let offset = response.headers().get(OFFSET_HEADER).and_then(|it| it.to_str().ok());
        let offset = offset.and_then(|offset| offset.parse().ok());
        let body = response.body_mut().read_to_vec().unwrap_or_default();
        Ok(Self { status: response.status().as_u16(), offset, body })
    }

    fn receipt(self) -> Result<SignedReceipt, Attempt> {
        if self.status == 200 {
            return serde_json::from_slice(&self.body).map_err(|error| {
                Attempt::Again(format!("the lab's answer is no receipt ({error})"))
            });
        }
        let rejection = serde_json::from_slice::<Rejection>(&self.body);
        let reason = rejection.map_or_else(|_| format!("HTTP {}", self.status), |it| it.message);
        // The 5xx and these may pass, as may an upload in pieces that was put together wrongly or
        // stands elsewhere; the other 4xx are about the record itself.
        let may_pass = self.status >= 500
            || matches!(self.status, 202 | 408 | 422 | 429)
            || (self.status == 409 && self.offset.is_some());
        Err(if may_pass { Attempt::Again(reason) } else { Attempt::Never(reason) })
    }
}
