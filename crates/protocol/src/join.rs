//! Join links: `dyad://HOST:PORT/join?token=…&panel=…&cert=…`, the same on the first line of a `.join`
//! file, or just `HOST:PORT` typed in.

use crate::ids::{HexDigest, IdError, PanelId, Token};
use std::fmt;
use std::str::FromStr;

/// Where a lab is, and the token that admits one participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinLink {
    /// Host name or address; an IPv6 address in brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The token that admits, if the lab gave out one: everybody's, or one person's own.
    pub token: Option<Token>,
    /// What a panel calls the person, if they come from one.
    pub panel: Option<PanelId>,
    /// SHA-256 of the lab's certificate. With it, everything goes over TLS, and to nobody else.
    pub cert: Option<HexDigest>,
}

/// Why a text is no join link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// It starts with another scheme.
    #[error("a join link starts with dyad://, this one with {scheme}://")]
    Scheme {
        /// That scheme.
        scheme: String,
    },
    /// No host.
    #[error("the link names no computer; it should look like dyad://192.168.1.20:8642/join")]
    NoHost,
    /// A port that is none.
    #[error("{port:?} is no port; the link should look like dyad://192.168.1.20:8642/join")]
    Port {
        /// What stands in its place.
        port: String,
    },
    /// A path other than `/join`.
    #[error("{path:?} is not a part of a join link; ask the experimenter for the link again")]
    Path {
        /// That path.
        path: String,
    },
    /// A broken id of a panel.
    #[error("the panel's id in the link {source}; open the study from the panel's page again")]
    Panel {
        /// What is wrong with it.
        source: IdError,
    },
    /// A broken fingerprint.
    #[error(
        "the certificate's fingerprint in the link {source}; ask the experimenter for the link again"
    )]
    Certificate {
        /// What is wrong with it.
        source: IdError,
    },
    /// A broken token.
    #[error("the link's token {source}; ask the experimenter for the link again")]
    Token {
        /// What is wrong with it.
        source: IdError,
    },
}

/// The port of a lab where a link names none.
pub const DEFAULT_PORT: u16 = 8642;

impl JoinLink {
    /// The address of one of the lab's pages or sockets: `address("ws", "/lobby")`, which begins with
    /// `wss` where the lab has a certificate.
    #[must_use]
    pub fn address(&self, scheme: &str, path: &str) -> String {
        let secured = if self.cert.is_some() { "s" } else { "" };
        format!("{scheme}{secured}://{}:{}{path}", self.host, self.port)
    }

    /// Whether the link is one person's own, and nothing for others to see or to use: it says what a
    /// panel calls somebody, or has a personal link's token, which alone has a dash in it.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        let is_own = |token: &Token| token.reveal().contains('-');
        self.panel.is_some() || self.token.as_ref().is_some_and(is_own)
    }
}

impl fmt::Display for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dyad://{}:{}/join", self.host, self.port)?;
        let mut mark = '?';
        if let Some(token) = &self.token {
            write!(f, "?token={}", token.reveal())?;
            mark = '&';
        }
        if let Some(panel) = &self.panel {
            write!(f, "{mark}panel={}", panel.reveal())?;
            mark = '&';
        }
        match &self.cert {
            Some(cert) => write!(f, "{mark}cert={cert}"),
            None => Ok(()),
        }
    }
}

impl FromStr for JoinLink {
    type Err = JoinError;

