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
    /// Somebody who played has taken their data back: this computer's copy is to go.
    Withdrawn(String),
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
            agent: dyad_tls::agent(agent, record.destination.collector_cert()),
        }
    }

    /// Asks whether the collector has the record; nothing is sent.
    pub(super) fn is_there(&self) -> Result<bool, Attempt> {
        let request = self.agent.get(&self.url).header("authorization", &self.authorization);
        let answer = Answer::read(request.call())?;
        if answer.status == 404 { Ok(false) } else { answer.receipt().map(|_| true) }
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

fn explain(error: &ureq::Error) -> String {
    let other_certificate = match error {
        ureq::Error::Io(error) => dyad_tls::explain(error),
        _ => None,
    };
    other_certificate.map_or_else(|| error.to_string(), str::to_owned)
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

impl Answer {
    fn read(sent: Result<Response<Body>, ureq::Error>) -> Result<Self, Attempt> {
        let mut response = sent.map_err(|error| Attempt::Again(explain(&error)))?;
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
        Err(match self.status {
            410 => Attempt::Withdrawn(reason),
            _ if may_pass => Attempt::Again(reason),
            _ => Attempt::Never(reason),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Attempt, Delivery};
    use crate::record::tests::with_unsent;
    use dyad_protocol::records::{DIGEST_HEADER, MAX_PIECE, OFFSET_HEADER, Receipt};
    use dyad_recording::KeyPair;
    use dyad_recording::receipt::sign;
    use ruzstd::decoding::StreamingDecoder;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread::{Builder, JoinHandle};

    /// What was asked: the method, the offset that was named, and the body, unpacked.
    type Asked = (String, Option<usize>, Vec<u8>);

    /// A collector that gives these answers (status, offset, body), one a connection, and tells what it
    /// was asked.
    pub(in crate::record) fn collector(
        answers: Vec<(u16, Option<usize>, String)>,
    ) -> (String, JoinHandle<Vec<Asked>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serve = move || {
            let mut asked = Vec::new();
            for (status, offset, body) in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                let head = loop {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                    if request.ends_with(b"\r\n\r\n") {
                        break String::from_utf8(std::mem::take(&mut request)).unwrap();
                    }
                };
                let field = |name: &str| {
                    let lines = head.lines().filter_map(|line| line.split_once(": "));
                    lines.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, it)| it).next()
                };
                assert!(field(DIGEST_HEADER).is_none_or(|it| it.len() == 64));
                let length = field("content-length").map_or(0, |it| it.parse().unwrap());
                let mut packed = vec![0; length];
                stream.read_exact(&mut packed).unwrap();
                let mut unpacked = Vec::new();
                if length > 0 {
                    assert_eq!(field("content-encoding"), Some("zstd"));
                    let decoder = StreamingDecoder::new(&packed[..]);
                    decoder.unwrap().read_to_end(&mut unpacked).unwrap();
                }
                let method = head.split(' ').next().unwrap().to_owned();
                asked.push((method, field(OFFSET_HEADER).map(|it| it.parse().unwrap()), unpacked));
                let offset = offset.map(|it| format!("{OFFSET_HEADER}: {it}\r\n"));
                let (offset, length) = (offset.unwrap_or_default(), body.len());
                let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{offset}");
                write!(stream, "{head}content-length: {length}\r\n\r\n{body}").unwrap();
            }
            asked
        };
        (address, Builder::new().spawn(serve).unwrap())
    }

    #[test]
    fn a_large_record_goes_on_where_the_collector_has_it() {
        let (_directory, _spool, mut record) = with_unsent();
        let bundle: Vec<u8> = (0..=250).cycle().take(MAX_PIECE * 2 + 1000).collect();
        let receipt = Receipt {
            name: record.name(),
            digest: blake3::hash(&bundle).to_hex().as_str().parse().unwrap(),
            bytes: bundle.len() as u64,
            received_ms: 1,
        };
        let receipt = sign(receipt, &KeyPair::from_seed(&[77; 32]));
        let said = serde_json::to_string(&receipt).unwrap();
        let none = String::new;
        let (address, asked) = collector(vec![
            (404, Some(MAX_PIECE), none()),
            // It has lost what it had.
            (409, Some(0), none()),
            (202, Some(MAX_PIECE), none()),
            (202, Some(MAX_PIECE * 2), none()),
            // It was stopped before its receipt, and is asked again.
            (503, None, none()),
            (404, Some(bundle.len()), none()),
            (200, None, said),
        ]);
        record.destination.uploads.collector = Some(address);
        let delivery = Delivery::new(&record, &bundle);
        assert!(matches!(delivery.pieces(), Err(Attempt::Again(_))));
        assert_eq!(delivery.pieces().unwrap(), receipt);
        let piece = |from: usize| {
            let end = bundle.len().min(from + MAX_PIECE);
            ("PATCH".to_owned(), Some(from), bundle[from..end].to_vec())
        };
        let get = || ("GET".to_owned(), None, Vec::new());
        let expected = [
            get(),
            piece(MAX_PIECE),
            piece(0),
            piece(MAX_PIECE),
            piece(MAX_PIECE * 2),
            get(),
            piece(bundle.len()),
        ];
        assert!(asked.join().unwrap() == expected);
    }

    #[test]
    fn what_was_withdrawn_is_deleted_here_too() {
        let (_directory, spool, mut record) = with_unsent();
        let gone = (410, None, r#"{"message":"delete it"}"#.to_owned());
        let (address, asked) = collector(vec![gone]);
        record.destination.uploads.collector = Some(address);
        let answer = Delivery::new(&record, b"bundle").whole().unwrap_err();
        assert!(matches!(&answer, Attempt::Withdrawn(why) if why == "delete it"), "{answer:?}");
        record.forget();
        assert!(!record.log_path().exists() && !record.table_path().exists());
        assert_eq!(spool.unsent(), [], "it is not sent again");
        asked.join().unwrap();
    }

    #[test]
    fn answers_that_a_repetition_cannot_change_are_told_from_others() {
        let (_directory, _spool, mut record) = with_unsent();
        let cases = [
            (401, false),
            (403, false),
            (409, false),
            (413, false),
            (408, true),
            (422, true),
            (429, true),
            (503, true),
            (507, true),
        ];
        let answers =
            cases.map(|(status, _)| (status, None, r#"{"message":"this is why"}"#.to_owned()));
        let (address, asked) = collector(answers.into());
        record.destination.uploads.collector = Some(address);
        for (status, may_pass) in cases {
            match Delivery::new(&record, b"bundle").whole().unwrap_err() {
                Attempt::Again(why) => assert!(may_pass && why == "this is why", "{status}: {why}"),
                Attempt::Never(why) => {
                    assert!(!may_pass && why == "this is why", "{status}: {why}");
                }
                Attempt::Withdrawn(why) => panic!("{status}: {why}"),
            }
        }
        assert!(
            asked
                .join()
                .unwrap()
                .iter()
                .all(|(method, _, body)| { method == "PUT" && body == b"bundle" })
        );
    }
}
