//! The connection to the lab machine: a WebSocket on a thread of its own.
//!
//! The thread connects, says hello, and passes messages both ways. When the connection is lost
//! it connects again with growing pauses and says hello as the same participant; play does not
//! depend on it. Only a refusal ends it.

pub mod pictures;
pub mod probe;
mod unreached;

pub use unreached::{Unreached, refused};

use bevy::prelude::Resource;
use dyad_netplay::dial::websocket;
use dyad_protocol::lobby::{FromClient, FromLab, Hello, MAX_FROM_LAB, Refusal};
use dyad_protocol::report::Report;
use dyad_protocol::{JoinLink, PROTOCOL_VERSION, PublicKey, Token};
use futures::{AsyncRead, AsyncWrite, FutureExt, StreamExt as _};
use smol::Timer;
use smol::channel::{Receiver, Sender, TrySendError, bounded};
use std::io;
use std::time::{Duration, Instant};

use async_tungstenite::WebSocketStream;
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use async_tungstenite::tungstenite::{self, Message};

/// Messages that may wait in either direction. A game's worth is a handful.
const QUEUE: usize = 256;
/// How often the lab hears something, so that both notice a dead connection.
const PING_EVERY: Duration = Duration::from_secs(5);
/// After how long a silence the connection counts as dead. The lab pings every ten seconds.
const SILENCE: Duration = Duration::from_secs(30);
/// How long an attempt to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Pauses before further attempts; the last one repeats.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
];

/// What links begin with.
const SCHEME: &str = "dyad://";

/// What the lab, or the connection to it, tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabEvent {
    /// A message from the lab.
    Says(FromLab),
    /// The lab was not reached, or the connection was lost; it is tried again.
    Unreachable(Unreached),
}

/// Reads a join link as a person gives it: the link itself, with or without the words and signs around
/// it in a message, HOST:PORT, or the path of a `.join` file that holds it.
///
/// # Errors
/// If it is none, or the file cannot be read; the message says what to do.
pub fn read_link(text: &str) -> anyhow::Result<JoinLink> {
    use anyhow::Context as _;

    let file = text.ends_with(".join");
    let from_file = file.then(|| std::fs::read_to_string(text)).transpose();
    let content = from_file.with_context(|| format!("cannot read {text}"))?;
    let line = content.as_deref().and_then(|content| content.lines().next()).unwrap_or(text);
    let link = within(line);
    link.parse().with_context(|| format!("{link:?} is no join link"))
}

/// The link in what was copied from a message; or all of it.
fn within(text: &str) -> &str {
    let ends = |letter: char| letter.is_whitespace() || "<>\"'()[]“”„«»".contains(letter);
    let start = text.to_ascii_lowercase().find(SCHEME);
    let link = start.and_then(|start| text[start..].split(ends).next());
    // A sentence may end behind it; no link ends in such a sign.
    link.map_or(text.trim(), |link| link.trim_end_matches(['.', ',', ';', '!']))
}

/// A connection to a lab. Dropping it closes it.
#[derive(Resource)]
pub struct LabConnection {
    link: JoinLink,
    outgoing: Sender<FromClient>,
    reports: Sender<Report>,
    incoming: Receiver<LabEvent>,
}

impl LabConnection {
    /// Begins to connect, as somebody who signs with the private half of this key; with the token
    /// of an earlier welcome as somebody who comes back.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn open(link: JoinLink, key: PublicKey, resume: Option<Token>) -> io::Result<Self> {
        let (outgoing, to_send) = bounded(QUEUE);
        let (reports, to_report) = bounded(1);
        let (arrived, incoming) = bounded(QUEUE);
        let line = Line { link: link.clone(), key, resume, to_send, to_report, arrived };
        std::thread::Builder::new().name("lab".to_owned()).spawn(|| smol::block_on(line.run()))?;
        Ok(Self { link, outgoing, reports, incoming })
    }

    /// Where the lab is.
    #[must_use]
    pub const fn link(&self) -> &JoinLink {
        &self.link
    }

    /// Says something to the lab, as soon as there is a connection. Returns whether there was
    /// room for it.
    pub fn say(&self, message: FromClient) -> bool {
        !matches!(self.outgoing.try_send(message), Err(TrySendError::Full(_)))
    }

    /// Reports how the game goes, as soon as there is a connection. Only the newest report waits for
    /// one.
    pub fn report(&self, report: Report) {
        // An error means that the thread has ended: the lab wants to hear no more.
        drop(self.reports.force_send(report));
    }

    /// What has happened since the last call.
    pub fn poll(&self) -> impl Iterator<Item = LabEvent> + '_ {
        std::iter::from_fn(|| self.incoming.try_recv().ok())
    }
}

/// The thread's side.
struct Line {
    link: JoinLink,
    key: PublicKey,
    resume: Option<Token>,
    to_send: Receiver<FromClient>,
    to_report: Receiver<Report>,
    arrived: Sender<LabEvent>,
}

/// Why a connection ended.
enum End {
    /// The client has dropped its side, or the lab has refused it.
    ForGood,
    /// Something that may be better the next time.
    Lost(Unreached),
}

