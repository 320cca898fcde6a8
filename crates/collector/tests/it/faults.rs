//! A disk that fails, at every step: no acknowledgement without the data.

use crate::store::{enrolled, put, settle};
use crate::support::{Record, play};
use dyad_collector::files::{Disk, Medium, Sink, System};
use dyad_collector::index::Sqlite;
use dyad_collector::snapshot::INDEX;
use dyad_collector::{PutError, Store, Upload, seal};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// What happens at the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It does nothing and fails: a full disk, one that is read-only.
    Refused,
    /// It does half of it and fails.
    Torn,
    /// It does all of it and fails.
    Done,
    /// The power is cut: this and everything after it fails, and what was not flushed is lost.
    Dead,
}

/// What is not on the disk yet.
#[derive(Default)]
struct Unsynced {
    /// Files whose content is not.
    content: BTreeSet<PathBuf>,
    /// Names that are not, and what they named before.
    names: Vec<(PathBuf, Option<Vec<u8>>)>,
    folders: Vec<PathBuf>,
}

/// A disk on which a call fails.
pub(crate) struct Bad {
    calls: AtomicU32,
    fail_at: AtomicU32,
    is_full: AtomicBool,
    how: How,
    unsynced: Mutex<Unsynced>,
}

impl Bad {
    pub(crate) fn new(fail_at: u32, how: How) -> Arc<Self> {
        let (is_full, unsynced) = (AtomicBool::new(false), Mutex::default());
        Arc::new(Self { calls: AtomicU32::new(0), fail_at: fail_at.into(), is_full, how, unsynced })
    }

    /// Has every call fail, or none but the chosen one.
    pub(crate) fn set_full(&self, full: bool) {
        self.is_full.store(full, Ordering::SeqCst);
    }

    fn attempt<T>(
        &self,
        half: impl FnOnce(),
        act: impl FnOnce(&mut Unsynced) -> io::Result<T>,
    ) -> io::Result<T> {
        let (call, fail_at) =
            (self.calls.fetch_add(1, Ordering::SeqCst), self.fail_at.load(Ordering::SeqCst));
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let mut unsynced = self.unsynced.lock().unwrap();
        match self.how {
            _ if self.is_full.load(Ordering::SeqCst) => Err(full()),
            How::Dead if call >= fail_at => Err(full()),
            _ if call != fail_at => act(&mut unsynced),
            How::Refused | How::Dead => Err(full()),
            How::Torn => {
                half();
                Err(full())
            }
            How::Done => act(&mut unsynced).and_then(|_| Err(full())),
        }
    }

    /// What the next start finds.
    fn lose(&self) {
        let unsynced = std::mem::take(&mut *self.unsynced.lock().unwrap());
        for path in unsynced.content {
            if let Ok(bytes) = fs::read(&path) {
                fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            }
        }
        for (path, before) in unsynced.names.into_iter().rev() {
            match before {
                Some(before) => fs::write(path, before).unwrap(),
                None => drop(fs::remove_file(path)),
            }
        }
        for folder in unsynced.folders.into_iter().rev() {
            drop(fs::remove_dir_all(folder));
        }
    }
}

/// The same, as a medium.
struct Shared(Arc<Bad>);

struct BadSink {
    bad: Arc<Bad>,
    path: PathBuf,
    sink: Box<dyn Sink>,
}

impl Sink for BadSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Self { bad, path, sink } = self;
        let half = || fs::write(&*path, &bytes[..bytes.len() / 2]).unwrap();
        bad.attempt(half, |_| sink.write(bytes))
    }

    fn sync(&mut self) -> io::Result<()> {
        let Self { bad, path, sink } = self;
        bad.attempt(
            || (),
            |unsynced| {
                unsynced.content.remove(path);
                sink.sync()
            },
        )
    }
}

