//! Taking connections: over TLS or in the clear, no more than there may be, and none that says nothing.

use crate::flood::Addresses;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, rt};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

/// How long nothing is accepted after the system has refused to.
const BREATHER: Duration = Duration::from_secs(1);

/// What is put up with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at the same time. The next one waits to be accepted.
    pub connections: usize,
    /// Connections from one address at the same time; a tenth of them anew in a second. The next one is
    /// closed without a word.
    pub per_address: u32,
    /// How long the beginning of TLS may take.
    pub handshake: Duration,
    /// How long a request's head may take, from the connection or the last answer on.
    pub header: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 65_536,
            per_address: 4096,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(20),
        }
    }
}

/// What answers, and how it is reached.
pub struct Server {
    /// Who answers.
    pub router: Router,
    /// TLS, unless it is spoken in the clear.
    pub tls: Option<TlsAcceptor>,
    /// What is put up with.
    pub limits: Limits,
}

/// A place for a connection, free again when this is dropped.
struct Place {
    from: IpAddr,
    addresses: Arc<Mutex<Addresses>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).close(self.from);
    }
}

/// A stream with its place: a WebSocket takes it along, and counts as long as it is open.
struct Placed<S> {
    stream: S,
    _place: Place,
}

impl<S: AsyncRead + Unpin> AsyncRead for Placed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Placed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Server {
    /// Answers until `stopped`, and then those requests that are under way.
    pub async fn run(self, listener: TcpListener, stopped: impl Future<Output = ()>) {
        let mut stopped = pin!(stopped);
        let (stop, stopping) = watch::channel(false);
        let places = Arc::new(Semaphore::new(self.limits.connections.min(Semaphore::MAX_PERMITS)));
        let addresses = Arc::new(Mutex::new(Addresses::new(self.limits.per_address)));
        let opened = Instant::now();
        let server = Arc::new(self);
        let mut running = JoinSet::new();
        loop {
            let place = Arc::clone(&places).acquire_owned();
            let next = async {
                let permit = place.await.ok()?;
                Some((listener.accept().await, permit))
            };
            let (accepted, permit) = tokio::select! {
                next = next => match next {
                    Some(next) => next,
                    None => break,
                },
                // Of those that have ended nothing is kept.
                Some(_) = running.join_next() => continue,
                () = &mut stopped => break,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    if !is_about_one(&error) {
                        tracing::error!(%error, "no connection can be accepted");
                        sleep(BREATHER).await;
                    }
                    continue;
                }
            };
            let now = opened.elapsed();
            let is_welcome =
                addresses.lock().unwrap_or_else(PoisonError::into_inner).open(from.ip(), now);
            if is_welcome {
                let addresses = Arc::clone(&addresses);
                let _place = Place { from: from.ip(), addresses, _permit: permit };
                let (server, stopping) = (Arc::clone(&server), stopping.clone());
                let stream = Placed { stream, _place };
                running.spawn(async move { server.answer(stream, from, stopping).await });
            }
        }
        drop(listener);
        stop.send_replace(true);
        while running.join_next().await.is_some() {}
    }

    async fn answer(
        &self,
        stream: Placed<TcpStream>,
        from: SocketAddr,
        stopping: watch::Receiver<bool>,
    ) {
        // Without this, small messages wait up to 40 ms for company.
        if let Err(error) = stream.stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        match &self.tls {
            None => self.exchange(TokioIo::new(stream), from, stopping).await,
            Some(acceptor) => match timeout(self.limits.handshake, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.exchange(TokioIo::new(stream), from, stopping).await,
                Ok(Err(error)) => tracing::debug!(%error, "somebody speaks no TLS"),
                Err(_elapsed) => tracing::debug!("somebody does not begin with TLS"),
            },
        }
    }

    async fn exchange(
        &self,
        io: impl rt::Read + rt::Write + Unpin + Send + 'static,
        from: SocketAddr,
        mut stopping: watch::Receiver<bool>,
    ) {
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(from));
            self.router.clone().call(request)
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.limits.header);
        let mut connection = pin!(builder.serve_connection(io, service).with_upgrades());
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection has ended badly");
        }
    }
}

/// Whether only the one connection cannot be accepted.
fn is_about_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
