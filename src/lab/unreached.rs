//! Why a lab is not reached, in the words of the catalogue: on the screen in the person's language, in the
//! log in English.

use crate::words::Words;
use async_tungstenite::tungstenite::{self, error::ProtocolError};
use dyad_protocol::lobby::Refusal;
use std::io;

/// Why a lab was not reached, or the connection to it was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// Nothing came back in time.
    NoAnswer,
    /// The computer is there, and no program listens.
    NothingListens,
    /// Something else answers, with this HTTP status.
    NoLab(u16),
    /// The certificate is not the one that the link names.
    AnotherComputer,
    /// The lab has ended the connection.
    HungUp,
    /// Nothing was heard for too long.
    Silent,
    /// The lab lets nobody in, or not this person, for now.
    Refused(Refusal),
    /// What the system says.
    Lost(String),
}

impl Unreached {
    /// As a sentence.
    #[must_use]
    pub fn sentence(&self, words: &Words) -> String {
        match self {
            Self::NoAnswer => words.line("unreached-no-answer"),
            Self::NothingListens => words.line("unreached-nothing-listens"),
            Self::NoLab(status) => {
                words.line_with("unreached-no-lab", [("status", (*status).into())])
            }
            Self::AnotherComputer => words.line("unreached-another-computer"),
            Self::HungUp => words.line("unreached-hung-up"),
            Self::Silent => words.line("unreached-silent"),
            Self::Refused(Refusal::Closed) => words.line("unreached-closes"),
            Self::Refused(why) => words.line(refused(*why)),
            Self::Lost(why) => words.line_with("unreached-lost", [("why", why.as_str().into())]),
        }
    }
}

/// The key of what a person reads whom the lab does not let in.
#[must_use]
pub const fn refused(why: Refusal) -> &'static str {
    match why {
        Refusal::Version => "refused-version",
        Refusal::Token => "refused-token",
        Refusal::Malformed => "refused-malformed",
        Refusal::Duplicate => "refused-duplicate",
        Refusal::Closed => "refused-closed",
    }
}

impl From<&tungstenite::Error> for Unreached {
    fn from(error: &tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Self::NothingListens
            }
            tungstenite::Error::Io(error) if dyad_tls::is_another(error) => Self::AnotherComputer,
            tungstenite::Error::Http(response) => Self::NoLab(response.status().as_u16()),
            tungstenite::Error::ConnectionClosed
            | tungstenite::Error::AlreadyClosed
            | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Self::HungUp
            }
            error => Self::Lost(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Unreached;
    use crate::words::Words;
    use async_tungstenite::tungstenite::Error;
    use dyad_protocol::lobby::Refusal;
    use std::io;

    #[test]
    fn every_reason_is_a_sentence_in_every_language() {
        let reasons = [
            Unreached::NoAnswer,
            Unreached::NothingListens,
            Unreached::NoLab(404),
            Unreached::AnotherComputer,
            Unreached::HungUp,
            Unreached::Silent,
            Unreached::Refused(Refusal::Closed),
            Unreached::Lost("cable out".to_owned()),
        ];
        for language in Words::LANGUAGES {
            let words = Words::of(language).unwrap();
            for reason in &reasons {
                let sentence = reason.sentence(&words);
                assert!(sentence.ends_with(['.', '?']) && sentence.len() > 15, "{sentence}");
            }
        }
        let words = Words::of("en").unwrap();
        assert!(Unreached::NoLab(404).sentence(&words).contains("404"));
        assert!(reasons[7].sentence(&words).contains("cable out"));
    }

    #[test]
    fn what_the_system_says_has_a_reason() {
        let io = |kind| Unreached::from(&Error::Io(io::Error::from(kind)));
        assert_eq!(io(io::ErrorKind::ConnectionRefused), Unreached::NothingListens);
        assert!(matches!(io(io::ErrorKind::TimedOut), Unreached::Lost(_)));
        assert_eq!(Unreached::from(&Error::ConnectionClosed), Unreached::HungUp);
    }
}
