//! Starting the lab, and stopping it without losing anything.

use crate::identities::{Identities, IdentityError};
use crate::journal::{Journal, JournalError};
use crate::link;
use crate::lobby::owner::{Clock, Door, Input, Owner, QUEUE};
use crate::lobby::{Event, Lobby, RestoreError, connection};
use crate::relay::{Relay, RelaySecret};
use crate::rooms::SharedRooms;
use crate::secrets::Secrets;
use crate::study::{Study, screening};
use crate::topology;
use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use dyad_collector::folder::Lock;
use dyad_collector::lab::Judged;
use dyad_collector::owner::now_ms;
use dyad_collector::serve::{Limits, Server};
use dyad_collector::tls::{Certificate, TlsError};
use dyad_collector::{
    Collector, CollectorThread, Keeper, KeeperError, Notice, Remote, Store, StoreError, http,
};
use dyad_experiment::Experiment;
use dyad_experiment::text::PictureFormat;
use dyad_protocol::Token;
use dyad_protocol::join::JoinLink;
use dyad_protocol::records::Uploads;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long requests may take to finish when the lab stops.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// How often a collector on another machine is asked for verdicts.
const NEWS_EVERY: Duration = Duration::from_secs(2);

/// The default for [`Options::max_connections`].
pub const MAX_CONNECTIONS: usize = 16_384;

/// The default for [`Options::max_per_address`]: a lecture hall behind one address.
pub const MAX_PER_ADDRESS: u32 = 1024;

/// Round trips that are measured right after somebody has connected, at least.
const FIRST_PINGS: u32 = 5;

/// What a lab needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The study.
    pub experiment: Experiment,
    /// What the study's TURN servers share with the lab. Needed if there are any.
    pub relay_secret: Option<RelaySecret>,
    /// The folder of all data, of which there is one lab at a time.
    pub data: PathBuf,
    /// The collector on another machine that keeps the records. Without it they are kept here.
    pub collector: Option<Remote>,
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What it shows over TLS; without it, plain HTTP is spoken.
    pub certificate: Option<Arc<Certificate>>,
    /// Whether everybody who finds the lab may come in, without the join link's token.
    pub open: bool,
    /// Lobby connections at the same time.
    pub max_connections: usize,
    /// Lobby connections from one address at the same time; a tenth of them anew in a second.
    pub max_per_address: u32,
}

