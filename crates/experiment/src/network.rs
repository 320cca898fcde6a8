//! The servers that help participants to connect to each other.

use dyad_protocol::lobby::IceServers;
use std::path::PathBuf;

/// The table `[network]`, checked. Without it participants connect directly, in one network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// STUN servers, such as `stun:host:3478`.
    pub stun: Vec<String>,
    /// TURN servers, such as `turn:host:3478`.
    pub turn: Vec<String>,
    /// The file of the secret that the TURN servers share with the lab; present exactly if there
    /// are such servers. A relative path starts at the experiment file's folder.
    pub turn_secret_file: Option<PathBuf>,
    /// Whether participants reach each other through the TURN servers only.
    pub relay_only: bool,
}

impl Network {
    /// What clients are told, but for the credentials, which everybody gets their own of.
    #[must_use]
    pub fn ice_servers(&self) -> IceServers {
        let urls = self.stun.iter().chain(&self.turn).cloned().collect();
        IceServers { urls, relay_only: self.relay_only, ..IceServers::default() }
    }
}

/// What is wrong with a server's address, if anything is; `scheme` is `stun` or `turn`.
pub(crate) fn problem(url: &str, scheme: &str) -> Option<String> {
    let (kind, rest) = url.split_once(':').unwrap_or_default();
    if matches!(kind, "stuns" | "turns") {
        return Some(format!("{url:?} wants TLS, which the WebRTC library does not speak there"));
    }
    if rest.ends_with("?transport=tcp") {
        return Some(format!("{url:?} wants TCP, which the WebRTC library does not speak there"));
    }
    let transport = if scheme == "turn" { "?transport=udp" } else { "" };
    let place = rest.strip_suffix(transport).unwrap_or(rest);
    (kind != scheme || !is_host_and_port(place)).then(|| format!("{url:?} is no {scheme} server"))
}

/// A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port.
fn is_host_and_port(place: &str) -> bool {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
            !host.is_empty() && host.chars().all(allowed)
        }
    };
    is_host && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn addresses_that_the_webrtc_library_can_use_are_right() {
        for (url, scheme) in [
            ("stun:192.168.1.20:3478", "stun"),
            ("stun:stun.example.org", "stun"),
            ("turn:[fd00::1]:3478", "turn"),
            ("turn:[fd00::1]?transport=udp", "turn"),
            ("turn:turn.example.org:3478?transport=udp", "turn"),
        ] {
            assert_eq!(problem(url, scheme), None, "{url}");
        }
    }

    #[test]
    fn others_are_wrong_and_it_is_said_why() {
        for (url, scheme, why) in [
            ("turns:h:5349", "turn", "TLS"),
            ("stuns:h", "stun", "TLS"),
            ("turn:h?transport=tcp", "turn", "TCP"),
            ("turn:h", "stun", "no stun server"),
            ("stun:h?transport=udp", "stun", "no stun server"),
            ("stun:", "stun", "no stun server"),
            ("stun://h", "stun", "no stun server"),
            ("turn:h:0", "turn", "no turn server"),
            ("turn:fd00::1", "turn", "no turn server"),
            ("turn:user@h", "turn", "no turn server"),
            ("http://h", "turn", "no turn server"),
            ("", "turn", "no turn server"),
        ] {
            let problem = problem(url, scheme).unwrap_or_else(|| panic!("{url} is accepted"));
            assert!(problem.contains(why), "{url}: {problem}");
        }
    }
}
