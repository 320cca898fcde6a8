//! The join link: which address to print, and the secret in it.

use crate::mint;
use dyad_protocol::join::JoinLink;
use dyad_protocol::{HexDigest, Token};
use std::fs::File;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;

/// The file of the join link's token in a lab's folder.
pub(crate) const TOKEN_FILE: &str = "join-token";

/// The token of this folder's join link. It is made when first asked for and stays the same
/// over restarts, so that links that were sent out stay good.
///
/// # Errors
/// The file cannot be read or made, or holds no token.
pub fn token(folder: &Path) -> io::Result<Token> {
    let path = folder.join(TOKEN_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map_err(|error| {
            let message = format!("{} {error}; remove the file for a new link", path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let token = mint::token();
            let temporary = folder.join(format!("{TOKEN_FILE}.new"));
            let mut file = File::create(&temporary)?;
            writeln!(file, "{}", token.reveal())?;
            file.sync_all()?;
            std::fs::rename(&temporary, &path)?;
            Ok(token)
        }
        Err(error) => Err(error),
    }
}

/// The link for a lab that listens at an address and shows the certificate with this fingerprint. Where
/// the address is "every address", the one by which this computer reaches others stands in the link.
#[must_use]
pub fn link(listening: SocketAddr, token: Token, cert: Option<HexDigest>) -> JoinLink {
    let address = match listening.ip() {
        any if any.is_unspecified() => own_address().unwrap_or(Ipv4Addr::LOCALHOST.into()),
        one => one,
    };
    let host = match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    JoinLink { host, port: listening.port(), token: Some(token), panel: None, cert }
}

/// The address this computer would use towards the rest of the network. Nothing is sent:
/// connecting a UDP socket only looks up the route, here to an address reserved for examples.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::{link, token};

    #[test]
    fn a_link_stays_good_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let first = token(folder.path()).unwrap();
        assert_eq!(token(folder.path()).unwrap(), first);
        std::fs::write(folder.path().join("join-token"), "not a token!").unwrap();
        assert!(token(folder.path()).unwrap_err().to_string().contains("remove the file"));
    }

    #[test]
    fn a_link_names_an_address_that_can_be_dialled() {
        for (listening, host) in [("127.0.0.1:7", "127.0.0.1"), ("[::1]:7", "[::1]")] {
            let link = link(listening.parse().unwrap(), "abc".parse().unwrap(), None);
            assert_eq!((link.host.as_str(), link.port), (host, 7));
            assert_eq!(link.to_string().parse(), Ok(link));
        }
        let cert = Some("0a".repeat(32).parse().unwrap());
        let link = link("0.0.0.0:7".parse().unwrap(), "abc".parse().unwrap(), cert);
        assert_eq!(link.to_string().parse(), Ok(link.clone()));
        assert_ne!(link.host, "0.0.0.0");
    }
}
