//! Signalling by a dialler of ours: over TLS where the lab's certificate is known, and, where only relays
//! are to be used, such that it keeps addresses to itself: of the candidates that WebRTC offers and
//! hears, only relays pass.
//!
//! The WebRTC library has no setting for that, but every candidate goes through the lab's
//! signalling, and a [`Signaller`] of ours can read along. Nothing that leaves this computer tells
//! its address, and no address of the partner's that is not a relay's is tried. A partner whose
//! program was changed can still call its own address a relay; it then learns this computer's.

use crate::dial::{LabSocket, websocket};
use async_tungstenite::tungstenite::Message;
use dyad_protocol::HexDigest;
use futures::StreamExt as _;
use matchbox_socket::async_trait::async_trait;
use matchbox_socket::{
    PeerEvent, PeerRequest, PeerSignal, SignalingError, Signaller, SignallerBuilder,
};
use serde_json::Value;

/// Makes signallers.
#[derive(Debug)]
pub(crate) struct Dialler {
    /// Whether only relays pass.
    pub(crate) relay_only: bool,
    /// The fingerprint of the lab's certificate, if it has one.
    pub(crate) cert: Option<HexDigest>,
}

#[async_trait]
impl SignallerBuilder for Dialler {
    async fn new_signaller(
        &self,
        _attempts: Option<u16>,
        room_url: String,
    ) -> Result<Box<dyn Signaller>, SignalingError> {
        // Attempts are repeated one level up, where a person can be told.
        let stream = websocket(&room_url, self.cert.as_ref(), None).await?;
        Ok(Box::new(Filtered { stream, relay_only: self.relay_only }))
    }
}

struct Filtered {
    stream: LabSocket,
    relay_only: bool,
}

impl Filtered {
    fn pass(&self, signal: PeerSignal) -> Option<PeerSignal> {
        if self.relay_only { relays_only(signal) } else { Some(signal) }
    }
}

#[async_trait]
impl Signaller for Filtered {
    async fn send(&mut self, request: PeerRequest) -> Result<(), SignalingError> {
        let request = match request {
            PeerRequest::Signal { receiver, data } => match self.pass(data) {
                Some(data) => PeerRequest::Signal { receiver, data },
                None => return Ok(()),
            },
            other => other,
        };
        let text =
            serde_json::to_string(&request).map_err(|_json| SignalingError::UnknownFormat)?;
        Ok(self.stream.send(Message::Text(text.into())).await?)
    }

    async fn next_message(&mut self) -> Result<PeerEvent, SignalingError> {
        loop {
            let message = self.stream.next().await.ok_or(SignalingError::StreamExhausted)??;
            let text = match message {
                Message::Text(text) => text,
                Message::Ping(_) | Message::Pong(_) => continue,
                _ => return Err(SignalingError::UnknownFormat),
            };
            let event: PeerEvent =
                serde_json::from_str(&text).map_err(|_json| SignalingError::UnknownFormat)?;
            match event {
                PeerEvent::Signal { sender, data } => {
                    if let Some(data) = self.pass(data) {
                        return Ok(PeerEvent::Signal { sender, data });
                    }
                }
                other => return Ok(other),
            }
        }
    }
}

/// What may pass of a signal: descriptions without candidates, and candidates that are relays,
/// without the address behind them.
fn relays_only(signal: PeerSignal) -> Option<PeerSignal> {
    match signal {
        PeerSignal::Offer(text) => Some(PeerSignal::Offer(without_candidates(&text))),
        PeerSignal::Answer(text) => Some(PeerSignal::Answer(without_candidates(&text))),
        // There are no more candidates.
        PeerSignal::IceCandidate(json) if json == "null" => Some(PeerSignal::IceCandidate(json)),
        PeerSignal::IceCandidate(json) => {
            let mut candidate: Value = serde_json::from_str(&json).ok()?;
            let line = without_address_behind(candidate.get("candidate")?.as_str()?)?;
            *candidate.get_mut("candidate")? = line.into();
            Some(PeerSignal::IceCandidate(candidate.to_string()))
        }
    }
}

fn without_candidates(description: &str) -> String {
    let lines = description.split_inclusive('\n');
    lines.filter(|line| !line.trim_start().starts_with("a=candidate")).collect()
}

/// A relay's candidate line without the address behind it; `None` for any other. RFC 8839, section
/// 5.1: `candidate:FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE`, then pairs of
/// names and values, of which `raddr 0.0.0.0 rport 0` hides that address.
fn without_address_behind(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let (fixed, pairs) = words.split_at_checked(8)?;
    if fixed[6..] != ["typ", "relay"] {
        return None;
    }
    let hidden = pairs.chunks_exact(2).map(|pair| match pair[0] {
        "raddr" => ["raddr", "0.0.0.0"],
        "rport" => ["rport", "0"],
        name => [name, pair[1]],
    });
    Some(fixed.iter().copied().chain(hidden.flatten()).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::relays_only;
    use matchbox_socket::PeerSignal;
    use serde_json::{Value, json};

    const RELAY: &str =
        "candidate:9 1 udp 16777215 192.0.2.7 49160 typ relay raddr 10.0.0.5 rport 50000";

    fn candidate(line: &str) -> PeerSignal {
        let json = json!({ "candidate": line, "sdpMid": "", "sdpMLineIndex": 0 });
        PeerSignal::IceCandidate(json.to_string())
    }

    #[test]
    fn a_relay_passes_without_the_address_behind_it() {
        let Some(PeerSignal::IceCandidate(json)) = relays_only(candidate(RELAY)) else {
            panic!("it did not pass")
        };
        let json: Value = serde_json::from_str(&json).unwrap();
        let hidden = RELAY.replace("10.0.0.5", "0.0.0.0").replace("50000", "0");
        assert_eq!((&json["candidate"], &json["sdpMLineIndex"]), (&hidden.into(), &0.into()));
        assert_eq!(relays_only(candidate(&format!("{RELAY} generation 0"))).map(drop), Some(()));
    }

    #[test]
    fn no_other_candidate_passes() {
        for line in [
            "candidate:1 1 udp 2130706431 10.0.0.5 50000 typ host",
            "candidate:2 1 udp 1694498815 203.0.113.9 50000 typ srflx raddr 10.0.0.5 rport 50000",
            "candidate:1 1 udp 2130706431 10.0.0.5 50000 typ host typ relay",
            "candidate:1 typ relay 2130706431 10.0.0.5 50000 typ host",
            "candidate:1 1 udp 1 10.0.0.5",
            "",
        ] {
            assert_eq!(relays_only(candidate(line)), None, "{line}");
        }
        for json in ["", "{}", "[1]", "{\"candidate\":7}", "7"] {
            assert_eq!(relays_only(PeerSignal::IceCandidate(json.to_owned())), None, "{json}");
        }
        let end = PeerSignal::IceCandidate("null".to_owned());
        assert_eq!(relays_only(end.clone()), Some(end));
    }

    #[test]
    fn descriptions_pass_without_candidates() {
        let with = format!("v=0\r\na=mid:0\r\na={RELAY}\r\na=end-of-candidates\r\n");
        let without = "v=0\r\na=mid:0\r\na=end-of-candidates\r\n".to_owned();
        assert_eq!(
            relays_only(PeerSignal::Offer(with.clone())),
            Some(PeerSignal::Offer(without.clone()))
        );
        assert_eq!(relays_only(PeerSignal::Answer(with)), Some(PeerSignal::Answer(without)));
    }
}