impl Line {
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            let was_known = self.resume.clone();
            let End::Lost(reason) = self.connect_and_talk().await else { return };
            // A connection that was welcomed was a good one: the pauses start over.
            failures = if self.resume == was_known { failures + 1 } else { 0 };
            if self.arrived.send(LabEvent::Unreachable(reason)).await.is_err() {
                return;
            }
            Timer::after(PAUSES[failures.min(PAUSES.len() - 1)]).await;
        }
    }

    async fn connect_and_talk(&mut self) -> End {
        let url = self.link.address("ws", "/lobby");
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_FROM_LAB))
            .max_frame_size(Some(MAX_FROM_LAB));
        let connecting = websocket(&url, self.link.cert.as_ref(), Some(config));
        let connected = futures::select_biased! {
            connected = connecting.fuse() => connected,
            _ = FutureExt::fuse(Timer::after(CONNECT_WITHIN)) => {
                return End::Lost(Unreached::NoAnswer);
            }
        };
        match connected {
            Ok(socket) => match self.talk(socket).await {
                Ok(end) => end,
                Err(error) => End::Lost(Unreached::from(&error)),
            },
            Err(error) => End::Lost(Unreached::from(&error)),
        }
    }

    /// Says hello, and passes messages both ways until the connection ends.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        mut socket: WebSocketStream<S>,
    ) -> Result<End, tungstenite::Error> {
        let hello = FromClient::Hello(Hello {
            protocol: PROTOCOL_VERSION,
            program: crate::VERSION.to_owned(),
            rules: dyad_gridworld::RULES_VERSION,
            key: self.key,
            token: self.link.token.clone(),
            resume: self.resume.clone(),
            panel: self.link.panel.clone(),
        });
        socket.send(text(&hello)).await?;
        let mut nonce = 0;
        let mut heard = Instant::now();
        loop {
            if heard.elapsed() > SILENCE {
                return Ok(End::Lost(Unreached::Silent));
            }
            let outgoing = futures::select_biased! {
                message = socket.next().fuse() => match message {
                    Some(Ok(message)) => {
                        heard = Instant::now();
                        match self.take(&message).await {
                            Some(end) => return Ok(end),
                            None => continue,
                        }
                    }
                    Some(Err(error)) => return Err(error),
                    None => return Err(tungstenite::Error::ConnectionClosed),
                },
                message = FutureExt::fuse(self.to_send.recv()) => match message {
                    Ok(message) => message,
                    Err(_client_is_gone) => {
                        // The lab also notices without a farewell.
                        drop(socket.close(None).await);
                        return Ok(End::ForGood);
                    }
                },
                report = FutureExt::fuse(self.to_report.recv()) => match report {
                    Ok(report) => FromClient::Report(Box::new(report)),
                    Err(_client_is_gone) => continue,
                },
                _ = FutureExt::fuse(Timer::after(PING_EVERY)) => {
                    nonce += 1;
                    FromClient::Ping { nonce }
                }
            };
            socket.send(text(&outgoing)).await?;
        }
    }

    /// Somebody whom the lab knows is admitted again: once it has noticed that the connection before
    /// this one is dead, or once it is back.
    fn refused(&self, code: Refusal) -> End {
        match code {
            Refusal::Duplicate | Refusal::Closed if self.resume.is_some() => {
                End::Lost(Unreached::Refused(code))
            }
            _ => End::ForGood,
        }
    }

    /// Passes a message on. Returns how the connection ends, if this message ends it.
    async fn take(&mut self, message: &Message) -> Option<End> {
        let Message::Text(text) = message else { return None };
        // A later lab may say things that this client does not know.
        let Ok(message) = serde_json::from_str::<FromLab>(text) else { return None };
        if let FromLab::Welcome { resume, .. } = &message {
            self.resume = Some(resume.clone());
        }
        let end = match &message {
            FromLab::Refused { code, .. } => Some(self.refused(*code)),
            _ => None,
        };
        // The old connection is waited out without a word.
        if let FromLab::Refused { code: Refusal::Duplicate, .. } = &message
            && let Some(End::Lost(_)) = &end
        {
            return end;
        }
        let heard = self.arrived.send(LabEvent::Says(message)).await.is_ok();
        if heard { end } else { Some(End::ForGood) }
    }
}

fn text(message: &FromClient) -> Message {
    Message::text(serde_json::to_string(message).expect("these messages always serialize"))
}

#[cfg(test)]
mod tests {
    use super::{read_link, within};

    #[test]
    fn a_link_is_found_in_what_was_copied_around_it() {
        let link = "dyad://10.0.0.1:8642/join?token=abc";
        for text in [
            "dyad://10.0.0.1:8642/join?token=abc",
            "  dyad://10.0.0.1:8642/join?token=abc\n",
            "<dyad://10.0.0.1:8642/join?token=abc>",
            "Your link is dyad://10.0.0.1:8642/join?token=abc. See you!",
            "„dyad://10.0.0.1:8642/join?token=abc“",
            "Link: \"dyad://10.0.0.1:8642/join?token=abc\", until Friday",
        ] {
            assert_eq!(within(text), link, "{text}");
        }
        assert_eq!(within("Link: DYAD://10.0.0.1:99/join"), "DYAD://10.0.0.1:99/join");
        assert_eq!(within(" 10.0.0.1:99 "), "10.0.0.1:99");
        assert_eq!(read_link("see dyad://10.0.0.1:99/join").unwrap().port, 99);
        assert!(read_link("https://10.0.0.1:99/join").is_err());
    }
}