    fn from_str(text: &str) -> Result<Self, JoinError> {
        let text = text.trim();
        let rest = match text.split_once("://") {
            Some(("dyad", rest)) => rest,
            Some((scheme, _)) => return Err(JoinError::Scheme { scheme: scheme.to_owned() }),
            None => text,
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, "join"));
        if !matches!(path.trim_end_matches('/'), "" | "join") {
            return Err(JoinError::Path { path: path.to_owned() });
        }
        let bracket = authority.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match authority[bracket..].rfind(':') {
            Some(colon) => {
                let port = &authority[bracket + colon + 1..];
                let number = port.parse().ok().filter(|&number| number != 0);
                let number = number.ok_or_else(|| JoinError::Port { port: port.to_owned() })?;
                (&authority[..bracket + colon], number)
            }
            None => (authority, DEFAULT_PORT),
        };
        let named = |letter: char| {
            letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | ':' | '[' | ']')
        };
        if host.is_empty() || !host.chars().all(named) {
            return Err(JoinError::NoHost);
        }
        let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
        let token = parameter("token=")
            .map(|token| token.parse().map_err(|source| JoinError::Token { source }))
            .transpose()?;
        let panel = parameter("panel=")
            .map(|panel| panel.parse().map_err(|source| JoinError::Panel { source }))
            .transpose()?;
        let cert = parameter("cert=")
            .map(|cert| cert.parse().map_err(|source| JoinError::Certificate { source }))
            .transpose()?;
        Ok(Self { host: host.to_owned(), port, token, panel, cert })
    }
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_PORT, JoinError, JoinLink};

    #[test]
    fn links_and_typed_addresses_are_understood() {
        let cases = [
            ("dyad://lab.example:9000/join?token=abc", "lab.example", 9000, Some("abc")),
            ("dyad://lab.example:9000/join?x=1&token=abc", "lab.example", 9000, Some("abc")),
            ("  192.168.1.20:8000\n", "192.168.1.20", 8000, None),
            ("lab", "lab", DEFAULT_PORT, None),
            ("dyad://[::1]:7/", "[::1]", 7, None),
            ("[fe80::1]", "[fe80::1]", DEFAULT_PORT, None),
        ];
        for (text, host, port, token) in cases {
            let link: JoinLink = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((link.host.as_str(), link.port), (host, port), "{text}");
            assert_eq!(link.token.as_ref().map(|token| token.reveal()), token, "{text}");
            assert_eq!(link.to_string().parse(), Ok(link), "{text}");
        }
    }

    #[test]
    fn a_panel_adds_what_it_calls_the_person() {
        let link: JoinLink = "dyad://lab/join?token=abc&panel=5f1-P.x".parse().unwrap();
        assert_eq!(link.panel.as_ref().map(|panel| panel.reveal()), Some("5f1-P.x"));
        assert_eq!(link.to_string().parse(), Ok(link.clone()));
        assert!(!format!("{link:?}").contains("5f1"), "it stays out of logs");
        let alone: JoinLink = "lab/join?panel=7".parse().unwrap();
        assert!(link.is_personal() && alone.is_personal());
        assert!(!"lab/join?token=abc".parse::<JoinLink>().unwrap().is_personal());
        assert!("lab/join?token=7-abc".parse::<JoinLink>().unwrap().is_personal());
        assert_eq!((alone.token.is_none(), alone.to_string().parse()), (true, Ok(alone)));
        assert!(matches!("lab?panel=a%20b".parse::<JoinLink>(), Err(JoinError::Panel { .. })));
    }

    #[test]
    fn a_fingerprint_means_tls() {
        let digits = "0a".repeat(32);
        let link: JoinLink = format!("dyad://lab/join?token=abc&cert={digits}").parse().unwrap();
        assert_eq!(link.cert.as_ref().map(ToString::to_string), Some(digits.clone()));
        assert_eq!(link.to_string().parse(), Ok(link.clone()));
        assert_eq!(link.address("ws", "/lobby"), "wss://lab:8642/lobby");
        let panel: JoinLink = format!("lab?cert={digits}&panel=7").parse().unwrap();
        assert_eq!(panel.to_string().parse(), Ok(panel));
        let cut = format!("lab?cert={}", &digits[1..]).parse::<JoinLink>();
        assert!(matches!(cut, Err(JoinError::Certificate { .. })), "never in the clear instead");
    }

    #[test]
    fn a_wrong_link_says_what_is_wrong() {
        let scheme = JoinError::Scheme { scheme: "https".to_owned() };
        assert_eq!("https://lab/join".parse::<JoinLink>(), Err(scheme));
        assert_eq!("".parse::<JoinLink>(), Err(JoinError::NoHost));
        assert_eq!("dyad://la b/join".parse::<JoinLink>(), Err(JoinError::NoHost));
        assert!(matches!("lab:0".parse::<JoinLink>(), Err(JoinError::Port { .. })));
        assert!(matches!("lab:70000".parse::<JoinLink>(), Err(JoinError::Port { .. })));
        assert!(matches!("dyad://lab/other".parse::<JoinLink>(), Err(JoinError::Path { .. })));
        assert!(matches!(
            "dyad://lab/join?token=%".parse::<JoinLink>(),
            Err(JoinError::Token { .. })
        ));
    }
}
