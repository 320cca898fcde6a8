//! `WebSocket`s to the lab machine: over TLS where its certificate is known, otherwise in the clear.

use async_tungstenite::tungstenite::client::IntoClientRequest as _;
use async_tungstenite::tungstenite::error::UrlError;
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use async_tungstenite::tungstenite::{Error, http};
use async_tungstenite::{WebSocketStream, client_async_with_config};
use dyad_protocol::HexDigest;
use futures::{AsyncRead, AsyncWrite};
use futures_rustls::TlsConnector;
use futures_rustls::pki_types::ServerName;
use smol::net::TcpStream;

/// What a WebSocket goes over.
pub trait Line: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Line for T {}

/// A WebSocket to the lab machine.
pub type LabSocket = WebSocketStream<Box<dyn Line>>;

/// Connects to a `ws://` address; or, with the fingerprint of the lab's certificate, to a `wss://` one.
///
/// # Errors
/// If nobody is reached there, nobody with that certificate, or nobody who speaks WebSocket.
pub async fn websocket(
    url: &str,
    cert: Option<&HexDigest>,
    config: Option<WebSocketConfig>,
) -> Result<LabSocket, Error> {
    let request = url.into_client_request()?;
    let (host, port) = host_and_port(request.uri())?;
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    stream.set_nodelay(true)?;
    let stream: Box<dyn Line> = match cert {
        None => Box::new(stream),
        Some(cert) => {
            let name = ServerName::try_from(host).map_err(|_name| UrlError::NoHostName)?;
            let connector = TlsConnector::from(dyad_tls::client(cert));
            Box::new(connector.connect(name, stream).await?)
        }
    };
    let (socket, _response) = client_async_with_config(request, stream, config).await?;
    Ok(socket)
}

fn host_and_port(uri: &http::Uri) -> Result<(String, u16), Error> {
    let host = uri.host().ok_or(UrlError::NoHostName)?;
    let port = uri.port_u16().ok_or(UrlError::UnsupportedUrlScheme)?;
    Ok((host.trim_matches(['[', ']']).to_owned(), port))
}