impl Medium for Shared {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        self.0.attempt(
            || (),
            |unsynced| {
                unsynced.content.insert(path.to_owned());
                let sink = System.create(path)?;
                Ok(Box::new(BadSink { bad: Arc::clone(&self.0), path: path.to_owned(), sink }) as _)
            },
        )
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.attempt(
            || (),
            |unsynced| {
                assert!(!unsynced.content.contains(from), "renamed before it was flushed");
                unsynced.names.push((to.to_owned(), fs::read(to).ok()));
                System.rename(from, to)
            },
        )
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.attempt(
            || (),
            |unsynced| {
                unsynced.names.retain(|(path, _)| path.parent() != Some(folder));
                unsynced.folders.retain(|path| path.parent() != Some(folder));
                System.sync_folder(folder)
            },
        )
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.attempt(
            || (),
            |unsynced| {
                unsynced.folders.push(folder.to_owned());
                System.make_folder(folder)
            },
        )
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let half = || System.append(path, &bytes[..bytes.len() / 2]).unwrap();
        self.0.attempt(half, |unsynced| {
            unsynced.content.insert(path.to_owned());
            System.append(path, bytes)
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.attempt(|| (), |_| System.remove(path))
    }
}

/// A store on a bad disk. Its index is on a good one.
pub(crate) fn store_on(folder: &Path, bad: &Arc<Bad>) -> Store {
    let disk = Disk::open_on(folder, Arc::new(Shared(Arc::clone(bad)))).unwrap();
    let index = Sqlite::open(&folder.join(INDEX)).unwrap();
    let key = seal::key(folder).unwrap();
    Store::with(Box::new(disk), Box::new(index), key, 1).unwrap()
}

/// Two records together, then all one by one, twice: who does not hear of a receipt sends again.
/// Gives those that were acknowledged.
fn send(store: &mut Store, records: &[Record]) -> BTreeMap<usize, String> {
    let mut acknowledged = BTreeMap::new();
    let together = [0, 2].map(|at| &records[at]);
    let uploads = together.map(|it| Upload::of(&it.name, &it.digest, &it.bundle));
    for (at, answer) in [0, 2].into_iter().zip(store.put_all(&uploads, 42)) {
        acknowledged.extend(answer.ok().map(|it| (at, it.digest.to_string())));
    }
    for _ in 0..2 {
        for (at, record) in records.iter().enumerate() {
            if put(store, record).is_ok() {
                acknowledged.insert(at, record.digest.to_string());
            }
        }
        settle(store);
    }
    acknowledged
}

fn the_bundles(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder.join("_bundles/s-1/room")).unwrap();
    found.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_failing_disk_never_gives_a_false_receipt() {
    let records = play();
    std::thread::scope(|scope| {
        for how in [How::Refused, How::Torn, How::Done, How::Dead] {
            let records = &records;
            scope.spawn(move || every_call_fails(how, records));
        }
    });
}

fn every_call_fails(how: How, records: &[Record]) {
    for fail_at in 0.. {
        let folder = tempfile::tempdir().unwrap();
        drop(enrolled(folder.path()));
        // The first calls are those of opening, which may fail as a whole.
        let bad = Bad::new(u32::MAX, how);
        let mut store = store_on(folder.path(), &bad);
        let opened = bad.calls.load(Ordering::SeqCst);
        bad.fail_at.store(opened + fail_at, Ordering::SeqCst);
        let acknowledged = send(&mut store, records);
        if how != How::Dead {
            assert_eq!(acknowledged.len(), records.len(), "{how:?} at {fail_at}: once again helps");
        }
        drop(store);
        bad.lose();
        let mut store = Store::open(folder.path(), 50).unwrap();
        for (at, record) in records.iter().enumerate() {
            let found = store.find(&record.name).unwrap();
            let there = found.is_some_and(|it| it.digest == record.digest);
            let is_acknowledged = acknowledged.contains_key(&at);
            assert!(there || !is_acknowledged, "{how:?} at {fail_at}: {:?}", record.name);
            put(&mut store, record).unwrap();
        }
        settle(&mut store);
        let bundles = the_bundles(folder.path());
        assert_eq!(bundles.len(), records.len(), "{how:?} at {fail_at}: nothing is doubled");
        for record in records {
            let bytes: Vec<_> = bundles.iter().map(|path| fs::read(path).unwrap()).collect();
            assert!(bytes.contains(&record.bundle), "{how:?} at {fail_at}: {:?}", record.name);
        }
        let page = fs::read_to_string(folder.path().join("study/s-1/session.json")).unwrap();
        let whole = page.matches("identical (20 rows)").count();
        assert_eq!(whole, 2, "{how:?} at {fail_at}");
        if bad.calls.load(Ordering::SeqCst) <= opened + fail_at {
            assert!(fail_at > 20, "the fault was never injected");
            break;
        }
    }
}

#[test]
fn an_index_that_cannot_be_written_gives_no_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let records = play();
    let mut store = enrolled(folder.path());
    let database = rusqlite::Connection::open(folder.path().join(INDEX)).unwrap();
    // As SQLite says it when a disk is full: the transaction is undone.
    let full = "CREATE TRIGGER full BEFORE INSERT ON records WHEN NEW.episode = 1
                BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    database.execute_batch(full).unwrap();
    let uploads = [0, 1].map(|at: usize| &records[at]);
    let uploads = uploads.map(|it| Upload::of(&it.name, &it.digest, &it.bundle));
    for answer in store.put_all(&uploads, 42) {
        let Err(PutError::Store(error)) = answer else { panic!("{answer:?}") };
        assert!(error.to_string().contains("disk is full"), "{error}");
    }
    assert_eq!(store.find(&records[1].name).unwrap(), None);
    database.execute_batch("DROP TRIGGER full").unwrap();
    for record in &records[..2] {
        put(&mut store, record).unwrap();
    }
    assert_eq!(the_bundles(folder.path()).len(), 2);
}
