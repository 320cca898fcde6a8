//! The thread that owns a store. What comes while it waits for the disk is received together with one
//! wait for all of it. Receiving goes before settling, so a burst of uploads is acknowledged first and
//! unpacked after.

use crate::access::Access;
use crate::settle::Notice;
use crate::store::{PutError, Store, Upload};
use axum::body::Bytes;
use dyad_protocol::HexDigest;
use dyad_protocol::records::{Receipt, RecordName};
use dyad_recording::KeyPair;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::Builder;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Jobs that wait for the store. Who comes with one more waits until there is room.
const QUEUE: usize = 256;

/// Records that are received together, and their bytes together.
const MAX_BATCH: usize = 64;
const MAX_BATCH_BYTES: usize = 128 * 1024 * 1024;

/// How long nothing must come before what came is settled.
const QUIET: Duration = Duration::from_millis(20);

/// If something always comes, one record is settled this often nevertheless.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// How often is looked for sessions whose books are to be closed.
const CLOSE_EVERY: Duration = Duration::from_secs(60);

/// After how long a silence a session's books are closed, in milliseconds: two days, over which a
/// laptop may be away.
pub const CLOSE_AFTER_MS: u64 = 2 * 24 * 60 * 60 * 1000;

type Deed = Box<dyn FnOnce(&mut Store, &mut dyn FnMut(Notice)) + Send>;

enum Job {
    Put(Put),
    Do(Deed),
}

struct Put {
    name: RecordName,
    declared: HexDigest,
    bundle: Bytes,
    answer: oneshot::Sender<Result<Receipt, PutError>>,
}

/// A job and its place in the queue.
type Queued = (Job, OwnedSemaphorePermit);

/// Why a job was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the collector has stopped")]
pub struct Stopped;

/// Access to a store that lives in a thread of its own. Clones share it.
#[derive(Clone)]
pub struct Collector {
    // Before the jobs, whose end is the store's: it is to close its index as the last one.
    access: Access,
    jobs: SyncSender<Queued>,
    places: Arc<Semaphore>,
    key: Arc<KeyPair>,
}

/// The thread; it ends when all [`Collector`]s of it are gone and everything is settled.
pub struct CollectorThread {
    ended: oneshot::Receiver<()>,
}

impl Collector {
    /// Starts the thread. `tell` is called on it; it may block, and the store waits meanwhile.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn start(
        store: Store,
        tell: impl FnMut(Notice) + Send + 'static,
    ) -> std::io::Result<(Self, CollectorThread)> {
        let (jobs, queue) = sync_channel(QUEUE);
        let (end, ended) = oneshot::channel();
        let (access, key) = (store.access().clone(), Arc::new(store.key().clone()));
        Builder::new().name("collector".to_owned()).spawn(move || {
            own(store, &queue, tell);
            // Perhaps nobody waits for it.
            end.send(()).ok();
        })?;
        let places = Arc::new(Semaphore::new(QUEUE));
        Ok((Self { access, jobs, places, key }, CollectorThread { ended }))
    }

    /// What receipts are signed with.
    #[must_use]
    pub fn key(&self) -> &KeyPair {
        &self.key
    }

    /// Who may send and ask for what, which does not wait for the store.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Has the store do something.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        self.with_notices(|store, _| job(store)).await
    }

    /// Has the store do something that the lab may want to be told of.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn with_notices<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store, &mut dyn FnMut(Notice)) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (answer, answered) = oneshot::channel();
        let deed: Deed = Box::new(move |store, tell| {
            // Whoever asked may be gone by now; what was stored stays stored.
            drop(answer.send(job(store, tell)));
        });
        self.queue(Job::Do(deed)).await?;
        answered.await.map_err(|_gone| Stopped)
    }

    /// Has the store receive a record, together with whatever else waits to be received.
    ///
    /// # Errors
    /// [`Stopped`]; the answer says whether it was received.
    pub async fn put(
        &self,
        name: RecordName,
        declared: HexDigest,
        bundle: Bytes,
    ) -> Result<Result<Receipt, PutError>, Stopped> {
        let (answer, answered) = oneshot::channel();
        self.queue(Job::Put(Put { name, declared, bundle, answer })).await?;
        answered.await.map_err(|_gone| Stopped)
    }

    async fn queue(&self, job: Job) -> Result<(), Stopped> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_closed| Stopped)?;
        // Never full: there are as many places as the queue has.
        self.jobs.try_send((job, place)).map_err(|_gone| Stopped)
    }
}

impl CollectorThread {
    /// Waits until everything is settled and the store is closed. Whoever does not want to wait
    /// any longer may end the program: a store survives that.
    ///
    /// # Errors
    /// [`Stopped`] if the thread has panicked.
    pub async fn ended(self) -> Result<(), Stopped> {
        self.ended.await.map_err(|_gone| Stopped)
    }
}

fn own(mut store: Store, queue: &Receiver<Queued>, mut tell: impl FnMut(Notice)) {
    let mut wait = Duration::ZERO;
    let mut settled = Instant::now();
    let mut closed: Option<Instant> = None;
    loop {
        match queue.recv_timeout(wait) {
            Ok(first) => {
                serve(&mut store, first, queue, &mut tell);
                wait = QUIET;
                if settled.elapsed() < SETTLE_EVERY {
                    continue;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        settled = Instant::now();
        if store.settle_next(&mut tell) {
            wait = wait.min(QUIET);
        } else {
            wait = CLOSE_EVERY;
            let is_due = closed.is_none_or(|closed| closed.elapsed() >= CLOSE_EVERY);
            if is_due && close(&mut store, &mut tell) {
                // There may be more, after what has come meanwhile.
                wait = Duration::ZERO;
            } else if is_due {
                closed = Some(settled);
            }
        }
    }
    while store.settle_next(&mut tell) {}
}

/// Closes the books of one session; false if there is none.
fn close(store: &mut Store, tell: &mut dyn FnMut(Notice)) -> bool {
    store.close_next(now_ms(), CLOSE_AFTER_MS, tell).unwrap_or_else(|error| {
        tracing::error!(%error, "cannot close the books of sessions; trying again later");
        false
    })
}

/// Does all that waits, records first.
fn serve(store: &mut Store, first: Queued, queue: &Receiver<Queued>, tell: &mut dyn FnMut(Notice)) {
    let (mut puts, mut deeds, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut next = Some(first);
    while let Some((job, _place)) = next {
        match job {
            Job::Put(put) => {
                bytes += put.bundle.len();
                puts.push(put);
            }
            Job::Do(deed) => deeds.push(deed),
        }
        let is_full = puts.len() + deeds.len() >= MAX_BATCH || bytes >= MAX_BATCH_BYTES;
        next = if is_full { None } else { queue.try_recv().ok() };
    }
    receive(store, puts, tell);
    for deed in deeds {
        deed(store, tell);
    }
}

fn receive(store: &mut Store, puts: Vec<Put>, tell: &mut dyn FnMut(Notice)) {
    let uploads = puts.iter().map(|put| Upload::of(&put.name, &put.declared, &put.bundle));
    let answers = store.put_all(&uploads.collect::<Vec<_>>(), now_ms());
    for (put, answer) in puts.into_iter().zip(answers) {
        match &answer {
            Ok(receipt) => tell(Notice::Received(receipt.clone())),
            Err(PutError::Conflict { .. }) => tell(Notice::Conflict(put.name)),
            Err(_) => {}
        }
        // Whoever sent it may be gone by now; what was stored stays stored.
        drop(put.answer.send(answer));
    }
}

/// The time for receipts: milliseconds since 1970 by this computer's clock.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
