//! The thread that owns a store. Receiving goes before settling, so a burst of uploads is
//! acknowledged first and unpacked after.

use crate::settle::Notice;
use crate::store::Store;
use std::thread::Builder;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

/// Jobs that wait for the store. Who comes with one more waits until there is room.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce(&mut Store, &mut dyn FnMut(Notice)) + Send>;

/// Why a job was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the collector has stopped")]
pub struct Stopped;

/// Access to a store that lives in a thread of its own. Clones share it.
#[derive(Clone)]
pub struct Collector {
    jobs: mpsc::Sender<Job>,
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
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (end, ended) = oneshot::channel();
        Builder::new().name("collector".to_owned()).spawn(move || {
            own(store, queue, tell);
            // Perhaps nobody waits for it.
            end.send(()).ok();
        })?;
        Ok((Self { jobs }, CollectorThread { ended }))
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
        let job: Job = Box::new(move |store, tell| {
            // Whoever asked may be gone by now; what was stored stays stored.
            drop(answer.send(job(store, tell)));
        });
        self.jobs.send(job).await.map_err(|_gone| Stopped)?;
        answered.await.map_err(|_gone| Stopped)
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

fn own(mut store: Store, mut queue: mpsc::Receiver<Job>, mut tell: impl FnMut(Notice)) {
    loop {
        let job = match queue.try_recv() {
            Ok(job) => Some(job),
            Err(TryRecvError::Empty) if store.settle_next(&mut tell) => continue,
            Err(TryRecvError::Empty) => queue.blocking_recv(),
            Err(TryRecvError::Disconnected) => None,
        };
        let Some(job) = job else { break };
        job(&mut store, &mut tell);
    }
    while store.settle_next(&mut tell) {}
}

/// The time for receipts: milliseconds since 1970 by this computer's clock.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