/// Why a lab cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The study has TURN servers, and nobody could use them.
    #[error("the study has TURN servers, but their secret was not given")]
    NoRelaySecret,
    /// The folder of data cannot be used.
    #[error("the data folder {}: {source}", folder.display())]
    Store {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// The join link's token or the secret cannot be read or made.
    #[error("the lab's secrets: {0}")]
    Secrets(io::Error),
    /// Identities cannot be kept.
    #[error("identities: {0}")]
    Identities(#[from] IdentityError),
    /// The journal cannot be used.
    #[error("the journal: {0}")]
    Journal(#[from] JournalError),
    /// It cannot be gone on from the journal.
    #[error("cannot go on from the journal: {0}")]
    Restore(#[from] RestoreError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nobody can be listened to there.
    #[error("cannot listen on {address}: {source}; is another lab running?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The operating system gives no thread.
    #[error("cannot start the collector's thread: {0}")]
    Thread(io::Error),
    /// The collector on another machine is not reached, or does not know the secret.
    #[error(transparent)]
    Collector(#[from] KeeperError),
}

/// A running lab.
pub struct Lab {
    address: SocketAddr,
    join: JoinLink,
    rooms: SharedRooms,
    inputs: mpsc::Sender<Input>,
    owner: JoinHandle<()>,
    /// Dropped to stop the server.
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    /// Missing where the records are kept elsewhere.
    collector: Option<CollectorThread>,
    _lock: Option<Lock>,
}

impl Lab {
    /// Starts a lab; it runs until [`Lab::stop`].
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let Options { experiment, relay_secret, data, listen, open, .. } = options;
        let (max_connections, max_per_address) = (options.max_connections, options.max_per_address);
        if relay_secret.is_none() && !experiment.network.turn.is_empty() {
            return Err(StartError::NoRelaySecret);
        }
        let acceptor = options.certificate.as_ref().map(|it| it.acceptor()).transpose()?;
        let cert = options.certificate.as_ref().map(|it| it.fingerprint());
        let relay = relay_secret.map(|secret| Relay::new(secret, &experiment));
        let (inputs, queue) = mpsc::channel(QUEUE);
        // This comes first: it is what sees to it that a folder has one lab at a time.
        let records = Records::find(&data, options.collector, &inputs).await?;
        let token = link::token(&data).map_err(StartError::Secrets)?;
        let experiment = Arc::new(experiment);
        let kept = Kept::open(&experiment, &data, (!open).then(|| token.clone()))?;
        let listener = TcpListener::bind(listen).await;
        let unheard = |source| StartError::Listen { address: listen, source };
        let listener = listener.map_err(unheard)?;
        let address = listener.local_addr().map_err(unheard)?;

        let Records { keeper, mut uploads, here, lock } = records;
        uploads.keep_days = experiment.data.keep_days;
        let rooms = SharedRooms::default();
        let first_pings = screening::pings(&experiment.rules.screening).max(FIRST_PINGS) - 1;
        let owner = Owner {
            lobby: kept.lobby,
            experiment: Arc::clone(&experiment),
            relay,
            keeper,
            uploads,
            rooms: rooms.clone(),
            inputs: inputs.downgrade(),
            queues: BTreeMap::new(),
            pending: Vec::new(),
            journal: Arc::new(Mutex::new(kept.journal)),
            identities: kept.identities,
            clock: kept.clock,
        };
        let door = Door::new(inputs.clone(), max_connections, max_per_address, first_pings);
        let (stop, stopped) = oneshot::channel();
        let (collector, thread) = here.unzip();
        let limits = limits(max_connections, max_per_address);
        let server =
            Server { router: router(door, &rooms, collector, experiment), tls: acceptor, limits };
        let server = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
        Ok(Self {
            address,
            join: link::link(address, token, cert),
            rooms,
            inputs,
            owner: tokio::spawn(owner.run(queue)),
            stop,
            server,
            collector: thread,
            _lock: lock,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link that brings participants here.
    #[must_use]
    pub const fn join(&self) -> &JoinLink {
        &self.join
    }

    /// How many signalling rooms are open.
    #[must_use]
    pub fn rooms(&self) -> usize {
        self.rooms.count()
    }

    /// Stops: says goodbye to everybody, lets uploads finish, settles what was received.
    pub async fn stop(self) {
        drop(self.stop);
        // Errors mean that the part in question has ended already.
        drop(self.inputs.send(Input::Event(Event::Stopping)).await);
        drop(self.owner.await);
        let mut server = self.server;
        if timeout(STOP_WITHIN, &mut server).await.is_err() {
            tracing::warn!("some requests did not finish in time");
            server.abort();
            drop(server.await);
        }
        let Some(collector) = self.collector else { return };
        if !matches!(timeout(STOP_WITHIN, collector.ended()).await, Ok(Ok(()))) {
            tracing::warn!("the collector was interrupted; the next start repairs the store");
        }
    }
}

/// What a lab finds in its folder.
struct Kept {
    lobby: Lobby,
    journal: Journal,
    identities: Identities,
    clock: Clock,
}

impl Kept {
    fn open(
        experiment: &Arc<Experiment>,
        data: &Path,
        token: Option<Token>,
    ) -> Result<Self, StartError> {
        let secrets = Secrets::of(data).map_err(StartError::Secrets)?;
        let key = experiment.data.identities_key.as_deref();
        let identities = Identities::open(data, key)?;
        let (journal, entries) = Journal::open(data)?;
        let last = entries.iter().map(|entry| entry.at()).max().unwrap_or(0);
        let study = Study::new(Arc::clone(experiment), secrets, token);
        let lobby = Lobby::restore(study, &entries)?;
        let journal = match journal.is_long().map_err(JournalError::Io)? {
            true => journal.begin_anew(data, lobby.snapshot(last)).map_err(JournalError::Io)?,
            false => journal,
        };
        Ok(Self { lobby, journal, identities, clock: Clock::after(last) })
    }
}

/// Where records go.
struct Records {
    keeper: Keeper,
    /// What participants are told of it.
    uploads: Uploads,
    here: Option<(Collector, CollectorThread)>,
    /// Of the folder, where no store has it.
    lock: Option<Lock>,
}

impl Records {
    async fn find(
        data: &Path,
        remote: Option<Remote>,
        inputs: &mpsc::Sender<Input>,
    ) -> Result<Self, StartError> {
        let Some(remote) = remote else {
            let store = open_store(data)?;
            let (collector, thread) =
                Collector::start(store, tell(inputs.clone())).map_err(StartError::Thread)?;
            let uploads = Uploads { key: Some(collector.key().public()), ..Uploads::default() };
            let keeper = Keeper::Here(collector.clone());
            return Ok(Self { keeper, uploads, here: Some((collector, thread)), lock: None });
        };
        let lock = Lock::take(data).map_err(|error| StartError::Store {
            folder: data.to_owned(),
            source: match error.kind() {
                io::ErrorKind::WouldBlock => StoreError::InUse,
                _ => StoreError::Files(error),
            },
        })?;
        let greeting = remote.greet().await?;
        tokio::spawn(follow(remote.clone(), greeting.next, inputs.downgrade()));
        let (collector, key) = (Some(remote.url().to_owned()), Some(greeting.key));
        let cert = remote.cert().cloned();
        let uploads = Uploads { collector, cert, key, ..Uploads::default() };
        Ok(Self { keeper: Keeper::There(remote), uploads, here: None, lock: Some(lock) })
    }
}

/// Tells the lobby what a collector on another machine finds, until the lobby is gone.
async fn follow(remote: Remote, mut after: u64, inputs: mpsc::WeakSender<Input>) {
    while let Some(inputs) = inputs.upgrade() {
        match remote.news(after).await {
            Ok(news) => {
                after = news.next;
                for Judged { session, episode, verdict } in news.judged {
                    let event = Event::Judged(Box::new(session), episode, verdict);
                    // A lobby that is gone needs no news.
                    drop(inputs.send(Input::Event(event)).await);
                }
            }
            Err(error) => tracing::warn!(%error, "no news of verdicts; asking again"),
        }
        drop(inputs);
        sleep(NEWS_EVERY).await;
    }
}

fn open_store(data: &Path) -> Result<Store, StartError> {
    Store::open(data, now_ms())
        .map_err(|source| StartError::Store { folder: data.to_owned(), source })
}

/// Tells the lobby what the collector found. The collector waits if the lobby is busy; the
/// lobby never waits for the collector.
fn tell(inputs: mpsc::Sender<Input>) -> impl FnMut(Notice) + Send {
    // Weak: the lobby ends when everybody who could say something to it is gone.
    let inputs = inputs.downgrade();
    move |notice| {
        if let Notice::Judged { session, episode, verdict } = notice {
            let event = Event::Judged(Box::new(session), episode, verdict);
            if let Some(inputs) = inputs.upgrade() {
                // A lobby that is gone needs no news; the verdict is in the store.
                drop(inputs.blocking_send(Input::Event(event)));
            }
        }
    }
}

/// A picture of the experiment, by its path in the file.
async fn picture(State(study): State<Arc<Experiment>>, UrlPath(path): UrlPath<String>) -> Response {
    let Some(picture) = study.pictures.get(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match picture.format {
        PictureFormat::Png => "image/png",
        PictureFormat::Jpeg => "image/jpeg",
    };
    ([(header::CONTENT_TYPE, kind)], picture.bytes.to_vec()).into_response()
}

fn router(
    door: Door,
    rooms: &SharedRooms,
    collector: Option<Collector>,
    experiment: Arc<Experiment>,
) -> Router {
    let pictures = Router::new().route("/pictures/{*path}", get(picture)).with_state(experiment);
    let router = Router::new()
        .route("/", get(|| async { Html(include_str!("page.html")) }))
        .merge(pictures)
        .route("/lobby", get(connection::upgrade))
        .with_state(door)
        .nest("/signal", topology::routes(rooms));
    match collector {
        Some(collector) => router.merge(http::routes(collector)),
        None => router,
    }
}

/// Everybody has a connection to the lobby, one for signalling or a probe, and some for records.
fn limits(lobby: usize, lobby_per_address: u32) -> Limits {
    const EACH: u32 = 4;
    Limits {
        connections: lobby.saturating_mul(EACH as usize),
        per_address: lobby_per_address.saturating_mul(EACH),
        ..Limits::default()
    }
}
